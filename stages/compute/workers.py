"""The worker's side of a task: check that versions match, read each input file once, run the task.

Imports only the standard library, so that a worker that lacks a package can report it.
"""

import hashlib
import importlib
import pickle
import platform
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Generic, TypeVar

from stages.common.errors import UserError

Value = TypeVar("Value")

CODE = "code of stages"
PINNED = ("torch", "numpy", "pandas", "scipy", "statsforecast")  # packages that decide the bytes of results
FIX_HINT = "install this project's requirements in the environment of every worker and restart the workers"
OTHER_RUN_HINT = "another run has since sent its own code there; wait until it ends, or restart the workers"
CACHED_FILES = 2  # in each worker: a task reads two at most
BUSY = threading.Lock()  # a process has one random seed of torch: a second task at the same time would change it


@dataclass(frozen=True)
class FileArgument(Generic[Value]):
    """A file that many tasks read, or a part of it, as an argument of them: the task gets `read(path, *part)`.

    A worker that sees this very file reads it once for all its tasks. A worker without access to it gets the value as
    `FileContents`.

    size, modified: of the file when the argument was made, in bytes and nanoseconds
    """

    read: Callable[..., Value] = field(compare=False)  # engines may copy it
    path: Path
    part: tuple[int, ...]
    size: int
    modified: int

    @classmethod
    def at(cls, path: Path, read: Callable[..., Value], *part: int) -> "FileArgument[Value]":
        status = path.stat()
        return cls(read, path.resolve(), part, status.st_size, status.st_mtime_ns)

    def is_visible(self) -> bool:
        """Whether this machine sees the file, with the same size and time of modification."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.modified)


class FileContents(Generic[Value]):
    """A `FileArgument` with its value, for workers that do not see the file."""

    def __init__(self, file: FileArgument[Value]) -> None:
        self.file, self.value = file, file.read(file.path, *file.part)


class FileNotVisible:
    """The result of a task on a worker that does not see a file which the task reads."""


@lru_cache(maxsize=CACHED_FILES)
def _read(file: FileArgument[Any]) -> Any:
    return file.read(file.path, *file.part)


def serialize_task(task: Callable[..., Any], arguments: tuple[object, ...]) -> bytes:
    """Pickle a task for `run_task`: engines would do so in ways of their own, and need all packages to unpickle it.

    Raises ValueError for a task that is defined in `__main__`, which on a worker is another module.
    """
    if task.__module__ == "__main__":
        raise ValueError(f"a worker cannot import {task.__name__} from __main__; move it to a module that has a name")
    return pickle.dumps((task.__module__, task.__name__, arguments))


def run_task(task: bytes, versions: dict[str, str], *scattered: Any) -> bytes:
    """Run a task of `serialize_task` on any machine and pickle its result.

    versions: the `local_versions` of the machine that started the run; others could give other results
    scattered: `FileContents`, or Ray's references to them, of files that this machine may not see
    returns: the result, or a `FileNotVisible` if the task reads a file that is neither on this machine nor scattered

    Raises UserError if versions differ, a package is missing, or the process runs another task already.
    """
    worker = f"worker on {socket.gethostname()}"
    _check_versions(versions, worker)
    if not BUSY.acquire(blocking=False):
        raise UserError(f"{worker}: it was given two tasks at once; start Dask's workers with --nthreads 1")
    try:
        module, name, arguments = pickle.loads(task)
        values = {contents.file: contents.value for contents in map(_contents, scattered)}
        unread = [argument for argument in arguments if isinstance(argument, FileArgument) and argument not in values]
        if not all(file.is_visible() for file in unread):
            return pickle.dumps(FileNotVisible())
        values |= {file: _read(file) for file in unread}
        arguments = [values[argument] if isinstance(argument, FileArgument) else argument for argument in arguments]
        return pickle.dumps(getattr(importlib.import_module(module), name)(*arguments))
    except ModuleNotFoundError as error:
        raise UserError(f"{worker}: it has no package {error.name}; {FIX_HINT}") from None
    finally:
        BUSY.release()


def _check_versions(expected: dict[str, str], worker: str) -> None:
    versions = local_versions()
    for name, wanted in expected.items():
        if (found := versions.get(name, "none")) != wanted:
            hint = OTHER_RUN_HINT if name == CODE else FIX_HINT
            raise UserError(f"{worker}: its {name} is {found}, but the run started with {wanted}; {hint}")


def _contents(scattered: Any) -> FileContents[Any]:
    """Dask gives the contents, Ray a reference to them; arrays in Ray's store are shared by a machine's workers."""
    if isinstance(scattered, FileContents):
        return scattered
    import ray

    contents: FileContents[Any] = ray.get(scattered)
    return contents


@lru_cache(maxsize=1)
def local_versions() -> dict[str, str]:
    """Versions of Python and the `PINNED` packages that are installed, and a hash of this project's code."""
    versions = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in PINNED:
        try:
            versions[package] = version(package).split("+")[0]
        except PackageNotFoundError:
            continue
    digest = hashlib.sha256()
    for source in sorted(_sources(files("stages")), key=str):
        digest.update(source.read_bytes())
    return {**versions, CODE: digest.hexdigest()[:12]}


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry
