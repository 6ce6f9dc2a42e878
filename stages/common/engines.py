"""Where tasks run: this machine's processes, or a cluster that Dask or Ray runs, each through joblib's own backend.

The packages of Dask and Ray are imported here alone, and only where `compute.engine` names them.
"""

import logging
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from joblib import cpu_count, parallel_config, register_parallel_backend
from joblib.externals.loky.process_executor import TerminatedWorkerError

from stages.common.errors import UserError
from stages.common.params import Compute
from stages.common.workers import own_software

SECONDS = 10  # after which an address that does not answer is given up
LIVES = 4  # workers that a task may take with it before it is given up: what Dask's scheduler has by default
STAGES = Path(__file__).parents[1]

Options = dict[str, Any]


@contextmanager
def engine(compute: Compute, sent: Sequence[object]) -> Iterator[Options]:
    """Make `compute.engine` joblib's backend; gives the arguments of joblib's Parallel that depend on the engine.

    sent: the objects that many tasks take, each of which reaches a worker once
    Raises UserError where the cluster does not answer, where its workers lack what tasks need, or lose a task again
    and again.
    """
    engines: dict[str, Callable[[Compute, Sequence[object]], AbstractContextManager[Options]]] = {
        "local": _local, "dask": _dask, "ray": _ray,
    }  # fmt: skip
    try:
        with engines[compute.engine](compute, sent) as options:
            yield options
    except ModuleNotFoundError as error:
        raise UserError(
            f"{_place(compute)}: a worker has no package {error.name!r}; install this project's requirements in the "
            "environment of every worker and start the workers again"
        ) from None
    except MemoryError:
        raise UserError(f"{_place(compute)}: a task needs more memory than there is; {_more_memory(compute)}") from None


def _place(compute: Compute) -> str:
    return "this machine" if compute.engine == "local" else f"{compute.engine} at {compute.address}"


def _more_memory(compute: Compute) -> str:
    if compute.engine == "local":
        return "set compute.workers to fewer, or make the data or the network smaller"
    return "start fewer workers on each machine, with more memory each"


def _lost(compute: Compute, what: str) -> UserError:
    return UserError(f"{_place(compute)}: {what}, most often for want of memory; {_more_memory(compute)}")


def _missing(compute: Compute) -> UserError:
    file = f"stages/requirements-{compute.engine}.txt"
    return UserError(f"params.yaml: compute.engine {compute.engine} needs its package; `pip install -r {file}`")


def _silent(compute: Compute, found: object, start: str) -> UserError:
    found = " ".join(str(found).split())
    return UserError(
        f"params.yaml: no {compute.engine} cluster answers at compute.address {compute.address} ({found}); "
        f"start one (`{start}`) or correct the address"
    )


@contextmanager
def _local(compute: Compute, sent: Sequence[object]) -> Iterator[Options]:
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")  # it tidies up after an interrupt and says so
    try:
        yield {"n_jobs": cpu_count() if compute.workers == "auto" else compute.workers, "return_as": "generator"}
    except TerminatedWorkerError:
        raise _lost(compute, "a process was killed") from None


@contextmanager
def _dask(compute: Compute, sent: Sequence[object]) -> Iterator[Options]:
    try:
        from distributed import Client, KilledWorker
        from distributed.diagnostics.plugin import SchedulerUploadFile, UploadFile
        from joblib._dask import DaskDistributedBackend  # the class that joblib registers as "dask"
    except ImportError:
        raise _missing(compute) from None

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        """joblib's (1.6.0) would wait for ever for a task that the scheduler gave up."""

        def submit(self, func: Any, callback: Callable[[object], None]) -> Any:
            future = super().submit(func, callback)
            future.add_done_callback(lambda done: callback(done.exception()) if done.exception() else None)
            return future

    def forget(name: str) -> None:
        """On a worker: make way for this project's code where it was other code than `name`."""
        import sys

        if name not in str(getattr(sys.modules.get("stages"), "__path__", "")):
            for module in [each for each in sys.modules if each.partition(".")[0] == "stages"]:
                del sys.modules[module]

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="distributed")  # of versions: workers say themselves what matters
    try:
        client = Client(compute.address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _silent(compute, error, "dask scheduler") from None
    with client, tempfile.TemporaryDirectory() as folder:
        if not client.ncores():
            raise _silent(compute, "no worker", f"dask worker {compute.address} --nthreads 1")
        name = f"stages-{own_software()['code']}"
        code = shutil.make_archive(f"{folder}/{name}", "zip", STAGES.parent, STAGES.name)
        client.run_on_scheduler(forget, name)
        client.run(forget, name)
        client.register_plugin(SchedulerUploadFile(code), name="conveyor-scheduler")
        client.register_plugin(UploadFile(code), name="conveyor")
        register_parallel_backend("dask", Backend)
        most = "2 * n_jobs" if compute.workers == "auto" else compute.workers
        try:
            with parallel_config(backend="dask", client=client, scatter=list(sent)):
                yield {"pre_dispatch": most}
        except KilledWorker:
            raise _lost(compute, f"a task was given up after {LIVES} workers died on it") from None
        except (CancelledError, OSError) as error:
            raise _silent(compute, f"any more: {error}", "dask scheduler") from None


@contextmanager
def _ray(compute: Compute, sent: Sequence[object]) -> Iterator[Options]:
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")  # what it says of every worker that ends or is restarted
    try:
        import ray
        from ray.exceptions import RayError
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing(compute) from None

    start = "ray start --head"
    if compute.address != "auto":  # Ray itself would try for minutes
        parts = urlsplit(f"//{compute.address}")
        try:
            socket.create_connection((parts.hostname or "", parts.port or 6379), timeout=SECONDS).close()
        except (OSError, ValueError) as error:
            raise _silent(compute, error, start) from None
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
        processes = int(ray.cluster_resources().get("CPU", 0)) if compute.workers == "auto" else compute.workers
        register_ray()
        remote = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": LIVES - 1}
        with parallel_config(backend="ray", ray_remote_args=remote):
            yield {"n_jobs": processes}
    except RayError:
        raise _lost(compute, f"a task was given up after {LIVES} workers died on it") from None
    finally:
        ray.shutdown()
