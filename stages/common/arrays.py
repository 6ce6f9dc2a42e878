"""Array types, rows that are taken and concatenated field by field, chunks, means and changes of what is known."""

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
    """Base of a dataclass whose arrays (K, ...) describe the same K rows; other fields are common to all rows.

    A field that is itself of this kind describes the same rows.
    """

    def take(self, rows: slice | Ints) -> Self:
        """Some of the rows."""
        return self._with(
            {name: value.take(rows) if isinstance(value, Rows) else value[rows] for name, value in self._by_row()}
        )

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The rows of all `parts`, one after another; what is common to all rows is taken from the first."""
        joined: dict[str, Any] = {}
        for name, value in parts[0]._by_row():
            values = [getattr(part, name) for part in parts]
            joined[name] = value.concat(values) if isinstance(value, Rows) else np.concatenate(values)
        return parts[0]._with(joined)

    def _by_row(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in vars(self).items() if isinstance(value, np.ndarray | Rows)]

    def _with(self, changes: dict[str, Any]) -> Self:
        changed = copy(self)
        changed.__dict__.update(changes)
        return changed


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


def changes_over_gaps(values: Floats) -> Floats:
    """(S, n) each of the values (S, n) less the one known last before it; NaN where one of the two is missing."""
    known, rows = ~np.isnan(values), np.arange(len(values))[:, None]
    latest = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
    changes = np.full(values.shape, np.nan)
    changes[:, 1:] = values[:, 1:] - values[rows, latest[:, :-1]]
    return changes
