"""Forecasts at an origin: medians, fallbacks, limits from earlier origins' errors."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stages.common.forecasts import OriginForecast, forecast_origin
from stages.common.network import Forecaster
from stages.common.normalizer import Normalizer
from stages.common.panel import Panel
from stages.common.params import Params
from stages.common.windows import Windows

Floats = npt.NDArray[np.float64]


def origin(held_back: int, point: list[float], actual: list[float], history: list[float]) -> OriginForecast:
    """One series, one member, season length 1, no logarithm."""
    histories = np.array([history])
    normalizer = Normalizer(False, "none", "none", 1).fit(histories, ["a"])
    members = np.array([[point]])
    return OriginForecast(held_back, members, np.array([False]), histories, np.array([actual]), normalizer)


def test_the_point_forecast_is_the_median_of_the_members() -> None:
    one = origin(0, [1.0], [np.nan], [1.0, 2.0])
    several = OriginForecast(
        0, np.array([[[1.0]], [[5.0]], [[2.0]]]), one.fallback, one.histories, one.actual, one.normalizer
    )
    assert several.point.tolist() == [[2.0]]


def test_a_member_whose_window_does_not_fit_is_left_out_of_the_median() -> None:
    one = origin(0, [1.0], [np.nan], [1.0, 2.0])
    members = np.array([[[1.0]], [[np.nan]], [[2.0]]])
    several = OriginForecast(0, members, one.fallback, one.histories, one.actual, one.normalizer)
    assert several.point.tolist() == [[1.5]]


def test_limits_are_the_scaled_errors_of_earlier_origins() -> None:
    history = [0.0, 2.0, 0.0, 2.0]  # mean absolute difference: 2
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], history)  # errors 4 and 2: scores 2 and 1
    live = origin(0, [10.0, 20.0], [np.nan, np.nan], [0.0, 1.0, 0.0, 1.0])  # scale 1
    low, high = live.limits([earlier], [50, 60])
    assert (low[0] - live.point).tolist() == [[-2, -2]]  # ceil(3 x 0.5) = 2nd smallest of 1, 2
    assert (high[1] - live.point).tolist() == [[2, 2]]


def test_errors_that_an_origin_cannot_know_are_not_used() -> None:
    history = [0.0, 1.0, 0.0, 1.0]
    earlier = origin(3, [5.0, 5.0], [6.0, 1000.0], history)
    later = origin(2, [10.0, 20.0], [np.nan, np.nan], history)  # one step after: knows the first error alone
    low, high = later.limits([earlier], [50])
    assert (high - low).ravel().tolist() == [2, 2]


def test_no_levels_give_no_limits() -> None:
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    low, high = origin(0, [1.0, 1.0], [np.nan, np.nan], [0.0, 1.0, 0.0, 1.0]).limits([earlier], [])
    assert low.shape == high.shape == (0, 1, 2)


def test_a_logged_series_that_falls_to_zero_has_a_large_finite_score() -> None:
    histories = np.array([[2.0, 4.0, 2.0]])
    normalizer = Normalizer("auto", "none", "none", 1).fit(histories, ["a"])
    members, actual = np.array([[[2.0, 2.0, 2.0]]]), np.array([[2.0, 0.0, -3.0]])
    forecast = OriginForecast(3, members, np.array([False]), histories, actual, normalizer)
    np.testing.assert_allclose(forecast.scores(), [[0, 1, 1]])  # log 2 - log 1, over the mean change of log 2


def test_non_negative_series_have_non_negative_limits() -> None:
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    live = origin(0, [1.0, 1.0], [np.nan, np.nan], [0.0, 1.0, 0.0, 1.0])
    low, _ = live.limits([earlier], [60])
    assert low.min() == 0


def test_a_constant_series_has_no_width_and_a_single_value_none_that_is_known() -> None:
    earlier = origin(2, [5.0], [9.0], [0.0, 2.0, 0.0, 2.0])
    low, high = origin(0, [3.0], [np.nan], [3.0, 3.0, 3.0]).limits([earlier], [80])
    assert (low[0, 0, 0], high[0, 0, 0]) == (3, 3)
    low, high = origin(0, [3.0], [np.nan], [3.0]).limits([earlier], [80])
    assert np.isnan([low, high]).all()


def test_without_networks_the_seasonal_naive_stands_in(airline: Floats) -> None:
    panel = Panel(["a"], np.array([0, 144]), pd.Series(range(144)), airline, np.zeros(144, dtype=bool))
    normalizer = Normalizer("auto", "difference", "standard", 12).fit(panel.histories(12), ["a"])
    windows = Windows.cut(np.zeros(120), np.array([120]), [6], 12, [0])
    forecast = forecast_origin(panel, 12, 12, normalizer, windows, {}, 2)
    assert forecast.fallback.all()
    np.testing.assert_array_equal(forecast.point[0], airline[-24:-12])
    np.testing.assert_array_equal(forecast.actual[0], airline[-12:])
    low, high = forecast.limits([], [80])
    assert (low < forecast.point).all()
    assert (high > forecast.point).all()


def test_members_keep_their_places_where_some_have_no_network(airline: Floats, default_params: Params) -> None:
    values, filled = np.concatenate([airline, airline[:3]]), np.zeros(147, dtype=bool)
    panel = Panel(["a", "b"], np.array([0, 144, 147]), pd.Series(range(147)), values, filled)
    normalizer = Normalizer("auto", "none", "standard", 12).fit(panel.histories(0), panel.ids)
    windows = Windows.cut(np.zeros(147), np.array([144, 3]), [200, 6], 12, [0])
    forecast = forecast_origin(panel, 0, 12, normalizer, windows, {1: Forecaster(default_params.model, 12)}, 2)
    assert forecast.members.shape == (2, 2, 12)
    assert np.isnan(forecast.members[0, 0]).all()
    assert np.isfinite(forecast.point).all()
    assert forecast.fallback.tolist() == [False, True]


def test_filled_values_are_not_scored() -> None:
    panel = Panel(["a"], np.array([0, 4]), pd.Series(range(4)), np.arange(4.0), np.array([False, False, True, False]))
    normalizer = Normalizer(False, "none", "none", 1).fit(panel.histories(2), ["a"])
    forecast = forecast_origin(panel, 2, 2, normalizer, Windows.cut(np.zeros(2), np.array([2]), [2], 1, [0]), {}, 1)
    assert forecast.actual[0].tolist() == pytest.approx([np.nan, 3], nan_ok=True)
