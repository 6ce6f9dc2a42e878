"""Prediction intervals by split conformal prediction on earlier origins (Lei et al. 2018).

The score of an error is its absolute value in units of its series' own scale, where the model works (the logarithm
of series that are logged, so that limits of positive series are positive). The interval at a step is the forecast
plus and minus the scale times the conformal quantile of the scores that earlier origins had at that step. Where these
are few, as for a single series, those of the nearest steps join them until there are enough.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ENOUGH_SCORES = 100  # so that the outermost of a 95 % interval are five scores and not one


def conformal_quantile(scores: Floats, level: int) -> float:
    """The ceil((n + 1) level / 100)-th smallest of n scores; NaN where n is too small for the level.

    Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive inference for regression, 2018,
    section 2.2.
    """
    rank = int(np.ceil((len(scores) + 1) * level / 100))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else np.nan


def half_widths(scores: Floats, levels: list[int]) -> Floats:
    """Half-widths (levels, horizon) in units of scale, from scores (K, horizon); NaN in scores is unknown.

    Rising with the level. Where all steps together are too few for a level, the largest score stands in for it.
    NaN where there are no scores at all.
    """
    horizon = scores.shape[1]
    widths = np.full((len(levels), horizon), np.nan)
    known = [column[~np.isnan(column)] for column in scores.T]
    counts = np.array([len(column) for column in known])
    for step in range(horizon if counts.any() else 0):
        reach = 0
        while counts[max(step - reach, 0) : step + reach + 1].sum() < ENOUGH_SCORES and reach < horizon:
            reach += 1
        near = np.concatenate(known[max(step - reach, 0) : step + reach + 1])
        for row, level in enumerate(levels):
            quantile = conformal_quantile(near, level)
            widths[row, step] = near.max() if np.isnan(quantile) else quantile
    return widths
