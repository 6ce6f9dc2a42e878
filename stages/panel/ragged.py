"""Series of different lengths, one after another in a flat array, worked on in blocks of bounded size."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

BLOCK = 2**21  # values: 16 MiB of float64


def blocks(lengths: Ints) -> Iterator[slice]:
    """Runs of series of `lengths` (S,) that hold at most BLOCK values when padded to the longest of their run."""
    first, longest = 0, 0
    for series, length in enumerate(lengths):
        longest = max(longest, int(length))
        if series > first and longest * (series - first + 1) > BLOCK:
            yield slice(first, series)
            first, longest = series, int(length)
    if first < len(lengths):
        yield slice(first, len(lengths))


def starts(lengths: Ints) -> Ints:
    """(S,) where each series begins."""
    first: Ints = np.cumsum(lengths) - lengths
    return first
