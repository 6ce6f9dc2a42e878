"""Independent tasks side by side; what they return does not depend on how many run at once, nor where."""

import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

from stages.common.engines import Engine, engine
from stages.common.params import Compute
from stages.common.workers import Sent, Stored, Unseen, do, own_software, packed

Result = TypeVar("Result")
Arguments = tuple[object, ...]


def run_tasks(task: Callable[..., Result], arguments: Iterable[Arguments], compute: Compute) -> Iterator[Result]:
    """`task(*arguments)` for each of `arguments`, in their order; from this machine's processes as they are ready.

    A `Stored` argument reaches each worker once: read from the storage by those that see it. Tasks that came to others
    are done again, with what is read here and sent.
    """
    given = list(arguments)
    with engine(compute) as where:
        if compute.engine == "local":
            yield from _side_by_side(task, given, {}, compute, where)
            return
        results = list(_side_by_side(task, given, {}, compute, where))
        unseen = [number for number, result in enumerate(results) if isinstance(result, Unseen)]
        again = [given[number] for number in unseen]
        sent = {each: where.send(Sent(each)) for each in {each for these in again for each in _stored(these)}}
        for number, result in zip(unseen, _side_by_side(task, again, sent, compute, where), strict=True):
            results[number] = result
    yield from results


def _stored(arguments: Arguments) -> list[Stored[Any]]:
    return [each for each in arguments if isinstance(each, Stored)]


def _side_by_side(
    task: Callable[..., Any],
    arguments: Sequence[Arguments],
    sent: Mapping[Stored[Any], object],
    compute: Compute,
    where: Engine,
) -> Iterator[Any]:
    class Counted(Parallel):  # type: ignore[misc]
        def print_progress(self) -> None:
            bar.update(self.n_completed_tasks - bar.n)

    if not arguments:
        return
    calls = (
        delayed(do)(packed(task, these), own_software(), *(sent[each] for each in _stored(these) if each in sent))
        for these in arguments
    )
    local = compute.engine == "local"  # whose processes are begun by the call, and whose stages have bars of their own
    quiet = True if local else None  # None: where stderr is no terminal
    with tqdm(total=len(arguments), unit="task", desc=compute.engine, leave=False, disable=quiet) as bar:
        with _ignored_interrupts(local):
            results = Counted(**where.options)(calls)
        yield from map(pickle.loads, results)


@contextmanager
def _ignored_interrupts(really: bool) -> Iterator[None]:
    """What processes that begin now inherit: a Ctrl-C ends the parent, in one line, and the parent ends them."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if really else None
    try:
        yield
    finally:
        if really:
            signal.signal(signal.SIGINT, handler)
