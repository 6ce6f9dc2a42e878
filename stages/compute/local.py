"""The engine `local`: processes of this machine, forked from one that has imported what their tasks need.

Importing torch and statsforecast takes seconds. The server process imports them once for all workers, while the stage
imports them for itself. It runs nothing else, so it has no threads that a fork would lose.
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

from stages.compute.engine import Call, Engine, worker_killed
from stages.compute.memory import processes
from stages.compute.params import Compute
from stages.compute.workers import run_task

AHEAD = 64  # calls that wait for a process, so that none is idle while the first result is awaited
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def open_processes(compute: Compute, imports: Sequence[str]) -> Iterator[Engine]:
    """Start processes when the first tasks come, and end them with the context; raises UserError if one is killed.

    imports: the modules that the processes have imported when they start
    """
    if compute.workers != 1:
        _start_server(imports)
    count = processes(compute)
    if count == 1:
        yield Engine(_in_this_process, scatter=lambda value: value)
        return
    others = multiprocessing.active_children()
    executor = ProcessPoolExecutor(count, multiprocessing.get_context("forkserver"), initializer=_start_worker)

    def run(calls: Iterable[Call], tick: Callable[[], object]) -> Iterator[bytes]:
        waiting: deque[Future[bytes]] = deque()
        for call in calls:
            waiting.append(executor.submit(run_task, *call))
            waiting[-1].add_done_callback(lambda _: tick())
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield Engine(run, scatter=lambda value: value)
    except BrokenProcessPool:
        raise worker_killed(compute) from None
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
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")  # it warns of what Ctrl-C left for it to remove
    forkserver.set_forkserver_preload(["stages.compute.server", *imports])
    threads = {name: os.environ.get(name) for name in ONE_THREAD}
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, handler)
        for name, value in threads.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


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
