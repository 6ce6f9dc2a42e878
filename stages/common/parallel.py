"""Independent tasks side by side; what they return does not depend on how many run at once, nor where."""

import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

from stages.common.engines import engine
from stages.common.params import Compute
from stages.common.workers import Sent, Stored, Unseen, do, own_software, packed

Result = TypeVar("Result")
Arguments = tuple[object, ...]


def run_tasks(task: Callable[..., Result], arguments: Iterable[Arguments], compute: Compute) -> Iterator[Result]:
    """`task(*arguments)` for each of `arguments`, in their order; on this machine as they are ready.

    A `Stored` argument reaches each worker once: read from the storage by those that see it. Tasks that came to others
    are done again, with what is read here and sent.
    """
    if compute.engine == "local":
        yield from _side_by_side(task, list(arguments), compute)
        return
    given = list(arguments)
    results = list(_side_by_side(task, given, compute))
    unseen = [number for number, result in enumerate(results) if isinstance(result, Unseen)]
    stored = {each for number in unseen for each in given[number] if isinstance(each, Stored)}
    sent = {each: Sent(each) for each in stored}
    again = _side_by_side(task, [given[number] for number in unseen], compute, sent)
    for number, result in zip(unseen, again, strict=True):
        results[number] = result
    yield from results


def _of(sent: Mapping[Stored[Any], Sent[Any]], arguments: Arguments) -> list[Sent[Any]]:
    return [sent[each] for each in arguments if isinstance(each, Stored) and each in sent]


class _Counted(Parallel):  # type: ignore[misc]
    """Parallel with a bar of the tasks that are finished, on a terminal."""

    bar: Any

    def print_progress(self) -> None:
        self.bar.update(self.n_completed_tasks - self.bar.n)


def _side_by_side(
    task: Callable[..., Any],
    arguments: Sequence[Arguments],
    compute: Compute,
    sent: Mapping[Stored[Any], Sent[Any]] = MappingProxyType({}),
) -> Iterator[Any]:
    if not arguments:
        return
    local = compute.engine == "local"
    quiet = True if local else None  # where stderr is no terminal
    with (
        engine(compute, list(sent.values())) as options,
        tqdm(total=len(arguments), unit="task", desc=compute.engine, leave=False, disable=quiet) as bar,
    ):
        parallel = _Counted(**options)
        parallel.bar = bar
        calls = (delayed(do)(packed(task, these), own_software(), *_of(sent, these)) for these in arguments)
        if not local:
            yield from map(pickle.loads, parallel(calls))
            return
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the processes will that begin now
        try:
            results = parallel(calls)
        finally:
            signal.signal(signal.SIGINT, handler)
        yield from map(pickle.loads, results)
