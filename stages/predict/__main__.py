"""Stage 5, predict: networks, panel -> the forecast, the forecaster, the evaluation, metrics against the baselines.

Reads the panel and models/networks/. Writes models/forecaster/, and forecast.csv, forecast.json, evaluation.csv,
metrics.json, errors.csv, half_ensembles.csv, error_by_step.csv and backtest.csv in reports/.
Decides which baselines are fast enough for the data, and whose forecast is published.
Parameters: sections `ingest`, `backtest`, `normalize`, `window` and `predict` of params.yaml, `train.members` and
`train.seed`.
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
    FORECASTER,
    HALF_ENSEMBLES,
    METRICS,
    NETWORKS,
    PANEL,
    fresh_folder,
    in_one_line,
    write_json,
)
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.ingest.input_format import InputFormat
from stages.ingest.params import Ingest
from stages.normalize.histories import seasons_in_use
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel
from stages.predict.baselines import choose_baselines, left_out
from stages.predict.checks import (
    less_known_ahead,
    warn_of_fallback,
    warn_of_origins_out_of_reach,
    warn_of_wide_intervals,
)
from stages.predict.ensemble import Ensemble, load_ensembles
from stages.predict.evaluation import evaluate, measure
from stages.predict.forecaster import Forecaster, last_step
from stages.predict.importance import measure_covariates
from stages.predict.intervals import calibrate
from stages.predict.methods import by_method, with_intervals
from stages.predict.params import FEW_SERIES, Predict
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
from stages.window.params import Window


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    settings, horizon, levels = params[Predict], params[Backtest].horizon, params[Predict].levels
    planned = plan_origins(params[Backtest], panel)
    trained_at = planned.within(int(panel.lengths.max())).trained_at(params[Backtest].refit)
    seasons = seasons_in_use(panel, params[Normalize])
    untrained = Ensemble(
        horizon, params[Train].members, params[Normalize], params[Window], seasons, {}, panel.covariate_columns
    )
    ensembles = load_ensembles(NETWORKS, trained_at, untrained)

    parts, halved = shards(panel, PANEL), series_in_git(panel.ids)
    with open_pool(params[Compute]) as pool:
        model = forecast_origins(parts, halved, ensembles, pool)
        histories = [panel.at(each.origin) for each in model]
        names = choose_baselines(settings.baselines, histories, settings.needed_baseline)
        baselines = forecast_baselines([each.origin for each in model], parts, horizon, names, pool)
        known = [each.origin for each in model if each.forecast.has_history.any()]
        evaluated = [origin for origin in known if origin in planned.evaluation]
        brought = measure_covariates(panel, model, evaluated, parts, ensembles, params[Train].seed, pool)
    method = settings.published(len(panel.ids), names, has_covariates=any(panel.covariate_columns[:2]))
    methods = by_method(model, baselines, histories)
    calibrations = {name: calibrate(methods[name], histories) for name in with_intervals(method, methods)}
    evaluations = [
        evaluate(methods, place, histories[place], calibrations, levels)
        for place, each in enumerate(model)
        if each.origin in evaluated
    ]
    points = {name: scored[0].forecast.point for name, scored in methods.items()}
    final = {name: each[0] for name, each in calibrations.items()}
    limits = {name: each.limits(methods[name][0].forecast, levels) for name, each in final.items()}

    metrics = measure(evaluations, levels)
    if settings.baselines == "auto" and left_out(names):
        metrics["evaluated"]["baselines_left_out"] = ", ".join(left_out(names))
    if brought:
        metrics["covariates"] = brought
    write_json(METRICS, metrics)
    evaluation = evaluation_table(evaluations, panel, levels)
    write_csv(error_by_step(evaluations, horizon), ERROR_BY_STEP)
    write_csv(error_table(evaluations, panel), ERRORS, digits=6)
    write_csv(half_ensemble_table(evaluations, panel), HALF_ENSEMBLES, digits=3)
    write_csv(evaluation, EVALUATION)
    write_csv(backtest_table(evaluation, panel), BACKTEST)
    write_csv(forecast_table(points, limits, panel, levels), FORECAST)
    fresh_folder(FORECASTER)
    input_format, until = InputFormat.of(params[Ingest], panel), last_step(panel.at(trained_at[0]))
    is_auto = settings.method == "auto"
    few = panel.ids if len(panel.ids) <= FEW_SERIES else []
    forecaster = Forecaster(input_format, levels, method, is_auto, names, final, ensembles[0], until, few)
    forecaster.write(FORECASTER)
    warn_of_origins_out_of_reach(len(planned.evaluation) - len(evaluations))
    short = warn_of_fallback(model[0].forecast, panel.ids)
    wide = warn_of_wide_intervals(methods[method][0].forecast, *limits[method], panel.ids)
    scored_from = {origin: trained_at[origin] for origin in (0, *planned.evaluation) if origin in trained_at}
    less_known = less_known_ahead(panel.at(0), [each.history for each in evaluations], horizon)
    summary = forecast_summary(forecaster, list(methods), panel, scored_from, short, wide, less_known)
    write_json(FORECAST_SUMMARY, summary)
    print(in_one_line(metrics["evaluated"]))


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
