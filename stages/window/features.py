"""What is known at a cut without learning: season, level, scale, forecasts in closed form, and features of them.

Everything at a cut is made from what stands before it.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from stages.panel.ragged import blocks, starts
from stages.window.params import Base, Window
from stages.window.seasonality import seasonal_indices_at
from stages.window.smoothing import Smoothed, smooth
from stages.window.windows import Cuts, Floats32, Ints, level_sizes, season_of

Bools = npt.NDArray[np.bool_]

CHUNK = 4096  # cuts at once
LEAST_SCALE = 1e-3  # of a constant history, in units of the series' size
CYCLES = [1, 2]  # whose mean is a seasonal pattern


def know(
    values: Floats32, lengths: Ints, seasons: list[int], series: Ints, before: Ints, targets: int, window: Window
) -> Cuts:
    """What is known at the cuts after `before` (K,) values of `series` (K,).

    values: (V,) normalised histories of `lengths` (S,), one after another
    seasons: lengths of the seasons that are in the values
    """
    position = starts(lengths)[series] + before
    count = len(position)
    empty = Cuts(
        position=position,
        series=series,
        before=before,
        after=np.minimum(lengths[series] - before, targets),
        season=np.zeros((count, sum(seasons)), dtype=np.float32),
        levels=np.zeros((count, 1), dtype=np.float32),
        scale=np.ones(count, dtype=np.float32),
        bases=np.zeros((count, 0, targets), dtype=np.float32),
        features=np.zeros((count, 0), dtype=np.float32),
    )
    season, kept = _seasons(values, lengths, seasons, series, before)
    cuts = replace(empty, season=season)
    if not count or not len(values):
        return replace(cuts, levels=np.zeros((count, len(level_sizes(window))), dtype=np.float32))
    if window.local == "smoothing":
        chunks = [slice(first, first + CHUNK) for first in range(0, count, CHUNK)]
        parts = [_smoothed(values, seasons, cuts.part(chunk), kept[chunk], targets, window.bases) for chunk in chunks]
        names = ("levels", "scale", "bases", "features")
        return replace(cuts, **{name: np.concatenate([part[name] for part in parts]) for name in names})
    return replace(cuts, levels=np.stack([_mean(values, seasons, cuts, n) for n in level_sizes(window)], axis=1))


def _seasons(
    values: Floats32, lengths: Ints, seasons: list[int], series: Ints, before: Ints
) -> tuple[Floats32, Floats32]:
    """Seasonal indices (K, P) of every season and how much was kept of them in shrinkage (K, seasons)."""
    indices = np.zeros((len(series), sum(seasons)), dtype=np.float32)
    kept = np.zeros((len(series), len(seasons)), dtype=np.float32)
    order = np.argsort(series, kind="stable")
    first = starts(lengths)
    for block in blocks(lengths) if seasons else ():
        own = order[np.searchsorted(series[order], block.start) : np.searchsorted(series[order], block.stop)]
        length = lengths[block]
        inside = np.arange(length.max(initial=0)) < length[:, None]
        matrix = np.zeros(inside.shape)
        matrix[inside] = values[first[block.start] : first[block.start] + length.sum()]
        start = 0
        for number, season in enumerate(seasons):
            at = (series[own] - block.start, before[own])
            indices[own, start : start + season], kept[own, number], matrix = seasonal_indices_at(matrix, season, *at)
            start += season
    return indices, kept


def _gather(values: Floats32, cuts: Cuts, steps: int) -> tuple[Floats32, Bools]:
    """The last `steps` values before each cut (K, steps), 0 before the series begins, and which are known."""
    offsets = np.arange(-steps, 0)
    known = offsets >= -cuts.before[:, None]
    return np.where(known, values[np.maximum(cuts.position[:, None] + offsets, 0)], np.float32(0)), known


def _mean(values: Floats32, seasons: list[int], cuts: Cuts, size: int) -> Floats32:
    """(K,) the mean of the last `size` values, their season taken off; 0 for none."""
    if not size:
        return np.zeros(len(cuts), dtype=np.float32)
    last, known = _gather(values, cuts, size)
    last = np.where(known, last - season_of(cuts.season, seasons, np.arange(-size, 0)), 0)
    means: Floats32 = (last.sum(axis=1) / np.maximum(known.sum(axis=1), 1)).astype(np.float32)
    return means


def _smoothed(
    values: Floats32, seasons: list[int], cuts: Cuts, kept: Floats32, targets: int, names: list[Base]
) -> dict[str, Floats32]:
    """Level, scale, bases and features by exponential smoothing of the last five seasons or 36 values."""
    season = seasons[0] if seasons else 1
    longest = int(cuts.before.max())
    steps = max(min(max(5 * season, 36), longest), 1)
    scale = local_scale(values, cuts, season, max([6 * season, *seasons]))
    reference = _mean(values, seasons, cuts, max(season, 4))
    raw, known = _gather(values, cuts, steps)
    history = (raw - season_of(cuts.season, seasons, np.arange(-steps, 0)) - reference[:, None]) / scale[:, None]
    history = np.where(known, history, 0).astype(np.float32)
    smoothed = smooth(history, np.maximum(known.sum(axis=1), 1), targets)
    level, levels = smoothed.level[:, None], reference + smoothed.level * scale
    forecasts = {
        "ses": [np.zeros((len(cuts), targets), dtype=np.float32)],
        "theta": [smoothed.theta - level],
        "holt": [smoothed.holt - level],
        "patterns": [
            _pattern(values, seasons, cuts, length, cycles, targets, reference + smoothed.level * scale)
            / scale[:, None]
            for length in seasons
            for cycles in CYCLES
        ],
        "growth": [_growth(values, seasons, cuts, length, targets, levels) / scale[:, None] for length in seasons],
    }
    bases = [base for name in names for base in forecasts[name]]
    stacked = np.stack(bases, axis=1) if bases else np.zeros((len(cuts), 0, targets))
    return {
        "levels": levels[:, None].astype(np.float32),
        "scale": scale,
        "bases": stacked.astype(np.float32),
        "features": _features(history[:, -1], smoothed, scale, kept, known.sum(axis=1)),
    }


def local_scale(values: Floats32, cuts: Cuts, season: int, steps: int) -> Floats32:
    """(K,) mean absolute change over a season in the last `steps` values before each cut; where there is none, over
    one step. At least LEAST_SCALE.

    MASE's denominator (Hyndman and Koehler 2006), local and where the model works.
    """
    steps = min(steps + season, int(cuts.before.max(initial=0)))
    raw, known = _gather(values, cuts, steps)
    scale = np.zeros(len(cuts))
    for lag in (1, season):
        pairs = known[:, lag:] & known[:, :-lag]
        change = np.where(pairs, np.abs(raw[:, lag:] - raw[:, :-lag]), 0).sum(axis=1, dtype=np.float64)
        count = pairs.sum(axis=1)
        scale = np.where(count > 0, change / np.maximum(count, 1), scale)
    return np.maximum(scale, LEAST_SCALE).astype(np.float32)


def _pattern(
    values: Floats32, seasons: list[int], cuts: Cuts, length: int, cycles: int, targets: int, level: Floats32
) -> Floats32:
    """(K, targets) the mean pattern of the last `cycles` seasons of `length`, on the level of the last short season.

    As a base; 0 (the level) where so many seasons are not known.
    """
    season, steps = seasons[0], cycles * length
    raw, _ = _gather(values, cuts, steps)
    by_cycle = raw.reshape(len(cuts), cycles, length)
    pattern = (by_cycle - by_cycle.mean(axis=2, keepdims=True)).mean(axis=1)
    pattern = pattern - pattern[:, -season:].mean(axis=1, keepdims=True) + raw[:, -season:].mean(axis=1, keepdims=True)
    return _as_base(pattern[:, np.arange(targets) % length], cuts, seasons, level, steps)


def _growth(values: Floats32, seasons: list[int], cuts: Cuts, length: int, targets: int, level: Floats32) -> Floats32:
    """(K, targets) the last season of `length` again, grown each season by its mean growth since the one before.

    As a base; 0 (the level) where two seasons are not known.
    """
    raw, _ = _gather(values, cuts, 2 * length)
    growth = (raw[:, length:] - raw[:, :length]).mean(axis=1, keepdims=True)
    ahead = np.arange(targets)
    repeated = raw[:, length + ahead % length] + growth * (1 + ahead // length)
    return _as_base(repeated, cuts, seasons, level, 2 * length)


def _as_base(values: Floats32, cuts: Cuts, seasons: list[int], level: Floats32, least: int) -> Floats32:
    """(K, targets) forecast values less the seasonal indices and the level; 0 where `least` values are not known."""
    base = values - season_of(cuts.season, seasons, np.arange(values.shape[1])) - level[:, None]
    return np.where((cuts.before >= least)[:, None], base, 0).astype(np.float32)


def _features(last: Floats32, smoothed: Smoothed, scale: Floats32, kept: Floats32, length: Ints) -> Floats32:
    """(K, F) numbers around 0, in units of scale where they are distances."""
    columns = [
        last - smoothed.level,
        smoothed.theta[:, -1] - smoothed.level,
        smoothed.holt[:, -1] - smoothed.level,
        np.log(smoothed.rmse + 0.01),
        np.log(scale) + 2.5,
        smoothed.alpha - 0.5,
        np.log(np.maximum(length, 1) / 20),
        *kept.T,
    ]
    features: Floats32 = np.clip(np.stack(columns, axis=1), -4, 4).astype(np.float32)
    return features
