"""Parquet files and folders: column types and partitions; bad files are refused in one line."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.common.errors import UserError
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from tests.raw_files import AUTO, cases, settings, times_of, values_of

pytestmark = pytest.mark.usefixtures("folder")

GOOD: list[tuple[str, dict[str, Any], dict[str, Any], list[float], list[str]]] = [
    ("integers", {"time": [1, 2], "value": [2**53 + 1, 3]}, {}, [2**53, 3], ["1", "2"]),
    ("text numbers", {"time": ["1", "2"], "value": ["2.5", "3"]}, {}, [2.5, 3], ["1", "2"]),
    ("datetimes", {"time": pd.date_range("2024-01-01", periods=2, freq="h"), "value": [1, 2]}, AUTO, [1, 2],
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


@cases(("table", "changes", "values", "times"), GOOD)
def test_good_parquet(table: dict[str, Any], changes: dict[str, Any], values: list[float], times: list[str]) -> None:
    if any(isinstance(column, pa.Array) for column in table.values()):
        pq.write_table(pa.table(table), "input.parquet")
    else:
        pd.DataFrame(table).to_parquet("input.parquet")
    declared = settings("input.parquet", **changes)
    panel = build_panel(read_raw(declared), declared)
    assert panel.y.tolist() == values
    assert times_of(panel) == times


def test_unused_categories_are_neither_series_nor_timestamps() -> None:
    months = pd.date_range("2020-01-01", periods=3, freq="MS").strftime("%Y-%m-%d")
    days = pd.date_range("2019-12-01", periods=99).strftime("%Y-%m-%d")
    ids = pd.Categorical(["b"] * 3 + ["a"] * 3, categories=["a", "aa", "b", "z"])
    times = pd.Categorical(list(months) * 2, categories=days)
    pd.DataFrame({"id": ids, "time": times, "value": range(6)}).to_parquet("input.parquet")
    declared = settings("input.parquet", series="id", frequency="auto")
    panel = build_panel(read_raw(declared), declared)
    assert values_of(panel) == {"b": [0, 1, 2], "a": [3, 4, 5]}
    assert panel.time_axis.frequency == "MS"


def test_files_of_a_folder_have_the_same_columns_but_types_may_differ() -> None:
    Path("many").mkdir()
    pq.write_table(pa.table({"time": [1, 2], "value": [1, 2]}), "many/a.parquet")
    pq.write_table(pa.table({"time": [3], "value": [2.5]}), "many/b.parquet")
    declared = settings("many")
    assert values_of(build_panel(read_raw(declared), declared)) == {"value": [1, 2, 2.5]}
    pq.write_table(pa.table({"time": [3], "Value": [2.5]}), "many/b.parquet")
    with pytest.raises(UserError, match=r"b\.parquet: no column 'value', which other files of many have"):
        read_raw(declared)


def test_partitioned_parquet() -> None:
    for name, values in [("007", [1, 2]), ("a b", [3, 4])]:
        table = pa.table({"time": [1, 2], "value": values, "id": [name, name], "year": [2024, 2024]})
        pq.write_to_dataset(table, "many", partition_cols=["year", "id"])
    declared = settings("many", series="id")
    panel = build_panel(read_raw(declared), declared)
    assert values_of(panel) == {"007": [1, 2], "a b": [3, 4]}


def test_a_covariate_may_be_a_partition() -> None:
    for name, region in [("a", "north"), ("b", "south")]:
        table = pa.table({"time": [1, 2], "value": [1, 2], "id": [name, name], "region": [region, region]})
        pq.write_to_dataset(table, "many", partition_cols=["region"])
    declared = settings("many", series="id", covariates={"static": ["region"]})
    covariates = build_panel(read_raw(declared), declared).covariates
    assert covariates
    assert covariates.static == ["region=north", "region=south"]
    assert covariates.static_values.tolist() == [[1, 0], [0, 1]]


BAD: list[tuple[str, Any, list[str]]] = [
    ("damaged", b"PAR1 torn", ["not a readable Parquet file"]),
    ("empty", b"", ["an empty file"]),
    ("lists", {"time": [1], "value": [[1.0]]}, ["column 'value'", "list"]),
    ("booleans", {"time": [1], "value": [True]}, ["column 'value'", "bool"]),
    ("fractional steps", {"time": [1.5], "value": [1]}, ["column 'time'", "double"]),
    ("text", {"time": [1, 2], "value": ["1", "x"]}, ["row 2, column 'value'", "'x'"]),
    ("no time", {"time": ["1", None], "value": [1, 2]}, ["row 2, column 'time'", "no time"]),
    ("no rows", {"time": pa.array([], pa.int64()), "value": pa.array([], pa.float64())}, ["no rows"]),
    (
        "the year 9999",
        {"time": pa.array([0, 2932896], pa.date32()), "value": [1, 2]},
        ["row 2, column 'time'", "9999-12-31"],
    ),
    ("a missing column", {"when": [1], "value": [1]}, ["no column 'time'"]),
]


@cases(("table", "words"), BAD)
def test_bad_parquet_is_refused_in_one_line(table: Any, words: list[str]) -> None:
    if isinstance(table, bytes):
        Path("input.parquet").write_bytes(table)
    else:
        pq.write_table(pa.table(table), "input.parquet")
    declared = settings("input.parquet")
    with pytest.raises(UserError) as caught:
        build_panel(read_raw(declared), declared)
    for word in ["input.parquet", *words]:
        assert word in str(caught.value)


def test_truncated_and_too_large_parquet_is_refused() -> None:
    pq.write_table(pa.table({"time": range(200_000), "value": [0.0] * 200_000}), "input.parquet")
    declared = settings("input.parquet", max_gigabytes=1e-3)
    with pytest.raises(UserError, match=r"0\.0032 GB.*max_gigabytes"):
        read_raw(declared)
    whole = Path("input.parquet").read_bytes()
    Path("input.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="not a readable Parquet file"):
        read_raw(declared)


ODD = {
    "lists": pa.array([["a"], ["b"]]),
    "maps": pa.array([[("a", 1)], [("b", 1)]], pa.map_(pa.string(), pa.int64())),
    "structs": pa.array([{"a": 1}, {"a": 2}]),
    "uuids": pa.array([bytes([200]) * 16] * 2, pa.uuid()),
    "bytes of one length": pa.array([b"\xff\xfe", b"ab"], pa.binary(2)),
    "bytes": pa.array([b"a", b"\xff"]),
    "categories of bytes": pa.array([b"a", b"\xff"]).dictionary_encode(),
    "text that is not UTF-8": pa.Array.from_buffers(pa.string(), 2, pa.array([b"a", b"\xff"]).buffers()),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("role", ["id", "time", "value", "wide"])
def test_columns_of_odd_types_are_refused_by_name(kind: str, role: str) -> None:
    columns = {"id": ["a", "a"], "time": [1, 2], "value": [1.0, 2.0], role: ODD[kind]}
    pq.write_table(pa.table(columns), "input.parquet")
    with pytest.raises(UserError) as caught:
        read_raw(settings("input.parquet", **({"value": None} if role == "wide" else {"series": "id"})))
    message = str(caught.value)
    if role == "wide" and "UTF-8" not in message:
        assert "column 'id' does not hold numbers; list the columns of numbers in ingest.value, ['value']" in message
    else:
        assert f"column '{role}'" in message
        assert (" row 2, " in message and r"b'\xff' is not text in UTF-8" in message) or " holds " in message


def test_bytes_that_are_text_are_read_as_text() -> None:
    kinds = [pa.binary(), pa.large_binary(), pa.binary_view(), pa.large_string(), pa.string_view()]
    for kind in kinds:
        table = {"id": pa.array(["a", "a"]).cast(kind), "time": pa.array(["1", "2"]).cast(kind), "value": [1, 2]}
        pq.write_table(pa.table(table), "input.parquet")
        declared = settings("input.parquet", series="id")
        assert values_of(build_panel(read_raw(declared), declared)) == {"a": [1, 2]}


def test_a_column_of_nulls_has_no_values() -> None:
    pq.write_table(pa.table({"time": [1, 2], "a": [1, 2], "b": pa.nulls(2)}), "input.parquet")
    declared = settings("input.parquet", value=None)
    assert values_of(build_panel(read_raw(declared), declared)) == {"a": [1, 2]}
