"""An empty repository as the working folder, in which a test publishes forecasts."""

from pathlib import Path

import pytest

from tests.published import make_repository


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a horizon, however short, so that values can be worked out by hand."""
    monkeypatch.setattr("stages.record.record.SHORTEST_BLOCK", 1)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_repository(tmp_path / "repository")
    monkeypatch.chdir(folder)
    return folder
