"""The baselines: classical methods that forecast the same histories as the model, in one table.

A new baseline is a row in BASELINES: `predict.baselines` in `params.yaml` chooses from it by name.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np

from stages.common.arrays import Floats

Method = Callable[[Floats, int, int], Floats]  # history (n,), season length, horizon -> forecast (horizon,)


@dataclass(frozen=True)
class Baseline:
    """A classical method.

    forecast: gives the forecast (horizon,) of one history (n,), in the history's units; NaN where the method fails
    most_values: `auto` runs the method where the histories of all origins together hold no more values. It then takes
        a minute or two on two cores.
    seconds: for each value of monthly series, on one core
    log: whether the method forecasts the logarithm of a positive history
    """

    forecast: Method
    most_values: float = inf
    seconds: float = 0.0
    log: bool = False


def seasonal_naive(history: Floats, season_length: int, horizon: int) -> Floats:
    """Repeat the last season (horizon,); the last value where the history is shorter than a season, NaN without one."""
    if not len(history):
        return np.full(horizon, np.nan)
    return np.resize(history[-season_length:] if len(history) >= season_length else history[-1:], horizon)


def statsforecast_method(name: str, history: Floats, season_length: int, horizon: int) -> Floats:
    """The forecast (horizon,) by the class `name` of statsforecast.models; NaN where it fails, as on constant ones."""
    from statsforecast import models  # here, since the import takes half a second

    method = getattr(models, name)(season_length=season_length)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):  # divisions by zero on constant series
            warnings.simplefilter("ignore")
            return np.asarray(method.forecast(y=history, h=horizon)["mean"], dtype=np.float64)
    except (ValueError, ZeroDivisionError, IndexError, RuntimeError, np.linalg.LinAlgError):
        return np.full(horizon, np.nan)


auto_ets, auto_theta, auto_arima = (
    partial(statsforecast_method, name) for name in ("AutoETS", "AutoTheta", "AutoARIMA")
)

BASELINES: dict[str, Baseline] = {
    "seasonal_naive": Baseline(seasonal_naive),
    "auto_ets": Baseline(auto_ets, most_values=250_000, seconds=1e-3),
    "auto_theta": Baseline(auto_theta, most_values=500_000, seconds=2e-4),
    "auto_arima": Baseline(auto_arima, most_values=20_000, seconds=1e-2),
    "auto_theta_log": Baseline(auto_theta, most_values=500_000, seconds=2e-4, log=True),
    "auto_arima_log": Baseline(auto_arima, most_values=20_000, seconds=1e-2, log=True),
}


def choose_baselines(named: str | list[str], values: int) -> list[str]:
    """The baselines that are named, or with `auto` all that are fast enough for histories of `values` values."""
    if isinstance(named, list):
        return named
    return [name for name, baseline in BASELINES.items() if values <= baseline.most_values]


def left_out(chosen: list[str]) -> list[str]:
    """The baselines that are not `chosen`."""
    return [name for name in BASELINES if name not in chosen]


def forecast_baseline(name: str, history: Floats, season_length: int, horizon: int) -> Floats:
    """The forecast (horizon,) of one series' history (n,) in the input's units.

    Where the method fails, as on a history too short for it or constant, the seasonal naive forecast replaces it.
    """
    baseline = BASELINES[name]
    logged = baseline.log and bool((history > 0).all())
    values = baseline.forecast(np.log(history) if logged else history, season_length, horizon)
    values = np.exp(values) if logged else values
    return values if np.isfinite(values).all() else seasonal_naive(history, season_length, horizon)
