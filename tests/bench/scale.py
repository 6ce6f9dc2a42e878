"""All six stages on a generated panel of monthly series: seconds and peak memory of each, and the size of its files.

    python -m tests.bench.scale --series 100000
    python -m tests.bench.scale --series 20000 --workers 1

Series of 60 to 300 values with trend, season and noise, in a Parquet file, are forecast 12 steps ahead by the default
recipe in a copy of the project, with only `ingest` set. Prints for each stage its seconds, the seconds per thousand
series, and the peak memory of its processes together; then the size of the files.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from tests.projects import ALL, LONG_COLUMNS, ROOT, change_file, environment, make_project

WRITTEN = ["data/panel.parquet", "data/histories", "data/windows", "models/networks", "models/forecaster", "reports"]


def generated(series: int) -> pd.DataFrame:
    """Long format: unique_id, ds, y."""
    random = np.random.default_rng(0)
    lengths = random.integers(60, 301, series)
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)

    def each(low: float, high: float) -> np.ndarray:
        return np.repeat(random.uniform(low, high, series), lengths)

    season = each(0, 0.3) * np.sin(2 * np.pi * (step / 12 + each(0, 1)))
    log = each(2, 9) + each(-0.003, 0.006) * step + season + each(0.02, 0.2) * random.normal(size=len(step))
    ids = np.char.add("s", np.arange(series).astype(str))
    return pd.DataFrame({"unique_id": np.repeat(ids, lengths), "ds": step, "y": np.exp(log).round(3)})


def memory(process: psutil.Process) -> int:
    """Bytes of a process and its children, memory that they share counted once (proportional set size)."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:
            continue  # it has just ended
    return total


def generated_project(folder: Path, series: int, **changes: object) -> Path:
    """A copy of the project with the generated panel and changes of parameters."""
    make_project(folder, ROOT / "params.yaml")
    generated(series).to_parquet(folder / "data/raw/panel.parquet", index=False)
    given = {"ingest__path": "data/raw/panel.parquet", "ingest__frequency": None, "ingest__season_length": 12}
    change_file(folder, **LONG_COLUMNS, **given, **changes)
    return folder


def measured(folder: Path, stage: str) -> tuple[float, int]:
    """Seconds of a stage, and the peak memory of its processes together, in bytes."""
    began, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", f"stages.{stage}"]
    running = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    process = psutil.Process(running.pid)
    while running.poll() is None:
        peak = max(peak, memory(process)) if process.is_running() else peak
        time.sleep(0.1)
    if running.returncode:
        sys.exit(f"{stage} failed")
    return time.perf_counter() - began, peak


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--series", type=int, default=100_000)
    arguments.add_argument("--workers", type=int, help="processes; without it, one for each core")
    options = arguments.parse_args()
    count, workers = options.series, options.workers or "auto"
    with tempfile.TemporaryDirectory() as temporary:
        folder = generated_project(Path(temporary) / "project", count, compute__workers=workers)
        print(f"{count} series      seconds   a thousand series   peak GiB")
        for stage in ALL:
            seconds, peak = measured(folder, stage)
            print(f"{stage:12} {seconds:10.1f} {1000 * seconds / count:19.3f} {peak / 2**30:10.2f}", flush=True)
        for name in WRITTEN:
            path = folder / name
            size = sum(each.stat().st_size for each in [path, *path.rglob("*")] if each.is_file())
            print(f"{name:20} {size / 1e6:10.1f} MB {size / count:10.0f} bytes a series")


if __name__ == "__main__":
    main()
