"""Accuracy of point forecasts and prediction intervals: every metric, in one table.

A metric is a function that gives one value for each series, averaged over the horizon; the metric is then the mean of
these values over series and origins, or their median. A new metric is a function and a row in METRICS: the evaluation,
the report, the comparison of two versions and its tolerances in `params.yaml` all read the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from stages.common.arrays import Floats, mean_known

DECILES = [each / 10 for each in range(1, 10)]  # probabilities of the quantiles that CRPS is a mean over
LOW_COVERAGE = 5  # percentage points below its level: from here on intervals are said to be too narrow

PointMetric = Callable[[Floats, Floats, Floats], Floats]
IntervalMetric = Callable[[Floats, Floats, Floats, Floats, int], Floats]


@dataclass(frozen=True)
class Metric:
    """One metric of `reports/metrics.json`.

    label: its name in the report
    direction: which values are better: lower ones, higher ones, or those nearer to the interval's level; None: neither
    tolerance: how the `compare` section limits a change for the worse: as a share of the value before, in percentage
        points, or not at all
    point: of point forecasts, (actual, forecast, scale) to (S,)
    interval: of prediction intervals, (actual, lower, upper, scale, level) to (S,)
    pool: how the values of all series and origins become one

    All arrays are (S, horizon), NaN where the actual value is not known, but for scale, (S,), the denominator of MASE.
    A metric with neither function is computed by the evaluation: from others, from sums or from quantiles.
    """

    label: str
    direction: Literal["lower", "level", "higher"] | None
    tolerance: Literal["share", "points"] | None
    point: PointMetric | None = None
    interval: IntervalMetric | None = None
    pool: Callable[[Floats], np.floating[Any]] = np.mean


def mase(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """(S,) mean |y - f| / scale (Hyndman and Koehler 2006)."""
    return mean_known(np.abs(actual - forecast)) / scale


def smape(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """(S,) mean 200 |y - f| / (|y| + |f|), per cent (Makridakis 1993, as in the M3 competition); 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean_known(np.where(size == 0, 0.0, 200 * np.abs(actual - forecast) / size))


def mape(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """(S,) mean 100 |y - f| / |y|, per cent, over the actual values that are not 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean_known(np.where(actual == 0, np.nan, 100 * np.abs(actual - forecast) / np.abs(actual)))


def mae(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """(S,) mean |y - f|, in the input's units."""
    return mean_known(np.abs(actual - forecast))


def rmse(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """(S,) square root of the mean (y - f)^2, in the input's units."""
    return np.sqrt(mean_known(np.abs(actual - forecast) ** 2))


def coverage(actual: Floats, lower: Floats, upper: Floats, scale: Floats, level: int) -> Floats:
    """(S,) per cent of the actual values in [lower, upper]; a step where one of the three is NaN does not count."""
    covered = np.where(np.isnan(actual + lower + upper), np.nan, (lower <= actual) & (actual <= upper))
    return 100 * mean_known(covered)


def width(actual: Floats, lower: Floats, upper: Floats, scale: Floats, level: int) -> Floats:
    """(S,) mean width of the intervals, over scale; over every step, also where the actual value is not known."""
    return mean_known(upper - lower) / scale


def msis(actual: Floats, lower: Floats, upper: Floats, scale: Floats, level: int) -> Floats:
    """(S,) mean scaled interval score: the width, and 2 / alpha times the distance of actual values outside.

    Gneiting and Raftery, Strictly proper scoring rules, 2007, equation 43, scaled as MASE (M4 competition, 2018).
    """
    penalty = 2 / (1 - level / 100)
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    return mean_known(upper - lower + penalty * outside) / scale


def quantile_loss(actual: Floats, quantile: Floats, probability: float) -> Floats:
    """2 (p - 1{y < q}) (y - q) of a probability p: the pinball loss, doubled so that the median's is |y - q|.

    Gneiting and Ranjan, Comparing density forecasts using threshold- and quantile-weighted scoring rules, 2011,
    equation 10. Its mean over all p is the continuous ranked probability score.
    """
    error = actual - quantile
    return 2 * np.maximum(probability * error, (probability - 1) * error)


def crps(actual: list[Floats], losses: list[Floats]) -> float | None:
    """Mean weighted quantile loss, an estimate of CRPS relative to the values: sum of losses / sum of |y|.

    As GIFT-Eval and autogluon/fev define it. Large values weigh more. None where no loss is known, or the values are 0.

    actual: (S, horizon) at each origin
    losses: of the same shapes, means of the quantile loss over the nine DECILES; NaN where it is not known
    """
    known = [np.isfinite(loss) for loss in losses]
    size = sum(np.abs(values[each]).sum() for values, each in zip(actual, known, strict=True))
    return six_digits(sum(loss[each].sum() for loss, each in zip(losses, known, strict=True)) / size) if size else None


def bias(actual: list[Floats], forecasts: list[Floats]) -> float | None:
    """By what share of their size forecasts are too high in sum: sum of (f - y) / sum of |y|.

    Where both are known, at each origin (S, horizon). None where nothing is, or the actual values are 0.
    """
    known = [np.isfinite(y + f) for y, f in zip(actual, forecasts, strict=True)]
    size = sum(np.abs(y[each]).sum() for y, each in zip(actual, known, strict=True))
    excess = sum((f - y)[each].sum() for y, f, each in zip(actual, forecasts, known, strict=True))
    return six_digits(excess / size) if size else None


METRICS = {
    "mase": Metric("MASE", "lower", "share", point=mase),
    "mase_median": Metric("median MASE", "lower", None, point=mase, pool=np.median),
    "smape": Metric("sMAPE", "lower", "share", point=smape),
    "mape": Metric("MAPE", "lower", "share", point=mape),
    "mae": Metric("MAE", "lower", "share", point=mae),
    "rmse": Metric("RMSE", "lower", "share", point=rmse),
    "bias": Metric("bias", None, None),
    "crps": Metric("CRPS", "lower", "share"),
    "coverage": Metric("coverage", "level", "points", interval=coverage),
    "width": Metric("width", None, None, interval=width),
    "msis": Metric("MSIS", "lower", "share", interval=msis),
    "skill": Metric("skill", "higher", None),
}


def point_scores(actual: Floats, forecast: Floats, scale: Floats) -> dict[str, Floats]:
    """(S,) values of every point metric, by name."""
    return {name: metric.point(actual, forecast, scale) for name, metric in METRICS.items() if metric.point}


def interval_scores(actual: Floats, lower: Floats, upper: Floats, scale: Floats, level: int) -> dict[str, Floats]:
    """(S,) values of every interval metric, by name and level: `coverage_80`."""
    return {
        f"{name}_{level}": metric.interval(actual, lower, upper, scale, level)
        for name, metric in METRICS.items()
        if metric.interval
    }


def metric_of(key: str) -> tuple[str, int | None] | None:
    """The metric's name and the interval's level of a key in metrics.json; None for a key that is no metric.

    >>> metric_of("model.coverage_80"), metric_of("baseline.auto_ets.mase"), metric_of("evaluated.points")
    (('coverage', 80), ('mase', None), None)
    """
    key = key.rpartition(".")[2]
    if key in METRICS and METRICS[key].interval is None:
        return key, None
    name, _, level = key.rpartition("_")
    if name in METRICS and METRICS[name].interval and level.isdecimal():
        return name, int(level)
    return None


def seasonal_scale(histories: Floats, season_length: int) -> Floats:
    """(S,) mean absolute seasonal difference of histories (S, steps): MASE's denominator, NaN where there is none.

    Hyndman and Koehler, Another look at measures of forecast accuracy, 2006, for seasonal data as in their
    section 3. Right-aligned histories, NaN before a series begins; 0 (a series that repeats) counts as none.
    """
    scale = mean_known(np.abs(histories[:, season_length:] - histories[:, :-season_length]))
    return np.where(scale > 0, scale, np.nan)


def pooled(name: str, values: list[Floats]) -> float | None:
    """The metric of that name from its finite values in several arrays (S,); None where there are none."""
    finite = _finite(values)
    found = metric_of(name)
    return six_digits(METRICS[found[0]].pool(finite)) if found and finite.size else None


def overall_mean(values: list[Floats]) -> float | None:
    """The mean of all finite values of several arrays (S,); None where there are none."""
    finite = _finite(values)
    return six_digits(finite.mean()) if finite.size else None


def six_digits(value: float | np.floating[Any]) -> float:
    """`value` to six significant digits, as metrics are written."""
    return float(f"{value:.6g}")


def _finite(values: list[Floats]) -> Floats:
    joined = np.concatenate(values)
    finite: Floats = joined[np.isfinite(joined)]
    return finite
