"""Forecasts at an origin, made by networks that forecast a constant or from given numbers."""

from typing import cast

import numpy as np
import torch
from torch import Tensor

from stages.common.arrays import Floats
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast, forecast_origin
from stages.predict.scoring import ScoredForecast
from stages.predict.spread import Spread
from stages.train.batches import Inputs
from stages.train.network import Network
from tests.builders import panel_of, plain_ends


class ConstantNetwork(torch.nn.Module):
    """Forecasts the same value at each of `horizon` steps, for every window."""

    def __init__(self, value: float, horizon: int) -> None:
        super().__init__()
        self.value, self.horizon = value, horizon

    def forward(self, inputs: Inputs) -> Tensor:
        return torch.full((inputs.steps.shape[1], self.horizon), self.value)


def identity_normalizer(series: int) -> Normalizer:
    """A normalizer that changes no value."""
    normalizer = Normalizer(False, "mean")
    normalizer.log_, normalizer.shift_ = np.zeros(series, dtype=bool), np.zeros(series)
    normalizer.center_, normalizer.spread_ = np.zeros(series), np.ones(series)
    return normalizer


def constant_forecast(
    panel: Panel, origin: int, values: dict[int, float], size: int = 2, ensemble: int = 1, horizon: int = 3
) -> OriginForecast:
    """A forecast from windows of `size` by networks, by member, that each forecast a value, in the input's units."""
    history = panel.at(origin)
    windows = plain_ends(np.zeros(history.lengths.sum()), history.lengths, size, horizon)
    networks = {member: cast(Network, ConstantNetwork(value, horizon)) for member, value in values.items()}
    return forecast_origin(history, horizon, identity_normalizer(len(panel.ids)), windows, networks, ensemble)


def naive_forecast(panel: Panel, origin: int, horizon: int = 3) -> OriginForecast:
    """A forecast without networks."""
    return constant_forecast(panel, origin, {}, horizon=horizon)


def given_forecast(origin: int, point: list[float], actual: list[float], history: list[float]) -> ScoredForecast:
    """The forecast of one series of season length 1, and its actual values."""
    before = panel_of([[*history, *[0.0] * origin]]).at(origin)
    forecast = OriginForecast(
        origin=origin,
        point=np.array([point]),
        members=np.empty((1, 0, len(point))),
        fallback=np.array([False]),
        has_history=np.array([True]),
        spread=Spread.of(before),
    )
    none: Floats = np.array([np.nan])
    return ScoredForecast(forecast, np.array([actual]), none[:, None], none[:, None], mase_scale=none)
