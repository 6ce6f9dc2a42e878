"""The engine `local`: processes of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from stages.common.processes import end_with_stage
from stages.compute.engine import Engine, worker_killed
from stages.compute.memory import processes
from stages.compute.params import Compute


@contextmanager
def open_engine(compute: Compute) -> Iterator[Engine]:
    """Start processes when the first tasks come, and end them with the context; raises UserError if one is killed."""
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")  # it warns of what Ctrl-C left for it to remove
    count = processes(compute)
    try:
        watched = {"initializer": end_with_stage, "initargs": (os.getpid(),)}
        yield Engine({"n_jobs": count, "return_as": "generator", **watched}, scatter=lambda value: value)
    except TerminatedWorkerError:
        raise worker_killed(compute) from None
    finally:
        if count != 1:  # joblib would keep them, and their memory, until Python exits
            get_reusable_executor(reuse=True).shutdown(kill_workers=True)
