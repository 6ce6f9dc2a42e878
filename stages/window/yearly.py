"""The course of the year at any step of a long series, from the values before it alone: shrunk harmonics.

A year of days or hours has too many steps for an index of each. Six harmonics describe it, found by a regression that
forgets: each year weighs AGEING times the one after it.
"""

import numpy as np

from stages.common.arrays import Floats, Ints, chunks

HARMONICS = 6
AGEING = 0.7  # weight of a year relative to the one after it
RIDGE = 5.0  # steps against which a slope or harmonic must hold, times the square of its number
CHUNK = 4096  # steps added, and points solved, at once
LEAST_YEARS = 2.0  # before a course is found: what happened once may have been chance


def course_at(values: Floats, year: float, rows: Ints, steps: Ints) -> Floats:
    """Coefficients (K, 2 + 2 HARMONICS) at K points of S series, each from the values before its point alone.

    values: (S, n) left-aligned, seasonal indices removed, NaN where one is missing
    rows, steps: (K,) the series of each point, and the number of its steps before the point

    Ridge regression (Hoerl and Kennard 1970) on a line and on the harmonics of the year, as in dynamic harmonic
    regression (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2021, section 10.5), with weights that
    fall with age. NaN at a point with less than LEAST_YEARS before it.
    """
    coefficients = np.full((len(rows), 2 + 2 * HARMONICS), np.nan)
    points = np.flatnonzero(steps >= LEAST_YEARS * year)
    if not len(points):
        return coefficients
    points = points[np.argsort(steps[points], kind="stable")]
    by_step = np.ascontiguousarray(values.T)
    known = ~np.isnan(by_step)
    given = np.where(known, by_step, 0.0)
    every = np.arange(steps.max(), dtype=np.float64)
    terms = np.concatenate([_terms(every[part], year) for part in chunks(len(every), CHUNK)])
    by_age = AGEING ** (np.arange(CHUNK) / year)
    harmonic = np.arange(1, HARMONICS + 1)
    ridge = np.diag(RIDGE * np.concatenate([[1e-6, 1], harmonic**2, harmonic**2]))
    squares = np.zeros((len(values), ridge.size))
    products = np.zeros((len(values), len(ridge)))
    done = 0
    for part in chunks(len(points), CHUNK):
        at = points[part]
        matrices, targets = np.empty((len(at), *ridge.shape)), np.empty((len(at), len(ridge), 1))
        numbers, first = (each.tolist() for each in np.unique(steps[at], return_index=True))
        for step, own in zip(numbers, map(slice, first, [*first[1:], len(at)]), strict=True):
            for few in chunks(step - done, CHUNK):
                new, count = slice(done + few.start, done + few.stop), few.stop - few.start
                outer = (terms[new, :, None] * terms[new, None, :]).reshape(count, -1)
                faded, weights = AGEING ** (count / year), by_age[:count][::-1]
                squares = squares * faded + (known[new].T * weights) @ outer
                products = products * faded + (given[new].T * weights) @ terms[new]
            done = step
            matrices[own] = squares[rows[at[own]]].reshape(-1, *ridge.shape)
            targets[own] = products[rows[at[own]], :, None]
        coefficients[at] = np.linalg.solve(matrices + ridge, targets)[..., 0]
    return coefficients


def follow(coefficients: Floats, year: float, steps: Floats) -> Floats:
    """(K, n) the course at `steps` (K, n), counted from the beginning of each series; NaN without one."""
    course: Floats = np.einsum("knp,kp->kn", _terms(steps, year), coefficients)
    return course


def _terms(steps: Floats, year: float) -> Floats:
    """(..., 2 + 2 HARMONICS) one, the years, cosines and sines at each step."""
    angle = 2 * np.pi * steps[..., None] / year * np.arange(1, HARMONICS + 1)
    years = steps[..., None] / year
    return np.concatenate([np.ones_like(years), years, np.cos(angle), np.sin(angle)], axis=-1)
