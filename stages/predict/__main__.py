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
from stages.predict.intervals import half_widths_at, intervals
from stages.predict.params import Predict
from stages.predict.tables import (
    backtest_table,
    error_by_step,
    error_table,
    evaluation_table,
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
        final, *backtest = forecast_origins(parts, halved, horizon, params[Train].members, folders, pool)
        scored = [each for each in backtest if each.origin in planned and each.forecast.has_history.any()]
        origins = [each.origin for each in scored]
        names = choose_baselines(settings.baselines, sum(int(panel.at(origin).lengths.sum()) for origin in origins))
        baselines = forecast_baselines(origins, parts, horizon, names, pool)
    evaluations = [evaluate(each, backtest, panel.at(each.origin), baselines[each.origin], levels) for each in scored]
    lower, upper = intervals(final.forecast, half_widths_at(final.forecast, backtest, levels, panel.at(0)))

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
    write_csv(forecast_table(final.forecast, lower, upper, panel, levels), FORECAST)
    warn_of_origins_out_of_reach(len(planned) - len(scored))
    warn_of_fallback(final.forecast, panel.ids)
    warn_of_wide_intervals(final.forecast, lower, upper, panel.ids)
    print(in_one_line(metrics["evaluated"]))


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
