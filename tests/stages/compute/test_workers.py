"""A task on a worker: the same software, its files once, one task at a time; and every refusal in one line."""

import operator
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.compute import workers
from stages.compute.workers import CODE, FileArgument, FileContents, FileNotVisible, do, local_versions, serialize_task
from tests.projects import ROOT


def length(path: Path) -> int:
    """What the tests read of a file; each reading leaves a line beside it."""
    with path.with_suffix(".read").open("a") as log:
        log.write("read\n")
    return len(path.read_text())


def readings(path: Path) -> int:
    return len(path.with_suffix(".read").read_text().splitlines())


def needs_a_package() -> None:
    raise ModuleNotFoundError(name="something")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.txt"
    path.write_text("four")
    return path


def done(task: bytes, *sent: FileContents[int]) -> object:
    return pickle.loads(do(task, local_versions(), *sent))


def test_what_a_task_returns_and_a_file_that_many_tasks_read_once(file: Path) -> None:
    stored = FileArgument.at(file, length)
    assert [done(serialize_task(operator.add, (stored, number))) for number in (1, 2, 3)] == [5, 6, 7]
    assert readings(file) == 1


def test_a_file_that_was_written_again_is_read_again(file: Path) -> None:
    assert done(serialize_task(operator.add, (FileArgument.at(file, length), 0))) == 4
    file.write_text("eleven more")
    assert done(serialize_task(operator.add, (FileArgument.at(file, length), 0))) == 11


@pytest.mark.parametrize("change", ["removed", "another", "touched"])
def test_a_file_that_is_not_the_one_that_was_meant_is_unseen(file: Path, change: str) -> None:
    task = serialize_task(operator.neg, (FileArgument.at(file, length),))
    if change == "removed":
        file.unlink()
    elif change == "another":
        file.write_text("longer")
    else:
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    assert isinstance(done(task), FileNotVisible)


def test_what_was_sent_stands_in_for_the_file(file: Path) -> None:
    stored = FileArgument.at(file, length)
    sent = pickle.loads(pickle.dumps(FileContents(stored)))
    file.unlink()
    assert done(serialize_task(operator.neg, (stored,)), sent) == -4


def test_other_software_is_refused_by_name() -> None:
    task = serialize_task(operator.neg, (1,))
    for name, wanted in local_versions().items():
        with pytest.raises(UserError, match=rf"its {name} is {wanted}, but 0\.1 where the run began"):
            do(task, {**local_versions(), name: "0.1"})
    with pytest.raises(UserError, match=r"its another is none, but 1\.0"):
        do(task, {"another": "1.0"})


def test_a_package_that_a_task_misses_is_named() -> None:
    with pytest.raises(UserError, match=r"worker on .+: it has no package something; install"):
        do(serialize_task(needs_a_package, ()), local_versions())
    assert done(serialize_task(operator.neg, (1,))) == -1  # and the next task may run


def test_one_task_at_a_time() -> None:
    with workers.BUSY, pytest.raises(UserError, match="--nthreads 1"):
        do(serialize_task(operator.neg, (1,)), local_versions())


def test_the_code_is_known_by_its_bytes_wherever_it_is_loaded_from(tmp_path: Path) -> None:
    """From a zip, as a worker of Dask has it, the same; with one character more, another."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); from stages.compute import workers as w; "
    program = [sys.executable, "-c", code + "print(w.__file__, w.local_versions()[w.CODE])"]
    archive = shutil.make_archive(str(tmp_path / "code"), "zip", ROOT, "stages")
    shutil.copytree(ROOT / "stages", tmp_path / "changed/stages")
    with (tmp_path / "changed/stages/normalize/origins.py").open("a") as source:
        source.write("#")
    for place, same in [(archive, True), (str(tmp_path / "changed"), False)]:
        printed = subprocess.run([*program, place], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        loaded_from, found = printed.split()
        assert loaded_from.startswith(place)
        assert (found == local_versions()[CODE]) == same
