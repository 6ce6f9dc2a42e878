"""Scores by hand, and only of steps that a version could not know."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from stages.predict.metrics import seasonal_scale
from stages.record.promise import Promise
from stages.record.scores import Actuals, score
from stages.record.version import Version
from tests.published import forecast_of, monthly

Y = [10.0, 12, 10, 12, 10, 13, 9, 14, 10]  # the first five change by 2 from month to month


def version(forecast: pd.DataFrame, promise: ArrayLike | None = None, method: str = "model") -> Version:
    steps = None if promise is None else np.asarray(promise, dtype=np.float64)
    promised = None if steps is None else Promise(steps, np.array([1.0, 1.0]), pd.Series({"0": 1.0}), 1.0)
    return Version("v", method, forecast, promised)


def test_errors_and_coverage_by_hand() -> None:
    """After five months: the scale is 2, and the values are 13, 9, 14; the last month of the forecast is to come."""
    columns: dict[str, ArrayLike] = {
        "model": [11, 11, 11, 11, 11], "seasonal_naive": [10] * 5,
        "model-lo-80": [10, 10, 10, 10, 10], "model-hi-80": [12, 12, 14, 12, 12],
        "model-lo-95": [8, 8, np.nan, 8, 8], "model-hi-95": [13, 14, np.nan, 14, 14],
    }  # fmt: skip
    found = score(version(forecast_of(5, columns), [0.5, 0.75]), Actuals(monthly([Y])), known=4)
    assert found["step"].tolist() == [1, 2, 3, 4]
    assert found["place"].tolist() == [5, 6, 7, 8]
    assert found["error"].tolist() == [1.0, 1.0, 1.5, 0.5]
    assert found["naive"].tolist() == [1.5, 0.5, 2.0, 0.0]
    np.testing.assert_array_equal(found["promise"], [0.5, 0.75, np.nan, np.nan])  # that backtest looked two steps ahead
    assert found["covered_80"].tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(found["covered_95"], [1, 1, np.nan, 1])


def test_the_published_method_is_scored() -> None:
    forecast = forecast_of(5, {"model": [0, 0], "combination": [11, 11], "combination-lo-90": [1, 1],
                               "combination-hi-90": [9, 9], "seasonal_naive": [10, 10]})  # fmt: skip
    found = score(version(forecast, method="combination"), Actuals(monthly([Y])), known=4)
    assert found["error"].tolist() == [1.0, 1.0]
    assert found["covered_90"].tolist() == [0, 1]


def test_without_a_naive_forecast_the_history_is_repeated() -> None:
    """Up to the cutoff, with the panel's season of two months: 12, 10, 12, ..."""
    found = score(version(forecast_of(5, {"model": [0, 0, 0]})), Actuals(monthly([Y], season_length=2)), known=4)
    assert found["naive"].isna().all()  # the history repeats exactly: no scale
    values = [10.0, 12, 11, 12, 10, 13, 9, 14]
    found = score(version(forecast_of(5, {"model": [0, 0, 0]})), Actuals(monthly([values], season_length=2)), known=4)
    assert found["naive"].tolist() == pytest.approx(np.abs([13 - 12, 9 - 10, 14 - 12]) / np.mean([1, 0, 1]))


def test_the_scale_is_that_of_the_backtest_at_the_same_cutoff() -> None:
    """With gaps that were filled, series of two lengths, and a season of three months."""
    random = np.random.default_rng(0)
    series: list[ArrayLike] = [random.normal(size=20), random.normal(size=14)]
    filled = random.uniform(size=34) < 0.2
    filled[[0, 20]] = False
    panel = monthly(series, season_length=3, missing=filled)
    both = pd.concat([forecast_of(16, {"model": [0.0] * 4}, name) for name in "01"], ignore_index=True)
    found = score(version(both), Actuals(panel), known=15)
    expected = seasonal_scale(panel.at(4).matrix(given=True), 3)
    actual = panel.at(4).actual(4)
    for series_place, name in enumerate("01"):
        known = actual[series_place][~np.isnan(actual[series_place])]
        mine = found[found["unique_id"] == name]
        assert mine["error"].tolist() == pytest.approx(np.abs(known) / expected[series_place])


def test_values_after_the_cutoff_do_not_move_the_scale_or_the_naive_forecast() -> None:
    forecast = forecast_of(5, {"model": [11, 11, 11]})
    before = score(version(forecast), Actuals(monthly([Y])), known=4)
    after = score(version(forecast), Actuals(monthly([[*Y[:6], 900, 900, 900]])), known=4)
    pd.testing.assert_frame_equal(before[:1], after[:1])


def test_a_version_gets_no_credit_for_steps_that_its_data_reached() -> None:
    """Whatever its forecast says: here it begins in month six, and the data reached month seven."""
    forecast = forecast_of(5, {"model": Y[5:9]})
    assert score(version(forecast), Actuals(monthly([Y])), known=6)["place"].tolist() == [7, 8]
    assert score(version(forecast), Actuals(monthly([Y])), known=8).empty


def test_a_series_that_ended_earlier_counts_after_the_last_step_of_the_others() -> None:
    """Its steps ahead are counted from its own end."""
    found = score(version(forecast_of(4, {"model": [11] * 4})), Actuals(monthly([Y])), known=5)
    assert (found["place"].tolist(), found["step"].tolist()) == ([6, 7], [3, 4])


def test_filled_values_are_not_scored() -> None:
    panel = monthly([Y], missing=np.arange(9) == 6)
    assert score(version(forecast_of(5, {"model": [11] * 4})), Actuals(panel), known=4)["place"].tolist() == [5, 7, 8]


def test_steps_without_any_value_are_to_come() -> None:
    """The last month was filled in all series."""
    actuals = Actuals(monthly([Y], missing=np.arange(9) == 8))
    assert actuals.labels[-1] == "2020-08"


def test_rows_out_of_order_are_not_scored() -> None:
    """The second of these is no step ahead of the first."""
    forecast = forecast_of(5, {"model": [1, 2]}).assign(ds=["2020-07", "2020-06"])
    assert score(version(forecast), Actuals(monthly([Y])), known=-1)["place"].tolist() == [6]


@pytest.mark.parametrize(
    "forecast",
    [
        forecast_of(5, {"model": [1, 2]}, series="another"),
        forecast_of(20, {"model": [1, 2]}),
        forecast_of(5, {"model": [1, 2]}).assign(ds=["2020-06-01", "2020-07-01"]),
        forecast_of(5, {"model": [1, 2]}).iloc[:0],
        forecast_of(0, {"model": [1, 2]}),
    ],
    ids=["another series", "later", "another form", "empty", "no history"],
)
def test_forecasts_of_something_else_are_not_scored(forecast: pd.DataFrame) -> None:
    assert len(score(version(forecast), Actuals(monthly([Y])), known=-1)) <= (
        forecast["ds"].tolist() == ["2020-07", "2020-06"]
    )
