"""Several columns of ids or of times are read as one."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.joined import join_ids
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from tests.raw_files import panel_of, refuses, settings, times_of, values_of

pytestmark = pytest.mark.usefixtures("folder")

TEXT = "store,item,time,value\n2,b,1,5\n2,b,2,6\n1,b,1,7\n1,b,2,8\n2,a,1,9\n2,a,2,10\n"


def test_ids_of_two_columns_in_the_declared_order() -> None:
    values = [[5, 6], [7, 8], [9, 10]]
    assert list(values_of(panel_of(TEXT, series=["store", "item"])).items()) == list(
        zip(["2/b", "1/b", "2/a"], values, strict=True)
    )
    assert list(values_of(panel_of(TEXT, series=["item", "store"]))) == ["b/2", "b/1", "a/2"]


@given(rows=st.lists(st.tuples(*[st.sampled_from(["a", "b", "c d", "é"])] * 3), min_size=1))
def test_joined_ids_are_those_of_a_dictionary(rows: list[tuple[str, ...]]) -> None:
    parts = [pd.factorize(pd.Series(column)) for column in zip(*rows, strict=True)]
    codes, ids = join_ids(
        [(codes.astype(np.int32), list(ids)) for codes, ids in parts], "input.csv", lambda row: row + 2
    )
    assert [ids[code] for code in codes] == ["/".join(row) for row in rows]
    assert ids == list(dict.fromkeys("/".join(row) for row in rows))


def test_pairs_that_are_the_same_when_joined_are_refused() -> None:
    text = "store,item,time,value\na/b,c,1,5\na/b,c,2,6\na,b/c,1,7\n"
    refuses(text, {"series": ["store", "item"]}, ["row 4", "('a', 'b/c')", "('a/b', 'c')", "both 'a/b/c'"])
    refuses(TEXT.replace("1,b,2", "1,,2"), {"series": ["store", "item"]}, ["row 5, column 'item'", "no series id"])


@pytest.mark.parametrize("keys", [["store"], ["item"], ["item", "store"]])
def test_columns_of_ids_may_be_partition_keys(keys: list[str]) -> None:
    table = {"store": ["1", "1", "2", "2"], "item": ["a", "a", "b", "b"], "time": [1, 2, 1, 2], "value": [1, 2, 3, 4]}
    pq.write_to_dataset(pa.table(table), "many", partition_cols=keys)
    declared = settings("many", series=["store", "item"])
    assert values_of(build_panel(read_raw(declared), declared)) == {"1/a": [1, 2], "2/b": [3, 4]}


def test_times_of_two_columns() -> None:
    text = "day,hour,value\n2024-01-31,22:00,1\n2024-01-31, 23:00,2\n2024-02-01,0:00,3\n"
    panel = panel_of(text, time=["day", "hour"], frequency="auto")
    assert times_of(panel) == ["2024-01-31 22:00", "2024-01-31 23:00", "2024-02-01 0:00"]
    assert (panel.time, panel.time_axis.frequency) == ("day hour", "h")
    text = "month,year,value\n11,2023,1\n12,2023,2\n1,2024,3\n"
    panel = panel_of(text, time=["year", "month"], frequency="auto")
    assert (panel.time_axis.frequency, panel.y.tolist()) == ("MS", [1, 2, 3])
    missing = text.replace("12,2023", ",2023")
    refuses(missing, {"time": ["year", "month"], "frequency": "MS"}, ["row 3, column 'year month'", "no time"])


@pytest.mark.parametrize(
    ("first", "second", "times"),
    [
        (pd.to_datetime(["2024-01-31", "2024-02-01"]), ["23:00", "00:00"], ["2024-01-31 23:00", "2024-02-01 00:00"]),
        (
            [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)],
            [datetime.time(23), datetime.time(0)],
            ["2024-01-31 23:00:00", "2024-02-01 00:00:00"],
        ),
    ],
)
def test_dates_and_times_of_parquet_are_joined_as_text(first: object, second: object, times: list[str]) -> None:
    pd.DataFrame({"day": first, "hour": second, "value": [1, 2]}).to_parquet("input.parquet")
    declared = settings("input.parquet", time=["day", "hour"], frequency="auto")
    assert times_of(build_panel(read_raw(declared), declared)) == times
    pd.DataFrame({"day": first, "hour": [23.0, 0.0], "value": [1, 2]}).to_parquet("input.parquet")
    with pytest.raises(UserError, match="column 'hour' holds double"):
        read_raw(declared)
