"""Seasonal indices at any step, from the values before it alone: classical decomposition, weighted and shrunk.

A test for seasonality would switch the season on or off; shrinkage keeps as much of it as the history supports. A
pattern that changes is found in few seasons, one among noise in many: two memories learn it, and that which has
forecast the deviations better weighs more.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from stages.common.arrays import Bools, Floats, Floats32, Ints
from stages.panel.ragged import seasonal_sources

SHORT, LONG = 0.7, 0.98  # weight of a season relative to the one after it, of the two memories
MOST_MISSING = 0.5  # of the season that a moving average is taken over
NOISE = 2.0  # the F statistic up to which a pattern counts as noise, for which its mean is about 1
ROUNDING = 1e-24  # variance that values of 1 have by rounding, at most: no pattern
FORGOTTEN = 1e-100  # weight of a phase, beyond which squares underflow


def indexed(seasons: Sequence[float]) -> list[int]:
    """Those of the season lengths that have an index for each step: all that are whole numbers of steps."""
    return [int(season) for season in seasons if season % 1 == 0]


def year_of(seasons: Sequence[float]) -> float | None:
    """The one of the season lengths that is a year, and no whole number of steps: harmonics describe it; else None."""
    return next((float(season) for season in seasons if season % 1), None)


def seasonal_indices_at(values: Floats, season: int, rows: Ints, steps: Ints) -> tuple[Floats32, Floats32, Floats]:
    """Additive seasonal indices at K points of S series, each from the values before its point alone.

    values: (S, n) left-aligned, NaN where one is missing; values after a series' end are not used
    rows, steps: (K,) the series of each point, and the number of its steps before the point

    Returns the indices (K, season) of the steps after each point, their strength (K,) from 0 to 1, and the values less
    the indices at each step, from the values before that step (S, n).

    An index is the mean deviation of a phase from the centred moving average over one season (Hyndman and
    Athanasopoulos, Forecasting: Principles and Practice, 2021, section 3.4), as two memories tell it, see `_Memory`.
    These are averaged by their predictive likelihood (Dawid, Statistical theory: the prequential approach, 1984): with
    Gaussian errors, the weight of each is the sum of its squared errors so far to the power of -n / 2, n being the
    number of deviations. A phase without a value has the index 0.
    """
    count, length = values.shape
    indices = np.zeros((len(rows), season), dtype=np.float32)
    strength = np.zeros(len(rows), dtype=np.float32)
    remainder = values.copy()
    margin = season // 2
    if season == 1 or length <= 2 * margin:
        return indices, strength, remainder
    by_step = np.argsort(steps, kind="stable")
    first_point = np.searchsorted(steps[by_step], np.arange(length + 2))
    deviations, known = _deviations(values, season)
    short, long = (_Memory(count, len(known), season, ageing) for ageing in (SHORT, LONG))
    enough = season + max(2, season // 2)
    counted, weight = np.zeros(len(known)), np.full(count, 0.5)  # weight of the short memory
    for step in range(length + 1):  # from the first `step` values
        seen = step - 2 * margin  # deviations: fewer than values, since the average is centred
        if seen > 0:
            counted += known[:, seen - 1]
            for memory in (short, long):
                memory.learn((seen - 1 + margin) % season, deviations[:, seen - 1], known[:, seen - 1])
            if seen >= enough:
                short.shrink(counted >= enough)
                long.shrink(counted >= enough)
                weight = expit(counted / 2 * (long.log_error() - short.log_error()))
        points = by_step[first_point[step] : first_point[step + 1]]
        if len(points):
            of = rows[points]
            mean = weight[of, None] * short.indices(of) + (1 - weight[of, None]) * long.indices(of)
            indices[points] = np.roll(mean, -(step % season), axis=1)
            strength[points] = weight[of] * short.kept[of] + (1 - weight[of]) * long.kept[of]
        if step > 0:
            phase = (step - 1) % season
            remainder[:, step - 1] -= weight * short.index(phase) + (1 - weight) * long.index(phase)
    return indices, strength, remainder


def _deviations(values: Floats, season: int) -> tuple[Floats, Bools]:
    """Values less their centred moving average over one season, (S, n - 2 (season // 2)), and which of them are known.

    In an average, the value a season before stands for a missing one, so that no phase counts more than another. Where
    a value is missing, or more than MOST_MISSING of those that are averaged, the deviation is 0 and not known. Without
    a missing value, one row says of all series that everything is known.
    """
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    margin = len(weights) // 2
    given = ~np.isnan(values)
    inside = slice(margin, values.shape[1] - margin)

    def averaged(each: Floats) -> Floats:
        views = np.lib.stride_tricks.sliding_window_view(each, len(weights), axis=1)
        averages: Floats = views @ (weights / season)
        return averages

    if given.all():
        deviations = values[:, inside] - averaged(values)
        return deviations, np.ones((1, deviations.shape[1]), dtype=np.bool_)
    sources = seasonal_sources(~given.ravel(), np.full(len(values), values.shape[1]), season)
    deviations = values[:, inside] - averaged(values.ravel()[sources].reshape(values.shape))
    known = ~np.isnan(deviations) & (averaged(given.astype(np.float64)) >= 1 - MOST_MISSING)
    return np.where(known, deviations, 0.0), known


class _Memory:
    """Seasonal indices of S series from the deviations so far, a season weighted by `ageing` to the power of its age.

    They are means by phase, less their mean, times the strength: max(0, 1 - NOISE / F), the positive-part estimator of
    James and Stein (1961), where F is the statistic of the analysis of variance over the phases. That counts weighted
    deviations by their effective number, the square of the sum of the weights over the sum of their squares (Kish
    1965), and the phases that have any.

    A deviation changes the mean of its phase alone, so that all sums over the phases are kept up to date by what
    changes in one of them; those of weights age by a season's share at each step.

    R is the number of rows of weights: S, or 1 where the series share them.

    means: (S, season) of the deviations of each phase; weights, squares: (R, season) sums of their weights, and of the
        squares of these, when the phase was last learned
    error: (S,) sum of the squared errors with which the indices forecast each deviation
    kept: (S,) the strength; centre: (S,) the mean of the means
    """

    def __init__(self, series: int, rows: int, season: int, ageing: float) -> None:
        self.of_season, self.of_step = ageing, ageing ** (1 / season)
        self.means, self.effective = np.zeros((series, season)), np.zeros((rows, season))
        self.weights, self.squares = np.zeros((rows, season)), np.zeros((rows, season))
        self.error, self.kept, self.centre = np.zeros((3, series))
        self.phases, self.freedom, self.effective_sum = np.zeros((3, rows))
        self.total, self.explained = np.zeros((2, series))  # weighted sums of squares, of deviations and of means
        self.mean_sum, self.product, self.between = np.zeros((3, series))  # of means; with `effective`, and squared

    def index(self, phase: int) -> Floats:
        """(S,) of a phase."""
        some = self.weights[:, phase] > FORGOTTEN
        index: Floats = (self.means[:, phase] - self.centre) * (self.kept * some)
        return index

    def indices(self, series: Ints) -> Floats:
        """(K, season) of all phases, of some series."""
        some = self.weights > FORGOTTEN
        some = some[series] if len(some) > 1 else some
        indices: Floats = (self.means[series] - self.centre[series, None]) * (self.kept[series, None] * some)
        return indices

    def log_error(self) -> Floats:
        """(S,) the logarithm of `error`."""
        log: Floats = np.log(self.error + ROUNDING)
        return log

    def learn(self, phase: int, deviations: Floats, known: Bools) -> None:
        """The deviations (S,) of the next step, which are 0 where they are not known (R,)."""
        self.error += np.where(known, (deviations - self.index(phase)) ** 2, 0)
        weight, square, mean = self.weights[:, phase] * self.of_season, self.squares[:, phase], self.means[:, phase]
        had, effective = weight > FORGOTTEN, self.effective[:, phase]
        now, now_square = weight + known, square * self.of_season**2 + known
        some = now > FORGOTTEN
        divisor = np.where(some, now, 1.0)
        now_mean = np.where(some, (weight * mean + deviations) / divisor, 0.0)
        now_effective = np.where(some, now**2 / np.where(some, now_square, 1.0), 0.0)
        lost = np.where(had, square * self.of_season**2 / np.where(had, weight, 1.0), weight)
        self.freedom = self.freedom * self.of_step + known - np.where(some, now_square / divisor, now) + lost
        self.total = self.total * self.of_step + deviations**2
        self.explained = self.explained * self.of_step + now * now_mean**2 - weight * mean**2
        self.phases += some * 1.0 - (effective > 0)
        self.effective_sum += now_effective - effective
        self.mean_sum += now_mean - mean
        self.product += now_effective * now_mean - effective * mean
        self.between += now_effective * now_mean**2 - effective * mean**2
        self.weights[:, phase], self.squares[:, phase] = now, now_square
        self.means[:, phase], self.effective[:, phase] = now_mean, now_effective

    def shrink(self, enough: Bools) -> None:
        """Find strength and centre. enough: (R,) whether there are so many deviations that anything is kept."""
        phases = np.maximum(self.phases, 1)
        self.centre = self.mean_sum / phases
        between = self.between - 2 * self.centre * self.product + self.centre**2 * self.effective_sum
        between = between / np.maximum(phases - 1, 1)
        within = (self.total - self.explained) / np.where(self.freedom > ROUNDING, self.freedom, 1.0)
        self.kept = np.maximum(0.0, 1 - NOISE * np.maximum(within, ROUNDING) / np.maximum(between, ROUNDING)) * enough
