"""Copies of the project that tests run commands in: none of them writes into the working tree.

The code and the pages are the working tree's. What users replace by their own (parameters, data, results) is that of
the folder `example`: the airline passengers, with the default parameters.
"""

import contextlib
import io
import logging
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import dvc.cli
import numpy as np
import pandas as pd
import psutil
from dvc.stage.exceptions import StageCmdFailedError
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
EXAMPLE = Path(__file__).parent / "example"
OF_USERS = re.compile(r"params\.yaml|dvc\.lock|\.dvc/config|data/raw/.+|reports/(?!README\.md$|\.gitignore$).+")

LONG_COLUMNS = {
    "ingest__series": "unique_id",
    "ingest__time": "ds",
    "ingest__value": "y",
}  # as half the field names them

ALL = ["ingest", "normalize", "window", "train", "predict", "plot"]

TINY: dict[str, object] = {
    "ingest__path": "data/raw/tiny.csv", "ingest__series": "shop", "ingest__time": "date", "ingest__value": "sales",
    "ingest__frequency": "QS", "ingest__season_length": None, "backtest__horizon": 3, "backtest__origins": 2,
    "backtest__step": 2, "backtest__calibration_origins": 1, "window__size": 6, "train__members": 2, "train__epochs": 4,
    "train__update_epochs": 2,
    "predict__baselines": ["seasonal_naive", "auto_ets"], "plot__dpi": 40, "compute__workers": 1,
}  # fmt: skip


def change_file(folder: Path, **changes: object) -> None:
    """Write `section__key=value` changes into the params.yaml of a copy of the project."""
    yaml = YAML()
    values = yaml.load(folder / "params.yaml")
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    yaml.dump(values, folder / "params.yaml")


def environment(**more: str) -> dict[str, str]:
    """Of a command: this Python's programs first, a name for commits, no analytics, no byte code, no token for Ray."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    name = {f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    quiet = {"DVC_NO_ANALYTICS": "true", "PYTHONDONTWRITEBYTECODE": "1", "RAY_AUTH_MODE": "disabled"}
    return {**os.environ, "PATH": path, **name, **quiet, **more}


def shell(
    *command: str, cwd: Path, check: bool = True, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command, with more environment variables, its output captured as text."""
    every = environment(**(variables or {}))
    done = subprocess.run(command, cwd=cwd, env=every, text=True, capture_output=True, check=False)
    return succeeded(done) if check else done


def succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, f"{done.args} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def here(
    *command: str, cwd: Path, check: bool = True, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """As `shell` runs `dvc` or `python -m`, in this process: imports are most of the time that a small run takes.

    The commands of the stages that DVC runs are run in this process too. A warning of a library is an error, but for
    those that Python shows to developers alone. Tests of processes and signals use `shell`.
    """
    printed, errors = io.StringIO(), io.StringIO()
    every = environment(**(variables or {}), DVC_TEST="true")  # so that DVC lets standard output be another
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(errors))
        stack.enter_context(logs_of_dvc(printed, errors))
        stack.enter_context(mock.patch.dict(os.environ, every))
        stack.enter_context(mock.patch("dvc.stage.run._run", run_for_dvc))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        if command[0] == "dvc":
            stack.enter_context(contextlib.chdir(cwd))
            status = dvc.cli.main([*command[1:]])
        else:
            assert command[:2] == ("python", "-m")
            status = run_here(cwd, *command[2:])
    done = subprocess.CompletedProcess(command, status, printed.getvalue(), errors.getvalue())
    return succeeded(done) if check else done


@contextlib.contextmanager
def logs_of_dvc(printed: io.StringIO, errors: io.StringIO) -> Iterator[None]:
    """Send what DVC prints through loggers to these: they write to what was standard output when DVC was imported."""
    handlers = [each for each in logging.getLogger("dvc").handlers if isinstance(each, logging.StreamHandler)]
    before = [each.setStream(errors if each.level >= logging.WARNING else printed) for each in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            handler.setStream(stream)


def run_for_dvc(executable: str, command: str, cwd: str, **_: object) -> None:
    """Run a stage's command, in place of the function of DVC that starts a shell."""
    python, option, module = command.split()
    assert (python, option) == ("python", "-m")
    if status := run_here(Path(cwd), module):
        raise StageCmdFailedError(command, status)


def run_here(folder: Path, module: str, *arguments: str) -> int:
    """The exit status of `python -m MODULE` in this process, where imports take no time."""
    handler, given = signal.getsignal(signal.SIGINT), sys.argv
    sys.argv = [module, *arguments]
    sys.modules.pop(f"{module}.__main__", None)  # which another test may have imported: runpy would warn of it
    try:
        with contextlib.chdir(folder):
            runpy.run_module(module, run_name="__main__")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv = given
        signal.signal(signal.SIGINT, handler)
    return 0


HOLD = """
import atexit, os, signal, sys

def hold(event, arguments):
    if (event, str(arguments[0]) if arguments else None) == {moment}:
        os.write(1, b"held\\n")
        signal.pause()

if sys.orig_argv[1:] == ["-m", "stages.{stage}"]:
    sys.addaudithook(hold)
    atexit.register(sys.audit, "exit", "")
"""
IMPORTS, WORKS, ENDS = ("import", "stages.common.params"), ("open", "params.yaml"), ("exit", "")


def held(folder: Path, stage: str, moment: tuple[str, str]) -> dict[str, str]:
    """The environment in which a stage prints `held` and waits for a signal: as it IMPORTS, WORKS or ENDS.

    Python runs what this writes into `folder` before the stage.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HOLD.format(moment=moment, stage=stage))
    return environment(PYTHONPATH=str(folder))


def make_project(folder: Path, params: Path = EXAMPLE / "params.yaml") -> Path:
    """A repository of its own at `folder`, committed: the working tree's tracked and new files, and the example's.

    It has no results, no DVC cache and no remote. Benchmarks give it the parameters of the working tree.
    """
    listed = shell("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() and not OF_USERS.fullmatch(name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    shutil.copy(params, folder / "params.yaml")
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
    (tiny_panel() if panel is None else panel).to_csv(folder / "data/raw/tiny.csv", index=False)
    change_file(folder, **{**TINY, **changes})
    commit(folder, "tiny")
    return folder


def repro(folder: Path, **changes: object) -> list[str]:
    """The stages that `dvc repro` runs in this process, after changes of parameters."""
    change_file(folder, **changes)
    return re.findall(r"Running stage '(\w+)'", here("dvc", "repro", cwd=folder).stdout)


def running_in(folder: Path) -> list[psutil.Process]:
    """The processes whose working folder is in this one."""
    return [each for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(str(folder))]


def end_all_in(folder: Path) -> None:
    """Kill the processes whose working folder is in this one."""
    processes = running_in(folder)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes)


def work_off_queue(folder: Path, start: list[str], experiments: int) -> None:
    """Start workers of DVC's queue, and end them when as many experiments as this have ended, or no worker is left.

    Idle workers end by themselves, but now and then one stays (https://github.com/treeverse/dvc/issues/10428).
    """
    # the output of `start` would end with the workers'
    subprocess.run(start, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, check=True)
    results = folder / ".dvc/tmp/exps/celery/result"
    while len(list(results.glob("*"))) < experiments and (workers := running_in(folder)):
        psutil.wait_procs(workers, timeout=1)
    end_all_in(folder)
