"""The summary of a panel: size, time span, frequency, seasons."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.summary import summarize
from stages.panel.time_axis import TimeAxis
from tests.projects import EXAMPLE
from tests.raw_files import settings

pytestmark = pytest.mark.usefixtures("folder")


def test_the_airline_passengers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    declared = settings("data/raw/airline_passengers.csv", time="month", value="passengers", frequency="MS")
    raw = read_raw(declared)
    assert summarize(build_panel(raw, declared), raw) == {
        "series": 1, "rows": 144, "shortest": 144, "longest": 144, "first": "1949-01", "last": "1960-12",
        "frequency": "MS", "season_length": 12, "season_candidates": "12", "missing": 0, "longest_gap": 0, "filled": 0,
        "series_without_value": 0, "series_ending_earlier": 0, "series_ended": 0,
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


@pytest.mark.parametrize(
    ("frequency", "season_length", "expected"),
    [
        ("bh", None, "1 (no season is assumed for bh; ingest.season_length sets one)"),
        ("SMS", None, "1 (no season is assumed for SMS; ingest.season_length sets one)"),
        ("C", None, "1 (no season is assumed for C; ingest.season_length sets one)"),
        ("7h", None, "1 (no season is assumed for 7h; ingest.season_length sets one)"),
        (None, None, "1 (no season is assumed for integer steps; ingest.season_length sets one)"),
        (None, 4, 4),
        ("SMS", 24, 24),
        ("YS", None, 1),
        ("13MS", None, 1),
        ("MS-15", None, 12),
        ("3MS-15", None, 4),
        ("12MS-6", None, 1),
    ],
)
def test_a_season_that_is_not_assumed_is_said(frequency: str | None, season_length: Any, expected: int | str) -> None:
    axis = TimeAxis(frequency, "%Y-%m-%d %H:%M" if frequency else None)
    day = 15 if frequency and frequency.endswith("-15") else 6 if frequency == "12MS-6" else 1
    times = axis.format(axis.next_steps(pd.Timestamp(2001, 1, day, 9) if frequency else 0, 60))
    pd.DataFrame({"time": times, "value": 1.0}).to_csv("input.csv", index=False)
    declared = settings(frequency=frequency, season_length=season_length)
    raw = read_raw(declared)
    assert summarize(build_panel(raw, declared), raw)["season_length"] == expected


def test_what_was_filled_and_left_out_is_counted() -> None:
    rows = [f"a,{step},1\n" for step in range(40) if step not in (3, 7, 8, 9)]
    rows += ["b,0,1\nb,1,2\nb,3,4\n", "c,0,\nc,1,\n", "d,1,1\nd,2,1\n"]
    Path("input.csv").write_text("id,time,value\n" + "".join(rows))
    cases = [("forward", None, 3, 5, 2), ("forward", 30, 1, 4, 0), ("keep", 30, 1, 4, 0)]
    for missing, ended_after, series, count, earlier in cases:
        declared = settings(series="id", missing=missing, ended_after=ended_after)
        raw = read_raw(declared)
        summary = summarize(build_panel(raw, declared), raw)
        names = ["series", "missing", "filled", "longest_gap", "series_without_value", "series_ended"]
        filled = 0 if missing == "keep" else count
        assert [summary[name] for name in names] == [series, count, filled, 3, 1, 2]
        assert summary["series_ending_earlier"] == earlier


def test_a_summary_can_be_written_as_json() -> None:
    declared = settings(missing="zero")
    Path("input.csv").write_text("time,value\n1,1\n3,2\n")
    raw = read_raw(declared)
    assert json.loads(json.dumps(summarize(build_panel(raw, declared), raw)))["filled"] == 1
