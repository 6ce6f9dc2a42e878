"""The panel: regular series of any lengths as flat arrays, and their histories up to an origin."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import UserError
from stages.panel.covariate_counts import NO_COVARIATES, CovariateCounts
from stages.panel.covariates import AHEAD, Covariates
from stages.panel.grid import Grid
from stages.panel.holidays import holidays_in
from stages.panel.ragged import blocks, seasonal_sources, starts
from stages.panel.time_axis import DAYS_IN_YEAR, INTEGER_STEPS, TimeAxis

DAYS_IN_WEEK = 7


@dataclass(frozen=True)
class Panel:
    """S series in N rows; series i is rows `indptr[i]:indptr[i + 1]`, in the order of time.

    ids: (S,) the `unique_id` of each series, in the input's order
    indptr: (S + 1,) the first row of each series, and N
    ds: (N,) datetime64 or integer steps
    y: (N,) values in the input's units; where the input had none, the value that fills the gap, or NaN
    missing: (N,) True where the input had no value; never the first row of a series
    time_axis: frequency, time zone, and the input's timestamp format
    season_lengths: steps in each season, the shortest first; (1,) without one
    time, value: the input's names for the columns `ds` and `y`
    interpolated: whether a filled value depends on the value after its gap; a history that ends in a gap then repeats
        the last value before it, so that it holds nothing from after its origin
    covariates: those of the same series; None without any
    """

    ids: list[str]
    indptr: Ints
    ds: pd.Series
    y: Floats
    missing: Bools
    time_axis: TimeAxis = INTEGER_STEPS
    season_lengths: tuple[int, ...] = (1,)
    time: str = "ds"
    value: str = "y"
    interpolated: bool = False
    covariates: Covariates | None = None

    @property
    def lengths(self) -> Ints:
        """(S,) the number of steps of each series."""
        return np.diff(self.indptr)

    @property
    def season_length(self) -> int:
        """The shortest season, which seasonal naive forecasts repeat and MASE is scaled by."""
        return self.season_lengths[0]

    @property
    def year_length(self) -> float | None:
        """Steps in a year, of series whose steps are days or shorter; None for others.

        Integer steps count as days where seven are the season, and as parts of a day where the second season is seven
        times the first.
        """
        day, *longer = self.season_lengths
        if self.time_axis.frequency is not None:
            return self.time_axis.steps_in_year
        if day == DAYS_IN_WEEK:
            return DAYS_IN_YEAR
        return DAYS_IN_YEAR * day if longer and longer[0] == DAYS_IN_WEEK * day else None

    @property
    def covariate_counts(self) -> CovariateCounts:
        """How many columns of covariates it has."""
        of = self.covariates
        return CovariateCounts(len(of.known_ahead), len(of.past), len(of.static)) if of else NO_COVARIATES

    def at(self, origin: int) -> "History":
        """The history of every series up to an origin, `origin` steps before its end; 0 is the final origin."""
        return History(self, origin)

    @cached_property
    def completed(self) -> "Panel":
        """The panel with a value from before it for each NaN, for methods that need every value.

        The nearest one a whole number of seasons before, or without one the last: no value knows later ones.
        """
        unknown = np.isnan(self.y)
        if not unknown.any():
            return self
        return replace(self, y=self.y[seasonal_sources(unknown, self.lengths, self.season_length)])

    @cached_property
    def last_given(self) -> Ints:
        """(N,) for each row, the latest one up to it whose value the input had."""
        return np.maximum.accumulate(np.where(self.missing, 0, np.arange(len(self.y))))

    @property
    def steps_before_last(self) -> Ints:
        """(S,) the steps from the end of each series to the last of the panel.

        0, if all series begin at the integer step 0 or 1: each then counts its own steps, and the ends say nothing.
        """
        first = self.ds.iloc[self.indptr[:-1]]
        if self.time_axis.frequency is None and first.nunique() == 1 and first.iloc[0] in (0, 1):
            return np.zeros(len(self.ids), dtype=np.int64)
        last = self.ds.iloc[self.indptr[1:] - 1]
        numbers = self.time_axis.grid(first.min(), last.max()).numbers(pd.Index(last))
        behind: Ints = numbers.max() - numbers
        return behind

    def take(self, series: slice) -> "Panel":
        """The panel of the series in a slice, which has a start and a stop."""
        rows = slice(*self.indptr[[series.start, series.stop]])
        return replace(
            self,
            ids=self.ids[series],
            indptr=self.indptr[series.start : series.stop + 1] - rows.start,
            ds=self.ds.iloc[rows],
            y=self.y[rows],
            missing=self.missing[rows],
            covariates=self.covariates and self.covariates.take(series, rows),
        )

    def write(self, path: Path) -> None:
        """Write Parquet: a row for each step, the other fields in the file's metadata.

        With covariates also a row for each step after a series' end that has some, with True in the column `ahead`.
        """
        frame = pd.DataFrame(
            {"unique_id": self._ids_by_row(self.lengths), "ds": self.ds, "y": self.y, "missing": self.missing}
        )
        rest = ("time", "value", "interpolated")
        names = {"season_lengths": list(self.season_lengths), **{name: getattr(self, name) for name in rest}}
        attributes: dict[str, Any] = {"time_axis": asdict(self.time_axis), "names": names}
        if self.covariates is not None:
            frame = self.covariates.add_to(frame, self._after_ends(), self.lengths)
            attributes["covariates"] = {"categories": self.covariates.categories, "filling": self.covariates.filling}
            if self.covariates.holidays:
                attributes["covariates"]["holidays"] = self.covariates.holidays
        frame.attrs = attributes  # to_parquet writes them into the metadata
        frame.to_parquet(path, index=False)

    def _ids_by_row(self, counts: Ints) -> pd.Categorical:
        """The id of each series, as often as `counts` (S,) says."""
        return pd.Categorical.from_codes(
            np.repeat(np.arange(len(self.ids)), counts), categories=pd.Index(self.ids, dtype=object)
        )

    def _grid(self, ahead: int) -> Grid:
        """The grid of all steps, and of at least `ahead` after the last one."""
        return self.time_axis.grid(self.ds.min(), self.time_axis.next_steps(self.ds.max(), max(ahead, 1)).iloc[-1])

    def holidays(self, counts: Ints) -> Floats:
        """(sum,) how many holidays lie in each of the first `counts` (S,) steps of the series, and those after them."""
        assert self.covariates is not None
        assert self.covariates.holidays is not None
        assert self.time_axis.frequency is not None
        grid = self._grid(int((counts - self.lengths).max()))
        begins = grid.numbers(pd.Index(self.ds.iloc[self.indptr[:-1]]))
        numbers = np.arange(counts.sum()) + np.repeat(begins - starts(counts), counts)
        codes, distinct = pd.factorize(numbers)  # most steps are those of many series
        stamps = pd.DatetimeIndex(grid.steps(distinct))
        found: Floats = holidays_in(self.covariates.holidays, stamps, self.time_axis.frequency)[codes]
        return found

    def _after_ends(self) -> pd.DataFrame:
        """The rows of the steps after the ends of series that have future covariates."""
        assert self.covariates is not None
        counts = np.diff(self.covariates.indptr) - self.lengths
        numbers = np.arange(1, counts.sum() + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        grid = self._grid(int(counts.max()))
        ends = grid.numbers(pd.Index(self.ds.iloc[self.indptr[1:] - 1]))
        ds = grid.steps(np.repeat(ends, counts) + numbers).to_series().astype(self.ds.dtype)
        return pd.DataFrame(
            {"unique_id": self._ids_by_row(counts), "ds": ds.array, "y": np.nan, "missing": np.ones(len(ds), bool)}
        )

    @classmethod
    def read(cls, path: Path, first: int = 0, end: int | None = None) -> "Panel":
        """Read what `write` wrote, or only the whole series in rows `first:end`: just the row groups that hold them.

        Raises UserError for a damaged file.
        """
        try:
            file = pq.ParquetFile(path, memory_map=True)
        except pa.ArrowInvalid as error:
            raise UserError(f"{path} is damaged ({error}); `dvc checkout {path}` brings it back") from None
        with file:
            ends = np.cumsum([file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)])
            first, end = _rows_in_file(file, first, end)
            groups = range(np.searchsorted(ends, first, side="right"), np.searchsorted(ends, end) + 1)
            table = file.read_row_groups(groups)
            before = int(ends[groups[0]]) - file.metadata.row_group(groups[0]).num_rows
        frame = table.slice(first - before, end - first).to_pandas()
        series = frame["unique_id"].cat.remove_unused_categories()
        ids = list(series.cat.categories)
        indptr = np.searchsorted(series.cat.codes, np.arange(len(ids) + 1)).astype(np.int64)
        attributes = json.loads(table.schema.metadata[b"PANDAS_ATTRS"])
        time_axis, names = TimeAxis(**attributes["time_axis"]), attributes["names"]
        seasons = tuple(names.pop("season_lengths"))
        if AHEAD in frame:
            names["covariates"] = Covariates.of(frame, indptr, **attributes["covariates"])
            own = ~frame[AHEAD].to_numpy()
            indptr = np.concatenate([[0], np.cumsum(own)])[indptr]
            frame = frame[own].reset_index(drop=True)
        y, missing = frame["y"].to_numpy(), frame["missing"].to_numpy()
        pa.default_memory_pool().release_unused()  # else Arrow keeps as much memory again as the panel takes
        return cls(ids, indptr, frame["ds"], y, missing, time_axis, seasons, **names)


def _rows_in_file(file: pq.ParquetFile, first: int, end: int | None) -> tuple[int, int]:
    """The rows of a file that hold rows `first:end` of its panel, and those after the ends of their series."""
    rows = file.metadata.num_rows
    if AHEAD not in file.schema_arrow.names:
        return first, rows if end is None else end
    own = np.flatnonzero(~file.read([AHEAD])[AHEAD].to_numpy())
    return int(own[first]), rows if end is None or end == len(own) else int(own[end])


@dataclass(frozen=True)
class History:
    """The history of each of a panel's S series up to an origin, `origin` steps before its end; 0 is the final origin.

    Only `after` and `actual` reach beyond the origin, to score forecasts, never to make them; and so do the future
    covariates of the steps that are to be forecast.
    """

    panel: Panel
    origin: int

    @property
    def completed(self) -> "History":
        """The same history, without NaN: see `Panel.completed`."""
        return self.panel.completed.at(self.origin)

    @property
    def lengths(self) -> Ints:
        """(S,) the number of steps in each history; 0 for a series that begins after the origin."""
        return np.maximum(self.panel.lengths - self.origin, 0)

    @property
    def flat(self) -> Floats:
        """(sum of lengths,) all histories, one series after another, NaN where the panel has it.

        To see which values are known: one that fills a gap at the origin may rest on the value after it.
        """
        panel = self.panel
        return panel.y[np.arange(len(panel.y)) < np.repeat(panel.indptr[1:] - self.origin, panel.lengths)]

    def values(self, series: int) -> Floats:
        """(n,) the history of one series, NaN where the panel has it."""
        panel = self.panel
        first, end = panel.indptr[series], panel.indptr[series + 1] - self.origin
        values = panel.y[first : max(first, end)]
        if panel.interpolated and len(values) and panel.missing[end - 1]:
            values = values.copy()
            values[panel.last_given[end - 1] - first :] = panel.y[panel.last_given[end - 1]]
        return values

    def matrix(self, block: slice = slice(None), given: bool = False) -> Floats:
        """(S, longest) the histories of the series in `block`, right-aligned: the last column is the origin.

        NaN before a series begins and where the panel has it; with `given`, wherever the input had no value.
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
            known &= ~panel.missing[rows]
        elif panel.interpolated:
            rows = np.minimum(rows, panel.last_given[np.maximum(ends - 1, 0)])
        return np.where(known, panel.y[rows], np.nan)

    def blocks(self) -> Iterator[slice]:
        """Runs of series whose padded histories are of bounded size, so that memory does not grow with the panel."""
        yield from blocks(self.lengths)

    def cutoffs(self, series: Ints) -> pd.Series:
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
        return np.where(exists & ~self.panel.missing[rows], self.panel.y[rows], np.nan)

    def future_covariates(self, horizon: int) -> Floats:
        """(rows, F) of each series its history and the `horizon` steps after the origin, one series after another.

        NaN where the input has no value; gaps between two values are filled, where that is declared. `horizon` rows for
        a series without a history. Nothing after them is read. The columns are those of `Covariates.known_ahead`.
        """
        panel = self.panel
        assert panel.covariates is not None
        values = panel.covariates.until(panel.lengths, self.origin, horizon, panel.season_length)
        if not panel.covariates.holidays:
            return values
        return np.column_stack([values, panel.holidays(self.lengths + horizon)])

    def covariates_ahead(self, horizon: int) -> Floats:
        """(S, horizon, F) those of `future_covariates` at the steps after the origin."""
        rows = np.cumsum(self.lengths + horizon)[:, None] + np.arange(-horizon, 0)
        ahead: Floats = self.future_covariates(horizon)[rows]
        return ahead

    def past_covariates(self) -> Floats:
        """(sum of lengths, P) of the histories, one series after another; NaN and gaps as in `future_covariates`."""
        panel = self.panel
        assert panel.covariates is not None
        return panel.covariates.past_until(panel.lengths, self.origin, panel.season_length)
