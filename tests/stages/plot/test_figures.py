"""Figures show the data that they are given."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
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
from stages.plot.lines import envelope
from stages.plot.results import PlotData, SeriesData
from stages.train.cells import CELLS


@pytest.fixture
def data() -> PlotData:
    """One series of four values, an origin two steps before its end and one three, a future of two steps."""
    actual = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, 6.0, 7.0, 8.0], "filled": False})
    limits = {"forecast-lo-80": [6.0, 7.0], "forecast-hi-80": [8.0, 9.0]}
    latest = {"cutoff": "2", "ds": [3, 4], "y": [7.0, 8.0], "forecast": [7.5, 7.9], "seasonal_naive": [5.0, 6.0]}
    earlier = {"cutoff": "1", "ds": [2, 3], "y": [6.0, 7.0], "forecast": [6.5, 6.9], "seasonal_naive": [4.0, 5.0]}
    origins = [(latest, [0.5, 0.1]), (earlier, [0.5, 0.9])]
    evaluation = pd.concat([pd.DataFrame({**rows, **limits, "scaled_error": error}) for rows, error in origins])
    future = pd.DataFrame({"ds": [5, 6], "forecast": [9.0, 9.5], **limits})
    return PlotData({"$a$\n<b>": SeriesData(1, actual, evaluation, future)}, "model", [80], "month", "passengers")


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


def test_filled_values_are_drawn_apart_and_a_value_between_two_of_them_is_a_point(data: PlotData) -> None:
    """The input had the first, the second and the last value."""
    (series,) = data.series.values()
    filled = pd.DataFrame(
        {"ds": range(1, 7), "y": [1.0, 2, 3, 4, 5, 6], "filled": [False, False, True, False, True, False]}
    )
    gaps = replace(data, series={"a": replace(series, actual=filled)})
    for figure in (draw_series(gaps), draw_backtest(gaps)):
        given, broken, alone, *_ = figure.axes[0].lines
        np.testing.assert_array_equal(given.get_ydata(), [1, 2, np.nan, 4, np.nan, 6])
        np.testing.assert_array_equal(broken.get_ydata(), [np.nan, 2, 3, 4, 5, 6])
        assert points(alone) == [[4, 4], [6, 6]]
        assert broken.get_linestyle() == ":"
        legend = figure.axes[0].get_legend()
        assert legend
        assert [text.get_text() for text in legend.get_texts()][:2] == ["actual", "filled"]
    assert draw_series(data).axes[0].get_legend() is None  # nothing was filled
    plt.close("all")


def test_forecasts_of_one_step_are_points_with_bars(data: PlotData) -> None:
    (series,) = data.series.values()
    single = replace(series, evaluation=series.evaluation.iloc[:0], future=series.future.iloc[:1])
    axes = draw_backtest(replace(data, series={"a": single})).axes[0]
    (bar,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    np.testing.assert_array_equal(bar.get_segments(), [[[5, 6], [5, 8]]])
    assert [[5, 9]] in [points(line) for line in axes.lines if line.get_marker() == "."]
    plt.close("all")


def test_intervals_that_are_not_known_leave_the_forecast(data: PlotData) -> None:
    (series,) = data.series.values()
    limits = ["forecast-lo-80", "forecast-hi-80"]
    tables = {name: getattr(series, name).assign(**dict.fromkeys(limits, np.nan)) for name in ("evaluation", "future")}
    axes = draw_backtest(replace(data, series={"a": replace(series, **tables)})).axes[0]
    assert [[5, 9], [6, 9.5]] in [points(line) for line in axes.lines]
    plt.close("all")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(
    ("kind", "size"),
    [("integers", size) for size in (0.0, 5e-323, 1e-300, 42.0, 1e15, 1e300, 1.7e308)]
    + [(kind, 42.0) for kind in ("large integers", "years", "nanoseconds", "zone", "single")],
)
def test_any_steps_and_values_are_drawn_apart_and_without_a_warning(
    data: PlotData, kind: str, size: float, constant: bool
) -> None:
    """Every two steps, and values that differ, have places of their own."""
    steps: dict[str, pd.Series] = {
        "integers": pd.Series(range(-3, 5)),
        "large integers": pd.Series(range(9 * 10**18, 9 * 10**18 + 8)),
        "years": pd.Series(pd.date_range("1678-01-01", periods=8, freq="83YS")),
        "nanoseconds": pd.Series(pd.date_range("2262-04-11 23:47:16.854775", periods=8, freq="ns")),
        "zone": pd.Series(pd.date_range("2024-10-26 22:00", periods=8, freq="h", tz="UTC")).dt.tz_convert(
            "Europe/Berlin"
        ),
        "single": pd.Series([2000, 2001]),
    }
    ds, (series,) = steps[kind], data.series.values()
    count = len(ds) // 2
    y = np.full(count, size) if constant else size * np.linspace(-1, 1, count)
    limits = {"forecast-lo-80": y, "forecast-hi-80": y}
    ahead = pd.DataFrame({"ds": ds.to_list()[count:], "forecast": y, **limits})
    past = pd.DataFrame(
        {"cutoff": "0", "ds": ds.to_list()[:count], "y": y, "forecast": y, "seasonal_naive": y, **limits}
    )
    drawn = replace(
        series, actual=pd.DataFrame({"ds": ds[:count], "y": y, "filled": False}), evaluation=past, future=ahead
    )
    for figure in (
        draw(replace(data, series={"a": drawn})) for draw in (draw_series, draw_backtest, draw_last_horizon)
    ):
        figure.canvas.draw()
        (axes,) = figure.axes
        places = axes.transData.transform(points(axes.lines[0]))
        assert np.isfinite(places).all()
        assert (np.diff(places[:, 0]) > 5).all()
        assert constant or not size or (np.diff(places[:, 1]) > 5).all()
        plt.close(figure)


def test_a_long_line_is_drawn_through_its_extremes() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=100_000)
    values[[12_345, 67_890]] = [50, -50]
    rows = envelope(values, 1_000)
    assert len(rows) <= 1_000
    assert {0, 12_345, 67_890, 99_999} <= set(rows)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(envelope(values[:5], 5), np.arange(5))


def test_extremes_are_drawn_where_there_are_some(data: PlotData) -> None:
    by_step = pd.DataFrame({"step": [1], "model": [0.1]})
    loss = pd.DataFrame({"origin": [0], "epoch": [1], "loss": [3.0]})
    names = ["series", "backtest", "last_horizon", "error_by_step", "loss"]
    none = replace(data, series={})
    assert list(draw_results(data, none, pd.Series(dtype=float), by_step, loss)) == names
    figures = draw_results(data, data, pd.Series({"$a$\n<b>": 0.5}), by_step, loss)
    assert list(figures) == [*names, "extremes"]
    assert (
        figures["extremes"].axes[0].get_title(loc="left") == "1: \\$a\\$ <b>\nscaled error 0.3 here, 0.5 over 2 origins"
    )
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


def test_of_many_origins_the_loss_is_named_for_some() -> None:
    table = pd.DataFrame({"origin": range(0, 1_200, 12), "epoch": 1, "loss": 3.0})
    legend = draw_loss(table).axes[0].get_legend()
    assert legend
    names = [text.get_text() for text in legend.get_texts()]
    assert (len(names), names[0], names[-1]) == (8, "final origin", "1188 steps before the end")
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
