"""Stage 3, window: normalised histories -> where windows are cut, and what is known at each cut."""

import json
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import HISTORIES, WINDOW_SUMMARY, WINDOWS, fresh_folder, origin_file, origins_in
from stages.compute.pool import open_pool
from stages.compute.workers import FileArgument
from stages.window.features import know
from stages.window.params import Window
from stages.window.windows import Floats, Ints, Windows, least_size, level_sizes, place_cuts, window_sizes


def main() -> None:
    params = read_params()
    targets = params.backtest.horizon if params.model.output == "direct" else 1
    refuse_long_sizes(params.window)
    origins = origins_in(HISTORIES)
    tasks = [
        (FileArgument.at(origin_file(HISTORIES, held_back), load_file), params.window, targets) for held_back in origins
    ]
    summaries = []
    with open_pool(params.compute) as pool:
        fresh_folder(WINDOWS)
        for held_back, (windows, summary) in zip(origins, pool.run(window_origin, tasks), strict=True):
            windows.write(origin_file(WINDOWS, held_back))
            summaries.append(summary)
    live = summaries[0]
    if not live["longest"]:
        raise UserError(
            "params.yaml: every history is shorter than a season, so nothing is left of its seasonal difference; "
            "set normalize.seasonal to none, or ingest.season_length to a shorter season"
        )
    if not live["windows"]:
        raise UserError(
            f"params.yaml: window.size {live['sizes']} and {targets} targets are longer than every normalised history "
            f"(the longest has {live['longest']} values); make window.size or backtest.horizon smaller"
        )
    WINDOW_SUMMARY.write_text(json.dumps(live, indent=2) + "\n")
    print(", ".join(f"{name} {value}" for name, value in live.items()))


def refuse_long_sizes(settings: Window) -> None:
    """Raises UserError for a window that is longer than every history: all of it would be padding."""
    longest = int(load_file(origin_file(HISTORIES, 0))["lengths"].max(initial=0))
    if settings.size != "auto" and longest and max(settings.size) > longest:
        raise UserError(
            f"params.yaml: window.size {max(settings.size)} is longer than every normalised history, of which the "
            f"longest has {longest} values; make it smaller"
        )


def window_origin(history: dict[str, Any], settings: Window, targets: int) -> tuple[Windows, dict[str, Any]]:
    """The windows of one origin, and what was decided, for the report. A task that any process can do."""
    seasons = history["seasons"].tolist()
    windows = cut_windows(history["values"], history["lengths"], seasons, settings, targets)
    return windows, {
        "windows": len(windows.training),
        "sizes": ", ".join(map(str, windows.sizes)),
        "longest": int(history["lengths"].max(initial=0)),
        "series_without_window": int((windows.ends.before < windows.least(0)).sum()),
    }


def cut_windows(values: Floats, lengths: Ints, seasons: list[int], settings: Window, targets: int) -> Windows:
    """The windows of S series of `lengths` (S,) that stand one after another in `values` (V,)."""
    sizes = window_sizes(settings, seasons)
    least = min(least_size(size, settings.padding, seasons) for size in sizes)
    placed = list(place_cuts(lengths, least, targets, settings.padding, settings.most))
    series = np.repeat([number for number, _ in placed], [len(before) for _, before in placed]).astype(np.int64)
    before = np.concatenate([np.empty(0, dtype=np.int64), *(before for _, before in placed)])
    flat = values.astype(np.float32)
    everything = (flat, lengths, seasons)
    return Windows(
        targets=targets,
        values=flat,
        seasons=seasons,
        lags=(seasons or [1]) if settings.local == "smoothing" else [],
        sizes=sizes,
        level_sizes=level_sizes(settings),
        padding=settings.padding,
        training=know(*everything, series, before, targets, settings),
        ends=know(*everything, np.arange(len(lengths)), lengths, targets, settings),
    )


if __name__ == "__main__":
    run(main)
