"""The forecast in a sentence and in a table."""

from dataclasses import replace

import numpy as np
import pytest

from stages.plot.forecast_table import forecast_table, lead
from stages.plot.results import RunResults


@pytest.fixture
def alone(results: RunResults) -> RunResults:
    """A single series."""
    only = {"plain": results.plot_data.series["plain"]}
    return replace(
        results, plot_data=replace(results.plot_data, series=only), forecast={**results.forecast, "series": 1}
    )


def test_the_forecast_of_a_single_series_is_its_next_steps(alone: RunResults) -> None:
    """Intervals are 2 wide: two decimals make that 200 units of the last place, one decimal 20."""
    content = forecast_table(alone)
    assert content.title == "The next 3 steps"
    assert content.headers[1:] == ["forecast", "80 % interval"]
    assert content.rows == [
        ["2021-01", "2.0", "1.0 to 3.0"],
        ["2021-02", "3.0", "2.0 to 4.0"],
        ["2021-03", "4.0", "3.0 to 5.0"],
    ]
    assert content.note == ""


def test_a_long_forecast_is_printed_in_part(alone: RunResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.plot.forecast_table.MOST_STEPS", 2)
    content = forecast_table(alone)
    assert len(content.rows) == 2
    assert content.note == "1 more step in reports/forecast.csv."


def test_the_forecast_table_series_is_the_next_step_and_the_last(results: RunResults, hostile: str) -> None:
    content = forecast_table(results)
    assert content.rows[0] == ["plain", "2021-01", "2.0", "1.0 to 3.0", "2021-03", "4.0", "3.0 to 5.0"]
    assert content.rows[1][0] == hostile
    assert content.note == "1 more series, and the steps between are in reports/forecast.csv."


def test_a_forecast_without_limits_has_the_digits_of_the_values(alone: RunResults) -> None:
    series = alone.plot_data.series["plain"]
    series.future[["forecast-lo-80", "forecast-hi-80"]] = np.nan
    series.actual["y"] += 0.25
    assert forecast_table(alone).rows[0] == ["2021-01", "2.00", ""]


def test_the_method_is_named_where_it_is_not_the_model(alone: RunResults) -> None:
    named = replace(alone, plot_data=replace(alone.plot_data, method="combination"))
    assert forecast_table(named).title == "The next 3 steps, by the combination"


def test_the_sentence_has_the_next_step_and_the_last(alone: RunResults) -> None:
    named = replace(alone, plot_data=replace(alone.plot_data, value="sales"))
    assert (
        lead(named) == "sales: 2.0 for 2021-01 (80 % interval 1.0 to 3.0), 4.0 for 2021-03 (80 % interval 3.0 to 5.0)."
    )


def test_a_single_step_is_said_once(alone: RunResults) -> None:
    series = alone.plot_data.series["plain"]
    series = replace(series, future=series.future.head(1))
    short = replace(alone.plot_data, value="sales", series={"plain": series}, levels=[])
    one = replace(alone, plot_data=short, forecast={**alone.forecast, "horizon": 1})
    assert lead(one) == "sales: 2 for 2021-01."
    assert forecast_table(one).title == "The next step"


def test_of_several_series_the_sentence_counts(results: RunResults) -> None:
    assert lead(results) == "The next 3 steps of 3 series."
