"""Figures show the data that they are given."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from stages.plot.figures import (
    draw_backtest,
    draw_error_by_step,
    draw_gates,
    draw_last_horizon,
    draw_loss,
    draw_results,
    draw_sensitivity,
    draw_series,
)
from stages.plot.results import PlotData, SeriesData
from stages.train.cells import CELLS


@pytest.fixture
def data() -> PlotData:
    """One series of four values, an origin two steps before its end and one three, a future of two steps."""
    actual = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, 6.0, 7.0, 8.0]})
    limits = {"model-lo-80": [6.0, 7.0], "model-hi-80": [8.0, 9.0]}
    latest = {"cutoff": "2", "ds": [3, 4], "y": [7.0, 8.0], "model": [7.5, 7.9], "seasonal_naive": [5.0, 6.0]}
    earlier = {"cutoff": "1", "ds": [2, 3], "y": [6.0, 7.0], "model": [6.5, 6.9], "seasonal_naive": [4.0, 5.0]}
    evaluation = pd.concat([pd.DataFrame({**rows, **limits}) for rows in (latest, earlier)])
    future = pd.DataFrame({"ds": [5, 6], "model": [9.0, 9.5], **limits})
    return PlotData({"$a$\n<b>": SeriesData(actual, evaluation, future)}, [80], "month", "passengers")


def points(line: Line2D) -> list[list[float]]:
    values: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return values


def test_figures_show_the_numbers(data: PlotData) -> None:
    series = draw_series(data).axes[0]
    assert points(series.lines[0]) == [[1, 5], [2, 6], [3, 7], [4, 8]]
    assert (series.get_xlabel(), series.get_ylabel()) == ("month", "passengers")
    backtest = draw_backtest(data).axes[0]
    drawn = [points(line) for line in backtest.lines]
    assert [[3, 7.5], [4, 7.9]] in drawn
    assert [[2, 6.5], [3, 6.9]] in drawn
    assert [[5, 9.0], [6, 9.5]] in drawn
    assert len(backtest.collections) == 3  # one interval for each origin
    last = [points(line) for line in draw_last_horizon(data).axes[0].lines]
    assert [[3, 5], [4, 6]] in last  # the seasonal naive forecast from the latest origin
    assert len(last) == 3
    plt.close("all")


def test_a_series_without_evaluation_has_an_empty_last_horizon(data: PlotData) -> None:
    (name, series), *_ = data.series.items()
    empty = replace(data, series={name: replace(series, evaluation=series.evaluation.iloc[:0])})
    assert len(draw_last_horizon(empty).axes[0].lines) == 0
    assert len(draw_backtest(empty).axes[0].collections) == 1
    plt.close("all")


def test_extremes_are_drawn_where_there_are_some(data: PlotData) -> None:
    by_step = pd.DataFrame({"step": [1], "model": [0.1]})
    loss = pd.DataFrame({"origin": [0], "epoch": [1], "loss": [3.0]})
    names = ["series", "backtest", "last_horizon", "error_by_step", "loss"]
    none = replace(data, series={})
    assert list(draw_results(data, none, pd.Series(dtype=float), by_step, loss)) == names
    figures = draw_results(data, data, pd.Series({"$a$\n<b>": 0.5}), by_step, loss)
    assert list(figures) == [*names, "extremes"]
    assert figures["extremes"].axes[0].get_title(loc="left") == r"\$a\$ <b>: scaled error 0.5"
    plt.close("all")


def test_error_by_step_draws_every_method() -> None:
    table = pd.DataFrame({"step": [1, 2], "model": [0.1, 0.2], "seasonal_naive": [1.0, 1.1], "auto_ets": [0.5, 0.6]})
    axes = draw_error_by_step(table).axes[0]
    assert [line.get_label() for line in axes.lines] == ["model", "seasonal_naive", "auto_ets"]
    plt.close("all")


def test_loss_draws_one_line_for_each_origin() -> None:
    table = pd.DataFrame({"origin": [0, 0, 12, 12], "epoch": [1, 2, 1, 2], "loss": [3.0, 2.0, 5.0, 4.0]})
    lines = draw_loss(table).axes[0].lines
    assert [line.get_label() for line in lines] == ["final origin", "12 steps before the end"]
    plt.close("all")


def test_units_are_sorted_by_their_first_gate() -> None:
    """Two units over three steps; the forget gate of the second is more open."""
    forget = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 1.0]])
    states = {"forget": forget, "input": forget, "output": forget, "cell": -forget, "hidden": forget}
    figure = draw_gates(
        {"value": np.zeros((3, 1)), **states}, CELLS["lstm"], ["2020-01", "2020-02", "2020-03"], "input"
    )
    top, *maps = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in maps] == ["forget gate", "input gate", "output gate", "cell state"]
    np.testing.assert_array_equal(maps[0].images[0].get_array(), [[0.9, 0.8, 1.0], [0.1, 0.2, 0.3]])
    assert [label.get_text() for label in top.get_xticklabels()] == ["2020-01", "2020-02", "2020-03"]
    plt.close("all")


def test_cells_without_gates_show_their_state() -> None:
    figure = draw_gates({"value": np.zeros((2, 1)), "hidden": np.eye(2)}, CELLS["rnn"], ["1", "2"], "input")
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")] == ["input", "hidden state"]
    plt.close("all")


def test_sensitivity_is_drawn_by_lag() -> None:
    (axes,) = draw_sensitivity({"lstm": np.array([0.5, 0.25]), "plain RNN": np.array([1.0, 0.1])}).axes
    assert points(axes.lines[0]) == [[1, 0.5], [2, 0.25]]
    assert axes.get_yscale() == "log"
    plt.close("all")
