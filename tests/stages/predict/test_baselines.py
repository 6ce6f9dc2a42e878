"""Baselines: the seasonal naive by hand, the others against statsforecast itself and scores measured before."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsforecast import models

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.predict.baselines import (
    BASELINES,
    choose_baselines,
    forecast_baseline,
    left_out,
    seasonal_naive,
)
from stages.predict.forecasts import repeat_last_season
from stages.predict.params import Predict
from tests.builders import change, panel_of


def test_seasonal_naive_worked_by_hand() -> None:
    assert seasonal_naive(np.array([9.0, 1.0, 2.0, 3.0]), 3, 5).tolist() == [1, 2, 3, 1, 2]
    assert seasonal_naive(np.array([4.0, 7.0]), 3, 2).tolist() == [7, 7]
    assert np.isnan(seasonal_naive(np.array([]), 3, 2)).all()


@given(
    st.lists(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=1, max_size=12), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 13),
    st.integers(1, 9),
    st.booleans(),
)
def test_the_last_season_of_all_series_at_once_is_that_of_each(
    series: list[list[tuple[int, bool]]], season: int, origin: int, horizon: int, interpolated: bool
) -> None:
    """Also at origins inside a gap, for histories shorter than a season, and without any."""
    filled = [gap and place > 0 for values in series for place, (_, gap) in enumerate(values)]
    panel = panel_of(
        [[value for value, _ in values] for values in series],
        season_lengths=(season,),
        filled=np.array(filled),
        interpolated=interpolated,
    )
    history = panel.at(origin)
    each = [seasonal_naive(history.values(number), season, horizon) for number in range(len(series))]
    np.testing.assert_array_equal(repeat_last_season(history, horizon), each)


def test_every_baseline_of_the_table_is_a_parameter_and_no_other(default_params: Params) -> None:
    names = list(BASELINES)
    assert change(default_params, predict__baselines=names)[Predict].baselines == names
    with pytest.raises(ValueError, match=r"predict\.baselines"):
        change(default_params, predict__baselines=["seasonal_naive", "auto_ces"])


def test_slow_methods_are_left_out_as_the_data_grow() -> None:
    assert choose_baselines("auto", 700) == list(BASELINES)
    assert left_out(choose_baselines("auto", 700)) == []
    medium = choose_baselines("auto", 100_000)
    assert {"auto_ets", "auto_theta", "auto_theta_log"} <= set(medium)
    assert not {"auto_arima", "auto_arima_log"} & set(medium)
    assert choose_baselines("auto", 10**9) == ["seasonal_naive"]
    assert left_out(medium) == ["auto_arima", "auto_arima_log"]


def test_methods_that_are_named_are_kept_for_data_of_any_size() -> None:
    assert choose_baselines(["auto_arima", "seasonal_naive"], 10**9) == ["auto_arima", "seasonal_naive"]


@pytest.mark.parametrize(
    ("name", "method"),
    [("auto_ets", models.AutoETS), ("auto_theta", models.AutoTheta), ("auto_arima", models.AutoARIMA)],
)
def test_methods_are_those_of_statsforecast(airline: Floats, name: Any, method: Any) -> None:
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
def test_no_history_is_too_short_or_constant(name: Any, history: list[float]) -> None:
    assert np.isfinite(forecast_baseline(name, np.array(history), 12, 4)).all()
