"""What stands in for values that are missing inside a series; its first and last value are always given."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from stages.panel.ragged import starts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def fill(
    y: Floats, lengths: Ints, season: int, method: Literal["interpolate", "forward", "zero", "seasonal"]
) -> Floats:
    """`y` (N,) without NaN: series of `lengths` (S,) one after another, each of which begins and ends with a value.

    interpolate: on the straight line between the values before and after the gap
    forward: the value before the gap
    zero: 0
    seasonal: the value one season before, or the nearest whole number of seasons before; forward where there is none
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
