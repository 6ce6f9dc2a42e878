"""Lines of actual values, with their gaps, of means where steps are too many, and of forecasts with intervals."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from stages.common.arrays import Bools, Floats
from stages.plot.scales import Scales
from stages.plot.style import ACTUAL, FILLED, method_style

STEPS_PER_INCH = 150  # more are drawn as means
BINS_PER_INCH = 25  # that these are of, about


def forecast_scales(actual: pd.DataFrame, forecasts: list[pd.DataFrame], levels: list[int]) -> Scales:
    """Scales for actual values, forecasts and their intervals."""
    columns = ["forecast", *(f"forecast-{end}-{level}" for level in levels for end in ("lo", "hi"))]
    values = [actual["y"], *(rows[column] for rows in forecasts for column in columns)]
    return Scales.of(pd.concat([actual["ds"], forecasts[-1]["ds"]]).sort_values(), values)


def bin_size(steps: int, inches: float, season_lengths: tuple[int, ...]) -> int:
    """How many steps one place of a line in a plot of some width stands for: 1 while a line is none too dense.

    Whole seasons, the longest of up to three times as many steps: a mean of a part of a season would go up and down.
    """
    if steps <= STEPS_PER_INCH * inches:
        return 1
    size = math.ceil(steps / (BINS_PER_INCH * inches))
    season = max((length for length in season_lengths if length <= 3 * size), default=1)
    return math.ceil(size / season) * season


def binned(actual: pd.DataFrame, size: int) -> pd.DataFrame:
    """Means `y` of `size` steps each, with their `low` and `high`, at the step `ds` in their middle.

    The first is also of the steps that are left. Of the values that are known: NaN where none is. `filled` where the
    input had none of the values.
    """
    starts = np.append(0, np.arange(len(actual) % size + size, len(actual), size))
    ends = np.append(starts[1:], len(actual))
    y, filled = actual["y"].to_numpy(), actual["filled"].to_numpy()
    known = ~np.isnan(y)
    counts = np.add.reduceat(known, starts, dtype=np.float64)
    counts[counts == 0] = np.nan
    return pd.DataFrame(
        {
            "ds": actual["ds"].iloc[(starts + ends - 1) // 2].reset_index(drop=True),
            "y": np.add.reduceat(np.where(known, y, 0) / size, starts) * size / counts,  # no sum overflows
            "low": np.fmin.reduceat(y, starts),
            "high": np.fmax.reduceat(y, starts),
            "filled": np.logical_and.reduceat(filled, starts),
        }
    )


def draw_whole(ax: Axes, scales: Scales, actual: pd.DataFrame, size: int) -> None:
    """The values, or with more than one step in a bin their means and the range that they are of."""
    if size == 1:
        draw_actual(ax, scales, actual)
        return
    bins = binned(actual, size)
    range_label = f"range of {size:,} steps"
    draw_band(ax, scales.x(bins["ds"]), scales.y(bins["low"]), scales.y(bins["high"]), ACTUAL, 0.2, range_label)
    draw_actual(ax, scales, bins, f"mean of {size:,} steps", linewidth=1)


def draw_actual(ax: Axes, scales: Scales, actual: pd.DataFrame, label: str = "actual", **style: Any) -> None:
    """A line through the values that the input had, none where one is missing, a dotted one where it was filled."""
    x, y, filled = scales.x(actual["ds"]), scales.y(actual["y"]), actual["filled"].to_numpy()
    given = np.where(filled, np.nan, y)
    ax.plot(x, given, color=ACTUAL, label=label, **style)
    if filled.any():
        around = np.pad(filled, 1)
        beside = around[1:-1] | around[:-2] | around[2:]
        ax.plot(x, np.where(beside, y, np.nan), color=FILLED, linestyle=":", zorder=1.9, label="filled", **style)
    draw_alone(ax, x, given, ACTUAL)


def draw_forecast(
    ax: Axes, scales: Scales, rows: pd.DataFrame, levels: list[int], method: str, label: str | None = None
) -> None:
    """The forecast by a method from one origin with its intervals, the widest first; without a label none has one."""
    style = method_style(method)
    x, point = scales.x(rows["ds"]), scales.y(rows["forecast"])
    for position, level in enumerate(reversed(levels)):
        lower, upper = (scales.y(rows[f"forecast-{end}-{level}"]) for end in ("lo", "hi"))
        interval = f"{level} % interval" if label else None
        draw_band(ax, x, lower, upper, style["color"], 0.15 + 0.1 * position, interval)
    ax.plot(x, point, label=label, **style)
    draw_alone(ax, x, point, style["color"])


def draw_band(
    ax: Axes, x: Floats, lower: Floats, upper: Floats, color: str, alpha: float, label: str | None = None
) -> None:
    """The area between two lines, and a bar where a place is alone: no area has the width of one step."""
    ax.fill_between(x, lower, upper, linewidth=0, color=color, alpha=alpha, label=label)
    alone = is_alone(lower)
    if alone.any():
        ax.vlines(x[alone], lower[alone], upper[alone], linewidth=4, color=color, alpha=alpha)


def draw_alone(ax: Axes, x: Floats, y: Floats, color: str) -> None:
    """A point for each value between two that are not known: no line leads there."""
    alone = is_alone(y)
    if alone.any():
        ax.plot(x[alone], y[alone], color=color, linestyle="none", marker=".", markersize=4)


def is_alone(values: Floats) -> Bools:
    """(N,) whether a value is known and the ones before and after it are not."""
    known = np.pad(~np.isnan(values), 1)
    alone: Bools = known[1:-1] & ~known[:-2] & ~known[2:]
    return alone


def limit_view(ax: Axes, scales: Scales, shown: list[pd.Series]) -> None:
    """Show no interval further away from the values in `shown` than these are apart: one must not flatten them."""
    values = scales.y(pd.concat(shown).dropna())
    reach = np.ptp(values) if len(values) else 0.0
    if reach:
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, values.min() - reach), min(high, values.max() + reach))
