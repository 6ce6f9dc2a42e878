"""Doubt numbers that may stand for missing values, such as -999: far from all other values of their series."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import counted, quoted, warn
from stages.panel.panel import Panel

NINES = [10.0**digits - last for digits in range(3, 13) for last in (1, 0.1, 0.01)]  # 999, 999.9, 999.99, 9999, ...
LIMITS = [2.0**bits - less for bits in (15, 16, 31, 32) for less in (0, 1)]  # of whole numbers in computers
TIMES = 3  # that another number occurs in a series, at least
OTHERS = 10  # values that it is far from, at least


@dataclass(frozen=True)
class StandIn:
    """A number that may stand for missing values.

    rows: (n,) where it occurs
    series: (m,) in which series
    smallest, largest: of the other values of the first of these
    """

    value: float
    rows: Ints
    series: Ints
    smallest: float
    largest: float


def warn_of_stand_ins(panel: Panel, source: str) -> None:
    """Warn of the commonest such number of the values, and of each covariate that changes with time."""
    for what, values, indptr in _columns(panel):
        most = max(stand_ins(values, indptr), key=lambda each: len(each.rows), default=None)
        if most is None:
            continue
        first, more = panel.ids[most.series[0]], len(most.series) - 1
        others = f" (with {counted(more, 'other series', 'other series')})" if more else ""
        warn(
            f"{source}: {what}series {quoted(first)}{others} has {most.value:.12g} {counted(len(most.rows), 'time')}, "
            f"far from all its other values, {most.smallest:.6g} to {most.largest:.6g}; if that means a missing value, "
            f"set ingest.none to [{most.value:.12g}]"
        )


def stand_ins(values: Floats, indptr: Ints) -> Iterator[StandIn]:
    """The numbers that lie further from all other values of their series than these lie apart.

    Of these, numbers of nines and limits of whole numbers; and negative ones that occur TIMES in a series, where no
    other value is negative.

    values: (N,) of series one after another, NaN where one is missing
    indptr: (S + 1,) the first row of each series, and N
    """
    filled = np.flatnonzero(np.diff(indptr))
    found: list[tuple[Ints, Floats]] = []
    for sign in (1.0, -1.0):  # the smallest value of each series, and the largest
        lowest, times, nearest, farthest, others = _extremes(sign * values, indptr[filled])
        number, least = sign * lowest, np.minimum(sign * nearest, sign * farthest)
        is_far = (nearest - lowest > farthest - nearest) & (farthest > nearest) & (others >= OTHERS)
        is_code = np.isin(np.abs(number), [*NINES, *LIMITS]) | ((number < 0) & (least >= 0) & (times >= TIMES))
        found.append((filled[is_far & is_code], number[is_far & is_code]))
    series, numbers = (np.concatenate(each) for each in zip(*found, strict=True))
    for number in np.unique(numbers):
        own = np.sort(series[numbers == number])
        rows = np.flatnonzero(values == number)
        rows = rows[np.isin(np.searchsorted(indptr, rows, side="right") - 1, own)]
        first = values[indptr[own[0]] : indptr[own[0] + 1]]
        others = first[first != number]
        yield StandIn(float(number), rows, own, float(np.nanmin(others)), float(np.nanmax(others)))


def _extremes(values: Floats, begins: Ints) -> tuple[Floats, Ints, Floats, Floats, Ints]:
    """(S,) of each series: the smallest value, how often it occurs, the next one, the largest, and how many others.

    begins: (S,) the first row of each series, none of which is empty
    """
    lowest = np.fmin.reduceat(values, begins)
    is_lowest = values == np.repeat(lowest, np.diff(begins, append=len(values)))
    others = np.where(is_lowest, np.nan, values)

    def count(which: Bools) -> Ints:
        counts: Ints = np.add.reduceat(which.astype(np.int64), begins)
        return counts

    nearest, farthest = (extreme.reduceat(others, begins) for extreme in (np.fmin, np.fmax))
    return lowest, count(is_lowest), nearest, farthest, count(~np.isnan(others))


def _columns(panel: Panel) -> Iterator[tuple[str, Floats, Ints]]:
    """The values, and the covariates that are numbers and change with time: whose they are, rows, and `indptr`."""
    yield "", panel.y, panel.indptr
    if (of := panel.covariates) is None:
        return
    for names, rows, indptr in ((of.future, of.future_values, of.indptr), (of.past, of.past_values, panel.indptr)):
        for name, column in zip(names, rows.T, strict=True):
            if of.declared(name) == name:  # no indicator of a category
                yield f"the covariate {quoted(name)} of ", column, indptr
