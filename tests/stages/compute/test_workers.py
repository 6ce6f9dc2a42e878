"""A task on a worker: matching versions, each file read once, one task at a time; every refusal is one line."""

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
from stages.compute.workers import (
    CODE,
    FileArgument,
    FileContents,
    FileNotVisible,
    local_versions,
    run_task,
    serialize_task,
)
from tests.projects import ROOT


def length(path: Path) -> int:
    """The value that tests read from a file; each reading adds a line to a log beside it."""
    with path.with_suffix(".log").open("a") as log:
        log.write("read\n")
    return len(path.read_text())


def readings(path: Path) -> int:
    return len(path.with_suffix(".log").read_text().splitlines())


def needs_a_package() -> None:
    raise ModuleNotFoundError(name="something")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.txt"
    path.write_text("four")
    return path


def result_of(task: bytes, *scattered: FileContents[int]) -> object:
    return pickle.loads(run_task(task, local_versions(), *scattered))


def test_tasks_return_results_and_read_a_common_file_once(file: Path) -> None:
    argument = FileArgument.at(file, length)
    assert [result_of(serialize_task(operator.add, (argument, number))) for number in (1, 2, 3)] == [5, 6, 7]
    assert readings(file) == 1


def test_a_file_that_has_changed_is_read_again(file: Path) -> None:
    assert result_of(serialize_task(operator.add, (FileArgument.at(file, length), 0))) == 4
    file.write_text("eleven more")
    assert result_of(serialize_task(operator.add, (FileArgument.at(file, length), 0))) == 11


@pytest.mark.parametrize("change", ["removed", "another", "touched"])
def test_a_file_other_than_the_argument_s_is_not_visible(file: Path, change: str) -> None:
    task = serialize_task(operator.neg, (FileArgument.at(file, length),))
    if change == "removed":
        file.unlink()
    elif change == "another":
        file.write_text("longer")
    else:
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    assert isinstance(result_of(task), FileNotVisible)


def test_scattered_contents_take_the_place_of_the_file(file: Path) -> None:
    argument = FileArgument.at(file, length)
    contents = pickle.loads(pickle.dumps(FileContents(argument)))
    file.unlink()
    assert result_of(serialize_task(operator.neg, (argument,)), contents) == -4


def test_a_task_of_a_script_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs_a_package, "__module__", "__main__")
    with pytest.raises(ValueError, match="cannot import needs_a_package from __main__; move it to a module"):
        serialize_task(needs_a_package, ())


def test_other_versions_are_refused_by_name() -> None:
    task = serialize_task(operator.neg, (1,))
    for name, installed in local_versions().items():
        with pytest.raises(UserError, match=rf"its {name} is {installed}, but the run started with 0\.1; "):
            run_task(task, {**local_versions(), name: "0.1"})
    with pytest.raises(UserError, match=r"its another is none, but the run started with 1\.0; "):
        run_task(task, {"another": "1.0"})


def test_a_missing_package_is_named() -> None:
    with pytest.raises(UserError, match=r"worker on .+: it has no package something; install"):
        run_task(serialize_task(needs_a_package, ()), local_versions())
    assert result_of(serialize_task(operator.neg, (1,))) == -1  # and the next task may run


def test_one_task_at_a_time() -> None:
    with workers.BUSY, pytest.raises(UserError, match="--nthreads 1"):
        run_task(serialize_task(operator.neg, (1,)), local_versions())


def test_the_hash_of_the_code_depends_on_its_bytes_and_not_on_where_it_is(tmp_path: Path) -> None:
    """The same from a zip, which is how workers of Dask load it; another with one character more."""
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
