"""Stage 2, normalize: the panel -> for each origin, its history on a common footing, and the normalizer."""

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from stages.common.errors import run
from stages.common.normalizer import Normalizer
from stages.common.panel import Panel
from stages.common.params import Normalize, read_params
from stages.common.paths import HISTORIES, NORMALIZERS, PANEL, fresh_folder, of_origin


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    fresh_folder(NORMALIZERS)
    fresh_folder(HISTORIES)
    for held_back in params.backtest.all_origins:
        normalizer, values, lengths = normalize(panel, held_back, params.normalize)
        normalizer.write(NORMALIZERS, held_back)
        save_file({"values": values, "lengths": lengths}, of_origin(HISTORIES, held_back))


def normalize(
    panel: Panel, held_back: int, settings: Normalize
) -> tuple[Normalizer, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The normalizer fitted to what one origin may know, and that history normalised: flat values, lengths (S,)."""
    histories = panel.histories(held_back)
    normalizer = Normalizer(settings.log, settings.seasonal, settings.scale, panel.season_length)
    normalised = normalizer.fit(histories, panel.ids).transform(histories)
    known = ~np.isnan(normalised)
    return normalizer, normalised[known], known.sum(axis=1)


if __name__ == "__main__":
    run(main)
