"""Checks of raw files: errors name the row and the problem in one line; warnings go to stderr."""

from collections.abc import Callable

import pandas as pd
import pytest

from tests.raw_files import LONG, BadFiles, Changes, cases, panel_of, refuses, values_of

pytestmark = pytest.mark.usefixtures("folder")

BAD: BadFiles = [
    ("duplicate timestamp", "time,value\n1,2\n\n1,3\n", {}, ["row 4", "'1' appears twice", "row 2", "ingest.series"]),
    ("carriage return in an id", 'id,time,value\n"a\rb",1,2\n', {"series": "id"}, ["row 2", "carriage return"]),
    ("duplicate timestamp, two spellings", "time,value\n1,2\n01,3\n", {}, ["row 3", "'01' appears twice"]),
    ("the same row twice", "time,value\n1,2\n2,3\n1,2\n", {}, ["row 4", "'1' appears twice", "also in row 2",
     "2 rows of 1 series", "the values are the same too: remove the repeated rows"]),
    ("duplicates in several series", "id,time,value\na,1,1\na,2,2\nb,1,1\nb,1,3\nb,2,1\nb,1,5\nc,1,1\nc,1,\n",
     LONG, ["row 5", "'1' appears twice in series 'b', also in row 4", "5 rows of 2 series share a timestamp",
      "ingest.series"]),
    ("two days for one step", "time,value\n2024-03-28,1\n2024-03-29,2\n2024-04-30,3\n", {"frequency": "BME"},
     ["row 3", "'2024-03-29' appears twice", "also in row 2 as '2024-03-28'"]),
    ("a gap before a row", "time,value\n2024-01,1\n2024-04,2\n2024-02,3\n2024-06,4\n2024-08,5\n2024-09,6\n",
     {"frequency": "MS"}, ["has no value at 2024-03, before row 3", "3 missing in total, in 1 series",
     "at most 1 in a row"]),
    ("an empty value", "time,value\n1,1\n2,2\n4,4\n3,\n5,5\n", {}, ["no value at 3, which row 5 leaves empty"]),
    ("gaps in two series", "id,time,value\na,1,1\na,2,2\nb,1,1\nb,2,1\nb,5,1\nc,1,1\nc,3,1\n", LONG,
     ["series 'b' has no value at 3, before row 6", "3 missing in total, in 2 series, at most 2 in a row",
      "ingest.missing"]),
    ("every third step", "time,value\n" + "".join(f"{step},{'' if step % 3 else step}\n" for step in range(13)), {},
     ["no value at 1", "values are 3 steps apart throughout", "leave it out"]),
    ("business days among days", "id,time,value\n" + "".join(
        f"{name},2024-01-{day:02},1\n" for name in "ab" for day in range(1, 32) if name == "a" or day % 7 not in (6, 0)
     ), {**LONG, "frequency": "auto"}, ["series 'b' has no value at 2024-01-06", "weekends"]),
    ("a listed frequency over centuries", "time,value\n1700-01-01 09:00,1\n2200-01-01 09:00,3\n", {"frequency": "bh"},
     ["steps of frequency 'bh'"]),
    ("gap", "time,value\n1,2\n3,3\n", {}, ["no value at 2, before row 3", "ingest.missing"]),
    ("more series than rows", "id,time,value\na,1,2\nb,2,3\nc,3,4\n", LONG, ["3 series in 3 values", "ingest.series"]),
    ("season longer than the series", "time,value\n1,2\n2,3\n", {"season_length": 2}, ["ingest.season_length 2",
     "2 steps"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_warnings_of_similar_ids_and_of_series_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,time,value\nShop 1,1,1\nShop 1,2,2\nshop1,1,3\nshop1,2,4\nempty,1,\nempty,2,\nb,1,1\nb,2,2\n"
    panel = panel_of(text, series="id")
    assert values_of(panel) == {"Shop 1": [1, 2], "shop1": [3, 4], "b": [1, 2]}
    similar, empty = capsys.readouterr().err.splitlines()
    assert "'Shop 1' and 'shop1'" in similar
    assert "1 series has no value and is left out ('empty')" in empty


def test_a_frequency_that_nobody_uses_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    text = "time,value\n2000-01,1\n2001-02,2\n2002-03,3\n"
    assert panel_of(text, frequency="auto", time_format="%Y-%m").time_axis.frequency == "13MS"
    warned = capsys.readouterr().err
    assert warned.count("\n") == 1
    assert "frequency found is '13MS', from 2000-01 to 2001-02, which is unusual" in warned
    assert "write fiscal years such as 2000-01 as 2000" in warned
    panel_of(text, frequency="13MS", time_format="%Y-%m")
    panel_of("time,value\n1950,1\n1955,2\n1960,3\n", frequency="auto", time_format="%Y")
    assert not capsys.readouterr().err


def closed(frequency: str, days: int, is_open: Callable[[pd.Timestamp], bool], missing: str = "keep") -> None:
    """Read two series that begin on a Monday, with the rows of the times that are open."""
    times = pd.date_range("2024-01-01", periods=days * (24 if frequency != "D" else 1), freq=frequency)
    rows = [f"{name},{time:%Y-%m-%d %H:%M},1\n" for name in "ab" for time in times if is_open(time)]
    panel_of("id,time,value\n" + "".join(rows), series="id", frequency=frequency, missing=missing)


@pytest.mark.parametrize(
    ("frequency", "days", "is_open", "words"),
    [
        ("D", 100, lambda time: time.dayofweek != 6, "no series has a value on Sundays; these steps are forecast"),
        ("1D", 15, lambda time: time.dayofweek in (0, 4), "on Tuesdays, Wednesdays, Thursdays, Saturdays and Sundays;"),
        ("h", 12, lambda time: time.hour not in (3, 4), "no series has a value at 3:00 and 4:00;"),
        ("h", 40, lambda time: time.dayofweek < 5, "no series has a value on Saturdays and Sundays;"),
        ("D", 50, lambda time: time.dayofweek != 6, ""),  # 43 days with a value are too few to say
        ("D", 100, lambda time: time.dayofweek == 0, ""),  # weeks
        ("h", 40, lambda time: time.hour % 3 == 0, ""),  # three hours
        ("D", 100, lambda time: time.day != 6, ""),
    ],
)
def test_times_without_any_value_are_named(
    frequency: str, days: int, is_open: Callable[[pd.Timestamp], bool], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    closed(frequency, days, is_open)
    warned = capsys.readouterr().err
    assert words in warned
    assert ("no series has a value" in warned) == bool(words)
    closed(frequency, days, is_open, missing="zero")
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "length", "warned"), [("forward", 13, 1), ("forward", 12, 0), ("zero", 30, 0), ("keep", 30, 0)]
)
def test_a_long_filled_gap_is_named(missing: str, length: int, warned: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A year of months is not long."""
    months = pd.date_range("2000-01-01", periods=100, freq="MS")
    rows = [f"{month:%Y-%m},1\n" for step, month in enumerate(months) if not 40 <= step < 40 + length]
    panel_of("time,value\n" + "".join(rows), frequency="auto", missing=missing)
    error = capsys.readouterr().err
    assert error.count("\n") == warned
    assert ("13 values in a row, 2003-05 to 2004-05, are filled in series 'value'" in error) == bool(warned)
