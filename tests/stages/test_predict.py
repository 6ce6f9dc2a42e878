"""Predict: baselines in their order whatever runs at once."""

import numpy as np
import numpy.typing as npt

from stages.common.baselines import seasonal_naive
from stages.common.forecasts import OriginForecast
from stages.common.normalizer import Normalizer
from stages.common.panel import right_aligned
from stages.common.params import Params
from stages.predict import BASELINE_CHUNK, forecast_baselines
from tests.conftest import change


def test_baselines_of_many_series_come_back_in_their_order(default_params: Params) -> None:
    lengths = np.arange(2 * BASELINE_CHUNK + 5) % 7  # some without a history
    flat: npt.NDArray[np.float64] = np.arange(lengths.sum(), dtype=np.float64)
    histories = right_aligned(flat, lengths)
    normalizer = Normalizer("auto", "none", "none", 2)
    unknown = np.full((len(lengths), 3), np.nan)
    origin = OriginForecast(5, unknown[None], np.zeros(len(lengths), dtype=bool), histories, unknown, normalizer)
    params = change(default_params, predict__baselines=["seasonal_naive"], compute__workers=2)
    forecasts = forecast_baselines([origin], 3, params.predict, params.compute)[5]["seasonal_naive"]
    kept = [history[~np.isnan(history)] for history in histories if not np.isnan(history).all()]
    np.testing.assert_array_equal(forecasts, [seasonal_naive(history, 2, 3) for history in kept])
