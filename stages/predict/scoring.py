"""Score a forecast against the actual values: the errors of its members and of halves of them, MASE's denominator."""

from dataclasses import dataclass, replace

import numpy as np

from stages.common.arrays import Bools, Floats, Rows, mean_known
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast
from stages.predict.halves import half_differences
from stages.predict.metrics import seasonal_scale


@dataclass(frozen=True)
class ScoredForecast(Rows):
    """A forecast of S series with the actual values, of which the final origin has none.

    forecast: without its members, whose errors are all that is needed later
    actual: (S, horizon) NaN where it is unknown or the input had none
    member_errors: (S, M) mean absolute error of each member; NaN where it has no forecast
    half_differences: (S, K) see the function of that name; NaN where they are not asked for
    mase_scale: (S,) the denominator of MASE
    """

    forecast: OriginForecast
    actual: Floats
    member_errors: Floats
    half_differences: Floats
    mase_scale: Floats

    @property
    def origin(self) -> int:
        """Steps before each series' end."""
        return self.forecast.origin


def score(forecast: OriginForecast, history: History, halved: Bools | slice = slice(None)) -> ScoredForecast:
    """Score a forecast made from `history` by the values after it, and the halves of the members for some series.

    halved: (S,) True for these series
    """
    actual = history.actual(forecast.point.shape[1])
    of_halved = half_differences(actual[halved], forecast.members[halved])
    differences = np.full((len(actual), of_halved.shape[1]), np.nan)
    differences[halved] = of_halved
    return ScoredForecast(
        forecast=replace(forecast, members=forecast.members[:, :0]),
        actual=actual,
        member_errors=mean_known(np.abs(actual[:, None] - forecast.members)),
        half_differences=differences,
        mase_scale=mase_scales(history),
    )


def mase_scales(history: History) -> Floats:
    """(S,) the denominator of MASE of each history, from the values that the input had."""
    season = history.panel.season_length
    scales = [seasonal_scale(history.matrix(block, given=True), season) for block in history.blocks()]
    return np.concatenate(scales)
