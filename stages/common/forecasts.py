"""What the model says at one origin, in the input's units: every member, their median, the intervals."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stages.common.baselines import seasonal_naive
from stages.common.intervals import half_widths
from stages.common.metrics import seasonal_scale
from stages.common.network import Forecaster, forecast
from stages.common.normalizer import Normalizer
from stages.common.panel import Panel
from stages.common.windows import Windows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OriginForecast:
    """Forecasts for S series from the origin `held_back` steps before each series' end.

    members: (M, S, horizon) in the input's units; NaN for a series without history or shorter than a member's window
    fallback: (S,) True where a series is too short for a window and the seasonal naive forecast stands in
    histories: (S, steps) right-aligned, NaN before a series begins
    actual: (S, horizon) what came next; NaN where it is unknown or was filled
    """

    held_back: int
    members: Floats
    fallback: npt.NDArray[np.bool_]
    histories: Floats
    actual: Floats
    normalizer: Normalizer

    @property
    def has_history(self) -> npt.NDArray[np.bool_]:
        """(S,) False for a series that begins after the origin."""
        return np.asarray(~np.isnan(self.histories).all(axis=1))

    @property
    def point(self) -> Floats:
        """(S, horizon) the median of the members that have a forecast."""
        median = np.full(self.members.shape[1:], np.nan)
        median[self.has_history] = np.nanmedian(self.members[:, self.has_history], axis=0)
        return median

    @property
    def unit(self) -> Floats:
        """(S,) the scale of a series where the model works: its mean absolute seasonal difference, else one step's."""
        level = self.normalizer.to_level(self.histories)
        unit = seasonal_scale(level, self.normalizer.season_length)
        unit = np.where(np.isnan(unit), seasonal_scale(level, 1), unit)
        constant = (np.nanmax(level, axis=1, initial=-np.inf) == np.nanmin(level, axis=1, initial=np.inf)) & (
            (~np.isnan(level)).sum(axis=1) > 1
        )
        return np.where(constant, 0.0, unit)

    def scores(self) -> Floats:
        """(S, horizon) absolute errors in units of scale where the model works; NaN where unknown or by fallback.

        A logged series that falls to zero or below has no logarithm there: half its smallest value stands in.
        """
        least = 0.5 * np.nanmin(self.histories, axis=1, initial=np.inf)[:, None]
        actual = np.where(self.normalizer.log_[:, None] & (self.actual <= 0), least, self.actual)
        error = np.abs(self.normalizer.to_level(actual) - self.normalizer.to_level(self.point))
        unit = self.unit
        return error / np.where((unit > 0) & ~self.fallback, unit, np.nan)[:, None]

    def limits(self, earlier: Iterable["OriginForecast"], levels: list[int]) -> tuple[Floats, Floats]:
        """Lower and upper limits, both (levels, S, horizon), from the errors of `earlier` origins known at this one.

        Where there are none, one-season-ahead changes inside the histories stand in for them. NaN for a series of a
        single value, which has no scale.
        """
        horizon = self.actual.shape[1]
        known = [np.empty((0, horizon))]
        for origin in earlier:
            seen = np.arange(1, horizon + 1) <= origin.held_back - self.held_back
            known.append(np.where(seen, origin.scores(), np.nan))
        widths = half_widths(np.concatenate(known), levels)
        if np.isnan(widths).any():
            widths = half_widths(self._changes(), levels).repeat(horizon, axis=1)
        level = self.normalizer.to_level(self.point)
        margin = widths[:, None, :] * self.unit[:, None]  # (levels, S, horizon)
        low, high = self.normalizer.from_level(level - margin), self.normalizer.from_level(level + margin)
        floor = _floor(self.histories)
        return np.maximum(low, floor), np.maximum(high, floor)

    def _changes(self) -> Floats:
        """(K, 1) absolute seasonal differences of all histories in units of scale."""
        level, season = self.normalizer.to_level(self.histories), self.normalizer.season_length
        season = season if level.shape[1] > season else 1
        unit = self.unit
        changes = np.abs(level[:, season:] - level[:, :-season])
        return (changes / np.where(unit > 0, unit, np.nan)[:, None]).reshape(-1, 1)


def forecast_origin(
    panel: Panel,
    held_back: int,
    horizon: int,
    normalizer: Normalizer,
    windows: Windows,
    networks: dict[int, Forecaster],
    ensemble: int,
) -> OriginForecast:
    """Forecast every series from one origin by an ensemble of `ensemble` members.

    `networks`, by member, lacks those whose windows fit into no history of the origin.
    """
    histories = panel.histories(held_back)
    naive = np.full((len(histories), horizon), np.nan)
    for series, history in enumerate(histories):
        known = history[~np.isnan(history)]
        if known.size:
            naive[series] = seasonal_naive(known, normalizer.season_length, horizon)
    fallback = windows.lengths < min((windows.of_member(member)[0] for member in networks), default=np.inf)
    floor = _floor(histories)
    members = np.full((ensemble, *naive.shape), np.nan)
    members[:, fallback] = naive[fallback]
    for member, network in networks.items():
        values = np.maximum(normalizer.inverse(forecast(network, windows, member, horizon), histories), floor)
        members[member, ~fallback] = values[~fallback]
    rows, exists = panel.after(held_back, horizon)
    actual = np.where(exists & ~panel.filled[rows], panel.y[rows], np.nan)
    return OriginForecast(held_back, members, fallback, histories, actual, normalizer)


def _floor(histories: Floats) -> Floats:
    """(S, 1) the least that forecasts and limits may be: 0 for a series that was never negative."""
    return np.where((histories < 0).any(axis=1), -np.inf, 0.0)[:, None]
