"""Where tasks run: this machine's processes, or a cluster that Dask or Ray runs, each through joblib's own backend.

The packages of Dask and Ray are imported here alone, and only where `compute.engine` names them.
"""

import logging
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from joblib import cpu_count, parallel_config, register_parallel_backend
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from stages.common.errors import UserError
from stages.compute.params import Compute
from stages.compute.workers import CODE, FIX_HINT, local_versions

SECONDS = 10  # after which an address that does not answer is given up
MALLOPT = {-1: 2**27, -3: 2**25}  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD; set alone, one makes the other stay small
RETRIES = 3  # of a task whose worker died; what Dask's scheduler has by default
STAGES = Path(__file__).parents[1]


@dataclass(frozen=True)
class Engine:
    """What joblib's backend is now.

    options: the arguments of joblib's Parallel that depend on it
    send: puts an object where all workers can fetch it from; what it gives stands for the object among the arguments
        of tasks
    """

    options: dict[str, Any]
    send: Callable[[object], object]


@contextmanager
def engine(compute: Compute) -> Iterator[Engine]:
    """Make `compute.engine` joblib's backend.

    Raises UserError where the cluster does not answer, and where its workers lack what tasks need or die of a task.
    """
    engines: dict[str, Callable[[Compute], AbstractContextManager[Engine]]] = {
        "local": _local, "dask": _dask, "ray": _ray,
    }  # fmt: skip
    try:
        with engines[compute.engine](compute) as ready:
            yield ready
    except ModuleNotFoundError as error:
        raise UserError(f"{_place(compute)}: a worker has no package {error.name}; {FIX_HINT}") from None
    except MemoryError:
        raise UserError(f"{_place(compute)}: a task needs more memory than there is; {_more_memory(compute)}") from None


def _place(compute: Compute) -> str:
    return "this machine" if compute.engine == "local" else f"{compute.engine} at {compute.address}"


def _more_memory(compute: Compute) -> str:
    if compute.engine == "local":
        return "set compute.workers to fewer, or make the data or the network smaller"
    return "start fewer workers on each machine, with more memory each"


def _lost(compute: Compute) -> UserError:
    return UserError(
        f"{_place(compute)}: whoever took on a task was killed, most often for want of memory; {_more_memory(compute)}"
    )


def _missing(compute: Compute) -> UserError:
    file = f"stages/compute/requirements-{compute.engine}.txt"
    return UserError(f"params.yaml: compute.engine {compute.engine} needs its package; `pip install -r {file}`")


def _silent(compute: Compute, found: object, start: str) -> UserError:
    found = " ".join(str(found).split())
    return UserError(
        f"params.yaml: no {compute.engine} cluster answers at compute.address {compute.address} ({found}); "
        f"start one (`{start}`) or correct the address"
    )


def _call(compute: Compute, start: str) -> None:
    """Raises UserError where nothing listens at the address, or does not speak first as both engines do.

    They themselves would wait for minutes, or for ever.
    """
    try:
        parts = urlsplit(str(compute.address) if "://" in str(compute.address) else f"tcp://{compute.address}")
        if parts.scheme != "tcp" or parts.hostname is None or parts.port is None:
            raise ValueError("it is not of the form host:port")
        with socket.create_connection((parts.hostname, parts.port), timeout=SECONDS) as connection:
            if not connection.recv(1):
                raise ValueError("something else listens there")
    except (OSError, ValueError) as error:
        raise _silent(compute, error, start) from None


@contextmanager
def _local(compute: Compute) -> Iterator[Engine]:
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")  # it tidies up after an interrupt and says so
    processes = cpu_count() if compute.workers == "auto" else compute.workers
    try:
        yield Engine({"n_jobs": processes, "return_as": "generator"}, send=lambda one: one)
    except TerminatedWorkerError:
        raise _lost(compute) from None
    finally:
        if processes > 1:  # joblib would keep them, and what they hold, to the end, and then wait for them to tidy up
            get_reusable_executor(reuse=True).shutdown(kill_workers=True)


@contextmanager
def _dask(compute: Compute) -> Iterator[Engine]:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm.core import CommClosedError
        from distributed.diagnostics.plugin import SchedulerUploadFile, UploadFile, WorkerPlugin
        from joblib._dask import DaskDistributedBackend  # the class that joblib registers as "dask"
    except ImportError:
        raise _missing(compute) from None

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """joblib's (1.6.0) waits for ever for a task that the scheduler gave up, and leaves a cluster of one idle."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(int(super().effective_n_jobs(n_jobs)), 2)

        def submit(self, func: Any, callback: Callable[[object], None]) -> Any:
            future = super().submit(func, callback)
            future.add_done_callback(lambda done: callback(done.exception()) if done.exception() else None)
            return future

    class Keep(WorkerPlugin):
        """Dask has workers give free memory back at every 64 KiB, which makes training take twice as long."""

        def setup(self, worker: object) -> None:
            import ctypes

            if hasattr(library := ctypes.CDLL(None), "mallopt"):  # of the GNU C library
                for option, bytes_ in MALLOPT.items():
                    library.mallopt(option, bytes_)

    def itself(one: object) -> object:
        """A task, since what is merely scattered is lost with the worker that holds it."""
        return one

    def forget(name: str) -> None:
        """On a worker: make way for this project's code where it was other code than `name`."""
        import sys

        import joblib  # noqa: F401  a task whose packages for opening it are missing would end the worker

        if name not in str(getattr(sys.modules.get("stages"), "__path__", "")):
            for module in [each for each in sys.modules if each.partition(".")[0] == "stages"]:
                del sys.modules[module]

    start = "dask scheduler"
    for name in ("distributed", "distributed.client"):  # Dask gives each a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Of a task that still ran when another one's error closed the connection.
    logging.getLogger("tornado.application").addFilter(lambda record: CommClosedError not in (record.exc_info or ()))
    warnings.filterwarnings("ignore", module="distributed")  # of versions and sizes: workers say what matters
    _call(compute, start)
    try:
        client = Client(compute.address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise _silent(compute, error, start) from None
    with client, tempfile.TemporaryDirectory() as folder:
        name = f"stages-{local_versions()[CODE]}"
        root = Path(folder) / name
        shutil.copytree(STAGES, root / STAGES.name, ignore=shutil.ignore_patterns("__pycache__"))
        code = shutil.make_archive(str(root), "zip", root)
        client.run_on_scheduler(forget, name)  # type: ignore[no-untyped-call]
        client.run(forget, name)
        client.register_plugin(SchedulerUploadFile(code), name="conveyor-scheduler")
        client.register_plugin(UploadFile(code), name="conveyor")
        client.register_plugin(Keep(), name="conveyor-memory")
        register_parallel_backend("dask", Backend)
        most = "2 * n_jobs" if compute.workers == "auto" else compute.workers
        try:
            with parallel_config(backend="dask", client=client):
                yield Engine({"pre_dispatch": most}, send=lambda one: client.submit(itself, one, pure=False))
        except KilledWorker:
            raise _lost(compute) from None
        except TimeoutError:
            start = f"dask worker {compute.address} --nthreads 1"
            raise UserError(f"{_place(compute)}: it has no worker; start some (`{start}`)") from None
        except (CancelledError, CommClosedError):
            raise _silent(compute, "not any more", start) from None


@contextmanager
def _ray(compute: Compute) -> Iterator[Engine]:
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")  # what it says of every worker that ends or is restarted
    try:
        import ray
        from ray.exceptions import RayError
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing(compute) from None

    start = "ray start --head"
    if compute.address != "auto":  # the cluster that runs on this machine
        _call(compute, start)
    try:
        ray.init(
            address=compute.address,
            logging_level=logging.CRITICAL,
            log_to_driver=False,
            runtime_env={"py_modules": [str(STAGES)]},
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise _silent(compute, error, start) from None
    try:
        processors = int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]
        processes = processors if compute.workers == "auto" else compute.workers
        if not 1 < processes <= processors:
            raise UserError(
                f"params.yaml: compute.workers is {compute.workers} and {_place(compute)} has {processors} processors; "
                "tasks go there for two workers or more, and no more than it has processors: add machines, or set "
                "compute.workers to a number between"
            )
        register_ray()  # type: ignore[no-untyped-call]
        remote = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": RETRIES}
        with parallel_config(backend="ray", ray_remote_args=remote):
            yield Engine({"n_jobs": processes}, send=ray.put)
    except RayError:
        raise _lost(compute) from None
    finally:
        ray.shutdown()
