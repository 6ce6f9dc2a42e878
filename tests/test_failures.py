"""The whole pipeline under failures: mistakes, kills, interrupts, a full disk. Nothing is lost."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.projects import (
    ALL,
    ENDS,
    IMPORTS,
    WORKS,
    change_file,
    environment,
    held,
    here,
    repro,
    shell,
    tiny_panel,
)


def train(folder: Path, kill: Callable[[float], bool] = lambda seconds: False) -> bool:
    """Run the training stage; kill it and all its processes once `kill` is true of the seconds since its start.

    Returns whether it ended by itself.
    """
    clean = environment()
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "stages.train"], cwd=folder, env=clean, **quiet)
    while True:
        try:
            assert process.wait(timeout=0.05) == 0
        except subprocess.TimeoutExpired:
            if kill(time.monotonic() - started):
                break
        else:
            return True
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return False


def trained(folder: Path) -> dict[str, bytes]:
    """The files that training writes, by name."""
    reports = [folder / "reports/loss.csv", folder / "reports/train.json"]
    written = [*(folder / "models/networks").iterdir(), *reports]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}


@pytest.mark.slow
def test_training_that_is_killed_again_and_again_ends_with_the_same_files(finished: Path, tmp_path: Path) -> None:
    """Killed six times at random, with one process and two in turn; then once when two networks are finished."""
    whole, killed = (
        shutil.copytree(finished, tmp_path / name, symlinks=True) for name in ("uninterrupted", "interrupted")
    )
    for folder in (whole, killed):
        change_file(folder, train__epochs=100, compute__workers=1)
    started = time.monotonic()
    assert train(whole)
    duration = time.monotonic() - started
    assert len(trained(whole)) == 4 + 1 + 2  # networks by origin, their configuration, reports

    shutil.rmtree(killed / "models/networks")  # as DVC does before a stage
    checkpoints, random_delay = killed / ".checkpoints", random.Random(0)
    for delay, workers in zip([random_delay.uniform(0, duration) for _ in range(6)], 3 * [1, 2], strict=True):
        change_file(killed, compute__workers=workers)
        ended = train(killed, lambda seconds, delay=delay: seconds > delay)  # type: ignore[misc]
        assert not (ended and checkpoints.exists())
    assert not train(killed, lambda seconds: len(list(checkpoints.glob("*.safetensors"))) >= 2)
    assert train(killed)
    assert trained(killed) == trained(whole)
    for folder in (whole, killed):
        assert not (folder / ".checkpoints").exists()


def started(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    """A command in a group of its own, once a stage that it runs is held."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=folder, env=variables, start_new_session=True, **pipes)
    assert process.stdout is not None
    assert any(line == "held\n" for line in process.stdout)
    return process


def repro_until(folder: Path, stage: str, moment: tuple[str, str], signal_number: int) -> str:
    """The standard error of `dvc repro`, to whose processes a signal is sent at a moment of a stage."""
    process = started(["dvc", "repro"], folder, held(folder.parent / "held", stage, moment))
    os.killpg(process.pid, signal_number)
    errors = process.communicate()[1]
    assert process.returncode != 0
    return errors


def add_a_quarter(folder: Path) -> Path:
    """Change the raw file, so that all stages have to run, on two workers."""
    more = pd.concat([tiny_panel(), pd.DataFrame({"shop": ["east"], "date": ["2024-01-01"], "sales": [140.0]})])
    more.to_csv(folder / "data/raw/tiny.csv", index=False)
    change_file(folder, compute__workers=2)
    return folder


@pytest.fixture(scope="module")
def whole(finished_light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after a quarter was added and `dvc repro` ran without a stop."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    add_a_quarter(shutil.copytree(finished_light, folder, symlinks=True))
    assert repro(folder) == ALL
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_a_repro_after_one_that_was_stopped_resumes_at_any_stage(light: Path, whole: Path, signal_number: int) -> None:
    stopped = add_a_quarter(light)
    for stage, moment in zip(ALL, 3 * [IMPORTS, WORKS], strict=True):
        errors = repro_until(stopped, stage, moment, signal_number)
        assert errors.count("error: interrupted") == (signal_number == signal.SIGINT)
        assert "Traceback" not in errors
    assert repro(stopped) == ALL[-1:]
    assert (stopped / "dvc.lock").read_bytes() == (whole / "dvc.lock").read_bytes()


def test_ctrl_c_while_a_stage_ends_is_not_lost(light: Path) -> None:
    """DVC ignores it until the stage has ended, and would go on with the next."""
    change_file(light, plot__dpi=41)
    assert "error: interrupted" in repro_until(light, "plot", ENDS, signal.SIGINT)


def test_a_stage_ends_with_the_dvc_that_runs_it(light: Path) -> None:
    """Some shells become the stage, others stay between it and DVC."""
    change_file(light, plot__dpi=41)
    for shell_of_dvc in ("/bin/sh", "/bin/bash"):
        variables = held(light.parent / "held", "plot", WORKS) | {"SHELL": shell_of_dvc}
        process = started(["dvc", "repro"], light, variables)
        process.kill()
        process.communicate()  # returns when nothing holds the outputs: neither stage nor shell
    assert repro(light) == ["plot"]


def test_a_stage_waits_until_no_other_works_in_the_folder(light: Path) -> None:
    command = [sys.executable, "-m", "stages.ingest"]
    first = started(command, light, held(light.parent / "held", "ingest", WORKS))
    with subprocess.Popen(command, cwd=light, env=environment(), stderr=subprocess.PIPE, text=True) as second:
        assert second.stderr is not None
        assert second.stderr.readline().startswith("warning: another stage works in this folder")
        assert second.poll() is None
        first.kill()
        first.communicate()
        assert second.wait() == 0
    assert shell("git", "status", "--porcelain", cwd=light).stdout == ""


BAD_FOR_A_STAGE: list[tuple[str, dict[str, object], str]] = [
    ("ingest", {"ingest__value": "sale"}, "no column 'sale', but there is 'sales'"),
    ("normalize", {"backtest__horizon": 40}, "backtest.horizon 40 is no shorter than the longest series, which has 40"),
    ("window", {"window__size": 41}, "window.size 41 is longer than every normalised history"),
    ("train", {"train__learning_rate": -1.0}, "train.learning_rate is -1.0"),
]


@pytest.mark.parametrize(("stage", "changes", "words"), BAD_FOR_A_STAGE, ids=[case[0] for case in BAD_FOR_A_STAGE])
def test_a_refusal_is_one_line_and_its_commands_restore_the_last_results(
    light: Path, stage: str, changes: dict[str, object], words: str
) -> None:
    def written() -> dict[Path, bytes]:
        folders = (light / name for name in ("data", "models", "reports"))
        return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    before = written()
    change_file(light, **changes)
    done = here("dvc", "repro", cwd=light, check=False)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert words in line
    assert "`dvc checkout` and `git checkout reports`" in line
    assert "Traceback" not in done.stderr
    assert f"failed to reproduce '{stage}'" in done.stderr
    here("dvc", "checkout", cwd=light)
    shell("git", "checkout", "reports", cwd=light)
    assert written() == before
    shell("git", "checkout", "params.yaml", cwd=light)
    assert repro(light) == []


@pytest.mark.parametrize("stage", ALL)
def test_a_full_disk(light: Path, stage: str) -> None:
    """No file may grow past 1 KiB, for normalize and predict, whose files are small, past 0: as on a full disk."""
    most = 0 if stage in ("normalize", "predict") else 1
    done = shell("bash", "-c", f"ulimit -f {most}; exec python -m stages.{stage}", cwd=light, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    repro(light)
    assert repro(light) == []
    assert shell("git", "status", "--porcelain", cwd=light).stdout == ""
