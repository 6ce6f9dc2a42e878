"""What covariates bring: the default recipe with them and without, at the same origins.

    python -m tests.bench.covariates FILE --time ds --value y --future "load forecast" "wind forecast" --horizon 24
        [--series shop] [--past ...] [--static ...] [--holidays DE] [--origins 20] [--set train.members=2 ...]

FILE is CSV or Parquet. Two copies of the project run `dvc repro` on it, one with the covariates and one without,
trained once before the first of so many origins, a horizon apart (`backtest.refit: once`). Prints for each the MASE of
the model, also over that of the seasonal naive method, its CRPS, the coverage of the 80 % intervals, and the seconds.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

from tests.bench.panels import apply_settings
from tests.projects import ROOT, change_file, make_project, shell

KINDS = ("future", "past", "static")


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
    given = arguments.parse_args()
    declared: dict[str, list[str]] = {kind: getattr(given, kind) for kind in KINDS}
    for name, covariates, holidays in (
        ("with", declared, given.holidays),
        ("without", {kind: [] for kind in KINDS}, None),
    ):
        with tempfile.TemporaryDirectory() as temporary:
            folder = make_project(Path(temporary) / "project", ROOT / "params.yaml")
            file = f"data/raw/{given.file.name}"
            shutil.copy(given.file, folder / file)
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
            f"CRPS {model['crps']:.4f}; 80 % covered {model['coverage_80']:.1f} %; {seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
