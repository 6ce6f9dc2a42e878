"""Figures show the data that they are given."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
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
from stages.plot.style import method_style
from stages.train.cells import CELLS


@pytest.fixture
def data() -> PlotData:
    """One series of four values, an origin two steps before its end and one three, a future of two steps."""
    actual = pd.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, 6.0, 7.0, 8.0], "filled": False})
    limits = {"forecast-lo-80": [6.0, 7.0], "forecast-hi-80": [8.0, 9.0]}
    latest = {
        "cutoff": "2",
        "ds": [3, 4],
        "step": [1, 2],
        "y": [7.0, 8.0],
        "forecast": [7.5, 7.9],
        "seasonal_naive": [5.0, 6.0],
    }
    earlier = {
        "cutoff": "1",
        "ds": [2, 3],
        "step": [1, 2],
        "y": [6.0, 7.0],
        "forecast": [6.5, 6.9],
        "seasonal_naive": [4.0, 5.0],
    }
    origins = [(latest, [0.5, 0.1]), (earlier, [0.5, 0.9])]
    evaluation = pd.concat([pd.DataFrame({**rows, **limits, "scaled_error": error}) for rows, error in origins])
    future = pd.DataFrame({"ds": [5, 6], "forecast": [9.0, 9.5], **limits})
    return PlotData({"$a$\n<b>": SeriesData(1, actual, evaluation, future)}, "model", [80], "month", "passengers")


def legend_of(figure: Figure) -> list[str]:
    """The texts of the only legend, which is outside the plots."""
    assert all(axes.get_legend() is None for axes in figure.axes)
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def points(line: Line2D) -> list[list[float]]:
    values: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return values


def test_figures_show_the_numbers(data: PlotData) -> None:
    """The earlier origin's forecast overlaps the latest one's and is left out; lines begin two horizons before one."""
    series = draw_series(data).axes[0]
    x = points(series.lines[0])
    assert x == [[0, 5], [1, 6], [2, 7], [3, 8]]
    assert [label.get_text() for label in series.get_xticklabels()] == ["1", "2", "3", "4"]
    assert (series.get_xlabel(), series.get_ylabel()) == ("month", "passengers")
    backtest = draw_backtest(data).axes[0]
    drawn = [points(line) for line in backtest.lines]
    assert [[2, 7.5], [3, 7.9]] in drawn
    assert [[1, 6.5], [2, 6.9]] not in drawn
    assert [[4, 9.0], [5, 9.5]] in drawn
    assert len(backtest.collections) == 2  # one interval for each forecast
    (above,) = backtest.child_axes
    assert [label.get_text() for label in above.get_xticklabels()] == ["2"]  # steps before the end
    last = [points(line) for line in draw_last_horizon(data).axes[0].lines]
    assert [[2, 5], [3, 6]] in last  # the seasonal naive forecast from the latest origin
    assert x in last
    assert len(last) == 3
    plt.close("all")


def test_a_series_is_named_unless_its_values_have_the_same_name(data: PlotData) -> None:
    (series,) = data.series.values()
    titles = [
        draw_series(replace(data, series={name: series})).axes[0].get_title(loc="left") for name in ("a", "passengers")
    ]
    assert titles == ["a", ""]
    plt.close("all")


def test_figures_of_what_was_not_evaluated_are_left_out(data: PlotData) -> None:
    (name, series), *_ = data.series.items()
    other = replace(series, evaluation=series.evaluation.iloc[:0])
    axes = draw_last_horizon(replace(data, series={name: series, "other": other})).axes[1]
    assert (len(axes.lines), axes.get_xlabel()) == (0, "not evaluated")
    empty = replace(data, series={name: other})
    assert len(draw_backtest(empty).axes[0].collections) == 1
    by_step = pd.DataFrame({"step": [1, 2], "model": np.nan, "seasonal_naive": np.nan})
    loss = pd.DataFrame({"origin": [0], "epoch": [1], "loss": [3.0]})
    none = (pd.Series(dtype=float), pd.Series(dtype=float))
    figures = draw_results(empty, replace(data, series={}), none, by_step, loss)
    assert list(figures) == ["series", "backtest", "loss"]
    plt.close("all")


def test_the_forecast_has_the_colour_and_the_name_of_its_method(data: PlotData) -> None:
    """The seasonal naive forecast is not drawn twice."""
    for draw in (draw_backtest, draw_last_horizon):
        figure = draw(replace(data, method="auto_ets"))
        assert "forecast by auto_ets" in legend_of(figure)
        assert method_style("auto_ets")["color"] in [line.get_color() for line in figure.axes[0].lines]
    assert len(draw_last_horizon(replace(data, method="seasonal_naive")).axes[0].lines) == 2
    plt.close("all")


def test_one_wide_interval_does_not_flatten_the_others(data: PlotData) -> None:
    """Values and forecasts are from 5 to 9.5, and the view reaches as far again on either side."""
    (series,) = data.series.values()
    wide = series.future.assign(**{"forecast-hi-80": [10.0, 1e6]})
    figure = draw_backtest(replace(data, series={"a": replace(series, future=wide)}))
    low, high = figure.axes[0].get_ylim()
    assert high == 14
    assert low < 5
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
        assert points(alone) == [[3, 4], [5, 6]]
        assert broken.get_linestyle() == ":"
        assert {"actual", "filled"} <= set(legend_of(figure))
    assert not draw_series(data).legends  # nothing was filled
    plt.close("all")


def test_forecasts_of_one_step_are_points_with_bars(data: PlotData) -> None:
    (series,) = data.series.values()
    single = replace(series, evaluation=series.evaluation.iloc[:0], future=series.future.iloc[:1])
    axes = draw_backtest(replace(data, series={"a": single})).axes[0]
    (bar,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    np.testing.assert_array_equal(bar.get_segments(), [[[4, 6], [4, 8]]])
    assert [[4, 9]] in [points(line) for line in axes.lines if line.get_marker() == "."]
    plt.close("all")


def test_intervals_that_are_not_known_leave_the_forecast(data: PlotData) -> None:
    (series,) = data.series.values()
    limits = ["forecast-lo-80", "forecast-hi-80"]
    tables = {name: getattr(series, name).assign(**dict.fromkeys(limits, np.nan)) for name in ("evaluation", "future")}
    axes = draw_backtest(replace(data, series={"a": replace(series, **tables)})).axes[0]
    assert [[4, 9], [5, 9.5]] in [points(line) for line in axes.lines]
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
        {
            "cutoff": "0",
            "ds": ds.to_list()[:count],
            "step": range(1, count + 1),
            "y": y,
            "forecast": y,
            "seasonal_naive": y,
            **limits,
        }
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


def test_a_series_of_very_many_steps_is_drawn_as_means_and_their_range(data: PlotData) -> None:
    (series,) = data.series.values()
    actual = pd.DataFrame({"ds": range(20_000), "y": np.tile([0.0, 1.0], 10_000), "filled": False})
    figure = draw_series(replace(data, series={"a": replace(series, actual=actual, season_lengths=(24, 168))}))
    assert legend_of(figure) == ["range of 168 steps", "mean of 168 steps"]
    np.testing.assert_allclose(np.asarray(points(figure.axes[0].lines[0]))[:, 1], 0.5)
    plt.close("all")


def test_extremes_are_drawn_where_there_are_some(data: PlotData) -> None:
    """At the origin with the largest error: the earlier one, of the steps 2 and 3; the worst first."""
    by_step = pd.DataFrame({"step": [1], "model": [0.1]})
    loss = pd.DataFrame({"origin": [0], "epoch": [1], "loss": [3.0]})
    names = ["series", "backtest", "loss", "last_horizon", "error_by_step"]
    ((name, series),) = data.series.items()
    both = replace(data, series={name: series, "other": replace(series, evaluation=series.evaluation.head(2))})
    none = pd.Series(dtype=float)
    assert list(draw_results(data, replace(data, series={}), (none, none), by_step, loss)) == names
    extremes = (pd.Series({"other": 0.3}), pd.Series({name: 0.5}))
    figures = draw_results(data, both, extremes, by_step, loss)
    assert list(figures) == [*names, "extremes"]
    worst, best = figures["extremes"].axes
    assert worst.get_title(loc="left") == "worst: other\nscaled error 0.300"
    assert best.get_title(loc="left") == "best: 1: \\$a\\$ <b>\nscaled error 0.700 here, 0.500 over 2 origins"
    assert [[1, 6.5], [2, 6.9]] in [points(line) for line in best.lines]
    plt.close("all")


def test_error_by_step_draws_every_method() -> None:
    table = pd.DataFrame({"step": [1, 2], "model": [0.1, 0.2], "seasonal_naive": [1.0, 1.1], "auto_ets": [0.5, 0.6]})
    axes = draw_error_by_step(table, "model").axes[0]
    assert [line.get_label() for line in axes.lines] == ["model", "seasonal_naive", "auto_ets"]
    plt.close("all")


def test_a_method_with_huge_errors_does_not_flatten_the_others() -> None:
    table = pd.DataFrame(
        {"step": [1, 2], "model": [0.1, 0.2], "seasonal_naive": [1.0, 1.0], "auto_arima": [0.5, 123.4]}
    )
    figure = draw_error_by_step(table, "model")
    assert figure.axes[0].get_ylim() == (0, 1.1)
    assert legend_of(figure) == ["model", "seasonal_naive", "auto_arima, up to 123"]
    plt.close("all")


def test_the_error_of_a_single_step_is_a_dot_for_each_method() -> None:
    """One below the other, named beside it, from 0 to a little more than the largest that is not cut."""
    table = pd.DataFrame({"step": [1], "model": [0.5], "naive": [1.0], "auto_ets": [0.8], "drift": [123.4]})
    (axes,) = draw_error_by_step(table, "model").axes
    assert [points(line) for line in axes.lines] == [[[0.5, 0]], [[1, 1]], [[0.8, 2]], [[123.4, 3]]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["model", "naive", "auto_ets", "drift, up to 123"]
    assert axes.get_xlim() == (0, 1.1)
    assert axes.get_ylim() == (3.5, -0.5)
    plt.close("all")


@pytest.mark.parametrize("steps", [2, 3, 200])
def test_steps_ahead_are_whole(steps: int) -> None:
    (axes,) = draw_error_by_step(pd.DataFrame({"step": range(1, steps + 1), "model": 1.0}), "model").axes
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
    plt.close("all")


def test_loss_is_a_line_for_each_origin_the_final_one_last() -> None:
    """The earliest origin has more epochs."""
    table = pd.DataFrame({"origin": [0, 12, 24, 24], "epoch": [1, 1, 1, 2], "loss": [3.0, 5, 6, 1]})
    table = pd.concat([table, pd.DataFrame({"origin": [0], "epoch": [2], "loss": [2.0]})])
    figure = draw_loss(table)
    assert legend_of(figure) == ["2 earlier origins", "final origin"]
    lines = [points(line) for line in figure.axes[0].lines if len(points(line)) > 1]
    assert lines == [[[1, 6], [2, 1]], [[1, 3], [2, 2]]]
    assert legend_of(draw_loss(table[table["origin"] == 0])) == ["final origin"]
    early = draw_loss(table[table["origin"] == 24])  # backtest.refit: once
    assert legend_of(early) == ["last training origin"]
    assert points(early.axes[0].lines[0]) == [[1, 6], [2, 1]]
    plt.close("all")


def test_units_are_sorted_by_their_first_gate() -> None:
    """Two units over three steps; the forget gate of the second is more open."""
    forget = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 1.0]])
    states = {"forget": forget, "input": forget, "output": forget, "cell": -forget, "hidden": forget}
    figure = draw_gates(
        {"value": np.zeros((3, 1)), **states},
        CELLS["lstm"],
        pd.Series(pd.date_range("2020-01-31", periods=3, freq="ME")),
        "title",
    )
    top, *maps = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in maps] == ["forget gate", "input gate", "output gate", "cell state"]
    np.testing.assert_array_equal(maps[0].images[0].get_array(), [[0.9, 0.8, 1.0], [0.1, 0.2, 0.3]])
    assert [label.get_text() for label in maps[-1].get_xticklabels()] == ["Jan\n2020", "Feb\n ", "Mar\n "]
    np.testing.assert_array_equal(top.get_xticks(), [0, 1, 2])
    plt.close("all")


def test_cells_without_gates_show_their_state() -> None:
    figure = draw_gates({"value": np.zeros((2, 1)), "hidden": np.eye(2)}, CELLS["rnn"], pd.Series([7]), "input")
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")] == ["input", "hidden state"]
    np.testing.assert_array_equal(figure.axes[0].get_xticks(), [1])  # the series begins inside the window
    plt.close("all")


def test_sensitivity_is_drawn_by_lag() -> None:
    (axes,) = draw_sensitivity({"lstm": np.array([0.5, 0.25]), "plain RNN": np.array([1.0, 0.1])}).axes
    assert points(axes.lines[0]) == [[1, 0.5], [2, 0.25]]
    assert axes.get_yscale() == "log"
    plt.close("all")


def test_a_vanishing_gradient_does_not_flatten_the_others() -> None:
    (axes,) = draw_sensitivity({"lstm": np.full(336, 0.1), "plain RNN": np.geomspace(1e-40, 1e-30, 336)}).axes
    assert axes.get_ylim() == pytest.approx((1e-11, 0.2))
    assert axes.lines[0].get_marker() == "None"  # too many for a point each
    plt.close("all")


def test_a_gap_is_a_gap_in_the_line_and_a_value_between_two_gaps_is_a_point(data: PlotData) -> None:
    (series,) = data.series.values()
    actual = pd.DataFrame({"ds": range(1, 7), "y": [1.0, 2, np.nan, 4, np.nan, 6], "filled": False})
    gaps = replace(data, series={"a": replace(series, actual=actual)})
    for figure in (draw_series(gaps), draw_backtest(gaps)):
        given, alone, *_ = figure.axes[0].lines
        np.testing.assert_array_equal(given.get_ydata(), [1, 2, np.nan, 4, np.nan, 6])
        assert points(alone) == [[3, 4], [5, 6]]
    assert not draw_series(gaps).legends
    plt.close("all")
