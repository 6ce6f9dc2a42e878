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
    Athanasopoulos, Forecasting: Principles and Practice, 2021, section 3.4), as two memories tell it, see `_Memories`.
    These are averaged by their predictive likelihood (Dawid, Statistical theory: the prequential approach, 1984): with
    Gaussian errors, the weight of each is the sum of its squared errors so far to the power of -n / 2, n being the
    number of deviations; both aged, so that a pattern which has changed is soon followed. A phase without a value has
    the index 0.
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
    memories = _Memories(count, len(known), season)
    enough, counted = season + max(2, season // 2), np.zeros(len(known))
    for step in range(length + 1):  # from the first `step` values
        seen = step - 2 * margin  # deviations: fewer than values, since the average is centred
        if seen > 0:
            counted += known[:, seen - 1]
            memories.learn((seen - 1 + margin) % season, deviations[:, seen - 1], known[:, seen - 1])
            if seen >= enough:
                memories.shrink(counted >= enough)
        points = by_step[first_point[step] : first_point[step + 1]]
        if len(points):
            of = rows[points]
            indices[points] = np.roll(memories.indices(of), -(step % season), axis=1)
            strength[points] = memories.strength[of]
        if step > 0:
            remainder[:, step - 1] -= memories.index((step - 1) % season)
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


class _Memories:
    """Seasonal indices of S series from the deviations so far, by two memories.

    A memory weighs each season by its ageing, to the power of its age. Its indices are the means of the phases, less
    their mean, times its strength: max(0, 1 - NOISE / F), the positive-part estimator of James and Stein (1961), where
    F is the statistic of the analysis of variance over the phases. That counts weighted deviations by their effective
    number, the square of the sum of the weights over the sum of their squares (Kish 1965), and the phases with any.

    A deviation changes the mean of its phase alone, so that sums over the phases are kept up to date by what changes in
    one of them; once a season they are summed anew, since rounding errors add up.

    R is the number of rows of weights: S, or 1 where the series share them. The first axis is that of the memories.

    means: (2, S, season) of the deviations of each phase; weights, squares: (2, R, season) sums of their weights, and
        of the squares of these, when the phase was last learned; effective: (2, R, season) their effective numbers
    errors, counted: (2, S) and (R,) sums of the squared errors with which the indices forecast deviations, and the
        number of these; both aged as in the long memory
    kept: (2, S) the strength of each; centre: (2, S) the mean of the means
    """

    def __init__(self, series: int, rows: int, season: int) -> None:
        self.season, self.of_season = season, np.array([[SHORT], [LONG]])
        self.of_step = self.of_season ** (1 / season)
        self.means, self.effective = np.zeros((2, series, season)), np.zeros((2, rows, season))
        self.weights, self.squares = np.zeros((2, rows, season)), np.zeros((2, rows, season))
        self.errors, self.kept, self.centre = np.zeros((3, 2, series))
        self.counted = np.zeros(rows)
        self.phases, self.freedom, self.effective_sum = np.zeros((3, 2, rows))
        self.total, self.explained = np.zeros((2, 2, series))  # weighted sums of squares, of deviations and of means
        self.mean_sum, self.product, self.between = np.zeros((3, 2, series))  # of means; with `effective`; and squared
        self._weigh()

    @property
    def strength(self) -> Floats:
        """(S,) the mean of both."""
        strength: Floats = (self.weight * self.kept).sum(axis=0)
        return strength

    def index(self, phase: int) -> Floats:
        """(S,) of a phase, the mean of both."""
        index: Floats = (self.weight * self._index(phase)).sum(axis=0)
        return index

    def indices(self, series: Ints) -> Floats:
        """(K, season) of all phases, of some series, the mean of both."""
        some = self.weights > FORGOTTEN
        some = some[:, series] if some.shape[1] > 1 else some
        each = (self.means[:, series] - self.centre[:, series, None]) * (self.kept[:, series, None] * some)
        indices: Floats = (self.weight[:, series, None] * each).sum(axis=0)
        return indices

    def learn(self, phase: int, deviations: Floats, known: Bools) -> None:
        """The deviations (S,) of the next step, which are 0 where they are not known (R,)."""
        long = self.of_step[1]
        self.errors = self.errors * long + np.where(known, (deviations - self._index(phase)) ** 2, 0)
        self.counted = self.counted * long + known
        weight, square = self.weights[..., phase] * self.of_season, self.squares[..., phase] * self.of_season**2
        mean, effective = self.means[..., phase].copy(), self.effective[..., phase].copy()
        now, now_square = weight + known, square + known
        some = now > FORGOTTEN
        now_mean = np.where(some, (weight * mean + deviations) / np.where(some, now, 1.0), 0.0)
        now_effective = np.where(some, now**2 / np.where(some, now_square, 1.0), 0.0)
        self.weights[..., phase], self.squares[..., phase] = now, now_square
        self.means[..., phase], self.effective[..., phase] = now_mean, now_effective
        self.total = self.total * self.of_step + deviations**2
        if phase == 0:
            self._sum()
            return
        had = weight > FORGOTTEN
        lost = weight - np.where(had, square / np.where(had, weight, 1.0), weight)
        gained = now - np.where(some, now_square / np.where(some, now, 1.0), now)
        self.freedom = self.freedom * self.of_step + gained - lost
        self.explained = self.explained * self.of_step + now * now_mean**2 - weight * mean**2
        self.phases += some * 1.0 - (effective > 0)
        self.effective_sum += now_effective - effective
        self.mean_sum += now_mean - mean
        self.product += now_effective * now_mean - effective * mean
        self.between += now_effective * now_mean**2 - effective * mean**2

    def shrink(self, enough: Bools) -> None:
        """Find strength and centre. enough: (R,) whether there are so many deviations that anything is kept."""
        phases = np.maximum(self.phases, 1)
        self.centre = self.mean_sum / phases
        between = self.between - 2 * self.centre * self.product + self.centre**2 * self.effective_sum
        between = between / np.maximum(phases - 1, 1)
        within = (self.total - self.explained) / np.where(self.freedom > ROUNDING, self.freedom, 1.0)
        self.kept = np.maximum(0.0, 1 - NOISE * np.maximum(within, ROUNDING) / np.maximum(between, ROUNDING)) * enough
        self._weigh()

    def _weigh(self) -> None:
        """The weight (2, S) of each memory, by its errors so far."""
        log = np.log(self.errors + ROUNDING)
        short = expit(self.counted / 2 * (log[1] - log[0]))
        self.weight = np.stack([short, 1 - short])

    def _index(self, phase: int) -> Floats:
        """(2, S) of a phase."""
        some = self.weights[..., phase] > FORGOTTEN
        index: Floats = (self.means[..., phase] - self.centre) * (self.kept * some)
        return index

    def _sum(self) -> None:
        """All sums over the phases, of which the first was the last to be learned."""
        weights = self.weights * self.of_step[..., None] ** (-np.arange(self.season) % self.season)
        some = self.weights > FORGOTTEN
        share = np.where(some, self.effective, 1.0)
        self.freedom = (weights * np.where(some, 1 - 1 / share, 0)).sum(axis=-1)
        self.explained = (weights * self.means**2).sum(axis=-1)
        self.phases = some.sum(axis=-1) * 1.0
        self.effective_sum, self.mean_sum = self.effective.sum(axis=-1), self.means.sum(axis=-1)
        self.product = (self.effective * self.means).sum(axis=-1)
        self.between = (self.effective * self.means**2).sum(axis=-1)
