"""Fill missing values inside a series; its first and last values are never missing."""

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.ingest.params import Filling
from stages.panel.ragged import starts


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
    source = np.maximum.accumulate(np.where(missing, 0, rows))
    if method == "seasonal":
        first = np.repeat(starts(lengths), lengths)
        gaps = rows[missing]
        back = gaps - season
        while len(gaps):
            inside = back >= first[gaps]
            gaps, back = gaps[inside], back[inside]
            known = ~missing[back]
            source[gaps[known]] = back[known]
            gaps, back = gaps[~known], back[~known] - season
    return y[source]
