"""Normalize as a script: a file for each origin, and the summary."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.projects import change_file, shell


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            {
                "evaluation_origins": "12, 24, 36, 48, 60",
                "calibration_origins": "72, 84",
                "series_logged": 1,
                "seasons": "12",
            },
        ),
        (
            {
                "backtest__origins": 0,
                "backtest__calibration_origins": 0,
                "normalize__log": False,
                "normalize__seasonal": "none",
            },
            {"evaluation_origins": "", "calibration_origins": "", "series_logged": 0, "seasons": ""},
        ),
    ],
)
def test_choices_are_reported(project: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    change_file(project, **changes)
    for stage in ("ingest", "normalize"):
        shell("python", "-m", f"stages.{stage}", cwd=project)
    summary = json.loads((project / "reports/normalize.json").read_text())
    assert summary == expected
    assert list(summary) == list(expected)
    origins = f"0, {expected['evaluation_origins']}, {expected['calibration_origins']}".strip(", ").split(", ")
    for folder in ("data/histories", "models/normalizer"):
        written = {path.stem for path in (project / folder).glob("*.safetensors")}
        assert written == {f"origin_{origin}" for origin in origins}
