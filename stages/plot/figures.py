"""The figures: one function each, from tables to a figure."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.plot.style import ACTUAL, MODEL, NAIVE, OTHERS, format_time_axis, plain, start

Floats = npt.NDArray[np.float64]

GATES = ["forget", "input", "output", "reset", "update"]  # between 0 and 1


@dataclass(frozen=True)
class PlotData:
    """The first series of the panel, and everything about them that the figures show.

    tables: for each series its `actual` values (ds, y), its `evaluation` rows and its `future`
    limits: the prediction intervals' levels, widest last
    """

    tables: dict[str, dict[str, pd.DataFrame]]
    limits: list[int]
    time: str
    value: str


def draw_series(drawn: PlotData) -> Figure:
    """The series themselves."""
    figure, axes = start(len(drawn.tables))
    for ax, (name, table) in zip(axes, drawn.tables.items(), strict=True):
        ax.plot(table["actual"]["ds"], table["actual"]["y"], color=ACTUAL)
        _label(ax, drawn, name)
    return figure


def draw_backtest(drawn: PlotData) -> Figure:
    """Forecast against actual over the whole series, with intervals; the future at its end."""
    figure, axes = start(len(drawn.tables))
    for ax, (name, table) in zip(axes, drawn.tables.items(), strict=True):
        ax.plot(table["actual"]["ds"], table["actual"]["y"], color=ACTUAL, linewidth=1, label="actual")
        labels = _labels("forecast made at each origin", drawn.limits)
        for _, origin in [*table["evaluation"].groupby("origin", sort=False), (0, table["future"])]:
            _forecast(ax, origin, drawn.limits, labels)
            labels = {}
        ax.axvline(table["actual"]["ds"].iloc[-1], color=ACTUAL, linewidth=0.8, linestyle=":", label="end of the data")
        _label(ax, drawn, name)
    axes[0].legend(loc="upper left", fontsize=8)
    return figure


def draw_last_horizon(drawn: PlotData) -> Figure:
    """The latest evaluation origin at larger scale, beside last season again."""
    figure, axes = start(len(drawn.tables))
    for ax, (name, table) in zip(axes, drawn.tables.items(), strict=True):
        last = table["evaluation"][table["evaluation"]["origin"] == table["evaluation"]["origin"].min()]
        if not last.empty:
            _forecast(ax, last, drawn.limits, _labels("forecast", drawn.limits))
            ax.plot(last["ds"], last["seasonal_naive"], color=NAIVE, linestyle="--", label="seasonal naive")
            ax.plot(last["ds"], last["y"], color=ACTUAL, marker="o", markersize=3, label="actual")
        _label(ax, drawn, name)
    if axes[0].get_legend_handles_labels()[0]:
        axes[0].legend(fontsize=8)
    return figure


def draw_error_by_step(by_step: pd.DataFrame) -> Figure:
    """How the error grows with the horizon, model against baselines."""
    figure, (ax,) = start(1)
    colours = {"model": MODEL, "seasonal_naive": NAIVE}
    spare = iter(OTHERS * len(by_step.columns))
    for name in by_step.columns.drop("step"):
        colour = colours.get(name) or next(spare)
        width = 2.5 if name == "model" else 1.2
        ax.plot(by_step["step"], by_step[name], color=colour, linewidth=width, marker=".", label=name)
    ax.set(xlabel="step ahead", ylabel="mean absolute scaled error", title="Error by horizon step", ylim=(0, None))
    ax.legend(fontsize=8, ncols=2)
    return figure


def draw_loss(loss: pd.DataFrame) -> Figure:
    """Mean loss of the members, one line for each origin."""
    figure, (ax,) = start(1)
    for place, (origin, curve) in enumerate(loss.groupby("origin")):
        label = "live origin" if origin == 0 else f"{origin} steps held back"
        colour = MODEL if origin == 0 else str(0.35 + 0.4 * place / loss["origin"].nunique())
        ax.plot(curve["epoch"], curve["loss"], color=colour, linewidth=2 if origin == 0 else 1, label=label)
        if "validation" in curve:
            ax.plot(curve["epoch"], curve["validation"], color=colour, linewidth=1, linestyle=":")
    if "validation" in loss:
        ax.plot([], [], color=ACTUAL, linestyle=":", label="validation part")
    ax.set(xlabel="epoch", ylabel="loss, normalised units", title="Training loss, mean over members")
    ax.legend(fontsize=8, ncols=2)
    return figure


def draw_extremes(drawn: PlotData, errors: pd.Series) -> Figure:
    """The latest evaluation origin of the series whose errors (by id) are given, with the error in the title."""
    figure = draw_last_horizon(drawn)
    for ax, name in zip(figure.axes, drawn.tables, strict=False):
        ax.set_title(f"{plain(name, 40)}: scaled error {errors[name]:.3g}")
    return figure


def draw_inside(gates: dict[str, Floats], stamps: list[str], title: str) -> Figure:
    """Heat maps of gates and states over a window (each (size, hidden)), below what the network sees (`value`).

    Units stand in the order of the mean of the first gate, the largest on top. stamps: (size,) for the time axis.
    """
    squashed = [name for name in GATES if name in gates]
    state = "cell" if "cell" in gates else "hidden"
    first = gates[(squashed or [state])[0]]
    order, size = np.argsort(-first.mean(axis=0), kind="stable"), len(stamps)
    figure, (top, *maps) = start(2 + len(squashed), columns=1)
    top.plot(np.arange(size), gates["value"][:, 0], color=ACTUAL, marker=".")
    top.set(title=plain(title, 100), xlim=(-0.5, size - 0.5))
    figure.colorbar(plt.cm.ScalarMappable(), ax=top, pad=0.01).ax.set_visible(False)  # as wide as those below
    reach = max(float(np.abs(gates[state]).max()), 1e-9)
    looks = {**dict.fromkeys(squashed, ("viridis", 0.0, 1.0)), state: ("RdBu_r", -reach, reach)}
    for ax, (name, (colours, low, high)) in zip(maps, looks.items(), strict=True):
        image = ax.imshow(
            gates[name][:, order].T, aspect="auto", interpolation="nearest", cmap=colours, vmin=low, vmax=high
        )
        ax.grid(False)
        ax.set(title=f"{name} gate" if name in squashed else f"{name} state", ylabel="unit")
        figure.colorbar(image, ax=ax, pad=0.01)
    ticks = np.unique(np.linspace(0, size - 1, min(size, 7)).round().astype(int))
    for ax in (top, *maps):
        ax.set_xticks(ticks, [plain(stamps[tick], 20) for tick in ticks])
    return figure


def draw_memory(by_cell: dict[str, Floats]) -> Figure:
    """Mean absolute gradient of the forecast by each input, by lag; the first cell is the model's."""
    figure, (ax,) = start(1)
    for (name, by_lag), colour in zip(by_cell.items(), (MODEL, NAIVE), strict=False):
        lags = np.arange(1, len(by_lag) + 1)
        ax.plot(lags, by_lag, color=colour, marker=".", label=name)
    ax.set_yscale("log")
    ax.set(xlabel="steps before the forecast", ylabel="mean |change of forecast / change of input|")
    ax.set_title("How far back the forecast looks")
    ax.legend(fontsize=8)
    return figure


def _labels(forecast: str, levels: list[int]) -> dict[str, str]:
    return {"forecast": forecast, **{str(level): f"{level} % interval" for level in levels}}


def _forecast(ax: Axes, table: pd.DataFrame, levels: list[int], labels: dict[str, str]) -> None:
    for place, level in enumerate(reversed(levels)):
        band = (table[f"lo-{level}"], table[f"hi-{level}"])
        ax.fill_between(
            table["ds"], *band, color=MODEL, alpha=0.12 + 0.1 * place, linewidth=0, label=labels.get(str(level))
        )
    ax.plot(table["ds"], table["forecast"], color=MODEL, label=labels.get("forecast"))


def _label(ax: Axes, drawn: PlotData, name: str) -> None:
    format_time_axis(ax, drawn.tables[name]["actual"]["ds"])
    ax.set(xlabel=plain(drawn.time), ylabel=plain(drawn.value))
    if len(drawn.tables) > 1:
        ax.set_title(plain(name))
