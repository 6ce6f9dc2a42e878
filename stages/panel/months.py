"""Steps of whole months: months, quarters and years by their first or last (business) day, or by a day of the month."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.frequencies import to_offset

from stages.common.arrays import Bools, Ints

Dates = npt.NDArray[np.datetime64]  # of whole days
Day = Literal["S", "E", "BS", "BE"] | int

ON_A_DAY = re.compile(r"([1-9]\d{0,8})?MS-([2-9]|[12]\d|30)")  # MS-15, 3MS-30: an alias that pandas does not have
OF_PANDAS = re.compile(r"(B?)([MQY])([SE])(?:-([A-Z]{3}))?")
MONTHS_IN = {"M": 1, "Q": 3, "Y": 12}
NAMES = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
LONGEST_HOLIDAY = 7  # days by which holidays move the first or the last business day of a month


@dataclass(frozen=True)
class Months:
    """Steps of `count` months.

    day: the day of a step in its month: its first (S) or last (E) day or business day (BS, BE), or a number from 2 to
        30, for which a shorter month has its last day
    unit: months in what the alias calls a step before it is multiplied: 1, 3 or 12
    anchor: one of the months, from 1 to 12, in which steps of `unit` months lie
    """

    count: int
    day: Day
    unit: int = 1
    anchor: int = 1

    def dates(self, months: Ints) -> Dates:
        """(N,) the date of the step in each month, numbered from January 1970 on."""
        first = months.astype("datetime64[M]").astype("datetime64[D]")
        after = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
        if self.day == "S":
            return first
        if self.day == "E":
            return after - 1
        dates: Dates
        if isinstance(self.day, int):
            dates = np.minimum(first + (self.day - 1), after - 1)
        else:
            dates = np.busday_offset(first if self.day == "BS" else after, -(self.day == "BE"), roll="forward")
        return dates

    def contain(self, dates: Dates) -> Bools:
        """(N,) whether each date is that of a step. A business day may be moved by holidays, within its month."""
        months = month_numbers(dates)
        late = (dates - self.dates(months)).astype(np.int64)
        earliest = -LONGEST_HOLIDAY if self.day == "BE" else 0
        latest = LONGEST_HOLIDAY if self.day == "BS" else 0
        anchored = (months % 12 + 1 - self.anchor) % self.unit == 0
        contained: Bools = anchored & (late >= earliest) & (late <= latest)
        return contained


def months_of(frequency: str) -> Months | None:
    """The months of a frequency that has whole months as steps; None for others."""
    found = ON_A_DAY.fullmatch(frequency)
    if found:
        return Months(int(found[1] or 1), int(found[2]))
    offset = to_offset(frequency)
    found = OF_PANDAS.fullmatch(offset.base.rule_code)
    if not found:
        return None
    business, kind, end, anchor = found.groups()
    day: Day = business + end  # type: ignore[assignment]
    return Months(offset.n * MONTHS_IN[kind], day, MONTHS_IN[kind], NAMES.index(anchor) + 1 if anchor else 1)


def alias_of(count: int, day: Day, first: int) -> str:
    """The alias of steps of `count` months, one of which lies in month `first` (1 to 12).

    Quarters are named by the first month that begins one, or by the last that ends one: QS-FEB for those from May on.

    >>> alias_of(1, "S", 5), alias_of(3, "E", 6), alias_of(3, "S", 5), alias_of(24, "BE", 4), alias_of(3, 15, 2)
    ('MS', 'QE', 'QS-FEB', '2BYE-APR', '3MS-15')
    """
    if isinstance(day, int):
        return f"{multiplier(count)}MS-{day}"
    business, end = day[:-1], day[-1]
    kind = "Q" if count == 3 else "M" if count % 12 else "Y"
    alias = f"{multiplier(count // MONTHS_IN[kind])}{business}{kind}{end}"
    unit = MONTHS_IN[kind]
    anchor = (first - 1) % unit + 1 if end == "S" else 12 - (12 - first) % unit
    return alias if anchor == (1 if end == "S" else 12) or unit == 1 else f"{alias}-{NAMES[anchor - 1]}"


def month_numbers(dates: Dates) -> Ints:
    """(N,) the month of each date, numbered from January 1970 on."""
    return dates.astype("datetime64[M]").astype(np.int64)


def multiplier(number: int) -> str:
    """The prefix of an alias that multiplies it."""
    return str(number) if number > 1 else ""


def local_dates(timestamps: pd.DatetimeIndex) -> Dates:
    """(N,) the dates of timestamps in their own time zone."""
    dates: Dates = timestamps.tz_localize(None).to_numpy().astype("datetime64[D]")
    return dates
