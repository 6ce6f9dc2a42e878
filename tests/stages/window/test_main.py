"""Window as a script: windows too long for every history are refused, and choices are reported."""

import json
from pathlib import Path

import pytest

from tests.projects import change_file, here


@pytest.fixture
def normalised(project: Path) -> Path:
    """The project after its first two stages."""
    for stage in ("ingest", "normalize"):
        here("python", "-m", f"stages.{stage}", cwd=project)
    return project


def test_a_window_longer_than_every_history_is_refused(normalised: Path) -> None:
    change_file(normalised, window__size=500, window__padding=False)
    failed = here("python", "-m", "stages.window", cwd=normalised, check=False)
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert "window.size 500 is longer than every normalised history" in failed.stderr
    assert "make it smaller" in failed.stderr
    change_file(normalised, window__size=140)  # with the 12 steps after it no window fits
    failed = here("python", "-m", "stages.window", cwd=normalised, check=False)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert "window.size 140 and backtest.horizon 12 together are longer than every normalised history" in failed.stderr
    assert "make one smaller" in failed.stderr


def test_where_training_ends_earlier_the_error_names_the_parameter(project: Path) -> None:
    """60 values before the earliest origin, which 55 and 12 do not fit into."""
    change_file(project, backtest__refit="once", window__size=55, window__padding=False)
    for stage in ("ingest", "normalize"):
        here("python", "-m", f"stages.{stage}", cwd=project)
    failed = here("python", "-m", "stages.window", cwd=project, check=False)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert "the longest has 60 values, 84 steps before the end, where backtest.refit trains" in failed.stderr
    assert "make one smaller, or set backtest.refit to 1" in failed.stderr


def test_choices_are_reported(normalised: Path) -> None:
    here("python", "-m", "stages.window", cwd=normalised)
    summary = json.loads((normalised / "reports/window.json").read_text())
    # cut after 13 values at the earliest, a season and one, and 6 before the end, half a horizon
    assert summary == {"windows": 144 - 13 - 6 + 1, "size": 24, "longest": 144, "series_without_window": 0}
    assert len(list((normalised / "data/windows").iterdir())) == 8


def test_an_origin_before_every_series_is_left_out(project: Path) -> None:
    """`predict` warns of it; the other origins are as usual."""
    change_file(project, backtest__origins=13, backtest__calibration_origins=0)
    for stage in ("ingest", "normalize", "window"):
        here("python", "-m", f"stages.{stage}", cwd=project)
    written = {path.name for path in (project / "data/windows").iterdir()}
    assert written == {f"origin_{origin}.safetensors" for origin in range(0, 144, 12)}


def test_experts_of_which_none_forecasts_are_refused(normalised: Path) -> None:
    """The year is no season of months, and the passengers have no lowest number that recurs."""
    change_file(normalised, window__experts=["year", "demand"])
    failed = here("python", "-m", "stages.window", cwd=normalised, check=False)
    assert (failed.returncode, len(failed.stderr.splitlines())) == (1, 1)
    assert "params.yaml: window.experts ['year', 'demand']: none of them forecasts these series" in failed.stderr
