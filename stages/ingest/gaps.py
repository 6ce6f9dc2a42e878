"""Fill missing values inside a series, whose first and last values are never missing; measure the longest gap."""

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.ingest.params import Filling
from stages.panel.panel import Panel
from stages.panel.ragged import seasonal_sources

MIN_STRETCH = 10  # steps


def fill(y: Floats, lengths: Ints, season: int, method: Filling) -> Floats:
    """(N,) `y` without NaN: concatenated series of `lengths` (S,), each of which begins and ends with a value.

    season: steps in a season
    method:
        interpolate: on the straight line between the values before and after the gap
        forward: the last value before the gap
        zero: 0
        seasonal: the nearest value a whole number of seasons before; forward if there is none
    """
    missing = np.isnan(y)
    rows = np.arange(len(y))
    if method == "interpolate":
        return np.where(missing, np.interp(rows, rows[~missing], y[~missing]), y)
    if method == "zero":
        return np.where(missing, 0.0, y)
    if method == "seasonal":
        return y[seasonal_sources(missing, lengths, season)]
    return y[np.maximum.accumulate(np.where(missing, 0, rows))]


def longest_gap(panel: Panel) -> tuple[int, int]:
    """The row at which the longest gap begins, and its steps; 0 and 0 without gaps. A gap lies within one series."""
    edges = np.diff(np.concatenate([[0], panel.missing.astype(np.int8), [0]]))
    begins = np.flatnonzero(edges == 1)
    if not len(begins):
        return 0, 0
    lengths = np.flatnonzero(edges == -1) - begins
    return int(begins[lengths.argmax()]), int(lengths.max())


def long_stretch(panel: Panel) -> int:
    """The steps beyond which a gap, or the time since a series ended, is long: the longest season, 10 at least."""
    return max(MIN_STRETCH, panel.season_lengths[-1])
