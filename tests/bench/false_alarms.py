"""How often the paired test takes another seed for a change, and whether it still finds changes.

    python -m tests.bench.false_alarms [--panel FILE HORIZON SEASONS] [--origins 1] [--seeds 8] [--set KEY=VALUE ...]

For the airline passengers (five evaluation origins), 300 generated series and each panel given, trains as many
ensembles as seeds, which differ in nothing else, and tests each pair of them. Then trains one ensemble of each of
CHANGED and tests it against each of the others. Prints how many of these tests are significant without the variation
from training and with it, their standard errors, and the standard deviation of MASE over the ensembles. FILE is long,
CSV or Parquet, with columns `unique_id`, `y`; SEASONS is 12, or 24,168. `--set` changes the recipe of all.
"""

import argparse
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel

from stages.common.params import Params, read_params
from stages.common.yaml_1_2 import read_yaml
from stages.compare.comparison import compare
from stages.compare.versions import Version
from stages.panel.panel import Panel
from stages.plot.significance import PairedTest
from stages.predict.metrics import mase
from stages.predict.scoring import score
from tests.bench.choose import CHANGES, ROOT, train_ensemble
from tests.builders import change, panel_of

MEMBERS = 8
CHANGED = ["plain RNN", "no logarithm"]


def generated_panel() -> Panel:
    """300 series of 72 months: a trend, a season, a random walk and noise, on the logarithm."""
    random = np.random.default_rng(1)
    series = []
    for _ in range(300):
        level, season = np.exp(random.normal(5, 1)), random.normal(0, 0.1, 12) * random.uniform(0, 2)
        trend, steps = random.normal(0, 0.004), np.arange(72)
        noise = np.cumsum(random.normal(0, 0.03, 72)) + random.normal(0, 0.05, 72)
        series.append(np.round(level * np.exp(trend * steps + season[steps % 12] + noise), 2))
    return panel_of(series, season_lengths=(12,))


def read_panel(file: Path, season_lengths: list[int]) -> Panel:
    table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    groups = table.groupby("unique_id", sort=False)["y"]
    return panel_of([values.to_numpy(dtype=float) for _, values in groups], season_lengths=tuple(season_lengths))


def train_ensembles(
    panel: Panel, horizon: int, origins: int, count: int, params: Params, parallel: Parallel
) -> list[Version]:
    """What `compare` reads of `count` versions, whose networks all have seeds of their own"""
    networks = change(params, train__members=count * MEMBERS)
    tables: list[list[pd.DataFrame]] = [[] for _ in range(count)]
    for origin in range(horizon, (origins + 1) * horizon, horizon):
        history = panel.at(origin)
        trained = train_ensemble(history, horizon, networks, parallel)
        for k, table in enumerate(tables):
            members = {member: trained.networks[k * MEMBERS + member] for member in range(MEMBERS)}
            (forecast,) = replace(trained, members=MEMBERS, networks=members).forecast([history])
            scored = score(forecast, history)
            errors = mase(scored.actual, scored.forecast.point, scored.mase_scale)
            keys = {"unique_id": panel.ids, "cutoff": str(origin), "origin": origin, "model": errors}
            splits = (scored.half_differences / scored.mase_scale[:, None]).T
            table.append(pd.DataFrame({**keys, **{f"split_{i}": split for i, split in enumerate(splits, start=1)}}))
    columns = ["unique_id", "cutoff", "origin", "model"]
    return [
        Version(str(k), {"train.seed": k}, {}, {}, horizon, errors[columns], errors.drop(columns=["origin", "model"]))
        for k, errors in enumerate(pd.concat(table).dropna(subset=["model"]) for table in tables)
    ]


def paired(before: Version, after: Version) -> tuple[PairedTest, PairedTest]:
    """The test without and with the variation from training."""
    without = compare(before, replace(after, halves=after.halves.iloc[:0])).difference
    found = compare(before, after).difference
    assert without is not None
    assert found is not None
    return without, found


def summary(tests: list[tuple[PairedTest, PairedTest]]) -> str:
    """How many tests are significant, and the root of the mean square of their standard errors."""
    counts = [sum(test.significant for test in kind) for kind in zip(*tests, strict=True)]
    errors = [np.sqrt(np.mean([test.error**2 for test in kind])) for kind in zip(*tests, strict=True)]
    return (
        f"significant without {counts[0]}, with {counts[1]} of {len(tests)}; standard errors {errors[0]:.2g}, "
        f"{errors[1]:.2g}; mean difference {np.mean([found.mean for _, found in tests]):+.2g}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panel", nargs=3, action="append", default=[], metavar=("FILE", "HORIZON", "SEASONS"))
    parser.add_argument("--origins", type=int, default=1, help="evaluation origins of each panel")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    airline = pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"].to_numpy(dtype=float)
    panels = [
        ("airline", panel_of([airline], season_lengths=(12,)), 12, 5),
        ("generated", generated_panel(), 12, given.origins),
    ]
    for file, horizon, seasons in given.panel:
        panel = read_panel(Path(file), [int(season) for season in seasons.split(",")])
        panels.append((Path(file).stem, panel, int(horizon), given.origins))
    settings = {key.replace(".", "__"): read_yaml(value) for key, value in (text.split("=") for text in given.set)}
    recipe = change(read_params(ROOT / "params.yaml"), **settings)
    with Parallel(n_jobs=-1) as parallel:
        for name, panel, horizon, origins in panels:
            versions = train_ensembles(panel, horizon, origins, given.seeds, recipe, parallel)
            spread = np.std([version.errors["model"].mean() for version in versions], ddof=1)
            print(f"{name}: standard deviation of MASE {spread:.2g}")
            print(f"  other seeds: {summary([paired(*pair) for pair in combinations(versions, 2)])}", flush=True)
            for changed in CHANGED:
                (after,) = train_ensembles(panel, horizon, origins, 1, change(recipe, **CHANGES[changed]), parallel)
                print(f"  {changed}: {summary([paired(before, after) for before in versions])}", flush=True)


if __name__ == "__main__":
    main()
