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
from stages.common.params import read_params
from stages.compute.params import Compute
from stages.compute.pool import open_pool


def main() -> None:
    params = read_params()
    with open_pool(params[Compute], "stages.predict.tasks", "statsforecast.models") as pool:
        from stages.predict.stage import forecast, save  # here: it imports torch, as the workers do meanwhile

        forecasts = forecast(params, pool)
    save(forecasts, params)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
