"""Infer the frequency of timestamps, and check a declared one."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Tick

from stages.common.arrays import Ints
from stages.common.errors import UserError
from stages.panel.grid import make_grid
from stages.panel.months import (
    ON_A_DAY,
    Dates,
    Day,
    Months,
    alias_of,
    local_dates,
    month_numbers,
    months_of,
    multiplier,
)

MIN_DENSITY = 0.5  # share of the steps from first to last that must have a timestamp
EPOCH = pd.Timestamp(2000, 1, 1)

# Multiples of a step that people use.
USUAL_MONTHS = (1, 2, 3, 4, 6)
USUAL_YEARS = (1, 2, 4, 5, 10)
USUAL_WEEKS = (1, 2, 4)
USUAL_DAYS = (1, 2, 5, 10)
UNITS = [pd.Timedelta(unit).value for unit in ("1ns", "1us", "1ms", "1s", "1min", "1h", "1D")]


def check_frequency(frequency: str) -> None:
    """Raises UserError for an alias that is unknown, deprecated or not positive, and for steps of centuries."""
    with warnings.catch_warnings(record=True) as deprecated:
        warnings.simplefilter("always", FutureWarning)
        try:
            offset = _offset_of(frequency)
        except (ValueError, OverflowError):
            raise _bad_alias(frequency, "which is not an alias of pandas") from None
    if deprecated:
        raise _bad_alias(frequency, f"which is deprecated: {deprecated[0].message}")
    if offset.n <= 0:
        raise _bad_alias(frequency, "which does not go forward")
    if _is_too_long(offset):
        raise _bad_alias(frequency, "whose steps are longer than the time that dates can tell")


def _offset_of(frequency: str) -> BaseOffset:
    """pandas' offset of a frequency; that of whole months for one by a day of the month."""
    return to_offset(frequency.split("-")[0] if ON_A_DAY.fullmatch(frequency) else frequency)


def _is_too_long(offset: BaseOffset) -> bool:
    """Whether the step after the year 2000 lies beyond the last date."""
    try:
        return bool((EPOCH + offset).year >= pd.Timestamp.max.year)
    except (OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta):
        return True


def infer_frequency(timestamps: pd.Series | pd.DatetimeIndex) -> str | None:
    """The alias of `coarsest_frequency`; None if fewer than half of its steps have a timestamp, or none exists."""
    return coarsest_frequency(timestamps) if share_of_steps(timestamps) >= MIN_DENSITY else None


def share_of_steps(timestamps: pd.Series | pd.DatetimeIndex) -> float:
    """The share of the steps of their coarsest frequency that have one of `timestamps` (U,); 0 if there is none."""
    timestamps = pd.DatetimeIndex(timestamps).unique().sort_values()
    frequency = coarsest_frequency(timestamps)
    if frequency is None:
        return 0.0
    return len(timestamps) / (int(make_grid(frequency, timestamps[0], timestamps[-1]).numbers(timestamps[-1:])[0]) + 1)


def coarsest_frequency(timestamps: pd.Series | pd.DatetimeIndex) -> str | None:
    """The alias of the coarsest frequency whose grid contains all `timestamps` (U,), in any order.

    Months by their first or last (business) day or by a day of the month, weeks, business days, days, shorter steps of
    one length, or multiples of these. None for a single timestamp, and for steps of centuries.
    """
    timestamps = pd.DatetimeIndex(timestamps).unique().sort_values()
    if len(timestamps) < 2:
        return None
    local = timestamps.tz_localize(None)
    if (local - local.normalize() == local[0] - local[0].normalize()).all():
        frequency = _months_of(local_dates(timestamps)) or _days_of(local_dates(timestamps))
    else:
        gaps = np.diff(timestamps.as_unit("ns").asi8.view(np.uint64))  # a gap of centuries does not fit into 63 bits
        step = int(np.gcd.reduce(gaps))
        if step > pd.Timedelta.max.value // 2:
            return None
        frequency = to_offset(pd.Timedelta(step)).freqstr
    return None if _is_too_long(_offset_of(frequency)) else frequency


def coarser_frequency(timestamps: pd.Series | pd.DatetimeIndex, frequency: str) -> str | None:
    """The frequency that `timestamps` (U,), all of them steps of `frequency`, have of their own if it is coarser."""
    timestamps = pd.DatetimeIndex(timestamps).unique().sort_values()
    own = infer_frequency(timestamps)
    if own is None:
        return None
    steps, all_steps = (
        int(make_grid(each, timestamps[0], timestamps[-1]).numbers(timestamps[-1:])[0]) for each in (own, frequency)
    )
    return own if steps < all_steps else None


def is_usual(frequency: str) -> bool:
    """Whether people use a frequency: hours that divide a day, minutes that divide an hour, 1, 2, 3, 4 or 6 months."""
    months = months_of(frequency)
    if months:
        return months.count in USUAL_MONTHS or months.count in [12 * years for years in USUAL_YEARS]
    offset = to_offset(frequency)
    if not isinstance(offset, Tick):
        return offset.n in USUAL_WEEKS
    length = pd.Timedelta(offset).value
    if length % UNITS[-1] == 0:
        return length // UNITS[-1] in USUAL_DAYS
    return any(length % unit == 0 and longer % length == 0 for unit, longer in pairwise(UNITS))


def _months_of(dates: Dates) -> str | None:
    """The alias of steps of whole months that contain all `dates` (U,), in rising order; None if there is none."""
    months = month_numbers(dates)
    count = int(np.gcd.reduce(np.diff(months)))
    if (np.diff(months) == 0).any():
        return _moved_by_holidays(dates)
    day_numbers = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    days: list[Day] = ["S", "E", "BS", "BE", int(day_numbers.max())]
    for day in days:
        if (Months(1, day).dates(months) == dates).all():
            return alias_of(count, day, int(months[0]) % 12 + 1)
    return _weekday_of_months(dates, day_numbers, count) or _moved_by_holidays(dates)


def _weekday_of_months(dates: Dates, days: Ints, count: int) -> str | None:
    """The alias of months by their first to fourth weekday of a kind; None if that does not fit, or weeks do.

    days: (U,) of the month
    """
    gaps = np.diff(dates).astype(np.int64)
    weeks = (days - 1) // 7 + 1
    if (gaps % 7).any() or (gaps == gaps[0]).all() or (weeks != weeks[0]).any() or weeks[0] > 4:
        return None
    return f"{multiplier(count)}WOM-{weeks[0]}{pd.Timestamp(dates[0]):%a}".upper()


def _moved_by_holidays(dates: Dates) -> str | None:
    """The alias of months by a business day at their start or end that holidays move; None if that does not fit.

    Holidays differ from place to place, so that a month may have two such days, but seldom more.
    """
    months = np.unique(month_numbers(dates))
    gaps = np.diff(dates).astype(np.int64)
    regular = (gaps == gaps[0]).all() or (gaps % 7 == 0).all()
    if len(months) < 3 or len(dates) > 2 * len(months) or regular or not np.is_busday(dates).all():
        return None
    for day in ("BS", "BE"):
        if Months(1, day).contain(dates).all():
            return alias_of(int(np.gcd.reduce(np.diff(months))), day, int(months[0]) % 12 + 1)
    return None


def _days_of(dates: Dates) -> str:
    """The alias of weeks, business days or days that contain all `dates` (U,), in rising order."""
    days = int(np.gcd.reduce(np.diff(dates).astype(np.int64)))
    if days % 7 == 0:
        return f"{multiplier(days // 7)}W-{pd.Timestamp(dates[0]):%a}".upper()
    business = np.is_busday(dates).all() and np.gcd.reduce(np.busday_count(dates[:-1], dates[1:])) == 1
    return "B" if days == 1 and business else f"{multiplier(days)}D"


def _bad_alias(frequency: str, problem: str) -> UserError:
    return UserError(
        f"params.yaml: ingest.frequency is {frequency!r}, {problem}; use MS, QS, YS, W-MON, B, D, h or another of "
        "pandas' offset aliases, MS-15 for months by their 15th, auto, or null for integer steps"
    )
