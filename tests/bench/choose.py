"""How the default windows and levels were chosen: mean MASE of candidates on what the README's table does not score.

    python -m tests.bench.choose [--panel FILE.csv ...] [--series 40]

Prints one line for each candidate: its mean MASE over 19 cuts inside the airline history to December 1959 (none of
them an evaluation origin), over 7 cuts inside the history to December 1955, and, for each panel given (long CSV with
columns unique_id, ds, y, monthly), over a sample of its seasonal series, each alone, their last 12 values held out;
there the seasonal naive method's too.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from stages.common.forecasts import forecast_origin
from stages.common.metrics import scores, seasonal_scale
from stages.common.panel import Panel
from stages.common.params import Params, read_params
from stages.common.training import train_network
from stages.common.windows import Windows, level_sizes
from stages.normalize import normalize
from tests.conftest import change

ROOT = Path(__file__).parents[2]
HORIZON = SEASON = 12
INNER = [cut for cut in range(54, 121, 3) if cut not in (84, 96, 108, 120)]
EARLY = list(range(54, 73, 3))
WINDOWS = [[6], [9], [12], [18], [24], [9, 18], [6, 12, 18]]
CANDIDATES = [(size, [0, 6]) for size in WINDOWS] + [([6, 12, 18], [0]), ([6, 12, 18], [6])]

Floats = npt.NDArray[np.float64]


def mase(values: Floats, params: Params | None) -> float:
    """MASE of the ensemble, or of the seasonal naive method, on the last 12 of `values` (n,)."""
    count = len(values)
    steps, filled = pd.Series(range(count)), np.zeros(count, dtype=bool)
    panel = Panel(["y"], np.array([0, count]), steps, values, filled, season_length=SEASON)
    base = params or read_params(ROOT / "params.yaml")
    normalizer, flat, lengths = normalize(panel, HORIZON, base.normalize)
    levels = level_sizes(base.window.local, base.window.local_size)
    windows = Windows.cut(flat, lengths, base.window.size, HORIZON, levels)
    fitting = [m for m in range(base.train.members) if windows.of_member(m)[0] <= windows.before.max(initial=0)]
    networks = {m: train_network(windows, m, base.model, base.train)[0] for m in fitting} if params else {}
    origin = forecast_origin(panel, HORIZON, HORIZON, normalizer, windows, networks, base.train.members)
    return float(scores(origin.actual, origin.point, seasonal_scale(origin.histories, SEASON))["mase"][0])


def seasonal_sample(path: Path, count: int) -> list[Floats]:
    """Up to `count` positive series of 96 values or more whose changes correlate over a year, at most 13 years each."""
    kept = []
    for _, group in pd.read_csv(path).groupby("unique_id", sort=False):
        values = group["y"].to_numpy(dtype=float)[-156:]
        if len(values) >= 96 and (values > 0).all():
            changes = np.diff(np.log(values[:-HORIZON]))
            changes -= changes.mean()
            if (changes[SEASON:] * changes[:-SEASON]).sum() > 0.4 * (changes**2).sum():
                kept.append(values)
    chosen = np.random.default_rng(0).permutation(len(kept))[:count]
    return [kept[i] for i in chosen]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--panel", type=Path, nargs="*", default=[])
    arguments.add_argument("--series", type=int, default=40)
    given = arguments.parse_args()
    airline = pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"].to_numpy(dtype=float)
    sets = {"inner": [airline[: cut + HORIZON] for cut in INNER], "early": [airline[: cut + HORIZON] for cut in EARLY]}
    sets |= {path.stem: seasonal_sample(path, given.series) for path in given.panel}
    default = read_params(ROOT / "params.yaml")

    def line(name: str, params: Params | None) -> None:
        with Parallel(n_jobs=-1) as parallel:
            means = {key: np.mean(parallel(delayed(mase)(y, params) for y in series)) for key, series in sets.items()}
        print(f"{name:36}" + "".join(f"{key} {value:.3f}   " for key, value in means.items()), flush=True)

    line("seasonal naive", None)
    for size, levels in CANDIDATES:
        line(f"windows {size}, levels {levels}", change(default, window__size=size, window__local_size=levels))


if __name__ == "__main__":
    main()
