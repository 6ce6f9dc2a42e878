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
from stages.common.paths import PANEL
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.normalize.params import Backtest
from stages.predict.params import Predict

SMALL = 2**20  # bytes of a panel that workers who forecast by baselines alone can do: they begin a second sooner


def main() -> None:
    params = read_params()
    imports = ["statsforecast.models", *([] if PANEL.stat().st_size < SMALL else ["stages.predict.ensemble"])]
    with open_pool(params[Compute], *imports) as pool:
        from stages.panel.panel import Panel
        from stages.predict.tasks import begin_baselines

        panel = Panel.read(PANEL)
        baselines = begin_baselines(panel, params[Backtest], params[Predict], pool)
        from stages.predict.stage import forecast, save  # here: it imports torch, as the baselines are forecast

        forecasts = forecast(params, panel, baselines, pool)
    save(forecasts, params)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
