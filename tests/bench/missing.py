"""What missing values cost: MASE where they are kept and where they are filled, with more and more of them hidden.

    python -m tests.bench.missing FILE HORIZON SEASONS [--hide 0 20 40 60] [--run 1] [--series 60] [--members 4]
        [--epochs 50] [--seeds 0 1] [--ways keep interpolate forward zero seasonal]

FILE is long, CSV or Parquet, with columns `unique_id`, `ds`, `y`, an empty `y` where a value is missing; SEASONS is
12, or 24,168. Hides so many per cent of the values before the last HORIZON of each series (never its first one), in
runs of --run steps at random places, and prints a line for each share: the per cent that are missing then, and MASE of
the last HORIZON values with each way of `ingest.missing`, a mean over seeds and their standard deviation. The scales of
MASE are those of the file's own values.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from joblib import Parallel

from stages.common.arrays import Floats, mean_known
from stages.common.params import Params, read_params
from stages.panel.filling import Filling, fill
from stages.panel.panel import Panel
from stages.predict.forecasts import repeat_last_season
from stages.predict.scoring import mase_scales
from tests.bench.choose import ROOT, forecast_held_out
from tests.builders import change, panel_of

WAYS = ["keep", *get_args(Filling)]


def read_panel(file: Path, horizon: int, seasons: list[int], most: int) -> Panel:
    """The series of a file with two seasons and two steps before the last horizon, at most so many, evenly spread."""
    table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    groups = table.sort_values(["unique_id", "ds"]).groupby("unique_id", sort=False)["y"]
    trimmed = [pd.Series(group.to_numpy(dtype=float)) for _, group in groups]
    series = [each.loc[each.first_valid_index() : each.last_valid_index()] for each in trimmed if each.notna().any()]
    long_enough = [each for each in series if len(each) >= horizon + 2 * seasons[0] + 2]
    chosen = np.linspace(0, len(long_enough) - 1, min(most, len(long_enough))).round().astype(int)
    panel = panel_of([long_enough[place] for place in chosen], season_lengths=tuple(seasons))
    return replace(panel, missing=np.isnan(panel.y))


def hide(panel: Panel, horizon: int, share: float, run: int) -> Panel:
    """The panel with a share of the values before the last horizon hidden, in runs of so many steps."""
    random, missing = np.random.default_rng(0), panel.missing.copy()
    for first, end in zip(panel.indptr[:-1], panel.indptr[1:] - horizon, strict=True):
        steps = end - first - 1
        hidden = np.zeros(steps, dtype=bool)
        for begin in random.permutation(steps):
            if hidden.mean() >= share:
                break
            hidden[begin : begin + run] = True
        missing[first + 1 : end] |= hidden
    return replace(panel, y=np.where(missing, np.nan, panel.y), missing=missing)


def treated(panel: Panel, way: str) -> Panel:
    """The panel as ingest makes it with that `ingest.missing`."""
    if way == "keep" or not panel.missing.any():
        return panel
    y = fill(panel.y, panel.lengths, panel.season_length, way)  # type: ignore[arg-type]
    return replace(panel, y=y, interpolated=way == "interpolate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("horizon", type=int)
    parser.add_argument("seasons")
    parser.add_argument("--hide", type=int, nargs="+", default=[0, 20, 40, 60])
    parser.add_argument("--run", type=int, default=1)
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    arguments = parser.parse_args()
    horizon, seasons = arguments.horizon, [int(season) for season in arguments.seasons.split(",")]
    whole = read_panel(arguments.file, horizon, seasons, arguments.series)
    actual, scale = whole.at(horizon).actual(horizon), mase_scales(whole.at(horizon))
    default = change(
        read_params(ROOT / "params.yaml"), train__members=arguments.members, train__epochs=arguments.epochs
    )
    by_seed = [change(default, train__seed=seed) for seed in arguments.seeds]

    def mase(forecast: Floats) -> float:
        return float(np.nanmean(mean_known(np.abs(actual - forecast)) / scale))

    def measured(panel: Panel, params: list[Params], parallel: Parallel) -> str:
        means = [mase(forecast_held_out(panel.at(horizon), each, parallel)) for each in params]
        spread = f" ± {np.std(means, ddof=1):.3f}" if len(means) > 1 else ""
        return f"{f'{np.mean(means):.3f}{spread}':>16}"

    print(f"{'% missing':>10}{'seasonal naive':>16}" + "".join(f"{way:>16}" for way in arguments.ways), flush=True)
    with Parallel(n_jobs=-1) as parallel:
        for share in arguments.hide:
            panel = hide(whole, horizon, share / 100, arguments.run)
            before = np.isnan(panel.at(horizon).matrix()).sum() - np.isnan(panel.completed.at(horizon).matrix()).sum()
            naive = mase(repeat_last_season(panel.at(horizon), horizon))
            print(f"{100 * before / panel.at(horizon).lengths.sum():10.1f}{naive:16.3f}", end="", flush=True)
            for way in arguments.ways:
                print(measured(treated(panel, way), by_seed, parallel), end="", flush=True)
            print()


if __name__ == "__main__":
    main()
