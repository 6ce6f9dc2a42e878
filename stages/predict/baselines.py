"""The baselines: classical methods that forecast the same histories as the model, in one table.

They need every value: what is missing in a history has the value of `Panel.completed`.

A new baseline is a row in BASELINES: `predict.baselines` in `params.yaml` chooses from it by name.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from stages.common.arrays import Floats, Ints

if TYPE_CHECKING:  # every stage reads the names in BASELINES, and not every stage needs pandas
    from stages.panel.panel import History

NAIVE = "seasonal_naive"
MOST_SECONDS = 200  # of one core, that `auto` gives all methods together

Method = Callable[[Floats, int, int], Floats]  # history (n,), season length, horizon -> forecast (horizon,)


@dataclass(frozen=True)
class Baseline:
    """A classical method.

    label: its name in sentences
    forecast: gives the forecast (horizon,) of one history (n,), in the history's units; NaN where the method fails
    seconds: for each value of a series whose season has 2 to 12 steps, on one core
    growth: the power of a longer season, over 12, with which the seconds grow
    long: the seconds for each square of a series' length that come on top, as where each value is fitted anew
    unseasonal: the share of the seconds that a series without a season takes
    log: whether the method forecasts the logarithm of a positive history
    """

    label: str
    forecast: Method
    seconds: float = 0.0
    growth: float = 0.0
    long: float = 0.0
    unseasonal: float = 1.0
    log: bool = False

    def cost(self, lengths: Ints, season_length: int) -> float:
        """The seconds that series of these lengths (S,) with that season take on one core."""
        factor = max(season_length / 12, 1) ** self.growth if season_length > 1 else self.unseasonal
        each = lengths * self.seconds * factor + self.long * lengths.astype(np.float64) ** 2
        return float(each.sum())


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
    NAIVE: Baseline("seasonal naive", seasonal_naive),
    "auto_ets": Baseline("AutoETS", auto_ets, seconds=1e-3, unseasonal=0.1),
    "auto_theta": Baseline("AutoTheta", auto_theta, seconds=2e-4, long=6e-8),
    "auto_arima": Baseline("AutoARIMA", auto_arima, seconds=1e-2, growth=1.6, unseasonal=0.3),
    "auto_theta_log": Baseline("AutoTheta of logarithms", auto_theta, seconds=2e-4, long=6e-8, log=True),
    "auto_arima_log": Baseline(
        "AutoARIMA of logarithms", auto_arima, seconds=1e-2, growth=1.6, unseasonal=0.3, log=True
    ),
}


def choose_baselines(named: str | list[str], histories: list["History"], needed: str | None) -> list[str]:
    """The baselines that are named; with `auto` the fastest, as many as take MOST_SECONDS for all histories together.

    Without a positive history, methods that take logarithms equal those that do not, and `auto` leaves them out.
    needed: a baseline that `auto` includes in any case
    """
    if isinstance(named, list):
        return named
    lengths, season = np.concatenate([history.lengths for history in histories]), histories[0].panel.season_length
    logs = any(_some_positive(history) for history in reversed(histories))
    costs = {name: baseline.cost(lengths, season) for name, baseline in BASELINES.items() if logs or not baseline.log}
    chosen = {needed, *cheapest(costs, MOST_SECONDS)}
    return [name for name in BASELINES if name in chosen]


def cheapest(costs: dict[str, float], seconds: float) -> list[str]:
    """Of methods with such costs the cheapest, as many as take so many seconds together."""
    names = sorted(costs, key=lambda name: costs[name])
    in_time = np.cumsum([costs[name] for name in names]) <= seconds
    return [name for name, whether in zip(names, in_time, strict=True) if whether]


def _some_positive(history: "History") -> bool:
    return any((history.completed.values(int(series)) > 0).all() for series in np.flatnonzero(history.lengths))


def left_out(chosen: list[str]) -> list[str]:
    """The baselines that are not `chosen`."""
    return [name for name in BASELINES if name not in chosen]


def combinable(names: list[str]) -> list[str]:
    """The baselines that are combined with the model: all but the seasonal naive one, the yardstick."""
    return [name for name in names if name != NAIVE]


def forecast_baseline(name: str, history: Floats, season_length: int, horizon: int) -> Floats:
    """The forecast (horizon,) of one series' history (n,) in the input's units; NaN without a history.

    Where the method fails, as on a history too short for it or constant, the seasonal naive forecast replaces it. Like
    the model's, the forecast of a history that was never negative is never negative.
    """
    if not len(history):
        return np.full(horizon, np.nan)
    baseline = BASELINES[name]
    logged = baseline.log and bool((history > 0).all())
    values = baseline.forecast(np.log(history) if logged else history, season_length, horizon)
    values = np.exp(values) if logged else values
    values = values if np.isfinite(values).all() else seasonal_naive(history, season_length, horizon)
    return np.maximum(values, 0) if (history >= 0).all() else values
