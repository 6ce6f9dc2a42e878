"""The fixtures that several tests share."""

import json
import os
import re
import shutil
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import hypothesis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from filelock import FileLock

from stages.common.params import Params, read_params
from stages.common.yaml_1_2 import read_yaml
from tests.projects import ALL, EXAMPLE, ROOT, commit, make_project, repro, tiny_project

Floats = npt.NDArray[np.float64]

# Slow machines fail no test for being slow, and a run is as repeatable as the pipeline.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("steady")


# The files that take longest, from the longest on: pytest-xdist's workers take files in this order, and end together.
LONGEST_FIRST = [
    "experiments", "engines", "failures", "pipeline", "ci", "inputs", "remotes", "first_hour", "covariates", "tutorial",
    "forecaster",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {Path(__file__).with_name(f"test_{name}.py"): rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))  # which keeps the order of the others


@pytest.fixture(scope="session")
def airline() -> Floats:
    """The 144 monthly values."""
    return np.asarray(pd.read_csv(EXAMPLE / "data/raw/airline_passengers.csv")["passengers"], dtype=np.float64)


@pytest.fixture(scope="session")
def default_params() -> Params:
    return read_params(EXAMPLE / "params.yaml")


def params_in_lock() -> list[tuple[object, object]]:
    """Each parameter that dvc.lock names: its value there, and in params.yaml."""
    params = read_yaml((ROOT / "params.yaml").read_text())
    stages = read_yaml((ROOT / "dvc.lock").read_text())["stages"].values()
    locked = [item for stage in stages for item in stage["params"]["params.yaml"].items()]
    return [(value, reduce(lambda found, key: found.get(key, {}), name.split("."), params)) for name, value in locked]


@pytest.fixture(scope="session")
def shown() -> Path:
    """The project, where its committed results are those on the front page, of the committed parameters.

    Elsewhere they are a user's own, or older than the parameters: pages and lock then tell nothing about them.
    """
    row = re.search(r"^\| model +\| +([\d.]+) ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    metrics = ROOT / "reports/metrics.json"
    measured = json.loads(metrics.read_text()).get("model", {}).get("mase") if metrics.exists() else None
    if row is None or measured is None or row[1] != f"{measured:.4f}":
        pytest.skip("reports/metrics.json is not of the run that README.md shows")
    if any(locked != given for locked, given in params_in_lock()):
        pytest.skip("params.yaml was changed since the run that README.md shows")
    return ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, an empty one: paths of input files lie within the project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed copy of the project, with the example's parameters and data, without results and cache."""
    return make_project(tmp_path / "project")


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills, in the folder that all pytest-xdist workers share: the first to come makes it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # each worker has a folder of its own in it
    folder, done = shared / name / "project", shared / name / "done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            make(folder)
            done.touch()
    return folder


def make_finished(folder: Path, **changes: object) -> None:
    tiny_project(folder, **changes)
    assert repro(folder) == ALL
    commit(folder, "results")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny project after `dvc repro`, committed; tests copy it."""
    return made_once(tmp_path_factory, "finished", make_finished)


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


@pytest.fixture(scope="session")
def finished_light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `finished`, and as quick to run as can be: two plain RNNs, trained for a moment by one process.

    Of other cells, `plot` would train a plain RNN too, to compare.
    """
    few = {
        "backtest__origins": 1,
        "backtest__calibration_origins": 0,
        "train__members": 1,
        "train__epochs": 2,
        "train__update_epochs": 1,
    }
    quick = {"model__cell": "rnn", "predict__baselines": ["seasonal_naive"], "plot__series": 1}
    return made_once(tmp_path_factory, "light", lambda folder: make_finished(folder, **few, **quick))


@pytest.fixture
def light(finished_light: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished_light, tmp_path / "project", symlinks=True)
