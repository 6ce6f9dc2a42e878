"""Doubt numbers that may stand for missing values, such as -999: far from all other values of their series."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import counted, quoted, warn
from stages.panel.panel import Panel

# 99, 99.9, 99.99, 999, ...
NINES = np.array([10.0**digits - last for digits in range(2, 13) for last in (1, 0.1, 0.01)])
LIMITS = [2.0**bits - less for bits in (15, 16, 31, 32) for less in (0, 1)]  # of whole numbers in computers
FILLS = [1e20, 1e30, 9.969209968386869e36]  # of missing values in files of climate data
LARGE = 100.0  # from which on nines are doubted also where they are not the only negative number
FAR = 2.0  # times as far from all other values as these lie apart: a negative number that is no such code
TIMES = 3  # that it occurs in a series, at least
OTHERS = 10  # values of a series besides, at least
MOST_NAMED = 3  # numbers of a column: those of most series


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


def warn_of_stand_ins(panel: Panel, none: Sequence[str | float], source: str) -> None:
    """Warn of such numbers among the values, and in each covariate that changes with time.

    none: what means a missing value already
    """
    found = [(what, each) for what, values, indptr in _columns(panel) for each in stand_ins(values, indptr)]
    numbers = dict.fromkeys(_as_written(each.value) for _, each in found)
    listed = ", ".join([*(json.dumps(each, ensure_ascii=False) for each in none), *numbers])
    for what, each in found:
        number, first = _as_written(each.value), quoted(panel.ids[each.series[0]])
        times, series = counted(len(each.rows), "time"), counted(len(each.series), "series", "series")
        warn(
            f"{source}: {number} occurs {times} in {what}{series}, {first} the first, where all other values are "
            f"{each.smallest:.6g} to {each.largest:.6g}; if it means a missing value, set ingest.none to [{listed}]"
        )


def stand_ins(values: Floats, indptr: Ints) -> Iterator[StandIn]:
    """Numbers that are the smallest or the largest of their series, and of a kind that often means a missing value.

    They are nines, limits of whole numbers and values for missing ones, if they lie further from all others than these
    lie apart; and negative numbers where no other value is negative: nines, and others that occur TIMES and are FAR.

    values: (N,) of series one after another, NaN where one is missing
    indptr: (S + 1,) the first row of each series, and N
    """
    filled = np.flatnonzero(np.diff(indptr))
    found: list[tuple[Ints, Floats]] = []
    for sign in (1.0, -1.0):  # the smallest value of each series, and the largest
        lowest, times, nearest, farthest, others = _extremes(sign * values, indptr[filled])
        number, least = sign * lowest, np.minimum(sign * nearest, sign * farthest)
        distance, apart = nearest - lowest, farthest - nearest
        is_nines = _is_one_of(number, NINES)
        is_code = _is_one_of(number, [*NINES[NINES >= LARGE], *LIMITS, *FILLS]) & (distance > apart) & (apart > 0)
        alone = (number < 0) & (least >= 0) & (is_nines | ((times >= TIMES) & (distance > FAR * apart) & (apart > 0)))
        chosen = (is_code | alone) & (others >= OTHERS)
        found.append((filled[chosen], number[chosen]))
    series, numbers = (np.concatenate(each) for each in zip(*found, strict=True))
    distinct, counts = np.unique(numbers, return_counts=True)
    for number in distinct[np.argsort(-counts, kind="stable")][:MOST_NAMED]:
        own = np.sort(series[numbers == number])
        rows = np.flatnonzero(values == number)
        rows = rows[np.isin(np.searchsorted(indptr, rows, side="right") - 1, own)]
        first = values[indptr[own[0]] : indptr[own[0] + 1]]
        others = first[first != number]
        yield StandIn(float(number), rows, own, float(np.nanmin(others)), float(np.nanmax(others)))


def _is_one_of(values: Floats, codes: Sequence[float] | Floats) -> Bools:
    """(S,) whether the absolute values (S,) are among `codes`, in the precision of float32, as files may have them."""
    with np.errstate(over="ignore"):
        found: Bools = np.isin(np.abs(values).astype(np.float32), np.asarray(codes, dtype=np.float32))
    return found


def _as_written(value: float) -> str:
    """A number as `ingest.none` takes it: all its digits."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)


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
