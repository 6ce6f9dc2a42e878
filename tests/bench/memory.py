"""What training one network takes, by the number of its windows: where its data no longer fit one machine.

    python -m tests.bench.memory

The stages `window` and `train` on 20,000 generated series of `tests.bench.scale`, one network of one epoch, with more
and more windows allowed (`window.most`). Prints the windows, the size of their file, the most memory that each stage
held, and the bytes for each window between one row and the next.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.bench.scale import generated, memory
from tests.conftest import LONG_COLUMNS, change_file, make_project, shell

SERIES = 20_000
MOST = [60_000, 240_000, 960_000]


def peak(folder: Path, stage: str) -> int:
    """The most bytes that a stage held."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", f"stages.{stage}"]
    running = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    process, most = psutil.Process(running.pid), 0
    while running.poll() is None:
        most = max(most, memory(process)) if process.is_running() else most
        time.sleep(0.05)
    if running.returncode:
        sys.exit(f"{stage} failed")
    return most


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project")
        generated(SERIES).to_parquet(folder / "data/raw/panel.parquet", index=False)
        given = {"ingest__path": "data/raw/panel.parquet", "ingest__frequency": None, "ingest__season_length": 12}
        one = {"backtest__origins": 0, "backtest__calibration": 0, "train__members": 1, "train__epochs": 1}
        change_file(folder, **LONG_COLUMNS, **given, **one, compute__workers=1)
        for stage in ("ingest", "normalize"):
            shell("python", "-m", f"stages.{stage}", cwd=folder)
        print("   windows   file MB   window GiB   train GiB   train, bytes a window more")
        before = (0, 0)
        for most in MOST:
            change_file(folder, window__most=most)
            cutting = peak(folder, "window")
            training = peak(folder, "train")
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
