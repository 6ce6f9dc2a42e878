"""Warnings of predict, one line each."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.panel.covariates import Covariates
from stages.predict.checks import (
    less_known_ahead,
    warn_of_fallback,
    warn_of_history_left_out,
    warn_of_origins_out_of_reach,
    warn_of_others,
    warn_of_wide_intervals,
)
from tests.builders import panel_of
from tests.forecasts import constant_forecast, naive_forecast


def test_origins_before_all_data_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_origins_out_of_reach(3)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: 3 evaluation origins before the first value of every series, left out")


def test_a_few_of_the_series_without_a_window_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_of([[0.0, 1.0, 2.0, 3.0]] * 7)
    warn_of_fallback(naive_forecast(panel, 0), panel.ids)
    assert "7 of 7 series are too short for a window" in (warned := capsys.readouterr().err)
    assert "('0', '1', '2', '3', '4', ...)" in warned


def test_series_whose_limits_are_far_from_their_history_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Histories from 0 to 3; the limits of the second and the third lie more than 3 beyond, at one level and step."""
    panel = panel_of([[0.0, 1.0, 2.0, 3.0]] * 4, ids=["a", "b", "c", "d"])
    lower, upper = np.full((2, 4, 3), -3.0), np.full((2, 4, 3), 6.0)
    lower[1, 1, 2], upper[0, 2, 0], upper[:, 3] = -3.1, 6.1, np.nan
    warn_of_wide_intervals(constant_forecast(panel, 0, {0: 1.0}), lower, upper, panel.ids)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: the intervals of 2 of 4 series reach further beyond the history than")
    assert "('b', 'c')" in line


def test_nothing_is_warned_of_where_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_of([[0.0, 1.0, 2.0, 3.0]])
    warn_of_fallback(constant_forecast(panel, 0, {0: 1.0}), panel.ids)
    warn_of_origins_out_of_reach(0)
    warn_of_wide_intervals(constant_forecast(panel, 0, {0: 1.0}), np.zeros((1, 1, 3)), np.ones((1, 1, 3)), panel.ids)
    assert capsys.readouterr().err == ""


def test_series_that_few_others_cannot_speak_for_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_others([], ["a", "b"])  # of a forecaster of many series
    warn_of_others(["a", "b", "c"], ["a", "b"])
    assert capsys.readouterr().err == ""
    warn_of_others(["a"], ["a", "b", "c"])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: 2 of 3 series ('b', 'c') are not among the 1 that the networks learned from")


@pytest.mark.parametrize(("first", "warned"), [("2024-02-01", True), ("2024-01-31", False), ("2019-01-01", False)])
def test_new_rows_alone_are_named(capsys: pytest.CaptureFixture[str], first: str, warned: bool) -> None:
    steps = pd.date_range(first, periods=3, freq="D", tz="Europe/Berlin").to_series()
    warn_of_history_left_out(steps, pd.Timestamp("2024-01-31"))
    warn_of_history_left_out(pd.Series([8, 9] if warned else [7, 8]), 7)
    assert capsys.readouterr().err.count("put the new rows below the old ones") == 2 * warned


def test_covariates_are_named_of_which_more_is_missing_ahead_than_before() -> None:
    """z is missing after the first series alone, late always."""
    future = np.arange(30.0).reshape(10, 3)
    future[[4, 5], 1] = future[:, 2] = np.nan
    indptr = np.array([0, 6, 10])
    covariates = Covariates(["x", "z", "late"], [], [], indptr, future, np.zeros((6, 0)), np.zeros((2, 0)), {}, None)
    panel = replace(panel_of([np.ones(4), np.ones(2)], covariates=covariates), ds=pd.Series([2, 3, 4, 5, 4, 5]))
    assert less_known_ahead(panel.at(0), [panel.at(2), panel.at(1)], 2) == ["z"]
    assert less_known_ahead(panel.at(2), [panel.at(2)], 2) == []
    assert less_known_ahead(panel.at(0), [], 2) == []
    ended = replace(panel, ds=pd.Series([2, 3, 4, 5, 98, 99]))  # the first series, long ago
    assert less_known_ahead(ended.at(0), [ended.at(2), ended.at(1)], 2) == []
    counting = replace(panel, ds=pd.Series([0, 1, 2, 3, 0, 1]))  # each its own steps
    assert less_known_ahead(counting.at(0), [counting.at(2), counting.at(1)], 2) == ["z"]
    assert less_known_ahead(panel_of([np.ones(4)]).at(0), [panel_of([np.ones(4)]).at(1)], 2) == []
