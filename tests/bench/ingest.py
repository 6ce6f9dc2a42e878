"""Time and peak memory of ingest relative to pandas.read_csv, for a CSV file of 10 million rows in 50,000 series.

    python -m tests.bench.ingest

The baseline is a process that only runs `pandas.read_csv(engine="pyarrow")`. Ingest reads the same file, infers its
frequency, checks it and writes the panel. The two processes alternate, five runs each; the ratios are of the medians.
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

from tests.projects import LONG_COLUMNS, ROOT, change_file, make_project

LENGTH = 200  # rows in a series


def write_csv(series: int, path: Path) -> None:
    """Write a long file with columns unique_id, ds (days) and y."""
    days = pd.date_range("2020-01-01", periods=LENGTH).strftime("%Y-%m-%d")
    names = [f"series_{number:05d}" for number in range(series)]
    y = np.round(100 + 10 * np.random.default_rng(0).standard_normal(series * LENGTH), 3)
    ids = pa.DictionaryArray.from_arrays(np.repeat(np.arange(series, dtype=np.int32), LENGTH), names)
    ds = pa.DictionaryArray.from_arrays(np.tile(np.arange(LENGTH, dtype=np.int32), series), days.tolist())
    table = pa.table({"unique_id": ids.dictionary_decode(), "ds": ds.dictionary_decode(), "y": y})
    pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="none"))


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """The duration (seconds) and peak memory (GiB) of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    resources: resource.struct_rusage = usage
    return time.perf_counter() - started, resources.ru_maxrss / 2**20  # from KiB


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--series", type=int, default=50_000)
    count = arguments.parse_args().series
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_project(Path(temporary) / "project", ROOT / "params.yaml")
        path = folder / "data/raw/large.csv"
        write_csv(count, path)
        change_file(folder, ingest__path="data/raw/large.csv", ingest__frequency="auto", **LONG_COLUMNS)
        pandas_only = f"import pandas; pandas.read_csv({str(path)!r}, engine='pyarrow')"
        commands = {"pandas": [sys.executable, "-c", pandas_only], "ingest": [sys.executable, "-m", "stages.ingest"]}
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                runs[name].append(measure(command, folder))
        seconds, peak = (
            {name: statistics.median(run[kind] for run in each) for name, each in runs.items()} for kind in (0, 1)
        )
        print(f"{count * LENGTH} rows, {path.stat().st_size / 1e6:.0f} MB: ingest relative to pandas.read_csv")
        print(f"time    {seconds['ingest'] / seconds['pandas']:.2f}")
        print(f"memory  {peak['ingest'] / peak['pandas']:.2f} ({peak['ingest']:.2f} GiB)")


if __name__ == "__main__":
    main()
