"""Stage 6, plot: panel, forecasts, errors, loss curves -> figures, and a table of the model against each baseline."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stages.common.clock import Clock
from stages.common.errors import run
from stages.common.figures import ACTUAL, MODEL, NAIVE, OTHERS, plain, save, start, time_axis
from stages.common.panel import Panel
from stages.common.params import read_params
from stages.common.paths import (
    BACKTEST,
    ERROR_BY_STEP,
    EVALUATION,
    FIGURES,
    FIGURES_COPY,
    FORECAST,
    LOSS,
    METRICS,
    NORMALIZE_SUMMARY,
    PANEL,
    PANEL_SUMMARY,
    REPORTS_COPY,
    SUMMARY,
    TRAIN_SUMMARY,
    WINDOW_SUMMARY,
    fresh_folder,
)

IN_GIT = [
    BACKTEST, ERROR_BY_STEP, LOSS, METRICS, NORMALIZE_SUMMARY, PANEL_SUMMARY, TRAIN_SUMMARY, WINDOW_SUMMARY,
]  # fmt: skip
SHOWN_METRICS = ["mase", "smape", "mape", "mae", "rmse"]


def main() -> None:
    settings = read_params().plot
    drawn = read_drawn(settings.series)
    loss, by_step = pd.read_csv(LOSS), pd.read_csv(ERROR_BY_STEP)
    figures = {
        "series": draw_series(drawn),
        "backtest": draw_backtest(drawn),
        "last_horizon": draw_last_horizon(drawn),
        "error_by_step": draw_error_by_step(by_step),
        "loss": draw_loss(loss),
    }
    fresh_folder(FIGURES)
    for name, figure in figures.items():
        save(figure, FIGURES / f"{name}.png", settings.dpi)
    copy_what_is_in_git()
    summary = (
        f"figures    {FIGURES}/: {', '.join(figures)}\n"
        f"forecasts  {FORECAST} (the future), {EVALUATION} (the past, beside what came)\n"
        f"metrics    {METRICS}\n\n"
    )
    metrics = json.loads(METRICS.read_text())
    summary += f"{scoreboard(metrics)}\n\n{decisions(metrics)}"
    SUMMARY.write_text(summary + "\n")
    print(summary)


def copy_what_is_in_git() -> None:
    """Copies that DVC caches: it pushes only such, and without these bytes its run cache restores nothing elsewhere."""
    fresh_folder(REPORTS_COPY)
    for report in IN_GIT:
        shutil.copyfile(report, REPORTS_COPY / report.name)
    fresh_folder(FIGURES_COPY)
    shutil.copytree(FIGURES, FIGURES_COPY, dirs_exist_ok=True)


@dataclass(frozen=True)
class Drawn:
    """The first series of the panel, and everything about them that the figures show.

    tables: for each series its `actual` values (ds, y), its `evaluation` rows and its `future`
    limits: the prediction intervals' levels, widest last
    """

    tables: dict[str, dict[str, pd.DataFrame]]
    limits: list[int]
    time: str
    value: str


def read_drawn(most: int) -> Drawn:
    """The first `most` series."""
    panel = Panel.read(PANEL)
    evaluation, future = _read_forecasts(EVALUATION, panel.clock), _read_forecasts(FORECAST, panel.clock)
    tables = {}
    for series, name in enumerate(panel.ids[:most]):
        rows = slice(panel.indptr[series], panel.indptr[series + 1])
        tables[name] = {
            "actual": pd.DataFrame({"ds": panel.ds.iloc[rows], "y": panel.y[rows]}),
            "evaluation": evaluation[evaluation["unique_id"] == name],
            "future": future[future["unique_id"] == name],
        }
    levels = [int(column.removeprefix("lo-")) for column in map(str, future) if column.startswith("lo-")]
    return Drawn(tables, levels, panel.time, panel.value)


def draw_series(drawn: Drawn) -> Figure:
    """The series themselves."""
    figure, axes = start(len(drawn.tables))
    for ax, (name, table) in zip(axes, drawn.tables.items(), strict=True):
        ax.plot(table["actual"]["ds"], table["actual"]["y"], color=ACTUAL)
        _label(ax, drawn, name)
    return figure


def draw_backtest(drawn: Drawn) -> Figure:
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


def draw_last_horizon(drawn: Drawn) -> Figure:
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


def scoreboard(metrics: dict[str, Any]) -> str:
    """The model against each baseline, best MASE first, and how often its intervals held."""
    counts = metrics["evaluated"]
    if "model" not in metrics:
        return "no evaluation origins (backtest.origins is 0): nothing to compare"
    rows = sorted({"model": metrics["model"], **metrics["baseline"]}.items(), key=lambda row: row[1].get("mase", 1e9))
    lines = [f"{'':16}" + "".join(f"{name.upper():>10}" for name in SHOWN_METRICS)]
    for name, values in rows:
        cells = [f"{values[metric]:10.4g}" if metric in values else f"{'-':>10}" for metric in SHOWN_METRICS]
        lines.append(f"{name:16}" + "".join(cells))
    held = [
        f"{name.removeprefix('coverage_')} % intervals held {value:.4g} %"
        for name, value in metrics["model"].items()
        if name.startswith("coverage_")
    ]
    if counts["fallback"]:
        lines.append(
            f"{counts['fallback']} of the model's forecasts are seasonal naive: history too short for a window"
        )
    lines.append(
        f"over {counts['series']} series, {counts['origins']} origins, {counts['points']} values; " + "; ".join(held)
    )
    return "\n".join(lines)


def decisions(metrics: dict[str, Any]) -> str:
    """What was decided from the data, and which parameter decides otherwise."""
    normalize, window, train = (
        json.loads(path.read_text()) for path in (NORMALIZE_SUMMARY, WINDOW_SUMMARY, TRAIN_SUMMARY)
    )
    chosen = [
        ("backtest.origins", f"held back {normalize['evaluation_origins'] or 'none'}"),
        ("backtest.calibration", f"held back {normalize['calibration_origins'] or 'none'}"),
        ("normalize.log", f"{normalize['series_logged']} series"),
        ("ingest.season_length", normalize["seasons"] or "no season that windows take off"),
        ("window.size", f"{window['sizes']}; {window['series_without_window']} series are too short for a window"),
        ("window.most", f"{window['windows']} windows"),
        ("train.epochs", f"{train['steps']} steps for each of {train['networks']} networks"),
        ("predict.baselines", f"left out {metrics['evaluated'].get('baselines_left_out', 'none')}"),
    ]
    return "\n".join(["decided (and the parameter that decides otherwise)", *(f"  {n:22}{what}" for n, what in chosen)])


def _read_forecasts(path: Path, clock: Clock) -> pd.DataFrame:
    names = pd.read_csv(path, nrows=0).columns.drop(["unique_id", "ds"])
    text = {"unique_id": str, "ds": str}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={name: [""] for name in names})
    return table.assign(ds=clock.parse(table["ds"]))


def _labels(forecast: str, levels: list[int]) -> dict[str, str]:
    return {"forecast": forecast, **{str(level): f"{level} % interval" for level in levels}}


def _forecast(ax: Axes, table: pd.DataFrame, levels: list[int], labels: dict[str, str]) -> None:
    for place, level in enumerate(reversed(levels)):
        band = (table[f"lo-{level}"], table[f"hi-{level}"])
        ax.fill_between(
            table["ds"], *band, color=MODEL, alpha=0.12 + 0.1 * place, linewidth=0, label=labels.get(str(level))
        )
    ax.plot(table["ds"], table["forecast"], color=MODEL, label=labels.get("forecast"))


def _label(ax: Axes, drawn: Drawn, name: str) -> None:
    time_axis(ax, drawn.tables[name]["actual"]["ds"])
    ax.set(xlabel=plain(drawn.time), ylabel=plain(drawn.value))
    if len(drawn.tables) > 1:
        ax.set_title(plain(name))


if __name__ == "__main__":
    run(main)
