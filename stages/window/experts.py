"""The experts: closed-form forecasts at each cut, which the network weighs and corrects, in one table, EXPERTS."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32
from stages.window.smoothing import Smoothed
from stages.window.windows import Cuts, season_at
from stages.window.yearly import follow

CYCLES = [1, 2]  # seasons that a seasonal mean is taken over
REMEMBERED = 60  # steps in which a demand is looked for
RECURRING = 0.1  # share of them that is no demand, two at least, from which on it is intermittent
FORGETTING = 0.1  # of the smoothing of demand
LARGEST_LAG = 30.0  # steps that a smoothed level lags behind, at most


@dataclass(frozen=True)
class Context:
    """What the experts forecast K cuts from, all of it computed from the values before each cut.

    values: (V,) normalised histories, NaN where a value is missing
    seasons: lengths of the seasons in the values
    cuts: with their seasonal indices and scale
    level: (K,) the local level, in normalised units
    smoothed: exponential smoothing of the deseasonalised histories, in units of scale
    targets: steps to forecast
    year: steps in it; None where it is no season of the values
    course: (K, ...) coefficients of the course of the year, see yearly.py
    regressed: (K, n, targets) forecasts by regressions, in normalised units, see regression.py
    """

    values: Floats32
    seasons: list[int]
    cuts: Cuts
    level: Floats32
    smoothed: Smoothed
    targets: int
    year: float | None
    course: Floats
    regressed: Floats32

    def last(self, steps: int) -> tuple[Floats32, Bools]:
        """The last steps before each cut (K, steps), level and season where a value is missing, and which are known."""
        history, known = last_values(self.values, self.cuts, steps)
        if not known.all():
            expected = self.level[:, None] + season_at(self.cuts.season, self.seasons, np.arange(-steps, 0))
            history = np.where(known, history, expected)
        return history, known

    @cached_property
    def course_of_year(self) -> tuple[Floats, Floats]:
        """The course of the year ahead (K, targets), and when the level was (K, 1): less the level, in units of scale.

        Where the year is a season. A smoothed level is that of (1 - alpha) / alpha steps ago, the mean age of the
        values in it.
        """
        assert self.year is not None
        now, level, scale = (
            each.astype(np.float64)[:, None] for each in (self.cuts.before, self.level, self.cuts.scale)
        )
        lag = np.minimum((1 - self.smoothed.alpha) / self.smoothed.alpha, LARGEST_LAG)[:, None]
        ahead = follow(self.course, self.year, now + np.arange(self.targets))
        lagged = follow(self.course, self.year, now - 1 - lag)
        return (ahead - level) / scale, (lagged - level) / scale

    def as_expert(self, forecast: Floats32, needed: int) -> Floats32:
        """Forecasts (K, targets) in normalised units as an expert's: season and level removed, in units of scale.

        NaN, which is no forecast, where the history has fewer than `needed` steps.
        """
        season = season_at(self.cuts.season, self.seasons, np.arange(self.targets))
        deviation = forecast - season - self.level[:, None]
        enough = (self.cuts.before >= needed)[:, None]
        expert: Floats32 = np.where(enough, deviation, np.nan).astype(np.float32) / self.cuts.scale[:, None]
        return expert


def last_values(values: Floats32, cuts: Cuts, steps: int) -> tuple[Floats32, Bools]:
    """The last `steps` values before each cut (K, steps), 0 where there is none, and which of them are known."""
    offsets = np.arange(-steps, 0)
    history = values[np.maximum(cuts.position[:, None] + offsets, 0)]
    known = (offsets >= -cuts.before[:, None]) & ~np.isnan(history)
    return np.where(known, history, np.float32(0)), known


def ses(context: Context) -> list[Floats32]:
    """Simple exponential smoothing (Brown 1956): the level itself."""
    return [np.zeros((len(context.cuts), context.targets), dtype=np.float32)]


def theta(context: Context) -> list[Floats32]:
    """The Theta method (Assimakopoulos and Nikolopoulos 2000)."""
    return [context.smoothed.theta - context.smoothed.level[:, None]]


def holt(context: Context) -> list[Floats32]:
    """Holt's linear trend, damped (Gardner and McKenzie 1985)."""
    return [context.smoothed.holt - context.smoothed.level[:, None]]


def demand(context: Context) -> list[Floats32]:
    """Four forecasts of intermittent demand, three without a season; none where the lowest value does not recur.

    The lowest value, which is zero, the median, the smoothed share of values above the lowest times their smoothed
    height above it: Teunter, Syntetos and Babai, Intermittent demand: linking forecasting to inventory obsolescence,
    2011, equations 5 and 6, in normalised units; and the median of each phase of the season.
    """
    history, known = last_values(context.values, context.cuts, REMEMBERED)
    lowest = np.where(known, history, np.inf).min(axis=1)
    count = known.sum(axis=1)
    recurring = (known & (history == lowest[:, None])).sum(axis=1)
    recurs = np.flatnonzero(recurring >= np.maximum(RECURRING * count, 2))
    forecasts = np.full((3, len(history), context.targets), np.nan, dtype=np.float32)
    heights = _heights(history[recurs] - lowest[recurs, None], known[recurs])
    forecasts[:, recurs] = (lowest[recurs] + heights).astype(np.float32)[..., None]
    if context.seasons:
        by_phase = np.full((1, len(history), context.targets), np.nan, dtype=np.float32)
        medians = _medians_of_phases(history[recurs], known[recurs], context.seasons[0])
        by_phase[0, recurs] = medians[:, np.arange(context.targets) % context.seasons[0]]
        forecasts = np.concatenate([forecasts, by_phase])
    return [context.as_expert(each, 1) for each in forecasts]


def _medians_of_phases(history: Floats32, known: Bools, season: int) -> Floats32:
    """(K, season) medians of the known values of each phase after histories (K, steps); of all where a phase has none.

    The first phase is that of the step after the history.
    """
    values = np.where(known, history, np.nan)
    of_all = np.nanmedian(values, axis=1)[:, None]
    values = np.pad(values, ((0, 0), (-values.shape[1] % season, 0)), constant_values=np.nan)
    by_phase = values.reshape(len(values), values.shape[1] // season, season)
    some: Bools = ~np.asarray(np.isnan(by_phase).all(axis=1))
    medians: Floats32 = np.where(some, np.nanmedian(np.where(some[:, None], by_phase, 0), axis=1), of_all)
    return medians.astype(np.float32)


def _heights(height: Floats32, known: Bools) -> Floats:
    """(3, K) zero, the median and the smoothed mean of heights (K, REMEMBERED), of those that are known."""
    height = np.where(known, height, 0)
    sold, count = height > 0, known.sum(axis=1)
    share = sold.sum(axis=1) / np.maximum(count, 1)
    size = height.sum(axis=1) / np.maximum(sold.sum(axis=1), 1)
    for step in range(REMEMBERED):
        share += FORGETTING * (sold[:, step] - share) * known[:, step]
        size += FORGETTING * (height[:, step] - size) * sold[:, step]
    median = np.nanmedian(np.where(known, height, np.nan), axis=1)
    return np.stack([np.zeros(len(height)), median, share * size])


def year(context: Context) -> list[Floats32]:
    """The course of the year, from the level on, and as it is; none where the year is no season of the values."""
    if context.year is None:
        return []
    ahead, lagged = context.course_of_year
    return [(ahead - lagged).astype(np.float32), ahead.astype(np.float32)]


def regression(context: Context) -> list[Floats32]:
    """Regressions on the past and on covariates, see regression.py."""
    return [context.as_expert(each, 1) for each in np.moveaxis(context.regressed, 1, 0)]


def seasonal_mean(context: Context) -> list[Floats32]:
    """For each season, the pattern of the last one and the mean pattern of the last two.

    Its level is the mean of the last season of the shortest length.
    """
    return [_seasonal_mean(context, length, cycles) for length in context.seasons for cycles in CYCLES]


def seasonal_drift(context: Context) -> list[Floats32]:
    """For each season, the last one repeated, with its mean growth over the one before added each time."""
    return [_seasonal_drift(context, length) for length in context.seasons]


def _seasonal_mean(context: Context, length: int, cycles: int) -> Floats32:
    short, needed = context.seasons[0], cycles * length
    history, _ = context.last(needed)
    by_cycle = history.reshape(len(history), cycles, length)
    pattern = (by_cycle - by_cycle.mean(axis=2, keepdims=True)).mean(axis=1)
    last_mean = history[:, -short:].mean(axis=1, keepdims=True)
    pattern = pattern - pattern[:, -short:].mean(axis=1, keepdims=True) + last_mean
    return context.as_expert(pattern[:, np.arange(context.targets) % length], needed)


def _seasonal_drift(context: Context, length: int) -> Floats32:
    history, known = context.last(2 * length)
    growth = _mean_growth(history, known)
    ahead = np.arange(context.targets)
    repeated = history[:, length + ahead % length] + growth * (1 + ahead // length)
    return context.as_expert(repeated, 2 * length)


def _mean_growth(history: Floats32, known: Bools) -> Floats32:
    """(K, 1) mean growth from the first half of histories (K, 2 steps) to the second, over the pairs that are known."""
    before, after = np.split(history, 2, axis=1)
    pairs = np.logical_and(*np.split(known, 2, axis=1))
    count = pairs.sum(axis=1, keepdims=True, dtype=np.float32)
    growth: Floats32 = np.where(pairs, after - before, 0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
    return growth


# Each gives forecasts (K, targets), one or several: level and season removed, in units of scale; NaN is no forecast.
EXPERTS: dict[str, Callable[[Context], list[Floats32]]] = {
    "ses": ses,
    "theta": theta,
    "holt": holt,
    "demand": demand,
    "year": year,
    "regression": regression,
    "seasonal_mean": seasonal_mean,
    "seasonal_drift": seasonal_drift,
}
