"""How fast the whole is, as ratios of runs on one machine, since seconds differ between machines.

    python tests/bench/speed.py

1. `dvc repro` from scratch (six processes, baselines and calibration included) over the tutorial's 300 epochs: below 1.
2. Training the ensemble of one origin over training the tutorial's network, one thread each: below 0.1.
3. `dvc repro` with nothing to do over the same with six stages that run `true`: below 1.5.
4. Comparing two commits over `dvc metrics diff` of the same.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from stages.common.params import read_params  # noqa: E402
from stages.common.paths import origin_file  # noqa: E402
from stages.train.params import Model, Train  # noqa: E402
from stages.train.training import train_network  # noqa: E402
from stages.window.windows import Windows  # noqa: E402
from tests.bench.tutorial import run_tutorial  # noqa: E402
from tests.projects import commit, make_project, shell  # noqa: E402

NOTHING = "stages:\n" + "".join(f"  s{i}:\n    cmd: 'true'\n    deps: [params.yaml]\n" for i in range(6))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    passengers = pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"].to_numpy(dtype=float)
    params = read_params(ROOT / "params.yaml")
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name) / "project", ROOT / "params.yaml")
        whole = seconds(lambda: shell("dvc", "repro", cwd=project))
        tutorial = seconds(lambda: run_tutorial(passengers, seed=0, epochs=300))
        print(
            f"whole `dvc repro` / tutorial's 300 epochs          {whole / tutorial:.2f} "
            f"({whole:.1f} s, {tutorial:.1f} s)"
        )

        windows = Windows.read(origin_file(project / "data/windows", 12))
        ensemble = seconds(
            lambda: [train_network(windows, k, params[Model], params[Train]) for k in range(params[Train].members)]
        )
        print(f"one origin's ensemble / tutorial's one network     {ensemble / tutorial:.3f} ({ensemble:.1f} s)")

        empty = make_project(Path(name) / "empty")
        (empty / "dvc.yaml").write_text(NOTHING)
        shell("dvc", "repro", cwd=empty)
        pairs = [
            (seconds(lambda: shell("dvc", "repro", cwd=project)), seconds(lambda: shell("dvc", "repro", cwd=empty)))
            for _ in range(7)
        ]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"`dvc repro` with nothing to do / six `true` stages {ratio:.2f}")

        commit(project, "run")
        commit(project, "the same")
        compare = ["python", "-m", "stages.compare", "HEAD~1", "HEAD"]
        diff = ["dvc", "metrics", "diff", "HEAD~1", "HEAD"]
        pairs = [
            (seconds(lambda: shell(*compare, cwd=project)), seconds(lambda: shell(*diff, cwd=project)))
            for _ in range(7)
        ]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(
            f"comparing two commits / `dvc metrics diff`         {ratio:.2f} ({min(ours for ours, _ in pairs):.1f} s)"
        )


if __name__ == "__main__":
    main()
