"""The time axis of a file, declared or inferred; timestamps that are not dates or are ambiguous are refused."""

import re
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.notations import COUNTS, DIGITS, TIERS
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel
from stages.panel.time_formats import format_times
from tests.raw_files import AUTO, BadFiles, Changes, cases, panel_of, refuses, settings, times_of

pytestmark = pytest.mark.usefixtures("folder")

BAD: BadFiles = [
    ("days as whole numbers", "time,value\n20240101,1\n20240102,2\n", AUTO, ["row 2",
     "ingest.time_format to '%Y%m%d'"]),
    ("months as whole numbers", "time,value\n202401,1\n202402,2\n", AUTO, ["row 2", "ingest.time_format to '%Y%m'"]),
    ("a week 53 of 52", "time,value\n2019-W52,1\n2019-W53,2\n2020-W02,2\n", AUTO, ["row 3",
     "'2019-W53' is not a date", "%G-W%V"]),
    ("offsets without a zone", "time,value\n2024-01-01T00:00+0100,1\n", {**AUTO, "time_format": "%Y-%m-%dT%H:%M%z"},
     ["set ingest.time_zone"]),
    ("a zone, but no offset in the first row", "time,value\n2024-01-01 00:00,1\n2024-01-01 01:00+0100,2\n",
     {**AUTO, "time_zone": "UTC"}, ["row 3", "2024-01-01 01:00+0100", "%H:%M"]),
    ("a quarter without a year", "time,value\nQ1,1\nQ2,1\n", {**AUTO, "time_format": "Q%q"},
     ["ingest.time_format", "%Y"]),
    ("a part twice", "time,value\n2024-01,1\n", {**AUTO, "time_format": "%Y-%m-%m"},
     ["ingest.time_format is '%Y-%m-%m'", "%m more than once"]),
    ("no year", "time,value\n01-31,1\n", {**AUTO, "time_format": "%m-%d"}, ["ingest.time_format", "no year", "%Y"]),
    ("hours from 1 to 24", "time,value\n2024-01-01 23,1\n2024-01-01 24,1\n", AUTO, ["row 3", "hour 0 of the next day"]),
    ("years with decimals", "time,value\n1949.000,1\n1949.083,2\n", AUTO, ["row 2", "year with decimals"]),
    ("years and quarters", "time,value\n2015.1,1\n2015.2,1\n2015.3,1\n2015.4,1\n2016.1,2\n2016.2,2\n", AUTO,
     ["row 2", "ingest.time_format", "%Y.%q"]),
    ("years and weeks", "time,value\n2015-12,1\n2015-13,1\n2015-14,1\n", AUTO, ["row 2", "%G-%V"]),
    ("financial years or months", "time,value\n2009-10,1\n2010-11,2\n2011-12,3\n", AUTO,
     ["row 2", "1 October 2009 (%Y-%m)", "the year from 2009 on (%Y-%+y)"]),
    ("two digits of a year in doubt", "time,value\n31/12/67,1\n01/01/68,1\n", AUTO, ["row 2", "2067", "1967"]),
    ("a day or a year", "time,value\nJan-01,1\nJan-02,1\n", AUTO, ["row 2", "January 2001", "'%b-%y'"]),
    ("local midnights in UTC", "time,value\n2024-10-25T22:00Z,1\n2024-10-26T22:00Z,2\n2024-10-27T23:00Z,3\n", AUTO,
     ["Europe/Berlin", "all are midnights", "set ingest.time_zone"]),
    ("local midnights in UTC, without Z", "time,value\n2024-03-09 05:00,1\n2024-03-10 05:00,2\n2024-03-11 04:00,3\n",
     AUTO, ["America/New_York", "with Z", "set ingest.time_zone"]),
    ("three centuries and a typo", "time,value\n1700-01-01,1\n2019-01-01,1\n2020-01-02,1\n", AUTO,
     ["fit no frequency"]),
    ("offsets of more than a day", "time,value\n2024-01-01T00:00+30:00,1\n2024-01-02T00:00+30:00,2\n", AUTO,
     ["row 2", "+30:00", "not a date"]),
    ("not a date", "time,value\nJanuary,2\n", {"frequency": "MS"}, ["row 2, column 'time'", "'January'"]),
    ("another date format", "time,value\n2024-01-01,2\n2/1/2024,3\n", AUTO, ["row 3", "%Y-%m-%d"]),
    ("no such day", "time,value\n2024-02-28,2\n2024-02-30,3\n", AUTO, ["row 3",
     "'2024-02-30' is not a date", "in the format %Y-%m-%d"]),
    ("ambiguous", "time,value\n01/02/2024,2\n01/03/2024,3\n", AUTO,
     ["row 2", "1 February 2024 (%d/%m/%Y) or 2 January 2024 (%m/%d/%Y)", "ingest.time_format"]),
    ("two-digit years", "time,value\n01-02-24,2\n", AUTO, ["24 February 2001 (%y-%m-%d)", "1 February 2024 (%d-%m-%y)",
     "2 January 2024 (%m-%d-%y)"]),
    ("not the declared format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%d/%m/%Y"}, ["row 2",
     "%d/%m/%Y"]),
    ("not a format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%Q"}, ["ingest.time_format is '%Q'"]),
    ("offsets that change", "time,value\n2024-10-27T02:00:00+02:00,1\n2024-10-27T02:00:00+01:00,2\n", AUTO,
     ["row 3", "ingest.time_zone"]),
    ("unknown zone", "time,value\n2024-10-27T02:00:00+02:00,1\n", {**AUTO, "time_zone": "Berlin"},
     ["ingest.time_zone is 'Berlin'"]),
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
    ("h", ["2024-06-01T22:00:00Z", "2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z"], {"time_zone": "Europe/Berlin"}),
    ("D", ["2024-03-29T23:00:00+00:00", "2024-03-30T23:00:00+00:00", "2024-03-31T22:00:00+00:00"],
     {"time_zone": "Europe/Berlin"}),
    ("h", ["2024-01-01T11:00:00+00:00", "2024-01-01T12:00:00+00:00", "2024-01-01T13:00:00+00:00"],
     {"time_zone": "Europe/London"}),
    ("h", ["2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"], {"time_zone": "Europe/Berlin"}),
    ("15min", ["3/9/2024 11:45 pm", "3/10/2024 12:00 am", "3/10/2024 12:15 am"],
     {"time_zone": "America/New_York", "time_format": "%-m/%-d/%Y %-I:%M %#p"}),
    ("D", ["2024-03-30", "2024-03-31", "2024-04-01"], {"time_zone": "Europe/Berlin"}),
    ("D", ["30/1/20", "31/1/20", "1/2/20"], {}),
    ("D", ["2024-1-6", "2024-1-7", "2024-1-8"], {}),
    ("h", ["30.1.2024 9:00", "30.1.2024 10:00", "30.1.2024 11:00"], {}),
    ("MS", ["Nov-20", "Dec-20", "Jan-21"], {}),
    ("MS", ["NOV 2020", "DEC 2020", "JAN 2021"], {}),
    ("MS", ["november 2020", "december 2020", "january 2021"], {}),
    ("QS", ["20q3", "20q4", "21q1"], {}),
    ("QS", ["2020.3", "2020.4", "2021.1"], {"time_format": "%Y.%q"}),
    ("YS", ["2011-12", "2012-13", "2013-14"], {}),
    ("YS", ["1998/1999", "1999/2000", "2000/2001"], {}),
    ("YS", ["FY2011", "FY2012", "FY2013"], {}),
    ("W-MON", ["2020-W9", "2020-W10", "2020-W11"], {}),
    ("D", ["2023-364", "2023-365", "2024-001"], {}),
    ("MS", ["2020 12", "2021 1", "2021 2"], {"time_format": "%Y %-m"}),
    ("h", ["2024-01-01 9", "2024-01-01 10", "2024-01-01 11"], {}),
    ("h", ["2024 12 31 22", "2024 12 31 23", "2025 1 1 0"], {"time_format": "%Y %-m %-d %-H"}),
    ("15min", ["1700000100", "1700001000", "1700001900"], {"time_format": "%s"}),
    ("W-MON", ["45292", "45299", "45306"], {"time_format": "%Ed"}),
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


@pytest.mark.parametrize(
    ("frequency", "times", "written"),
    [
        ("h", ["2024-01-01 23:00:00", "2024-01-02", "2024-01-02 01:00:00"], "2024-01-02 00:00:00"),
        ("h", ["2024-01-02", "2024-01-02T01:00", "2024-01-02T02:00"], "2024-01-02T01:00"),
        ("30min", ["2024-01-01T23", "2024-01-01T23:30", "2024-01-02"], "2024-01-01T23:30"),
        ("500ms", ["2024-01-01T00:00:00", "2024-01-01T00:00:00.500000"], "2024-01-01T00:00:00.500000"),
        ("250ms", ["2024-01-01 00:00:00.25", "2024-01-01 00:00:00.5"], "2024-01-01 00:00:00.50"),
        ("h", ["2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00+00:00"], "2024-01-01T01:00:00.000Z"),
        ("12h", ["1/30/2024", "1/30/2024 12:00", "1/31/2024"], "1/30/2024 12:00"),
    ],
)
def test_times_of_differing_precision_are_one_format_and_are_written_in_the_finest(
    frequency: str, times: list[str], written: str
) -> None:
    panel = panel_of("time,value\n" + "".join(f"{time},1\n" for time in times), frequency="auto")
    assert panel.time_axis.frequency == frequency
    assert times_of(panel)[1] == written
    assert panel.time_axis.parse(pd.Series(times_of(panel))).tolist() == panel.ds.tolist()


@pytest.mark.parametrize(
    ("time_format", "text"),
    [("%Y %-m", "{y} {m}"), ("%Y %q", "{y} {q}"), ("%G %-V", "{w.year} {w.week}"), ("%d/%m/%y", "{d:%d/%m/%y}"),
     ("%y-%m-%d", "{d:%y-%m-%d}")],
)  # fmt: skip
def test_rows_decide_between_parts_of_a_date(time_format: str, text: str) -> None:
    """Numbers that several formats fit are dates in the one format in which they are sorted and regular."""
    frequency = {"%Y %-m": "MS", "%Y %q": "QS", "%G %-V": "W-MON"}.get(time_format, "D")
    days = pd.date_range("2012-12-31", periods=19, freq=frequency)
    times = [text.format(y=day.year, m=day.month, q=day.quarter, w=day.isocalendar(), d=day) for day in days]
    panel = panel_of("time,value\n" + "".join(f"{time},1\n" for time in times), frequency="auto")
    assert (panel.time_axis.frequency, panel.time_axis.time_format) == (frequency, time_format)
    assert (panel.ds.tolist(), times_of(panel)) == (days.tolist(), times)


def test_a_zone_that_does_not_exist_or_in_which_datetimes_are_local() -> None:
    hours = pd.date_range("2024-03-31", periods=4, freq="h").delete(2)
    pd.DataFrame({"time": hours, "value": 1.0}).to_parquet("input.parquet")
    declared = settings("input.parquet", frequency="auto", time_zone="Berlin")
    with pytest.raises(UserError, match=r"ingest\.time_zone is 'Berlin'"):
        build_panel(read_raw(declared), declared)
    declared = settings("input.parquet", frequency="auto", time_zone="Europe/Berlin")
    panel = build_panel(read_raw(declared), declared)
    assert panel.time_axis.frequency == "h"
    assert times_of(panel) == ["2024-03-31 00:00:00", "2024-03-31 01:00:00", "2024-03-31 03:00:00"]


def test_a_declared_format_is_checked_for_datetimes_too() -> None:
    pd.DataFrame({"time": pd.date_range("2024-01-01", periods=3), "value": 1.0}).to_parquet("input.parquet")
    declared = settings("input.parquet", frequency="auto", time_format="%Q")
    with pytest.raises(UserError, match=r"ingest\.time_format is '%Q'"):
        build_panel(read_raw(declared), declared)


FREQUENCIES = {  # of the finest part of a format
    "%f": ["500ms", "s", "h"], "%S": ["30s", "15min", "h", "D"], "%M": ["15min", "30min", "h"], "%H": ["h", "3h", "D"],
    "%s": ["s", "15min", "h", "D", "W-TUE"], "%Ed": ["B", "W-TUE", "MS"], "%d": ["D", "B", "W-TUE", "MS", "ME"],
    "%j": ["D", "B", "W-TUE", "MS"], "%V": ["W-MON"], "%m": ["MS", "QS-FEB", "YS"], "%b": ["MS", "QS-FEB"],
    "%B": ["MS", "QS-FEB"], "%q": ["QS", "YS"], "%y": ["YS"], "%Y": ["YS"],
}  # fmt: skip
ALL = sorted({name for table in (*TIERS, *DIGITS.values(), [*COUNTS.values()]) for name in table})


@settings_of_hypothesis(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(ALL), st.data(), st.datetimes(datetime(2002, 1, 1), datetime(2020, 1, 1)),
    st.sampled_from([4, 14, 40]), st.booleans(),
)  # fmt: skip
def test_every_format_is_read_right_or_refused_with_the_format_that_reads_it(
    time_format: str, data: st.DataObject, first: datetime, periods: int, has_zeros: bool
) -> None:
    finest = next(code for code in FREQUENCIES if code in re.sub(r"%\ds", "%s", time_format))
    frequency = data.draw(st.sampled_from(FREQUENCIES[finest]))
    begin = pd.Timestamp(first).floor("h") if finest in {"%f", "%S", "%M", "%H", "%s"} else pd.Timestamp(first.date())
    steps = pd.Series(pd.date_range(begin, periods=min(periods, 20) if "Y" in frequency else periods, freq=frequency))
    if not has_zeros and re.search(r"%[mdHI]\W", time_format) and not CODES_TOUCH.search(time_format):
        time_format = re.sub("%([mdHI])", r"%-\1", time_format)
    texts = format_times(steps, time_format.replace("%f", "%3f")).tolist()
    text = "time,value\n" + "".join(f'"{each}",1\n' for each in texts)
    try:
        found = [panel_of(text, frequency="auto")]
    except UserError as error:
        hints = [
            name.strip("'").strip("(") for name in re.findall(r"'%[^']*'|\(%[^)]*", str(error).replace("FY%", "%"))
        ]
        hints += [time_format] if "FY" in time_format else []
        found = [panel for hint in hints if (panel := read_or_none(text, hint)) is not None]
    if found[0].time_axis.frequency is None:  # consecutive numbers
        assert times_of(found[0]) == texts
    else:
        assert any(panel.ds.tolist() == steps.tolist() and times_of(panel) == texts for panel in found)


CODES_TOUCH = re.compile("%[a-zA-Z]%")


def read_or_none(text: str, time_format: str) -> Panel | None:
    try:
        return panel_of(text, frequency="auto", time_format=time_format)
    except UserError:
        return None
