"""Run independent tasks in parallel, with the same results on any number of workers."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from tqdm import tqdm

from stages.common.errors import UserError
from stages.compute.engine import Engine, missing_package, out_of_memory, place
from stages.compute.memory import processes
from stages.compute.params import Compute
from stages.compute.workers import (
    FIX_HINT,
    FileArgument,
    FileContents,
    FileNotVisible,
    local_versions,
    serialize_task,
)

Result = TypeVar("Result")
Arguments = tuple[object, ...]


@contextmanager
def open_pool(compute: Compute, *imports: str) -> Iterator["Pool"]:
    """The workers that `compute` asks for.

    imports: the modules that tasks need; local processes are forked from one that imports them while the stage goes on

    Raises UserError if the engine's package is missing, its cluster does not answer, or workers lack what tasks need,
    die or run out of memory.
    """
    try:
        with ThreadPoolExecutor(1) as beside, _open_engine(compute, imports) as engine:
            yield Pool(compute, engine, beside)
    except ModuleNotFoundError as error:
        raise UserError(f"{place(compute)}: a worker has no package {error.name}; {FIX_HINT}") from None
    except MemoryError:
        raise out_of_memory(compute) from None


def _open_engine(compute: Compute, imports: Sequence[str]) -> AbstractContextManager[Engine]:
    """Import only the engine that is chosen: `dask` and `ray` need packages that others do without."""
    if compute.engine == "local":
        from stages.compute.local import open_processes

        return open_processes(compute, imports)
    try:
        if compute.engine == "dask":
            from stages.compute.dask import open_engine
        else:
            from stages.compute.ray import open_engine
    except ImportError:
        raise missing_package(compute) from None
    return open_engine(compute)


class Pool:
    """Workers for the tasks of a stage.

    Each worker reads a `FileArgument` once, if it sees the file. For those that do not, the file is read here and
    scattered.
    """

    def __init__(self, compute: Compute, engine: Engine, beside: ThreadPoolExecutor) -> None:
        self.compute, self.engine, self.beside = compute, engine, beside
        self.local = compute.engine == "local"
        self.versions = {} if self.local else local_versions()
        self.scattered: dict[FileArgument[Any], object] = {}

    def run(
        self, task: Callable[..., Result], arguments: Iterable[Arguments], bar: str | None = None
    ) -> Iterator[Result]:
        """`task(*call)` for each call of `arguments`, in their order; a local pool gives each result once it is ready.

        bar: what the tasks make, for a progress bar on a terminal; None for no bar

        Raises what a task raises, and ValueError for a task that is defined in `__main__`.
        """
        calls = list(arguments)
        if self.local:
            return self._in_parallel(task, calls, bar)
        results = list(self._in_parallel(task, calls, bar))
        failed = [number for number, result in enumerate(results) if isinstance(result, FileNotVisible)]
        retried = [calls[number] for number in failed]
        self._scatter(file for call in retried for file in _files(call))
        for number, result in zip(failed, self._in_parallel(task, retried, bar), strict=True):
            results[number] = result
        return iter(results)

    def begin(self, work: Callable[[], Result]) -> Callable[[], Result]:
        """Begin work that runs tasks here, and go on; what is returned waits for its result.

        Without other processes on this machine the work is done when its result is asked for.
        """
        beside = self.local and processes(self.compute) != 1
        return self.beside.submit(work).result if beside else work

    def _scatter(self, files: Iterable[FileArgument[Any]]) -> None:
        for file in files:
            if file not in self.scattered:
                self.scattered[file] = self.engine.scatter(FileContents(file))

    def _in_parallel(self, task: Callable[..., Any], calls: Sequence[Arguments], bar: str | None) -> Iterator[Any]:
        if not calls:
            return
        prepared = ((serialize_task(task, call), self.versions, *self._contents(call)) for call in calls)
        quiet = True if bar is None else None  # None: where stderr is no terminal
        with tqdm(total=len(calls), unit="task", desc=bar, leave=False, disable=quiet) as shown:
            yield from map(pickle.loads, self.engine.run(prepared, shown.update))

    def _contents(self, call: Arguments) -> list[object]:
        return [self.scattered[file] for file in _files(call) if file in self.scattered]


def _files(call: Arguments) -> list[FileArgument[Any]]:
    return [argument for argument in call if isinstance(argument, FileArgument)]
