"""The time axis of a panel: its frequency, time zone and timestamp format; the steps after its last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import UserError
from stages.panel.grid import Grid, ListedGrid, make_grid, regular_index
from stages.panel.time_formats import format_times, parse_times


@dataclass(frozen=True)
class TimeAxis:
    """The frequency of a panel, its time zone, and the input's timestamp format.

    frequency: pandas' offset alias, or MS-15 for months by their 15th (3MS-15, ...); None for integer steps
    time_format: in the codes of `time_formats`; None for integer steps
    time_zone: the zone of timestamps with offsets from UTC; None without offsets
    """

    frequency: str | None
    time_format: str | None
    time_zone: str | None = None

    def parse(self, texts: pd.Series) -> pd.Series:
        """Steps as datetime64 or int64, from texts that `format` wrote."""
        if self.time_format is None:
            return pd.to_numeric(texts).astype("int64")
        timestamps = parse_times(texts.astype(str), self.time_format, utc=self.time_zone is not None)
        return timestamps.dt.tz_convert(self.time_zone) if self.time_zone else timestamps

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


INTEGER_STEPS = TimeAxis(None, None)
