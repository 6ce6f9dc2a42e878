"""Stage 2, normalize: the panel -> the normalised histories of each training origin.

Reads the panel. Writes data/histories/, a file for each origin at which networks are trained, and
reports/normalize.json.
Decides how many origins there are, and where; which series are logged; which seasons are used.
Parameters: sections `backtest` and `normalize` of params.yaml, `ingest.missing` and `ingest.path`.
"""

from safetensors.numpy import save_file

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, NORMALIZE_SUMMARY, PANEL, fresh_folder, origin_file, write_summary
from stages.ingest.params import Ingest
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.known_ahead import check_known_ahead
from stages.normalize.origins import in_short, plan_origins, refuse_long_horizon
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    refuse_long_horizon(params[Backtest], panel)
    check_known_ahead(panel, params[Backtest].horizon, params[Ingest].missing, params[Ingest].path)
    origins = plan_origins(params[Backtest], panel).within(int(panel.lengths.max()))
    training = sorted(set(origins.trained_at(params[Backtest].refit).values()), reverse=True)
    seasons = seasons_in_use(panel, params[Normalize])
    fresh_folder(HISTORIES)
    for origin in training:
        normalizer, histories = normalize(panel.at(origin), params[Normalize], seasons)
        save_file(histories.arrays(), origin_file(HISTORIES, origin))
    summary = {
        "evaluation_origins": in_short(origins.evaluation),
        "calibration_origins": in_short(origins.calibration),
        "training_origins": len(training),
        "last_training_origin": training[-1],
        "series_logged": int(normalizer.log_.sum()),
        "seasons": ", ".join(f"{season:g}" for season in seasons) or "none",
    }
    write_summary(NORMALIZE_SUMMARY, summary)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
