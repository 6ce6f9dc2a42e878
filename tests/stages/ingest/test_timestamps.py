"""The time axis of a file, declared or inferred; timestamps that are not dates or are ambiguous are refused."""

from typing import Any

import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from tests.raw_files import AUTO, BadFiles, Changes, cases, panel_of, reads, refuses, settings, times_of

pytestmark = pytest.mark.usefixtures("folder")

BAD: BadFiles = [
    ("days as whole numbers", "time,value\n20240101,1\n20240102,2\n", AUTO, ["row 2",
     "ingest.time_format to '%Y%m%d'"]),
    ("months as whole numbers", "time,value\n202401,1\n202402,2\n", AUTO, ["row 2", "ingest.time_format to '%Y%m'"]),
    ("a week 53 of 52", "time,value\n2019-W52,1\n2019-W53,2\n2020-W02,2\n", AUTO, ["row 3",
     "'2019-W53' is not a date", "%G-W%V"]),
    ("offsets without a zone", "time,value\n2024-01-01T00:00+0100,1\n", {**AUTO, "time_format": "%Y-%m-%dT%H:%M%z"},
     ["set ingest.time_zone"]),
    ("a zone, but a format without offsets", "time,value\n2024-01-01 00:00,1\n",
     {**AUTO, "time_format": "%Y-%m-%d %H:%M", "time_zone": "UTC"},
     ["ingest.time_zone is 'UTC'", "ingest.time_format '%Y-%m-%d %H:%M' reads no offsets", "add %z"]),
    ("a zone, but no offset in the first row", "time,value\n2024-01-01 00:00,1\n2024-01-01 01:00+0100,2\n",
     {**AUTO, "time_zone": "UTC"}, ["ingest.time_zone is 'UTC'", "row 2", "has no offset"]),
    ("a quarter without a year", "time,value\nQ1 20,1\nQ2 20,1\n", {**AUTO, "time_format": "Q%q %y"},
     ["ingest.time_format", "%Y"]),
    ("three centuries and a typo", "time,value\n1700-01-01,1\n2019-01-01,1\n2020-01-02,1\n", AUTO,
     ["fit no frequency"]),
    ("Unix timestamps", "time,value\n1700000000,1\n1700003600,3\n", {}, ["span 3601 integer steps",
     "ingest.frequency"]),
    ("an integer beyond 2^53", "time,value\n1,1\n99999999999999999999,3\n", {}, ["row 3", "not an integer step"]),
    ("not an integer", "time,value\n1,1\n2.5,3\n", {}, ["row 3, column 'time'", "'2.5' is not an integer step"]),
    ("not a date", "time,value\nJanuary,2\n", {"frequency": "MS"}, ["row 2, column 'time'", "'January'"]),
    ("another date format", "time,value\n2024-01-01,2\n2/1/2024,3\n", AUTO, ["row 3", "%Y-%m-%d"]),
    ("no such day", "time,value\n2024-02-28,2\n2024-02-30,3\n", AUTO, ["row 3",
     "'2024-02-30' is not a date", "in the format %Y-%m-%d"]),
    ("ambiguous", "time,value\n01/02/2024,2\n01/03/2024,3\n", AUTO,
     ["row 2", "1 February 2024 (%d/%m/%Y) or 2 January 2024 (%m/%d/%Y)", "ingest.time_format"]),
    ("two-digit years", "time,value\n01-02-24,2\n", AUTO, ["'01-02-24' is not a date in a known format"]),
    ("not the declared format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%d/%m/%Y"}, ["row 2",
     "%d/%m/%Y"]),
    ("not a format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%Q"}, ["ingest.time_format is '%Q'"]),
    ("offsets that change", "time,value\n2024-10-27T02:00:00+02:00,1\n2024-10-27T02:00:00+01:00,2\n", AUTO,
     ["row 3", "ingest.time_zone"]),
    ("unknown zone", "time,value\n2024-10-27T02:00:00+02:00,1\n", {**AUTO, "time_zone": "Berlin"},
     ["ingest.time_zone is 'Berlin'"]),
    ("zone without offsets", "time,value\n2024-01-01,1\n2024-01-02,1\n", {**AUTO, "time_zone": "Europe/Berlin"},
     ["ingest.time_zone", "no offset"]),
    ("off the grid", "time,value\n2024-01-01,2\n2024-01-15,3\n", {"frequency": "MS"}, ["row 3", "2024-01-15",
     "frequency 'MS'"]),
    ("another frequency", "time,value\n2024-01-01,2\n2024-01-08,3\n2024-01-15,3\n", {"frequency": "MS"},
     ["row 3", "set ingest.frequency to 'W-MON'"]),
    ("irregular", "time,value\n2024-01-01,2\n2024-01-02,3\n2024-03-17,3\n", AUTO, ["1 days", "75 days",
     "fit no frequency"]),
    ("one timestamp", "time,value\n2024-01-01,2\n", AUTO, ["row 2", "the only timestamp", "ingest.frequency"]),
    ("a fine frequency", "time,value\n2024-01-01,2\n2024-01-02,3\n", {"frequency": "s"},
     ["86401 steps of frequency 's'"]),
    ("unknown frequency", "time,value\n2024-01-01,2\n", {"frequency": "monthly"}, ["ingest.frequency is 'monthly'"]),
    ("deprecated frequency", "time,value\n2024-01-01,2\n", {"frequency": "M"}, ["ingest.frequency is 'M'", "'ME'"]),
    ("backward frequency", "time,value\n2024-01-01,2\n", {"frequency": "-1D"}, ["does not go forward"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


TIMES: list[tuple[str, list[str], dict[str, Any]]] = [
    ("YS", ["1999", "2000", "2001"], {"time_format": "%Y"}),
    ("YE", ["1999-12-31", "2000-12-31", "2001-12-31"], {}),
    ("QS", ["2020-Q1", "2020-Q2", "2020-Q3"], {}),
    ("QS", ["2020-10-01", "2021-01-01", "2021-04-01"], {}),
    ("MS", ["1960-11", "1960-12", "1961-01"], {}),
    ("MS", ["202011", "202012", "202101"], {"time_format": "%Y%m"}),
    ("MS", ["Nov 1960", "Dec 1960", "Jan 1961"], {}),
    ("ME", ["31.01.2023", "28.02.2023", "31.03.2023"], {}),
    ("W-MON", ["2020-W52", "2020-W53", "2021-W01"], {}),
    ("W-SUN", ["2024-02-25", "2024-03-03", "2024-03-10"], {}),
    ("B", ["2024-02-29", "2024-03-01", "2024-03-04"], {}),
    ("D", ["3/1/2024", "3/2/2024", "3/3/2024"], {"time_format": "%-m/%-d/%Y"}),
    ("D", ["30/12/2023", "31/12/2023", "01/01/2024"], {}),
    ("h", ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"], {}),
    ("h", ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00", "2024-10-27T03:00:00+01:00"],
     {"time_zone": "Europe/Berlin"}),
    ("15min", ["2024-01-01 00:00", "2024-01-01 00:15", "2024-01-01 00:30"], {}),
    ("D", ["2023-11-04T00:00:00-04:00", "2023-11-05T00:00:00-04:00", "2023-11-06T00:00:00-05:00"],
     {"time_zone": "America/Havana"}),
    ("D", ["2023-03-10T00:00:00-05:00", "2023-03-11T00:00:00-05:00", "2023-03-12T01:00:00-04:00"],
     {"time_zone": "America/Havana", "frequency": "D"}),
    ("s", ["2024-01-01 23:59:59", "2024-01-02 00:00:00", "2024-01-02 00:00:01"], {}),
    ("500ms", ["2024-01-01 00:00:00.0", "2024-01-01 00:00:00.5", "2024-01-01 00:00:01.0"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("frequency", "times", "changes"), TIMES, ids=[f"{f} {t[0]}" for f, t, _ in TIMES])
@pytest.mark.parametrize("declared", [True, False])
def test_good_times(frequency: str, times: list[str], changes: dict[str, Any], declared: bool) -> None:
    """The first two times are read; the third is the time axis' next step, in the input's format."""
    rows = [f"{time},{value}\n" for value, time in enumerate(times)]
    changes = {"frequency": frequency if declared else "auto", **changes}
    panel = panel_of("time,value\n" + "".join(rows), **changes)
    assert panel.time_axis.frequency == frequency
    assert times_of(panel) == times
    assert panel.time_axis.format(panel.time_axis.next_steps(panel.ds.iloc[1], 1)).tolist() == times[2:]


def test_negative_steps() -> None:
    reads("time,value\n-1,1\n0,2\n1,3\n", {}, {"value": [1, 2, 3]})


def test_auto_gives_integer_steps_for_whole_numbers() -> None:
    panel = panel_of("time,value\n1999,1\n2000,2\n", frequency="auto")
    assert panel.time_axis.frequency is None


def test_a_zone_that_is_unknown_or_whose_offsets_a_datetime_column_lacks() -> None:
    pd.DataFrame({"time": pd.date_range("2024-01-01", periods=3), "value": 1.0}).to_parquet("input.parquet")
    for zone, words in [
        ("Berlin", "ingest.time_zone is 'Berlin'"),
        ("Europe/Berlin", "has no offsets from UTC; add them, or set ingest.time_zone to null"),
    ]:
        declared = settings("input.parquet", frequency="auto", time_zone=zone)
        raw = read_raw(declared)
        with pytest.raises(UserError, match=words):
            build_panel(raw, declared)
