"""The data of the chart: values and forecasts by step."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.plot import chart as chart_module
from stages.plot import results as module
from stages.plot.chart import chart
from stages.plot.results import RunResults


def test_the_chart_holds_the_values_by_step(results: RunResults, hostile: str) -> None:
    content = chart(results)
    first, second = content["series"]
    assert first["labels"][0] == "2020-01"
    assert first["labels"][-1] == "2021-03"
    assert first["y"] == list(range(12))
    assert first["filled"] == [4]
    past, future = first["forecasts"]
    assert (past["cutoff"], past["at"]) == ("2020-09", [9, 10, 11])
    assert (future["cutoff"], future["at"], future["forecast"]) == (None, [12, 13, 14], [2, 3, 4])
    assert past["intervals"] == [[[1, 2, 3], [3, 4, 5]]]
    assert (second["id"], second["name"], content["methods"], content["time"]) == (hostile, hostile, ["model"], hostile)
    assert (first["decimals"], first["start"]) == (1, 0)  # intervals two units wide; all of the short history
    assert json.dumps(content, allow_nan=False)


def test_the_chart_holds_the_last_steps_of_a_long_series(results: RunResults, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of twelve, and of a forecast that begins before them only its later steps."""
    monkeypatch.setattr(module, "MAX_STEPS", 2)
    first = chart(results)["series"][0]
    assert first["y"] == [10, 11]
    assert first["labels"] == ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03"]
    assert [(each["at"], each["forecast"]) for each in first["forecasts"]] == [([0, 1], [3, 4]), ([2, 3, 4], [2, 3, 4])]


def test_large_values_keep_the_digits_that_their_intervals_need(results: RunResults) -> None:
    """1e9, give or take 3: an interval six units wide has one decimal, and values have one more."""
    series = next(iter(results.charted.series.values()))
    actual = series.actual.assign(y=1e9 + np.arange(12) / 4)
    ahead = {"forecast-lo-80": 999_999_997.25, "forecast": 1e9 + 0.25, "forecast-hi-80": 1_000_000_003.25}
    large = replace(series, actual=actual, future=series.future.assign(**ahead))
    (found,) = chart(replace(results, charted=replace(results.charted, series={"large": large})))["series"]
    assert found["decimals"] == 1
    assert found["y"] == actual["y"].to_list()
    assert found["forecasts"][-1]["forecast"] == [1_000_000_000.25] * 3


def test_a_long_history_begins_where_six_horizons_or_two_seasons_are_left(results: RunResults) -> None:
    """Six of five steps are 30, more than two weeks and less than two seasons of 52 steps."""
    series = next(iter(results.charted.series.values()))
    days = pd.date_range("1900-01-01", periods=400, freq="D").to_series().reset_index(drop=True)
    actual = pd.DataFrame({"ds": days, "y": 1.5, "filled": False})
    future = pd.DataFrame({"ds": pd.date_range("1901-02-05", periods=5, freq="D")}).assign(forecast=0.123456789012)
    for limit in ("forecast-lo-80", "forecast-hi-80"):
        future[limit] = np.nan
    long = {"long": replace(series, actual=actual, future=future)}
    (found,) = chart(replace(results, charted=replace(results.charted, series=long)))["series"]
    long["long"] = replace(long["long"], season_lengths=(52,))
    (yearly,) = chart(replace(results, charted=replace(results.charted, series=long)))["series"]
    assert yearly["start"] == 400 - 2 * 52
    assert found["start"] == 400 - 6 * 5
    assert found["decimals"] == 1  # those of the values, where no interval is known
    assert found["forecasts"][-1]["forecast"] == [0.123456789] * 5  # ten digits, as in reports/forecast.csv


def test_series_beyond_the_budget_are_counted_but_those_of_figures_stay(
    results: RunResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_module, "MOST_NUMBERS", 1)
    many = {f"s{i}": next(iter(results.charted.series.values())) for i in range(30)}
    content = chart(replace(results, charted=replace(results.charted, series=many | results.charted.series)))
    assert [each["name"] for each in content["series"]] == ["s0", *results.plot_data.series]
    assert content["left_out"] == 0  # of the three of the panel
    assert chart(replace(results, input_data={"series": 40}))["left_out"] == 38


def test_a_long_name_is_cut_and_limits_that_are_not_known_are_null(results: RunResults) -> None:
    ((name, series), *_) = results.charted.series.items()
    series.future["forecast-lo-80"] = np.nan
    results.charted.series[f"{name} {'x' * 5_000} 7"] = series
    content = chart(results)["series"]
    assert content[0]["forecasts"][-1]["intervals"][0][0] == [None] * 3
    assert len(content[-1]["name"]) == 80
    assert content[-1]["name"].endswith(" 7")


def test_covariates_known_ahead_stand_at_each_step(results: RunResults) -> None:
    """Numbers and categories, None where one is missing: of twelve steps and the three that are forecast."""
    series = next(iter(results.charted.series.values()))
    steps = pd.Index([*series.actual["ds"], *series.future["ds"]])
    price = np.arange(15.0)
    price[3] = np.nan
    events = pd.Categorical(["fair"] * 14 + [None])
    known = replace(series, known_ahead=pd.DataFrame({"price": price, "event": events}, index=steps))
    (found,) = chart(replace(results, charted=replace(results.charted, series={"s": known})))["series"]
    price_shown, event_shown = found["covariates"]
    assert price_shown == {"name": "price", "values": [0, 1, 2, None, *range(4, 15)]}
    assert event_shown == {"name": "event", "values": [0] * 14 + [None], "categories": ["fair"]}
    assert json.dumps(found, allow_nan=False)
