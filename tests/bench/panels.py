"""Accuracy and time of the default recipe on a panel of yours, on values that are held out.

    python -m tests.bench.panels FILE --horizon 18 --season 12 [--sum 3] [--set train.members=4 ...]

FILE is a long CSV or Parquet file with columns `unique_id`, `ds` (integer steps) and `y`. The last `horizon` values of
each series are held out. A copy of the project forecasts them with `dvc repro`, with `ingest` and `backtest.horizon`
set and nothing else; AutoETS and AutoTheta get the same histories. Prints the MASE of each, the CRPS (mean weighted
quantile loss of the deciles) of the model and of the seasonal naive method, whose quantiles are its forecast, the
coverage, mean width (in units of MASE's scale) and MSIS of the intervals, and the seconds of `dvc repro`. `--sum 3`
first adds up every three values, counted from the end: monthly series become quarterly ones. Series too short for a
season, two values and the horizon are left out.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from stages.predict.baselines import forecast_baseline
from stages.predict.metrics import DECILES, crps, interval_scores, mase, quantile_loss, seasonal_scale
from tests.projects import LONG_COLUMNS, ROOT, change_file, make_project, shell

Floats = npt.NDArray[np.float64]
LEVELS = [80, 95]
QUANTILES = [*(f"model-lo-{level}" for level in (80, 60, 40, 20)), "model"]  # of 10 to 50 %
QUANTILES += [f"model-hi-{level}" for level in (20, 40, 60, 80)]  # of 60 to 90 %


@contextmanager
def project_on(
    series: dict[str, Floats], horizon: int, seasons: list[int], settings: list[str], **changes: object
) -> Iterator[Path]:
    """A copy of the project with the series (n,), by id, as its data; `settings` are parameters, section.key=value."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project", ROOT / "params.yaml")
        frames = [pd.DataFrame({"unique_id": i, "ds": range(len(y)), "y": y}) for i, y in series.items()]
        pd.concat(frames).to_csv(folder / "data/raw/panel.csv", index=False)
        given = {"ingest__path": "data/raw/panel.csv", "ingest__frequency": None, "ingest__season_length": seasons}
        change_file(folder, **LONG_COLUMNS, **given, backtest__horizon=horizon, **changes)
        apply_settings(folder, settings)
        yield folder


def apply_settings(folder: Path, settings: list[str]) -> None:
    """Write parameters, given as section.key=value, into the params.yaml of a copy of the project."""
    for setting in settings:
        name, value = setting.split("=")
        change_file(folder, **{name.replace(".", "__"): pd.eval(value) if value[0] in "[0123456789" else value})


def run_pipeline(histories: dict[str, Floats], horizon: int, seasons: list[int], settings: list[str]) -> pd.DataFrame:
    """reports/forecast.csv of a copy of the project on `histories`, with the seconds that it took as `attrs`."""
    with project_on(histories, horizon, seasons, settings, predict__baselines=["seasonal_naive"]) as folder:
        started = time.perf_counter()
        shell("dvc", "repro", cwd=folder)
        forecast = pd.read_csv(folder / "reports/forecast.csv", dtype={"unique_id": str})
        forecast.attrs["seconds"] = time.perf_counter() - started
        print((folder / "reports/report.md").read_text())
        return forecast


def read_series(file: Path) -> dict[str, Floats]:
    """The values (n,) of each series by its id, from a long CSV or Parquet file, in the order of `ds`."""
    read = pd.read_parquet if file.suffix == ".parquet" else pd.read_csv
    table = read(file).sort_values(["unique_id", "ds"])
    return {str(i): y for i, y in table.groupby("unique_id")["y"].apply(lambda y: y.to_numpy(float)).items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--horizon", type=int, required=True)
    arguments.add_argument("--season", type=int, nargs="+", required=True)
    arguments.add_argument("--baselines", nargs="*", default=["auto_ets", "auto_theta"])
    arguments.add_argument("--sum", type=int, default=1)
    arguments.add_argument("--set", nargs="*", default=[], help="parameters to change, section.key=value")
    given = arguments.parse_args()

    least = given.horizon + given.season[0] + 2
    series = {i: y[len(y) % given.sum :].reshape(-1, given.sum).sum(axis=1) for i, y in read_series(given.file).items()}
    series = {i: y for i, y in series.items() if len(y) >= least}
    histories = {i: y[: -given.horizon] for i, y in series.items()}
    actual = np.stack([y[-given.horizon :] for y in series.values()])
    scale = np.array([seasonal_scale(y[None], given.season[0])[0] for y in histories.values()])

    forecast = run_pipeline(histories, given.horizon, given.season, given.set)
    assert forecast["unique_id"].tolist() == [i for i in histories for _ in range(given.horizon)]

    def column(name: str) -> Floats:
        return np.asarray(forecast[name], dtype=np.float64).reshape(actual.shape)

    sums = f", sums of {given.sum}" if given.sum > 1 else ""
    print(f"{given.file.name}{sums}: {len(series)} series, {forecast.attrs['seconds']:.0f} s")
    print(f"  {'model':16} MASE {np.nanmean(mase(actual, column('model'), scale)):.3f}")
    of_quantiles = [quantile_loss(actual, column(name), p) for name, p in zip(QUANTILES, DECILES, strict=True)]
    naive = np.abs(actual - column("seasonal_naive"))
    scores = [crps([actual], [loss]) for loss in (np.mean(of_quantiles, axis=0), naive)]
    print(f"  {'CRPS':16} {scores[0]} (seasonal naive {scores[1]})")
    for level in LEVELS:
        limits = column(f"model-lo-{level}"), column(f"model-hi-{level}")
        by_metric = interval_scores(actual, *limits, scale, level)
        covered, width, msis = (np.nanmean(by_metric[f"{name}_{level}"]) for name in ("coverage", "width", "msis"))
        print(f"  {level} %: covered {covered:.1f} %, width {width:.2f}, MSIS {msis:.2f}")
    for name in ["seasonal_naive", *given.baselines]:
        values = Parallel(n_jobs=-1)(
            delayed(forecast_baseline)(name, y, given.season[0], given.horizon) for y in histories.values()
        )
        print(f"  {name:16} MASE {np.nanmean(mase(actual, np.stack(values), scale)):.3f}", flush=True)


if __name__ == "__main__":
    main()
