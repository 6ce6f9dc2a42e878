"""dvc.yaml says everything: its `deps` and `params` are what the code imports and reads."""

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.common import paths
from stages.common.params import SECTIONS, Section, schema_of
from stages.ingest.provenance import data_hash
from stages.plot.copies import IN_GIT
from tests.imports import code_of
from tests.projects import ROOT, shell

PIPELINE: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]
SCHEMAS: dict[str, type[Section]] = {name: schema_of(name) for name in SECTIONS}

# Where the bytes do not depend on a section, no stage does.
UNTRACKED = {"compute", "compare"}
QUICK = {"predict", "plot"}  # which list folders of earlier stages whole
PAGES, TEMPLATES = "stages/plot/pages.py", "stages/plot/templates"


def script(stage: str) -> Path:
    return ROOT / f"stages/{stage}/__main__.py"


def scripts(stage: str) -> list[Path]:
    """The script, and what it does once its workers have started, where these take long to start."""
    return [path for path in (script(stage), ROOT / f"stages/{stage}/stage.py") if path.exists()]


def files_of(dependency: str) -> set[Path]:
    """A file, or those of a folder that DVC does not ignore."""
    path = ROOT / dependency
    files = [path] if path.is_file() else path.rglob("*")
    return {each for each in files if each.is_file() and each.suffix not in {".pyc", ".txt"}}


def parameters_read(path: Path) -> set[str]:
    """`section.key` for each `params[Section].key`, `section` where the whole section or a property of it is taken.

    A whole section that holds a key named `size` counts as all its keys, see below.
    """
    read = set()
    everything = list(ast.walk(ast.parse(path.read_text())))
    attributes = {id(node.value): node.attr for node in everything if isinstance(node, ast.Attribute)}
    for node in everything:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "params.dump":
            read |= {ast.literal_eval(name) for name in node.args}
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("params", "read_params()"):
            section, key = ast.unparse(node.slice).lower(), attributes.get(id(node))
            read.add(f"{section}.{key}" if key in SCHEMAS[section].model_fields else section)
    for section in {name for name in read if "." not in name and "size" in SCHEMAS[name].model_fields}:
        read = read - {section} | {f"{section}.{key}" for key in SCHEMAS[section].model_fields}
    whole = {name for name in read if "." not in name}
    return {name for name in read if name.split(".")[0] not in whole - {name}}


def inputs(stage: str) -> set[str]:
    return {name for name in STAGES[stage]["deps"] if not name.startswith("stages/")}


def outputs(stage: str) -> set[str]:
    listed = [item for kind in ("outs", "metrics", "plots") for item in STAGES[stage].get(kind, [])]
    return {item if isinstance(item, str) else next(iter(item)) for item in listed}


def test_the_stages_are_six_folders() -> None:
    assert list(STAGES) == ["ingest", "normalize", "window", "train", "predict", "plot"]
    commands = {path.parent.name for path in (ROOT / "stages").glob("*/__main__.py")}
    assert commands == {*STAGES, "compare", "forecast", "record"}
    for stage, definition in STAGES.items():
        assert definition["cmd"] == f"python -m stages.{stage}"


@pytest.mark.parametrize("stage", STAGES)
def test_deps_hold_the_code_that_the_stage_runs(stage: str) -> None:
    """What its script imports, directly or not, and the templates of its pages; and of slow stages, nothing else."""
    code = code_of(script(stage))
    if ROOT / PAGES in code:
        code |= files_of(TEMPLATES)
    listed = [name for name in STAGES[stage]["deps"] if name.startswith("stages/")]
    assert code <= set().union(*map(files_of, listed))
    assert all(code & files_of(name) for name in listed)
    assert stage in QUICK or code == set().union(*map(files_of, listed))
    folders = {name for name in listed if (ROOT / name).is_dir()}
    assert not {name for name in listed if str(Path(name).parent) in folders}, "listed twice"


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_those_that_the_script_reads(stage: str) -> None:
    read = set().union(*map(parameters_read, scripts(stage)))
    assert set(STAGES[stage]["params"]) == read - UNTRACKED


def test_only_stage_scripts_read_params_and_every_section_is_read() -> None:
    for path in (ROOT / "stages").rglob("*.py"):
        assert path.name in ("__main__.py", "stage.py") or parameters_read(path) == set(), path
    assert {name.split(".")[0] for stage in STAGES.values() for name in stage["params"]} == set(SECTIONS) - UNTRACKED


@pytest.mark.parametrize("stage", STAGES)
def test_paths_in_the_stages_folder_are_its_inputs_and_outputs(stage: str) -> None:
    """Each path constant that a stage's files use is a dependency or an output of it, and the other way round."""
    constants = {name: value.as_posix() for name, value in vars(paths).items() if name.isupper()}
    used = set()
    for file in (ROOT / "stages" / stage).glob("*.py"):
        names = [ast.unparse(node) for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.expr)]
        used |= {name.removeprefix("paths.") for name in names} & set(constants)
    assert {constants[name] for name in used} == (inputs(stage) | outputs(stage)) - {"${ingest.path}"}


def test_no_section_with_a_key_named_size_is_listed_whole() -> None:
    """DVC's run cache leaves keys named `size` and `nfiles` out of its hash, so it would miss that they changed."""
    for stage in STAGES.values():
        for name in stage["params"]:
            keys = set() if "." in name else set(SCHEMAS[name].model_fields)
            assert not keys & {"size", "nfiles"}, name


def test_metrics_and_plots_are_in_git_and_outs_in_the_cache() -> None:
    for stage, definition in STAGES.items():
        for item in [*definition.get("metrics", []), *definition.get("plots", [])]:
            assert next(iter(item.values()))["cache"] is False, stage
        for item in definition.get("outs", []):
            assert isinstance(item, str), f"{stage}: a plain out without cache switches the run cache off"


def test_what_is_in_git_is_copied_for_the_run_cache_of_other_clones() -> None:
    """DVC pushes no output without cache, and restores a stage only with the bytes of all its outputs."""
    copied = {path.as_posix() for path in [*IN_GIT, paths.FIGURES]}
    in_git = [item for stage in STAGES.values() for kind in ("metrics", "plots") for item in stage.get(kind, [])]
    assert copied == {next(iter(item)) for item in in_git}


def test_the_artifact_is_the_forecaster_that_predict_writes() -> None:
    (artifact,) = PIPELINE["artifacts"].values()
    assert artifact["path"] == paths.FORECASTER.as_posix()
    assert artifact["path"] in outputs("predict")


def test_the_committed_lock_was_made_by_the_committed_code(shown: Path, tmp_path: Path) -> None:
    """Every folder and file of code, and the default data, have the hash that dvc.lock has of them."""
    lock = YAML(typ="safe", pure=True).load(shown / "dvc.lock")
    ignored = shutil.ignore_patterns("__pycache__", "*.txt")  # as .dvcignore does
    code = shutil.copytree(ROOT / "stages", tmp_path / "stages", ignore=ignored)
    for stage, locked in lock["stages"].items():
        for dependency in locked["deps"]:
            path = Path(dependency["path"])
            if path.parts[0] == "stages" or path.is_relative_to("data/raw"):
                found = code.parent / path if path.parts[0] == "stages" else ROOT / path
                assert not found.exists() or data_hash(found) == dependency["md5"], f"{stage}: {dependency}"


def test_every_chart_is_defined_once_with_a_title_and_axes() -> None:
    """In its stage: a definition at the top level would draw the same file a second time."""
    assert "plots" not in PIPELINE
    defined = [next(iter(plot.items())) for stage in STAGES.values() for plot in stage.get("plots", [])]
    for name, definition in defined:
        assert name == "reports/figures" or {"title", "y", "x_label", "y_label"} <= set(definition)


STRAY = [
    ".training.py.swp", "training.py~", "4913", "training.py.orig", "#training.py#", ".#training.py", "._training.py",
    ".DS_Store", "Untitled.ipynb", "training.pyc", "__pycache__/a.pyc", ".ipynb_checkpoints/a.py", ".idea/a.xml",
    "requirements-dask.txt",
]  # fmt: skip


def test_nothing_but_code_is_a_dependency() -> None:
    """Files that editors, Python and its tools leave in folders of code are none."""
    names = [f"stages/train/{name}" for name in STRAY]
    assert shell("dvc", "check-ignore", *names, cwd=ROOT).stdout.split("\n")[:-1] == names
    code = [*(path.relative_to(ROOT).as_posix() for path in (ROOT / "stages").rglob("*.py")), f"{TEMPLATES}/page.css"]
    assert shell("dvc", "check-ignore", *code, cwd=ROOT, check=False).stdout == ""
