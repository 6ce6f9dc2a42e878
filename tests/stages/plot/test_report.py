"""The report states good and bad results alike."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from stages.plot.pages import render
from stages.plot.report import describe, errors_by_origin, headline, leaderboard
from stages.plot.results import RunResults
from stages.plot.significance import PairedTest
from stages.predict import metrics as table
from stages.predict.metrics import Metric, mae

COUNTS = {"origins": 2, "series": 3, "points": 36, "fallback": 0, "without_scale": 0}


def metrics(model: float, naive: float, other: float) -> dict[str, Any]:
    return {
        "evaluated": COUNTS,
        "model": {"mase": model, "coverage_80": 75.0},
        "baseline": {"seasonal_naive": {"mase": naive}, "auto_ets": {"mase": other}},
    }


def test_the_headline_compares_with_the_best_other_method_and_tests_the_difference() -> None:
    tests = {
        "seasonal_naive": PairedTest(-0.5, -0.7, -0.3, 0.001, "12 series", 0.1, 0.06),
        "auto_ets": PairedTest(-0.1, -0.3, 0.1, 0.3, "12 series", 0.1, None),
    }
    first, naive, other, covered = headline(metrics(0.5, 1.0, 0.625), tests)
    assert first == "MASE 0.5 over 3 series, 2 origins, 36 values."
    assert naive == (
        "50 % lower than seasonal_naive (1), statistically significant "
        "(p = 0.001; difference -0.5, 95 % CI -0.7 to -0.3; 12 series; "
        "standard error 0.1: 0.08 from the data, 0.06 from training)."
    )
    assert other.startswith("20 % lower than auto_ets, the best other method (0.625), not significant (p = 0.3;")
    assert covered == "80 % intervals covered 75 % of the actual values."


def test_the_headline_of_a_model_that_loses() -> None:
    sentences = headline(metrics(1.5, 1.0, 1.2), {})
    assert sentences[1] == "50 % higher than seasonal_naive (1)."
    assert len(sentences) == 3  # the seasonal naive method is the best other one: it has one sentence


def test_a_perfect_baseline_is_no_equal() -> None:
    assert headline(metrics(0.7, 0.0, 0.9), {})[1] == "Higher than seasonal_naive (0)."


def test_without_origins_nothing_is_claimed() -> None:
    (sentence,) = headline({"evaluated": {**COUNTS, "origins": 0}}, {})
    assert "not measured" in sentence


def test_forecasts_by_the_seasonal_naive_method_are_counted() -> None:
    results = metrics(0.5, 1.0, 0.625)
    *_, last = headline({**results, "evaluated": {**COUNTS, "fallback": 2}}, {})
    assert last.startswith("2 of the model's forecasts are seasonal naive ones")


def test_series_without_a_scale_are_left_out_of_the_count() -> None:
    results = metrics(0.5, 1.0, 0.625)
    first, *_ = headline({**results, "evaluated": {**COUNTS, "without_scale": 2}}, {})
    assert first == (
        "MASE 0.5 over 1 of 3 series, 2 origins; the history of 2 is constant or no longer than a season, which gives "
        "no scale."
    )
    (only,) = headline({"evaluated": {**COUNTS, "without_scale": 3}, "model": {"smape": 0.0}, "baseline": {}}, {})
    assert only.startswith("No scaled errors over 3 series, 2 origins, 36 values: ")


def test_the_leaderboard_puts_the_best_first_even_if_it_is_not_the_model() -> None:
    content = leaderboard(metrics(1.5, 1.2, 2.0), {})
    assert [row[0] for row in content.rows] == ["seasonal_naive", "model", "auto_ets"]
    assert content.note == ""


def test_the_leaderboard_shows_every_point_metric_and_the_interval_of_the_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(table.METRICS, "other", Metric("Other", "lower", "share", point=mae))
    tests = {"seasonal_naive": PairedTest(-0.5, -0.7, -0.3, 0.001, "12 series", 0.1, 0.06)}
    content = leaderboard(metrics(0.5, 1.0, 2.0), tests)
    names = ["MASE", "sMAPE", "MAPE", "MAE", "RMSE", "Other"]
    assert content.headers == ["", *names, "model minus method, 95 % CI"]
    assert content.rows[1] == ["seasonal_naive", 1.0, *[None] * 5, "-0.7 to -0.3"]
    assert "minus the method's" in content.note


def test_errors_by_origin_name_the_series_that_they_are_means_of() -> None:
    errors = pd.DataFrame(
        {"unique_id": ["a", "b", "a"], "cutoff": ["5", "7", "2"], "origin": [3, 3, 6], "model": [1.0, 2.0, 4.0]}
    )
    content = errors_by_origin(errors, {"evaluated": {"series": 5}})
    assert content.rows == [[3, "2 different cutoffs", 1.5], [6, "2", 4.0]]
    assert "2 series" in content.note


def test_the_brief_holds_headline_and_tables_in_markdown(results: RunResults) -> None:
    brief = render("report.md", **describe(results))
    assert "MASE 0.5 over 3 series" in brief
    assert "| model " in brief
    assert re.search(r"\| backtest\.origins +\| 3 steps before the end +\|", brief)
    assert "<" not in re.sub(r"`[^`\n]*`", "", brief)  # text from users is in code spans


def test_the_report_says_what_in_the_data_makes_forecasts_doubtful(results: RunResults) -> None:
    assert describe(results)["input_data"].note == (
        "2 missing values were filled, at most 1 in a row; no filled value is scored."
    )
    clean = {**results.input_data, "filled": 0, "longest_filled": 0}
    assert describe(replace(results, input_data=clean))["input_data"].note == ""
    ended = describe(replace(results, input_data={**clean, "series_ended": 1}))["input_data"].note
    assert ended.startswith("1 series ended long before the last step;")


def test_the_caption_names_the_series_that_figures_number(results: RunResults) -> None:
    data = results.plot_data
    renamed = dict(zip(["北京店", "plain"], data.series.values(), strict=True))
    content = describe(replace(results, plot_data=replace(data, series=renamed)))
    backtest, *_ = content["sections"]["Forecasts"]
    assert backtest["caption"].endswith("Series by their places in the input: 1 is 北京店.")
