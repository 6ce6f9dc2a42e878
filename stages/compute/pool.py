"""Independent tasks side by side; what they return does not depend on how many run at once, nor where."""

import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

from stages.compute.engines import Engine, engine
from stages.compute.params import Compute
from stages.compute.workers import FileArgument, FileContents, FileNotVisible, do, local_versions, serialize_task

Result = TypeVar("Result")
Arguments = tuple[object, ...]


@contextmanager
def open_pool(compute: Compute) -> Iterator["Pool"]:
    """Workers as `compute` has them; raises UserError, also for what happens to them later, see `engine`."""
    with engine(compute) as where:
        yield Pool(compute, where)


class Pool:
    """Workers for the tasks of a stage.

    A `FileArgument` argument reaches each worker once: read from the storage by those that see it. What others do not see
    is read here and sent.
    """

    def __init__(self, compute: Compute, where: Engine) -> None:
        self.compute, self.where = compute, where
        self.local = compute.engine == "local"
        self.software = {} if self.local else local_versions()
        self.sent: dict[FileArgument[Any], object] = {}

    def run(self, task: Callable[..., Result], arguments: Iterable[Arguments]) -> Iterator[Result]:
        """`task(*arguments)` for each of `arguments`, in their order; from this machine as they are ready."""
        given = list(arguments)
        if self.local:
            return self._side_by_side(task, given)
        results = list(self._side_by_side(task, given))
        unseen = [number for number, result in enumerate(results) if isinstance(result, FileNotVisible)]
        again = [given[number] for number in unseen]
        for each in {each for these in again for each in _stored(these)} - self.sent.keys():
            self.sent[each] = self.where.send(FileContents(each))
        for number, result in zip(unseen, self._side_by_side(task, again), strict=True):
            results[number] = result
        return iter(results)

    def _side_by_side(self, task: Callable[..., Any], arguments: Sequence[Arguments]) -> Iterator[Any]:
        class Counted(Parallel):  # type: ignore[misc]
            def print_progress(self) -> None:
                bar.update(self.n_completed_tasks - bar.n)

        if not arguments:
            return
        calls = (
            delayed(do)(
                serialize_task(task, these), self.software, *(self.sent[s] for s in _stored(these) if s in self.sent)
            )
            for these in arguments
        )
        quiet = True if self.local else None  # local stages have bars of their own; None: where stderr is no terminal
        with tqdm(total=len(arguments), unit="task", desc=self.compute.engine, leave=False, disable=quiet) as bar:
            with _ignored_interrupts(self.local):
                results = Counted(**self.where.options)(calls)
            yield from map(pickle.loads, results)


def _stored(arguments: Arguments) -> list[FileArgument[Any]]:
    return [each for each in arguments if isinstance(each, FileArgument)]


@contextmanager
def _ignored_interrupts(really: bool) -> Iterator[None]:
    """What processes that begin now inherit: a Ctrl-C ends the parent, in one line, and the parent ends them."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if really else None
    try:
        yield
    finally:
        if really:
            signal.signal(signal.SIGINT, handler)
