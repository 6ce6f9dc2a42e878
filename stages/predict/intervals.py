"""Prediction intervals by split conformal prediction on earlier origins (Lei et al. 2018).

The nonconformity score of a forecast is its absolute error in units of its series' interval scale; on the log scale
for logged series, so that limits of positive series are positive. The half-width of the interval at a step is the
conformal quantile of the scores of earlier origins at that step, in the same units. Where these scores are few, as for
a single series, those of the nearest steps are added until there are enough.
"""

import numpy as np

from stages.common.arrays import Floats
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast, floor
from stages.predict.scoring import ScoredForecast

ENOUGH_SCORES = 100  # so that five scores, and not one, lie outside a 95 % interval
CHANGE_SEASONS = 10  # the latest ones, whose changes replace errors where there are none


def half_widths_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], history: History
) -> Floats:
    """Half-widths (levels, horizon) of a forecast's intervals, in units of each series' interval scale.

    From the errors of the forecasts of earlier origins, in `backtest`, that are known at the origin of `history`. Where
    there are none, seasonal changes inside the histories replace them. NaN where no series has such a change either.
    """
    horizon = forecast.point.shape[1]
    scores = [np.empty((0, horizon))]
    for earlier in backtest:
        if earlier.origin > forecast.origin:
            known = np.arange(1, horizon + 1) <= earlier.origin - forecast.origin
            scores.append(np.where(known, nonconformity_scores(earlier), np.nan))
    widths = half_widths(np.concatenate(scores), levels)
    if np.isnan(widths).any():
        widths = half_widths(_seasonal_changes(forecast, history), levels).repeat(horizon, axis=1)
    return widths


def intervals(forecast: OriginForecast, widths: Floats) -> tuple[Floats, Floats]:
    """Lower and upper limits (levels, S, horizon) in the input's units, from half-widths (levels, horizon)."""
    normalizer = forecast.normalizer
    point, smallest = normalizer.to_log_scale(forecast.point), floor(forecast.history_min)
    margin = widths[:, None, :] * forecast.interval_scale[:, None]  # (levels, S, horizon)
    lower, upper = normalizer.from_log_scale(point - margin), normalizer.from_log_scale(point + margin)
    return np.maximum(lower, smallest), np.maximum(upper, smallest)


def nonconformity_scores(scored: ScoredForecast) -> Floats:
    """(S, horizon) absolute errors in units of the interval scale; NaN without an actual value, and for a fallback.

    An actual value of a logged series that has no logarithm counts as half the smallest value of the history.
    """
    forecast, normalizer = scored.forecast, scored.forecast.normalizer
    shift = normalizer.shift_[:, None]
    no_logarithm = normalizer.log_[:, None] & (scored.actual + shift <= 0)
    actual = np.where(no_logarithm, 0.5 * (forecast.history_min[:, None] + shift) - shift, scored.actual)
    error = np.abs(normalizer.to_log_scale(actual) - normalizer.to_log_scale(forecast.point))
    scaled = (forecast.interval_scale > 0) & ~forecast.fallback
    return error / np.where(scaled, forecast.interval_scale, np.nan)[:, None]


def conformal_quantile(scores: Floats, level: int) -> float:
    """The ceil((n + 1) level / 100)-th smallest of n scores; NaN where n is too small for the level.

    Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive inference for regression, 2018,
    section 2.2.
    """
    rank = int(np.ceil((len(scores) + 1) * level / 100))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else np.nan


def half_widths(scores: Floats, levels: list[int]) -> Floats:
    """Half-widths (levels, horizon) in units of scale, from scores (K, horizon); NaN in scores is unknown.

    Increasing with the level. Where the scores of all steps together are too few for a level, its half-width is the
    largest of them. NaN where there are no scores at all.
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


def _seasonal_changes(forecast: OriginForecast, history: History) -> Floats:
    """(K, 1) absolute seasonal changes inside the histories, in units of the interval scale."""
    season = history.panel.season_length if history.lengths.max() > history.panel.season_length else 1
    values = forecast.normalizer.to_log_scale(history.last((CHANGE_SEASONS + 1) * season))
    changes = np.abs(values[:, season:] - values[:, :-season])
    scale = np.where(forecast.interval_scale > 0, forecast.interval_scale, np.nan)[:, None]
    return (changes / scale).reshape(-1, 1)
