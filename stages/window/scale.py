"""The scale of a window: the mean absolute seasonal change before its cut."""

import numpy as np

from stages.common.arrays import Floats, Floats32
from stages.window.experts import last_values
from stages.window.windows import Cuts

SCALE_OF_CONSTANT = 1e-3  # in normalised units, of a history without any change
LEAST_SHARE = 0.01  # of the mean change of a longer history that a scale is at least
LONGER = 10  # times as long


def local_scale(values: Floats32, cuts: Cuts, season: int, steps: int) -> Floats32:
    """(K,) mean absolute change over a season in the last `steps` values before each cut.

    Over one step where the history is no longer than a season. MASE's denominator (Hyndman and Koehler 2006), local
    and in normalised units. A change that is missing counts as the mean of those known in a history that is LONGER, of
    which the scale is LEAST_SHARE at least. Where none of these is known, or all are 0, the mean change from a value to
    the next one that is known, over gaps; SCALE_OF_CONSTANT where there is no change.
    """
    steps = min(steps + season, int(cuts.before.max(initial=0)))
    history, known = last_values(values, cuts, steps)
    scale = np.zeros(len(cuts))
    for lag in (1, season):
        pairs = known[:, lag:] & known[:, :-lag]
        change = np.where(pairs, np.abs(history[:, lag:] - history[:, :-lag]), 0).sum(axis=1, dtype=np.float64)
        overall = _mean_change(values, cuts, lag, LONGER * steps)
        missing = np.clip(np.minimum(cuts.before, steps) - lag, 0, None) - pairs.sum(axis=1)
        missing = np.where(np.isnan(overall), 0, missing)
        change, count = change + missing * np.nan_to_num(overall), pairs.sum(axis=1) + missing
        local = np.maximum(change / np.maximum(count, 1), LEAST_SHARE * np.nan_to_num(overall))
        scale = np.where(count > 0, local, scale)
    without = np.flatnonzero(scale == 0)
    if len(without):
        scale[without] = _mean_change_over_gaps(values, cuts.take(without), LONGER * steps)
    return np.where(scale > 0, scale, SCALE_OF_CONSTANT).astype(np.float32)


def _mean_change_over_gaps(values: Floats32, cuts: Cuts, steps: int) -> Floats:
    """(K,) mean absolute change from a known value to the next one, in the last `steps` before each cut.

    0 where nothing is missing there, and where fewer than two values are known.
    """
    known = np.flatnonzero(~np.isnan(values))
    totals = np.concatenate([[0, 0], np.cumsum(np.abs(np.diff(values[known])), dtype=np.float64)])
    own = np.minimum(cuts.before, steps)
    first, end = np.searchsorted(known, cuts.position - own), np.searchsorted(known, cuts.position)
    count = end - first
    total = np.where(count > 1, totals[end] - totals[np.minimum(first + 1, end)], 0)
    mean: Floats = np.where(count < own, total / np.maximum(count - 1, 1), 0)
    return mean


def _mean_change(values: Floats32, cuts: Cuts, lag: int, steps: int) -> Floats:
    """(K,) mean absolute change over `lag` steps in the last `steps` before each cut; NaN where none is known."""
    first = cuts.position - np.minimum(cuts.before, steps)
    end = np.maximum(cuts.position - lag, first)
    begin = int(first.min(initial=len(values)))
    near = values[begin : int(cuts.position.max(initial=0))]
    changes = np.abs(near[lag:] - near[:-lag])
    known = ~np.isnan(changes)
    totals, counts = (
        np.concatenate([[0], np.cumsum(each, dtype=np.float64)]) for each in (np.where(known, changes, 0), known)
    )
    end, first = (np.minimum(each - begin, len(changes)) for each in (end, first))
    count = counts[end] - counts[first]
    return np.where(count > 0, (totals[end] - totals[first]) / np.maximum(count, 1), np.nan)
