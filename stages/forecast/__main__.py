"""Forecast new data with a trained forecaster, without training: each series of FILE from its end.

FILE is read as `ingest` reads ingest.path, with the settings of the training, or as a long file with the columns
unique_id, ds and y: the same series with more values, others, or fewer, of the same frequency. It may lie anywhere;
without FILE it is ingest.path. Writes nothing but the forecast, a table as reports/forecast.csv.
"""

import argparse
import sys
from pathlib import Path

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.forecast.forecasting import affordable_baselines, checked_steps, forecast_panel
from stages.forecast.output import refuse_overwriting, write_evaluation, write_future
from stages.forecast.reading import read_file, refuse_unknown_future
from stages.forecast.source import find_forecaster, refuse_nothing_to_read
from stages.ingest.ended import ends_before_last
from stages.ingest.params import Ingest


def main() -> None:
    given = parse()
    forecaster = find_forecaster(given.model)
    refuse_nothing_to_read(given.file)
    file = given.file or Path(read_params()[Ingest].path)
    refuse_overwriting(file, given.out)
    steps = checked_steps(forecaster, given.horizon)
    panel = read_file(file, forecaster.input_format)
    if not given.actual:
        refuse_unknown_future(panel, steps, forecaster.input_format, str(file))
    forecaster = forecaster.for_panel(len(panel.ids))
    names = affordable_baselines(forecaster, panel, given.baselines)
    shards = forecast_panel(forecaster, panel, steps if given.actual else 0, steps, names)
    forecast, *scores = (write_evaluation if given.actual else write_future)(shards, forecaster, given.out)
    left_out = [name for name in forecaster.baselines if name not in names]
    done = [forecast, f"forecast in column {forecaster.method}"]
    if early := int(ends_before_last(panel).sum()):
        done.append(f"{early:,} from before the last step, where {'this series ends' if early == 1 else 'these end'}")
    if left_out:
        done.append(f"without {', '.join(left_out)} (--baselines adds {'it' if len(left_out) == 1 else 'them'})")
    print(", ".join([*done, *scores]), file=sys.stderr if given.out is None else sys.stdout)


def parse() -> argparse.Namespace:
    parser = Parser(__package__, __doc__)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="CSV, Parquet, or a folder of Parquet files")
    parser.add_argument("--model", metavar="FOLDER|REV", help="the forecaster: a folder, or a revision of this project")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the forecast is written; else it is printed")
    parser.add_argument("--horizon", type=int, metavar="N", help="steps to forecast, if fewer than it was trained for")
    parser.add_argument("--baselines", action="store_true", help="forecast slow baselines, too")
    parser.add_argument(
        "--actual",
        action="store_true",
        help="forecast the last steps of FILE from the values before, as in reports/evaluation.csv, and score that",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run(main, writes=False)
