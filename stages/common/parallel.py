"""Independent tasks side by side, in processes; what they return does not depend on how many run at once."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed

from stages.common.params import Compute

Result = TypeVar("Result")


def run_tasks(
    task: Callable[..., Result], arguments: Iterable[tuple[object, ...]], compute: Compute
) -> Iterator[Result]:
    """`task(*arguments)` for each of `arguments`, in their order, as they are ready.

    The processes inherit that interrupts are ignored: a Ctrl-C ends the parent, in one line, and the parent ends them.
    """
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")  # it tidies up after an interrupt and says so
    workers = cpu_count() if compute.workers == "auto" else compute.workers
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        results: Iterator[Result] = Parallel(n_jobs=workers, return_as="generator")(
            delayed(task)(*these) for these in arguments
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    return results
