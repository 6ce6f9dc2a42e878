"""What several tests share. No test writes into the working tree: they work in copies of it."""

import os
import re
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

from stages.common.params import Params, check_params, read_params
from stages.window.__main__ import cut_windows
from stages.window.params import Window
from stages.window.windows import Windows

ROOT = Path(__file__).parents[1]
LONG_COLUMNS = {
    "ingest__series": "unique_id",
    "ingest__time": "ds",
    "ingest__value": "y",
}  # as half the field names them
ALL = ["ingest", "normalize", "window", "train", "predict", "plot"]
TINY: dict[str, object] = {
    "ingest__path": "data/raw/tiny.csv", "ingest__series": "shop", "ingest__time": "date", "ingest__value": "sales",
    "ingest__frequency": "QS", "ingest__season_length": None, "backtest__horizon": 3, "backtest__origins": 2,
    "backtest__step": 2, "backtest__calibration": 1, "window__size": 6, "train__members": 2, "train__epochs": 4,
    "predict__baselines": ["seasonal_naive", "auto_ets"], "plot__dpi": 40, "compute__workers": 1,
}  # fmt: skip
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
    values = params.dump()
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    return check_params(values)


def change_file(folder: Path, **changes: object) -> None:
    """Write `section__key=value` changes into the params.yaml of a copy of the project."""
    yaml = YAML()
    values = yaml.load(folder / "params.yaml")
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    yaml.dump(values, folder / "params.yaml")


def environment(**more: str) -> dict[str, str]:
    """Of a command: this Python's programs first, a name for commits, no analytics, no byte code left behind."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    name = {f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"DVC_NO_ANALYTICS": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, "PATH": path, **name, **quiet, **more}


def shell(
    *command: str, cwd: Path, check: bool = True, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command, with more environment variables, its output captured as text."""
    every = environment(**(variables or {}))
    done = subprocess.run(command, cwd=cwd, env=every, text=True, capture_output=True, check=False)
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


def commit(folder: Path, message: str, date: str | None = None) -> None:
    shell("git", "add", "--all", cwd=folder)
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
    shell("git", "commit", "--quiet", "--allow-empty", f"--message={message}", cwd=folder, variables=dates)


def clone(source: Path, folder: Path) -> Path:
    shell("git", "clone", "--quiet", str(source), str(folder), cwd=source)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, an empty one: paths of input files lie within the project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed copy of the project without cache."""
    return make_project(tmp_path / "project")


def tiny_panel() -> pd.DataFrame:
    """Series of 40, 30 and 4 quarters; the last is too short for a window, three quarters ago it had one value."""
    random = np.random.default_rng(0)
    frames = []
    for name, length in [("west", 40), ("east", 30), ("new", 4)]:
        stamps = pd.date_range(end="2023-10-01", periods=length, freq="QS")
        sales = 100 + np.arange(length) + 20 * (np.arange(length) % 4) + random.normal(0, 3, length)
        frames.append(pd.DataFrame({"shop": name, "date": stamps.strftime("%Y-%m-%d"), "sales": sales.round(2)}))
    return pd.concat(frames)


def tiny_project(folder: Path, panel: pd.DataFrame | None = None, **changes: object) -> Path:
    make_project(folder)
    (folder / "dvc.lock").unlink(missing_ok=True)
    (tiny_panel() if panel is None else panel).to_csv(folder / "data/raw/tiny.csv", index=False)
    change_file(folder, **{**TINY, **changes})
    commit(folder, "tiny")
    return folder


def repro(folder: Path, **changes: object) -> list[str]:
    """The stages that `dvc repro` ran, after changes of parameters."""
    change_file(folder, **changes)
    return re.findall(r"Running stage '(\w+)'", shell("dvc", "repro", cwd=folder).stdout)


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
    few = {"backtest__origins": 1, "backtest__calibration": 0, "train__members": 1, "train__epochs": 2}
    quick = {"predict__baselines": ["seasonal_naive"], "plot__series": 1}
    folder = tiny_project(tmp_path_factory.mktemp("light") / "project", **few, **quick)
    assert repro(folder) == ALL
    commit(folder, "results")
    return folder


@pytest.fixture
def light(finished_light: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished_light, tmp_path / "project", symlinks=True)
