"""Predictive quantiles by split conformal prediction on earlier origins (Lei et al. 2018), bounded by the history.

The score of a forecast is its signed error on the interval scale of its series, in the unit of its series and step (see
spread.py). A quantile of a forecast lies as many units from it as the quantile of the scores of earlier origins says;
the forecast itself is the median. What all series of an origin have in common, such as a bad year, may have the other
sign next time, so that each origin counts twice, the second time with its median score on the other side. The scores of
a series that was forecast far worse than the others are winsorised, so that it does not set their quantiles; and no
quantile lies further from the history than `Spread.bounds`.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from stages.common.arrays import Bools, Floats, changes_over_gaps, mean_known
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast
from stages.predict.metrics import DECILES, quantile_loss
from stages.predict.scoring import ScoredForecast
from stages.predict.spread import PROBABILITIES, Typical

ENOUGH_SCORES = 100  # that were all 0 are evidence that the forecasts are exact
CHANGE_SEASONS = 10  # the latest ones, whose changes replace errors where there are none
MOST_OF_MEDIAN = 3  # the largest mean score of a series, over that of the median series
MOST_SCORES = 1_000_000  # evenly spread, that quantiles are taken of
FLAT = 5  # forecasts of a series whose errors do not grow, added to those from which the growth is learned
FREEDOM = 2  # degrees of freedom in the errors of one forecast of one series, which are alike
WEIGHTS = [0.0, 0.25, 0.5, 0.75, 1.0]  # of an intermittent series' own values, tried
MOST_WEIGHED = 1_000  # intermittent series at each origin, evenly spread, that these are tried on

Limits = tuple[Floats, Floats]  # lower and upper


@dataclass(frozen=True)
class Calibration:
    """What the quantiles of one method at an origin rest on: learned from all series and from earlier origins.

    scores: (2, P) quantiles of the scores at PROBABILITIES, of series that are not intermittent and of those that are:
        never falling, 0 at the median; those of all series for a kind without a score, NaN where none has one
    growth: exponent by which the unit grows with the steps ahead
    own: weight of an intermittent series' own values in its quantiles
    typical: of the panel
    """

    scores: Floats
    growth: float
    own: float
    typical: Typical

    def quantile(self, forecast: OriginForecast, probability: float) -> Floats:
        """The quantile (S, horizon) of a probability, in the input's units; the forecast itself for 0.5.

        NaN for a series whose history has no change, and so no unit. Never falling with the probability.
        """
        spread, point = forecast.spread, forecast.point
        if probability == 0.5:
            return point
        bounds = spread.bounds(point, self.typical)
        unit = spread.unit(self.typical, self.growth, point.shape[1])
        score = np.array([np.interp(probability, PROBABILITIES, scores) for scores in self.scores])
        moved = spread.to_interval_scale(point) + score[spread.intermittent.astype(np.int64)][:, None] * unit
        moved = np.clip(moved, *map(spread.to_interval_scale, bounds))
        quantile = spread.from_interval_scale(moved)
        own = np.where(spread.intermittent, self.own, 0.0)[:, None]
        quantile = np.where(own > 0, (1 - own) * quantile + own * spread.recent(probability)[:, None], quantile)
        beside = np.minimum(quantile, point) if probability < 0.5 else np.maximum(quantile, point)
        return np.clip(beside, *bounds)

    def limits(self, forecast: OriginForecast, levels: list[int]) -> Limits:
        """Lower and upper limits (levels, S, horizon) of central intervals: those of 80 % are 10 and 90 % quantiles."""
        lower, upper = ([self.quantile(forecast, (100 + sign * level) / 200) for level in levels] for sign in (-1, 1))
        shape = (len(levels), *forecast.point.shape)
        return np.array(lower).reshape(shape), np.array(upper).reshape(shape)

    def loss(self, forecast: OriginForecast, actual: Floats) -> Floats:
        """(S, horizon) the mean quantile loss over the nine deciles, NaN without an actual value or quantiles."""
        losses = sum(quantile_loss(actual, self.quantile(forecast, each), each) for each in DECILES)
        return np.asarray(losses) / len(DECILES)


def calibrate(scored: list[ScoredForecast], histories: list[History]) -> list[Calibration]:
    """The calibration of one method at each origin, from those errors of earlier ones that were known there.

    scored: the method's forecasts at every origin; histories: up to each origin
    """
    scores = {each.origin: nonconformity_scores(each) for each in scored}
    return [
        calibration_at(each.forecast, scored, scores, history) for each, history in zip(scored, histories, strict=True)
    ]


def calibration_at(
    forecast: OriginForecast, scored: list[ScoredForecast], scores: dict[int, Floats], history: History
) -> Calibration:
    """The calibration of a forecast; seasonal changes inside the histories replace earlier errors that tell nothing.

    scored: the method's forecasts, of which those from the same origin and later ones are left out
    scores: (S, horizon) of each of them, by origin
    """
    typical = forecast.spread.typical(forecast.point)
    earlier = [each for each in scored if each.origin > forecast.origin]
    ahead = np.arange(1, forecast.point.shape[1] + 1)
    known = [np.where(ahead <= each.origin - forecast.origin, scores[each.origin], np.nan) for each in earlier]
    pooled = winsorise(np.stack(known, axis=1)) if known else np.empty((len(forecast.point), 0, len(ahead)))
    if _tell_nothing(pooled):
        changes = winsorise(_seasonal_changes(forecast, history))
        both = quantiles_by_kind(np.stack([changes, -changes], axis=1), forecast.spread.intermittent)
        return Calibration(both, growth=0.0, own=0.0, typical=typical)
    growth = growth_of(pooled)
    scores_by_kind = quantiles_by_kind(pooled / ahead**growth, forecast.spread.intermittent)
    calibration = Calibration(scores_by_kind, growth, own=0.0, typical=typical)
    return replace(calibration, own=_own_weight(calibration, forecast.origin, earlier))


def nonconformity_scores(scored: ScoredForecast) -> Floats:
    """(S, horizon) signed errors on the interval scale, in units that do not grow with the steps ahead.

    NaN without an actual value, for a fallback, and for a series whose history has no change.
    """
    forecast, spread = scored.forecast, scored.forecast.spread
    error = spread.to_interval_scale(scored.actual) - spread.to_interval_scale(forecast.point)
    unit = spread.unit(spread.typical(forecast.point), 0.0, error.shape[1])
    return error / np.where(forecast.fallback[:, None], np.nan, unit)


def winsorise(scores: Floats) -> Floats:
    """Scores (S, ...) of S series, those of a series with a mean above MOST_OF_MEDIAN medians scaled down to that.

    The means are of absolute scores, the median that of the means that are not 0, the lower one of an even number.
    Winsorising (Dixon 1960) by series: the errors of one series are alike, so that single scores are no outliers.
    """
    means = mean_known(np.abs(scores).reshape(len(scores), -1))
    if not (means > 0).any():
        return scores
    most = MOST_OF_MEDIAN * np.quantile(means[means > 0], 0.5, method="lower")
    factor = np.where(means > most, most / np.where(means > 0, means, 1.0), 1.0)
    return scores * factor.reshape(-1, *[1] * (scores.ndim - 1))


def growth_of(scores: Floats) -> float:
    """The exponent, 0 to 1, with which absolute scores (S, K, horizon) grow with the steps ahead.

    The slope of the least-squares line through the logarithms of steps and mean scores: 0.5 for a random walk. The
    fewer forecasts there are, the nearer it is to 0 (shrinkage, James and Stein 1961).
    """
    means = mean_known(np.abs(scores).reshape(-1, scores.shape[-1]), axis=0)
    grown = means > 0  # False for NaN
    if grown.sum() < 2:
        return 0.0
    ahead = np.log(np.flatnonzero(grown) + 1)
    centred = ahead - ahead.mean()
    slope = np.clip(centred @ np.log(means[grown]) / (centred @ centred), 0, 1)
    return float(slope * _forecasts(scores) / (_forecasts(scores) + FLAT))


def quantiles_by_kind(scores: Floats, intermittent: Bools) -> Floats:
    """(2, P) `score_quantiles` of the series that are not intermittent, and of those that are; of all for none.

    Many errors of intermittent series are 0, or nearly so, and none of others.
    """
    kinds = [score_quantiles(scores[of_kind]) for of_kind in (~intermittent, intermittent)]
    of_all = score_quantiles(scores)
    return np.array([of_all if np.isnan(quantiles).all() else quantiles for quantiles in kinds])


def score_quantiles(scores: Floats) -> Floats:
    """(P,) quantiles at PROBABILITIES of scores (S, K, steps) from K origins; NaN where none is known.

    Each origin counts twice, its median score once on the other side. The quantile of a probability p is the
    p (n + 1)-th smallest of n, as in Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-free predictive
    inference for regression, 2018, section 2.2; wider where forecasts are few.
    """
    known = ~np.isnan(scores)
    if not known.any():
        return np.full(len(PROBABILITIES), np.nan)
    by_origin = [scores[:, origin][known[:, origin]] for origin in range(scores.shape[1])]
    pooled = np.concatenate([both for each in by_origin if len(each) for both in (each, each - 2 * np.median(each))])
    pooled = pooled[np.linspace(0, len(pooled) - 1, min(len(pooled), MOST_SCORES)).astype(np.int64)]
    quantiles = np.quantile(pooled, PROBABILITIES, method="weibull") * _for_few(_forecasts(scores))
    below, above = PROBABILITIES < 0.5, PROBABILITIES > 0.5
    found: Floats = np.where(below, np.minimum(quantiles, 0), np.where(above, np.maximum(quantiles, 0), 0))
    return found


def _forecasts(scores: Floats) -> int:
    """How many forecasts of a series the scores (S, K, steps) tell of."""
    return int((~np.isnan(scores)).any(axis=2).sum())


def _for_few(forecasts: int) -> Floats:
    """(P,) by how much wider quantiles are where few forecasts tell how large errors are: Student's t over normal."""
    wider = np.ones(len(PROBABILITIES))
    aside = PROBABILITIES != 0.5
    wider[aside] = stdtrit(FREEDOM * forecasts, PROBABILITIES[aside]) / ndtri(PROBABILITIES[aside])
    return wider


def _tell_nothing(scores: Floats) -> bool:
    """Whether no score is known, or a few and all of them are 0."""
    known = scores[~np.isnan(scores)]
    return not known.any() and len(known) < ENOUGH_SCORES


def _own_weight(calibration: Calibration, origin: int, earlier: list[ScoredForecast]) -> float:
    """The weight of intermittent series' own values that has the least quantile loss at earlier origins.

    origin: where the calibration is made, which knows the values before it
    """
    losses = np.zeros(len(WEIGHTS))
    for each in earlier:
        rows = np.flatnonzero(each.forecast.spread.intermittent & each.forecast.has_history)
        if not len(rows):  # as in most data: many origins would take long
            continue
        few = each.take(rows[:: len(rows) // MOST_WEIGHED + 1])
        forecast, steps = few.forecast, each.origin - origin
        typical = each.forecast.spread.typical(each.forecast.point)
        for place, weight in enumerate(WEIGHTS):
            tried = replace(calibration, own=weight, typical=typical)
            losses[place] += np.nansum(tried.loss(forecast, few.actual)[:, :steps])
    return WEIGHTS[int(losses.argmin())]


def _seasonal_changes(forecast: OriginForecast, history: History) -> Floats:
    """(S, K) changes inside the histories, in units that do not grow: seasonal ones, or by a step without a season.

    Or, where no such change is known, from a value to the next one that is known.
    """
    spread = forecast.spread
    unit = spread.mean_unit(spread.typical(forecast.point))
    for lag in (history.panel.season_length, 1):
        values = spread.to_interval_scale(history.last((CHANGE_SEASONS + 1) * lag))
        changes: Floats = (values[:, lag:] - values[:, :-lag]) / unit
        if np.isfinite(changes).any():
            return changes
    return changes_over_gaps(spread.to_interval_scale(history.matrix())) / unit
