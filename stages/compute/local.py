"""The engine `local`: processes of this machine, forked from one that has imported what their tasks need.

Importing torch and statsforecast takes seconds. The server process imports them once for all workers, while the stage
imports them for itself. It runs nothing else, so that no work of a library is under way when it forks.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, forkserver
from typing import Any

from stages.compute.engine import Call, Engine, worker_killed
from stages.compute.memory import processes
from stages.compute.params import Compute
from stages.compute.workers import run_task

AHEAD = 64  # calls for each process that are handed out before the first result is awaited
VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    # glibc keeps the memory of freed arrays for the next ones, which are as large: to ask for it anew took a third of
    # the time of training.
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
}


@contextmanager
def open_processes(compute: Compute, imports: Sequence[str]) -> Iterator[Engine]:
    """Start processes when the first tasks come, and end them with the context; raises UserError if one is killed.

    imports: the modules that the processes have imported when they start
    """
    count = processes(compute) or 1
    if count == 1:
        yield Engine(_in_this_process, scatter=lambda value: value)
        return
    _start_server(imports)
    others = multiprocessing.active_children()
    executor = ProcessPoolExecutor(count, multiprocessing.get_context("forkserver"), initializer=_start_worker)

    def run(calls: Iterable[Call], tick: Callable[[], object]) -> Iterator[bytes]:
        waiting: deque[Future[bytes]] = deque()
        for call in calls:
            waiting.append(executor.submit(run_task, *call))
            waiting[-1].add_done_callback(lambda _: tick())
            if len(waiting) > AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield Engine(run, scatter=lambda value: value)
    except BrokenProcessPool:
        raise worker_killed(compute) from None
    except BaseException:
        _end_server()  # which may not have started a process yet that was asked for
        raise
    finally:
        for process in multiprocessing.active_children():
            if process not in others:
                process.kill()  # rather than wait for tasks whose results nobody needs
        executor.shutdown(cancel_futures=True)


def _in_this_process(calls: Iterable[Call], tick: Callable[[], object]) -> Iterator[bytes]:
    for call in calls:
        result = run_task(*call)
        tick()
        yield result


def _start_server(imports: Sequence[str]) -> None:
    """Start the server of processes, once in a run; it takes its imports, its environment and signals as it starts.

    Ctrl-C reaches all processes: this one ends, in one line, and ends the others.
    """
    forkserver.set_forkserver_preload(["stages.compute.server", *imports])
    quiet = os.environ.get("PYTHONWARNINGS", "ignore:resource_tracker")  # of what Ctrl-C left for it to remove
    before = {name: os.environ.get(name) for name in (*VARIABLES, "PYTHONWARNINGS")}
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(VARIABLES, PYTHONWARNINGS=quiet)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _end_server() -> None:
    """End the server at once, by what `multiprocessing` has for its own tests; the next pool starts another."""
    server: Any = forkserver._forkserver
    if server._forkserver_pid is not None:
        os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def _start_worker() -> None:
    """Collect garbage again, and end when the stage has ended: whoever killed that wants no more work done."""
    gc.freeze()  # what was imported stays
    gc.enable()
    stage = multiprocessing.parent_process()
    assert stage is not None

    def wait() -> None:
        connection.wait([stage.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
