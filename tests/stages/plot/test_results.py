"""Results are read as they were written, and series are selected with their own rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.plot.results import MAX_ORIGINS, MAX_STEPS, SeriesData, extremes, read_forecasts, select_series, spread
from tests.builders import panel_of

EVALUATION = """unique_id,cutoff,ds,step,y,model,model-lo-80,model-hi-80,scaled_error,seasonal_naive
NA,2020-02,2020-03,1,3,3.5,3,4,0.5,1
,2020-02,2020-03,1,7,7.5,,,0.5,5
NA,2020-01,2020-02,1,2,2.5,2,3,0.5,1
"""
FUTURE = """unique_id,ds,model,model-lo-20,model-hi-20,model-lo-80,model-hi-80,model-lo-95,model-hi-95
NA,2020-04,4.5,4.4,4.7,4,5,3,6
,2020-04,8.5,8.4,8.7,8,9,7,10
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
        read.append(read_forecasts(tmp_path / name, panel.time_axis, "model"))
    return read


def test_ids_and_cutoffs_are_text_steps_are_times_and_the_rest_are_numbers(tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    assert evaluation["unique_id"].tolist() == ["NA", "", "NA"]
    assert evaluation["cutoff"].tolist() == ["2020-02", "2020-02", "2020-01"]
    assert evaluation["ds"].dt.month.tolist() == [3, 3, 2]
    assert evaluation["forecast-lo-80"].isna().tolist() == [False, True, False]
    assert future["model"].tolist() == [4.5, 8.5]


def test_selected_series_have_their_actual_values_and_forecasts(panel: Panel, tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    data = select_series(panel, evaluation, future, "model", ["", "NA"])
    assert list(data.series) == ["", "NA"]
    assert data.levels == [80, 95]  # the two largest
    assert data.series[""].actual["y"].tolist() == [6, 7]
    assert data.series[""].actual["filled"].tolist() == [False, False]
    assert data.series[""].place == 2
    assert data.series[""].future["model"].tolist() == [8.5]
    evaluations = data.series["NA"].evaluations()
    assert [(cutoff, rows["model"].tolist()) for cutoff, rows in evaluations] == [
        ("2020-02", [3.5]),
        ("2020-01", [2.5]),
    ]


def test_a_series_that_was_not_evaluated_has_no_evaluations(panel: Panel, tables: list[pd.DataFrame]) -> None:
    evaluation, future = tables
    data = select_series(panel, evaluation[evaluation["unique_id"] == "NA"], future, "model", [""])
    assert data.series[""].evaluations() == []


def evaluation_of(rows: list[tuple[str, str, list[float]]]) -> pd.DataFrame:
    """Scaled errors by series and cutoff, at steps 1, 2, ... after it."""
    table = pd.DataFrame([(name, cutoff, step, e) for name, cutoff, errors in rows for step, e in enumerate(errors, 1)])
    table.columns = pd.Index(["unique_id", "cutoff", "ds", "scaled_error"])
    return table.assign(ds=table["ds"] + table["cutoff"].astype(int))


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
    table, panel = evaluation_of(rows), panel_of([[1.0, 2, 3]] * 5, ids=list("abcde"))
    best, worst = extremes(panel, table)
    assert best.to_dict() == {"d": 0.5, "b": 1.0}
    assert worst.to_dict() == {"c": 3.0, "a": 1.5}
    assert list(worst.index) == ["c", "a"]
    alone = extremes(panel, table[table["unique_id"] == "a"])
    assert alone[0].empty
    assert alone[1].empty


def test_a_series_without_change_is_no_extreme() -> None:
    """A sensor that is dead where it was evaluated, and in the season before, has a scale of its better days."""
    rows = [(name, "5", [error, error]) for name, error in [("dead", 0.0), ("alive", 0.5), ("asleep", 0.6)]]
    values = [[1.0, 5, 2, 9, 0, 0, 0, 0], [1.0, 5, 2, 9, 0, 0, 0, 1], [1.0, 5, 2, 9, 9, 0, 0, 0]]
    panel = panel_of(values, ids=["dead", "alive", "asleep"], season_lengths=(2,))
    assert [list(errors.index) for errors in extremes(panel, evaluation_of(rows))] == [["alive"], ["asleep"]]


def test_what_is_shown_of_many_steps_and_origins_is_bounded() -> None:
    """The last steps, and origins evenly spread, the latest and the earliest among them."""
    assert spread(list(range(1, 100)), 5) == [1, 25, 50, 75, 99]
    assert spread([80, 95], 5) == [80, 95]
    steps = range(2_000)
    actual = pd.DataFrame({"ds": steps, "y": 0.0, "filled": False})
    evaluation = pd.DataFrame({"cutoff": [str(step) for step in reversed(steps)], "ds": list(reversed(steps))})
    series = SeriesData(1, actual, evaluation, evaluation)
    assert series.recent["ds"].tolist() == list(steps[-MAX_STEPS:])
    shown = [int(cutoff) for cutoff, _ in series.evaluations()]
    assert (len(shown), shown[0], shown[-1]) == (MAX_ORIGINS, 1_999, 1_000)


def test_figures_show_ten_horizons_or_two_seasons_beside_forecasts() -> None:
    actual = pd.DataFrame({"ds": range(2_000), "y": 0.0, "filled": False})
    series = SeriesData(1, actual, actual.iloc[:0], actual.iloc[:3])
    assert len(series.closing) == 30
    assert len(replace(series, season_lengths=(24, 168)).closing) == 48
    assert len(replace(series, future=actual.iloc[:500]).closing) == MAX_STEPS


def test_separate_evaluations_do_not_overlap() -> None:
    """Three steps from each of the origins 3, 5 and 6: the one of 5 overlaps; a filled first step counts in none."""
    origins = [(3, [97, 98, 99]), (5, [95, 96, 97]), (6, [95, 96])]
    evaluation = pd.concat(
        [pd.DataFrame({"cutoff": str(99 - n), "ds": ds, "step": np.array(ds) + n - 99}) for n, ds in origins]
    )
    actual = pd.DataFrame({"ds": range(100), "y": 0.0, "filled": False})
    series = SeriesData(1, actual, evaluation, actual.iloc[:3])
    assert [origin for origin, _ in series.separate_evaluations()] == [3, 6]
    assert series.around(evaluation.tail(2))["ds"].tolist() == list(range(88, 97))


def test_the_hardest_evaluation_has_the_largest_mean_error() -> None:
    evaluation = evaluation_of([("a", "7", [1.0, 2.0]), ("a", "5", [9.0, np.nan]), ("a", "3", [np.nan])])
    series = SeriesData(1, evaluation, evaluation, evaluation)
    assert series.hardest_evaluation()["ds"].tolist() == [6, 7]
