"""What each part of the default recipe is worth: MASE without it, on values that the README's tables do not score.

    python -m tests.bench.choose [--panel FILE HORIZON SEASONS ...] [--members 4] [--seeds 0 1 2]

Makes one change of params.yaml after another and prints a line for each: the mean MASE over 19 origins inside the
airline history to December 1959 (none of them an origin that the README reports), each forecast 12 months ahead, and
for each panel the MASE of the last HORIZON values of every series. FILE is long, CSV or Parquet, with columns
`unique_id`, `ds`, `y`; SEASONS is 12, or 24,168. With several seeds, means over them, and their standard deviation
after it. The first line is the seasonal naive method, the second the default recipe.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from stages.common.arrays import Floats
from stages.common.params import Params, read_params
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import History
from stages.predict.ensemble import Ensemble
from stages.predict.forecasts import repeat_last_season
from stages.predict.metrics import seasonal_scale
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.training import train_networks
from stages.window.cutting import cut_windows
from stages.window.experts import EXPERTS
from stages.window.params import Window
from tests.builders import change, panel_of

ROOT = Path(__file__).parents[2]
AIRLINE_ORIGINS = [end for end in range(54, 121, 3) if end not in (84, 96, 108, 120)]  # values before each


def without(*experts: str) -> dict[str, Any]:
    """The change of parameters that leaves some experts out."""
    return {"window__experts": [name for name in EXPERTS if name not in experts]}


CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "no expert but the level": without(*EXPERTS),
    "without ses, theta, holt": without("ses", "theta", "holt"),
    "without seasonal_mean": without("seasonal_mean"),
    "without seasonal_drift": without("seasonal_drift"),
    "without regression": without("regression"),
    "no logarithm": {"normalize__log": False},
    "no pull towards the experts": {"train__expert_pull": 0.0},
    "head without dropout": {"model__head_dropout": 0.0},
    "squared error": {"train__loss": "mse"},
    "hidden size 64": {"model__hidden_size": 64},
    "GRU": {"model__cell": "gru"},
    "plain RNN": {"model__cell": "rnn"},
    "bfloat16": {"train__precision": "bfloat16"},
}


def forecast_held_out(history: History, params: Params, parallel: Parallel) -> Floats:
    """Forecasts (S, horizon) of all values after the origin of a history: the pipeline in memory."""
    (forecast,) = train_ensemble(history, history.origin, params, parallel).forecast([history])
    return forecast.point


def train_ensemble(history: History, horizon: int, params: Params, parallel: Parallel) -> Ensemble:
    """The ensemble of an origin, after those of earlier ones; without networks where no history has a window."""
    panel, members = history.panel, range(params[Train].members)
    seasons = seasons_in_use(panel, params[Normalize])
    origins = plan_origins(params[Backtest].model_copy(update={"horizon": horizon}), panel).all
    networks: dict[int, Network] = {}
    for before in sorted(origins if params[Train].update_epochs else [0], reverse=True):
        _, histories = normalize(panel.at(history.origin + before), params[Normalize], seasons)
        windows = cut_windows(histories.values, histories.lengths, seasons, params[Window], horizon)
        if len(windows.cuts):
            trained = parallel(
                delayed(train_networks)(windows, [each], params[Model], params[Train], earlier=networks)
                for each in members
            )
            networks = {member: network for member, ((network, _),) in zip(members, trained, strict=True)}
    return Ensemble(horizon, len(members), params[Normalize], params[Window], seasons, networks)


def mase(history: History, forecast: Floats) -> float:
    """MASE of forecasts (S, horizon), a mean over series."""
    scale = seasonal_scale(history.matrix(), history.panel.season_length)
    error = np.abs(history.actual(forecast.shape[1]) - forecast)
    return float(np.nanmean(error.mean(axis=1) / scale))


def measured(histories: list[History], by_seed: list[Params], parallel: Parallel) -> str:
    """The mean MASE over histories and seeds, and with several seeds the standard deviation between them."""
    means = [
        np.mean([mase(each, forecast_held_out(each, params, parallel)) for each in histories]) for params in by_seed
    ]
    spread = f" ± {np.std(means, ddof=1):.3f}" if len(means) > 1 else ""
    return f"{np.mean(means):.3f}{spread}"


def read_histories(file: Path, horizon: int, season_lengths: list[int]) -> History:
    """The series of a file without their last `horizon` values, of which a season and two are left at least."""
    table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    groups = table.sort_values(["unique_id", "ds"]).groupby("unique_id")["y"]
    series = [group.to_numpy(dtype=float) for _, group in groups]
    shortest = horizon + season_lengths[0] + 2
    long_enough = [values for values in series if len(values) >= shortest]
    return panel_of(long_enough, season_lengths=tuple(season_lengths)).at(horizon)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", nargs=3, action="append", default=[], metavar=("FILE", "HORIZON", "SEASONS"))
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    airline = pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"].to_numpy(dtype=float)
    sets = {"airline": [panel_of([airline[: end + 12]], season_lengths=(12,)).at(12) for end in AIRLINE_ORIGINS]}
    for file, horizon, seasons in arguments.panel:
        lengths = [int(season) for season in seasons.split(",")]
        sets[Path(file).stem] = [read_histories(Path(file), int(horizon), lengths)]

    def print_line(name: str, cells: Iterable[str]) -> None:
        print(f"{name:30}" + "".join(f"{cell:>18}" for cell in cells), flush=True)

    print_line("", sets)
    naive = [[mase(each, repeat_last_season(each, each.origin)) for each in histories] for histories in sets.values()]
    print_line("seasonal naive", [f"{np.mean(values):.3f}" for values in naive])
    default = change(read_params(ROOT / "params.yaml"), train__members=arguments.members)
    with Parallel(n_jobs=-1) as parallel:
        for name, changes in CHANGES.items():
            by_seed = [change(default, **changes, train__seed=seed) for seed in arguments.seeds]
            print_line(name, [measured(histories, by_seed, parallel) for histories in sets.values()])


if __name__ == "__main__":
    main()
