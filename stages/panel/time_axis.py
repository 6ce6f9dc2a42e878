"""The time axis of a panel: its frequency, time zone and timestamp format; the steps after its last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.common.errors import UserError
from stages.panel.time_formats import clock_of, format_times, parse_times


@dataclass(frozen=True)
class TimeAxis:
    """The frequency of a panel, its time zone, and the input's timestamp format.

    frequency: pandas' offset alias; None for integer steps
    time_format: in the codes of `time_formats`; None for integer steps
    time_zone: the zone of timestamps with offsets from UTC, or of those without that are its local times; else None
    """

    frequency: str | None
    time_format: str | None
    time_zone: str | None = None

    def parse(self, texts: pd.Series) -> pd.Series:
        """Steps as datetime64 or int64, from texts that `format` wrote."""
        if self.time_format is None:
            return pd.to_numeric(texts).astype("int64")
        timestamps = parse_times(texts.astype(str), self.time_format)
        if self.time_zone is None:
            return timestamps
        clock = clock_of(self.time_format)
        if clock is None and timestamps.dt.tz is None:
            return _consecutive(*both_readings(timestamps, self.time_zone), self.frequency)
        return (timestamps.dt.tz_localize(clock) if clock else timestamps).dt.tz_convert(self.time_zone)

    def format(self, steps: pd.Series) -> pd.Series:
        """Steps as texts in the input's format."""
        if self.time_format is None:
            return steps.astype("int64").astype(str)
        return format_times(steps, self.time_format)

    def steps_between(self, first: Any, last: Any) -> pd.Index:
        """Every step from `first` to `last`, both included."""
        if self.frequency is None:
            return pd.RangeIndex(int(first), int(last) + 1)
        return regular_index(first, self.frequency, last=last)

    def next_steps(self, last: Any, horizon: int) -> pd.Series:
        """The `horizon` steps after `last`. Raises UserError if they reach past the year 2262, where dates end."""
        if self.frequency is None:
            return pd.Series(range(int(last) + 1, int(last) + 1 + horizon))
        try:
            return pd.Series(regular_index(last, self.frequency, periods=horizon + 1)[1:])
        except (OverflowError, pd.errors.OutOfBoundsDatetime):
            raise UserError(
                f"params.yaml: {horizon} steps after {last:%Y-%m-%d} reach past the year 2262, where dates end; "
                "make backtest.horizon smaller"
            ) from None


def regular_index(
    first: pd.Timestamp, frequency: str, last: pd.Timestamp | None = None, periods: int | None = None
) -> pd.DatetimeIndex:
    """The steps of a frequency from `first` to `last`, or the first `periods` of them.

    Steps of a day or more keep their local time. A local time skipped by daylight saving moves to the next valid time;
    an ambiguous one is the first.
    """
    offset = to_offset(frequency)
    if first.tz is None or is_shorter_than_a_day(offset):
        return pd.date_range(first, last, periods, freq=frequency)
    end = None if last is None else last.tz_localize(None)
    local = pd.date_range(first.tz_localize(None), end, periods, freq=frequency)
    return local.tz_localize(first.tz, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward")


def both_readings(local: pd.Series, time_zone: str) -> tuple[pd.Series, pd.Series]:
    """Local times (U,) in their zone: the first and the second time that the clock shows each.

    They differ in the hour that is repeated when daylight saving time ends; both are NaT for times that are skipped.
    """
    is_first = np.ones(len(local), dtype=bool)
    first, second = (
        local.dt.tz_localize(time_zone, ambiguous=is_dst, nonexistent="NaT") for is_dst in (is_first, ~is_first)
    )
    return first, second


def _consecutive(first: pd.Series, second: pd.Series, frequency: str | None) -> pd.Series:
    """Local times (N,), read as the `first` or `second` so that they follow one another by one step of `frequency`."""
    offset = to_offset(frequency)
    times = first.copy()
    if not is_shorter_than_a_day(offset):
        return times
    repeated = np.flatnonzero(first != second)
    for row in repeated[::-1]:
        if row + 1 < len(times) and second.iloc[row] + offset == times.iloc[row + 1]:
            times.iloc[row] = second.iloc[row]
    for row in repeated:
        if row and times.iloc[row - 1] + offset == second.iloc[row]:
            times.iloc[row] = second.iloc[row]
    return times


def is_shorter_than_a_day(offset: Any) -> bool:
    """Whether steps of an offset have one length, and one below that of a day."""
    return isinstance(offset, Tick) and pd.Timedelta(offset) < pd.Timedelta(days=1)


INTEGER_STEPS = TimeAxis(None, None)
