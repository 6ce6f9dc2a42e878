"""Experiments, new data and branches, each by the README's steps in a temporary copy of the project."""

import csv
import io
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from tests.projects import (
    ALL,
    EXAMPLE,
    change_file,
    commit,
    end_all_in,
    environment,
    here,
    repro,
    shell,
    work_off_queue,
)


def experiments_in(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of `dvc exp show`, by the name of the experiment, `main` or `workspace`."""
    table = csv.DictReader(io.StringIO(here("dvc", "exp", "show", "--csv", cwd=folder).stdout))
    return {row["Experiment"] or row["rev"]: row for row in table}


def mase(folder: Path) -> float:
    measured: float = json.loads((folder / "reports/metrics.json").read_text())["model"]["mase"]
    return measured


def set_to(folder: Path) -> dict[str, Any]:
    """The parameters that differ from the last commit's, and their values."""
    changes: dict[str, Any] = json.loads(here("dvc", "params", "diff", "--json", cwd=folder).stdout)
    return {name: change["new"] for name, change in changes["params.yaml"].items()}


def test_an_experiment_is_run_shown_saved_and_applied(light: Path) -> None:
    """`dvc exp run -S` changes one parameter and nothing else; `dvc exp save` keeps changes made by hand."""
    printed = here("dvc", "exp", "run", "--name", "set", "-S", "plot.dpi=50", cwd=light).stdout
    assert re.findall(r"Running stage '(\w+)'", printed) == ["plot"]
    assert set_to(light) == {"plot.dpi": 50}
    assert repro(light, plot__dpi=60) == ["plot"]
    here("dvc", "exp", "save", "--name", "by-hand", cwd=light)
    experiments = experiments_in(light)
    assert {name: experiments[name]["plot.dpi"] for name in ("main", "set", "by-hand")} == {
        "main": "40", "set": "50", "by-hand": "60",
    }  # fmt: skip
    assert "plot.dpi" in here("python", "-m", "stages.compare", "set", "by-hand", cwd=light).stdout
    here("dvc", "exp", "apply", "set", cwd=light)
    assert set_to(light) == {"plot.dpi": 50}
    assert repro(light) == []


def test_params_stay_readable_in_whatever_order_lists_are_set(tmp_path: Path) -> None:
    """DVC writes lists line by line and leaves comments where they are; an empty list after one can break the file."""
    path, yaml = tmp_path / "params.yaml", YAML(typ="safe", pure=True)
    settings: list[tuple[str, str, Any]] = [
        ("window", "experts", []), ("window", "experts", ["ses"]), ("window", "size", 12), ("predict", "levels", []),
        ("predict", "levels", [50]), ("predict", "baselines", ["seasonal_naive"]), ("train", "epochs", 150),
        ("ingest", "season_length", [24, 168]),
    ]  # fmt: skip
    for chosen in itertools.product(settings, repeat=2):
        shutil.copy(EXAMPLE / "params.yaml", path)
        expected = yaml.load(path)
        for section, key, value in chosen:
            apply_overrides(str(path), [f"{section}.{key}={value}"])
            expected[section][key] = value
        assert yaml.load(path) == expected, chosen


@pytest.fixture
def queue(light: Path) -> Iterator[Path]:
    """A copy of the project in which every process has ended when the test ends."""
    yield light
    end_all_in(light)


@pytest.mark.slow
def test_a_grid_of_six_waits_in_the_queue_and_runs_two_at_a_time(queue: Path) -> None:
    """None is lost, each has its own parameters and results, and the best is applied."""
    epochs, tolerances = ["2", "3", "4"], ["0.1", "0.2"]
    # in this order no two at a time have the same epochs: the run cache has every network but the first three
    grid = ["-S", f"compare.mase={','.join(tolerances)}", "-S", f"train.epochs={','.join(epochs)}"]
    here("dvc", "exp", "run", "--queue", *grid, cwd=queue)
    assert here("dvc", "queue", "status", cwd=queue).stdout.count("Queued") == 6
    work_off_queue(queue, ["dvc", "queue", "start", "--jobs", "2"], experiments=6)
    status = here("dvc", "queue", "status", cwd=queue).stdout
    assert not re.search("Queued|Running", status), status
    assert status.count("Success") == 6
    assert shell("git", "status", "--porcelain", cwd=queue).stdout == ""

    experiments = [row for name, row in experiments_in(queue).items() if name not in ("main", "workspace")]
    found = sorted((row["train.epochs"], row["compare.mase"]) for row in experiments)
    assert found == sorted(itertools.product(epochs, tolerances))
    assert len({(row["train.epochs"], row["model.mase"]) for row in experiments}) == len(epochs)
    assert len({row["model.mase"] for row in experiments}) == len(epochs)
    best = min(experiments, key=lambda row: float(row["model.mase"]))
    here("dvc", "exp", "apply", best["Experiment"], cwd=queue)
    applied = YAML(typ="safe", pure=True).load(queue / "params.yaml")
    assert applied["train"]["epochs"] == int(best["train.epochs"])
    assert applied["compare"]["mase"] == float(best["compare.mase"])
    assert mase(queue) == pytest.approx(float(best["model.mase"]))
    assert repro(queue) == []


@pytest.mark.slow
def test_two_pipelines_on_one_clone_do_not_damage_each_other(finished_light: Path, tmp_path: Path) -> None:
    """One may be refused with a line that names the other; in the end the results are those of a single run."""
    both, straight = (shutil.copytree(finished_light, tmp_path / name, symlinks=True) for name in ("both", "straight"))
    change_file(both, train__epochs=3)
    running = [
        subprocess.Popen(
            ["dvc", "repro"], cwd=both, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    refused = [process.communicate()[1].decode() for process in running]
    ended = [process.returncode for process in running]
    assert 0 in ended
    for code, message in zip(ended, refused, strict=True):
        assert code == 0 or re.search("is busy, it is being blocked by|Unable to acquire lock", message)
    assert repro(both) == []
    assert repro(straight, train__epochs=3) == ["train", "predict", "plot"]
    assert shell("git", "diff", cwd=both).stdout == shell("git", "diff", cwd=straight).stdout


def test_new_months_rerun_all_and_are_named(light: Path) -> None:
    """Rows appended to the raw file: one `dvc repro`, and reports/panel.json names the new last step."""
    before = json.loads((light / "reports/panel.json").read_text())
    old = pd.read_csv(light / "data/raw/tiny.csv")
    new = pd.DataFrame({"shop": ["west", "east", "new"], "date": "2024-01-01", "sales": [141.0, 131.0, 104.0]})
    pd.concat([old, new]).to_csv(light / "data/raw/tiny.csv", index=False)
    assert repro(light) == ALL
    after = json.loads((light / "reports/panel.json").read_text())
    assert (before["last"], after["last"]) == ("2023-10-01", "2024-01-01")
    assert after["rows"] == before["rows"] + 3
    assert pd.read_csv(light / "reports/forecast.csv")["ds"].min() == "2024-04-01"
    compared = here("python", "-m", "stages.compare", "HEAD", cwd=light).stdout
    assert re.search(r"\| `last` +\| `2023-10-01` +\| `2024-01-01`", compared)
    assert re.search(r"\| `rows` +\| `74` +\| `77`", compared)
    assert "no forecast in common" in compared


def test_branches_that_both_changed_the_lock_are_merged_and_run(light: Path) -> None:
    """After `git merge`, one `dvc repro` gives the bytes of a run with both changes."""
    changes: dict[str, dict[str, object]] = {"levels": {"predict__levels": [50, 90]}, "dpi": {"plot__dpi": 50}}
    for branch, change in changes.items():
        shell("git", "switch", "--quiet", "--create", branch, "main", cwd=light)
        repro(light, **change)
        commit(light, branch)
    merge = shell("git", "merge", "levels", cwd=light, check=False)
    assert "CONFLICT (content): Merge conflict in dvc.lock" in merge.stdout
    assert "params.yaml" not in shell("git", "diff", "--name-only", "--diff-filter=U", cwd=light).stdout
    printed = here("dvc", "repro", cwd=light).stdout
    assert "Stage 'predict' is cached - skipping run" in printed
    assert re.findall(r"Running stage '(\w+)'", printed) == ["plot"]
    shell("git", "commit", "--all", "--no-edit", cwd=light)
    assert shell("git", "status", "--porcelain", cwd=light).stdout == ""

    shell("git", "switch", "--quiet", "--create", "straight", "main", cwd=light)
    change_file(light, **changes["levels"], **changes["dpi"])
    printed = here("dvc", "repro", "--no-run-cache", cwd=light).stdout
    assert re.findall(r"Running stage '(\w+)'", printed) == ["predict", "plot"]
    assert shell("git", "diff", "dpi", cwd=light).stdout == ""
