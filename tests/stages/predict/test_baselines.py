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
    st.sampled_from(["interpolate", "forward", "keep"]),
)
def test_the_last_season_of_all_series_at_once_is_that_of_each(
    series: list[list[tuple[int, bool]]], season: int, origin: int, horizon: int, missing: str
) -> None:
    """Also at origins inside a gap, for histories shorter than a season, and without any."""
    filled = [gap and place > 0 for values in series for place, (_, gap) in enumerate(values)]
    panel = panel_of(
        [
            [np.nan if gap and place and missing == "keep" else value for place, (value, gap) in enumerate(values)]
            for values in series
        ],
        season_lengths=(season,),
        missing=np.array(filled),
        interpolated=missing == "interpolate",
    )
    history = panel.at(origin)
    each = [seasonal_naive(history.completed.values(number), season, horizon) for number in range(len(series))]
    np.testing.assert_array_equal(repeat_last_season(history, horizon), each)


def test_every_baseline_of_the_table_is_a_parameter_and_no_other(default_params: Params) -> None:
    names = list(BASELINES)
    assert change(default_params, predict__baselines=names)[Predict].baselines == names
    with pytest.raises(ValueError, match=r"predict\.baselines"):
        change(default_params, predict__baselines=["seasonal_naive", "auto_ces"])


def chosen(values: int, first: float = 1.0, needed: str | None = None, season: int = 12) -> list[str]:
    """The baselines that `auto` chooses for a series of so many values."""
    panel = panel_of([[first, *[1.0] * 9]], season_lengths=(season,))
    histories = [panel.at(0)] * (values // 10)
    return choose_baselines("auto", histories, needed)


def test_slow_methods_are_left_out_as_the_data_grow() -> None:
    assert chosen(700) == list(BASELINES)
    assert left_out(chosen(700)) == []
    medium = chosen(100_000)
    assert {"auto_ets", "auto_theta", "auto_theta_log"} <= set(medium)
    assert not {"auto_arima", "auto_arima_log"} & set(medium)
    assert chosen(2 * 10**6) == ["seasonal_naive"]
    assert left_out(medium) == ["auto_arima", "auto_arima_log"]
    assert chosen(2 * 10**6, needed="auto_arima") == ["seasonal_naive", "auto_arima"]


def test_methods_share_the_time() -> None:
    """AutoETS takes 180 seconds here, and so would be fast enough without AutoTheta and its twin, which take 72."""
    assert chosen(180_000) == ["seasonal_naive", "auto_theta", "auto_theta_log"]


def test_a_long_series_makes_theta_too_slow() -> None:
    """Measured with a season of 24: 0.27 seconds for 2,000 values, and 25 for 20,000."""
    assert BASELINES["auto_theta"].cost(np.array([20_000]), 24) == pytest.approx(25, rel=0.2)
    histories = [panel_of([np.arange(1.0, 20_001.0)], season_lengths=(24,)).at(0)] * 8
    assert choose_baselines("auto", histories, None) == ["seasonal_naive", "auto_ets"]


def test_methods_without_a_season_to_fit_are_faster() -> None:
    """Measured on 100 values: AutoETS 0.05 against 0.64 ms a value, AutoARIMA 0.9 against 13.6."""
    assert chosen(180_000, season=1) == ["seasonal_naive", "auto_ets", "auto_theta", "auto_theta_log"]


def test_a_long_season_makes_arima_too_slow() -> None:
    """Seven weekly series of four years, at eight origins: measured at twenty minutes of a core."""
    histories = [panel_of([np.arange(1.0, 209.0)] * 7, season_lengths=(52,)).at(0)] * 8
    assert left_out(choose_baselines("auto", histories, None)) == ["auto_arima", "auto_arima_log"]
    lengths = np.full(56, 208)
    assert BASELINES["auto_arima"].cost(lengths, 52) > 2 * BASELINES["auto_arima"].cost(lengths, 12)


def test_methods_that_take_logarithms_are_left_out_where_no_history_is_positive() -> None:
    assert left_out(chosen(700, first=0.0)) == ["auto_theta_log", "auto_arima_log"]


def test_logarithms_are_taken_where_an_early_history_is_positive() -> None:
    panel = panel_of([[3.0, 4.0, 5.0, 0.0, 7.0]])
    assert left_out(choose_baselines("auto", [panel.at(0)], None)) == ["auto_theta_log", "auto_arima_log"]
    assert left_out(choose_baselines("auto", [panel.at(0), panel.at(2)], None)) == []


def test_methods_that_are_named_are_kept_for_data_of_any_size() -> None:
    histories = [panel_of([[0.0, 1.0]]).at(0)] * 10**6
    assert choose_baselines(["auto_arima_log", "seasonal_naive"], histories, None) == [
        "auto_arima_log",
        "seasonal_naive",
    ]


def test_a_history_that_was_never_negative_has_no_negative_forecast() -> None:
    """AutoETS continues the trend below 0; so it does for a history with a negative value."""
    falling = np.arange(20.0, 0.0, -1.0)
    forecast, below = (forecast_baseline("auto_ets", falling - shift, 1, 8) for shift in (0.0, 5.0))
    assert forecast.min() == 0
    assert below.min() < -5


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
