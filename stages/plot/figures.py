"""The figures of the results and of the inside of a network: one function each, from data to a figure."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.common.arrays import Floats
from stages.plot.lines import draw_actual, draw_alone, draw_forecast, forecast_scales
from stages.plot.results import MAX_ORIGINS, PlotData, spread
from stages.plot.scales import Scales
from stages.plot.style import ACTUAL, MODEL, NAIVE, OTHERS, fit_name, fit_text, subplots
from stages.train.cells import Cell

MOST_LABELS = 8  # of lines in a legend
MOST_MARKERS = 100  # on a line


def draw_results(
    first: PlotData, extreme: PlotData, errors: pd.Series, by_step: pd.DataFrame, loss: pd.DataFrame
) -> dict[str, Figure]:
    """The figures of a run's results, by name.

    first: the first series of the panel
    extreme: the series that were forecast worst and best, and none of a panel of one; errors: their scaled errors by id
    by_step, loss: reports/error_by_step.csv and reports/loss.csv
    """
    figures = {
        "series": draw_series(first),
        "backtest": draw_backtest(first),
        "last_horizon": draw_last_horizon(first),
        "error_by_step": draw_error_by_step(by_step),
        "loss": draw_loss(loss),
    }
    return figures | ({"extremes": draw_extremes(extreme, errors)} if extreme.series else {})


def draw_series(data: PlotData) -> Figure:
    """The series themselves."""
    figure, axes = subplots(len(data.series))
    for ax, series in zip(axes, data.series.values(), strict=True):
        scales = Scales.of(series.actual["ds"], [series.actual["y"]])
        draw_actual(ax, scales, series.actual)
        scales.label(ax, data.time, data.value)
    _name_series(axes, data)
    if any(series.actual["filled"].any() for series in data.series.values()):
        _draw_legend(axes)
    return figure


def draw_backtest(data: PlotData) -> Figure:
    """Forecasts and the latest actual values, with intervals; the future at the end."""
    figure, axes = subplots(len(data.series))
    for ax, series in zip(axes, data.series.values(), strict=True):
        forecasts = [*(rows for _, rows in series.evaluations()), series.future]
        scales = forecast_scales(series.recent, forecasts, data.levels)
        draw_actual(ax, scales, series.recent, linewidth=1)
        for position, rows in enumerate(forecasts):
            draw_forecast(ax, scales, rows, data.levels, None if position else "forecast from each origin")
        end = scales.x(series.actual["ds"].tail(1))[0]
        ax.axvline(end, color=ACTUAL, linewidth=0.8, linestyle=":", label="end of the data")
        scales.label(ax, data.time, data.value)
    _name_series(axes, data)
    _draw_legend(axes, loc="upper left")
    return figure


def draw_last_horizon(data: PlotData) -> Figure:
    """The latest evaluation origin at larger scale, with the seasonal naive forecast."""
    figure, axes = subplots(len(data.series))
    for ax, series in zip(axes, data.series.values(), strict=True):
        scales = Scales.of(series.recent["ds"], [])
        for _, last in series.evaluations()[:1]:
            scales = forecast_scales(last, [last], data.levels)
            x = scales.x(last["ds"])
            draw_forecast(ax, scales, last, data.levels, "forecast")
            ax.plot(x, scales.y(last["seasonal_naive"]), color=NAIVE, linestyle="--", label="seasonal naive")
            ax.plot(x, scales.y(last["y"]), color=ACTUAL, marker="o", markersize=3, label="actual")
        scales.label(ax, data.time, data.value)
    _name_series(axes, data)
    _draw_legend(axes)
    return figure


def draw_extremes(data: PlotData, errors: pd.Series) -> Figure:
    """The latest evaluation origin of the series whose mean scaled errors (by id) are given, both errors in titles."""
    figure = draw_last_horizon(data)
    for ax, (name, series) in zip(figure.axes, data.series.items(), strict=False):
        origins = list(series.evaluation.groupby("cutoff", sort=False)["scaled_error"].mean())
        drawn = f"scaled error {origins[0]:.3g}" if np.isfinite(origins[0]) else "no scaled error"
        mean = f" here, {errors[name]:.3g} over {len(origins)} origins" if len(origins) > 1 else ""
        ax.set_title(f"{fit_name(name, series.place)}\n{drawn}{mean}", fontsize=10)
    return figure


def draw_error_by_step(by_step: pd.DataFrame) -> Figure:
    """How the error grows with the horizon, model against baselines."""
    figure, (ax,) = subplots(1)
    colours = {"model": MODEL, "seasonal_naive": NAIVE}
    spare = iter(OTHERS * len(by_step.columns))
    for name in by_step.columns.drop("step"):
        colour = colours.get(name) or next(spare)
        width = 2.5 if name == "model" else 1.2
        marker = "." if len(by_step) <= MOST_MARKERS else None
        ax.plot(by_step["step"], by_step[name], color=colour, linewidth=width, marker=marker, label=name)
    ax.set(xlabel="steps ahead", ylabel="mean absolute scaled error", title="Error by horizon step", ylim=(0, None))
    ax.legend(fontsize=8, ncols=2)
    return figure


def draw_loss(loss: pd.DataFrame) -> Figure:
    """Mean loss of the members, one line for each origin."""
    figure, (ax,) = subplots(1)
    curves = spread(list(loss.groupby("origin")), MAX_ORIGINS)
    named = spread([origin for origin, _ in curves], MOST_LABELS)
    for position, (origin, curve) in enumerate(curves):
        label = "final origin" if origin == 0 else f"{origin} steps before the end" if origin in named else None
        colour = MODEL if origin == 0 else str(0.35 + 0.4 * position / len(curves))
        ax.plot(curve["epoch"], curve["loss"], color=colour, linewidth=2 if origin == 0 else 1, label=label)
        draw_alone(ax, curve["epoch"].to_numpy(), curve["loss"].to_numpy(), colour)
    ax.set(xlabel="epoch", ylabel="loss, normalised units", title="Training loss, mean over members")
    ax.legend(fontsize=8, ncols=2)
    return figure


def draw_gates(traced: dict[str, Floats], cell: Cell, times: list[str], title: str) -> Figure:
    """Heat maps of the cell's gates and state over a window, each (size, hidden), below the network's input (`value`).

    Units are sorted by the mean of the first gate, the largest on top. times: (size,) labels of the time axis.
    """
    names = [*cell.gates, cell.state]
    order, size = np.argsort(-traced[names[0]].mean(axis=0), kind="stable"), len(times)
    figure, (top, *maps) = subplots(1 + len(names), columns=1)
    top.plot(np.arange(size), traced["value"][:, 0], color=ACTUAL, marker=".")
    top.set(title=fit_text(title, 8), xlim=(-0.5, size - 0.5))
    figure.colorbar(plt.cm.ScalarMappable(), ax=top, pad=0.01).ax.set_visible(False)  # as wide as those below
    for ax, name in zip(maps, names, strict=True):
        _draw_heat_map(figure, ax, traced[name][:, order].T, signed=name == cell.state)
        ax.set(title=f"{name} {'state' if name == cell.state else 'gate'}", ylabel="unit")
    ticks = np.unique(np.linspace(0, size - 1, min(size, 7)).round().astype(int))
    for ax in (top, *maps):
        ax.set_xticks(ticks, [fit_text(times[tick], 1.2, 10) for tick in ticks])
    return figure


def draw_sensitivity(by_cell: dict[str, Floats]) -> Figure:
    """Mean absolute gradient of the forecast by each input, by lag; the first cell is the model's."""
    figure, (ax,) = subplots(1)
    for (name, by_lag), colour in zip(by_cell.items(), (MODEL, NAIVE), strict=False):
        lags = np.arange(1, len(by_lag) + 1)
        ax.plot(lags, by_lag, color=colour, marker="." if len(lags) <= MOST_MARKERS else None, label=name)
    ax.set_yscale("log")
    ax.set(xlabel="steps before the forecast", ylabel="mean |change of forecast / change of input|")
    ax.set_title("How far back the forecast looks")
    ax.legend(fontsize=8)
    return figure


def _draw_heat_map(figure: Figure, ax: Axes, values: Floats, signed: bool) -> None:
    """Values (units, size) from 0 to 1, or of either sign about 0."""
    reach = max(float(np.abs(values).max()), 1e-9)
    colours, low, high = ("RdBu_r", -reach, reach) if signed else ("viridis", 0.0, 1.0)
    image = ax.imshow(values, aspect="auto", interpolation="nearest", cmap=colours, vmin=low, vmax=high)
    ax.grid(False)
    figure.colorbar(image, ax=ax, pad=0.01)


def _name_series(axes: list[Axes], data: PlotData) -> None:
    """The name of each series as a title, where there are several."""
    if len(data.series) > 1:
        for ax, (name, series) in zip(axes, data.series.items(), strict=True):
            ax.set_title(fit_name(name, series.place))


def _draw_legend(axes: list[Axes], **place: Any) -> None:
    """One legend, in the first plot, of what any of the plots shows."""
    found = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if found:
        axes[0].legend(found.values(), found.keys(), fontsize=8, **place)
