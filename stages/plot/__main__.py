"""Stage 6, plot: forecasts, panel, loss curves, networks -> figures, and the report in HTML and Markdown.

Reads the panel, data/windows/, models/forecaster/ and the files of the other stages in reports/. Writes
reports/figures/, reports/report.html and reports/report.md, and copies for DVC's run cache in data/.
Decides which series the report shows.
Parameters: section `plot` of params.yaml.
"""

from dataclasses import replace

import pandas as pd

from stages.common import paths
from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.panel.panel import Panel
from stages.plot.copies import copy_results_in_git
from stages.plot.figures import draw_results
from stages.plot.interpretation import look_inside
from stages.plot.known_ahead import drawn, with_known_ahead
from stages.plot.pages import render
from stages.plot.params import Plot
from stages.plot.report import describe
from stages.plot.results import MAX_CHARTED, RunResults, extremes, read_forecasts, read_json, select_series
from stages.plot.significance import read_errors
from stages.plot.style import save_figures
from stages.predict.forecaster import Forecaster
from stages.train.params import Model, Train
from stages.window.windows import Windows


def main() -> None:
    params = read_params()
    settings = params[Plot]
    panel = Panel.read(paths.PANEL)
    forecast = read_json(paths.FORECAST_SUMMARY)
    method = forecast["method"]
    evaluation, future = (read_forecasts(path, panel.time_axis, method) for path in (paths.EVALUATION, paths.FORECAST))
    windows = Windows.read(paths.origin_file(paths.WINDOWS, paths.origins_in(paths.WINDOWS)[0]))
    ensemble = Forecaster.read(paths.FORECASTER).ensemble
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
    inside, gates = look_inside(panel, windows, ensemble, params[Model], params[Train])
    files = save_figures(figures | inside, paths.FIGURES, settings.dpi)
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
            gates=gates,
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


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
