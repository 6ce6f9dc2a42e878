"""The ensemble's forecast at an origin, in the input's units: the median of its members."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stages.common.arrays import Bools, Floats, Rows
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import History
from stages.predict.metrics import seasonal_scale
from stages.train.network import Forecaster, forecast
from stages.window.windows import Windows

INTERVAL_SEASONS = 6  # the latest ones, over whose changes `interval_scale` is a mean


@dataclass(frozen=True)
class OriginForecast(Rows):
    """Forecasts of S series from one origin, in the input's units, made from their histories alone.

    origin: steps before each series' end
    point: (S, horizon) the median of the members that have a forecast; NaN without a history
    members: (S, M, horizon) the forecast of each member; NaN where it has none
    fallback: (S,) True where a series is too short for a window and has the seasonal naive forecast
    has_history: (S,) False for a series that begins after the origin
    interval_scale: (S,) see the function of that name
    history_min: (S,) the smallest value of the history; infinity without one
    """

    origin: int
    point: Floats
    members: Floats
    fallback: Bools
    has_history: Bools
    interval_scale: Floats
    history_min: Floats
    normalizer: Normalizer

    @classmethod
    def concat(cls, parts: "Sequence[OriginForecast]") -> "OriginForecast":
        """One forecast of the series of all `parts`, which are of one origin.

        A series of a single value has no interval scale of its own: it gets the median of all, relative to its spread.
        """
        whole = super().concat(parts)
        spread = whole.normalizer.spread_
        relative = whole.interval_scale / spread
        known = ~np.isnan(relative)
        typical = np.median(relative[known]) if known.any() else np.nan
        return replace(whole, interval_scale=np.where(known, whole.interval_scale, typical * spread))


def forecast_origin(
    history: History,
    horizon: int,
    normalizer: Normalizer,
    windows: Windows,
    networks: dict[int, Forecaster],
    ensemble: int,
) -> OriginForecast:
    """Forecast every series from one origin by an ensemble of `ensemble` members.

    networks: by member; empty where no history of the origin is long enough for a window
    """
    naive = repeat_last_season(history, horizon)
    history_min = smallest_values(history)
    has_history = history.lengths > 0
    fallback = (windows.ends.before < windows.min_length) | (not networks)
    members = np.full((len(naive), ensemble, horizon), np.nan)
    for member, network in networks.items():
        values = normalizer.inverse_transform(forecast(network, windows, horizon))
        members[:, member] = np.maximum(values, floor(history_min))
    members[fallback] = naive[fallback, None]
    point = np.full(naive.shape, np.nan)
    point[has_history] = np.nanmedian(members[has_history], axis=1)
    return OriginForecast(
        origin=history.origin,
        point=point,
        members=members,
        fallback=fallback,
        has_history=has_history,
        interval_scale=interval_scale(history, normalizer),
        history_min=history_min,
        normalizer=normalizer,
    )


def floor(history_min: Floats) -> Floats:
    """(S, 1) the smallest value of forecasts and intervals: 0 for a series that was never negative."""
    return np.where(history_min < 0, -np.inf, 0.0)[:, None]


def repeat_last_season(history: History, horizon: int) -> Floats:
    """The forecast (S, horizon) that `seasonal_naive` gives for each series, of all series at once."""
    season = history.panel.season_length
    last = history.last(season)
    last = np.where((history.lengths < season)[:, None], last[:, -1:], last)
    return last[:, np.arange(horizon) % season]


def interval_scale(history: History, normalizer: Normalizer) -> Floats:
    """(S,) the unit of a series' intervals: its recent mean absolute seasonal change, on the log scale if logged.

    Over the last six seasons, or as many steps as the longest season has. Changes from step to step where the history
    is no longer than a season; 0 for a constant series, NaN for one of a single value.
    """
    season = history.panel.season_length
    steps = max(INTERVAL_SEASONS * season, *history.panel.season_lengths) + season
    values = normalizer.to_log_scale(history.last(steps))
    scale = seasonal_scale(values, season)
    scale = np.where(np.isnan(scale), seasonal_scale(values, 1), scale)
    return np.where(np.isnan(scale) & (history.lengths > 1), 0.0, scale)


def smallest_values(history: History) -> Floats:
    """(S,) the smallest value of each history; infinity without one."""
    return np.concatenate([np.fmin.reduce(history.matrix(block), axis=1, initial=np.inf) for block in history.blocks()])
