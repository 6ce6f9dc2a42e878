"""Exponential smoothing without an optimiser: every setting of a grid, weighted by its likelihood.

The likelihood for normal errors is SSE ** (-n / 2), with n the values of the history: on a long history it selects one
setting, on a short one it averages them.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from stages.common.arrays import Bools, Floats32, Ints, Rows, chunks

ALPHAS = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99], dtype=np.float32)
# alpha, beta / alpha, phi
HOLT = np.array(list(product([0.1, 0.3, 0.5, 0.7, 0.9], [0.05, 0.15, 0.4], [0.8, 0.9, 0.97])), dtype=np.float32)
CHUNK = 1024  # histories smoothed at once: few enough for the processor's cache


@dataclass(frozen=True)
class Smoothed(Rows):
    """Level, trend and forecasts of K histories, averaged over the grid of settings.

    level: (K,) by simple exponential smoothing
    alpha: (K,) the smoothing parameter of the level: the weight of the last value
    rmse: (K,) root mean square of the one-step errors of the level
    slope: (K,) of the least-squares line through the history, per step
    theta: (K, horizon) forecasts: simple exponential smoothing with half the slope as drift
    holt: (K, horizon) forecasts by Holt's linear trend, damped
    """

    level: Floats32
    alpha: Floats32
    rmse: Floats32
    slope: Floats32
    theta: Floats32
    holt: Floats32


def smooth(histories: Floats32, horizon: int) -> Smoothed:
    """Smooth histories (K, steps), NaN before each begins and where a value is missing; one without any is 0."""
    parts = [_smooth(histories[chunk], horizon) for chunk in chunks(len(histories), CHUNK)]
    return Smoothed.concat(parts)


def _smooth(histories: Floats32, horizon: int) -> Smoothed:
    known = ~np.isnan(histories)
    known[:, -1] |= ~known.any(axis=1)
    histories, lengths = np.nan_to_num(histories), known.sum(axis=1)
    levels, weights, errors = _simple(histories, known)
    level, alpha = (levels * weights).sum(axis=1), weights @ ALPHAS
    rmse = np.sqrt((errors * weights).sum(axis=1) / np.maximum(lengths - 1, 1))
    slope = _slope(histories, known)
    ahead = np.arange(1, horizon + 1)
    # Hyndman and Billah, Unmasking the Theta method, 2003, equation 9, of Assimakopoulos and Nikolopoulos 2000
    drift = ahead - 1 + ((1 - (1 - alpha) ** lengths) / alpha)[:, None]
    theta = level[:, None] + 0.5 * slope[:, None] * drift
    holt = _damped_holt(histories, known, horizon)
    return Smoothed(*(part.astype(np.float32) for part in (level, alpha, rmse, slope, theta, holt)))


def _simple(histories: Floats32, known: Bools) -> tuple[Floats32, Floats32, Floats32]:
    """Last levels, weights and sums of squared errors (K, settings) of simple exponential smoothing (Brown 1956).

    The level stays where a value is missing.
    """
    first, alpha = known.argmax(axis=1), ALPHAS[:, None]
    by_step, counted, every = _by_step(histories, known)
    level, squares, error, product = np.zeros((4, len(ALPHAS), len(histories)), dtype=np.float32)
    level += histories[np.arange(len(histories)), first]
    for step in range(int(first.min()), len(by_step)):
        np.subtract(by_step[step], level, out=error)
        if not every[step]:
            error *= counted[step]
        squares += np.multiply(error, error, out=product)
        level += np.multiply(alpha, error, out=product)
    level, squares = (np.ascontiguousarray(each.T) for each in (level, squares))
    return level, _likelihood(squares, known.sum(axis=1)), squares


def _damped_holt(histories: Floats32, known: Bools, horizon: int) -> Floats32:
    """Forecasts (K, horizon) of Holt's damped trend (Gardner and McKenzie 1985), started from the first 5 steps.

    The trend goes on, damped, where a value is missing.
    """
    rows, alpha, phi = np.arange(len(histories)), HOLT[:, :1], HOLT[:, 2:]
    beta = alpha * HOLT[:, 1:2]
    first = known.argmax(axis=1)
    steps = np.arange(histories.shape[1])
    last = np.where(known & (steps <= first[:, None] + 4), steps, 0).max(axis=1)  # of the first five that has a value
    start = histories[rows, first]
    trend = (histories[rows, last] - start) / np.maximum(last - first, 1)
    by_step, counted, every = _by_step(histories, known & (steps > first[:, None]))
    begun = set(first.tolist())
    level, slope, squares, error, damped, product = np.zeros((6, len(HOLT), len(histories)), dtype=np.float32)
    for step in range(int(first.min()), len(by_step)):
        np.multiply(phi, slope, out=damped)
        np.subtract(by_step[step], level, out=error)
        error -= damped
        if not every[step]:
            error *= counted[step]
        squares += np.multiply(error, error, out=product)
        level += damped
        level += np.multiply(alpha, error, out=product)
        np.add(damped, np.multiply(beta, error, out=product), out=slope)
        if step in begun:  # until then level and slope are 0
            own = np.flatnonzero(first == step)
            level[:, own], slope[:, own] = start[own], trend[own]
    level, slope, squares = (np.ascontiguousarray(each.T) for each in (level, slope, squares))
    weights = _likelihood(squares, known.sum(axis=1))
    growth = np.cumsum(HOLT[:, 2:] ** np.arange(1, horizon + 1), axis=1)  # (settings, horizon)
    forecasts: Floats32 = (level * weights).sum(axis=1)[:, None] + (slope * weights) @ growth
    return forecasts


def _by_step(histories: Floats32, counted: Bools) -> tuple[Floats32, Bools, Bools]:
    """Values and which of them count (steps, K), and at which steps all do (steps,).

    The loops over steps change arrays (settings, K) in place, which stay in the processor's cache.
    """
    return np.ascontiguousarray(histories.T), np.ascontiguousarray(counted.T), np.asarray(counted.all(axis=0))


def _likelihood(squares: Floats32, lengths: Ints) -> Floats32:
    """Weights (K, settings) that sum to 1, from sums of squared errors in units of scale."""
    log = -0.5 * lengths[:, None] * np.log(squares + 1e-6)
    weights = np.exp(log - log.max(axis=1, keepdims=True))
    shares: Floats32 = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _slope(histories: Floats32, known: Bools) -> Floats32:
    """(K,) slopes of the least-squares lines; 0 for fewer than three values."""
    steps = np.arange(histories.shape[1], dtype=np.float32)
    count = known.sum(axis=1)
    mean_step = (steps * known).sum(axis=1) / count
    mean = (histories * known).sum(axis=1) / count
    centred = (steps - mean_step[:, None]) * known
    slope = (centred * (histories - mean[:, None])).sum(axis=1) / np.maximum((centred**2).sum(axis=1), 1e-9)
    slopes: Floats32 = np.where(count >= 3, slope, 0.0)
    return slopes
