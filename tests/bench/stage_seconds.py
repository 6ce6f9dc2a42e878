"""Where the seconds of each stage go: imports, the workers, writing, and what is left, which is work of its own.

    python -m tests.bench.stage_seconds                                             # the airline passengers
    python -m tests.bench.stage_seconds --file m3_monthly.csv --horizon 18 --season 12
    python -m tests.bench.stage_seconds --series 100000                             # generated ones, as in scale.py

FILE is a long CSV or Parquet file with columns `unique_id`, `ds` (integer steps) and `y`. The stages of a copy of the
project run with the default parameters, one after another. A thread of each looks every few milliseconds at what the
stage does: imports, also those in functions; waiting for its workers, whose imports are in that; a function that
writes; or anything else. What comes before the first import of its own counts as an import.
"""

import argparse
import runpy
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

import psutil

ROOT = Path(__file__).parents[2]
INTERVAL = 0.005  # seconds between two looks
KINDS = ["imports", "workers", "writing", "work"]
WRITERS = ("write", "save", "to_csv", "to_parquet", "render", "copy_results")


def kind_of(frame: FrameType | None) -> str:
    """What the main thread does, from its innermost frame."""
    found = "work"
    while frame is not None:
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            return "imports"
        if file.endswith("stages/compute/pool.py"):
            found = "workers"
        elif name.startswith(WRITERS) and "/stages/" in file and found == "work":
            found = "writing"
        frame = frame.f_back
    return found


def profiled(stage: str) -> None:
    """Run a stage in this process, and print the seconds of each kind."""
    seconds = dict.fromkeys(KINDS, 0.0)
    seconds["imports"] = time.time() - psutil.Process().create_time()
    main, done = threading.main_thread(), threading.Event()

    def look() -> None:
        last = time.perf_counter()
        while not done.wait(INTERVAL):
            now = time.perf_counter()
            seconds[kind_of(sys._current_frames().get(main.ident or 0))] += now - last
            last = now

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    sys.argv = ["-m"]  # as Python sets it while it imports a stage
    sys.path.insert(0, "")
    runpy.run_module(f"stages.{stage}", run_name="__main__", alter_sys=True)
    done.set()
    thread.join()
    print(
        f"{stage:10}", *(f"{seconds[kind]:10.1f}" for kind in KINDS), f"{sum(seconds.values()):10.1f}", file=sys.stderr
    )


def profile(folder: Path) -> None:
    from tests.projects import ALL, environment

    print(f"{'seconds':10}", *(f"{kind:>10}" for kind in [*KINDS, "all"]), file=sys.stderr)
    for stage in ALL:
        command = [sys.executable, "-m", "tests.bench.stage_seconds", "--stage", stage]
        variables = environment(PYTHONPATH=str(ROOT))
        subprocess.run(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--file", type=Path)
    arguments.add_argument("--horizon", type=int)
    arguments.add_argument("--season", type=int, nargs="+")
    arguments.add_argument("--series", type=int)
    arguments.add_argument("--stage", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.stage:
        profiled(given.stage)
        return
    # Here, so that they are no imports of the stages.
    from tests.bench.panels import project_on, read_series
    from tests.bench.scale import generated_project
    from tests.projects import make_project

    if given.file:
        with project_on(read_series(given.file), given.horizon, given.season, []) as folder:
            profile(folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        profile(generated_project(folder, given.series) if given.series else make_project(folder, ROOT / "params.yaml"))


if __name__ == "__main__":
    main()
