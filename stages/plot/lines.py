"""Lines of actual values, filled ones apart, and of forecasts with their intervals."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from stages.common.arrays import Bools, Floats, Ints
from stages.plot.scales import Scales
from stages.plot.style import ACTUAL, FILLED, MODEL

MOST_POINTS = 8_000  # of a line, more than a figure has columns of pixels


def forecast_scales(actual: pd.DataFrame, forecasts: list[pd.DataFrame], levels: list[int]) -> Scales:
    """Scales for actual values, forecasts and their intervals."""
    columns = ["forecast", *(f"forecast-{end}-{level}" for level in levels for end in ("lo", "hi"))]
    values = [actual["y"], *(rows[column] for rows in forecasts for column in columns)]
    return Scales.of(pd.concat([actual["ds"], forecasts[-1]["ds"]]), values)


def draw_actual(ax: Axes, scales: Scales, actual: pd.DataFrame, **style: Any) -> None:
    """A line through the values that the input had, and a broken one where values were filled."""
    actual = actual.iloc[envelope(actual["y"].to_numpy(), MOST_POINTS)]
    x, y, filled = scales.x(actual["ds"]), scales.y(actual["y"]), actual["filled"].to_numpy()
    given = np.where(filled, np.nan, y)
    ax.plot(x, given, color=ACTUAL, label="actual", **style)
    if filled.any():
        around = np.pad(filled, 1)
        beside = around[1:-1] | around[:-2] | around[2:]
        ax.plot(x, np.where(beside, y, np.nan), color=FILLED, linestyle=":", zorder=1.9, label="filled", **style)
    draw_alone(ax, x, given, ACTUAL)


def draw_forecast(ax: Axes, scales: Scales, rows: pd.DataFrame, levels: list[int], label: str | None) -> None:
    """The forecast from one origin with its intervals, the widest first; without a label none has one."""
    x, point = scales.x(rows["ds"]), scales.y(rows["forecast"])
    for position, level in enumerate(reversed(levels)):
        lower, upper = (scales.y(rows[f"forecast-{end}-{level}"]) for end in ("lo", "hi"))
        style: dict[str, Any] = {"color": MODEL, "alpha": 0.12 + 0.1 * position}
        ax.fill_between(x, lower, upper, linewidth=0, label=f"{level} % interval" if label else None, **style)
        alone = is_alone(lower)
        if alone.any():  # no area has the width of one step
            ax.vlines(x[alone], lower[alone], upper[alone], linewidth=4, **style)
    ax.plot(x, point, color=MODEL, label=label)
    draw_alone(ax, x, point, MODEL)


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


def envelope(values: Floats, most: int) -> Ints:
    """The rows of about `most` of the values (N,) that draw the same line: the ends and extremes of equal runs."""
    if len(values) <= most:
        return np.arange(len(values))
    bounds = np.linspace(0, len(values), most // 4 + 1).astype(int)
    kept = [
        (first, first + values[first:end].argmin(), first + values[first:end].argmax(), end - 1)
        for first, end in pairwise(bounds)
    ]
    return np.unique(kept)
