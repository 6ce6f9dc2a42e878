"""Every method's forecasts at every origin: the model's, the baselines', and their combination."""

from dataclasses import replace

import numpy as np

from stages.common.arrays import Bools, Floats
from stages.panel.panel import History
from stages.predict.baselines import combinable
from stages.predict.forecasts import is_flat
from stages.predict.params import COMBINATION, MODEL
from stages.predict.scoring import ScoredForecast

Methods = dict[str, list[ScoredForecast]]  # by method, at each origin, the final one first


def by_method(model: list[ScoredForecast], baselines: dict[str, list[Floats]], histories: list[History]) -> Methods:
    """The forecasts of the model, of the baselines, and their combination, where there is anything to combine.

    baselines: by name, (S, horizon) at each of the model's origins
    """
    methods = {MODEL: model}
    for name, points in baselines.items():
        methods[name] = [_by_another(each, point) for each, point in zip(model, points, strict=True)]
    if names := combinable(list(baselines)):
        at_origins = zip(model, *(baselines[name] for name in names), strict=True)
        methods[COMBINATION] = [
            _by_another(each, combine(each.forecast.point, points, is_flat(history)))
            for (each, *points), history in zip(at_origins, histories, strict=True)
        ]
    return methods


def combine(model: Floats, others: list[Floats], flat: Bools) -> Floats:
    """The combination (S, horizon): the mean of the model's forecasts and the median of the others', step by step.

    Equal weights, which estimated ones rarely beat (Clemen, Combining forecasts, 1989), for the network and for the
    classical methods; of these a median, as in Petropoulos and Svetunkov, A simple combination of univariate models,
    2020, so that one that fails does not count.

    flat: (S,) whether a history does not change, where the model's forecast, which does not either, stands alone
    """
    mean: Floats = (model + np.median(others, axis=0)) / 2
    return np.where(flat[:, None], model, mean)


def with_intervals(method: str, methods: Methods) -> list[str]:
    """The methods that have intervals: the model, the combination, and the one whose forecast is published."""
    return [name for name in methods if name in (MODEL, COMBINATION, method)]


def _by_another(model: ScoredForecast, point: Floats) -> ScoredForecast:
    """Another method's forecasts (S, horizon) of what the model forecast."""
    forecast = replace(model.forecast, point=point, fallback=np.zeros_like(model.forecast.fallback))
    none = model.member_errors[:, :0]
    return replace(model, forecast=forecast, member_errors=none, half_differences=none)
