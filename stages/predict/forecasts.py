"""The ensemble's forecast at an origin, in the input's units: the median of its members."""

from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Bools, Floats, Rows
from stages.normalize.normalizer import Normalizer
from stages.panel.history import History
from stages.predict.baselines import repeat_last_season
from stages.predict.metrics import seasonal_scale
from stages.train.network import Forecaster, forecast
from stages.window.windows import Windows

INTERVAL_SEASONS = 6  # whose changes the scale of a series' intervals is the mean of


@dataclass(frozen=True)
class OriginForecast(Rows):
    """Forecasts for S series from one origin, made from their histories alone.

    origin: steps before each series' end
    point: (S, horizon) the median of the members that have a forecast, in the input's units; NaN without history
    members: (S, M, horizon) the forecast of each member; NaN where it has none
    fallback: (S,) True where a series is too short for a window and has the seasonal naive forecast
    has_history: (S,) False for a series that begins after the origin
    interval_scale: (S,) see `interval_scale`
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

    @property
    def floor(self) -> Floats:
        """(S, 1) the smallest value of forecasts and intervals: 0 for a series that was never negative."""
        return np.where(self.history_min < 0, -np.inf, 0.0)[:, None]


def forecast_origin(
    history: History,
    horizon: int,
    normalizer: Normalizer,
    windows: Windows,
    networks: dict[int, Forecaster],
    ensemble: int,
) -> OriginForecast:
    """Forecast every series from one origin by an ensemble of `ensemble` members.

    `networks`, by member, is empty where the windows fit into no history of the origin.
    """
    naive = repeat_last_season(history, horizon)
    history_min = np.concatenate([_minimum(history.matrix(block)) for block in history.blocks()])
    has_history = history.lengths > 0
    fallback = windows.ends.before < (windows.min_length if networks else np.iinfo(np.int64).max)
    floor = np.where(history_min < 0, -np.inf, 0.0)[:, None]
    members = np.full((len(naive), ensemble, horizon), np.nan)
    for member, network in networks.items():
        normalised = forecast(network, windows, horizon)
        members[:, member] = np.maximum(normalizer.inverse_transform(normalised), floor)
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


def interval_scale(history: History, normalizer: Normalizer) -> Floats:
    """(S,) the unit of a series' intervals: its mean absolute seasonal change lately, on the log scale if logged.

    Over the last six seasons, or as many steps as the longest season has; over single steps where the history is no
    longer than a season; 0 for a constant series, NaN for one of a single value.
    """
    season = history.panel.season_length
    steps = max(INTERVAL_SEASONS * season, *history.panel.season_lengths) + season
    values = normalizer.to_log_scale(history.last(steps))
    scale = seasonal_scale(values, season)
    scale = np.where(np.isnan(scale), seasonal_scale(values, 1), scale)
    return np.where(np.isnan(scale) & (history.lengths > 1), 0.0, scale)


def _minimum(values: Floats) -> Floats:
    """(S,) the smallest of the values (S, steps) that are not NaN, infinity where there is none."""
    smallest: Floats = np.where(np.isnan(values), np.inf, values).min(axis=1, initial=np.inf)
    return smallest
