"""The record of the experts: how well each has forecast the same series so far, known at each cut.

An expert's forecasts at earlier cuts of a series have become checkable by the values since. Their mean absolute errors
say which expert suits the series, before any network is trained: the gate starts from them.
"""

import numpy as np

from stages.common.arrays import Bools, Floats32, Ints, chunks
from stages.window.windows import Cuts, season_at

ORIGINS = 6  # of a record, a horizon apart: the latest ones
STEPS = 24  # that they forecast together, at least
PRIOR = 1.0  # horizons of errors that say nothing, which are added to those of a record
LEAST = 0.01  # the share of the median error that is added to each, so that none is infinitely better
ABSENT = 20.0  # for an expert that has no forecast: its weight is nothing
CHUNK = 8192  # cuts at once


def origins_of(targets: int) -> int:
    """How many origins a record has, of forecasts of so many steps."""
    return max(ORIGINS, -(-STEPS // targets))


def reach(targets: int) -> int:
    """Steps before a cut, at most, to the earliest origin of its record."""
    return targets * (origins_of(targets) + 1)


def record_origins(series: Ints, before: Ints, targets: int, shortest: int) -> tuple[Ints, Ints]:
    """The origins of the records of K cuts, each once: their series, and the steps before them, `shortest` at least.

    They are whole horizons after the beginning of a series. Series are numbers from 0 on: a byte for each possible
    origin of each of them is in memory.
    """
    latest = (before - 1) // targets
    number = latest[:, None] - np.arange(origins_of(targets))
    enough = number * targets >= shortest
    is_origin = np.zeros((series.max(initial=0) + 1, latest.max(initial=0) + 1), dtype=np.bool_)
    is_origin[np.repeat(series, enough.sum(axis=1)), number[enough]] = True
    of, numbers = np.nonzero(is_origin)
    return of, numbers * targets


def log_record(cuts: Cuts, origins: Cuts, values: Floats32, lengths: Ints, seasons: list[int]) -> Floats32:
    """(K, E) logarithm of each expert's mean absolute error at the origins of a cut's record, over that of all experts.

    Of the errors known at the cut, in normalised units; shrunk towards 0 where they are few. ABSENT for an expert that
    has no forecast at the cut.

    origins: those of `record_origins`, with their experts
    values: (V,) normalised histories of `lengths` (S,)
    """
    missing = np.asarray(np.isnan(cuts.experts).any(axis=2))
    mean, horizons = _mean_errors(cuts, origins, *_errors(origins, values, lengths, seasons))
    mean = np.where(missing, np.nan, mean)
    some = ~missing.all(axis=1, keepdims=True)
    middle = np.nanmedian(np.where(some, mean, 1.0), axis=1, keepdims=True)
    log = np.log(mean + LEAST * middle + np.finfo(np.float32).tiny)
    relative = log - np.nanmean(np.where(some, log, 0.0), axis=1, keepdims=True)
    shrunk = relative * (horizons / (horizons + PRIOR))[:, None]
    record: Floats32 = np.where(missing, ABSENT, shrunk).astype(np.float32)
    return record


def _errors(origins: Cuts, values: Floats32, lengths: Ints, seasons: list[int]) -> tuple[Floats32, Bools]:
    """Absolute errors (R, E, targets) of the experts at R origins, and which are known (R, targets).

    An expert without a forecast has the largest error of all.
    """
    ahead = np.arange(origins.experts.shape[2])
    inside = ahead < (lengths[origins.series] - origins.before)[:, None]
    actual = np.where(inside, values[np.minimum(origins.position[:, None] + ahead, len(values) - 1)], np.nan)
    known = ~np.isnan(actual)
    deviation = (actual - season_at(origins.season, seasons, ahead) - origins.level[:, None])[:, None]
    errors = np.abs(deviation - origins.experts * origins.scale[:, None, None])
    largest = np.fmax.reduce(errors, axis=1, keepdims=True, initial=0)
    errors = np.where(np.isnan(errors), largest, errors)
    return np.where(known[:, None], errors, 0).astype(np.float32), known


def _mean_errors(cuts: Cuts, origins: Cuts, errors: Floats32, known: Bools) -> tuple[Floats32, Floats32]:
    """The mean (K, E) of the errors at the origins of each cut's record, and how many horizons of them there are (K,).

    Of each origin so many steps ahead as lie before the cut.
    """
    targets = known.shape[1]
    mean = np.zeros((len(cuts), errors.shape[1]), dtype=np.float32)
    horizons = np.zeros(len(cuts), dtype=np.float32)
    total, count = np.cumsum(errors, axis=2), np.cumsum(known, axis=1)
    width = int(cuts.before.max(initial=0)) // targets + 1
    keys = origins.series * width + origins.before // targets
    for chunk in chunks(len(cuts) if len(keys) else 0, CHUNK):
        before = cuts.before[chunk, None]
        number = (before - 1) // targets - np.arange(origins_of(targets))
        wanted = cuts.series[chunk, None] * width + number
        row = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        exists = (keys[row] == wanted) & (number >= 0)
        last = np.clip(before - number * targets, 1, targets) - 1
        counted = np.where(exists, count[row, last], 0).sum(axis=1)
        summed = np.where(exists[..., None], total[row, :, last], 0).sum(axis=1)
        mean[chunk] = summed / np.maximum(counted, 1)[:, None]
        horizons[chunk] = counted / targets
    return mean, horizons
