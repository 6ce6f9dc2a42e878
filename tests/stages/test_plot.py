"""Plot: what the figures show, and the table that ends a run."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D

from stages.plot import Drawn, draw_backtest, draw_error_by_step, draw_last_horizon, draw_loss, draw_series, scoreboard


@pytest.fixture
def drawn() -> Drawn:
    """One series of four values, one origin two steps back, a future of two steps."""
    actual = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, 6.0, 7.0, 8.0]})
    limits = {"lo-80": [6.0, 7.0], "hi-80": [8.0, 9.0]}
    evaluation = pd.DataFrame(
        {"origin": 2, "ds": [3, 4], "y": [7.0, 8.0], "forecast": [7.5, 7.9], "seasonal_naive": [5.0, 6.0], **limits}
    )
    future = pd.DataFrame({"ds": [5, 6], "forecast": [9.0, 9.5], **limits})
    tables = {"$a$\n<b>": {"actual": actual, "evaluation": evaluation, "future": future}}
    return Drawn(tables, [80], "month", "passengers")


def points(line: Line2D) -> list[list[float]]:
    values: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return values


def test_figures_show_the_numbers(drawn: Drawn) -> None:
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


def test_the_scoreboard_puts_the_best_first_even_if_it_is_not_the_model() -> None:
    metrics = {
        "evaluated": {"series": 1, "origins": 2, "points": 24, "fallback": 0},
        "model": {"mase": 1.5, "mae": 3.0, "coverage_80": 75.0},
        "baseline": {"seasonal_naive": {"mase": 1.2, "mae": 2.0}},
    }
    lines = scoreboard(metrics).splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["seasonal_naive", "model"]
    assert "80 % intervals held 75 %" in lines[-1]
    assert "24 values" in lines[-1]
