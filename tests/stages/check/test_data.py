"""The data in lines, on files written by hand."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.check.data import describe_data
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from tests.raw_files import settings

pytestmark = pytest.mark.usefixtures("folder")


def lines_of(text: str, **changes: Any) -> dict[str, str]:
    Path("input.csv").write_text(text)
    declared = settings(**changes)
    raw = read_raw(declared)
    return dict(describe_data(build_panel(raw, declared), raw))


def test_a_single_series_without_gaps() -> None:
    months = [f"2020-{month:02d},{value}" for month, value in enumerate([5, 2.5, 9, 4, 4, 3, 4], start=1)]
    assert lines_of("time,value\n" + "\n".join(months), frequency="MS") == {
        "series": "1 ('value'), 7 steps", "first value": "5 at 2020-01", "last value": "4 at 2020-07",
        "smallest": "2.5 at 2020-02", "largest": "9 at 2020-03", "gaps": "none", "ends": "at 2020-07",
        "left out": "nothing", "frequency": "MS: every month, on its first day", "season": "12 steps (a year)",
    }  # fmt: skip


def test_gaps_ends_and_what_is_left_out_are_counted_and_named() -> None:
    rows = [f"a,{step},1" for step in range(30) if step not in (3, 7, 8)]
    rows += [f"b,{step},{step}" for step in range(2, 25) if step != 5]
    rows += ["c,2,", "d,3,7", "d,4,8"]
    found = lines_of("id,time,value\n" + "\n".join(rows), series="id", missing="forward", ended_after=10)
    assert found["series"] == "2 ('a', 'b'), 23 to 30 steps each, 53 values in all"
    assert found["largest"] == "24 at 24 of 'b'"
    assert found["gaps"] == "4 values filled, at most 2 in a row of 2 series, most in 'a' 3, 'b' 1"
    assert found["ends"].startswith("1 of 2 series before the last, the earliest 'b' at 24; the last 'a' at 29")
    assert found["left out"] == (
        "1 series without a value: 'c'; 1 series that ended too early (ingest.ended_after): 'd'"
    )
    assert found["season"] == "none; ingest.season_length sets one"
    kept = lines_of("id,time,value\n" + "\n".join(rows), series="id", missing="keep", ended_after=10)
    assert kept == {**found, "gaps": found["gaps"].replace("filled", "missing")}


def test_series_that_count_their_own_steps_end_where_they_end() -> None:
    rows = [f"{name},{step},1" for name, length in (("a", 20), ("b", 5)) for step in range(length)]
    found = lines_of("id,time,value\n" + "\n".join(rows), series="id", frequency=None)
    assert found["ends"] == "at 19 the latest; all begin at the same step, so each counts its own"


def test_other_seasons_are_named_with_what_they_mean() -> None:
    days = "\n".join(f"{day:%Y-%m-%d},1" for day in pd.date_range("2020-01-01", periods=800))
    assert lines_of("time,value\n" + days, frequency="D")["season"] == (
        "7 steps (a week); also possible, by ingest.season_length: 365 steps (a year)"
    )
