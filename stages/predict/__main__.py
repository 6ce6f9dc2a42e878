"""Stage 5, predict: networks, panel -> the forecast, the forecaster, the evaluation, metrics against the baselines.

Reads the panel and models/networks/. Writes models/forecaster/, and forecast.csv, forecast.json,
evaluation.parquet, evaluation.csv, metrics.json, errors.csv, half_ensembles.csv, error_by_step.csv and backtest.csv in
reports/.
Decides which baselines are fast enough for the data, and whose forecast is published.
Parameters: sections `ingest`, `backtest`, `normalize`, `window` and `predict` of params.yaml, `train.members` and
`train.seed`.
"""

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import Params, read_params
from stages.common.paths import PANEL
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest
from stages.panel.panel import Panel

MOST_HERE = 20_000  # values of all histories that the model forecasts in less time than workers need to import torch


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    here = is_quick(panel, params)
    imports = ["statsforecast.models", *([] if here else ["stages.predict.ensemble"])]
    alone = params[Compute].model_copy(update={"workers": 1})
    with open_pool(params[Compute], *imports) as pool, open_pool(alone) as this_process:
        from stages.predict.stage import forecast, save  # here: it imports torch, as the workers do statsforecast

        forecasts = forecast(params, panel, this_process if here else pool, pool)
    save(forecasts, params)


def is_quick(panel: Panel, params: Params) -> bool:
    """Whether the model forecasts all histories here before a worker would begin."""
    histories = len(panel.y) * len(plan_origins(params[Backtest], panel).all)
    return params[Compute].engine == "local" and panel.covariates is None and histories <= MOST_HERE


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
