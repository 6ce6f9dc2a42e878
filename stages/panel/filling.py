"""Fill missing values inside series: those between the first and the last known value of each."""

from typing import Literal

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.panel.ragged import seasonal_sources, starts

Filling = Literal["interpolate", "forward", "zero", "seasonal"]


def fill(values: Floats, lengths: Ints, season: int, method: Filling) -> Floats:
    """(N,) `values`, concatenated series of `lengths` (S,), with a value for each NaN between two known ones.

    Before the first known value of a series, and after its last, NaN stays.

    season: steps in a season
    method:
        interpolate: on the straight line between the values before and after the gap
        forward: the last value before the gap
        zero: 0
        seasonal: the nearest value a whole number of seasons before; forward if there is none
    """
    missing, rows = np.isnan(values), np.arange(len(values))
    before = np.maximum.accumulate(np.where(missing, -1, rows))
    after = np.minimum.accumulate(np.where(missing, len(values), rows)[::-1])[::-1]
    first = np.repeat(starts(lengths), lengths)
    inside = missing & (before >= first) & (after < first + np.repeat(lengths, lengths))
    if not inside.any():
        return values
    if method == "interpolate":
        filled = np.interp(rows, rows[~missing], values[~missing])
    elif method == "zero":
        filled = np.zeros(len(values))
    else:
        source = seasonal_sources(missing, lengths, season) if method == "seasonal" else before
        filled = values[source]
    return np.where(inside, filled, values)
