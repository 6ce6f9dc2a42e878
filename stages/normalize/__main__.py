"""Stage 2, normalize: the panel -> the normalised histories and the normalizer of each origin.

Reads the panel. Writes data/histories/ and models/normalizer/, a file for each origin, and reports/normalize.json.
Decides how many origins there are, and where; which series are logged; which seasons are used.
Parameters: sections `backtest` and `normalize` of params.yaml.
"""

from typing import Any

from safetensors.numpy import save_file

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.common.paths import (
    HISTORIES,
    NORMALIZE_SUMMARY,
    NORMALIZERS,
    PANEL,
    fresh_folder,
    origin_file,
    write_summary,
)
from stages.normalize.histories import normalize
from stages.normalize.origins import plan_origins, refuse_long_horizon
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    refuse_long_horizon(params[Backtest], panel)
    origins = plan_origins(params[Backtest], panel).within(int(panel.lengths.max()))
    fresh_folder(NORMALIZERS)
    fresh_folder(HISTORIES)
    summary: dict[str, Any] = {
        "evaluation_origins": ", ".join(map(str, origins.evaluation)),
        "calibration_origins": ", ".join(map(str, origins.calibration)),
    }
    for origin in origins.all:
        normalizer, histories = normalize(panel.at(origin), params[Normalize])
        normalizer.write(NORMALIZERS, origin)
        save_file(vars(histories), origin_file(HISTORIES, origin))
        if origin == 0:
            summary["series_logged"] = int(normalizer.log_.sum())
            summary["seasons"] = ", ".join(map(str, histories.seasons))
    write_summary(NORMALIZE_SUMMARY, summary)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
