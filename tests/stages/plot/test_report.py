"""The report states good and bad results alike."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from stages.plot.pages import render
from stages.plot.report import choices, describe, errors_by_origin, leaderboard
from stages.plot.results import RunResults
from stages.plot.significance import PairedTest
from stages.predict import metrics as table
from stages.predict.metrics import Metric, mae


def metrics(model: float, naive: float, other: float, series: int = 3) -> dict[str, Any]:
    return {
        "evaluated": {"series": series},
        "model": {"mase": model},
        "baseline": {"seasonal_naive": {"mase": naive}, "auto_ets": {"mase": other}},
    }


def test_the_leaderboard_puts_the_best_first_even_if_it_is_not_the_model() -> None:
    content = leaderboard(metrics(1.5, 1.2, 2.0, series=1), {}, "model")
    assert [row[0] for row in content.rows] == ["seasonal_naive", "model", "auto_ets"]
    assert content.note == ""


def test_the_leaderboard_shows_every_point_metric_and_the_interval_of_the_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(table.METRICS, "other", Metric("Other", "lower", "share", point=mae))
    tests = {"seasonal_naive": PairedTest(-0.5, -0.7, -0.3, 0.001, "12 series", 0.1, 0.06)}
    content = leaderboard(metrics(0.5, 1.0, 2.0), tests, "model")
    names = ["MASE", "median MASE", "sMAPE", "MAPE", "MAE", "RMSE", "Other"]
    assert content.headers == ["", *names, "model minus method, 95 % CI"]
    assert content.rows[1] == ["seasonal_naive", 1.0, *[None] * 6, "-0.700 to -0.300"]
    assert "minus the method's" in content.note
    assert "MAE and RMSE are means over series in the input's units" in content.note


def test_errors_by_origin_name_the_series_that_they_are_means_of() -> None:
    errors = pd.DataFrame(
        {"unique_id": ["a", "b", "a"], "cutoff": ["5", "7", "2"], "origin": [3, 3, 6], "model": [1.0, 2.0, 4.0]}
    )
    content = errors_by_origin(errors, {"evaluated": {"series": 5}})
    assert content.rows == [[3, "5 (and 1 other)", 1.5], [6, "2", 4.0]]
    assert "2 series" in content.note


def test_the_brief_holds_headline_and_tables_in_markdown(results: RunResults) -> None:
    brief = render("report.md", **describe(results))
    assert "MASE of the model 0.5000 over 3 series" in brief
    assert "| model " in brief
    assert (
        brief.index("The next 3 steps") < brief.index("Better than repeating the last year") < brief.index("| model ")
    )
    assert "<" not in re.sub(r"`[^`\n]*`", "", brief)  # text from users is in code spans


def test_choices_stand_beside_what_params_yaml_says(results: RunResults) -> None:
    changed = replace(results, params={**results.params, "window": {**results.params["window"], "size": 24}})
    for shown, given in ((results, "auto"), (changed, "24")):
        rows = {str(name): (value, choice) for name, value, choice in choices(shown).rows}
        assert rows["window.size"] == (given, "24; 0 series are too short for a window")
        assert rows["backtest.origins"] == ("auto", "3 steps before the end")
        assert rows["ingest.season_length"][0] == "null"


def test_the_report_says_what_in_the_data_makes_forecasts_doubtful(results: RunResults) -> None:
    assert describe(results)["input_data"].note == (
        "2 missing values, at most 1 in a row, filled; no filled value is scored."
    )
    kept = describe(replace(results, input_data={**results.input_data, "filled": 0}))["input_data"].note
    assert kept == "2 missing values, at most 1 in a row, left out of training and scores."
    clean = {**results.input_data, "missing": 0, "longest_gap": 0, "filled": 0}
    assert describe(replace(results, input_data=clean))["input_data"].note == ""
    ended = describe(replace(results, input_data={**clean, "series_ended": 1, "series_ending_earlier": 2}))
    assert ended["input_data"].note == "1 series ended long before the last step: kept."
    assert ended["verdict"][-1].startswith("2 of 3 series end early; their forecasts begin there")


def test_the_caption_names_the_series_that_figures_number(results: RunResults) -> None:
    data = results.plot_data
    renamed = dict(zip(["北京店", "plain"], data.series.values(), strict=True))
    content = describe(replace(results, plot_data=replace(data, series=renamed)))
    backtest, *_ = content["sections"]["Forecasts"]
    assert backtest["caption"].endswith("Series by their places in the input: 1 is 北京店.")


def test_the_report_shows_what_covariates_bring_where_that_is_measured(results: RunResults) -> None:
    """The sentence first, and what it is measured on at the end; nothing without covariates."""
    assert describe(results)["sections"]["What the covariates bring"] == []
    brought = {"forecasts": 6, "model": 0.5, "none": 0.9, "permuted": {"<b>price": 0.71, "noise": 0.5}}
    figures = {**results.figures, "covariates": results.figures["loss"]}
    shown = replace(results, metrics={**results.metrics, "covariates": brought}, figures=figures)
    (figure,) = describe(shown)["sections"]["What the covariates bring"]
    assert figure["caption"].startswith("Permuting '<b>price' raises MASE by 42 %; 'noise' brings less than 1 %.")
    assert figure["caption"].endswith("Measured on 6 forecasts.")
    page = render("report.html", **describe(shown))
    assert "&lt;b&gt;price" in page
    assert "<b>price" not in page
    brief = (
        "Permuting `<b>price` raises MASE by 42 %; `noise` brings less than 1 %. With all of them hidden, MASE rises"
    )
    assert brief in render("report.md", **describe(shown))
    assert "Permuting" not in render("report.md", **describe(results))
    few = replace(results, metrics={**shown.metrics, "covariates": {**brought, "forecasts": 4}}, figures=figures)
    assert "Measured on 4 of 6 forecasts, evenly chosen." in render("report.html", **describe(few))


def test_the_caption_names_the_strips_below_forecasts(results: RunResults) -> None:
    data, (name, series) = results.plot_data, next(iter(results.plot_data.series.items()))
    backtest, *_ = describe(results)["sections"]["Forecasts"]
    assert "Below each plot" not in backtest["caption"]
    table = pd.DataFrame({"price": 1.0}, index=pd.Index(series.actual["ds"]))
    with_strips = replace(data, series={**data.series, name: replace(series, known_ahead=table)})
    backtest, *_ = describe(replace(results, plot_data=with_strips))["sections"]["Forecasts"]
    assert "Below each plot: the covariates known ahead, also over the horizon." in backtest["caption"]
