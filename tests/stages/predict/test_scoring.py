"""Scores of a forecast: actual values, errors of the members, the denominator of MASE."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.predict.scoring import ScoredForecast, score
from tests.builders import panel_of
from tests.forecasts import constant_forecast, naive_forecast

UNKNOWN = np.nan


def test_each_member_is_scored_by_the_values_after_the_origin() -> None:
    panel = panel_of([[8.0, *[9.0] * 9]])
    scored = score(constant_forecast(panel, 3, {0: 1.0, 1: 5.0, 2: 2.0}, ensemble=3), panel.at(3))
    assert scored.actual.tolist() == [[9, 9, 9]]
    assert scored.member_errors.tolist() == [[8, 4, 7]]
    assert scored.origin == 3


def test_half_ensembles_are_scored_by_the_values_after_the_origin() -> None:
    """Members 0 and 2 make 1.5, 1 and 3 make 6; 0 and 1 make 3, 2 and 3 make 4.5; 0 and 3 make 4, 1 and 2 make 3.5."""
    panel = panel_of([[8.0, *[9.0] * 9]])
    scored = score(constant_forecast(panel, 3, {0: 1.0, 1: 5.0, 2: 2.0, 3: 7.0}, ensemble=4), panel.at(3))
    assert scored.half_differences.tolist() == [[(7.5 - 3) / 2, (6 - 4.5) / 2, (5 - 5.5) / 2]]


def test_half_ensembles_are_scored_for_some_series_if_so_asked() -> None:
    panel = panel_of([[8.0, *[9.0] * 9], [7.0, *[8.0] * 9]])
    forecast = constant_forecast(panel, 3, {0: 1.0, 1: 5.0}, ensemble=2)
    scored = score(forecast, panel.at(3), np.array([False, True]))
    np.testing.assert_array_equal(scored.half_differences, [[UNKNOWN], [(7 - 3) / 2]])


def test_a_member_without_a_forecast_has_no_error() -> None:
    """Windows of 2; histories of 7, 4, 1 and 0 values."""
    panel = panel_of([[2.0, *[3.0] * 9], [3.0, *[4.0] * 6], [5.0] * 4, [6.0] * 3])
    scored = score(constant_forecast(panel, 3, {0: 1.0, 1: 2.0}, ensemble=3), panel.at(3))
    expected = [[2, 1, UNKNOWN], [3, 2, UNKNOWN], [0, 0, 0], [UNKNOWN, UNKNOWN, UNKNOWN]]
    np.testing.assert_array_equal(scored.member_errors, expected)


def test_the_last_values_score_the_seasonal_naive_forecast(airline: Floats) -> None:
    panel = panel_of([airline], season_lengths=(12,))
    scored = score(naive_forecast(panel, 12, horizon=12), panel.at(12))
    np.testing.assert_array_equal(scored.actual[0], airline[-12:])
    assert scored.member_errors[0, 0] == pytest.approx(np.abs(airline[-12:] - airline[-24:-12]).mean())


def test_mases_scale_is_that_of_the_whole_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 3)  # a block for each series
    panel = panel_of([[0.0, 1.0, 3.0, 9.0, 0.0], [5.0, 5.0, 5.0], [1.0, 2.0]])
    scored = score(constant_forecast(panel, 1, {0: 1.0}, size=1), panel.at(1))
    np.testing.assert_array_equal(scored.mase_scale, [3, UNKNOWN, UNKNOWN])


def test_filled_values_are_not_scored() -> None:
    panel = panel_of([[0.0, 1.0, 2.0, 3.0]], missing=np.array([False, False, True, False]))
    scored = score(naive_forecast(panel, 2, horizon=2), panel.at(2))
    np.testing.assert_array_equal(scored.actual, [[UNKNOWN, 3]])


def test_the_final_origin_has_no_actual_value() -> None:
    panel = panel_of([[0.0, 1.0, 2.0, 3.0]])
    scored = score(naive_forecast(panel, 0), panel.at(0))
    assert np.isnan(scored.actual).all()
    assert np.isnan(scored.member_errors).all()
    assert scored.mase_scale.tolist() == [1]


def test_the_parts_of_an_origin_are_joined_series_by_series() -> None:
    panel = panel_of([[1.0, 2.0, 4.0, 8.0], [5.0, 3.0, 9.0], [7.0, 7.0, 6.0, 6.0]])
    whole = score(naive_forecast(panel, 1), panel.at(1))
    parts = [panel.take(slice(0, 1)), panel.take(slice(1, 3))]
    joined = ScoredForecast.concat([score(naive_forecast(part, 1), part.at(1)) for part in parts])
    for name in ("actual", "member_errors", "half_differences", "mase_scale"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    np.testing.assert_array_equal(joined.forecast.point, whole.forecast.point)
    np.testing.assert_array_equal(joined.forecast.spread.largest, [4, 5, 7])
