"""Whether a combination of the model with classical methods pays on few series.

    python -m tests.bench.combination FILE --horizon 18 --season 12 --series 1 [--draws 3] [--set train.members=4 ...]

FILE is a long CSV or Parquet file with columns `unique_id`, `ds` (integer steps) and `y`. Draws so many series at
random, runs the pipeline on them in a copy of the project, and prints the MASE at the evaluation origins of the model,
the combination and the best classical method, and the geometric means of the two over the model's.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from tests.bench.panels import project_on, read_series
from tests.projects import shell

STAGES = ["ingest", "normalize", "window", "train", "predict"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--horizon", type=int, required=True)
    arguments.add_argument("--season", type=int, nargs="+", required=True)
    arguments.add_argument("--series", type=int, default=1)
    arguments.add_argument("--draws", type=int, default=3)
    arguments.add_argument("--set", nargs="*", default=[], help="parameters to change, section.key=value")
    given = arguments.parse_args()

    series, ratios = read_series(given.file), []
    for draw in range(given.draws):
        drawn = np.random.default_rng(draw).permutation(sorted(series))[: given.series]
        chosen = {name: series[name] for name in drawn}
        with project_on(chosen, given.horizon, given.season, given.set, ingest__missing="interpolate") as folder:
            for stage in STAGES:
                shell("python", "-m", f"stages.{stage}", cwd=folder)
            metrics = json.loads((folder / "reports/metrics.json").read_text())
        model, combination = metrics["model"]["mase"], metrics["combination"]["mase"]
        best = min(scores["mase"] for name, scores in metrics["baseline"].items() if name != "seasonal_naive")
        ratios.append([combination / model, best / model])
        print(f"draw {draw}: model {model:.3f}, combination {combination:.3f}, best classical {best:.3f}", flush=True)
    for name, ratio in zip(["combination", "best classical"], np.exp(np.log(ratios).mean(axis=0)), strict=True):
        print(f"{name}: {ratio:.3f} of the model's MASE, geometric mean of {given.draws} draws")


if __name__ == "__main__":
    main()
