"""dvc.yaml says everything: its `deps` and `params` are exactly what the code imports and reads."""

import ast
import hashlib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.common import paths
from stages.common.params import SECTIONS
from stages.plot import IN_GIT

ROOT = Path(__file__).parents[1]
PIPELINE: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")
STAGES: dict[str, Any] = PIPELINE["stages"]

# Where the bytes do not depend on a section, no stage does.
UNTRACKED = {"compute", "compare"}
PAGES, TEMPLATES = "stages/common/pages.py", "stages/templates"


def imported_modules(path: Path, seen: set[str]) -> set[str]:
    """Every file of the project that `path` imports, directly or not, its package's, and itself."""
    seen.add("stages/__init__.py")
    seen.add(path.relative_to(ROOT).as_posix())
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            module = ROOT / (name.replace(".", "/") + ".py")
            if name.startswith("stages.") and module.relative_to(ROOT).as_posix() not in seen:
                imported_modules(module, seen)
    return seen


def parameters_read(path: Path) -> set[str]:
    """`section.key` for each `params.section.key`, `section` where the whole section or a property of it is taken.

    A whole section that holds a key named `size` counts as all its keys, see below.
    """
    read = set()
    tree = ast.parse(path.read_text())
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        names = ast.unparse(node).split(".")
        if names[0] in ("params", "read_params()") and names[1] in SECTIONS:
            key = names[2] if len(names) > 2 else None
            read.add(f"{names[1]}.{key}" if key in SECTIONS[names[1]].model_fields else names[1])
    for section in {name for name in read if "." not in name and "size" in SECTIONS[name].model_fields}:
        read = read - {section} | {f"{section}.{key}" for key in SECTIONS[section].model_fields}
    whole = {name for name in read if "." not in name}
    return {name for name in read if name.split(".")[0] not in whole - {name}} - UNTRACKED


def inputs(stage: str) -> set[str]:
    return {name for name in STAGES[stage]["deps"] if not name.endswith(".py")}


def outputs(stage: str) -> set[str]:
    listed = [item for kind in ("outs", "metrics", "plots") for item in STAGES[stage].get(kind, [])]
    return {item if isinstance(item, str) else next(iter(item)) for item in listed}


def test_the_stages_are_the_six_scripts() -> None:
    assert list(STAGES) == ["ingest", "normalize", "window", "train", "predict", "plot"]
    assert {path.stem for path in (ROOT / "stages").glob("*.py")} == {*STAGES, "__init__", "compare"}
    for stage, definition in STAGES.items():
        assert definition["cmd"] == f"python -m stages.{stage}"


@pytest.mark.parametrize("stage", STAGES)
def test_deps_hold_every_module_that_the_script_imports(stage: str) -> None:
    modules = {name for name in STAGES[stage]["deps"] if name.endswith(".py")}
    assert modules == imported_modules(ROOT / f"stages/{stage}.py", set())
    assert (TEMPLATES in STAGES[stage]["deps"]) == (PAGES in modules)


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_those_that_the_script_reads(stage: str) -> None:
    assert set(STAGES[stage]["params"]) == parameters_read(ROOT / f"stages/{stage}.py")


def test_only_stage_scripts_read_params_and_every_section_is_read() -> None:
    for path in (ROOT / "stages/common").glob("*.py"):
        assert parameters_read(path) == set(), path
    assert {name.split(".")[0] for stage in STAGES.values() for name in stage["params"]} == set(SECTIONS) - UNTRACKED


@pytest.mark.parametrize("stage", STAGES)
def test_paths_in_the_script_are_its_inputs_and_outputs(stage: str) -> None:
    """Each path constant that a stage imports is a dependency or an output of it, and the other way round."""
    constants = {name: value.as_posix() for name, value in vars(paths).items() if name.isupper()}
    tree = ast.parse((ROOT / f"stages/{stage}.py").read_text())
    used = {constants[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in constants}
    assert used == (inputs(stage) | outputs(stage)) - {"${ingest.path}", TEMPLATES}


def test_no_section_with_a_key_named_size_is_listed_whole() -> None:
    """DVC's run cache leaves keys named `size` and `nfiles` out of its hash, so it would miss that they changed."""
    for stage in STAGES.values():
        for name in stage["params"]:
            keys = set() if "." in name else set(SECTIONS[name].model_fields)
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


def test_the_artifact_is_what_training_writes() -> None:
    (artifact,) = PIPELINE["artifacts"].values()
    assert artifact["path"] in outputs("train")


def test_the_committed_lock_was_made_by_the_committed_code() -> None:
    """Every script, module and the default data have the hash that dvc.lock has of them."""
    lock = YAML(typ="safe", pure=True).load(ROOT / "dvc.lock")
    for stage, locked in lock["stages"].items():
        for dependency in locked["deps"]:
            path = ROOT / dependency["path"]
            if path.suffix in {".py", ".csv"} and path.is_file():
                assert hashlib.md5(path.read_bytes()).hexdigest() == dependency["md5"], f"{stage}: {path.name}"


def test_every_plot_has_a_title_or_a_name_and_axes() -> None:
    for plot in PIPELINE["plots"]:
        ((name, definition),) = plot.items()
        assert name[0].isupper()
        assert {"x", "y", "x_label", "y_label"} <= set(definition)
