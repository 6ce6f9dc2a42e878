"""What covariates bring: the default recipe with them and without, at the same origins.

    python -m tests.bench.covariates FILE --time ds --value y --future "load forecast" "wind forecast" --horizon 24
        [--series shop] [--past ...] [--static ...] [--holidays DE] [--random 2] [--permuted] [--origins 20]
        [--set train.members=2 ...]

FILE is CSV, with commas, or Parquet. Two copies of the project run `dvc repro` on it, one with the covariates and one
without, trained once before the first of so many origins, a horizon apart (`backtest.refit: once`). Prints for each the
MASE of the model, also over that of the seasonal naive method, its MAE and CRPS, the coverage of the 80 % intervals,
and the seconds.

Useless covariates should do no harm. `--random N` adds N columns known ahead, white noise and random walks by turns;
`--permuted` permutes the declared covariates that change with time, each series' rows with each other.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from tests.bench.panels import apply_settings
from tests.projects import ROOT, change_file, make_project, shell

KINDS = ("future", "past", "static")


def with_random(table: pd.DataFrame, series: str | None, count: int) -> list[str]:
    """Add `count` columns to a table: white noise and random walks, of each series its own. Their names."""
    random, ids = np.random.default_rng(0), _ids(table, series)
    names = [f"random {number}" for number in range(1, count + 1)]
    for number, name in enumerate(names):
        noise = pd.Series(random.normal(size=len(table)), index=table.index)
        table[name] = noise.groupby(ids).cumsum() if number % 2 else noise
    return names


def permute(table: pd.DataFrame, series: str | None, names: list[str]) -> None:
    """Permute the columns `names` of a table, all in one way, within each series."""
    order = pd.Series(range(len(table)), index=table.index).groupby(_ids(table, series))
    rows = order.transform(np.random.default_rng(0).permutation)
    table[names] = table[names].iloc[rows].set_axis(table.index)


def _ids(table: pd.DataFrame, series: str | None) -> pd.Series:
    return table[series] if series else pd.Series(0, index=table.index)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--time", required=True)
    arguments.add_argument("--value", nargs="+", required=True, help="one column, or those of a wide file")
    arguments.add_argument("--series")
    arguments.add_argument("--horizon", type=int, required=True)
    arguments.add_argument("--origins", type=int, default=20)
    arguments.add_argument("--set", nargs="*", default=[], help="parameters to change, section.key=value")
    arguments.add_argument("--holidays", help="the code of a calendar")
    for kind in KINDS:
        arguments.add_argument(f"--{kind}", nargs="*", default=[])
    arguments.add_argument("--random", type=int, default=0, metavar="N", help="columns of random numbers to add")
    arguments.add_argument("--permuted", action="store_true", help="permute the covariates in time")
    given = arguments.parse_args()
    declared: dict[str, list[str]] = {kind: getattr(given, kind) for kind in KINDS}
    is_parquet = given.file.suffix == ".parquet"
    table = pd.read_parquet(given.file) if is_parquet else pd.read_csv(given.file, dtype=str, keep_default_na=False)
    if given.permuted:
        permute(table, given.series, [*given.future, *given.past])
    declared["future"] = [*given.future, *with_random(table, given.series, given.random)]
    for name, covariates, holidays in (
        ("with", declared, given.holidays),
        ("without", {kind: [] for kind in KINDS}, None),
    ):
        with tempfile.TemporaryDirectory() as temporary:
            folder = make_project(Path(temporary) / "project", ROOT / "params.yaml")
            file = f"data/raw/{given.file.name}"
            if is_parquet:
                table.to_parquet(folder / file)
            else:
                table.to_csv(folder / file, index=False)
            value = given.value if len(given.value) > 1 else given.value[0]
            columns = {"ingest__time": given.time, "ingest__value": value, "ingest__series": given.series}
            change_file(folder, ingest__path=file, ingest__frequency="auto", ingest__covariates=covariates, **columns)
            change_file(folder, ingest__holidays=holidays)
            change_file(folder, backtest__horizon=given.horizon, backtest__origins=given.origins)
            change_file(folder, backtest__refit="once", predict__baselines=["seasonal_naive"], predict__method="model")
            apply_settings(folder, given.set)
            started = time.perf_counter()
            shell("dvc", "repro", cwd=folder)
            seconds = time.perf_counter() - started
            metrics = json.loads((folder / "reports/metrics.json").read_text())
        model, naive = metrics["model"], metrics["baseline"]["seasonal_naive"]
        ratio = model["mase"] / naive["mase"]
        print(
            f"{given.file.name} {name:8} MASE {model['mase']:.3f}, {ratio:.3f} of seasonal naive's; "
            f"MAE {model['mae']:.4g}; CRPS {model['crps']:.4f}; "
            f"80 % covered {model['coverage_80']:.1f} %; {seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
