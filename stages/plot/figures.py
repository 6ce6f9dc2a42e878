"""The figures of the results and of the inside of a network: one function each, from data to a figure."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.common.arrays import Floats
from stages.plot.results import PlotData
from stages.plot.style import ACTUAL, MODEL, NAIVE, OTHERS, format_time_axis, subplots, title_text
from stages.train.cells import Cell


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
    for ax, (name, series) in zip(axes, data.series.items(), strict=True):
        ax.plot(series.actual["ds"], series.actual["y"], color=ACTUAL)
        _label_axes(ax, data, name)
    return figure


def draw_backtest(data: PlotData) -> Figure:
    """Forecasts and actual values over the whole series, with intervals; the future at the end."""
    figure, axes = subplots(len(data.series))
    for ax, (name, series) in zip(axes, data.series.items(), strict=True):
        ax.plot(series.actual["ds"], series.actual["y"], color=ACTUAL, linewidth=1, label="actual")
        labels = _legend_labels("forecast from each origin", data.levels)
        for rows in [*(rows for _, rows in series.evaluations()), series.future]:
            _draw_forecast(ax, rows, data.levels, labels)
            labels = {}
        ax.axvline(series.actual["ds"].iloc[-1], color=ACTUAL, linewidth=0.8, linestyle=":", label="end of the data")
        _label_axes(ax, data, name)
    axes[0].legend(loc="upper left", fontsize=8)
    return figure


def draw_last_horizon(data: PlotData) -> Figure:
    """The latest evaluation origin at larger scale, with the seasonal naive forecast."""
    figure, axes = subplots(len(data.series))
    for ax, (name, series) in zip(axes, data.series.items(), strict=True):
        for _, last in series.evaluations()[:1]:
            _draw_forecast(ax, last, data.levels, _legend_labels("forecast", data.levels))
            ax.plot(last["ds"], last["seasonal_naive"], color=NAIVE, linestyle="--", label="seasonal naive")
            ax.plot(last["ds"], last["y"], color=ACTUAL, marker="o", markersize=3, label="actual")
        _label_axes(ax, data, name)
    if axes[0].get_legend_handles_labels()[0]:
        axes[0].legend(fontsize=8)
    return figure


def draw_extremes(data: PlotData, errors: pd.Series) -> Figure:
    """The latest evaluation origin of the series whose scaled errors (by id) are given; the error is in the title."""
    figure = draw_last_horizon(data)
    for ax, name in zip(figure.axes, data.series, strict=False):
        ax.set_title(f"{title_text(name, 40)}: scaled error {errors[name]:.3g}")
    return figure


def draw_error_by_step(by_step: pd.DataFrame) -> Figure:
    """How the error grows with the horizon, model against baselines."""
    figure, (ax,) = subplots(1)
    colours = {"model": MODEL, "seasonal_naive": NAIVE}
    spare = iter(OTHERS * len(by_step.columns))
    for name in by_step.columns.drop("step"):
        colour = colours.get(name) or next(spare)
        width = 2.5 if name == "model" else 1.2
        ax.plot(by_step["step"], by_step[name], color=colour, linewidth=width, marker=".", label=name)
    ax.set(xlabel="steps ahead", ylabel="mean absolute scaled error", title="Error by horizon step", ylim=(0, None))
    ax.legend(fontsize=8, ncols=2)
    return figure


def draw_loss(loss: pd.DataFrame) -> Figure:
    """Mean loss of the members, one line for each origin."""
    figure, (ax,) = subplots(1)
    count = loss["origin"].nunique()
    for position, (origin, curve) in enumerate(loss.groupby("origin")):
        label = "final origin" if origin == 0 else f"{origin} steps before the end"
        colour = MODEL if origin == 0 else str(0.35 + 0.4 * position / count)
        ax.plot(curve["epoch"], curve["loss"], color=colour, linewidth=2 if origin == 0 else 1, label=label)
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
    top.set(title=title_text(title, 100), xlim=(-0.5, size - 0.5))
    figure.colorbar(plt.cm.ScalarMappable(), ax=top, pad=0.01).ax.set_visible(False)  # as wide as those below
    for ax, name in zip(maps, names, strict=True):
        _draw_heat_map(figure, ax, traced[name][:, order].T, signed=name == cell.state)
        ax.set(title=f"{name} {'state' if name == cell.state else 'gate'}", ylabel="unit")
    ticks = np.unique(np.linspace(0, size - 1, min(size, 7)).round().astype(int))
    for ax in (top, *maps):
        ax.set_xticks(ticks, [title_text(times[tick], 20) for tick in ticks])
    return figure


def draw_sensitivity(by_cell: dict[str, Floats]) -> Figure:
    """Mean absolute gradient of the forecast by each input, by lag; the first cell is the model's."""
    figure, (ax,) = subplots(1)
    for (name, by_lag), colour in zip(by_cell.items(), (MODEL, NAIVE), strict=False):
        lags = np.arange(1, len(by_lag) + 1)
        ax.plot(lags, by_lag, color=colour, marker=".", label=name)
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


def _draw_forecast(ax: Axes, rows: pd.DataFrame, levels: list[int], labels: dict[str, str]) -> None:
    """The model's forecast with its intervals, the widest first; `labels` as `_legend_labels` gives them."""
    for position, level in enumerate(reversed(levels)):
        ax.fill_between(
            rows["ds"],
            rows[f"model-lo-{level}"],
            rows[f"model-hi-{level}"],
            color=MODEL,
            alpha=0.12 + 0.1 * position,
            linewidth=0,
            label=labels.get(str(level)),
        )
    ax.plot(rows["ds"], rows["model"], color=MODEL, label=labels.get("model"))


def _legend_labels(model: str, levels: list[int]) -> dict[str, str]:
    return {"model": model, **{str(level): f"{level} % interval" for level in levels}}


def _label_axes(ax: Axes, data: PlotData, name: str) -> None:
    format_time_axis(ax, data.series[name].actual["ds"])
    ax.set(xlabel=title_text(data.time), ylabel=title_text(data.value))
    if len(data.series) > 1:
        ax.set_title(title_text(name))
