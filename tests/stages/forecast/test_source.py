"""The forecaster of a folder, of a revision, a tag; and one line where there is none."""

import shutil
from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.forecast.source import find_forecaster
from stages.predict.forecaster import Forecaster
from tests.projects import commit, shell


def test_a_folder_or_a_project(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The folder itself, one with models/forecaster in it, and by default that of the working folder."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copied"
    shutil.copytree(trained / "models/forecaster", elsewhere)
    for model in (None, ".", str(trained), "models/forecaster", str(elsewhere)):
        assert find_forecaster(model).horizon == 3
    with pytest.raises(UserError, match=r"^models/config\.json: no such file, so models holds no forecaster"):
        find_forecaster("models")


def test_revisions(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through DVC's cache: nothing is checked out, and nothing changes."""
    monkeypatch.chdir(light)
    expected = Forecaster.read(light / "models/forecaster").trained_until
    shell("git", "tag", "forecaster@v1.0.0", cwd=light)
    shutil.rmtree(light / "models/forecaster")
    with pytest.raises(UserError, match=r"models/forecaster/config\.json: no such file.*dvc checkout"):
        find_forecaster(None)
    for revision in ("HEAD", "main", "forecaster@v1.0.0", shell("git", "rev-parse", "HEAD", cwd=light).stdout[:8]):
        assert find_forecaster(revision).trained_until == expected
    assert not (light / "models/forecaster").exists()
    assert shell("git", "status", "--porcelain", cwd=light).stdout == ""

    with pytest.raises(UserError, match=r"^HEAD~1 \(\w{7}\): models/forecaster is neither in the cache nor in a rem"):
        find_forecaster("HEAD~1")  # before the first run
    for unknown in ("gone", "HEAD~9"):
        with pytest.raises(UserError, match=f"--model '{unknown}' is no folder, and no revision or"):
            find_forecaster(unknown)

    (light / "dvc.yaml").write_text("stages: {}\n")
    commit(light, "no stages")
    with pytest.raises(UserError, match=r"^HEAD \(\w{7}\) has no models/forecaster; name a revision that has"):
        find_forecaster("HEAD")
    shutil.rmtree(light / ".dvc/cache")
    with pytest.raises(
        UserError, match=r"^forecaster@v1\.0\.0 \(\w{7}\): models/forecaster is neither in the cache nor in a remote"
    ):
        find_forecaster("forecaster@v1.0.0")


def test_outside_a_repository_only_folders_are_found(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(trained.parent))
    with pytest.raises(UserError, match="--model 'v1' is no folder, and "):
        find_forecaster("v1")
