"""Ingest: any honest file goes in as a regular panel equal to it, and what is wrong is named in one line."""

import csv
import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.common.panel import Panel
from stages.common.params import Ingest
from stages.common.raw import read_raw
from stages.ingest import ingest, summarize
from tests.conftest import ROOT, change_file, shell

Values = dict[str, list[Any]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Paths lie within the project, so each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(path: str = "input.csv", **changes: Any) -> Ingest:
    values: dict[str, Any] = {
        "path": path, "series": None, "time": "time", "value": "value", "decimal": ".", "thousands": None,
        "time_format": None, "time_zone": None, "frequency": None, "season_length": None, "missing": "error",
        "max_gigabytes": 1,
    }  # fmt: skip
    return Ingest(**{**values, **changes})


def panel_of(text: str | bytes, path: str = "input.csv", **changes: Any) -> Panel:
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    given = settings(path, **changes)
    return ingest(read_raw(given), given)


def values_of(panel: Panel) -> Values:
    """The values of each series."""
    return {name: panel.history(series, 0).tolist() for series, name in enumerate(panel.ids)}


def times_of(panel: Panel) -> list[str]:
    return list(panel.clock.write(panel.ds))


def test_the_airline_passengers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Box, Jenkins and Reinsel, Series G: first 112, last 432, sum 40363."""
    monkeypatch.chdir(ROOT)
    given = settings("data/raw/airline_passengers.csv", time="month", value="passengers", frequency="MS")
    raw = read_raw(given)
    panel = ingest(raw, given)
    assert (len(panel.y), panel.y[0], panel.y[-1], panel.y.sum()) == (144, 112, 432, 40363)
    assert summarize(panel, raw) == {
        "series": 1, "rows": 144, "shortest": 144, "longest": 144, "first": "1949-01", "last": "1960-12",
        "frequency": "MS", "season_length": 12, "season_candidates": "12", "filled": 0, "series_without_value": 0,
    }  # fmt: skip


LONG = {"series": "id"}
WIDE: dict[str, Any] = {"value": None}
AUTO = {"frequency": "auto"}

GOOD_FILES: list[tuple[str, str | bytes, dict[str, Any], Values]] = [
    ("comma", "time,value\n1,2.5\n2,3\n", {}, {"value": [2.5, 3]}),
    ("semicolon", "time;value\n1;2.5\n2;3\n", {}, {"value": [2.5, 3]}),
    ("tab", "time\tvalue\n1\t2.5\n2\t3\n", {}, {"value": [2.5, 3]}),
    ("decimal comma", "time;value\n1;2,5\n2;-3\n", {"decimal": ","}, {"value": [2.5, -3]}),
    ("decimal comma, quoted", 'time,value\n1,"2,5"\n2,3\n', {"decimal": ","}, {"value": [2.5, 3]}),
    ("quoted", '"time","value"\n"1","2.5"\n"2","3"\n', {}, {"value": [2.5, 3]}),
    ("byte order mark", b"\xef\xbb\xbftime,value\n1,2\n2,3\n", {}, {"value": [2, 3]}),
    ("carriage returns", "time,value\r\n1,2\r\n2,3\r\n", {}, {"value": [2, 3]}),
    ("blank lines", "\n\ntime,value\n\n1,2\n\n2,3\n\n", {}, {"value": [2, 3]}),
    ("no last line end", "time,value\n1,2\n2,3", {}, {"value": [2, 3]}),
    ("blanks around", "time,value\n 1 , 2 \n 2 , 3 \n", {}, {"value": [2, 3]}),
    ("thousands", 'time,value\n1,"1,234,567.5"\n2,"-12"\n', {"thousands": ","}, {"value": [1234567.5, -12]}),
    ("thousands, decimal comma", "time;value\n1;1.234,5\n2;0\n", {"thousands": ".", "decimal": ","},
     {"value": [1234.5, 0]}),
    ("thousands, blank", "time,value\n1,1 234\n2,7\n", {"thousands": " "}, {"value": [1234, 7]}),
    ("exponents and signs", "time,value\n1,1e3\n2,-2.5E-3\n3,+4\n", {}, {"value": [1000, -0.0025, 4]}),
    ("other columns", "note,time,value,more\nx,1,2,\n,2,3,y\n", {}, {"value": [2, 3]}),
    ("text ids, any order", "id,time,value\nb,3,30\na,1,1\nb,2,20\nb,1,10\na,2,2\n", LONG, {"b": [10, 20, 30],
     "a": [1, 2]}),
    ("number ids", "id,time,value\n007,1,1\n007,2,2\n7,1,3\n7,2,4\n", LONG, {"007": [1, 2], "7": [3, 4]}),
    ("ids past 2^53", "id,time,value\n9007199254740993,1,1\n9007199254740993,2,2\n", LONG,
     {"9007199254740993": [1, 2]}),
    ("an id of two lines", 'id,time,value\n"a\n""b""",1,1\n"a\n""b""",2,2\n', LONG, {'a\n"b"': [1, 2]}),
    ("an id that is NA", "id,time,value\nNA,1,1\nNA,2,2\n", LONG, {"NA": [1, 2]}),
    ("odd ids", "id,time,value\n../../x,1,1\n../../x,2,2\n=1+1🙂,1,3\n=1+1🙂,2,4\n", LONG, {"../../x": [1, 2],
     "=1+1🙂": [3, 4]}),
    ("a long id", f"id,time,value\n{'x' * 10_000},1,1\n{'x' * 10_000},2,2\n", LONG, {"x" * 10_000: [1, 2]}),
    ("wide", "time,a,b\n1,1,10\n2,2,20\n", WIDE, {"a": [1, 2], "b": [10, 20]}),
    ("wide, some columns", "time,a,note,b\n1,1,x,10\n2,2,y,20\n", {"value": ["b", "a"]}, {"b": [10, 20], "a": [1, 2]}),
    ("wide, other starts and ends", "time,a,b\n1,,10\n2,2,20\n3,3,\n", WIDE, {"a": [2, 3], "b": [10, 20]}),
    ("wide, any order", "time,a,b\n2,2,20\n1,1,10\n", WIDE, {"a": [1, 2], "b": [10, 20]}),
    ("long, other starts and ends", "id,time,value\na,1,NA\na,2,2\na,3,3\nb,1,1\nb,2,2\nb,3,\n", LONG,
     {"a": [2, 3], "b": [1, 2]}),
    ("constant, zeros, negatives", "time,value\n1,0\n2,0\n3,-1\n", {}, {"value": [0, 0, -1]}),
    ("past 2^53", "time,value\n1,9007199254740994\n2,18446744073709551616\n", {}, {"value": [2.0**53 + 2, 2.0**64]}),
    ("all sizes", "id,time,value\na,1,1e-12\na,2,2e-12\nb,1,1e15\nb,2,2e15\n", LONG, {"a": [1e-12, 2e-12],
     "b": [1e15, 2e15]}),
    ("blank values", "time,value\n1,1\n2,2\n3, \n4, NA\n", {}, {"value": [1, 2]}),
    ("quotes inside fields", 'time,value,note\n1,1,5" pipe\n2,2,"a ""b"" c"\n3,3,\n', {}, {"value": [1, 2, 3]}),
    ("negative steps", "time,value\n-1,1\n0,2\n1,3\n", {}, {"value": [1, 2, 3]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "changes", "expected"), [case[1:] for case in GOOD_FILES], ids=[c[0] for c in GOOD_FILES]
)
def test_good_files(text: str | bytes, changes: dict[str, Any], expected: Values) -> None:
    panel = panel_of(text, **changes)
    assert values_of(panel) == expected
    assert list(values_of(panel)) == list(expected)
    assert not panel.filled.any()


def test_gzip_under_any_name() -> None:
    for name in ("input.csv.gz", "input.csv"):
        assert values_of(panel_of(gzip.compress(b"time,value\n1,2\n2,3\n"), name)) == {"value": [2, 3]}


GOOD_PARQUETS: list[tuple[str, dict[str, Any], dict[str, Any], list[float], list[str]]] = [
    ("integers", {"time": [1, 2], "value": [2**53 + 1, 3]}, {}, [2**53, 3], ["1", "2"]),
    ("text numbers", {"time": ["1", "2"], "value": ["2.5", "3"]}, {}, [2.5, 3], ["1", "2"]),
    ("stamps", {"time": pd.date_range("2024-01-01", periods=2, freq="h"), "value": [1, 2]}, AUTO, [1, 2],
     ["2024-01-01 00:00:00", "2024-01-01 01:00:00"]),
    ("days", {"time": pd.date_range("2024-01-01", periods=2).date, "value": [1, 2]}, {"frequency": "D"}, [1, 2],
     ["2024-01-01", "2024-01-02"]),
    ("milliseconds", {"time": pd.date_range("2024-01-01", periods=2, freq="500ms"), "value": [1, 2]}, AUTO, [1, 2],
     ["2024-01-01 00:00:00.000", "2024-01-01 00:00:00.500"]),
    ("a constant offset", {"time": pa.array([0, 86_400_000_000], pa.timestamp("us", "+05:30")), "value": [1, 2]},
     {"frequency": "D"}, [1, 2], ["1970-01-01 05:30:00+05:30", "1970-01-02 05:30:00+05:30"]),
    ("large text", {"time": ["1", "2", "3"], "value": pa.array(["1", "2", "NA"], pa.large_string())}, {}, [1, 2],
     ["1", "2"]),
    ("pandas' index", pd.DataFrame({"time": [1, 2, 3], "a": [1, 2, 3]})[1:].to_dict("series"), {"value": None},
     [2, 3], ["2", "3"]),
    ("zones", {"time": pd.date_range("2024-03-31 01:00", periods=2, freq="h", tz="Europe/Berlin"),
     "value": [1, 2]}, AUTO,
     [1, 2], ["2024-03-31 01:00:00+01:00", "2024-03-31 03:00:00+02:00"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "changes", "values", "times"), [c[1:] for c in GOOD_PARQUETS], ids=[c[0] for c in GOOD_PARQUETS]
)
def test_good_parquet(table: dict[str, Any], changes: dict[str, Any], values: list[float], times: list[str]) -> None:
    if any(isinstance(column, pa.Array) for column in table.values()):
        pq.write_table(pa.table(table), "input.parquet")
    else:
        pd.DataFrame(table).to_parquet("input.parquet")
    given = settings("input.parquet", **changes)
    panel = ingest(read_raw(given), given)
    assert panel.y.tolist() == values
    assert times_of(panel) == times


def test_categories_that_no_row_has_are_no_series_and_no_stamps() -> None:
    months = pd.date_range("2020-01-01", periods=3, freq="MS").strftime("%Y-%m-%d")
    days = pd.date_range("2019-12-01", periods=99).strftime("%Y-%m-%d")
    ids = pd.Categorical(["b"] * 3 + ["a"] * 3, categories=["a", "aa", "b", "z"])
    times = pd.Categorical(list(months) * 2, categories=days)
    pd.DataFrame({"id": ids, "time": times, "value": range(6)}).to_parquet("input.parquet")
    given = settings("input.parquet", series="id", frequency="auto")
    panel = ingest(read_raw(given), given)
    assert values_of(panel) == {"b": [0, 1, 2], "a": [3, 4, 5]}
    assert panel.clock.frequency == "MS"


def test_parquet_files_of_one_folder_hold_the_same_columns_and_their_types_may_differ() -> None:
    Path("many").mkdir()
    pq.write_table(pa.table({"time": [1, 2], "value": [1, 2]}), "many/a.parquet")
    pq.write_table(pa.table({"time": [3], "value": [2.5]}), "many/b.parquet")
    given = settings("many")
    assert values_of(ingest(read_raw(given), given)) == {"value": [1, 2, 2.5]}
    pq.write_table(pa.table({"time": [3], "Value": [2.5]}), "many/b.parquet")
    with pytest.raises(UserError, match=r"b\.parquet: no column 'value', which other files of many have"):
        read_raw(given)


def test_parquet_in_partitions() -> None:
    for name, values in [("007", [1, 2]), ("a b", [3, 4])]:
        table = pa.table({"time": [1, 2], "value": values, "id": [name, name], "year": [2024, 2024]})
        pq.write_to_dataset(table, "many", partition_cols=["year", "id"])
    given = settings("many", series="id")
    panel = ingest(read_raw(given), given)
    assert values_of(panel) == {"007": [1, 2], "a b": [3, 4]}


GOOD_TIMES: list[tuple[str, list[str], dict[str, Any]]] = [
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


@pytest.mark.parametrize(("frequency", "times", "changes"), GOOD_TIMES, ids=[f"{f} {t[0]}" for f, t, _ in GOOD_TIMES])
@pytest.mark.parametrize("declared", [True, False])
def test_good_times(frequency: str, times: list[str], changes: dict[str, Any], declared: bool) -> None:
    """The first two are read; the third is what the clock says comes next, in the input's own form."""
    rows = [f"{time},{value}\n" for value, time in enumerate(times)]
    changes = {"frequency": frequency if declared else "auto", **changes}
    panel = panel_of("time,value\n" + "".join(rows), **changes)
    assert panel.clock.frequency == frequency
    assert times_of(panel) == times
    assert panel.clock.write(panel.clock.following(panel.ds.iloc[1], 1)).tolist() == times[2:]


def test_auto_over_whole_numbers_is_integer_steps() -> None:
    panel = panel_of("time,value\n1999,1\n2000,2\n", frequency="auto")
    assert panel.clock.frequency is None


@pytest.mark.parametrize(
    ("frequency", "given", "expected", "candidates"),
    [
        ("h", None, (24, 168), "24, 168"),
        ("h", 24, (24,), "24, 168"),
        ("h", [12, 24, 168], (12, 24, 168), "24, 168"),
        ("2h", None, (12, 84), "12, 84"),
        ("D", None, (7,), "7"),
    ],
)
def test_seasons_are_those_of_the_frequency_unless_they_are_given(
    frequency: str, given: Any, expected: tuple[int, ...], candidates: str
) -> None:
    stamps = pd.date_range("2024-01-01", periods=400, freq=frequency)
    pd.DataFrame({"time": stamps, "value": 1.0}).to_csv("input.csv", index=False)
    declared = settings(frequency=frequency, season_length=given)
    raw = read_raw(declared)
    summary = summarize(panel := ingest(raw, declared), raw)
    assert panel.season_lengths == expected
    assert (str(summary["season_length"]), summary["season_candidates"]) == (", ".join(map(str, expected)), candidates)


@pytest.mark.parametrize(
    ("missing", "filled"),
    [
        ("forward", [1, 2, 2, 2, 5, 6, 6, 6, 9]),
        ("zero", [1, 2, 0, 0, 5, 6, 0, 0, 9]),
        ("interpolate", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("seasonal", [1, 2, 2, 2, 5, 6, 5, 6, 9]),  # of 2 steps: steps 3 and 4 repeat 1 and 2
    ],
)
def test_missing_values_and_steps_are_filled_and_flagged(missing: Any, filled: list[float]) -> None:
    if missing == "seasonal":
        filled = [1, 2, 1, 2, 5, 6, 5, 6, 9]
    text = "time,value\n1,1\n2,2\n4,\n5,5\n6,6\n7,NA\n9,9\n10,\n"  # 3 and 8 are not there, 4, 7 and 10 have no value
    panel = panel_of(text, missing=missing, season_length=2)
    assert panel.y.tolist() == filled
    assert panel.filled.tolist() == [False, False, True, True, False, False, True, True, False]


def test_two_series_are_not_filled_from_one_another() -> None:
    text = "id,time,value\na,1,1\na,3,3\nb,1,100\nb,3,300\n"
    assert values_of(panel_of(text, series="id", missing="interpolate")) == {"a": [1, 2, 3], "b": [100, 200, 300]}
    assert values_of(panel_of(text, series="id", missing="forward")) == {"a": [1, 1, 3], "b": [100, 100, 300]}
    assert values_of(panel_of(text, series="id", missing="seasonal")) == {"a": [1, 1, 3], "b": [100, 100, 300]}


def test_an_origin_in_an_interpolated_gap_does_not_know_what_came_after_it() -> None:
    panels = [panel_of(f"time,value\n1,1\n2,2\n5,{last}\n6,7\n", missing="interpolate") for last in (5, 500)]
    assert panels[0].history(0, 0).tolist() == [1, 2, 3, 4, 5, 7]
    for held_back in (2, 3, 4):
        histories = [panel.history(0, held_back).tolist() for panel in panels]
        assert histories[0] == histories[1] == [1, 2, 2, 2][: 6 - held_back]
        for panel in panels:
            assert panel.histories(held_back)[0].tolist() == histories[0]


IDS = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), min_size=1)


BAD_FILES: list[tuple[str, str | bytes, dict[str, Any], list[str]]] = [
    ("empty", "", {}, ["an empty file"]),
    ("byte order mark alone", b"\xef\xbb\xbf", {}, ["an empty file"]),
    ("header only", "time,value\n", {}, ["a header and no rows"]),
    ("binary", bytes(range(256)), {}, ["input.csv"]),
    ("zero bytes", b"time,value\0\n1,2\n", {}, ["a binary file"]),
    ("Parquet by another name", b"PAR1abcd", {}, ["end its name in .parquet"]),
    ("half a gzip", gzip.compress(b"time,value\n1,2\n" * 99)[:40], {}, ["not a whole gzip file"]),
    ("other encoding", "id,time,value\né,1,2\né,2,2\n".encode("latin-1"), LONG, ["row 2", "not UTF-8"]),
    ("other encoding, header", "time,valué\n".encode("latin-1"), {}, ["row 1", "not UTF-8"]),
    ("UTF-16", "time,value\n1,2\n".encode("utf-16"), {}, ["not UTF-8"]),
    ("missing column", "time,values\n1,2\n", {}, ["no column 'value'", "'values'"]),
    ("column twice", "time,value,value\n1,2,3\n", {}, ["2 columns are called 'value'"]),
    ("column without name", "time,a,\n1,2,3\n", WIDE, ["column 3 has no name"]),
    ("wide without columns", "time\n1\n", WIDE, ["no column but 'time'"]),
    ("a row with a field more", "time,value\n1,2\n\n2,3,4\n", {}, ["row 4", "3 fields", "the header has 2"]),
    ("a row with a field less", "time,value\n1\n2,3\n", {}, ["row 2", "1 fields", "the header has 2"]),
    ("open quote", 'time,value\n"1,2\n2,3\n', {}, ["row 2", "quote"]),
    ("open quote in another column", 'time,value,note\n1,1,ok\n2,2,"x\n3,3,ok\n4,4,ok\n', {}, ["row 3",
     "a quote opens"]),
    ("NaN in other letters", "time,value\n1,1\n2,NAN\n", {}, ["row 3", "'NAN' is not a finite number"]),
    ("thousands that start with 0", "time;value\n1;0.500\n", {"thousands": ".", "decimal": ","}, ["'0.500'"]),
    ("days as whole numbers", "time,value\n20240101,1\n20240102,2\n", AUTO, ["row 2",
     "ingest.time_format to '%Y%m%d'"]),
    ("months as whole numbers", "time,value\n202401,1\n202402,2\n", AUTO, ["row 2", "ingest.time_format to '%Y%m'"]),
    ("a week 53 of 52", "time,value\n2019-W52,1\n2019-W53,2\n2020-W02,2\n", AUTO, ["row 3",
     "'2019-W53' is not of the form"]),
    ("offsets without a zone", "time,value\n2024-01-01T00:00+0100,1\n", {**AUTO, "time_format": "%Y-%m-%dT%H:%M%z"},
     ["set ingest.time_zone"]),
    ("a quarter without a year", "time,value\nQ1 20,1\nQ2 20,1\n", {**AUTO, "time_format": "Q%q %y"},
     ["ingest.time_format", "%Y"]),
    ("three centuries and a typo", "time,value\n1700-01-01,1\n2019-01-01,1\n2020-01-02,1\n", AUTO,
     ["fit no frequency"]),
    ("other encoding, far down", b"id,time,value\n" + b"a,1,2\n" * 5000 + b"\xe9,2,3\n", LONG, ["row 5002",
     "not UTF-8"]),
    ("no number", "time,value\n1,2\n2,many\n", {}, ["row 3, column 'value'", "'many'"]),
    ("no number, after blank lines", "time,value\n\n1,2\n\n\n2,many\n", {}, ["row 6, column 'value'"]),
    ("no number, after a quoted line end", 'id,time,value\n"a\nb",1,2\nc,2,many\n', LONG, ["row 4, column 'value'"]),
    ("no number, wide", "time,a,b\n1,2,3\n2,3,x\n", WIDE, ["row 3, column 'b'", "'x'"]),
    ("decimal comma undeclared", "time;value\n1;2\n2;2,5\n", {}, ["row 3", "ingest.decimal to ','"]),
    ("thousands undeclared", 'time,value\n1,"1,234.5"\n', {}, ["'1,234.5'", "ingest.thousands to ','"]),
    ("thousands in no groups", 'time,value\n1,"1,23"\n', {"thousands": ","}, ["'1,23' is not a finite number"]),
    ("hexadecimal", "time,value\n1,0x10\n", {}, ["'0x10' is not a finite number"]),
    ("infinity", "time,value\n1,2\n2,inf\n", {}, ["row 3, column 'value'", "not a finite number"]),
    ("past all numbers", "time,value\n1,2\n2,1e999\n", {}, ["row 3", "not a finite number"]),
    ("no value at all", "time,value\n1,\n2,NA\n", {}, ["no value in any row"]),
    ("stamp twice", "time,value\n1,2\n\n1,3\n", {}, ["row 4", "'1' stands twice", "row 2", "ingest.series"]),
    ("carriage return in an id", 'id,time,value\n"a\rb",1,2\n', {"series": "id"}, ["row 2", "carriage return"]),
    ("stamp twice, two ways", "time,value\n1,2\n01,3\n", {}, ["row 3", "'01' stands twice"]),
    ("gap", "time,value\n1,2\n3,3\n", {}, ["no value at 2", "ingest.missing"]),
    ("stamps as integers", "time,value\n1700000000,1\n1700003600,3\n", {}, ["span 3600 integer steps",
     "ingest.frequency"]),
    ("beyond integers", "time,value\n1,1\n99999999999999999999,3\n", {}, ["row 3", "not an integer step"]),
    ("no integer", "time,value\n1,1\n2.5,3\n", {}, ["row 3, column 'time'", "'2.5' is not an integer step"]),
    ("no time", "time,value\n2024-01-01,1\n,3\n", AUTO, ["row 3, column 'time'", "no time"]),
    ("no date", "time,value\nJanuary,2\n", {"frequency": "MS"}, ["row 2, column 'time'", "'January'"]),
    ("another form of date", "time,value\n2024-01-01,2\n2/1/2024,3\n", AUTO, ["row 3", "%Y-%m-%d"]),
    ("no such day", "time,value\n2024-02-28,2\n2024-02-30,3\n", AUTO, ["row 3",
     "'2024-02-30' is not of the form %Y-%m-%d"]),
    ("ambiguous", "time,value\n01/02/2024,2\n01/03/2024,3\n", AUTO,
     ["row 2", "1 February 2024 (%d/%m/%Y) or 2 January 2024 (%m/%d/%Y)", "ingest.time_format"]),
    ("two-digit years", "time,value\n01-02-24,2\n", AUTO, ["'01-02-24' is no date in a form that is known"]),
    ("not the declared format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%d/%m/%Y"}, ["row 2",
     "%d/%m/%Y"]),
    ("no format", "time,value\n2024-01-01,2\n", {**AUTO, "time_format": "%Q"}, ["ingest.time_format is '%Q'"]),
    ("offsets that change", "time,value\n2024-10-27T02:00:00+02:00,1\n2024-10-27T02:00:00+01:00,2\n", AUTO,
     ["row 3", "ingest.time_zone"]),
    ("no such zone", "time,value\n2024-10-27T02:00:00+02:00,1\n", {**AUTO, "time_zone": "Berlin"},
     ["ingest.time_zone is 'Berlin'"]),
    ("zone without offsets", "time,value\n2024-01-01,1\n2024-01-02,1\n", {**AUTO, "time_zone": "Europe/Berlin"},
     ["ingest.time_zone", "no offset"]),
    ("off the grid", "time,value\n2024-01-01,2\n2024-01-15,3\n", {"frequency": "MS"}, ["row 3", "2024-01-15",
     "frequency 'MS'"]),
    ("another frequency", "time,value\n2024-01-01,2\n2024-01-08,3\n2024-01-15,3\n", {"frequency": "MS"},
     ["row 3", "set ingest.frequency to 'W-MON'"]),
    ("irregular", "time,value\n2024-01-01,2\n2024-01-02,3\n2024-03-17,3\n", AUTO, ["1 days", "75 days",
     "fit no frequency"]),
    ("one stamp", "time,value\n2024-01-01,2\n", AUTO, ["row 2", "the only one", "ingest.frequency"]),
    ("too fine", "time,value\n2024-01-01,2\n2024-01-02,3\n", {"frequency": "s"}, ["86400 steps of frequency 's'"]),
    ("unknown frequency", "time,value\n2024-01-01,2\n", {"frequency": "monthly"}, ["ingest.frequency is 'monthly'"]),
    ("frequency out of use", "time,value\n2024-01-01,2\n", {"frequency": "M"}, ["ingest.frequency is 'M'", "'ME'"]),
    ("backward frequency", "time,value\n2024-01-01,2\n", {"frequency": "-1D"}, ["does not go forward"]),
    ("no id", "id,time,value\n,1,2\n,2,3\n", LONG, ["row 2, column 'id'", "no series id"]),
    ("an id of blanks", "id,time,value\na,1,2\n  ,2,3\n", LONG, ["row 3, column 'id'", "no series id"]),
    ("more series than rows", "id,time,value\na,1,2\nb,2,3\nc,3,4\n", LONG, ["3 series in 3 values", "ingest.series"]),
    ("season longer than a history", "time,value\n1,2\n2,3\n", {"season_length": 2}, ["ingest.season_length 2",
     "2 steps"]),
    ("too large", "time,value\n" + "1,2\n" * 1000, {"max_gigabytes": 1e-6}, ["ingest.max_gigabytes"]),
    ("a bomb", gzip.compress(bytes(10**7)), {"max_gigabytes": 1e-3}, ["more than 0.001 GB", "ingest.max_gigabytes"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "changes", "words"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_bad_files_are_named_in_one_line(text: str | bytes, changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        panel_of(text, **changes)
    message = str(caught.value)
    assert message.startswith(("input.csv", "params.yaml"))
    assert len(message) < 500
    for word in words:
        assert word in message


BAD_PARQUETS: list[tuple[str, Any, list[str]]] = [
    ("torn", b"PAR1 torn", ["not a readable Parquet file"]),
    ("empty", b"", ["not a readable Parquet file"]),
    ("lists", {"time": [1], "value": [[1.0]]}, ["column 'value'", "list"]),
    ("truth", {"time": [1], "value": [True]}, ["column 'value'", "bool"]),
    ("fractions of steps", {"time": [1.5], "value": [1]}, ["column 'time'", "double"]),
    ("text", {"time": [1, 2], "value": ["1", "x"]}, ["row 2, column 'value'", "'x'"]),
    ("no time", {"time": ["1", None], "value": [1, 2]}, ["row 2, column 'time'", "no time"]),
    ("no rows", {"time": pa.array([], pa.int64()), "value": pa.array([], pa.float64())}, ["no rows"]),
    (
        "the year 9999",
        {"time": pa.array([0, 2932896], pa.date32()), "value": [1, 2]},
        ["row 2, column 'time'", "9999-12-31"],
    ),
    ("a column less", {"when": [1], "value": [1]}, ["no column 'time'"]),
]


@pytest.mark.parametrize(
    ("table", "words"), [case[1:] for case in BAD_PARQUETS], ids=[case[0] for case in BAD_PARQUETS]
)
def test_bad_parquet_is_named_in_one_line(table: Any, words: list[str]) -> None:
    if isinstance(table, bytes):
        Path("input.parquet").write_bytes(table)
    else:
        pq.write_table(pa.table(table), "input.parquet")
    given = settings("input.parquet")
    with pytest.raises(UserError) as caught:
        ingest(read_raw(given), given)
    for word in ["input.parquet", *words]:
        assert word in str(caught.value)


def test_a_zone_that_is_none_or_that_stamps_do_not_have() -> None:
    pd.DataFrame({"time": pd.date_range("2024-01-01", periods=3), "value": 1.0}).to_parquet("input.parquet")
    for zone, words in [
        ("Berlin", "ingest.time_zone is 'Berlin'"),
        ("Europe/Berlin", "has no offsets; set it to null"),
    ]:
        given = settings("input.parquet", frequency="auto", time_zone=zone)
        raw = read_raw(given)
        with pytest.raises(UserError, match=words):
            ingest(raw, given)


def test_truncated_parquet_and_one_that_unpacks_to_much() -> None:
    pq.write_table(pa.table({"time": range(200_000), "value": [0.0] * 200_000}), "input.parquet")
    given = settings("input.parquet", max_gigabytes=1e-3)
    with pytest.raises(UserError, match=r"0\.0032 GB.*max_gigabytes"):
        read_raw(given)
    whole = Path("input.parquet").read_bytes()
    Path("input.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="not a readable Parquet file"):
        read_raw(given)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none.csv", "no such file"),
        ("inptu.csv", "there is 'input.csv'"),
        ("folder", "a folder without Parquet files"),
        ("../input.csv", "leads out of the project"),
        ("/etc/passwd", "leads out of the project"),
        ("https://example.org/sales.csv", "`dvc import-url 'https://example.org/sales.csv' data/raw/sales.csv`"),
        ("s3://bucket/sales.csv", "`dvc import-url 's3://bucket/sales.csv' data/raw/sales.csv`"),
    ],
)
def test_paths_that_are_none(path: str, words: str) -> None:
    Path("input.csv").write_text("time,value\n1,2\n")
    Path("folder").mkdir()
    with pytest.raises(UserError, match=re.escape(words)):
        read_raw(settings(path))


def test_ids_alike_and_series_without_a_value_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,time,value\nShop 1,1,1\nShop 1,2,2\nshop1,1,3\nshop1,2,4\nempty,1,\nempty,2,\nb,1,1\nb,2,2\n"
    panel = panel_of(text, series="id")
    assert values_of(panel) == {"Shop 1": [1, 2], "shop1": [3, 4], "b": [1, 2]}
    twins, empty = capsys.readouterr().err.splitlines()
    assert "'Shop 1' and 'shop1'" in twins
    assert "1 series hold no value and are left out ('empty')" in empty


def test_check_writes_nothing(folder: Path) -> None:
    for name in ("stages", "params.yaml", "dvc.lock", "data/raw/airline_passengers.csv"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(ROOT / name) if name != "params.yaml" else target.write_text((ROOT / name).read_text())
    before = sorted(folder.rglob("*"))
    printed = shell("python", "-m", "stages.ingest", "--check", cwd=folder).stdout
    assert "series 1, rows 144" in printed
    assert "frequency MS, season_length 12" in printed
    assert sorted(folder.rglob("*")) == before
    change_file(folder, ingest__value="passenger")
    done = shell("python", "-m", "stages.ingest", "--check", cwd=folder, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "no column 'passenger', but there is 'passengers'" in done.stderr
    assert "dvc checkout" not in done.stderr  # nothing was lost


@st.composite
def panels(draw: st.DrawFn) -> tuple[str, list[str], dict[str, dict[int, float]]]:
    """A frequency, all its steps as texts, and of each series the values at some of the steps."""
    start, frequency = draw(
        st.sampled_from([("2019-12-30", "D"), ("2020-02-01", "MS"), ("2021-03-01", "W-MON"), ("0", "")])
    )
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    count = 40
    texts = pd.date_range(start, periods=count, freq=frequency).strftime("%Y-%m-%d") if frequency else range(count)
    names = draw(st.lists(IDS.filter(lambda name: bool(name.strip())), min_size=1, max_size=4, unique=True))
    table: dict[str, dict[int, float]] = {}
    for name in names:
        first, length = chance.randrange(count - 20), chance.randrange(2, 20)
        kept = [
            step
            for step in range(first, first + length)
            if step == first or chance.random() > draw(st.sampled_from([0, 0.2]))
        ]
        table[name] = {step: chance.gauss(0, 1) * 10.0 ** chance.randrange(-12, 16) for step in kept}
    return frequency, [str(text) for text in texts], table


@given(panels(), st.sampled_from(["error", "forward", "zero", "interpolate", "seasonal"]), st.randoms())
def test_what_goes_in_comes_out_equal_where_it_was_given_or_is_refused_by_name(
    drawn: tuple[str, list[str], dict[str, dict[int, float]]], missing: Any, chance: random.Random
) -> None:
    frequency, texts, table = drawn
    rows = [(name, texts[step], value) for name, values in table.items() for step, value in values.items()]
    chance.shuffle(rows)
    pd.DataFrame(rows, columns=["id", "time", "value"]).to_csv(
        "input.csv", index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    declared = settings(series="id", frequency=frequency or None, missing=missing)
    gaps = [name for name, values in table.items() if max(values) - min(values) + 1 > len(values)]
    refused = ""
    try:
        panel = ingest(read_raw(declared), declared)
    except UserError as error:
        refused = str(error)
    if refused:
        few = len(table) > 1 and len(rows) < 2 * len(table)
        assert few or (missing == "error" and gaps)
        assert ("less than 2 for each" if few else "has no value at") in refused
        return
    assert panel.ids == list(dict.fromkeys(name for name, _, _ in rows))
    assert np.isfinite(panel.y).all()
    for series, name in enumerate(panel.ids):
        span = slice(panel.indptr[series], panel.indptr[series + 1])
        steps = range(min(table[name]), max(table[name]) + 1)
        assert panel.clock.write(panel.ds[span]).tolist() == [texts[step] for step in steps]
        assert panel.filled[span].tolist() == [step not in table[name] for step in steps]
        given_values = [value for value, filled in zip(panel.y[span], panel.filled[span], strict=True) if not filled]
        assert given_values == [table[name][step] for step in steps if step in table[name]]


def test_what_a_summary_holds_is_json() -> None:
    declared = settings(missing="zero")
    Path("input.csv").write_text("time,value\n1,1\n3,2\n")
    raw = read_raw(declared)
    assert json.loads(json.dumps(summarize(ingest(raw, declared), raw)))["filled"] == 1
