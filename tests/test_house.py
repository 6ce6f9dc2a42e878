"""The house as its plan says: who may import whom, what a script may hold, and the map of all files."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.imports import imports_of
from tests.projects import ROOT

SHARED = ["common", "panel", "compute"]
PIPELINE = ["ingest", "normalize", "window", "train", "predict", "plot"]
COMMANDS = ["compare", "forecast", "record"]  # may import anything
BESIDE = ["check"]  # what `python -m stages.ingest --check` prints: may import anything, and is imported by name alone
FILES = sorted((ROOT / "stages").rglob("*.py"))


def room(file: Path) -> str:
    return file.relative_to(ROOT / "stages").parts[0]


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_the_folders_are_those_of_the_plan() -> None:
    assert {room(file) for file in FILES} == {"__init__.py", "__main__.py", *SHARED, *PIPELINE, *COMMANDS, *BESIDE}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_stage_imports_shared_folders_and_earlier_stages_alone(file: Path) -> None:
    own = room(file)
    allowed = {"common"} if own in SHARED else {*SHARED, *PIPELINE[: PIPELINE.index(own)]} if own in PIPELINE else None
    if allowed is not None:
        assert {room(each) for each in imports_of(file)} <= {own, *allowed}


def test_nothing_depends_on_what_the_check_prints() -> None:
    assert {room(file) for file in FILES for each in imports_of(file) if room(each) in BESIDE} == set(BESIDE)


def test_no_file_imports_itself_through_others() -> None:
    order = TopologicalSorter({file: imports_of(file) for file in FILES}).static_order()
    assert set(order) == set(FILES)


@pytest.mark.parametrize("folder", [*PIPELINE, *COMMANDS])
def test_a_script_holds_main_alone_and_nothing_imports_it(folder: str) -> None:
    script = ROOT / "stages" / folder / "__main__.py"
    defined = [node.name for node in ast.parse(script.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert "main" in defined
    assert set(defined) <= {"main", "parse"}
    importers = [file for file in [*FILES, *(ROOT / "tests").rglob("*.py")] if script in imports_of(file)]
    assert importers == []


def first_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text())) or "").split("\n")[0]


def test_the_map_has_a_line_for_every_file_which_is_the_first_of_its_docstring() -> None:
    page = (ROOT / "stages/README.md").read_text()
    (drawn,) = re.findall(r"```\nstages/\n(.*?)```", page, flags=re.DOTALL)
    folder, found = "", {}
    for line in drawn.splitlines():
        if heading := re.match(r"  (\w+)/", line):
            folder = f"{heading[1]}/"
        elif entry := re.match(r"  (?:  )?(\w+\.py) +(.*)", line):
            found[("" if line[2] != " " else folder) + entry[1]] = entry[2]
    assert found == {file.relative_to(ROOT / "stages").as_posix(): first_line(file) for file in FILES}


def test_the_front_door_names_every_folder_and_is_short() -> None:
    page = (ROOT / "README.md").read_text()
    assert len(page.splitlines()) <= 200
    lines = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, flags=re.MULTILINE))
    assert list(lines) == [*SHARED, *PIPELINE, *COMMANDS, *BESIDE]
    for script in (ROOT / "stages").glob("*/__main__.py"):
        assert lines[script.parent.name] == first_line(script)
