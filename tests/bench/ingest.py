"""Ingest against pandas alone: seconds and peak memory of a CSV of 10 million rows in 50,000 series, as ratios.

    python -m tests.bench.ingest

The yardstick is a process that does nothing but `pandas.read_csv(engine="pyarrow")`; ingest reads the same file,
infers its frequency, checks it and writes the panel. Both run in turn, five times; the ratio is that of the medians.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from tests.projects import LONG_COLUMNS, change_file, make_project

LENGTH = 200  # rows of a series


def write_csv(series: int, path: Path) -> None:
    """Long format: unique_id, ds (days), y."""
    days = pd.date_range("2020-01-01", periods=LENGTH).strftime("%Y-%m-%d")
    names = [f"series_{number:05d}" for number in range(series)]
    y = np.round(100 + 10 * np.random.default_rng(0).standard_normal(series * LENGTH), 3)
    ids = pa.DictionaryArray.from_arrays(np.repeat(np.arange(series, dtype=np.int32), LENGTH), names)
    ds = pa.DictionaryArray.from_arrays(np.tile(np.arange(LENGTH, dtype=np.int32), series), days.tolist())
    table = pa.table({"unique_id": ids.dictionary_decode(), "ds": ds.dictionary_decode(), "y": y})
    pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="none"))


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak GiB of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    kibibytes: resource.struct_rusage = usage
    return time.perf_counter() - started, kibibytes.ru_maxrss / 2**20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--series", type=int, default=50_000)
    count = arguments.parse_args().series
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project")
        path = folder / "data/raw/large.csv"
        write_csv(count, path)
        change_file(folder, ingest__path="data/raw/large.csv", ingest__frequency="auto", **LONG_COLUMNS)
        alone = f"import pandas; pandas.read_csv({str(path)!r}, engine='pyarrow')"
        commands = {"pandas": [sys.executable, "-c", alone], "ingest": [sys.executable, "-m", "stages.ingest"]}
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                runs[name].append(measured(command, folder))
        seconds, peak = (
            {name: statistics.median(run[kind] for run in each) for name, each in runs.items()} for kind in (0, 1)
        )
        print(f"{count * LENGTH} rows, {path.stat().st_size / 1e6:.0f} MB: ingest against pandas.read_csv alone")
        print(f"time    {seconds['ingest'] / seconds['pandas']:.2f}")
        print(f"memory  {peak['ingest'] / peak['pandas']:.2f} ({peak['ingest']:.2f} GiB)")


if __name__ == "__main__":
    main()
