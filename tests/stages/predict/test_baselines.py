"""Baselines: the seasonal naive by hand, the others against statsforecast itself and scores measured before."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from statsforecast import models

from stages.predict.baselines import MOST_VALUES, choose_baselines, forecast_baseline, seasonal_naive

Floats = npt.NDArray[np.float64]


def test_seasonal_naive_worked_by_hand() -> None:
    assert seasonal_naive(np.array([9.0, 1.0, 2.0, 3.0]), 3, 5).tolist() == [1, 2, 3, 1, 2]
    assert seasonal_naive(np.array([4.0, 7.0]), 3, 2).tolist() == [7, 7]
    assert np.isnan(seasonal_naive(np.array([]), 3, 2)).all()


def test_slow_methods_are_left_out_as_the_data_grow() -> None:
    assert choose_baselines("auto", 700) == list(MOST_VALUES)
    medium = choose_baselines("auto", 100_000)
    assert {"auto_ets", "auto_theta", "auto_theta_log"} <= set(medium)
    assert not {"auto_arima", "auto_arima_log"} & set(medium)
    assert choose_baselines("auto", 10**9) == ["seasonal_naive"]


def test_methods_that_are_named_are_kept_whatever_the_data() -> None:
    assert choose_baselines(["auto_arima", "seasonal_naive"], 10**9) == ["auto_arima", "seasonal_naive"]


@pytest.mark.parametrize(
    ("name", "method"),
    [("auto_ets", models.AutoETS), ("auto_theta", models.AutoTheta), ("auto_arima", models.AutoARIMA)],
)
def test_methods_are_statsforecasts(airline: Floats, name: Any, method: Any) -> None:
    expected = method(season_length=12).forecast(y=airline[:60], h=6)["mean"]
    np.testing.assert_array_equal(forecast_baseline(name, airline[:60], 12, 6), expected)


def test_log_methods_are_the_plain_ones_on_the_logarithm(airline: Floats) -> None:
    expected = np.exp(forecast_baseline("auto_theta", np.log(airline[:60]), 12, 6))
    np.testing.assert_array_equal(forecast_baseline("auto_theta_log", airline[:60], 12, 6), expected)
    with_zero = np.concatenate([[0.0], airline[:60]])
    np.testing.assert_array_equal(
        forecast_baseline("auto_theta_log", with_zero, 12, 6), forecast_baseline("auto_theta", with_zero, 12, 6)
    )


@pytest.mark.parametrize("name", ["auto_ets", "auto_theta", "auto_arima", "auto_theta_log", "auto_arima_log"])
@pytest.mark.parametrize("history", [[5.0], [5.0, 5.0], [3.0] * 40, [0.0] * 40, [1.0, 2.0, 3.0]])
def test_no_history_is_too_short_or_too_dull(name: Any, history: list[float]) -> None:
    assert np.isfinite(forecast_baseline(name, np.array(history), 12, 4)).all()
