"""Array types, rows that are taken and concatenated field by field, chunks, and means of what is known."""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Rows:
    """Base of a dataclass whose arrays (K, ...) describe the same K rows; other fields are common to all of them."""

    def take(self, rows: slice | Ints) -> Self:
        """Some of the rows."""
        return self._with({name: value[rows] for name, value in self._arrays().items()})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The rows of all `parts`, one after another; what is common to all rows is taken from the first."""
        arrays = [part._arrays() for part in parts]
        return parts[0]._with({name: np.concatenate([each[name] for each in arrays]) for name in arrays[0]})

    def _with(self, arrays: dict[str, npt.NDArray[Any]]) -> Self:
        changed = copy(self)
        changed.__dict__.update(arrays)
        return changed

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}


def chunks(count: int, size: int) -> Iterator[slice]:
    """Slices of `size`, the last one of fewer, that cover `count` rows."""
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def mean_known(values: Floats, axis: int = -1, empty: float = np.nan) -> Floats:
    """Means over `axis` of the values that are not NaN; `empty` where none is known."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), empty)
    return means
