"""What the stage does: draw the figures and write the report, while another process looks into the networks."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from stages.common import paths
from stages.common.params import Params
from stages.compute.pool import Pool
from stages.compute.workers import FileArgument
from stages.panel.panel import Panel
from stages.plot.copies import copy_results_in_git
from stages.plot.figures import draw_inside, draw_results
from stages.plot.inside import gates_panel, look_inside
from stages.plot.known_ahead import drawn, with_known_ahead
from stages.plot.pages import render
from stages.plot.params import Plot
from stages.plot.report import describe
from stages.plot.results import MAX_CHARTED, RunResults, extremes, read_forecasts, read_json, select_series
from stages.plot.significance import read_errors
from stages.plot.style import as_images, write_images
from stages.train.cells import CELLS
from stages.train.params import Model, Train
from stages.window.windows import Windows

LOOKED_AT = 1_000  # series, of which the first that is long enough shows the gates


def draw(params: Params, pool: Pool) -> None:
    """Draw all figures, and write the report in HTML and Markdown."""
    settings = params[Plot]
    panel = Panel.read(paths.PANEL)
    forecast = read_json(paths.FORECAST_SUMMARY)
    method = forecast["method"]
    evaluation, future = (read_forecasts(path, panel.time_axis, method) for path in (paths.EVALUATION, paths.FORECAST))
    looking = (*seen_from(panel), params[Model], params[Train])
    seen = pool.begin(lambda: next(pool.run(look_inside, [looking])))
    best, worst = extremes(panel, evaluation)
    first = select_series(panel, evaluation, future, method, panel.ids[: settings.series])
    extreme = select_series(panel, evaluation, future, method, [*worst.index, *best.index])
    charted = select_series(panel, evaluation, future, method, [*panel.ids[:MAX_CHARTED], *extreme.series])

    metrics = read_json(paths.METRICS)
    brought = metrics.get("covariates")
    known = drawn(panel.covariates, brought)
    first, charted = (with_known_ahead(each, panel, known) for each in (first, charted))
    by_step, loss = pd.read_csv(paths.ERROR_BY_STEP), pd.read_csv(paths.LOSS)
    figures = draw_results(first, extreme, (worst, best), by_step, loss, brought)
    images = as_images(figures, settings.dpi)
    inside, cell = seen(), CELLS[params[Model].cell]
    files = write_images(images | as_images(draw_inside(inside, panel, cell), settings.dpi), paths.FIGURES)
    copy_results_in_git()

    shown = params.dump("ingest", "backtest", "normalize", "window", "model", "train", "predict")
    content = describe(
        RunResults(
            metrics=metrics,
            forecast=forecast,
            record=read_json(paths.RECORD),
            errors=read_errors(paths.ERRORS),
            halves=read_errors(paths.HALF_ENSEMBLES),
            best=best,
            worst=worst,
            plot_data=replace(first, series=first.series | extreme.series),
            charted=charted,
            gates=gates_panel(inside, panel, cell),
            time_axis=panel.time_axis,
            season_length=panel.season_length,
            input_data={"path": shown["ingest"]["path"], **read_json(paths.PANEL_SUMMARY)},
            summaries={
                "normalize": read_json(paths.NORMALIZE_SUMMARY),
                "window": read_json(paths.WINDOW_SUMMARY),
                "train": read_json(paths.TRAIN_SUMMARY),
            },
            params=shown,
            figures=files,
        )
    )
    brief = render("report.md", **content)
    paths.REPORT.write_text(render("report.html", **content), encoding="utf-8")
    paths.BRIEF.write_text(brief, encoding="utf-8")
    print(brief)


def seen_from(panel: Panel) -> tuple[FileArgument[Panel], FileArgument[Windows], Path]:
    """What `look_inside` reads: the first series, the windows of the last training origin, and the forecaster."""
    last = paths.origin_file(paths.WINDOWS, paths.origins_in(paths.WINDOWS)[0])
    rows = int(panel.indptr[min(LOOKED_AT, len(panel.ids))])
    first, windows = FileArgument.at(paths.PANEL, Panel.read, 0, rows), FileArgument.at(last, Windows.read)
    return first, windows, paths.FORECASTER.resolve()
