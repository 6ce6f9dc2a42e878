"""How many public holidays lie in each step: a covariate that is known ahead, whatever rows the input has."""

import warnings

import numpy as np
import pandas as pd
from pandas.errors import PerformanceWarning
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BusinessDay, BusinessHour, CustomBusinessDay, CustomBusinessHour, Tick, Week

from stages.common.arrays import Floats
from stages.panel.calendars import calendar
from stages.panel.months import Dates, local_dates, months_of
from stages.panel.time_axis import is_shorter_than_a_day

MONDAY = 0
YEARS = (1677, 2262)  # in which pandas has dates
OWN_DAY = (BusinessDay, BusinessHour, CustomBusinessDay, CustomBusinessHour)  # days between them lie in no step


def holidays_in(code: str, stamps: pd.DatetimeIndex, frequency: str) -> Floats:
    """(U,) how many holidays of a calendar lie in each step of a frequency, by the clock of its stamps.

    Of a step shorter than a day, a day or a business day: whether its day is one.
    """
    if stamps.empty:
        return np.empty(0)
    first, end, days = _steps_and_holidays(code, stamps, frequency)
    counts: Floats = (np.searchsorted(days, end) - np.searchsorted(days, first)).astype(np.float64)
    return counts


def dates_of_holidays(code: str, stamps: pd.DatetimeIndex, frequency: str) -> Dates:
    """The holidays of a calendar that lie in at least one of the steps, each once, in the order of time."""
    first, end, days = _steps_and_holidays(code, stamps, frequency)
    begun, ended = (np.searchsorted(np.sort(each), days, side="right") for each in (first, end))
    return days[begun > ended]


def _steps_and_holidays(code: str, stamps: pd.DatetimeIndex, frequency: str) -> tuple[Dates, Dates, Dates]:
    """The first day of each step and the day after its last, and the holidays of the years that they cover."""
    first, end = days_of(stamps.tz_localize(None).as_unit("s"), frequency)
    years = np.array([first.min(), end.max()], dtype="datetime64[Y]").astype(np.int64) + 1970
    return first, end, calendar(code, *np.clip(years, *YEARS).tolist())


def days_of(stamps: pd.DatetimeIndex, frequency: str) -> tuple[Dates, Dates]:
    """The first day (U,) of each step of a frequency, and the day after its last.

    Months are those of the calendar: up to that of the step where a frequency names their ends, else from it on. Weeks
    begin with a Monday that names them, and end with any other day, as in pandas. Other steps last up to the next one.
    """
    dates, months = local_dates(stamps), months_of(frequency)
    if months:
        first = dates.astype("datetime64[M]") - (months.count - 1) * (months.day in ("E", "BE"))
        return first.astype("datetime64[D]"), (first + months.count).astype("datetime64[D]")
    offset = to_offset(frequency)
    if isinstance(offset, Week):
        days = 7 * offset.n
        begins = dates if offset.weekday == MONDAY else dates - (days - 1)
        return begins, begins + days
    if is_shorter_than_a_day(frequency) or isinstance(offset, OWN_DAY):
        return dates, dates + 1
    if isinstance(offset, Tick):
        return dates, (stamps.to_numpy() + pd.Timedelta(offset).to_timedelta64()).astype("datetime64[D]")
    with warnings.catch_warnings(action="ignore", category=PerformanceWarning):  # of rare offsets
        return dates, local_dates(stamps + offset)
