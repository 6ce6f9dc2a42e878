"""What the model says at one origin, in the input's units: the median of its members, and the intervals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from stages.normalize.normalizer import Normalizer
from stages.panel.panel import Panel
from stages.predict.baselines import seasonal_naive
from stages.predict.intervals import half_widths
from stages.predict.metrics import mean_over_steps, seasonal_scale
from stages.train.network import Forecaster, forecast
from stages.window.windows import Windows

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

UNIT_SEASONS = 6  # over whose changes a series' unit is the mean
STAND_IN_SEASONS = 10  # whose changes stand in for errors where there are none


@dataclass(frozen=True)
class OriginForecast:
    """Forecasts for S series from the origin `held_back` steps before each series' end.

    point: (S, horizon) the median of the members that have a forecast, in the input's units; NaN without history
    member_errors: (M, S) mean absolute error of each member; NaN where it has no forecast
    fallback: (S,) True where a series is too short for a window and the seasonal naive forecast stands in
    has_history: (S,) False for a series that begins after the origin
    actual: (S, horizon) what came next; NaN where it is unknown or was filled
    unit: (S,) the local scale where the model works, see `local_unit`
    scale: (S,) MASE's denominator
    least: (S,) the smallest value of the history
    """

    held_back: int
    point: Floats
    member_errors: Floats
    fallback: Bools
    has_history: Bools
    actual: Floats
    unit: Floats
    scale: Floats
    least: Floats
    normalizer: Normalizer

    @classmethod
    def joined(cls, parts: list["OriginForecast"]) -> "OriginForecast":
        """One forecast for the series of all `parts`, which are of one origin.

        A series of a single value has no unit of its own and takes the median of all, each relative to its spread.
        """
        names = [field.name for field in fields(cls) if field.name not in ("held_back", "normalizer")]
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts], axis=-1 if name == "member_errors" else 0)
            for name in names
        }
        normalizer = Normalizer.joined([part.normalizer for part in parts])
        relative = arrays["unit"] / normalizer.spread_
        known = ~np.isnan(relative)
        typical = np.median(relative[known]) if known.any() else np.nan
        arrays["unit"] = np.where(known, arrays["unit"], typical * normalizer.spread_)
        return cls(held_back=parts[0].held_back, normalizer=normalizer, **arrays)

    def scores(self) -> Floats:
        """(S, horizon) absolute errors in units where the model works; NaN where unknown or by fallback.

        A logged series that falls to where it has no logarithm: half its smallest value stands in.
        """
        shift = self.normalizer.shift_[:, None]
        gone = self.normalizer.log_[:, None] & (self.actual + shift <= 0)
        actual = np.where(gone, 0.5 * (self.least[:, None] + shift) - shift, self.actual)
        error = np.abs(self.normalizer.to_level(actual) - self.normalizer.to_level(self.point))
        return error / np.where((self.unit > 0) & ~self.fallback, self.unit, np.nan)[:, None]

    def limits(self, earlier: Iterable["OriginForecast"], levels: list[int], panel: Panel) -> tuple[Floats, Floats]:
        """Lower and upper limits, both (levels, S, horizon), from the errors of `earlier` origins known at this one.

        Where there are none, one-season-ahead changes inside the histories stand in for them. NaN where not even
        another series has a unit.
        """
        horizon = self.actual.shape[1]
        known = [np.empty((0, horizon))]
        for origin in earlier:
            seen = np.arange(1, horizon + 1) <= origin.held_back - self.held_back
            known.append(np.where(seen, origin.scores(), np.nan))
        widths = half_widths(np.concatenate(known), levels)
        if np.isnan(widths).any():
            widths = half_widths(self._changes(panel), levels).repeat(horizon, axis=1)
        level = self.normalizer.to_level(self.point)
        margin = widths[:, None, :] * self.unit[:, None]  # (levels, S, horizon)
        low, high = self.normalizer.from_level(level - margin), self.normalizer.from_level(level + margin)
        return np.maximum(low, _floor(self.least)), np.maximum(high, _floor(self.least))

    def _changes(self, panel: Panel) -> Floats:
        """(K, 1) absolute seasonal changes inside the histories in units."""
        season = panel.season_length if panel.history_lengths(self.held_back).max() > panel.season_length else 1
        level = self.normalizer.to_level(panel.last_values(self.held_back, (STAND_IN_SEASONS + 1) * season))
        changes = np.abs(level[:, season:] - level[:, :-season])
        return (changes / np.where(self.unit > 0, self.unit, np.nan)[:, None]).reshape(-1, 1)


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
    season = panel.season_length
    naive = np.stack([seasonal_naive(panel.history(i, held_back), season, horizon) for i in range(len(panel.ids))])
    fallback = windows.ends.before < (windows.min_length if networks else np.iinfo(np.int64).max)
    least = np.array([panel.history(i, held_back).min(initial=np.inf) for i in range(len(panel.ids))])
    past = panel.last_values(held_back, season)
    members = np.full((ensemble, *naive.shape), np.nan)
    for member, network in networks.items():
        normalised = forecast(network, windows, horizon)
        members[member] = np.maximum(normalizer.inverse(normalised, past), _floor(least))
    members[:, fallback] = naive[fallback]
    has_history = panel.history_lengths(held_back) > 0
    point = np.full(naive.shape, np.nan)
    point[has_history] = np.nanmedian(members[:, has_history], axis=0)
    rows, exists = panel.after(held_back, horizon)
    actual = np.where(exists & ~panel.filled[rows], panel.y[rows], np.nan)
    return OriginForecast(
        held_back=held_back,
        point=point,
        member_errors=np.stack([mean_over_steps(np.abs(actual - each)) for each in members]),
        fallback=fallback,
        has_history=has_history,
        actual=actual,
        unit=local_unit(panel, held_back, normalizer),
        scale=_by_blocks(
            panel, held_back, lambda block: seasonal_scale(panel.histories(held_back, block, given=True), season)
        ),
        least=least,
        normalizer=normalizer,
    )


def local_unit(panel: Panel, held_back: int, normalizer: Normalizer) -> Floats:
    """(S,) the scale of a series where the model works: its mean absolute change over a season, lately.

    Of the last six seasons, or as many steps as the longest season has; over one step where not one season is known;
    0 for a constant series, NaN for one of a single value.
    """
    season = panel.season_length
    steps = max(UNIT_SEASONS * season, *panel.season_lengths) + season
    level = normalizer.to_level(panel.last_values(held_back, steps))
    unit = seasonal_scale(level, season)
    unit = np.where(np.isnan(unit), seasonal_scale(level, 1), unit)
    return np.where(np.isnan(unit) & (panel.history_lengths(held_back) > 1), 0.0, unit)


def _by_blocks(panel: Panel, held_back: int, of_block: Callable[[slice], Floats]) -> Floats:
    return np.concatenate([of_block(block) for block in panel.blocks(held_back)])


def _floor(least: Floats) -> Floats:
    """(S, 1) the least that forecasts and limits may be: 0 for a series that was never negative."""
    return np.where(least < 0, -np.inf, 0.0)[:, None]
