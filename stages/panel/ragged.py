"""Series of different lengths, concatenated in a flat array, in blocks of bounded size."""

from collections.abc import Iterator

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints

BLOCK = 2**21  # values: 16 MiB of float64


def blocks(lengths: Ints, width: int = 1) -> Iterator[slice]:
    """Slices of consecutive series of `lengths` (S,) that take at most BLOCK values when padded to their longest.

    A series longer than that is a block of its own.

    width: values of each step
    """
    first, longest = 0, 0
    for series, length in enumerate(lengths):
        longest = max(longest, int(length))
        if series > first and longest * width * (series - first + 1) > BLOCK:
            yield slice(first, series)
            first, longest = series, int(length)
    if first < len(lengths):
        yield slice(first, len(lengths))


def starts(lengths: Ints) -> Ints:
    """(S,) the index of the first value of each series of `lengths` (S,)."""
    first: Ints = np.cumsum(lengths) - lengths
    return first


def left_aligned(rows: Floats | Floats32, lengths: Ints, chosen: slice) -> Floats:
    """(S, longest, ...) some series side by side, 0 after each one's end.

    rows: (V, ...) of all series of `lengths`, one after another
    """
    own = lengths[chosen]
    first = int(lengths[: chosen.start].sum())
    exists = np.arange(own.max(initial=0)) < own[:, None]
    found = np.zeros((*exists.shape, *rows.shape[1:]))
    found[exists] = rows[first : first + own.sum()]
    return found


def seasonal_sources(missing: Bools, lengths: Ints, season: int) -> Ints:
    """(N,) for each row that is missing the nearest one that is not, a whole number of seasons before in its series.

    The last one before it if there is none; the row itself if it is not missing, and the first of the series if no
    earlier one is known.

    missing: (N,) of concatenated series of `lengths` (S,)
    """
    first, rows = np.repeat(starts(lengths), lengths), np.arange(len(missing))
    source: Ints = np.maximum.accumulate(np.where(missing, first, rows))
    gaps = rows[missing]
    back = gaps - season
    while len(gaps):
        inside = back >= first[gaps]
        gaps, back = gaps[inside], back[inside]
        known = ~missing[back]
        source[gaps[known]] = back[known]
        gaps, back = gaps[~known], back[~known] - season
    return source
