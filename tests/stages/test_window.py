"""Window: a window that is too long for every history is refused before anything is trained."""

from pathlib import Path

from tests.conftest import change_file, shell


def test_a_window_longer_than_every_history_is_refused(project: Path) -> None:
    change_file(project, window__size=500, window__local="none")
    for stage in ["ingest", "normalize"]:
        shell("python", "-m", f"stages.{stage}", cwd=project)
    failed = shell("python", "-m", "stages.window", cwd=project, check=False)
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert "window.size 500" in failed.stderr
    assert "make window.size or backtest.horizon smaller" in failed.stderr
