"""Training side by side: two processes against one, Dask and Ray against both, and what tasks weigh.

    python -m tests.bench.engines --series 1000 --networks 8

The stage `train`, as `dvc repro` runs it, on the generated panel of `tests.bench.scale`, only the future forecast: its
networks and the plain RNN beside them. Clusters of two workers are started on this machine and run the stage once
before they are timed. Each way in turn, several times; prints the medians' ratios, then the bytes that a network's
task reads and returns and that a series takes in each file.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.scale import generated
from tests.clusters import started
from tests.conftest import LONG_COLUMNS, change_file, make_project, shell

BEFORE = ["ingest", "normalize", "window"]


def timed(folder: Path, **compute: object) -> float:
    """Seconds of the stage."""
    change_file(folder, **{f"compute__{key}": value for key, value in compute.items()})
    shutil.rmtree(folder / ".checkpoints", ignore_errors=True)
    began = time.perf_counter()
    shell("python", "-m", "stages.train", cwd=folder)
    return time.perf_counter() - began


def size(path: Path) -> int:
    return sum(each.stat().st_size for each in ([path] if path.is_file() else path.iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = make_project(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "project")
        generated(options.series).to_parquet(folder / "data/raw/panel.parquet", index=False)
        given = {"ingest__path": "data/raw/panel.parquet", "ingest__frequency": None, "ingest__season_length": 12}
        only = {"backtest__origins": 0, "backtest__calibration": 0, "train__members": options.networks}
        change_file(folder, **LONG_COLUMNS, **given, **only)
        for stage in BEFORE:
            shell("python", "-m", f"stages.{stage}", cwd=folder)
        ways: dict[str, dict[str, object]] = {
            "one process": {"engine": "local", "workers": 1},
            "two processes": {"engine": "local", "workers": 2},
        }
        for engine in ("dask", "ray"):
            cluster = stack.enter_context(started(engine, 2))
            ways[engine] = {"engine": engine, "address": cluster.address, "workers": 2}
            timed(folder, **ways[engine])
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.times):
            for name, way in ways.items():
                seconds[name].append(timed(folder, **way))
        median = {name: statistics.median(each) for name, each in seconds.items()}
        for name, each in seconds.items():
            print(f"{name:14} {median[name]:6.1f} s   of {', '.join(f'{one:.1f}' for one in each)}")
        print(f"one process / two processes  {median['one process'] / median['two processes']:.2f}")
        for engine in ("dask", "ray"):
            print(f"{engine} / two processes       {median[engine] / median['two processes']:.2f}")
        for name in ("data/panel.parquet", "data/histories", "models/normalizer", "data/windows", "models/networks"):
            bytes_ = size(folder / name)
            print(f"{name:20} {bytes_ / 1e6:8.2f} MB   {bytes_ / options.series:8.0f} bytes a series")


if __name__ == "__main__":
    main()
