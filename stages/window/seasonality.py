"""Seasonal indices at any step, from the values before it alone: classical decomposition, weighted and shrunk.

A test for seasonality would switch the season on or off; shrinkage keeps as much of it as the history supports. A
pattern that changes is found in few seasons, one among noise in many: two memories learn it, and that which has
forecast the deviations better weighs more.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.linalg import solve_banded
from scipy.special import expit

from stages.common.arrays import Bools, Floats, Floats32, Ints, chunks
from stages.panel.ragged import seasonal_sources

SHORT, LONG = 0.7, 0.98  # weight of a season relative to the one after it, of the two memories
MOST_MISSING = 0.5  # of the season that a moving average is taken over
NOISE = 2.0  # the F statistic up to which a pattern counts as noise, for which its mean is about 1
ROUNDING = 1e-24  # variance that values of 1 have by rounding, at most: no pattern
LARGEST = 1e290  # of a squared deviation; aged sums of these are finite
FORGOTTEN = 1e-100  # weight of a phase, beyond which squares underflow
CHUNK = 2**15  # values learned at once: few enough for the processor's cache


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
    the indices at each step, from the values up to that step (S, n).

    An index is the mean deviation of a phase from the centred moving average over one season (Hyndman and
    Athanasopoulos, Forecasting: Principles and Practice, 2021, section 3.4), as two memories tell it, see `_Memories`.
    A phase without a value has the index 0.
    """
    count, length = values.shape
    indices = np.zeros((len(rows), season), dtype=np.float32)
    strength = np.zeros(len(rows), dtype=np.float32)
    remainder, margin = values.copy(), season // 2
    if season == 1 or length <= 2 * margin:
        return indices, strength, remainder
    for part in chunks(count, max(CHUNK // length, 1)):
        deviations, known = (_by_season(each, season) for each in _deviations(values[part], season))
        memories = _Memories(len(deviations), len(known), season)
        for few in chunks(deviations.shape[1], max(CHUNK // season, season)):
            memories.learn(deviations[:, few], known[:, few])
            seen = slice(few.start * season + margin, few.stop * season + margin)  # steps: a moving average looks ahead
            remainder[part, seen] -= memories.latest()[:, : length - seen.start]
            own = (rows >= part.start) & (rows < part.stop) & (steps > seen.start) & (steps <= seen.stop)
            for at in np.array_split(np.flatnonzero(own), season * own.sum() // CHUNK + 1):
                indices[at], strength[at] = memories.at(rows[at] - part.start, steps[at] - seen.start)
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


def _by_season(values: Floats | Bools, season: int) -> Floats:
    """(S, B, season) of values (S, N), the first of which is of the phase season // 2; 0 before them and after them."""
    around = season // 2, -(season // 2 + values.shape[1]) % season
    return np.pad(values.astype(np.float64), ((0, 0), around)).reshape(len(values), -1, season)


class _Memories:
    """Seasonal indices of S series from the deviations so far, by two memories.

    A memory weighs each season by its ageing, to the power of its age. Its indices are the means of the phases, less
    their mean, times its strength: max(0, 1 - NOISE / F), the positive-part estimator of James and Stein (1961), where
    F is the statistic of the analysis of variance over the P phases with any weight:

        F = (sum n_p (m_p - c)^2 / (P - 1)) / ((sum w y^2 - sum w_p m_p^2) / sum (w_p - q_p / w_p))

    w are the weights of the deviations y; w_p and q_p the sums of the weights of phase p and of their squares, m_p the
    mean of its deviations and n_p = w_p^2 / q_p their effective number (Kish 1965); c is the mean of all m_p.

    Both memories are averaged by their predictive likelihood (Dawid, Statistical theory: the prequential approach,
    1984): with Gaussian errors, the weight of each is the sum of its squared errors so far to the power of -n / 2, n
    being the number of deviations; both aged, so that a pattern which has changed is soon followed.

    The next seasons are learned at once, B of them, and indices are known after each of their N = B season steps. R is
    the number of rows of weights: S, or 1 where the series share them. The first axis is that of the memories.

    weights, squares: (2, R, 1 + B, season) sums of the weights of the deviations of a phase, and of their squares, when
        it was learned; the first season is the one before
    means: (2, S, 1 + B, season) of the deviations of a phase, the same
    centre, strength: (2, S, 1 + N) the mean of all means, and the strength, after the step before and after each
    total, errors: (2, S, 1 + N) aged sums of the squared deviations, and of the squared errors that the indices had as
        forecasts of them
    counted, known: (R, 1 + N) the number of deviations, aged and not
    weight: (2, S, N) of each memory
    """

    def __init__(self, series: int, rows: int, season: int) -> None:
        self.season = season
        self.of_season = np.array([SHORT, LONG])[:, None, None, None]
        self.of_step = self.of_season ** (1 / season)
        self.weights, self.squares = np.zeros((2, 2, rows, 1, season))
        self.means = np.zeros((2, series, 1, season))
        self.centre, self.strength, self.total, self.errors = np.zeros((4, 2, series, 1))
        self.counted, self.known = np.zeros((2, rows, 1))

    def learn(self, deviations: Floats, known: Floats) -> None:
        """The deviations (S, B, season) of the next seasons, 0 unless they are known: (R, B, season) of 1 and 0."""
        self.weights = _aged_by_season(self.weights, known, self.of_season)
        self.squares = _aged_by_season(self.squares, known, self.of_season**2)
        self._average(deviations)
        self._shrink(deviations, known)
        self._weigh(deviations, known)

    def latest(self) -> Floats:
        """(S, N) after each step, the index of the one season // 2 later: the last in the moving average around it."""
        ahead = slice(self.season // 2, self.season // 2 - self.season)
        means, some = self._by_step()
        each = _indices(means[..., ahead], some[..., ahead], self.centre[..., 1:], self.strength[..., 1:])
        latest: Floats = (self.weight * each).sum(axis=0)
        return latest

    def at(self, series: Ints, steps: Ints) -> tuple[Floats, Floats]:
        """Indices (K, season) and strength (K,) of `series` (K,) after `steps` (K,), of the N last learned.

        The first index is that of the step after the last in the moving average.
        """
        means, some = (
            np.lib.stride_tricks.sliding_window_view(of, self.season, axis=2)[:, series, steps]
            for of in self._by_step()
        )
        centre, strength = (each[:, series, steps] for each in (self.centre, self.strength))
        weight = self.weight[:, series, steps - 1]
        each = _indices(means, some, centre[..., None], strength[..., None])
        indices: Floats = (weight[..., None] * each).sum(axis=0)
        return np.roll(indices, -(self.season // 2), axis=1), (weight * strength).sum(axis=0)

    def _by_step(self) -> tuple[Floats, Floats]:
        """(2, S, season + N) the mean of each step's phase, a season before the first on; and 1 if it has a weight."""
        means, some = _flat(self.means), _flat((self.weights > FORGOTTEN).astype(np.float64))
        return means, np.broadcast_to(some, means.shape)

    def _average(self, deviations: Floats) -> None:
        """Find the means, of one season after another."""
        self.means = np.concatenate([self.means[:, :, -1:], np.empty((2, *deviations.shape))], axis=2)
        some, before, after = self.weights[:, :, 1:] > FORGOTTEN, self.means[:, :, :-1], self.means[:, :, 1:]
        aged = np.where(some, self.of_season * self.weights[:, :, :-1], 0.0)
        total = np.where(some, self.weights[:, :, 1:], 1.0)
        seasons = (np.moveaxis(each, -2, 0) for each in (before, aged, deviations, total, after))
        for mean, weight, deviation, divisor, new in zip(*seasons, strict=True):
            np.divide(weight * mean + deviation, divisor, out=new)

    def _shrink(self, deviations: Floats, known: Floats) -> None:
        """Find centre and strength; there is no strength before deviations of one and a half seasons are known."""
        some = self.weights > FORGOTTEN
        effective = np.where(some, self.weights**2 / np.where(some, self.squares, 1.0), 0.0)
        phases = np.maximum(_over_phases(some.astype(np.float64)), 1)
        centre = _over_phases(self.means) / phases
        between = _over_phases(effective * self.means**2) - 2 * centre * _over_phases(effective * self.means)
        between = _flat((between + centre**2 * _over_phases(effective)) / np.maximum(phases - 1, 1))
        explained, freedom = (_flat(each) for each in self._explained_and_freedom(effective))
        of_step, squared = self.of_step.ravel(), _flat(deviations) ** 2
        self.total = np.stack([_aged_by_step(self.total[memory], squared, of_step[memory]) for memory in range(2)])
        within = (self.total[..., 1:] - explained) / np.where(freedom > ROUNDING, freedom, 1.0)
        strength = np.maximum(0.0, 1 - NOISE * np.maximum(within, ROUNDING) / np.maximum(between, ROUNDING))
        self.known = _after(self.known, self.known[:, -1:] + _flat(known).cumsum(axis=1))
        strength *= self.known[:, 1:] >= self.season + max(2, self.season // 2)
        self.centre, self.strength = _after(self.centre, _flat(centre)), _after(self.strength, strength)

    def _explained_and_freedom(self, effective: Floats) -> tuple[Floats, Floats]:
        """(2, S, B, season) the sum of squares that the means explain, and (2, R, B, season) degrees of freedom within.

        effective: (2, R, 1 + B, season) number of deviations of each phase
        """
        aged, aged_squares = self.of_season * self.weights[:, :, :-1], self.of_season**2 * self.squares[:, :, :-1]
        weights, squares, power = self.weights[:, :, 1:], self.squares[:, :, 1:], self.means**2
        at_once = _at_once(self.weights) * self.of_step ** (-np.arange(self.season) % self.season)
        number = _at_once(effective)
        free = at_once * np.where(number > 0, 1 - 1 / np.where(number > 0, number, 1.0), 0)
        freedom = _over_phases_aged(free, _freedom(weights, squares), _freedom(aged, aged_squares), self.of_step)
        explained = at_once * _at_once(power)
        explained = _over_phases_aged(explained, weights * power[:, :, 1:], aged * power[:, :, :-1], self.of_step)
        return explained, freedom

    def _weigh(self, deviations: Floats, known: Floats) -> None:
        """Find the weight of each memory, by its errors so far."""
        means, some = (each[..., : -self.season] for each in self._by_step())  # as they were when they forecast
        forecasts = _indices(means, some, self.centre[..., :-1], self.strength[..., :-1])
        squared, long = _flat(known) * (_flat(deviations) - forecasts) ** 2, self.of_step[1].item()
        self.errors = _aged_by_step(self.errors, squared, long)
        self.counted = _aged_by_step(self.counted, _flat(known), long)
        log = np.log(self.errors[..., 1:] + ROUNDING)
        short = expit(self.counted[:, 1:] / 2 * (log[1] - log[0]))
        self.weight = np.stack([short, 1 - short])


def _indices(means: Floats, some: Floats, centre: Floats, strength: Floats) -> Floats:
    """Those of phases, by each memory; 0 for a phase without a weight."""
    indices: Floats = (means - centre) * (strength * some)
    return indices


def _flat(values: Floats) -> Floats:
    """(..., N) of values (..., B, season)."""
    return values.reshape(*values.shape[:-2], -1)


def _after(before: Floats, values: Floats) -> Floats:
    """(..., 1 + N) values (..., N), after the last of those before them."""
    return np.concatenate([before[..., -1:], values], axis=-1)


def _aged_by_season(sums: Floats, values: Floats, ageing: Floats) -> Floats:
    """(2, R, 1 + B, season) the last of the sums, and those with the values (R, B, season) of each next season."""
    sums = np.concatenate([sums[:, :, -1:], np.broadcast_to(values, (2, *values.shape))], axis=2)
    for before, after in pairwise(np.moveaxis(sums, 2, 0)):
        after += ageing[..., 0] * before
    return sums


def _aged_by_step(sums: Floats, values: Floats, ageing: float) -> Floats:
    """(..., 1 + N) the last of the sums, and those with the values (..., N) of each next step.

    They solve sum[t] - ageing * sum[t - 1] = value[t], which needs no loop in Python. The solver adds later sums, times
    0, to earlier ones: so that nothing infinite reaches these, a value that overflowed counts as LARGEST.
    """
    values = _after(sums, values)
    values = np.where(values < LARGEST, values, LARGEST)
    columns, diagonals = values.reshape(-1, values.shape[-1]).T, np.zeros((3, values.shape[-1]))
    diagonals[1], diagonals[2] = 1, -ageing
    solved: Floats = solve_banded((1, 1), diagonals, columns, overwrite_b=True, check_finite=False)
    return solved.T.reshape(values.shape)


def _freedom(weights: Floats, squares: Floats) -> Floats:
    """The degrees of freedom within a phase, from the sums of its weights and of their squares."""
    some = weights > FORGOTTEN
    freedom: Floats = weights - np.where(some, squares / np.where(some, weights, 1.0), weights)
    return freedom


def _over_phases(values: Floats) -> Floats:
    """(2, ., B, season) after each deviation the sum over the phases, of values of each phase (2, ., 1 + B, season).

    A deviation changes the value of its own phase alone, and what changes is added; once a season, all are summed anew,
    since rounding errors add up.
    """
    sums = values[:, :, 1:] - values[:, :, :-1]
    sums[..., 0] = _at_once(values).sum(axis=-1)
    for phase in range(1, sums.shape[-1]):
        sums[..., phase] += sums[..., phase - 1]
    return sums


def _over_phases_aged(at_once: Floats, gained: Floats, lost: Floats, of_step: Floats) -> Floats:
    """(2, ., B, season) the same of values that age with each step: what a phase has lost with a deviation, and gained.

    at_once: (2, ., B, season) the values of all phases after the first deviation of each season
    """
    sums = np.empty_like(gained)
    sums[..., 0] = at_once.sum(axis=-1)
    for phase in range(1, gained.shape[-1]):
        sums[..., phase] = sums[..., phase - 1] * of_step[..., 0] + gained[..., phase] - lost[..., phase]
    return sums


def _at_once(values: Floats) -> Floats:
    """(2, ., B, season) the values of all phases after the first deviation of a season: those of others are older."""
    return np.concatenate([values[:, :, 1:, :1], values[:, :, :-1, 1:]], axis=-1)
