"""The engine `dask`: a running cluster of Dask, whose scheduler and workers get this project's code."""

import ctypes
import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
from distributed import Client, KilledWorker
from distributed.comm.core import CommClosedError
from distributed.diagnostics.plugin import SchedulerUploadFile, UploadFile, WorkerPlugin
from joblib import parallel_config, register_parallel_backend
from joblib._dask import DaskDistributedBackend  # the class that joblib registers as "dask"
from toolz import identity  # which Dask itself requires

from stages.common.errors import UserError
from stages.compute.cluster import TIMEOUT, check_address, joblib_engine, no_cluster
from stages.compute.engine import Engine, place, worker_killed
from stages.compute.params import Compute
from stages.compute.workers import CODE, local_versions

STAGES = Path(__file__).parents[1]
START_CLUSTER = "dask scheduler"
MALLOPT = {-1: 2**27, -3: 2**25}  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD: setting one alone keeps the other small

# Workers run `forget_other_code` and `KeepFreeMemory` before they have this module: both travel by value.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@contextmanager
def open_engine(compute: Compute) -> Iterator[Engine]:
    """Connect to the scheduler at `compute.address`, send it the code, and make Dask joblib's backend.

    Raises UserError if the cluster does not answer or ends, has no workers, or if a task kills its workers.
    """
    check_address(compute, START_CLUSTER)
    _silence_logs()
    with _connect(compute) as client:
        _send_code(client)
        client.register_plugin(KeepFreeMemory(), name="conveyor-memory")
        register_parallel_backend("dask", Backend)
        tasks_at_once = "2 * n_jobs" if compute.workers == "auto" else compute.workers
        with _explained(compute), parallel_config(backend="dask", client=client):
            # As a task, which Dask can run again: what `Client.scatter` sends is lost with the worker that holds it.
            scatter = lambda value: client.submit(identity, value, pure=False)  # noqa: E731
            with joblib_engine(scatter, pre_dispatch=tasks_at_once) as engine:
                yield engine


def _silence_logs() -> None:
    for name in ("distributed", "distributed.client"):  # Dask gives each a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A task that still runs when another one's error closes the connection reports that.
    logging.getLogger("tornado.application").addFilter(lambda record: CommClosedError not in (record.exc_info or ()))
    warnings.filterwarnings(
        "ignore", module="distributed"
    )  # of versions and sizes; workers check the versions that count


def _connect(compute: Compute) -> Client:
    try:
        return Client(compute.address, timeout=TIMEOUT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise no_cluster(compute, error, START_CLUSTER) from None


def _send_code(client: Client) -> None:
    """Replace the package `stages` of the scheduler, the workers, and those that join later, by this one."""
    name = f"stages-{local_versions()[CODE]}"
    client.run_on_scheduler(forget_other_code, name)  # type: ignore[no-untyped-call]
    client.run(forget_other_code, name)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / name
        shutil.copytree(STAGES, root / STAGES.name, ignore=shutil.ignore_patterns("__pycache__"))
        archive = shutil.make_archive(str(root), "zip", root)
        client.register_plugin(SchedulerUploadFile(archive), name="conveyor-scheduler")
        client.register_plugin(UploadFile(archive), name="conveyor")


@contextmanager
def _explained(compute: Compute) -> Iterator[None]:
    """Dask's errors as UserError."""
    start_worker = f"dask worker {compute.address} --nthreads 1"
    try:
        yield
    except KilledWorker:
        raise worker_killed(compute) from None
    except TimeoutError:
        raise UserError(f"{place(compute)}: it has no workers; start some (`{start_worker}`)") from None
    except (CancelledError, CommClosedError):
        raise no_cluster(compute, "no longer", START_CLUSTER) from None


class Backend(DaskDistributedBackend):  # type: ignore[misc]
    """Works around joblib 1.6.0: it waits for ever for a task that the scheduler gave up, and uses no lone worker."""

    def effective_n_jobs(self, n_jobs: int) -> int:
        return max(int(super().effective_n_jobs(n_jobs)), 2)

    def submit(self, func: Any, callback: Callable[[object], None]) -> Any:
        future = super().submit(func, callback)
        future.add_done_callback(lambda done: callback(done.exception()) if done.exception() else None)
        return future


class KeepFreeMemory(WorkerPlugin):
    """Dask sets workers to return free memory at every 64 KiB, which doubles the time of training."""

    def setup(self, worker: object) -> None:
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # the GNU C library's
            for option, size in MALLOPT.items():
                library.mallopt(option, size)


def forget_other_code(name: str) -> None:
    """On a scheduler or worker: unload the package `stages` unless it comes from the archive `name`."""
    import joblib  # noqa: F401  if it is missing, a task would end the worker without a word

    if name not in str(getattr(sys.modules.get("stages"), "__path__", "")):
        for module in [module for module in sys.modules if module.partition(".")[0] == "stages"]:
            del sys.modules[module]
