"""What the engines share: the class they give to the pool, and error messages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stages.common.errors import UserError
from stages.compute.params import Compute

Call = tuple[Any, ...]  # the arguments of `run_task`


@dataclass(frozen=True)
class Engine:
    """Where tasks run.

    run: `run_task(*call)` of each call, in their order; calls its second argument each time that one is done
    scatter: copies an object to where every worker can fetch it; its result takes the object's place among the
        arguments of a task
    """

    run: Callable[[Iterable[Call], Callable[[], object]], Iterator[bytes]]
    scatter: Callable[[object], object]


def place(compute: Compute) -> str:
    """Where tasks run, for a message."""
    return "this machine" if compute.engine == "local" else f"{compute.engine} at {compute.address}"


def out_of_memory(compute: Compute) -> UserError:
    return UserError(f"{place(compute)}: a task needs more memory than is available; {_memory_hint(compute)}")


def worker_killed(compute: Compute) -> UserError:
    reason = "most often for lack of memory"
    return UserError(f"{place(compute)}: a worker was killed while it ran a task, {reason}; {_memory_hint(compute)}")


def _memory_hint(compute: Compute) -> str:
    if compute.engine == "local":
        return "set compute.workers to fewer, or make the data or the network smaller"
    return "start fewer workers on each machine, with more memory each"


def missing_package(compute: Compute) -> UserError:
    file = f"stages/compute/requirements-{compute.engine}.txt"
    return UserError(f"params.yaml: compute.engine {compute.engine} needs its package; `pip install -r {file}`")
