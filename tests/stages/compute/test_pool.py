"""Tasks in parallel processes of this machine, the engine `local`; for clusters see tests/test_engines.py."""

import io
import math
import operator
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from stages.common.errors import UserError
from stages.common.params import Params
from stages.compute.engine import Engine
from stages.compute.params import Compute
from stages.compute.pool import Pool, open_pool
from tests.builders import change
from tests.projects import ROOT


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_their_arguments(default_params: Params, workers: int) -> None:
    compute = change(default_params, compute__workers=workers)[Compute]
    with open_pool(compute, "operator") as pool:
        assert list(pool.run(operator.mul, [(number, 2) for number in range(50)])) == list(range(0, 100, 2))
        assert list(pool.run(operator.mul, [])) == []


def test_work_that_has_begun_goes_on_beside_the_stage(default_params: Params) -> None:
    """It starts while the stage does not wait for it yet. An exception reaches whoever asks for the result."""
    started = threading.Event()

    def work(pool: Pool) -> list[int]:
        started.set()
        return list(pool.run(operator.mul, [(2, 3), (4, 5)]))

    with open_pool(change(default_params, compute__workers=2)[Compute], "operator") as pool:
        result = pool.begin(lambda: work(pool))
        assert started.wait(timeout=60)
        assert result() == [6, 20]
        fails = pool.begin(lambda: list(pool.run(math.sqrt, [(-1.0,)])))
        with pytest.raises(ValueError, match="math domain error"):
            fails()


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({"compute__workers": 2}, True),
        ({"compute__workers": 1}, False),
        ({"compute__engine": "dask", "compute__address": "tcp://host:8786"}, False),
    ],
)
def test_work_is_done_in_a_thread_only_beside_processes_of_this_machine(
    default_params: Params, changes: dict[str, object], beside: bool
) -> None:
    compute = change(default_params, **changes)[Compute]
    engine = Engine(lambda calls, tick: iter([]), scatter=lambda value: value)
    with ThreadPoolExecutor(1) as thread:
        where = Pool(compute, engine, thread).begin(threading.get_ident)()
    assert (where != threading.get_ident()) == beside


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_of_a_task_reaches_the_caller(default_params: Params, workers: int) -> None:
    compute = change(default_params, compute__workers=workers)[Compute]
    with pytest.raises(ValueError, match="math domain error"), open_pool(compute, "operator") as pool:
        list(pool.run(math.sqrt, [(1.0,), (-1.0,)]))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bar_of_tasks_is_shown_on_a_terminal_alone(
    default_params: Params, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        terminal = True

        def isatty(self) -> bool:
            return self.terminal

    compute = change(default_params, compute__workers=workers)[Compute]
    for terminal, bar in [(True, "forecasts"), (False, "forecasts"), (True, None)]:
        monkeypatch.setattr("sys.stderr", stderr := Terminal())
        stderr.terminal = terminal
        with open_pool(compute, "operator") as pool:
            assert list(pool.run(operator.mul, [(1, 2)] * 3, bar)) == [2, 2, 2]
        shown = stderr.getvalue()
        assert ("forecasts:   0%" in shown and "/3 [" in shown) == (terminal and bar is not None)
        assert bool(shown) == (terminal and bar is not None)
        assert not shown or [each.strip() for each in shown.split("\r")[-2:]] == ["", ""]  # wiped at the end


def test_closing_the_pool_ends_its_processes(default_params: Params) -> None:
    with open_pool(change(default_params, compute__workers=2)[Compute], "operator") as pool:
        processes = set(pool.run(os.getpid, [()] * 20))
        assert all(psutil.pid_exists(process) for process in processes)
    assert os.getpid() not in processes
    assert not any(psutil.pid_exists(process) for process in processes)


def test_a_killed_process_ends_in_a_user_error(default_params: Params) -> None:
    compute = change(default_params, compute__workers=2)[Compute]
    with (
        pytest.raises(UserError, match=r"this machine: .+ was killed .+ set compute\.workers to fewer"),
        open_pool(compute, "operator") as pool,
    ):
        list(pool.run(os._exit, [(1,), (1,)]))


def test_an_allocation_that_fails_ends_in_a_user_error(default_params: Params) -> None:
    compute = change(default_params, compute__workers=1)[Compute]
    with (
        pytest.raises(UserError, match=r"this machine: a task needs more memory than is available"),
        open_pool(compute, "operator") as pool,
    ):
        list(pool.run(bytearray, [(2**62,)]))


def test_the_packages_of_clusters_are_imported_only_when_chosen() -> None:
    code = "import sys, stages.compute.pool; print({'distributed', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
