"""Series of different lengths, concatenated in a flat array, in blocks of bounded size."""

from collections.abc import Iterator

import numpy as np

from stages.common.arrays import Ints

BLOCK = 2**21  # values: 16 MiB of float64


def blocks(lengths: Ints) -> Iterator[slice]:
    """Slices of consecutive series of `lengths` (S,) that take at most BLOCK values when padded to their longest.

    A series longer than BLOCK is a block of its own.
    """
    first, longest = 0, 0
    for series, length in enumerate(lengths):
        longest = max(longest, int(length))
        if series > first and longest * (series - first + 1) > BLOCK:
            yield slice(first, series)
            first, longest = series, int(length)
    if first < len(lengths):
        yield slice(first, len(lengths))


def starts(lengths: Ints) -> Ints:
    """(S,) the index of the first value of each series of `lengths` (S,)."""
    first: Ints = np.cumsum(lengths) - lengths
    return first
