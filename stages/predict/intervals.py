"""Prediction intervals by split conformal prediction on earlier origins (Lei et al. 2018), bounded by the history.

The nonconformity score of a forecast is its absolute error on the interval scale of its series, in units of its
series' mean change (see spread.py). The half-width of the interval at a step is the conformal quantile of the scores of
earlier origins at that step, in the same units. Where these scores are few, as for a single series, those of the
nearest steps are added until there are enough. The scores of a series that was forecast far worse than the others are
winsorised, so that it does not set their intervals; and no limit lies further from the history than `Spread.bounds`.
"""

from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Floats, mean_known
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast
from stages.predict.scoring import ScoredForecast
from stages.predict.spread import Typical

ENOUGH_SCORES = 100  # so that five scores, and not one, lie outside a 95 % interval
CHANGE_SEASONS = 10  # the latest ones, whose changes replace errors where there are none
LEAST = 1.0  # mean changes, where scores are few and all were forecast exactly
MOST_OF_MEDIAN = 3  # the largest mean score of a series, over that of the median series


Limits = tuple[Floats, Floats]  # lower and upper


@dataclass(frozen=True)
class Calibration:
    """What the intervals of one method at an origin rest on: learned from all series and from earlier origins.

    half_widths: (levels, horizon) in units of each series' mean change; NaN where no series has one
    typical: of the panel
    """

    half_widths: Floats
    typical: Typical

    def limits(self, forecast: OriginForecast) -> Limits:
        """Lower and upper limits (levels, S, horizon) in the input's units.

        NaN for a series whose history has no change, and so no unit.
        """
        spread = forecast.spread
        point = spread.to_interval_scale(forecast.point)
        lowest, highest = map(spread.to_interval_scale, spread.bounds(forecast.point, self.typical))
        margin = self.half_widths[:, None, :] * spread.unit(self.typical)[:, None]  # (levels, S, horizon)
        lower, upper = np.maximum(point - margin, lowest), np.minimum(point + margin, highest)
        return spread.from_interval_scale(lower), spread.from_interval_scale(upper)


def calibrate(scored: list[ScoredForecast], histories: list[History], levels: list[int]) -> list[Calibration]:
    """The calibration of one method at each origin, from the errors of earlier ones.

    scored: the method's forecasts at every origin; histories: up to each origin
    """
    scores = {each.origin: nonconformity_scores(each) for each in scored}
    calibrated = []
    for each, history in zip(scored, histories, strict=True):
        widths = half_widths_at(each.forecast, scores, levels, history)
        calibrated.append(Calibration(widths, each.forecast.spread.typical(each.forecast.point)))
    return calibrated


def half_widths_at(forecast: OriginForecast, scores: dict[int, Floats], levels: list[int], history: History) -> Floats:
    """Half-widths (levels, horizon) of a forecast's intervals, in units of each series' mean change.

    From those scores of earlier origins that are known at the origin of `history`. Where there are none, seasonal
    changes inside the histories replace them. NaN where no series has such a change either.

    scores: the nonconformity scores (S, horizon) of the method's forecasts, by origin
    """
    horizon = forecast.point.shape[1]
    known_scores = [np.empty((len(forecast.point), 0, horizon))]
    for origin, of_origin in scores.items():
        if origin > forecast.origin:
            known = np.arange(1, horizon + 1) <= origin - forecast.origin
            known_scores.append(np.where(known, of_origin, np.nan)[:, None])
    widths = half_widths(winsorise(np.concatenate(known_scores, axis=1)).reshape(-1, horizon), levels)
    if np.isnan(widths).any():
        changes = winsorise(_seasonal_changes(forecast, history))
        widths = half_widths(changes.reshape(-1, 1), levels).repeat(horizon, axis=1)
    return widths


def nonconformity_scores(scored: ScoredForecast) -> Floats:
    """(S, horizon) absolute errors on the interval scale, in units of the mean change.

    NaN without an actual value, for a fallback, and for a series whose history has no change.
    """
    forecast, spread = scored.forecast, scored.forecast.spread
    error = np.abs(spread.to_interval_scale(scored.actual) - spread.to_interval_scale(forecast.point))
    unit = spread.unit(spread.typical(forecast.point))
    return error / np.where(forecast.fallback, np.nan, unit)[:, None]


def winsorise(scores: Floats) -> Floats:
    """Scores (S, ...) of S series, those of a series with a mean above MOST_OF_MEDIAN medians scaled down to that.

    The median is that of the means that are not 0, the lower one of an even number. Winsorising (Dixon 1960) by series:
    the errors of one series are alike, so that single scores are no outliers among them.
    """
    means = mean_known(scores.reshape(len(scores), -1))
    if not (means > 0).any():
        return scores
    most = MOST_OF_MEDIAN * np.quantile(means[means > 0], 0.5, method="lower")
    factor = np.where(means > most, most / np.where(means > 0, means, 1.0), 1.0)
    return scores * factor.reshape(-1, *[1] * (scores.ndim - 1))


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
            if not widths[row, step] and len(near) < ENOUGH_SCORES:
                widths[row, step] = LEAST
    return widths


def _seasonal_changes(forecast: OriginForecast, history: History) -> Floats:
    """(S, K) absolute seasonal changes inside the histories, in units of the mean change."""
    season = history.panel.season_length if history.lengths.max() > history.panel.season_length else 1
    spread = forecast.spread
    values = spread.to_interval_scale(history.last((CHANGE_SEASONS + 1) * season))
    return np.abs(values[:, season:] - values[:, :-season]) / spread.unit(spread.typical(forecast.point))[:, None]
