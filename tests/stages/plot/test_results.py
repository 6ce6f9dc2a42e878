"""Results are read as they were written, and series are selected with their own rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.plot.results import extremes, read_forecasts, select_series

EVALUATION = """unique_id,cutoff,ds,step,y,model,model-lo-80,model-hi-80,scaled_error,seasonal_naive
NA,2020-02,2020-03,1,3,3.5,3,4,0.5,1
,2020-02,2020-03,1,7,7.5,,,0.5,5
NA,2020-01,2020-02,1,2,2.5,2,3,0.5,1
"""
FUTURE = """unique_id,ds,model,model-lo-80,model-hi-80,model-lo-95,model-hi-95
NA,2020-04,4.5,4,5,3,6
,2020-04,8.5,8,9,7,10
"""


@pytest.fixture
def panel() -> Panel:
    """Two series of three and two months, whose ids look like missing values."""
    ds = pd.Series(pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01", "2020-02-01", "2020-03-01"]))
    y = np.array([1.0, 2, 3, 6, 7])
    return Panel(["NA", ""], np.array([0, 3, 5]), ds, y, np.zeros(5, dtype=bool), TimeAxis("MS", "%Y-%m"))


@pytest.fixture
def tables(panel: Panel, tmp_path: Path) -> list[pd.DataFrame]:
    """The evaluation and the future."""
    read = []
    for name, text in (("evaluation", EVALUATION), ("future", FUTURE)):
        (tmp_path / name).write_text(text)
        read.append(read_forecasts(tmp_path / name, panel.time_axis))
    return read


def test_ids_and_cutoffs_are_text_steps_are_times_and_the_rest_are_numbers(tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    assert evaluation["unique_id"].tolist() == ["NA", "", "NA"]
    assert evaluation["cutoff"].tolist() == ["2020-02", "2020-02", "2020-01"]
    assert evaluation["ds"].dt.month.tolist() == [3, 3, 2]
    assert evaluation["model-lo-80"].isna().tolist() == [False, True, False]
    assert future["model"].tolist() == [4.5, 8.5]


def test_selected_series_have_their_actual_values_and_forecasts(panel: Panel, tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    data = select_series(panel, evaluation, future, ["", "NA"])
    assert list(data.series) == ["", "NA"]
    assert data.levels == [80, 95]
    assert data.series[""].actual["y"].tolist() == [6, 7]
    assert data.series[""].future["model"].tolist() == [8.5]
    evaluations = data.series["NA"].evaluations()
    assert [(cutoff, rows["model"].tolist()) for cutoff, rows in evaluations] == [
        ("2020-02", [3.5]),
        ("2020-01", [2.5]),
    ]


def test_a_series_that_was_not_evaluated_has_no_evaluations(panel: Panel, tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    data = select_series(panel, evaluation[evaluation["unique_id"] == "NA"], future, [""])
    assert data.series[""].evaluations() == []


def test_extremes_are_the_series_with_the_smallest_and_largest_mean_errors() -> None:
    """Means over each origin's steps first: `b` has 2 at one origin and 0 at the other, whatever their lengths.

    A series without any error is in neither.
    """
    rows = [
        ("a", "1", [1.5]),
        ("b", "1", [2.0, 2.0]),
        ("b", "2", [0.0]),
        ("c", "1", [3.0]),
        ("d", "1", [0.5]),
        ("e", "1", [np.nan]),
        ("dead", "1", [0.0, 0.0]),
    ]
    table = pd.DataFrame([(name, cutoff, e) for name, cutoff, errors in rows for e in errors])
    table.columns = pd.Index(["unique_id", "cutoff", "scaled_error"])
    best, worst = extremes(table)
    assert best.to_dict() == {"d": 0.5, "b": 1.0}
    assert worst.to_dict() == {"c": 3.0, "a": 1.5}
    assert list(worst.index) == ["c", "a"]
    alone = extremes(table[table["unique_id"] == "a"])
    assert alone[0].empty
    assert alone[1].empty
