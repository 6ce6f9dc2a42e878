"""The engine `ray`: a running cluster of Ray, whose workers get this project's code."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from joblib import parallel_config

from stages.common.errors import UserError
from stages.compute.cluster import check_address, joblib_engine, no_cluster
from stages.compute.engine import Engine, place, worker_killed
from stages.compute.params import Compute

# Ray reads these as it is imported. No line for each worker that ends:
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".*")
# No new cluster for a thread that still waits when the stage has left its own:
os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
# Authenticate as `ray start` (2.60) does where a user has a token: its cluster refuses whoever does not.
if (Path.home() / ".ray/auth_token").exists():
    os.environ.setdefault("RAY_AUTH_MODE", "token")
import ray
from ray.exceptions import RayError
from ray.util.joblib import register_ray

STAGES = Path(__file__).parents[1]
START_CLUSTER = "ray start --head"
RETRIES = 3  # of a task whose worker died, as Dask's scheduler has by default


@contextmanager
def open_engine(compute: Compute) -> Iterator[Engine]:
    """Connect to the cluster at `compute.address`, send it the code, and make Ray joblib's backend.

    Raises UserError if the cluster does not answer, has too few processors, or if a task kills its workers.
    """
    if compute.address != "auto":  # the cluster of this machine
        check_address(compute, START_CLUSTER)
    _connect(compute)
    try:
        processes = _processes(compute)
        register_ray()  # type: ignore[no-untyped-call]
        worker = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": RETRIES}
        with parallel_config(backend="ray", ray_remote_args=worker), joblib_engine(ray.put, n_jobs=processes) as engine:
            yield engine
    except RayError:
        raise worker_killed(compute) from None
    finally:
        _leave()


def _connect(compute: Compute) -> None:
    try:
        ray.init(
            address=compute.address,
            logging_level=logging.CRITICAL,
            log_to_driver=False,
            runtime_env={"py_modules": [str(STAGES)]},
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise no_cluster(compute, error, START_CLUSTER) from None


def _leave() -> None:
    """Leave the cluster. Threads of Ray that wait for tasks which nobody needs any more fail then, without a word."""
    threading.excepthook = lambda _: None
    ray.shutdown()


def _processes(compute: Compute) -> int:
    """The number of tasks to run at once: all processors of the cluster, or `compute.workers` of them."""
    processors = int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]
    processes = processors if compute.workers == "auto" else compute.workers
    if not 1 < processes <= processors:
        raise UserError(
            f"params.yaml: compute.workers is {compute.workers}, but Ray needs from 2 to the cluster's processors, and "
            f"{place(compute)} has {processors}; add machines, or change compute.workers"
        )
    return processes
