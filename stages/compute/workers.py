"""What a worker does with a task: is it the same software as where the run began, and what the task reads, once.

Imports nothing but Python's own, so that a worker without a package can say so.
"""

import hashlib
import importlib
import pickle
import platform
import socket
import sys
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
PINNED = ("torch", "numpy", "pandas", "scipy", "statsforecast")  # packages on which the bytes of results hang
FIX_HINT = "install this project's requirements in the environment of every worker and start the workers again"
ELSEWHERE = "another run has sent its code there since; wait for its end, or start the workers again"
KEPT = 2  # files that a worker keeps open: a task reads two at most
BUSY = threading.Lock()  # torch's seed is one for a process, so a second task at once would change the first


@dataclass(frozen=True)
class FileArgument(Generic[Value]):
    """A file that many tasks read, or a part of it, as an argument of theirs: the task gets `read(path, *part)`.

    A worker that sees this very file reads it once for all its tasks. One that does not, on a machine without the
    storage, gets what was read as `FileContents`.
    """

    read: Callable[..., Value] = field(compare=False)  # engines may make a copy of it
    path: Path
    part: tuple[int, ...]
    size: int
    changed: int

    @classmethod
    def at(cls, path: Path, read: Callable[..., Value], *part: int) -> "FileArgument[Value]":
        status = path.stat()
        return cls(read, path.resolve(), part, status.st_size, status.st_mtime_ns)

    def is_visible(self) -> bool:
        """Whether this machine sees the file: the same size, changed at the same nanosecond."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.changed)


@lru_cache(maxsize=KEPT)
def _read(stored: FileArgument[Any]) -> Any:
    return stored.read(stored.path, *stored.part)


class FileContents(Generic[Value]):
    """What was read of a file, for the workers that do not see it."""

    def __init__(self, stored: FileArgument[Value]) -> None:
        self.stored, self.value = stored, stored.read(stored.path, *stored.part)


class FileNotVisible:
    """The result of a task on a worker that does not see a file which the task reads."""


def serialize_task(task: Callable[..., Any], arguments: tuple[object, ...]) -> bytes:
    """A task for `do`, which alone opens it: engines would serialise in ways of their own, and need all packages."""
    main = sys.modules["__main__"].__spec__  # of `python -m stages.train`
    module = main.name if task.__module__ == "__main__" and main else task.__module__
    return pickle.dumps((module, task.__name__, arguments))


def do(task: bytes, software: dict[str, str], *sent: Any) -> bytes:
    """Do a task on any machine; the pickled result, `FileNotVisible` where it reads a file neither here nor `sent`.

    Raises UserError where the software is not what the run began with: results could then differ.
    """
    worker = f"worker on {socket.gethostname()}"
    for name, wanted in software.items():
        if (found := local_versions().get(name, "none")) != wanted:
            mend = ELSEWHERE if name == CODE else FIX_HINT
            raise UserError(f"{worker}: its {name} is {found}, but {wanted} where the run began; {mend}")
    if not BUSY.acquire(blocking=False):
        raise UserError(f"{worker}: it was given two tasks at once; start Dask's workers with --nthreads 1")
    try:
        module, name, arguments = pickle.loads(task)
        fetched = [each if isinstance(each, FileContents) else _from_ray(each) for each in sent]
        read = {each.stored: each.value for each in fetched}
        for stored in arguments:
            if isinstance(stored, FileArgument) and stored not in read:
                if not stored.is_visible():
                    return pickle.dumps(FileNotVisible())
                read[stored] = _read(stored)
        ready = [read[each] if isinstance(each, FileArgument) else each for each in arguments]
        return pickle.dumps(getattr(importlib.import_module(module), name)(*ready))
    except ModuleNotFoundError as error:
        raise UserError(f"{worker}: it has no package {error.name}; {FIX_HINT}") from None
    finally:
        BUSY.release()


def _from_ray(reference: Any) -> FileContents[Any]:
    """What Ray's store holds, its arrays in the memory that the workers of a machine share."""
    import ray

    sent: FileContents[Any] = ray.get(reference)
    return sent


@lru_cache(maxsize=1)
def local_versions() -> dict[str, str]:
    """Versions of what results hang on, and a hash of this project's code."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in PINNED:
        try:
            found[package] = version(package).split("+")[0]
        except PackageNotFoundError:
            continue
    digest = hashlib.sha256()
    for source in sorted(_sources(files("stages")), key=str):
        digest.update(source.read_bytes())
    return {**found, CODE: digest.hexdigest()[:12]}


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _sources(each)
        elif each.name.endswith(".py"):
            yield each
