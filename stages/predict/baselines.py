"""The classical methods that the model is measured against, on the same histories, from statsforecast."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from stages.common.params import Auto
from stages.predict.params import Baseline

Floats = npt.NDArray[np.float64]

# How many values all histories of all origins may hold for a method to be run by `auto`: each then takes a minute or
# two on two cores. AutoARIMA takes about 10 ms for each value of monthly series, AutoETS 1, AutoTheta 0.2.
MOST_VALUES: dict[Baseline, float] = {
    "seasonal_naive": float("inf"),
    "auto_ets": 250_000,
    "auto_theta": 500_000,
    "auto_arima": 20_000,
    "auto_theta_log": 500_000,
    "auto_arima_log": 20_000,
}


def choose_baselines(named: Auto | list[Baseline], values: int) -> list[Baseline]:
    """The baselines that are named, or all that are quick enough for histories of `values` values together."""
    return [name for name, most in MOST_VALUES.items() if values <= most] if named == "auto" else named


def seasonal_naive(history: Floats, season_length: int, horizon: int) -> Floats:
    """Last season again (horizon,); the last value where the history (n,) is shorter than a season, NaN without one."""
    if not len(history):
        return np.full(horizon, np.nan)
    return np.resize(history[-season_length:] if len(history) >= season_length else history[-1:], horizon)


def forecast_baseline(name: Baseline, history: Floats, season_length: int, horizon: int) -> Floats:
    """The forecast (horizon,) of one series' history (n,) in the input's units.

    `_log` names work on the logarithm where the history is positive. Where a method gives up (on a history too
    short or constant for it), the seasonal naive forecast stands in.
    """
    if name == "seasonal_naive":
        return seasonal_naive(history, season_length, horizon)
    from statsforecast import models  # half a second that only this needs

    kinds: dict[str, Any] = {"ets": models.AutoETS, "theta": models.AutoTheta, "arima": models.AutoARIMA}
    logged = name.endswith("_log") and bool((history > 0).all())
    method = kinds[name.removeprefix("auto_").removesuffix("_log")](season_length=season_length)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):  # of divisions by zero on dull series
            warnings.simplefilter("ignore")
            mean = method.forecast(y=np.log(history) if logged else history, h=horizon)["mean"]
    except (ValueError, ZeroDivisionError, IndexError, RuntimeError, np.linalg.LinAlgError):
        mean = np.full(horizon, np.nan)
    values = np.asarray(np.exp(mean) if logged else mean, dtype=np.float64)
    return values if np.isfinite(values).all() else seasonal_naive(history, season_length, horizon)
