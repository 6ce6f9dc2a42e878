"""Stage 5, predict: networks, normalizer, panel -> the forecast, the evaluation, metrics against the baselines.

Reads the panel, models/normalizer/, data/windows/ and models/networks/. Writes forecast.csv, evaluation.csv,
metrics.json, errors.csv, half_ensembles.csv, error_by_step.csv and backtest.csv in reports/.
Decides which baselines are fast enough for the data.
Parameters: sections `backtest` and `predict` of params.yaml.
"""

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import (
    BACKTEST,
    ERROR_BY_STEP,
    ERRORS,
    EVALUATION,
    FORECAST,
    FORECAST_SUMMARY,
    HALF_ENSEMBLES,
    METRICS,
    NETWORKS,
    NORMALIZERS,
    PANEL,
    WINDOWS,
    in_one_line,
    write_json,
)
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest
from stages.panel.panel import Panel
from stages.predict.baselines import choose_baselines, left_out
from stages.predict.checks import warn_of_fallback, warn_of_origins_out_of_reach, warn_of_wide_intervals
from stages.predict.evaluation import evaluate, measure
from stages.predict.intervals import limits_at
from stages.predict.methods import by_method, with_intervals
from stages.predict.params import Predict
from stages.predict.tables import (
    backtest_table,
    error_by_step,
    error_table,
    evaluation_table,
    forecast_summary,
    forecast_table,
    half_ensemble_table,
    series_in_git,
    write_csv,
)
from stages.predict.tasks import forecast_baselines, forecast_origins, shards
from stages.train.params import Train


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    settings, horizon, levels = params[Predict], params[Backtest].horizon, params[Predict].levels
    planned = plan_origins(params[Backtest], panel).evaluation

    parts, halved, folders = shards(panel, PANEL), series_in_git(panel.ids), (NORMALIZERS, WINDOWS, NETWORKS)
    with open_pool(params[Compute]) as pool:
        model = forecast_origins(parts, halved, horizon, params[Train].members, folders, pool)
        histories = [panel.at(each.origin) for each in model]
        names = choose_baselines(settings.baselines, histories, settings.needed_baseline)
        baselines = forecast_baselines([each.origin for each in model], parts, horizon, names, pool)
    method = settings.published(len(panel.ids), names)
    methods = by_method(model, baselines, histories)
    limited = with_intervals(method, methods)
    evaluations = [
        evaluate(methods, place, histories[place], levels, limited)
        for place, each in enumerate(model)
        if each.origin in planned and each.forecast.has_history.any()
    ]
    points = {name: scored[0].forecast.point for name, scored in methods.items()}
    limits = {name: limits_at(methods[name], 0, histories[0], levels) for name in limited}

    metrics = measure(evaluations, levels)
    if settings.baselines == "auto" and left_out(names):
        metrics["evaluated"]["baselines_left_out"] = ", ".join(left_out(names))
    write_json(METRICS, metrics)
    evaluation = evaluation_table(evaluations, panel, levels)
    write_csv(error_by_step(evaluations, horizon), ERROR_BY_STEP)
    write_csv(error_table(evaluations, panel), ERRORS, digits=6)
    write_csv(half_ensemble_table(evaluations, panel), HALF_ENSEMBLES, digits=3)
    write_csv(evaluation, EVALUATION)
    write_csv(backtest_table(evaluation, panel), BACKTEST)
    write_csv(forecast_table(points, limits, panel, levels), FORECAST)
    warn_of_origins_out_of_reach(len(planned) - len(evaluations))
    short = warn_of_fallback(model[0].forecast, panel.ids)
    wide = warn_of_wide_intervals(methods[method][0].forecast, *limits[method], panel.ids)
    summary = forecast_summary(method, list(methods), panel, horizon, levels, short, wide)
    write_json(FORECAST_SUMMARY, summary)
    print(in_one_line(metrics["evaluated"]))


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
