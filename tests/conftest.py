"""What several tests share. No test writes into the working tree: they work in copies of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import hypothesis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.common.params import Params, Window, read_params
from stages.common.windows import Windows
from stages.window import cut_windows

ROOT = Path(__file__).parents[1]
LONG_COLUMNS = {
    "ingest__series": "unique_id",
    "ingest__time": "ds",
    "ingest__value": "y",
}  # as half the field names them
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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


def right_aligned(flat: Floats, lengths: Ints) -> Floats:
    """Series of `lengths` (S,) that stand one after another in `flat`, as (S, longest), right-aligned, NaN before."""
    width = int(lengths.max(initial=0))
    matrix = np.full((len(lengths), width), np.nan)
    matrix[np.arange(width) >= width - lengths[:, None]] = flat
    return matrix


def window_settings(**changes: object) -> Window:
    """Every window there is, whole, and nothing known of it but no level; or what `changes` say."""
    plain = {
        "size": [6], "padding": False, "most": 10**9, "local": "mean", "local_size": [0], "bases": [],
    }  # fmt: skip
    return Window.model_validate({**plain, **changes})


def plain_windows(values: Floats, lengths: Ints, sizes: list[int], targets: int, level_sizes: list[int]) -> Windows:
    """All whole windows of series that stand one after another, their levels means of their last inputs."""
    return cut_windows(values, lengths, [], window_settings(size=sizes, local_size=level_sizes), targets)


def change(params: Params, **changes: object) -> Params:
    """`params` with `section__key=value` changes, validated."""
    values = params.model_dump()
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    return Params.model_validate(values)


def change_file(folder: Path, **changes: object) -> None:
    """Write `section__key=value` changes into the params.yaml of a copy of the project."""
    yaml = YAML()
    values = yaml.load(folder / "params.yaml")
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    yaml.dump(values, folder / "params.yaml")


def environment(**more: str) -> dict[str, str]:
    """Of a command: this Python's programs first, no analytics, no byte code left behind."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "true", "PYTHONDONTWRITEBYTECODE": "1", **more}


def shell(*command: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command, its output captured as text."""
    done = subprocess.run(command, cwd=cwd, env=environment(), text=True, capture_output=True, check=False)
    if check:
        assert done.returncode == 0, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def make_project(folder: Path) -> Path:
    """A repository of its own at `folder` with the working tree's tracked and new files, committed; no DVC cache."""
    listed = shell("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shell("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    commit(folder, "start")
    return folder


def commit(folder: Path, message: str) -> None:
    shell("git", "add", "--all", cwd=folder)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    shell("git", *identity, "commit", "--quiet", "--allow-empty", f"--message={message}", cwd=folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed copy of the project without cache."""
    return make_project(tmp_path / "project")
