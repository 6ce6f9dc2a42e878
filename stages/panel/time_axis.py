"""The time axis of a panel: its frequency, time zone and timestamp format; the steps after its last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.common.errors import UserError
from stages.panel.grid import Grid, ListedGrid, make_grid, regular_index
from stages.panel.months import months_of
from stages.panel.time_formats import clock_of, format_times, parse_times

DAYS_IN_YEAR = 365.2425  # in the mean, by the Gregorian calendar


@dataclass(frozen=True)
class TimeAxis:
    """The frequency of a panel, its time zone, and the input's timestamp format.

    frequency: pandas' offset alias, or MS-15 for months by their 15th (3MS-15, ...); None for integer steps
    time_format: in the codes of `time_formats`; None for integer steps
    time_zone: the zone of timestamps with offsets from UTC, or of those without that are its local times; else None
    """

    frequency: str | None
    time_format: str | None
    time_zone: str | None = None

    @property
    def steps_in_year(self) -> float | None:
        """Steps in a mean year of 365.2425 days, for days and fixed parts of a day; None for others."""
        offset = to_offset(self.frequency) if self.frequency and not months_of(self.frequency) else None
        if offset is None or not (isinstance(offset, Tick) or offset.base.rule_code == "D"):
            return None
        steps = (
            DAYS_IN_YEAR
            * pd.Timedelta(days=1)
            / (pd.Timedelta(offset) if isinstance(offset, Tick) else pd.Timedelta(days=offset.n))
        )
        return float(steps) if steps >= DAYS_IN_YEAR else None

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

    def grid(self, first: Any, last: Any) -> Grid:
        """The regular grid that begins at `first` and reaches to `last` or further."""
        return make_grid(self.frequency, first, last)

    def next_steps(self, last: Any, horizon: int) -> pd.Series:
        """The `horizon` steps after `last`. Raises UserError if they reach past the year 2262, where dates end."""
        if self.frequency is None:
            return pd.Series(range(int(last) + 1, int(last) + 1 + horizon))
        try:
            grid = make_grid(self.frequency, last, None)
            if isinstance(grid, ListedGrid):
                return pd.Series(regular_index(last, self.frequency, periods=horizon + 1)[1:])
            return pd.Series(grid.steps(np.arange(1, horizon + 1)))
        except (OverflowError, pd.errors.OutOfBoundsDatetime):
            raise UserError(
                f"params.yaml: {horizon} steps after {last:%Y-%m-%d} reach past the year 2262, where dates end; "
                "make backtest.horizon smaller"
            ) from None


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
    times = first.copy()
    if frequency is None or not is_shorter_than_a_day(frequency):
        return times
    offset = to_offset(frequency)
    repeated = np.flatnonzero(first != second)
    for row in repeated[::-1]:
        if row + 1 < len(times) and second.iloc[row] + offset == times.iloc[row + 1]:
            times.iloc[row] = second.iloc[row]
    for row in repeated:
        if row and times.iloc[row - 1] + offset == second.iloc[row]:
            times.iloc[row] = second.iloc[row]
    return times


def is_shorter_than_a_day(frequency: str) -> bool:
    """Whether the steps of a frequency have one length, and one below that of a day."""
    offset = None if months_of(frequency) else to_offset(frequency)
    return isinstance(offset, Tick) and pd.Timedelta(offset) < pd.Timedelta(days=1)


INTEGER_STEPS = TimeAxis(None, None)
