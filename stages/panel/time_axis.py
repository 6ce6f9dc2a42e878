"""The time axis of a panel: frequency, time zone, the timestamp format of the input, and the steps after the last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.common.errors import UserError
from stages.panel.time_formats import format_times, parse_times


@dataclass(frozen=True)
class TimeAxis:
    """How a panel's time goes, and how the input writes it.

    frequency: pandas' offset alias, None for integer steps
    time_format: the codes of `dates`, None for integer steps
    time_zone: where offsets from UTC change, the zone whose they are, else None
    """

    frequency: str | None
    time_format: str | None
    time_zone: str | None = None

    def parse(self, texts: pd.Series) -> pd.Series:
        """The steps as datetime64 or int64; texts that `format` wrote."""
        if self.time_format is None:
            return pd.to_numeric(texts).astype("int64")
        stamps = parse_times(texts.astype(str), self.time_format, utc=self.time_zone is not None)
        return stamps.dt.tz_convert(self.time_zone) if self.time_zone else stamps

    def format(self, stamps: pd.Series) -> pd.Series:
        """Steps as the input wrote them."""
        if self.time_format is None:
            return stamps.astype("int64").astype(str)
        return format_times(stamps, self.time_format)

    def steps_between(self, first: Any, last: Any) -> pd.Index:
        """Every step from `first` to `last`."""
        if self.frequency is None:
            return pd.RangeIndex(int(first), int(last) + 1)
        return regular_index(first, self.frequency, last=last)

    def next_steps(self, last: Any, horizon: int) -> pd.Series:
        """The `horizon` steps after `last`. Raises UserError where they reach past what dates can hold."""
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
    """Steps of a frequency from `first` to `last`, or as many as `periods`.

    Days and longer steps keep their time on the wall. Where the clocks skip it they take the first time after, where
    it comes twice the first.
    """
    offset = to_offset(frequency)
    if first.tz is None or (isinstance(offset, Tick) and pd.Timedelta(offset) < pd.Timedelta(days=1)):
        return pd.date_range(first, last, periods, freq=frequency)
    end = None if last is None else last.tz_localize(None)
    wall = pd.date_range(first.tz_localize(None), end, periods, freq=frequency)
    return wall.tz_localize(first.tz, ambiguous=np.ones(len(wall), dtype=bool), nonexistent="shift_forward")


INTEGER_STEPS = TimeAxis(None, None)
