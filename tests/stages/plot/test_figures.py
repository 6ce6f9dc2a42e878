"""What the figures show."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from stages.plot.figures import (
    PlotData,
    draw_backtest,
    draw_error_by_step,
    draw_inside,
    draw_last_horizon,
    draw_loss,
    draw_memory,
    draw_series,
)


@pytest.fixture
def drawn() -> PlotData:
    """One series of four values, one origin two steps back, a future of two steps."""
    actual = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, 6.0, 7.0, 8.0]})
    limits = {"lo-80": [6.0, 7.0], "hi-80": [8.0, 9.0]}
    evaluation = pd.DataFrame(
        {"origin": 2, "ds": [3, 4], "y": [7.0, 8.0], "forecast": [7.5, 7.9], "seasonal_naive": [5.0, 6.0], **limits}
    )
    future = pd.DataFrame({"ds": [5, 6], "forecast": [9.0, 9.5], **limits})
    tables = {"$a$\n<b>": {"actual": actual, "evaluation": evaluation, "future": future}}
    return PlotData(tables, [80], "month", "passengers")


def points(line: Line2D) -> list[list[float]]:
    values: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return values


def test_figures_show_the_numbers(drawn: PlotData) -> None:
    series = draw_series(drawn).axes[0]
    assert points(series.lines[0]) == [[1, 5], [2, 6], [3, 7], [4, 8]]
    assert (series.get_xlabel(), series.get_ylabel()) == ("month", "passengers")
    backtest = draw_backtest(drawn).axes[0]
    drawn_lines = [points(line) for line in backtest.lines]
    assert [[3, 7.5], [4, 7.9]] in drawn_lines
    assert [[5, 9.0], [6, 9.5]] in drawn_lines
    assert len(backtest.collections) == 2  # one interval at each of the two origins
    last = [points(line) for line in draw_last_horizon(drawn).axes[0].lines]
    assert [[3, 5], [4, 6]] in last  # the seasonal naive forecast
    plt.close("all")


def test_error_by_step_draws_every_method() -> None:
    table = pd.DataFrame({"step": [1, 2], "model": [0.1, 0.2], "seasonal_naive": [1.0, 1.1], "auto_ets": [0.5, 0.6]})
    axes = draw_error_by_step(table).axes[0]
    assert [line.get_label() for line in axes.lines] == ["model", "seasonal_naive", "auto_ets"]
    plt.close("all")


def test_loss_draws_one_line_for_each_origin_and_the_validation_part() -> None:
    table = pd.DataFrame({"origin": [0, 0, 12, 12], "epoch": [1, 2, 1, 2], "loss": [3.0, 2.0, 5.0, 4.0]})
    assert len(draw_loss(table).axes[0].lines) == 2
    assert len(draw_loss(table.assign(validation=[3.0, 2.5, 5.0, 4.5])).axes[0].lines) == 4 + 1
    plt.close("all")


def test_gates_are_drawn_with_the_unit_that_remembers_most_on_top() -> None:
    """Two units over three steps; the second's forget gate is the more open."""
    forget = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 1.0]])
    states = {"forget": forget, "input": forget, "output": forget, "cell": -forget, "hidden": forget}
    figure = draw_inside({"value": np.zeros((3, 1)), **states}, ["2020-01", "2020-02", "2020-03"], "seen")
    top, *maps = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in maps] == ["forget gate", "input gate", "output gate", "cell state"]
    np.testing.assert_array_equal(maps[0].images[0].get_array(), [[0.9, 0.8, 1.0], [0.1, 0.2, 0.3]])
    assert [label.get_text() for label in top.get_xticklabels()] == ["2020-01", "2020-02", "2020-03"]
    plt.close("all")


def test_cells_without_gates_show_their_state() -> None:
    figure = draw_inside({"value": np.zeros((2, 1)), "hidden": np.eye(2)}, ["1", "2"], "seen")
    assert "hidden state" in [ax.get_title(loc="left") for ax in figure.axes]
    plt.close("all")


def test_memory_is_drawn_by_lag() -> None:
    (axes,) = draw_memory({"lstm": np.array([0.5, 0.25]), "plain RNN": np.array([1.0, 0.1])}).axes
    assert points(axes.lines[0]) == [[1, 0.5], [2, 0.25]]
    assert axes.get_yscale() == "log"
    plt.close("all")
