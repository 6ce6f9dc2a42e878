"""Remotes in a folder and on S3, in clones of a published project: run cache, model by its name, old commits."""

import datetime
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.projects import ALL, ROOT, change_file, clone, commit, here, repro, shell

STAGES = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"].values()
OUTPUTS = [name for stage in STAGES for name in stage.get("outs", [])]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret"}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def publish(folder: Path, message: str, version: str, days_ago: int = 0) -> None:
    """Commit, tag the commit as a version of the model, and push both, the data and the run cache."""
    commit(folder, message, (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days_ago)).isoformat())
    shell("git", "tag", "--annotate", f"forecaster@{version}", f"--message={message}", cwd=folder)
    shell("git", "push", "--quiet", "--follow-tags", "--set-upstream", "origin", "main", cwd=folder)
    here("dvc", "push", "--run-cache", cwd=folder)


def lose_everything(folder: Path) -> None:
    """Remove the cache and all outputs that DVC keeps in it."""
    shutil.rmtree(folder / ".dvc/cache")
    for path in (folder / name for name in OUTPUTS):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="module")
def published(finished_light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with version 1.0.0 of 2 epochs, a year ago, and 1.1.0 of 3; its data in a folder next to it.

    `project`, next to it too, is the project that it was pushed from.
    """
    work = tmp_path_factory.mktemp("published")
    project = shutil.copytree(finished_light, work / "project", symlinks=True)
    shell("git", "init", "--quiet", "--bare", "--initial-branch=main", str(work / "git"), cwd=work)
    shell("git", "remote", "add", "origin", str(work / "git"), cwd=project)
    here("dvc", "remote", "add", "--default", "folder", str(work / "data"), cwd=project)
    publish(project, "two epochs", "v1.0.0", days_ago=370)
    assert repro(project, train__epochs=3) == ["train", "predict", "plot"]
    publish(project, "three epochs", "v1.1.0")
    return work / "git"


def test_the_model_is_fetched_by_name_and_version(published: Path, finished_light: Path, tmp_path: Path) -> None:
    """`dvc artifacts get` needs no clone: without a version it takes the highest."""
    here("dvc", "artifacts", "get", str(published), "forecaster", cwd=tmp_path)
    here("dvc", "artifacts", "get", str(published), "forecaster", "--rev=v1.0.0", "--out=old", cwd=tmp_path)
    assert files(tmp_path / "forecaster") == files(published.parent / "project/models/forecaster")
    assert files(tmp_path / "old") == files(finished_light / "models/forecaster")
    assert files(tmp_path / "forecaster") != files(tmp_path / "old")


def test_a_clone_without_cache_runs_nothing_and_fetches_only_what_it_needs(published: Path, tmp_path: Path) -> None:
    """`dvc repro --pull --allow-missing`; after a change it fetches what the changed stage reads."""
    fresh = clone(published, tmp_path / "fresh")
    command = ["dvc", "repro", "--pull", "--allow-missing"]
    assert "Running stage" not in here(*command, cwd=fresh).stdout
    assert not any((fresh / name).exists() for name in OUTPUTS)
    assert shell("git", "status", "--porcelain", cwd=fresh).stdout == ""
    change_file(fresh, plot__dpi=50)
    assert re.findall(r"Running stage '(\w+)'", here(*command, cwd=fresh).stdout) == ["plot"]
    assert (fresh / "data/panel.parquet").exists()
    assert not (fresh / "data/histories").exists()


@pytest.mark.parametrize("pull", [[], ["dvc", "pull", "--run-cache", "--all-commits"]], ids=["as needed", "all"])
def test_an_older_model_comes_from_the_run_cache(
    published: Path, finished_light: Path, tmp_path: Path, pull: list[str]
) -> None:
    """A second clone sets the parameter back: `dvc repro --pull`, or `dvc repro` after pulling all, trains nothing."""
    second = clone(published, tmp_path / "second")
    if pull:
        here(*pull, cwd=second)
    change_file(second, train__epochs=2)
    printed = here("dvc", "repro", *([] if pull else ["--pull"]), cwd=second).stdout
    assert re.findall(r"Stage '(\w+)' is cached - skipping run", printed) == ["train", "predict", "plot"]
    assert "Running stage" not in printed
    assert files(second / "models/networks") == files(finished_light / "models/networks")
    assert shell("git", "diff", "forecaster@v1.0.0", cwd=second).stdout == ""


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of an S3 server of our own, with an empty bucket `conveyor`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    with urllib.request.urlopen(urllib.request.Request(f"{address}/conveyor", method="PUT")):
        pass
    yield address
    server.stop()


def add_s3(folder: Path, address: str) -> None:
    """Add a remote for this clone alone: committed settings belong to their commit, and old commits name another."""
    here("dvc", "remote", "add", "--local", "--default", "s3", "s3://conveyor/store", cwd=folder)
    here("dvc", "remote", "modify", "--local", "s3", "endpointurl", address, cwd=folder)


def test_a_remote_on_s3(published: Path, finished_light: Path, tmp_path: Path, bucket: str) -> None:
    """Everything lost is pulled again and nothing runs; another clone takes an older model from the run cache."""
    first = shutil.copytree(published.parent / "project", tmp_path / "first", symlinks=True)
    add_s3(first, bucket)
    model = files(first / "models/networks")
    here("dvc", "push", "--run-cache", "--all-commits", cwd=first, variables=KEYS)
    lose_everything(first)
    here("dvc", "pull", cwd=first, variables=KEYS)
    assert files(first / "models/networks") == model
    assert repro(first) == []

    second = clone(published, tmp_path / "second")
    add_s3(second, bucket)
    for name, value in KEYS.items():
        option = name.removeprefix("AWS_").lower()
        here("dvc", "remote", "modify", "--local", "s3", option, value, cwd=second)
    change_file(second, train__epochs=2)
    printed = here("dvc", "repro", "--pull", cwd=second).stdout
    assert re.findall(r"Stage '(\w+)' is cached - skipping run", printed) == ["train", "predict", "plot"]
    assert "Running stage" not in printed
    assert files(second / "models/networks") == files(finished_light / "models/networks")
    assert shell("git", "diff", "forecaster@v1.0.0", cwd=second).stdout == ""  # and Git sees no secret


def test_a_commit_of_a_year_ago_gives_its_own_metrics_to_the_last_digit(published: Path, tmp_path: Path) -> None:
    """In a fresh clone that pulls nothing all stages run, and nothing differs from the commit."""
    fresh = clone(published, tmp_path / "fresh")
    later = (fresh / "reports/metrics.json").read_bytes()
    old = shell("git", "rev-list", "--max-count=1", "--before=1 year ago", "main", cwd=fresh).stdout.strip()
    shell("git", "checkout", "--quiet", old, cwd=fresh)
    metrics = (fresh / "reports/metrics.json").read_bytes()
    assert repro(fresh) == ALL
    assert (fresh / "reports/metrics.json").read_bytes() == metrics != later
    assert shell("git", "status", "--porcelain", cwd=fresh).stdout == ""
