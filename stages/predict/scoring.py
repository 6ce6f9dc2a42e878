"""Score a forecast by the actual values: its errors, and what they are measured in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stages.common.arrays import Floats, Rows, mean_known
from stages.panel.history import History
from stages.predict.forecasts import OriginForecast
from stages.predict.metrics import seasonal_scale


@dataclass(frozen=True)
class ScoredForecast(Rows):
    """A forecast for S series beside the actual values; of the final origin there are none.

    forecast: without its members
    actual: (S, horizon) NaN where it is unknown or was filled
    member_errors: (S, M) mean absolute error of each member; NaN where it has no forecast
    mase_scale: (S,) MASE's denominator
    """

    forecast: OriginForecast
    actual: Floats
    member_errors: Floats
    mase_scale: Floats

    @classmethod
    def concat(cls, parts: "Sequence[ScoredForecast]") -> "ScoredForecast":
        """One forecast for the series of all `parts`, which are of one origin.

        A series of a single value has no interval scale of its own and takes the median of all, relative to its spread.
        """
        scored = super().concat(parts)
        forecast = scored.forecast
        relative = forecast.interval_scale / forecast.normalizer.spread_
        known = ~np.isnan(relative)
        typical = np.median(relative[known]) if known.any() else np.nan
        scale = np.where(known, forecast.interval_scale, typical * forecast.normalizer.spread_)
        return replace(scored, forecast=replace(forecast, interval_scale=scale))


def score(forecast: OriginForecast, history: History) -> ScoredForecast:
    """The forecast from `history` scored by the values after it."""
    actual = history.actual(forecast.point.shape[1])
    season = history.panel.season_length
    scales = [seasonal_scale(history.matrix(block, given=True), season) for block in history.blocks()]
    return ScoredForecast(
        forecast=replace(forecast, members=forecast.members[:, :0]),
        actual=actual,
        member_errors=mean_known(np.abs(actual[:, None] - forecast.members)),
        mase_scale=np.concatenate(scales),
    )
