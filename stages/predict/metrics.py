"""Point and interval accuracy. Every score is averaged over a series' horizon, then over series and origins."""

import numpy as np

from stages.common.arrays import Floats, mean_known


def seasonal_scale(histories: Floats, season_length: int) -> Floats:
    """(S,) mean absolute seasonal difference of histories (S, steps): MASE's denominator, NaN where there is none.

    Hyndman and Koehler, Another look at measures of forecast accuracy, 2006, for seasonal data as in their
    section 3. Right-aligned histories, NaN before a series begins; 0 (a series that repeats) counts as none.
    """
    differences = np.abs(histories[:, season_length:] - histories[:, :-season_length])
    scale = mean_known(differences)
    return np.where(scale > 0, scale, np.nan)


def scores(actual: Floats, forecast: Floats, scale: Floats) -> dict[str, Floats]:
    """Scores (S,) of forecasts against actual values, both (S, horizon); NaN in `actual` is not scored.

    mase: mean |y - f| / scale (Hyndman and Koehler 2006)
    smape: mean 200 |y - f| / (|y| + |f|), per cent (Makridakis 1993, as in the M3 competition); 0 where both are 0
    mape: mean 100 |y - f| / |y|, per cent, over the values that are not 0
    mae, rmse: in the input's units
    """
    error = np.abs(actual - forecast)
    size = np.abs(actual) + np.abs(forecast)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(actual == 0, np.nan, 100 * error / np.abs(actual))
        symmetric = np.where(size == 0, 0.0, 200 * error / size)
    return {
        "mase": mean_known(error) / scale,
        "smape": mean_known(symmetric),
        "mape": mean_known(relative),
        "mae": mean_known(error),
        "rmse": np.sqrt(mean_known(error**2)),
    }


def coverage(actual: Floats, low: Floats, high: Floats) -> Floats:
    """(S,) per cent of the actual values (S, horizon) that lie in [low, high]; where one is unknown none counts."""
    inside = np.where(np.isnan(actual + low + high), np.nan, (low <= actual) & (actual <= high))
    return 100 * mean_known(inside)


def interval_score(actual: Floats, low: Floats, high: Floats, scale: Floats, level: int) -> Floats:
    """(S,) mean scaled interval score of limits (S, horizon): the width, and 2 / alpha times how far it was missed.

    Gneiting and Raftery, Strictly proper scoring rules, 2007, equation 43, scaled as MASE (M4 competition, 2018).
    """
    penalty = 2 / (1 - level / 100)
    missed = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return mean_known(high - low + penalty * missed) / scale


def overall_mean(values: Floats) -> float | None:
    """The mean of the finite values, to six significant digits; None where there are none."""
    finite = values[np.isfinite(values)]
    return six_digits(finite.mean()) if finite.size else None


def six_digits(value: float) -> float:
    """`value` to six significant digits, as metrics are written."""
    return float(f"{value:.6g}")
