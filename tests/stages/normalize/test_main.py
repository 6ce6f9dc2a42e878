"""Normalize as a script: a file for each training origin, and the summary."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.projects import change_file, here

DEFAULT = {
    "evaluation_origins": "12, 24, 36, 48, 60",
    "calibration_origins": "72, 84",
    "training_origins": 8,
    "last_training_origin": 0,
    "series_logged": 1,
    "seasons": "12",
}
NONE = {"evaluation_origins": "", "calibration_origins": "", "training_origins": 1}


@pytest.mark.parametrize(
    ("changes", "expected", "trained"),
    [
        ({}, DEFAULT, [0, 12, 24, 36, 48, 60, 72, 84]),
        (
            {
                "backtest__origins": 0,
                "backtest__calibration_origins": 0,
                "normalize__log": False,
                "normalize__seasonal": "none",
            },
            {**DEFAULT, **NONE, "series_logged": 0, "seasons": "none"},
            [0],
        ),
        ({"backtest__refit": 3}, {**DEFAULT, "training_origins": 4}, [0, 12, 48, 84]),
        ({"backtest__refit": "once"}, {**DEFAULT, "training_origins": 1, "last_training_origin": 84}, [84]),
    ],
)
def test_choices_are_reported(
    project: Path, changes: dict[str, Any], expected: dict[str, Any], trained: list[int]
) -> None:
    change_file(project, **changes)
    for stage in ("ingest", "normalize"):
        here("python", "-m", f"stages.{stage}", cwd=project)
    summary = json.loads((project / "reports/normalize.json").read_text())
    assert summary == expected
    assert list(summary) == list(expected)
    written = {path.stem for path in (project / "data/histories").glob("*.safetensors")}
    assert written == {f"origin_{origin}" for origin in trained}
