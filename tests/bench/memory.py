"""Memory that training one network takes, by the number of its windows: when does it outgrow one machine?

    python -m tests.bench.memory

The stages `window` and `train` on 20,000 generated series of `tests.bench.scale`, one network of one epoch, with a
rising limit of windows (`window.most`). Prints the number of windows, the size of their file, the peak memory of each
stage, and the memory for each additional window from one row to the next.
"""

import json
import tempfile
from pathlib import Path

from tests.bench.scale import generated_project, measured
from tests.projects import change_file, shell

SERIES = 20_000
LIMITS = [60_000, 240_000, 960_000]


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        changes = {"backtest__origins": 0, "backtest__calibration_origins": 0, "train__members": 1, "train__epochs": 1}
        folder = generated_project(Path(temporary) / "project", SERIES, **changes, compute__workers=1)
        for stage in ("ingest", "normalize"):
            shell("python", "-m", f"stages.{stage}", cwd=folder)
        print("   windows   file MB   window GiB   train GiB   bytes for each additional window")
        previous_windows, previous_peak = 0, 0
        for limit in LIMITS:
            change_file(folder, window__max_windows=limit)
            (_, window_peak), (_, train_peak) = measured(folder, "window"), measured(folder, "train")
            windows = json.loads((folder / "reports/window.json").read_text())["windows"]
            size = (folder / "data/windows/origin_0.safetensors").stat().st_size
            slope = (train_peak - previous_peak) / (windows - previous_windows)
            print(
                f"{windows:10} {size / 1e6:9.0f} {window_peak / 2**30:12.2f} {train_peak / 2**30:11.2f} {slope:12.0f}",
                flush=True,
            )
            previous_windows, previous_peak = windows, train_peak


if __name__ == "__main__":
    main()
