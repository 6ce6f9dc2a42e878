"""The data of the chart: values and forecasts by step."""

import json

import numpy as np
import pytest

from stages.plot import results as module
from stages.plot.chart import chart
from stages.plot.results import RunResults


def test_the_chart_holds_the_values_by_step(results: RunResults, hostile: str) -> None:
    content = chart(results)
    first, second = content["series"]
    assert first["ds"][0] == "2020-01"
    assert first["ds"][-1] == "2021-03"
    assert first["y"] == list(range(12))
    assert first["filled"] == [4]
    past, future = first["forecasts"]
    assert (past["cutoff"], past["at"]) == ("2020-09", [9, 10, 11])
    assert (future["cutoff"], future["at"], future["forecast"]) == (None, [12, 13, 14], [2, 3, 4])
    assert past["intervals"] == [[[1, 2, 3], [3, 4, 5]]]
    assert second["name"] == hostile
    assert json.dumps(content, allow_nan=False)


def test_the_chart_holds_the_last_steps_of_a_long_series(results: RunResults, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of twelve, and of a forecast that begins before them only its later steps."""
    monkeypatch.setattr(module, "MAX_STEPS", 2)
    first = chart(results)["series"][0]
    assert first["y"] == [10, 11]
    assert first["ds"] == ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03"]
    assert [(each["at"], each["forecast"]) for each in first["forecasts"]] == [([0, 1], [3, 4]), ([2, 3, 4], [2, 3, 4])]


def test_a_long_name_is_cut_and_limits_that_are_not_known_are_null(results: RunResults) -> None:
    ((name, series), *_) = results.plot_data.series.items()
    series.future["forecast-lo-80"] = np.nan
    results.plot_data.series[f"{name} {'x' * 5_000} 7"] = series
    content = chart(results)["series"]
    assert content[0]["forecasts"][-1]["intervals"][0][0] == [None] * 3
    assert len(content[-1]["name"]) == 80
    assert content[-1]["name"].endswith(" 7")
