"""Independent tasks side by side, in processes; what they return does not depend on how many run at once."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed

from stages.common.params import Compute

Result = TypeVar("Result")


def run_tasks(
    task: Callable[..., Result], arguments: Iterable[tuple[object, ...]], compute: Compute
) -> Iterator[Result]:
    """`task(*arguments)` for each of `arguments`, in their order, as they are ready."""
    workers = cpu_count() if compute.workers == "auto" else compute.workers
    results: Iterator[Result] = Parallel(n_jobs=workers, return_as="generator")(
        delayed(task)(*these) for these in arguments
    )
    return results
