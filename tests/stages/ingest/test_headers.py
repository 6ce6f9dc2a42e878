"""A header that lacks the declared columns is explained: times across the columns, a nameless index, no header."""

from pathlib import Path

import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.ingest.headers import times_across
from stages.ingest.raw import read_raw
from tests.raw_files import WIDE, BadFiles, Changes, cases, panel_of, refuses, settings, times_of, values_of

pytestmark = pytest.mark.usefixtures("folder")

BAD: BadFiles = [
    ("years across, wide", "region,1990,1991,1992\nnorth,1,2,3\n", {**WIDE, "time": "region"}, ["times run across",
     "'1990' to '1992'", "frame.melt(['region']"]),
    ("years across, long", "region,X1990,X1991,X1992\nnorth,1,2,3\n", {}, ["no column 'time'", "times run across"]),
    ("months across, numbered ids", "id,2020-01,2020-02,2020-03\n1,4,5,6\n2,7,8,9\n", {**WIDE, "time": "id"},
     ["times run across", "frame.melt(['id']"]),
    ("days across, no other column", "3/1/20,3/2/20,3/3/20\n4,5,6\n", WIDE, ["times run across", "frame.melt([]"]),
    ("one column", "sales\n4\n5\n", {}, ["no column 'time', only 'sales'", "1, 2, 3"]),
    ("no header", "2024-03-01,7.5\n2024-03-02,8\n", {}, ["'2024-03-01', which looks like data", "row of names"]),
    ("a nameless index", ",value\n1,2\n2,3\n", {"time": "Unnamed: 0"}, ["without a name is called 'index'"]),
    ("text in a wide file", "time,city,a,b\n1,x,2,3\n2,y,4,5\n", WIDE, ["column 'city' does not hold numbers",
     "ingest.value, ['a', 'b']", "ingest.series"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_names_that_are_times() -> None:
    for names in (
        ["2019", "2020", "2021"],
        ["1960 [YR1960]", "1961 [YR1961]", "1962 [YR1962]"],
        ["2020Q1", "2020Q2", "2020Q3"],
        ["Jan 2020", "Feb 2020", "Mar 2020"],
        ["1/22/20", "1/23/20", "1/24/20"],
        ["2020-01-01", "2020-01-02", "2020-01-03"],
        ["2020-01-01 00:00:00", "2020-02-01 00:00:00", "2020-03-01 00:00:00"],
    ):
        assert times_across(["id", *names]) == names
    assert not times_across(["time", "1001", "1002", "1003"])  # numbers of shops
    assert not times_across(["time", "2019", "2020", "north", "south", "east"])


def test_years_may_be_series_beside_a_column_of_times() -> None:
    panel = panel_of("time,2019,2020,2021\n1,4,5,6\n2,7,8,9\n", **WIDE)
    assert values_of(panel) == {"2019": [4, 7], "2020": [5, 8], "2021": [6, 9]}


def test_the_index_of_pandas_is_called_index() -> None:
    frame = pd.DataFrame({"value": [2.0, 3.0, 5.0]}, index=pd.date_range("2024-03-01", periods=3))
    frame.to_csv("input.csv")
    frame.to_parquet("input.parquet")
    for path in ("input.csv", "input.parquet"):
        raw = read_raw(settings(path, time="index", frequency="D"))
        assert raw.values.tolist() == [2, 3, 5]
        assert [str(each)[:10] for each in raw.timestamps] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    with pytest.raises(UserError, match="the column without a name is called 'index'"):
        read_raw(settings("input.parquet", time="Unnamed: 0"))
    assert read_raw(settings("input.parquet", time="__index_level_0__")).values.tolist() == [2, 3, 5]
    frame.rename_axis("day").to_csv("input.csv")
    assert read_raw(settings("input.csv", time="day")).values.tolist() == [2, 3, 5]


@pytest.mark.parametrize("header", [",time,a,b", "Unnamed: 0,time,a,b", "index,time,a,b"])
def test_row_numbers_are_no_series(header: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = header + "\n0,1,4,5\n1,2,6,7\n2,3,8,9\n"
    panel = panel_of(text, **WIDE)
    assert values_of(panel) == {"a": [4, 6, 8], "b": [5, 7, 9]}
    assert "left out" in capsys.readouterr().err
    name = header.split(",")[0] or "index"
    assert values_of(panel_of(text, value=[name, "a"])) == {name: [0, 1, 2], "a": [4, 6, 8]}
    assert not capsys.readouterr().err
    assert times_of(panel_of(text, value=["a"], time=name)) == ["0", "1", "2"]
    if header.startswith("index"):
        assert list(values_of(panel_of(text.replace("\n2,3,", "\n7,3,"), **WIDE))) == ["index", "a", "b"]


def test_ten_thousand_columns() -> None:
    names = [f"sensor number {number}" for number in range(10_000)]
    Path("input.csv").write_text(",".join(names) + "\n" + ",".join("1" * len(names)) + "\n")
    with pytest.raises(UserError, match="no column 'time', but there is 'sensor number 0', 'sensor"):
        read_raw(settings())
