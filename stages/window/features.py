"""Features at each cut, from the values before it alone: seasonal indices, level, scale, experts."""

from dataclasses import replace

import numpy as np

from stages.common.arrays import Floats, Floats32, Ints, chunks
from stages.panel.ragged import blocks, starts
from stages.window.experts import EXPERTS, Context, last_values
from stages.window.params import Window
from stages.window.seasonality import seasonal_indices_at
from stages.window.smoothing import Smoothed, smooth
from stages.window.windows import Cuts, season_at

CHUNK = 4096  # cuts computed at once
SMALLEST_SCALE = 1e-3  # of a constant history, in normalised units


def compute_cuts(
    values: Floats32, lengths: Ints, seasons: list[int], series: Ints, before: Ints, targets: int, window: Window
) -> Cuts:
    """The cuts after `before` (K,) values of `series` (K,), with their features.

    values: (V,) normalised histories of `lengths` (S,), one after another, NaN where a value is missing
    seasons: lengths of the seasons in the values
    """
    position = starts(lengths)[series] + before
    count = len(position)
    season, strength = _seasonal_indices(values, lengths, seasons, series, before)
    cuts = Cuts(
        position=position,
        series=series,
        before=before,
        after=np.minimum(lengths[series] - before, targets),
        season=season,
        level=np.zeros(count, dtype=np.float32),
        scale=np.ones(count, dtype=np.float32),
        experts=np.zeros((count, 0, targets), dtype=np.float32),
        features=np.zeros((count, 0), dtype=np.float32),
    )
    if window.local_scaling == "none" or not count or not len(values):
        return cuts
    parts = [
        _with_features(values, seasons, cuts.take(chunk), strength[chunk], targets, window.experts)
        for chunk in chunks(count, CHUNK)
    ]
    return Cuts.concat(parts)


def local_scale(values: Floats32, cuts: Cuts, season: int, steps: int) -> Floats32:
    """(K,) mean absolute change over a season in the last `steps` values before each cut, at least SMALLEST_SCALE.

    Over one step where the history is no longer than a season. MASE's denominator (Hyndman and Koehler 2006), local
    and in normalised units. A change that is missing counts as the mean of all known ones before the cut.
    """
    steps = min(steps + season, int(cuts.before.max(initial=0)))
    history, known = last_values(values, cuts, steps)
    gaps = bool(np.isnan(values).any())
    scale = np.zeros(len(cuts))
    for lag in (1, season):
        pairs = known[:, lag:] & known[:, :-lag]
        change = np.where(pairs, np.abs(history[:, lag:] - history[:, :-lag]), 0).sum(axis=1, dtype=np.float64)
        count = pairs.sum(axis=1)
        if gaps:
            overall = _mean_change(values, cuts, lag)
            missing = np.where(np.isnan(overall), 0, np.clip(np.minimum(cuts.before, steps) - lag, 0, None) - count)
            change, count = change + missing * np.nan_to_num(overall), count + missing
        scale = np.where(count > 0, change / np.maximum(count, 1), scale)
    return np.maximum(scale, SMALLEST_SCALE).astype(np.float32)


def _mean_change(values: Floats32, cuts: Cuts, lag: int) -> Floats:
    """(K,) mean absolute change over `lag` steps in all values of the series before each cut; NaN without a change."""
    changes = np.abs(values[lag:] - values[:-lag])
    known = ~np.isnan(changes)
    first = cuts.position - cuts.before
    end = np.maximum(cuts.position - lag, first)
    totals, counts = (
        np.concatenate([[0], np.cumsum(each, dtype=np.float64)]) for each in (np.where(known, changes, 0), known)
    )
    end, first = (np.minimum(each, len(changes)) for each in (end, first))
    count = counts[end] - counts[first]
    return np.where(count > 0, (totals[end] - totals[first]) / np.maximum(count, 1), np.nan)


def _seasonal_indices(
    values: Floats32, lengths: Ints, seasons: list[int], series: Ints, before: Ints
) -> tuple[Floats32, Floats32]:
    """Indices (K, P) of all seasons, one season after another, and the strength (K, seasons) of each."""
    indices = np.zeros((len(series), sum(seasons)), dtype=np.float32)
    strength = np.zeros((len(series), len(seasons)), dtype=np.float32)
    order = np.argsort(series, kind="stable")
    for block in blocks(lengths) if seasons else ():
        own = order[np.searchsorted(series[order], block.start) : np.searchsorted(series[order], block.stop)]
        at = (series[own] - block.start, before[own])
        matrix = _left_aligned(values, lengths, block)
        start = 0
        for number, season in enumerate(seasons):
            found = seasonal_indices_at(matrix, season, *at)
            indices[own, start : start + season], strength[own, number], matrix = found
            start += season
    return indices, strength


def _left_aligned(values: Floats32, lengths: Ints, block: slice) -> Floats:
    """(S, longest) the series of a block, 0 after each one's end."""
    first, length = starts(lengths)[block.start], lengths[block]
    exists = np.arange(length.max(initial=0)) < length[:, None]
    matrix = np.zeros(exists.shape)
    matrix[exists] = values[first : first + length.sum()]
    return matrix


def _with_features(
    values: Floats32, seasons: list[int], cuts: Cuts, strength: Floats32, targets: int, experts: list[str]
) -> Cuts:
    """The cuts with level, scale, experts and features, from smoothing the last five seasons, at least 36 values.

    strength: (K, seasons)
    """
    season = seasons[0] if seasons else 1
    steps = max(min(max(5 * season, 36), int(cuts.before.max())), 1)
    cuts = replace(cuts, scale=local_scale(values, cuts, season, max([6 * season, *seasons])))
    history, known = last_values(values, cuts, steps)
    recent = _recent_mean(values, seasons, cuts, max(season, 4))
    if not known.any(axis=1).all():
        recent = np.where(known.any(axis=1), recent, _last_known(values, cuts))
    deseasonalized = history - season_at(cuts.season, seasons, np.arange(-steps, 0))
    scaled = np.where(known, (deseasonalized - recent[:, None]) / cuts.scale[:, None], np.nan).astype(np.float32)
    smoothed = smooth(scaled, targets)
    level = recent + smoothed.level * cuts.scale
    context = Context(values, seasons, cuts, level, smoothed, targets)
    forecasts = [forecast for name in experts for forecast in EXPERTS[name](context)]
    return replace(
        cuts,
        level=level.astype(np.float32),
        experts=np.stack(forecasts, axis=1).astype(np.float32) if forecasts else cuts.experts,
        features=_features(_latest(scaled), smoothed, cuts.scale, strength, known.sum(axis=1)),
    )


def _latest(scaled: Floats32) -> Floats32:
    """(K,) the last of the values (K, steps) that is known; 0 without one."""
    back = (~np.isnan(scaled[:, ::-1])).argmax(axis=1)
    latest: Floats32 = np.nan_to_num(scaled[np.arange(len(scaled)), scaled.shape[1] - 1 - back])
    return latest


def _last_known(values: Floats32, cuts: Cuts) -> Floats32:
    """(K,) the last known value of the series before each cut; 0 without one."""
    row = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))[cuts.position - 1]
    own = (row >= cuts.position - cuts.before) & (row < cuts.position)
    return np.where(own, values[row], np.float32(0))


def _recent_mean(values: Floats32, seasons: list[int], cuts: Cuts, size: int) -> Floats32:
    """(K,) the mean of the last `size` values, seasonal indices removed."""
    history, known = last_values(values, cuts, size)
    deseasonalized = np.where(known, history - season_at(cuts.season, seasons, np.arange(-size, 0)), 0)
    means: Floats32 = (deseasonalized.sum(axis=1) / np.maximum(known.sum(axis=1), 1)).astype(np.float32)
    return means


def _features(last: Floats32, smoothed: Smoothed, scale: Floats32, strength: Floats32, length: Ints) -> Floats32:
    """(K, F) the features: numbers around 0, distances in units of scale.

    last: (K,) the last known value less the recent mean, in units of scale
    strength: (K, seasons)
    length: (K,) the number of values smoothed
    """
    columns = [
        last - smoothed.level,
        smoothed.theta[:, -1] - smoothed.level,
        smoothed.holt[:, -1] - smoothed.level,
        np.log(smoothed.rmse + 0.01),
        np.log(scale) + 2.5,
        smoothed.alpha - 0.5,
        np.log(np.maximum(length, 1) / 20),
        *strength.T,
    ]
    features: Floats32 = np.clip(np.stack(columns, axis=1), -4, 4).astype(np.float32)
    return features
