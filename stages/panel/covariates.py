"""The covariates of a panel: columns known ahead, columns known up to the origin, and one value for each series."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Floats, Ints
from stages.panel.calendars import HOLIDAY
from stages.panel.filling import Filling, fill
from stages.panel.ragged import starts

AHEAD = "ahead"  # the column of a file that tells the steps after a series' end from its own
KINDS = ("future", "past", "static")


@dataclass(frozen=True)
class Covariates:
    """Of S series in N rows. Numbers as they are, booleans as 0 and 1; NaN where the input has none.

    A category, which is a text, is an indicator column for each of those found in training, `column=category`: all are
    0 for another category, and NaN where there is none.

    future, past, static: names of the columns, in the order of the parameters; F, P and Q of them
    indptr: (S + 1,) the first row of each series in `future_values`, and M: its steps, and then those after its end
    future_values: (M, F) known for all steps that are to be forecast
    past_values: (N, P) known up to the origin
    static_values: (S, Q) one for each series
    categories: the categories of each column of texts, by its name in the input
    filling: how a history fills gaps between the values that it holds; None: they stay NaN
    holidays: the code of their calendar; None: they are no covariate
    """

    future: list[str]
    past: list[str]
    static: list[str]
    indptr: Ints
    future_values: Floats
    past_values: Floats
    static_values: Floats
    categories: dict[str, list[str]] = field(default_factory=dict)
    filling: Filling | None = None
    holidays: str | None = None

    @property
    def known_ahead(self) -> list[str]:
        """The names of all columns known ahead: those of `future`, and the holidays."""
        return [*self.future, HOLIDAY] if self.holidays else self.future

    def take(self, series: slice, rows: slice) -> "Covariates":
        """The covariates of the series in a slice, which has a start and a stop; `rows` are theirs in the panel."""
        future = slice(*self.indptr[[series.start, series.stop]])
        return replace(
            self,
            indptr=self.indptr[series.start : series.stop + 1] - future.start,
            future_values=self.future_values[future],
            past_values=self.past_values[rows],
            static_values=self.static_values[series],
        )

    def declared(self, name: str) -> str:
        """The column of the input that the column `name` stands for."""
        indicators = {f"{column}={each}": column for column, of in self.categories.items() for each in of}
        return indicators.get(name, name)

    @property
    def names(self) -> list[str]:
        """Of all columns, in the order of the kinds."""
        return [*self.known_ahead, *self.past, *self.static]

    def columns_by_covariate(self, names: list[str]) -> dict[str, list[int]]:
        """The places of columns in `names`, by the column of the input that they stand for."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(names):
            places.setdefault(self.declared(name), []).append(place)
        return places

    def until(self, lengths: Ints, origin: int, horizon: int, season: int) -> Floats:
        """(sum of rows, F) for each series those of its history, and of the `horizon` steps after it; NaN for none.

        lengths: (S,) of the series, which end `origin` steps after their histories
        season: steps in a season, for the filling
        """
        counts = np.maximum(lengths - origin, 0) + horizon
        place = _places(counts) + np.repeat(lengths - origin + horizon - counts, counts)  # negative before a series
        exists = (place >= 0) & (place < np.repeat(np.diff(self.indptr), counts))
        rows = np.where(exists, place + np.repeat(self.indptr[:-1], counts), 0)
        return self._filled(np.where(exists[:, None], self.future_values[rows], np.nan), counts, season)

    def past_until(self, lengths: Ints, origin: int, season: int) -> Floats:
        """(sum of the lengths of the histories, P), series and season as in `until`."""
        counts = np.maximum(lengths - origin, 0)
        rows = _places(counts) + np.repeat(starts(lengths), counts)
        return self._filled(self.past_values[rows], counts, season)

    def _filled(self, values: Floats, lengths: Ints, season: int) -> Floats:
        if self.filling is None or not values.size:
            return values
        return np.stack([fill(column, lengths, season, self.filling) for column in values.T], axis=1)

    def ahead(self, lengths: Ints) -> Bools:
        """(M,) which rows of `future_values` lie after the ends of the series, of `lengths` (S,)."""
        counts = np.diff(self.indptr)
        return _places(counts) >= np.repeat(lengths, counts)

    def add_to(self, frame: pd.DataFrame, after: pd.DataFrame, lengths: Ints) -> pd.DataFrame:
        """(M,) a panel's table `frame` (N,) with the rows `after` the ends of its series, of `lengths` (S,), in place.

        The covariates are its last columns; those of the past are NaN in rows after an end.
        """
        ahead = self.ahead(lengths)
        order = np.empty(len(ahead), dtype=np.int64)
        order[~ahead], order[ahead] = np.arange(len(frame)), np.arange(len(frame), len(ahead))
        past = np.full((len(ahead), len(self.past)), np.nan)
        past[~ahead] = self.past_values
        static = np.repeat(self.static_values, np.diff(self.indptr), axis=0)
        values = zip(KINDS, (self.future, self.past, self.static), (self.future_values, past, static), strict=True)
        columns = {
            f"{kind}:{name}": column for kind, names, of in values for name, column in zip(names, of.T, strict=True)
        }
        table = pd.concat([frame, after], ignore_index=True).iloc[order].reset_index(drop=True)
        return pd.concat([table, pd.DataFrame({AHEAD: ahead, **columns})], axis=1)

    @classmethod
    def of(cls, table: pd.DataFrame, first: Ints, **rest: Any) -> "Covariates":
        """What `add_to` added to a table of whole series.

        first: (S + 1,) the first row of each series in the table, and M
        rest: the other fields
        """
        future, past, static = ([each for each in table.columns if each.startswith(f"{kind}:")] for kind in KINDS)
        values = [table[names].to_numpy(np.float64) for names in (future, past, static)]
        return cls(
            future=[name.removeprefix("future:") for name in future],
            past=[name.removeprefix("past:") for name in past],
            static=[name.removeprefix("static:") for name in static],
            indptr=first,
            future_values=values[0],
            past_values=values[1][~table[AHEAD].to_numpy()],
            static_values=values[2][first[:-1]],
            **rest,
        )


def _places(counts: Ints) -> Ints:
    """(sum,) the number of each row within its series, which has `counts` (S,) of them."""
    return np.arange(counts.sum()) - np.repeat(starts(counts), counts)
