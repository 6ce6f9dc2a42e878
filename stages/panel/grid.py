"""The regular grid of a frequency from its first step on: the numbers of timestamps, and the steps of numbers.

Nothing here is as long as the grid, except for frequencies that neither count months nor have a fixed length.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick, Week

from stages.common.arrays import Ints
from stages.panel.months import Dates, Months, local_dates, month_numbers, months_of

OFF_GRID = int(np.iinfo(np.int64).min)


class Grid(Protocol):
    """Steps that are numbered; the first one is 0, and earlier ones are negative where the grid has them."""

    def numbers(self, timestamps: pd.Index) -> Ints:
        """(N,) the number of each timestamp's step; OFF_GRID for one that is not a step."""

    def steps(self, numbers: Ints) -> pd.Index:
        """(N,) the step of each number, 0 or more. Raises OverflowError or OutOfBoundsDatetime past the year 2262."""


def make_grid(frequency: str | None, first: Any, last: Any) -> Grid:
    """The grid of a frequency, None for integer steps, that begins at `first` or the next step after it.

    It ends at `last` if pandas has to list its steps, and nowhere otherwise.
    """
    if frequency is None:
        return IntegerGrid(int(first))
    months = months_of(frequency)
    if months:
        return MonthGrid(first, months)
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        length = pd.Timedelta(offset)
        return FixedGrid(first, length.value, local=length >= pd.Timedelta(days=1))
    if isinstance(offset, Week):
        return FixedGrid(offset.rollforward(first), pd.Timedelta(weeks=offset.n).value, local=True)
    return ListedGrid(first, frequency, last)


@dataclass(frozen=True)
class IntegerGrid:
    """Integers."""

    first: int

    def numbers(self, timestamps: pd.Index) -> Ints:
        numbers: Ints = timestamps.to_numpy(np.int64) - self.first
        return numbers

    def steps(self, numbers: Ints) -> pd.Index:
        return pd.Index(numbers + self.first)


@dataclass(frozen=True)
class FixedGrid:
    """Steps of `length` nanoseconds: of elapsed time, or of local time, which may skip an hour."""

    first: pd.Timestamp
    length: int
    local: bool

    def numbers(self, timestamps: pd.Index) -> Ints:
        index = pd.DatetimeIndex(timestamps)
        unit = 10**9 if self.length % 10**9 == 0 else 1  # in nanoseconds, three centuries do not fit into 64 bits
        times, start = self._clock(index).as_unit("ns").asi8 // unit, self._start.value // unit
        numbers = (times - start) // (self.length // unit)
        near = np.abs(times / 2 - start / 2) < 2**62
        return np.where(near & np.asarray(self._at(numbers) == index), numbers, OFF_GRID)

    def steps(self, numbers: Ints) -> pd.Index:
        _refuse_overflow(self._start.value + int(numbers.max(initial=0)) * self.length)
        return self._at(numbers)

    def _at(self, numbers: Ints) -> pd.DatetimeIndex:
        times = pd.DatetimeIndex(self._start.value + numbers * self.length)
        if self.local:
            return localize(times, self.first.tz)
        return times if self.first.tz is None else times.tz_localize("UTC").tz_convert(self.first.tz)

    def _clock(self, index: pd.DatetimeIndex) -> pd.DatetimeIndex:
        return index.tz_localize(None) if self.local else index

    @property
    def _start(self) -> pd.Timestamp:
        first: pd.Timestamp = self.first.tz_localize(None) if self.local else self.first
        return first.as_unit("ns")


@dataclass(frozen=True)
class MonthGrid:
    """Steps of whole months, at the time of day of the first."""

    first: pd.Timestamp
    months: Months

    def numbers(self, timestamps: pd.Index) -> Ints:
        index = pd.DatetimeIndex(timestamps)
        dates = local_dates(index)
        numbers, rest = np.divmod(month_numbers(dates) - self._month, self.months.count)
        on_time = np.asarray(self._at(dates) == index)
        return np.where(self.months.contain(dates) & (rest == 0) & on_time, numbers, OFF_GRID)

    def steps(self, numbers: Ints) -> pd.Index:
        return self._at(self.months.dates(self._month + numbers * self.months.count))

    def _at(self, dates: Dates) -> pd.DatetimeIndex:
        """The dates at the first step's time of day."""
        local = self.first.tz_localize(None)
        _refuse_overflow(int(dates.astype(np.int64).max(initial=0)) * pd.Timedelta(days=1).value)
        return localize(pd.DatetimeIndex(dates.astype("datetime64[ns]")) + (local - local.normalize()), self.first.tz)

    @property
    def _month(self) -> int:
        return int(month_numbers(local_dates(pd.DatetimeIndex([self.first])))[0])


@dataclass(frozen=True)
class ListedGrid:
    """Steps of neither whole months nor a fixed length, as pandas lists them."""

    first: pd.Timestamp
    frequency: str
    last: pd.Timestamp

    def numbers(self, timestamps: pd.Index) -> Ints:
        numbers = self._index.get_indexer(timestamps)
        numbers = np.where(numbers >= 0, numbers, OFF_GRID)
        if not len(timestamps) or timestamps.min() >= self.first:
            return numbers
        earlier = self._before(timestamps.min())
        places = earlier.get_indexer(timestamps)
        return np.where(places >= 0, places - len(earlier), numbers)

    def steps(self, numbers: Ints) -> pd.Index:
        return self._index[numbers]

    def _before(self, earliest: pd.Timestamp) -> pd.DatetimeIndex:
        """The steps from the day before `earliest` to the one before the first."""
        first = self.first.tz_localize(None)
        start = earliest.tz_localize(None).normalize() - pd.Timedelta(days=1) + (first - first.normalize())
        steps = pd.date_range(start, first, freq=self.frequency)
        return localize(steps[steps < first], self.first.tz)

    @cached_property
    def _index(self) -> pd.DatetimeIndex:
        return regular_index(self.first, self.frequency, last=self.last)


def regular_index(
    first: pd.Timestamp, frequency: str, last: pd.Timestamp | None = None, periods: int | None = None
) -> pd.DatetimeIndex:
    """The steps of a frequency from `first` to `last`, or the first `periods` of them, as pandas lists them."""
    end = None if last is None else last.tz_localize(None)
    return localize(pd.date_range(first.tz_localize(None), end, periods, freq=frequency), first.tz)


def localize(local: pd.DatetimeIndex, zone: Any) -> pd.DatetimeIndex:
    """Local times (N,) in a time zone, None for none.

    A time skipped by daylight saving moves to the next valid time; an ambiguous one is the first.
    """
    if zone is None:
        return local
    return local.tz_localize(zone, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward")


def _refuse_overflow(last: int) -> None:
    """Raises OverflowError for a time in nanoseconds since 1970 at which dates have ended."""
    if last > pd.Timestamp.max.value:
        raise OverflowError("steps reach past the year 2262")
