"""Covariates at cuts: completed where they are missing, those ahead of each cut, and what a series can learn from."""

from dataclasses import replace

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints
from stages.normalize.covariates import ScaledCovariates
from stages.panel.ragged import starts
from stages.window.regression import Series

RECENT = 8  # steps that the recent mean of a covariate is taken over, at least
LARGEST = 4.0  # to which those ahead are clipped


def span_of(seasons: list[int]) -> int:
    """Steps that a recent mean is taken over."""
    return max([RECENT, *seasons])


def completed(covariates: ScaledCovariates, lengths: Ints, span: int) -> ScaledCovariates:
    """The same, with the mean of the last known values before it, of `span` steps, for each that is missing.

    0, which is the mean of the history, where none is known before.
    """
    future = _completed(covariates.future, lengths + covariates.ahead, span)
    return replace(covariates, future=future, past=_completed(covariates.past, lengths, span))


def _completed(values: Floats, lengths: Ints, span: int) -> Floats:
    """Rows (V, k) of series of `lengths` (S,), without a missing value."""
    if not np.isnan(values).any():
        return values
    first = np.repeat(starts(lengths), lengths)
    place = np.arange(len(values))
    found = np.empty_like(values)
    for column, own in enumerate(values.T):
        known = ~np.isnan(own)
        sums, counts = (np.concatenate([[0.0], np.cumsum(each)]) for each in (np.where(known, own, 0), known))
        latest = np.maximum.accumulate(np.where(known, place, -1))  # the last known one, perhaps of a series before
        end = np.where(latest >= first, latest + 1, first)
        begin = np.maximum(end - span, first)
        count = counts[end] - counts[begin]
        mean = np.where(count > 0, (sums[end] - sums[begin]) / np.maximum(count, 1), 0)
        found[:, column] = np.where(known, own, mean)
    return found


def ahead_of(
    covariates: ScaledCovariates, lengths: Ints, series: Ints, before: Ints, targets: int, span: int
) -> Floats32:
    """(K, F, targets) completed covariates known ahead of K cuts, less their mean over the `span` steps before.

    0 after the rows that there are.
    """
    rows = lengths + covariates.ahead
    steps = before[:, None] + np.arange(targets)
    exists = steps < rows[series][:, None]
    place = starts(rows)[series] + before
    count = np.minimum(before, span)
    relative = np.zeros((len(series), covariates.columns[0], targets), dtype=np.float32)
    for column, values in enumerate(covariates.future.T if len(series) else []):
        sums = np.concatenate([[0.0], np.cumsum(values)])
        recent = (sums[place] - sums[place - count]) / np.maximum(count, 1)
        ahead = np.append(values, 0.0)[np.where(exists, place[:, None] + np.arange(targets), -1)]
        relative[:, column] = np.where(exists, ahead - recent[:, None], 0)
    return np.clip(relative, -LARGEST, LARGEST)


def series_with(
    values: Floats | Floats32, covariates: ScaledCovariates, first: int, first_ahead: int, seasons: list[int]
) -> Series:
    """One series, with those completed covariates that change in its history: a category may appear only later.

    first, first_ahead: its first row in the covariates of the past, and in those known ahead
    """
    length = len(values)
    return Series(
        values=values.astype(np.float64),
        future=_changing(covariates.future[first_ahead : first_ahead + length + covariates.ahead], length),
        past=_changing(covariates.past[first : first + length], length),
        seasons=seasons,
    )


def _changing(covariates: Floats, length: int) -> Floats:
    """The columns (rows, k) that are not constant in the first `length` steps, of which the mean is 0."""
    return covariates[:, covariates[:length].any(axis=0)]


def too_short(values: Floats, lengths: Ints, covariates: ScaledCovariates, seasons: list[int]) -> Bools:
    """(S,) the series that have too few values for a regression on the covariates that change with time."""
    covariates = completed(covariates, lengths, span_of(seasons))
    first, first_ahead = starts(lengths), starts(lengths + covariates.ahead)
    parts = zip(np.split(values, first[1:]), first, first_ahead, strict=True)
    return np.array([not series_with(own, covariates, row, ahead, seasons).enough for own, row, ahead in parts])
