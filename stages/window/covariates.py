"""Covariates at cuts: completed where they are missing, those ahead of each cut, and what a series can learn from."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints, chunks
from stages.normalize.covariates import ScaledCovariates
from stages.panel.ragged import blocks, left_aligned, starts
from stages.window.regression import Aligned

RECENT = 8  # steps that the recent mean of a covariate is taken over, at least
LARGEST = 4.0  # to which features and covariates that a network reads are clipped
REGRESSORS = 6  # about so many of a covariate, and of the values
IN_CACHE = 4  # times smaller blocks than memory needs, which a processor's cache holds
SUMS = 2**23  # sums of products in memory at once: 64 MiB


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


def past_steps(covariates: ScaledCovariates) -> Floats32:
    """(V, P) completed past covariates, as a network reads them."""
    return np.clip(covariates.past, -LARGEST, LARGEST).astype(np.float32)


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
    relative = np.zeros((len(series), covariates.counts.future, targets), dtype=np.float32)
    for column, values in enumerate(covariates.future.T if len(series) else []):
        sums = np.concatenate([[0.0], np.cumsum(values)])
        recent = (sums[place] - sums[place - count]) / np.maximum(count, 1)
        ahead = np.append(values, 0.0)[np.where(exists, place[:, None] + np.arange(targets), -1)]
        relative[:, column] = np.where(exists, ahead - recent[:, None], 0)
    return np.clip(relative, -LARGEST, LARGEST)


def regressed_together(lengths: Ints, covariates: ScaledCovariates | None, seasons: list[int]) -> Iterator[slice]:
    """Runs of series of `lengths` (S,) whose regressors, and the sums of their products, are of bounded size."""
    regressors = REGRESSORS * (1 + (covariates.counts.of_time if covariates else 0))
    most = max(SUMS // ((seasons[0] if seasons else 1) * regressors**2), 1)
    for block in blocks(lengths, IN_CACHE * regressors):
        for few in chunks(block.stop - block.start, most):
            yield slice(block.start + few.start, block.start + few.stop)


def aligned(
    values: Floats | Floats32, lengths: Ints, covariates: ScaledCovariates | None, chosen: slice, seasons: list[int]
) -> Aligned:
    """Some series side by side, with their completed covariates; 0 for one that does not change in a history.

    values: (V,) of all series of `lengths` (S,), one after another
    """
    own = lengths[chosen]

    def changing(rows: Floats, ahead: int) -> Floats:
        found = left_aligned(rows, lengths + ahead, chosen)
        inside = (np.arange(found.shape[1]) < own[:, None])[..., None]
        changes = np.where(inside, found, 0).any(axis=1, keepdims=True)
        return np.where(changes, found, 0)

    none = np.zeros((len(values), 0))
    return Aligned(
        values=left_aligned(values, lengths, chosen),
        future=changing(covariates.future, covariates.ahead) if covariates else left_aligned(none, lengths, chosen),
        past=changing(covariates.past, 0) if covariates else left_aligned(none, lengths, chosen),
        lengths=own,
        seasons=seasons,
    )


def too_short(values: Floats, lengths: Ints, covariates: ScaledCovariates, seasons: list[int]) -> Bools:
    """(S,) the series that have too few values for a regression on the covariates that change with time."""
    covariates = completed(covariates, lengths, span_of(seasons))
    parts = regressed_together(lengths, covariates, seasons)
    return ~np.concatenate([aligned(values, lengths, covariates, part, seasons).enough for part in parts])
