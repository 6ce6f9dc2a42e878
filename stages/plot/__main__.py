"""Stage 6, plot: forecasts, panel, loss curves, networks -> figures, and the report of the run in HTML and Markdown."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import (
    BACKTEST,
    BRIEF,
    ERROR_BY_STEP,
    ERRORS,
    EVALUATION,
    FIGURES,
    FIGURES_COPY,
    FORECAST,
    LOSS,
    METRICS,
    NETWORKS,
    NORMALIZE_SUMMARY,
    PANEL,
    PANEL_SUMMARY,
    PLAIN_RNN,
    REPORT,
    REPORTS_COPY,
    TRAIN_SUMMARY,
    WINDOW_SUMMARY,
    WINDOWS,
    fresh_folder,
    origin_file,
)
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.plot.figures import (
    PlotData,
    draw_backtest,
    draw_error_by_step,
    draw_extremes,
    draw_inside,
    draw_last_horizon,
    draw_loss,
    draw_memory,
    draw_series,
)
from stages.plot.interpretation import gates_along, memory
from stages.plot.pages import render
from stages.plot.report import RunResults, describe, extremes
from stages.plot.significance import read_errors
from stages.plot.style import save
from stages.train.network import load_networks
from stages.window.windows import Windows

IN_GIT = [
    BACKTEST, ERROR_BY_STEP, ERRORS, LOSS, METRICS, NORMALIZE_SUMMARY, PANEL_SUMMARY, TRAIN_SUMMARY, WINDOW_SUMMARY,
]  # fmt: skip


def main() -> None:
    params = read_params()
    settings, cell = params.plot, params.model.cell
    panel = Panel.read(PANEL)
    evaluation, future = (read_forecasts(path, panel.time_axis) for path in (EVALUATION, FORECAST))
    errors = read_errors(ERRORS)
    best, worst = extremes(evaluation)
    first = draw_from(panel, evaluation, future, panel.ids[: settings.series])
    chosen = draw_from(panel, evaluation, future, [*worst.index, *best.index])
    figures = {
        "series": draw_series(first),
        "backtest": draw_backtest(first),
        "last_horizon": draw_last_horizon(first),
        "error_by_step": draw_error_by_step(pd.read_csv(ERROR_BY_STEP)),
        "loss": draw_loss(pd.read_csv(LOSS)),
        **({"extremes": draw_extremes(chosen, pd.concat([worst, best]))} if chosen.tables else {}),
        **look_inside(panel, cell),
    }
    fresh_folder(FIGURES)
    for name, figure in figures.items():
        save(figure, FIGURES / f"{name}.png", settings.dpi)

    copy_what_is_in_git()

    found = RunResults(
        metrics=read_json(METRICS),
        errors=errors,
        best=best,
        worst=worst,
        drawn=PlotData(first.tables | chosen.tables, first.limits, first.time, first.value),
        time_axis=panel.time_axis,
        data={"path": params.ingest.path, **read_json(PANEL_SUMMARY)},
        decided={path.stem: read_json(path) for path in (NORMALIZE_SUMMARY, WINDOW_SUMMARY, TRAIN_SUMMARY)},
        params=params.dump("ingest", "backtest", "normalize", "window", "model", "train", "predict"),
        figures={name: FIGURES / f"{name}.png" for name in figures},
    )
    content = describe(found)
    REPORT.write_text(render("report.html", **content), encoding="utf-8")
    brief = render("report.md", **content)
    BRIEF.write_text(brief, encoding="utf-8")
    print(brief)


def draw_from(panel: Panel, evaluation: pd.DataFrame, future: pd.DataFrame, names: list[str]) -> PlotData:
    """What is known of the series called `names`."""
    places = {name: series for series, name in enumerate(panel.ids)}
    parts = [dict(list(table[table["unique_id"].isin(names)].groupby("unique_id"))) for table in (evaluation, future)]
    tables = {}
    for name in names:
        rows = slice(panel.indptr[places[name]], panel.indptr[places[name] + 1])
        tables[name] = {
            "actual": pd.DataFrame({"ds": panel.ds.iloc[rows], "y": panel.y[rows]}),
            "evaluation": parts[0].get(name, evaluation.iloc[:0]),
            "future": parts[1][name],
        }
    levels = [int(column.removeprefix("lo-")) for column in map(str, future) if column.startswith("lo-")]
    return PlotData(tables, levels, panel.time, panel.value)


def look_inside(panel: Panel, cell: str) -> dict[str, Figure]:
    """The first live network along the last window of the first series that it can see, and how far back it looks."""
    windows = Windows.read(origin_file(WINDOWS, 0))
    member, network = next(iter(load_networks(NETWORKS, 0).items()))
    long_enough = windows.ends.before >= windows.least(member)
    figures: dict[str, Figure] = {}
    if long_enough.any():
        series = int(windows.ends.series[long_enough.argmax()])
        gates = gates_along(network, cell, windows, member, series)
        rows = panel.ds.iloc[panel.indptr[series] : panel.indptr[series + 1]].iloc[-len(gates["value"]) :]
        stamps = [""] * (len(gates["value"]) - len(rows)) + panel.time_axis.format(rows).tolist()
        title = f"What the network sees of {panel.ids[series]}: changes, its season and level taken off"
        figures["inside"] = draw_inside(gates, stamps, title)
    by_cell = {cell: memory(network, windows, member)}
    if cell != "rnn":
        by_cell["plain RNN, trained alike"] = memory(load_networks(PLAIN_RNN, 0)[member], windows, member)
    return {**figures, "memory": draw_memory(by_cell)}


def copy_what_is_in_git() -> None:
    """Copies that DVC caches: it pushes only such, and without these bytes its run cache restores nothing elsewhere."""
    fresh_folder(REPORTS_COPY)
    for report in IN_GIT:
        shutil.copyfile(report, REPORTS_COPY / report.name)
    fresh_folder(FIGURES_COPY)
    shutil.copytree(FIGURES, FIGURES_COPY, dirs_exist_ok=True)


def read_forecasts(path: Path, time_axis: TimeAxis) -> pd.DataFrame:
    """A table of forecasts, its steps as the panel's; ids are texts, whatever they look like."""
    names = pd.read_csv(path, nrows=0).columns.drop(["unique_id", "ds"])
    text = {"unique_id": str, "ds": str}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={name: [""] for name in names})
    return table.assign(ds=time_axis.parse(table["ds"]))


def read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


if __name__ == "__main__":
    run(main)
