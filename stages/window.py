"""Stage 3, window: normalised histories -> where windows are cut."""

from safetensors.numpy import load_file

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, WINDOWS, fresh_folder, of_origin, origins_in
from stages.common.windows import Windows, level_sizes


def main() -> None:
    params = read_params()
    levels = level_sizes(params.window.local, params.window.local_size)
    targets = params.backtest.horizon if params.model.output == "direct" else 1
    fresh_folder(WINDOWS)
    for held_back in origins_in(HISTORIES):
        history = load_file(of_origin(HISTORIES, held_back))
        windows = Windows.cut(history["values"], history["lengths"], params.window.size, targets, levels)
        if held_back == 0 and not history["lengths"].any():
            raise UserError(
                "params.yaml: every history is shorter than a season, so nothing is left of its seasonal difference; "
                "set normalize.seasonal to none, or ingest.season_length to a shorter season"
            )
        if held_back == 0 and not len(windows.cuts):
            raise UserError(
                f"params.yaml: window.size {min(params.window.size)} and {targets} targets are longer than every "
                f"normalised history (the longest has {history['lengths'].max()} values); make window.size or "
                "backtest.horizon smaller"
            )
        windows.write(of_origin(WINDOWS, held_back))


if __name__ == "__main__":
    run(main)
