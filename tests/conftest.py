"""The fixtures that several tests share."""

import shutil
from pathlib import Path

import hypothesis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stages.common.params import Params, read_params
from tests.projects import ALL, ROOT, commit, make_project, repro, tiny_project

Floats = npt.NDArray[np.float64]

# Slow machines fail no test for being slow, and a run is as repeatable as the pipeline.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def airline() -> Floats:
    """The 144 monthly values."""
    return np.asarray(pd.read_csv(ROOT / "data/raw/airline_passengers.csv")["passengers"], dtype=np.float64)


@pytest.fixture(scope="session")
def default_params() -> Params:
    return read_params(ROOT / "params.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, an empty one: paths of input files lie within the project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed copy of the project without cache."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny project after `dvc repro`, committed; tests copy it."""
    folder = tiny_project(tmp_path_factory.mktemp("finished") / "project")
    assert repro(folder) == ALL
    commit(folder, "results")
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


@pytest.fixture(scope="session")
def finished_light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `finished`, and as quick to run as can be: two networks, trained for a moment by one process."""
    few = {"backtest__origins": 1, "backtest__calibration_origins": 0, "train__members": 1, "train__epochs": 2}
    quick = {"predict__baselines": ["seasonal_naive"], "plot__series": 1}
    folder = tiny_project(tmp_path_factory.mktemp("light") / "project", **few, **quick)
    assert repro(folder) == ALL
    commit(folder, "results")
    return folder


@pytest.fixture
def light(finished_light: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished_light, tmp_path / "project", symlinks=True)
