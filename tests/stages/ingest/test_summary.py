"""The summary of a panel: size, time span, frequency, seasons."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize
from tests.projects import ROOT
from tests.raw_files import settings

pytestmark = pytest.mark.usefixtures("folder")


def test_the_airline_passengers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    declared = settings("data/raw/airline_passengers.csv", time="month", value="passengers", frequency="MS")
    raw = read_raw(declared)
    assert summarize(build_panel(raw, declared), raw) == {
        "series": 1, "rows": 144, "shortest": 144, "longest": 144, "first": "1949-01", "last": "1960-12",
        "frequency": "MS", "season_length": 12, "season_candidates": "12", "filled": 0, "longest_filled": 0,
        "series_without_value": 0, "series_ended": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frequency", "season_length", "expected", "candidates"),
    [
        ("h", None, (24, 168), "24, 168"),
        ("h", 24, (24,), "24, 168"),
        ("h", [12, 24, 168], (12, 24, 168), "24, 168"),
        ("2h", None, (12, 84), "12, 84"),
        ("D", None, (7,), "7"),
    ],
)
def test_seasons_are_the_usual_ones_of_the_frequency_unless_declared(
    frequency: str, season_length: Any, expected: tuple[int, ...], candidates: str
) -> None:
    timestamps = pd.date_range("2024-01-01", periods=400, freq=frequency)
    pd.DataFrame({"time": timestamps, "value": 1.0}).to_csv("input.csv", index=False)
    declared = settings(frequency=frequency, season_length=season_length)
    raw = read_raw(declared)
    summary = summarize(panel := build_panel(raw, declared), raw)
    assert panel.season_lengths == expected
    assert (str(summary["season_length"]), summary["season_candidates"]) == (", ".join(map(str, expected)), candidates)


def test_a_summary_can_be_written_as_json() -> None:
    declared = settings(missing="zero")
    Path("input.csv").write_text("time,value\n1,1\n3,2\n")
    raw = read_raw(declared)
    assert json.loads(json.dumps(summarize(build_panel(raw, declared), raw)))["filled"] == 1
