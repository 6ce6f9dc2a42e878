"""Training in parallel: two processes against one, Dask and Ray against two processes.

    python -m tests.bench.engines --series 1000

The stage `train`, as `dvc repro` runs it, on the generated panel of `tests.bench.scale`: eight networks for each
origin, and the plain RNN. The upper bound for two processes against one is measured too: two runs of one process at the
same time, each in a folder of its own. Clusters of two workers run on this machine. Each runs the stage once before it
is timed, in turn with two processes. Prints each ratio's median and values.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.scale import generated_project
from tests.clusters import started
from tests.projects import change_file, environment, shell

BEFORE = ["ingest", "normalize", "window"]


def timed(*folders: Path, **compute: object) -> float:
    """Seconds that the stage takes in one or more folders at once."""
    for folder in folders:
        change_file(folder, **{f"compute__{key}": value for key, value in compute.items()})
        shutil.rmtree(folder / ".checkpoints", ignore_errors=True)
    command = [sys.executable, "-m", "stages.train"]
    began = time.perf_counter()
    running = [
        subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) for folder in folders
    ]
    if any(process.wait() for process in running):
        sys.exit("train failed")
    return time.perf_counter() - began


def speed_up(folder: Path, times: int) -> None:
    """Measure two processes, and the upper bound on this machine."""
    other = shutil.copytree(folder, folder.with_name("other"))
    speed_ups, bounds = [], []
    for _ in range(times):
        single = timed(folder, engine="local", workers=1)
        speed_ups.append(single / timed(folder, engine="local", workers=2))
        bounds.append(2 * single / timed(folder, other, engine="local", workers=1))
    show("two processes, times as fast as one", speed_ups)
    show("two runs of one process at once", bounds)


def overhead(folder: Path, engine: str, times: int) -> None:
    with started(engine, 2) as cluster:
        compute = {"engine": engine, "address": cluster.address, "workers": 2}
        timed(folder, **compute)
        ratios = [timed(folder, **compute) / timed(folder, engine="local") for _ in range(times)]
        show(f"seconds of {engine} over two processes", ratios)


def show(name: str, ratios: list[float]) -> None:
    print(f"{name:40} {statistics.median(ratios):.2f}   of {', '.join(f'{ratio:.2f}' for ratio in ratios)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=["local", "dask", "ray"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = generated_project(Path(temporary) / "project", options.series)
        for stage in BEFORE:
            shell("python", "-m", f"stages.{stage}", cwd=folder)
        for engine in options.engines:
            if engine == "local":
                speed_up(folder, options.times)
            else:
                overhead(folder, engine, options.times)


if __name__ == "__main__":
    main()
