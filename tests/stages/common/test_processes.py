"""Stages and workers end with the process that they work for. With real stages: tests/test_failures.py."""

import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from stages.common import processes
from stages.common.processes import end_with_dvc
from tests.projects import ROOT, environment

WAITING_WORKERS = r"""
from stages.compute.params import Compute
from stages.compute.pool import open_pool

compute = Compute(engine="local", address=None, workers=2, max_hours=None)
task = "import os, signal; os.write(1, b'works\\n'); signal.pause()"
with open_pool(compute, "stages.compute.workers") as pool:
    list(pool.run(exec, [(task,), (task,)]))
"""


def test_workers_end_with_the_process_that_started_them() -> None:
    quiet: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", WAITING_WORKERS], cwd=ROOT, env=environment(), **quiet)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == 2 * [b"works\n"]
    process.kill()
    process.communicate()  # returns when no worker holds the output


def test_a_stage_without_dvc_watches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it lives on when its shell is closed, as under `nohup`."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    before = threading.active_count()
    end_with_dvc()
    assert threading.active_count() == before


@pytest.mark.parametrize("adopted_by", ["systemd", "nobody", "another user's process 1"])
def test_a_stage_whose_dvc_ended_before_it_could_look_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, adopted_by: str
) -> None:
    def environ() -> dict[str, str]:
        if adopted_by.endswith("1"):
            raise psutil.AccessDenied(1)
        return {}

    def end() -> None:
        raise SystemExit

    adopter = None if adopted_by == "nobody" else SimpleNamespace(name=lambda: adopted_by, environ=environ)
    shell = SimpleNamespace(environ=lambda: {"DVC_STAGE": "train"}, parent=lambda: adopter)
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(parent=lambda: shell))
    monkeypatch.setattr(processes, "_end", end)
    monkeypatch.setenv("DVC_STAGE", "train")
    with pytest.raises(SystemExit):
        end_with_dvc()
