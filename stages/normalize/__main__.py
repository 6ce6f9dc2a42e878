"""Stage 2, normalize: the panel -> for each origin, its history on a common footing, and the normalizer."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, NORMALIZE_SUMMARY, NORMALIZERS, PANEL, fresh_folder, origin_file
from stages.normalize.normalizer import Normalizer
from stages.normalize.origins import plan_origins
from stages.normalize.params import Normalize
from stages.panel.panel import Panel


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    longest = int(panel.lengths.max())
    if params.backtest.horizon >= longest:
        raise UserError(
            f"params.yaml: backtest.horizon {params.backtest.horizon} is no shorter than the longest series, which has "
            f"{longest} steps; make it shorter"
        )
    origins = plan_origins(params.backtest, panel)
    seasons = seasons_left(panel, params.normalize)
    fresh_folder(NORMALIZERS)
    fresh_folder(HISTORIES)
    logged = 0
    for held_back in origins.all:
        normalizer, values, lengths = normalize(panel, held_back, params.normalize)
        normalizer.write(NORMALIZERS, held_back)
        arrays = {"values": values, "lengths": lengths, "seasons": np.array(seasons, dtype=np.int64)}
        save_file(arrays, origin_file(HISTORIES, held_back))
        logged = int(normalizer.log_.sum()) if held_back == 0 else logged
    summary: dict[str, Any] = {
        "evaluation_origins": ", ".join(map(str, origins.evaluation)),
        "calibration_origins": ", ".join(map(str, origins.calibration)),
        "series_logged": logged,
        "seasons": ", ".join(map(str, seasons)),
    }
    NORMALIZE_SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    print(", ".join(f"{name} {value}" for name, value in summary.items()))


def normalize(
    panel: Panel, held_back: int, settings: Normalize
) -> tuple[Normalizer, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The normalizer fitted to what one origin may know, and that history normalised: flat values, lengths (S,)."""
    normalizers, values, lengths = [], [], []
    for block in panel.blocks(held_back):
        histories = panel.histories(held_back, block)
        normalizer = Normalizer(settings.log, settings.seasonal, settings.scale, panel.season_length)
        normalised = normalizer.fit(histories, panel.ids[block]).transform(histories)
        known = ~np.isnan(normalised)
        normalizers.append(normalizer)
        values.append(normalised[known])
        lengths.append(known.sum(axis=1))
    return Normalizer.joined(normalizers), np.concatenate(values), np.concatenate(lengths)


def seasons_left(panel: Panel, settings: Normalize) -> list[int]:
    """The seasons that are left in the normalised values, for each window to take off what was known of them.

    Those of the panel's that half the series hold twice.
    """
    if settings.seasonal != "shrunk":
        return []
    half = np.median(panel.lengths)
    return [season for season in panel.season_lengths if season > 1 and 2 * season < half]


if __name__ == "__main__":
    run(main)
