"""Seasonal indices as they were known at each step: classical decomposition, aged and shrunk.

A test would switch the season on or off; shrinkage takes as much of it as the history supports.
"""

import numpy as np

from stages.common.arrays import Floats, Floats32, Ints

AGEING = 0.7  # weight of a season against the one after it
NOISE = 2.0  # the F statistic up to which a pattern is taken for chance: 1 is what chance gives on average


def seasonal_indices_at(values: Floats, season: int, rows: Ints, steps: Ints) -> tuple[Floats32, Floats32, Floats]:
    """Additive seasonal indices of series as they were known after some of their steps.

    values: (S, n) left-aligned; what stands after a series' end is not used
    rows, steps: (K,) series, and after how many of its steps

    Returns the indices (K, season) by step after the K steps, how much was kept of them in shrinkage (K,) from 0 to
    1, and values less the indices known at each step (S, n).

    The mean deviation of each phase from the centred moving average over one season (Hyndman and Athanasopoulos,
    Forecasting: Principles and Practice, 2021, section 3.4), each season weighted by AGEING to the power of its age,
    times max(0, 1 - NOISE / F), the positive part of James and Stein (1961), with F the statistic of the analysis of
    variance over the phases.
    """
    count, length = values.shape
    indices = np.zeros((len(rows), season), dtype=np.float32)
    kept = np.zeros(len(rows), dtype=np.float32)
    remainder = values.copy()
    margin = season // 2
    if season == 1 or length <= 2 * margin:
        return indices, kept, remainder
    order = np.argsort(steps, kind="stable")
    wanted = np.searchsorted(steps[order], np.arange(length + 2))
    deviations = _deviations(values, season)
    ageing = AGEING ** (1 / season)
    sums, squares = np.zeros((count, season)), np.zeros(count)
    weights, weights_squared = np.zeros(season), np.zeros(season)
    shrunk, share = np.zeros((count, season)), np.zeros(count)
    for step in range(length + 1):  # `step` values are known
        seen = step - 2 * margin  # deviations known: the average is centred
        if seen > 0:
            phase = (seen - 1 + margin) % season
            deviation = deviations[:, seen - 1]
            sums, squares = sums * ageing, squares * ageing + deviation**2
            weights, weights_squared = weights * ageing, weights_squared * ageing**2
            sums[:, phase] += deviation
            weights[phase] += 1
            weights_squared[phase] += 1
            if seen >= season + max(2, season // 2):
                shrunk, share = _shrink(sums, squares, weights, weights_squared)
        at = order[wanted[step] : wanted[step + 1]]
        if len(at):
            indices[at] = np.roll(shrunk, -(step % season), axis=1)[rows[at]]
            kept[at] = share[rows[at]]
        if step > 0:
            remainder[:, step - 1] -= shrunk[:, (step - 1) % season]
    return indices, kept, remainder


def _deviations(values: Floats, season: int) -> Floats:
    """(S, n - 2 (season // 2)) values less their centred moving average over one season."""
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    margin = len(weights) // 2
    views = np.lib.stride_tricks.sliding_window_view(values, len(weights), axis=1)
    deviations: Floats = values[:, margin : values.shape[1] - margin] - views @ (weights / season)
    return deviations


def _shrink(sums: Floats, squares: Floats, weights: Floats, weights_squared: Floats) -> tuple[Floats, Floats]:
    """Shrunk indices (S, season) and the share that was kept (S,), from weighted sums of deviations by phase.

    The analysis of variance counts weighted deviations as the number of equal ones that would tell as much, the square
    of their weights' sum over the sum of their squares (Kish 1965).
    """
    season = len(weights)
    equal = weights**2 / weights_squared
    means = sums / weights
    between = (equal * means**2).sum(axis=1) / (season - 1)
    within = (squares - (weights * means**2).sum(axis=1)) / (weights * (1 - 1 / equal)).sum()
    share = np.maximum(0.0, 1 - NOISE * np.maximum(within, 1e-12) / np.maximum(between, 1e-12))
    return (means - means.mean(axis=1, keepdims=True)) * share[:, None], share
