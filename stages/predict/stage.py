"""What the stage does once its workers have started: forecast by all methods, evaluate, and write all that it finds."""

from dataclasses import dataclass
from typing import Any

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.common.paths import (
    BACKTEST,
    ERROR_BY_STEP,
    ERRORS,
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
from stages.compute.pool import Pool, open_pool
from stages.ingest.input_format import InputFormat
from stages.ingest.params import Ingest
from stages.normalize.histories import seasons_in_use
from stages.normalize.origins import Origins, plan_origins
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import History, Panel
from stages.predict.baselines import left_out
from stages.predict.checks import (
    less_known_ahead,
    warn_of_fallback,
    warn_of_origins_out_of_reach,
    warn_of_wide_intervals,
)
from stages.predict.ensemble import Ensemble, load_ensembles
from stages.predict.evaluation import Evaluation, evaluate, measure
from stages.predict.forecaster import Forecaster, last_step
from stages.predict.importance import measure_covariates
from stages.predict.intervals import Calibration, calibrate
from stages.predict.methods import by_method, with_intervals
from stages.predict.params import FEW_SERIES, Predict
from stages.predict.scoring import ScoredForecast
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
    write_evaluation,
)
from stages.predict.tasks import Baselines, forecast_origins, shards, within_reach
from stages.train.params import Train
from stages.window.params import Window

MOST_HERE = 20_000  # values of all histories that the model forecasts here: workers would still import torch


@dataclass(frozen=True)
class Forecasts:
    """Of all methods, from the origins within reach: the final one first, then those of evaluation and calibration.

    trained_at: for each origin within reach, that whose networks forecast it
    model: the model's
    baselines: (S, horizon) by method and origin
    evaluated: the origins that are scored
    brought: what each covariate brings, see `measure_covariates`
    """

    panel: Panel
    planned: Origins
    trained_at: dict[int, int]
    ensemble: Ensemble
    model: list[ScoredForecast]
    baselines: dict[str, list[Floats]]
    evaluated: list[int]
    brought: dict[str, Any]

    @property
    def histories(self) -> list[History]:
        """Up to each of the origins."""
        return [self.panel.at(each.origin) for each in self.model]


def forecast(params: Params, panel: Panel, baselines: Baselines, pool: Pool) -> Forecasts:
    """Forecast by all methods from each origin.

    baselines: waits for their forecasts, which have begun
    """
    horizon, planned = params[Backtest].horizon, plan_origins(params[Backtest], panel)
    trained_at = within_reach(params[Backtest], panel)
    seasons = seasons_in_use(panel, params[Normalize])
    untrained = Ensemble(
        horizon, params[Train].members, params[Normalize], params[Window], seasons, {}, panel.covariate_counts
    )
    ensembles = load_ensembles(NETWORKS, trained_at, untrained)
    parts, halved = shards(panel, PANEL), series_in_git(panel.ids)
    quick = pool.local and panel.covariates is None and len(panel.y) * len(trained_at) <= MOST_HERE
    with open_pool(params[Compute].in_this_process()) as this_process:
        model = forecast_origins(parts, halved, ensembles, this_process if quick else pool)
    known = [each.origin for each in model if each.forecast.has_history.any()]
    evaluated = [origin for origin in known if origin in planned.evaluation]
    brought = measure_covariates(panel, model, evaluated, parts, ensembles, params[Train].seed, pool)
    return Forecasts(panel, planned, trained_at, ensembles[0], model, baselines(), evaluated, brought)


def save(forecasts: Forecasts, params: Params) -> None:
    """Calibrate the intervals, evaluate, and write all files of the stage, with warnings of what its user must know."""
    settings, panel, model, histories = params[Predict], forecasts.panel, forecasts.model, forecasts.histories
    names, levels, horizon = list(forecasts.baselines), settings.levels, params[Backtest].horizon
    method = settings.published(len(panel.ids), names, has_covariates=panel.covariate_counts.of_time > 0)
    methods = by_method(model, forecasts.baselines, histories)
    calibrations = {name: calibrate(methods[name], histories) for name in with_intervals(method, methods)}
    evaluations = [
        evaluate(methods, place, histories[place], calibrations, levels)
        for place, each in enumerate(model)
        if each.origin in forecasts.evaluated
    ]
    metrics = measure(evaluations, levels)
    if settings.baselines == "auto" and left_out(names):
        metrics["evaluated"]["baselines_left_out"] = ", ".join(left_out(names))
    if forecasts.brought:
        metrics["covariates"] = forecasts.brought
    write_json(METRICS, metrics)
    _write_evaluations(evaluations, panel, levels, horizon)

    points = {name: scored[0].forecast.point for name, scored in methods.items()}
    final = {name: each[0] for name, each in calibrations.items()}
    limits = {name: each.limits(methods[name][0].forecast, levels) for name, each in final.items()}
    write_csv(forecast_table(points, limits, panel, levels), FORECAST)
    forecaster = _forecaster(forecasts, params, method, final)
    fresh_folder(FORECASTER)
    forecaster.write(FORECASTER)

    trained_at, planned = forecasts.trained_at, forecasts.planned
    warn_of_origins_out_of_reach(len(planned.evaluation) - len(evaluations))
    short = warn_of_fallback(model[0].forecast, panel.ids)
    wide = warn_of_wide_intervals(methods[method][0].forecast, *limits[method], panel.ids)
    scored_from = {origin: trained_at[origin] for origin in (0, *planned.evaluation) if origin in trained_at}
    less_known = less_known_ahead(panel.at(0), [each.history for each in evaluations], horizon)
    summary = forecast_summary(forecaster, list(methods), panel, scored_from, short, wide, less_known)
    write_json(FORECAST_SUMMARY, summary)
    print(in_one_line(metrics["evaluated"]))


def _write_evaluations(evaluations: list[Evaluation], panel: Panel, levels: list[int], horizon: int) -> None:
    """Write the tables of what was forecast at the evaluation origins."""
    evaluation = evaluation_table(evaluations, panel, levels)
    write_evaluation(evaluation)
    write_csv(backtest_table(evaluation, panel), BACKTEST)
    write_csv(error_by_step(evaluations, horizon), ERROR_BY_STEP)
    write_csv(error_table(evaluations, panel), ERRORS, digits=6)
    write_csv(half_ensemble_table(evaluations, panel), HALF_ENSEMBLES, digits=3)


def _forecaster(forecasts: Forecasts, params: Params, method: str, calibrations: dict[str, Calibration]) -> Forecaster:
    """The forecaster of the last training origin.

    method: whose forecast is published
    calibrations: of the final origin, by method
    """
    panel = forecasts.panel
    return Forecaster(
        input_format=InputFormat.of(params[Ingest], panel),
        levels=params[Predict].levels,
        method=method,
        method_is_auto=params[Predict].method == "auto",
        baselines=list(forecasts.baselines),
        calibrations=calibrations,
        ensemble=forecasts.ensemble,
        trained_until=last_step(panel.at(forecasts.trained_at[0])),
        trained_on=panel.ids if len(panel.ids) <= FEW_SERIES else [],
    )
