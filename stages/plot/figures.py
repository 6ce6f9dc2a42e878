"""The figures of the results and of the inside of a network: one function each, from data to a figure."""

from collections.abc import Sized
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from stages.common.arrays import Floats
from stages.common.errors import counted
from stages.panel.panel import Panel
from stages.plot.covariates import draw_covariates
from stages.plot.digits import significant
from stages.plot.inside import Inside, title_of, window_steps
from stages.plot.known_ahead import draw_strips
from stages.plot.lines import (
    bin_size,
    draw_actual,
    draw_alone,
    draw_forecast,
    draw_whole,
    forecast_scales,
    limit_view,
)
from stages.plot.results import PlotData, SeriesData, spread
from stages.plot.scales import Scales
from stages.plot.style import (
    ACTUAL,
    QUIET,
    axes_inches,
    draw_legend,
    fit_name,
    method_style,
    split_below,
    subplots,
    text_width,
    wrap_text,
)
from stages.plot.ticks import GAP, choose_ticks
from stages.train.cells import Cell

MOST_MARKERS = 100  # on a line
MOST_CURVES = 60  # of earlier origins: more are left out, evenly
OUTLYING = 3  # times the largest error of the median method: a method beyond that does not set the scale
SMALLEST = 1e-10  # of the largest gradient: less does not show in any forecast
SMALL = 8  # points of the numbers of origins
EXTREMES = {"worst": "#A03C00", "best": "#00664B"}  # colours of titles


def draw_results(
    first: PlotData,
    extreme: PlotData,
    extremes: tuple[pd.Series, pd.Series],
    by_step: pd.DataFrame,
    loss: pd.DataFrame,
    brought: dict[str, Any] | None = None,
) -> dict[str, Figure]:
    """The figures of a run's results, by name.

    first: the first series of the panel
    extreme: the series that were forecast worst and best, and none of a panel of one
    extremes: the scaled errors by id, of the worst and of the best
    by_step, loss: reports/error_by_step.csv and reports/loss.csv
    brought: the part `covariates` of reports/metrics.json, if it has one
    """
    figures = {"series": draw_series(first), "backtest": draw_backtest(first), "loss": draw_loss(loss)}
    if any(len(series.evaluation) for series in first.series.values()):
        figures["last_horizon"] = draw_last_horizon(first)
    if np.isfinite(by_step.drop(columns="step").to_numpy(dtype=np.float64)).any():
        figures["error_by_step"] = draw_error_by_step(by_step, first.method)
    if extreme.series:
        figures["extremes"] = draw_extremes(extreme, *extremes)
    if brought:
        figures["covariates"] = draw_covariates(brought)
    return figures


def draw_series(data: PlotData) -> Figure:
    """The series themselves, from their first values; of very many steps means and ranges."""
    figure, axes = subplots(len(data.series))
    longest = max((len(series.actual) for series in data.series.values()), default=0)
    for ax, series in zip(axes, data.series.values(), strict=True):
        scales = Scales.of(series.actual["ds"], [series.actual["y"]])
        draw_whole(ax, scales, series.actual, bin_size(longest, axes_inches(ax), series.season_lengths))
        scales.label(ax, data.time, data.value)
    _name_series(axes, data)
    if any(ax.collections for ax in axes) or any(series.actual["filled"].any() for series in data.series.values()):
        draw_legend(figure)
    return figure


def draw_backtest(data: PlotData) -> Figure:
    """Forecasts and the latest actual values, with intervals; the future at the end; below them covariates."""
    figure, axes = subplots(len(data.series))
    below = split_below(figure, axes, len(next(iter(data.series.values())).known_ahead.columns))
    for ax, strips, series in zip(axes, below, data.series.values(), strict=True):
        origins = series.separate_evaluations()
        forecasts = [*(rows for _, rows in origins), series.future]
        scales = forecast_scales(series.closing, forecasts, data.levels)
        draw_actual(ax, scales, series.closing, linewidth=1)
        for position, rows in enumerate(forecasts):
            draw_forecast(ax, scales, rows, data.levels, data.method, None if position else _label(data))
        end = scales.x(series.actual["ds"].tail(1))[0]
        for each in (ax, *strips):
            each.axvline(end, color=ACTUAL, linewidth=0.8, linestyle=":", label="end of the data")
        limit_view(ax, scales, [series.closing["y"], *(rows["forecast"] for rows in forecasts)])
        scales.label(ax, data.time, data.value)
        draw_strips(ax, strips, scales, series.known_ahead)
        _number_origins(ax, {origin: scales.x(series.actual["ds"].iloc[[-origin]])[0] for origin, _ in origins})
    _name_series(axes, data)
    draw_legend(figure)
    return figure


def draw_last_horizon(data: PlotData) -> Figure:
    """The latest evaluation origin at larger scale, with the seasonal naive forecast."""
    figure, axes = subplots(len(data.series))
    for ax, series in zip(axes, data.series.values(), strict=True):
        latest = series.evaluations()[:1]
        if latest:
            _draw_origin(ax, data, series, latest[0][1])
        else:
            ax.set(xticks=[], yticks=[], xlabel="not evaluated")
    _name_series(axes, data)
    draw_legend(figure)
    return figure


def draw_extremes(data: PlotData, worst: pd.Series, best: pd.Series) -> Figure:
    """Series by their mean scaled errors, the worst on the left and the best on the right; errors in titles.

    Each is drawn at the origin with its largest error. worst, best: by id, of the same length
    """
    figure, axes = subplots(len(data.series))
    pairs = zip(worst.items(), best.items(), strict=True)
    rows = [(kind, str(name), mean) for pair in pairs for kind, (name, mean) in zip(EXTREMES, pair, strict=True)]
    for ax, (kind, name, mean) in zip(axes, rows, strict=True):
        series = data.series[name]
        hardest, origins = series.hardest_evaluation(), series.evaluation["cutoff"].nunique()
        _draw_origin(ax, data, series, hardest)
        over = f" here, {significant(mean, 3)} over {origins} origins" if origins > 1 else ""
        error = f"scaled error {significant(hardest['scaled_error'].mean(), 3)}{over}"
        ax.set_title(f"{fit_name(name, series.place, f'{kind}: ')}\n{error}", color=EXTREMES[kind])
    draw_legend(figure)
    return figure


def draw_error_by_step(by_step: pd.DataFrame, published: str) -> Figure:
    """How the error of each method grows with the horizon; one far above the others is cut, with a word.

    Of a horizon of one step a dot for each method.
    """
    figure, (ax,) = subplots(1)
    errors = by_step.drop(columns="step")
    largest = errors.max()
    outlying = largest > (OUTLYING * largest.median() or np.inf)
    most = 1.1 * largest[~outlying].max() if outlying.any() else None
    labels = {name: f"{name}, up to {significant(largest[name], 3)}" if outlying[name] else name for name in errors}
    if len(errors) == 1:
        _draw_dots(ax, errors.iloc[0], labels)
        ax.set(xlabel="mean absolute scaled error, 1 step ahead", xlim=(0, most))
        return figure
    for name, label in labels.items():
        style = method_style(name) | {"linewidth": 2.5 if name == published else 1.2, "marker": _marker(by_step)}
        ax.plot(by_step["step"], errors[name], label=label, **style)
    ax.set(xlabel="steps ahead", ylabel="mean absolute scaled error", ylim=(0, most))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    draw_legend(figure)
    return figure


def draw_loss(loss: pd.DataFrame) -> Figure:
    """Mean loss of the members at each training origin, the last one on top: the earlier ones in grey."""
    figure, (ax,) = subplots(1)
    latest = loss["origin"].min()
    origins = spread(sorted(loss["origin"].unique(), reverse=True)[:-1], MOST_CURVES)
    label = counted(loss["origin"].nunique() - 1, "earlier origin")
    for place, origin in enumerate([*origins, latest]):
        curve, last = loss[loss["origin"] == origin], origin == latest
        name = ("last training origin" if latest else "final origin") if last else None if place else label
        colour, width = (method_style("model")["color"], 1.5) if last else (QUIET, 0.8)
        ax.plot(curve["epoch"], curve["loss"], label=name, color=colour, linewidth=width)
        draw_alone(ax, curve["epoch"].to_numpy(), curve["loss"].to_numpy(), colour)
    ax.set(xlabel="epoch", ylabel="training loss, in units of scale")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    draw_legend(figure)
    return figure


def draw_inside(inside: Inside, panel: Panel, cell: Cell) -> dict[str, Figure]:
    """The figures of the first network."""
    figures = {}
    if inside.traced:
        steps = window_steps(panel, inside.series, len(inside.traced["value"]))
        figures["gates"] = draw_gates(inside.traced, cell, steps, title_of(panel, inside.series))
    return {**figures, "sensitivity": draw_sensitivity(inside.by_cell)}


def draw_gates(traced: dict[str, Floats], cell: Cell, steps: pd.Series, title: str) -> Figure:
    """Heat maps of the cell's gates and state over a window, each (size, hidden), below the network's input (`value`).

    Units are sorted by the mean of the first gate, the largest on top.

    steps: the last ones of the window, (size,) or less if the series begins inside it
    """
    names = [*cell.gates, cell.state]
    order, size = np.argsort(-traced[names[0]].mean(axis=0), kind="stable"), len(traced["value"])
    figure, (top, *maps) = subplots(1 + len(names), columns=1)
    top.plot(np.arange(size), traced["value"][:, 0], color=ACTUAL, marker=_marker(steps))
    top.set(title=wrap_text(title, 7), xlim=(-0.5, size - 0.5), ylabel="input")
    figure.colorbar(plt.cm.ScalarMappable(), ax=top, pad=0.01, label=" ").ax.set_visible(
        False
    )  # as wide as those below
    for ax, name in zip(maps, names, strict=True):
        label = "state" if name == cell.state else "0 closed, 1 open"
        _draw_heat_map(figure, ax, traced[name][:, order].T, name == cell.state, label)
        ax.set(title=f"{name} {'state' if name == cell.state else 'gate'}", ylabel="unit, sorted")
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    places = np.arange(size - len(steps), size, dtype=np.float64)
    rows, labels = choose_ticks(steps, places, axes_inches(top) * len(steps) / size)
    for ax in (top, *maps):
        ax.set_xticks(places[rows], labels if ax is maps[-1] else [])
    return figure


def draw_sensitivity(by_cell: dict[str, Floats]) -> Figure:
    """Mean absolute gradient of the forecast by each input, by lag; the first cell is the model's."""
    figure, (ax,) = subplots(1)
    for (name, by_lag), colour in zip(by_cell.items(), (method_style("model")["color"], QUIET), strict=False):
        lags = np.arange(1, len(by_lag) + 1)
        ax.plot(lags, by_lag, color=colour, marker=_marker(lags), label=name)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    largest = max(float(by_lag.max()) for by_lag in by_cell.values())
    if largest:
        ax.set_ylim(max(ax.get_ylim()[0], SMALLEST * largest), 2 * largest)
    low, high = ax.get_ylim()
    ax.yaxis.set_minor_formatter(StrMethodFormatter("{x:g}") if high < 10 * low else NullFormatter())
    ax.set(xlabel="steps before the forecast", ylabel="mean |change of forecast / change of input|")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    draw_legend(figure)
    return figure


def _draw_origin(ax: Axes, data: PlotData, series: SeriesData, rows: pd.DataFrame) -> None:
    """The forecast of one evaluation origin in `rows`, the seasonal naive one, and the actual values around it."""
    actual, naive = series.around(rows), rows["seasonal_naive"]
    scales = forecast_scales(actual, [rows], data.levels)
    draw_forecast(ax, scales, rows, data.levels, data.method, _label(data))
    if data.method != "seasonal_naive":
        style = method_style("seasonal_naive")
        ax.plot(scales.x(rows["ds"]), scales.y(naive), linewidth=1.2, label="seasonal_naive", **style)
    draw_actual(ax, scales, actual, linewidth=1, marker=_marker(actual))
    limit_view(ax, scales, [actual["y"], rows["forecast"], naive])
    scales.label(ax, data.time, data.value)


def _draw_dots(ax: Axes, values: pd.Series, labels: dict[str, str]) -> None:
    """A dot for the value of each method, one below the other, beside the method's label."""
    for place, name in enumerate(labels):
        ax.plot(values[name], place, color=method_style(name)["color"], marker="o", markersize=8)
    ax.set_yticks(range(len(labels)), list(labels.values()))
    ax.set_ylim(len(labels) - 0.5, -0.5)


def _marker(points: Sized) -> str | None:
    """A point at each of a few places of a line, and none where they would touch."""
    return "." if len(points) <= MOST_MARKERS else None


def _label(data: PlotData) -> str:
    return f"forecast by {data.method}"


def _number_origins(ax: Axes, places: dict[int, float]) -> None:
    """The evaluation origins, in steps before the end, above the beginnings of their forecasts, where there is room."""
    inches = axes_inches(ax) * np.abs(np.diff([*places.values()])) / np.ptp(ax.get_xlim())
    widest = max((text_width(str(origin), SMALL) for origin in places), default=0.0)
    if (inches > widest + GAP / 2).all():
        above = ax.secondary_xaxis("top")
        above.set_xticks([*places.values()], [str(origin) for origin in places])
        above.tick_params(labelsize=SMALL, colors="#666666", length=2)
        above.spines["top"].set_visible(False)


def _draw_heat_map(figure: Figure, ax: Axes, values: Floats, signed: bool, label: str) -> None:
    """Values (units, size) from 0 to 1, or of either sign about 0."""
    reach = max(float(np.abs(values).max()), 1e-9)
    colours, low, high = ("RdBu_r", -reach, reach) if signed else ("viridis", 0.0, 1.0)
    image = ax.imshow(values, aspect="auto", interpolation="nearest", cmap=colours, vmin=low, vmax=high)
    ax.grid(False)
    figure.colorbar(image, ax=ax, pad=0.01, label=label)


def _name_series(axes: list[Axes], data: PlotData) -> None:
    """The name of each series as a title, but of one that has the name of its values."""
    if list(data.series) != [data.value]:
        for ax, (name, series) in zip(axes, data.series.items(), strict=True):
            ax.set_title(fit_name(name, series.place))
