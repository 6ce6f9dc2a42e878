"""The ensemble's forecast at an origin, in the input's units: the mean of its members."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages.common.arrays import Bools, Floats, Rows
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import History
from stages.predict.baselines import NAIVE, forecast_baseline
from stages.predict.spread import Spread
from stages.window.windows import Windows

if TYPE_CHECKING:  # workers of baselines, too, read this file, and need no torch
    from stages.train.network import Network

ZERO = 1e-4  # of the largest value of a history that was never negative: less than that is rounding, not a forecast
FLAT_SEASONS, FLAT_STEPS = 2, 10  # a history that has not changed over both is forecast not to change


@dataclass(frozen=True)
class OriginForecast(Rows):
    """Forecasts of S series from one origin, in the input's units, made from their histories alone.

    origin: steps before each series' end
    point: (S, horizon) the mean of the members that have a forecast; NaN without a history
    members: (S, M, horizon) the forecast of each member; NaN where it has none
    fallback: (S,) True where a series is too short for a window and has the seasonal naive forecast
    has_history: (S,) False for a series that begins after the origin
    spread: how much each history varies
    """

    origin: int
    point: Floats
    members: Floats
    fallback: Bools
    has_history: Bools
    spread: Spread


def forecast_origin(
    history: History,
    horizon: int,
    normalizer: Normalizer,
    windows: Windows,
    networks: dict[int, "Network"],
    member_count: int,
) -> OriginForecast:
    """Forecast every series from one origin by an ensemble of `member_count`; a flat one is forecast not to change.

    windows: at the end of each series
    networks: by member; empty where no history was long enough for a window
    """
    from stages.train.network import forecast

    naive = repeat_last_season(history, horizon)
    spread = Spread.of(history)
    has_history = history.lengths > 0
    fallback = ~windows.enough | (not networks)
    members = np.full((len(naive), member_count, horizon), np.nan)
    for member, network in networks.items():
        values = normalizer.inverse_transform(forecast(network, windows, horizon))
        members[:, member] = np.where(spread.never_negative & (values < ZERO * spread.size[:, None]), 0.0, values)
    repeated = fallback | is_flat(history)
    members[repeated] = naive[repeated, None]
    point = np.full(naive.shape, np.nan)
    point[has_history] = np.nanmean(members[has_history], axis=1)
    return OriginForecast(
        origin=history.origin,
        point=point,
        members=members,
        fallback=fallback,
        has_history=has_history,
        spread=spread,
    )


def forecast_by_baseline(name: str, history: History, horizon: int) -> Floats:
    """A baseline's forecasts (S, horizon) of every series; NaN without a history."""
    if name == NAIVE:
        return repeat_last_season(history, horizon)
    season, completed = history.panel.season_length, history.completed
    return np.array(
        [forecast_baseline(name, completed.values(series), season, horizon) for series in range(len(completed.lengths))]
    )


def repeat_last_season(history: History, horizon: int) -> Floats:
    """The forecast (S, horizon) that `seasonal_naive` gives for each series, of all series at once."""
    season = history.panel.season_length
    last = history.completed.last(season)
    last = np.where((history.lengths < season)[:, None], last[:, -1:], last)
    return last[:, np.arange(horizon) % season]


def is_flat(history: History) -> Bools:
    """(S,) whether the history has not changed over two of its longest seasons, nor over ten steps.

    Nor over all of a shorter history. Its forecast is then that value.
    """
    last = history.completed.last(max(FLAT_SEASONS * max(history.panel.season_lengths), FLAT_STEPS))
    flat: Bools = (np.isnan(last) | (last == last[:, -1:])).all(axis=1)
    return flat
