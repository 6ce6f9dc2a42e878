"""Seasonal indices at any step, from the values before it alone: classical decomposition, weighted and shrunk.

A test for seasonality would switch the season on or off; shrinkage keeps as much of it as the history supports.
"""

import math
from collections.abc import Sequence

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints
from stages.panel.ragged import seasonal_sources

AGEING = 0.7  # weight of a season relative to the one after it
MOST_MISSING = 0.5  # of the season that a moving average is taken over
NOISE = 2.0  # the F statistic up to which a pattern counts as noise, for which its mean is about 1
ROUNDING = 1e-24  # variance that values of 1 have by rounding, at most: no pattern


def indexed(seasons: Sequence[float]) -> list[int]:
    """Those of the season lengths that have an index for each step: all that are whole numbers of steps."""
    return [int(season) for season in seasons if season % 1 == 0]


def year_of(seasons: Sequence[float]) -> float | None:
    """The one of the season lengths that is a year, and no whole number of steps: harmonics describe it; else None."""
    return next((float(season) for season in seasons if season % 1), None)


def values_that_count(seasons: list[int]) -> int:
    """How many of the latest values of a series decide its seasonal indices: older ones weigh less than rounding errs.

    The indices of a season are computed from the values less the indices of those before it, which count as many of
    their own seasons.
    """
    remembered = math.ceil(math.log(np.finfo(np.float64).eps / 10) / math.log(AGEING))
    return (remembered + 2) * sum(seasons)


def seasonal_indices_at(values: Floats, season: int, rows: Ints, steps: Ints) -> tuple[Floats32, Floats32, Floats]:
    """Additive seasonal indices at K points of S series, each from the values before its point alone.

    values: (S, n) left-aligned, NaN where one is missing; values after a series' end are not used
    rows, steps: (K,) the series of each point, and the number of its steps before the point

    Returns the indices (K, season) of the steps after each point, their strength (K,) from 0 to 1, and the values less
    the indices at each step, from the values before that step (S, n).

    An index is the mean deviation of a phase from the centred moving average over one season (Hyndman and
    Athanasopoulos, Forecasting: Principles and Practice, 2021, section 3.4), each season weighted by AGEING to the
    power of its age, times the strength. That is max(0, 1 - NOISE / F), the positive-part estimator of James and
    Stein (1961), where F is the statistic of the analysis of variance over the phases. A phase without a value has the
    index 0.
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
    ageing, enough = AGEING ** (1 / season), season + max(2, season // 2)
    sums, squares = np.zeros((count, season)), np.zeros(count)
    weights, weights_squared = np.zeros((len(known), season)), np.zeros((len(known), season))
    counted = np.zeros(len(known), dtype=np.int64)
    shrunk, kept = np.zeros((count, season)), np.zeros(count)
    for step in range(length + 1):  # from the first `step` values
        seen = step - 2 * margin  # deviations: fewer than values, since the average is centred
        if seen > 0:
            phase = (seen - 1 + margin) % season
            deviation, given = deviations[:, seen - 1], known[:, seen - 1]
            sums, squares = sums * ageing, squares * ageing + deviation**2
            weights, weights_squared = weights * ageing, weights_squared * ageing**2
            sums[:, phase] += deviation
            weights[:, phase] += given
            weights_squared[:, phase] += given
            counted += given
            if seen >= enough:
                shrunk, kept = _shrink(sums, squares, weights, weights_squared, counted >= enough)
        points = by_step[first_point[step] : first_point[step + 1]]
        if len(points):
            indices[points] = np.roll(shrunk, -(step % season), axis=1)[rows[points]]
            strength[points] = kept[rows[points]]
        if step > 0:
            remainder[:, step - 1] -= shrunk[:, (step - 1) % season]
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


def _shrink(
    sums: Floats, squares: Floats, weights: Floats, weights_squared: Floats, enough: Bools
) -> tuple[Floats, Floats]:
    """Shrunk indices (S, season) and the share kept of them (S,), from weighted sums of deviations by phase.

    sums: (S, season) of the deviations; squares: (S,) of their squares; weights, weights_squared: (S, season), or
        (1, season) where the series share them
    enough: (S,) or (1,) whether there are so many deviations that anything is kept

    The analysis of variance counts weighted deviations by their effective number, the square of the sum of the weights
    over the sum of their squares (Kish 1965), and the phases that have any.
    """
    some = weights > 1e-100  # beyond which squares underflow
    phases = np.maximum(some.sum(axis=1), 1)
    effective = weights**2 / np.where(some, weights_squared, 1.0)
    means = sums / np.where(some, weights, 1.0)
    between = (effective * means**2).sum(axis=1) / np.maximum(phases - 1, 1)
    freedom = (weights * (1 - 1 / np.where(some, effective, 1.0))).sum(axis=1)
    within = (squares - (weights * means**2).sum(axis=1)) / np.where(freedom > 0, freedom, 1.0)
    kept = np.maximum(0.0, 1 - NOISE * np.maximum(within, ROUNDING) / np.maximum(between, ROUNDING)) * enough
    centre = means.sum(axis=1) / phases
    return (means - centre[:, None]) * (kept[:, None] * some), kept
