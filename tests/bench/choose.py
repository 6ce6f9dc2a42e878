"""What each part of the default recipe is worth: MASE without it, on what the README's tables do not score.

    python -m tests.bench.choose [--panel FILE HORIZON SEASONS ...] [--members 4]

Takes one change of params.yaml after the other and prints a line for each: mean MASE over 19 cuts inside the airline
history to December 1959 (none of them an origin that the README reports), each forecast 12 months ahead, and for each
panel given the MASE of the last HORIZON values of each series. FILE is long, CSV or Parquet, with columns `unique_id`,
`ds`, `y`; SEASONS is 12, or 24,168. The first line is the seasonal naive method's, the second the default's.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from stages.common.params import Params, read_params
from stages.normalize.__main__ import normalize, seasons_left
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast, forecast_origin
from stages.train.network import Forecaster
from stages.train.training import train_network
from stages.window.__main__ import cut_windows
from stages.window.windows import Windows
from tests.builders import change

ROOT = Path(__file__).parents[2]
INNER = [cut for cut in range(54, 121, 3) if cut not in (84, 96, 108, 120)]
CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "no base but the level": {"window__bases": []},
    "without ses, theta, holt": {"window__bases": ["patterns", "growth"]},
    "without patterns": {"window__bases": ["ses", "theta", "holt", "growth"]},
    "without growth": {"window__bases": ["ses", "theta", "holt", "patterns"]},
    "no logarithm": {"normalize__log": False},
    "all features, always": {"train__feature_dropout": 0.0},
    "no pull towards the bases": {"train__base_pull": 0.0},
    "head without dropout": {"model__head_dropout": 0.0},
    "absolute error alone": {"train__loss": "mae"},
    "hidden size 64": {"model__hidden_size": 64},
    "GRU": {"model__cell": "gru"},
    "plain RNN": {"model__cell": "rnn"},
    "bfloat16": {"train__precision": "bfloat16"},
}

Floats = npt.NDArray[np.float64]


def panel_of(histories: list[Floats], seasons: list[int]) -> Panel:
    lengths = np.array([len(y) for y in histories])
    steps = pd.Series(np.concatenate([np.arange(n) for n in lengths]))
    ids, indptr = [str(i) for i in range(len(lengths))], np.concatenate([[0], np.cumsum(lengths)])
    values = np.concatenate(histories)
    return Panel(ids, indptr, steps, values, np.zeros(len(values), dtype=bool), season_lengths=tuple(seasons))


def train_member(windows: Windows, member: int, params: Params) -> Forecaster:
    return train_network(windows, member, params.model, params.train)[0]


def held_out(panel: Panel, horizon: int, params: Params, parallel: Parallel) -> OriginForecast:
    """The forecast of each series' last `horizon` values from what stands before them."""
    normalizer, values, lengths = normalize(panel, horizon, params.normalize)
    windows = cut_windows(values, lengths, seasons_left(panel, params.normalize), params.window, horizon)
    longest = windows.training.before.max(initial=0)
    members = [member for member in range(params.train.members) if windows.least(member) <= longest]
    networks = dict(zip(members, parallel(delayed(train_member)(windows, m, params) for m in members), strict=True))
    return forecast_origin(panel, horizon, horizon, normalizer, windows, networks, params.train.members)


def mase(forecast: OriginForecast, point: Floats) -> float:
    return float(np.nanmean(np.nanmean(np.abs(forecast.actual - point), axis=1) / forecast.scale))


def naive(panel: Panel, horizon: int) -> Floats:
    return np.stack([np.resize(y, horizon) for y in panel.last_values(horizon, panel.season_length)])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--panel", nargs=3, action="append", default=[], metavar=("FILE", "HORIZON", "SEASONS"))
    arguments.add_argument("--members", type=int, default=4)
    given = arguments.parse_args()
    airline = pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"].to_numpy(dtype=float)
    sets = {"airline": ([panel_of([airline[: cut + 12]], [12]) for cut in INNER], 12)}
    for name, horizon, seasons in given.panel:
        read = pd.read_parquet if name.endswith(".parquet") else pd.read_csv
        table = read(name).sort_values(["unique_id", "ds"])
        lengths = [int(season) for season in seasons.split(",")]
        series = [group.to_numpy(dtype=float) for _, group in table.groupby("unique_id")["y"]]
        long_enough = [y for y in series if len(y) >= int(horizon) + lengths[0] + 2]
        sets[Path(name).stem] = ([panel_of(long_enough, lengths)], int(horizon))

    default = change(read_params(ROOT / "params.yaml"), train__members=given.members)
    with Parallel(n_jobs=-1) as parallel:
        print(f"{'':30}" + "".join(f"{name:>18}" for name in sets))
        for line, changes in {"seasonal naive": {"train__members": 1, "train__epochs": 1}, **CHANGES}.items():
            params = change(default, **changes)
            cells = []
            for panels, horizon in sets.values():
                forecasts = [held_out(panel, horizon, params, parallel) for panel in panels]
                points = [forecast.point for forecast in forecasts]
                if line == "seasonal naive":
                    points = [naive(panel, horizon) for panel in panels]
                cells.append(np.mean([mase(f, point) for f, point in zip(forecasts, points, strict=True)]))
            print(f"{line:30}" + "".join(f"{cell:18.3f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
