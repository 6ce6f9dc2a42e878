"""Steps and values as numbers that matplotlib can tell apart, and the axes that name them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from stages.common.arrays import Floats
from stages.plot.style import axes_inches, fit_text
from stages.plot.ticks import choose_ticks

ONE_SECOND = pd.Timedelta(seconds=1)
LABEL_WIDTH, LABEL_HEIGHT = 3.4, 2.0  # inches of the names of axes, in the smallest plot
LARGEST = 280  # values beyond 10**280, or all below 10**-280, are drawn in units of a power of ten


@dataclass(frozen=True)
class Scales:
    """How one plot draws its steps and values.

    steps: those of the plot, in rising order
    start: the step at 0 of the axis, for integer steps, and for dates that are all within a second: floating point
        loses digits of large numbers; None for other dates
    exponent: values are drawn in units of 10**exponent
    """

    steps: pd.Series
    start: Any
    exponent: int

    @classmethod
    def of(cls, steps: pd.Series, values: Iterable[pd.Series]) -> Self:
        """Scales for a plot of these steps, in rising order, and of these values, with NaN or without."""
        steps = steps.drop_duplicates()
        if pd.api.types.is_datetime64_any_dtype(steps):
            start = steps.iloc[0] if 0 < steps.iloc[-1].value - steps.iloc[0].value < ONE_SECOND.value else None
        else:
            start = int(steps.iloc[0])
        largest = max((float(np.fmax.reduce(np.abs(each), initial=0.0)) for each in values), default=0.0)
        exponent = int(np.clip(np.log10(largest), -300, 300)) if largest else 0
        return cls(steps, start, exponent if abs(exponent) >= LARGEST else 0)

    def x(self, steps: pd.Series) -> Floats:
        """Places (N,) on the axis of time: matplotlib's days, or seconds or integer steps after `start`."""
        if not pd.api.types.is_datetime64_any_dtype(steps):
            return np.asarray(steps.to_numpy(dtype=np.int64) - self.start, dtype=np.float64)
        if self.start is not None:
            return np.asarray((steps - self.start) / ONE_SECOND, dtype=np.float64)
        return np.asarray(date2num(steps.dt.tz_convert(None) if steps.dt.tz else steps))  # type: ignore[no-untyped-call]

    def y(self, values: pd.Series) -> Floats:
        """Places (N,) on the axis of values."""
        return np.asarray(values, dtype=np.float64) / 10.0**self.exponent

    def label(self, ax: Axes, time: str, value: str) -> None:
        """Name both axes, and set ticks whose labels do not overlap."""
        if isinstance(self.start, pd.Timestamp):
            time = f"{time}, seconds after {self.start}"
        else:
            places = self.x(self.steps)
            rows, labels = choose_ticks(self.steps, places, axes_inches(ax))
            ax.set_xticks(places[rows], labels)
        ax.ticklabel_format(axis="y", useOffset=False)
        ax.set_xlabel(fit_text(time, LABEL_WIDTH))
        ax.set_ylabel(fit_text(f"{value}, 1e{self.exponent:+}" if self.exponent else value, LABEL_HEIGHT))
