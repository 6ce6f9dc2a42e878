"""What training one network takes, by the number of its windows: where its data no longer fit one machine.

    python -m tests.bench.memory

The stages `window` and `train` on 20,000 generated series of `tests.bench.scale`, one network of one epoch, with more
and more windows allowed (`window.most`). Prints the windows, the size of their file, the most memory that each stage
held, and the bytes for each window between one row and the next.
"""

import json
import tempfile
from pathlib import Path

from tests.bench.scale import generated_project, measured
from tests.projects import change_file, shell

SERIES = 20_000
MOST = [60_000, 240_000, 960_000]


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        one = {"backtest__origins": 0, "backtest__calibration": 0, "train__members": 1, "train__epochs": 1}
        folder = generated_project(Path(temporary) / "project", SERIES, **one, compute__workers=1)
        for stage in ("ingest", "normalize"):
            shell("python", "-m", f"stages.{stage}", cwd=folder)
        print("   windows   file MB   window GiB   train GiB   train, bytes a window more")
        before = (0, 0)
        for most in MOST:
            change_file(folder, window__most=most)
            (_, cutting), (_, training) = measured(folder, "window"), measured(folder, "train")
            windows = json.loads((folder / "reports/window.json").read_text())["windows"]
            size = (folder / "data/windows/origin_0.safetensors").stat().st_size
            more = (training - before[1]) / (windows - before[0])
            print(
                f"{windows:10} {size / 1e6:9.0f} {cutting / 2**30:12.2f} {training / 2**30:11.2f} {more:12.0f}",
                flush=True,
            )
            before = (windows, training)


if __name__ == "__main__":
    main()
