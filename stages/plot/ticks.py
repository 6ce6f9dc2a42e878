"""Ticks of an axis of time: at steps of the data where a year, a month, a day or an hour begins, as many as fit."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from stages.common.arrays import Floats, Ints
from stages.plot.style import TICK_POINTS, text_width

GAP = 0.15  # inches between two labels
MOST_TICKS = 30  # on an axis of any width
MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
MONDAY = 3 * DAY  # the second of 1970 less which weeks begin on Mondays

Label = tuple[str, str]  # two lines, the second for what is the same at most of the ticks


@dataclass(frozen=True)
class Unit:
    """A length of time, or of integer steps, at whose beginnings there are ticks.

    periods: the number of the unit that holds each step
    label: of one step
    """

    periods: Callable[[pd.Series], Ints]
    label: Callable[[pd.Timestamp], Label]


def choose_ticks(steps: pd.Series, places: Floats, inches: float) -> tuple[Ints, list[str]]:
    """The rows of `steps` (N,), in rising order, that have ticks, and their labels: as many as fit without overlapping.

    A tick stands at the first step of a unit, and so at a month's own value even where it is the value of its end.

    places: (N,) of the steps on the axis, which is `inches` long from the first to the last
    """
    units = DATES if pd.api.types.is_datetime64_any_dtype(steps) else WHOLE
    scaled = (places - places[0]) * inches / max(places[-1] - places[0], 1e-300)
    best: tuple[Ints, list[str]] = np.zeros(0, dtype=np.int64), []
    for unit in units:
        rows = _first_rows(unit.periods(_with_one_before(steps)))
        if len(best[0]) < len(rows) <= MOST_TICKS:
            labels = _without_repeats([unit.label(step) for step in steps.iloc[rows]])
            if all(_fit(line, scaled[rows]) for line in zip(*labels, strict=True)):
                best = rows, _in_lines(labels)
    return best


def _first_rows(periods: Ints) -> Ints:
    """The rows whose period is not that of the row before; row 0 is the second of `periods`."""
    return np.flatnonzero(periods[1:] != periods[:-1])


def _with_one_before(steps: pd.Series) -> pd.Series:
    """The steps after one more, which tells whether the first begins a unit: as far away as two steps at most are."""
    if not pd.api.types.is_datetime64_any_dtype(steps):
        return pd.concat([steps.iloc[:1] - 1, steps], ignore_index=True)
    wall = steps.dt.tz_localize(None).astype("datetime64[ns]")
    farthest = wall.diff().max() if len(wall) > 1 else pd.Timedelta(days=1)
    before = max(wall.iloc[0].value - farthest.value, pd.Timestamp.min.value)
    return pd.concat([pd.Series([pd.Timestamp(before)]), wall], ignore_index=True)


def _without_repeats(labels: list[Label]) -> list[Label]:
    """The labels, with a second line only where it is not that of the label before."""
    seconds = [None, *(second for _, second in labels)]
    return [
        (first, "" if second == before else second) for (first, second), before in zip(labels, seconds, strict=False)
    ]


def _in_lines(labels: list[Label]) -> list[str]:
    """Labels of as many lines each, so that the first lines are at one height."""
    if not any(second for _, second in labels):
        return [first for first, _ in labels]
    return [f"{first}\n{second or ' '}" for first, second in labels]


def _fit(line: tuple[str, ...], places: Floats) -> bool:
    """Whether the texts of one line, centred at their places in inches, do not overlap; empty ones take no room."""
    texts = [(place, text_width(text, TICK_POINTS)) for place, text in zip(places, line, strict=True) if text]
    return all(after - before >= (left + right) / 2 + GAP for (before, left), (after, right) in pairwise(texts))


def _months(count: int, label: Callable[[pd.Timestamp], Label]) -> Unit:
    return Unit(lambda steps: np.asarray((steps.dt.year * 12 + steps.dt.month - 1) // count), label)


def _seconds(count: int, label: Callable[[pd.Timestamp], Label]) -> Unit:
    return Unit(lambda steps: (steps.to_numpy().astype("datetime64[s]").astype(np.int64) + MONDAY) // count, label)


def _whole(count: int) -> Unit:
    return Unit(lambda steps: np.asarray(steps // count), lambda step: (str(step), ""))


def _year(step: pd.Timestamp) -> Label:
    return f"{step.year}", ""


def _month(step: pd.Timestamp) -> Label:
    return f"{step:%b}", f"{step.year}"


def _day(step: pd.Timestamp) -> Label:
    return f"{step.day} {step:%b}", f"{step.year}"


def _minute(step: pd.Timestamp) -> Label:
    return f"{step:%H:%M}", f"{step.day} {step:%b} {step.year}"


def _second(step: pd.Timestamp) -> Label:
    return f"{step:%H:%M:%S}", f"{step.day} {step:%b} {step.year}"


# The coarsest first: a finer one is only better if it has more ticks.
DATES = [
    *(_months(12 * years, _year) for years in (200, 100, 50, 20, 10, 5, 2, 1)),
    *(_months(months, _month) for months in (6, 3, 1)),
    *(_seconds(days * DAY, _day) for days in (14, 7, 2, 1)),
    *(_seconds(hours * HOUR, _minute) for hours in (12, 6, 3, 1)),
    *(_seconds(minutes * MINUTE, _minute) for minutes in (30, 15, 5, 1)),
    *(_seconds(seconds, _second) for seconds in (30, 15, 5, 1)),
]
WHOLE = [_whole(digit * 10**power) for power in range(18, -1, -1) for digit in (5, 2, 1)]
