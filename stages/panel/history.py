"""History: the values of a panel's series up to an origin."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.panel.ragged import blocks

if TYPE_CHECKING:
    import pandas as pd

    from stages.panel.panel import Panel


@dataclass(frozen=True)
class History:
    """The history of each of a panel's S series up to an origin, `origin` steps before its end; 0 is the final origin.

    Only `after` and `actual` reach beyond the origin: to score forecasts, never to make them.
    """

    panel: "Panel"
    origin: int

    @property
    def lengths(self) -> Ints:
        """(S,) the number of values in each history; 0 for a series that begins after the origin."""
        return np.maximum(self.panel.lengths - self.origin, 0)

    @property
    def first_rows(self) -> Ints:
        """(S,) the panel's row at which each history begins."""
        return self.panel.indptr[:-1]

    def values(self, series: int) -> Floats:
        """(n,) the history of one series."""
        panel = self.panel
        first, end = panel.indptr[series], panel.indptr[series + 1] - self.origin
        values = panel.y[first : max(first, end)]
        if panel.interpolated and len(values) and panel.filled[end - 1]:
            values = values.copy()
            values[panel.last_given[end - 1] - first :] = panel.y[panel.last_given[end - 1]]
        return values

    def matrix(self, block: slice = slice(None), given: bool = False) -> Floats:
        """(S, longest) the histories of the series in `block`, right-aligned: the last column is the origin.

        NaN before a series begins; with `given`, also where the input had no value.
        """
        return self.last(int(self.lengths[block].max(initial=0)), block, given)

    def last(self, steps: int, block: slice = slice(None), given: bool = False) -> Floats:
        """(S, steps) the last `steps` values of the series in `block`, aligned and NaN as in `matrix`."""
        panel = self.panel
        ends = panel.indptr[1:][block, None] - self.origin
        rows = ends + np.arange(-steps, 0)
        known = rows >= panel.indptr[:-1][block, None]
        rows = np.where(known, rows, 0)
        if given:
            known &= ~panel.filled[rows]
        elif panel.interpolated:
            rows = np.minimum(rows, panel.last_given[np.maximum(ends - 1, 0)])
        return np.where(known, panel.y[rows], np.nan)

    def blocks(self) -> Iterator[slice]:
        """Runs of series whose padded histories are of bounded size, so that memory does not grow with the panel."""
        yield from blocks(self.lengths)

    def cutoffs(self, series: Ints) -> "pd.Series":
        """The `ds` of the last value in the histories of `series`, none of which is empty."""
        return self.panel.ds.iloc[self.panel.indptr[1:][series] - self.origin - 1]

    def after(self, horizon: int) -> tuple[Ints, Bools]:
        """(S, horizon) the panel's rows of the `horizon` steps after the origin, and which of them exist."""
        first = self.panel.indptr[1:] - self.origin
        rows = first[:, None] + np.arange(horizon)
        exists = (rows >= self.panel.indptr[:-1, None]) & (rows < self.panel.indptr[1:, None])
        return np.where(exists, rows, 0), exists

    def actual(self, horizon: int) -> Floats:
        """(S, horizon) the actual values after the origin; NaN after a series' end, and where the input had none."""
        rows, exists = self.after(horizon)
        return np.where(exists & ~self.panel.filled[rows], self.panel.y[rows], np.nan)
