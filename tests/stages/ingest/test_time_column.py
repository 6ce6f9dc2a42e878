"""The time column: text, datetimes and periods are read, types that hold no times are refused."""

import datetime
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.common.errors import UserError
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel
from tests.raw_files import settings, times_of

pytestmark = pytest.mark.usefixtures("folder")


def read(times: pa.Array, metadata: dict[bytes, bytes] | None = None, **changes: object) -> Panel:
    schema = pa.schema([pa.field("time", times.type, metadata=metadata), pa.field("value", pa.float64())])
    pq.write_table(pa.table([times, pa.array(np.arange(len(times), dtype=float))], schema=schema), "input.parquet")
    declared = settings("input.parquet", **{"frequency": "auto", **changes})
    return build_panel(read_raw(declared), declared)


def period_type(content: object) -> dict[bytes, bytes]:
    return {b"ARROW:extension:name": b"pandas.period", b"ARROW:extension:metadata": json.dumps(content).encode()}


@pytest.mark.parametrize(
    ("period", "frequency"),
    [
        ("M", "MS"), ("3M", "QS"), ("Q-DEC", "QS"), ("Q-NOV", "QS-DEC"), ("Y-DEC", "YS"), ("Y-JUN", "YS-JUL"),
        ("W-SUN", "W-MON"), ("W-WED", "W-THU"), ("2W-SUN", "2W-MON"), ("D", "D"), ("h", "h"), ("6h", "6h"),
        ("min", "min"), ("15min", "15min"), ("s", "s"), ("ms", "ms"),
    ],
)  # fmt: skip
def test_periods_of_pandas_are_the_times_at_which_they_begin(period: str, frequency: str) -> None:
    """pandas' own start times, from a file that pandas has written."""
    periods = pd.period_range("2019-12-02", periods=12, freq=period)
    pd.DataFrame({"time": periods, "value": 1.0}).to_parquet("input.parquet")
    declared = settings("input.parquet", frequency="auto")
    panel = build_panel(read_raw(declared), declared)
    assert panel.ds.tolist() == periods.to_timestamp().tolist()
    assert str(panel.time_axis.frequency).split("-")[0] == frequency.split("-")[0]
    assert panel.time_axis.parse(pd.Series(times_of(panel))).tolist() == panel.ds.tolist()


@pytest.mark.parametrize(("old", "first"), [("A-DEC", "2000-01-01"), ("H", "1970-01-02"), ("B", "1970-02-12")])
def test_periods_that_older_versions_of_pandas_wrote(old: str, first: str) -> None:
    panel = read(pa.array([30, 31, 32]), period_type({"freq": old}))
    assert panel.ds.iloc[0].normalize() == pd.Timestamp(first)


@pytest.mark.parametrize(
    ("metadata", "ordinals", "problem"),
    [
        (period_type({"freq": "zz"}), [1, 2], "column 'time' holds periods of frequency 'zz'"),
        (period_type({"freq": "M"}), [1, 10**9], "row 2, column 'time': .* is not a date from 1678 to 2261"),
        (period_type({"freq": "M"}), [1, None], "row 2, column 'time': no time"),
        (period_type({}), [1, 2], "not a readable Parquet file"),
        ({**period_type({}), b"ARROW:extension:metadata": b"{"}, [1, 2], "not a readable Parquet file"),
    ],
)
def test_periods_that_cannot_be_read(metadata: dict[bytes, bytes], ordinals: list[int], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        read(pa.array(ordinals, pa.int64()), metadata)


def test_zones_that_are_offsets_from_utc() -> None:
    hours = np.array([0, 3600], dtype="datetime64[s]")
    for zone in ("+05:30", "+0530"):
        panel = read(pa.array(hours).cast(pa.timestamp("us")).cast(pa.timestamp("us", zone)))
        assert times_of(panel) == ["1970-01-01 05:30:00+05:30", "1970-01-01 06:30:00+05:30"]


@pytest.mark.parametrize("zone", ["Mars/Phobos", "+25:00", "-24:00", "utc", "+05:60", "5"])
def test_zones_that_do_not_exist(zone: str) -> None:
    with pytest.raises(
        UserError, match=r"column 'time' is in the time zone '.*', which does not exist; store it in UTC"
    ):
        read(pa.array([0, 3600], pa.timestamp("us", zone)))


@pytest.mark.parametrize("kind", [pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.date64()])
@pytest.mark.parametrize("end", [-(2**63), -(2**63) + 1, 2**63 - 1])
def test_the_ends_of_a_type_are_refused(kind: pa.DataType, end: int) -> None:
    with pytest.raises(UserError, match=r"row 2, column 'time': .* is not a date from 1678 to 2261"):
        read(pa.array([0, end], pa.int64()).view(kind))


@pytest.mark.parametrize("day", ["1677-12-31", "2262-01-01", "9999-12-31"])
def test_years_out_of_range(day: str) -> None:
    for kind in (pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ms", "Europe/Berlin")):
        times = pa.array([datetime.date(2000, 1, 1), datetime.date.fromisoformat(day)])
        with pytest.raises(UserError, match=f"row 2, column 'time': {day}.* is not a date from 1678 to 2261"):
            read(times.cast(pa.timestamp(getattr(kind, "unit", "ms"))).cast(kind))


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        (pa.array([1, 2], pa.time32("s")), "times of day without a date"),
        (pa.array([1, 2], pa.duration("s")), "lengths of time"),
        (pa.array([2001.0, 2002.0]), "holds double, not dates, text or whole numbers"),
        (pa.array([{"a": 1}, {"a": 2}]), "holds struct"),
        (pa.array([[1], [2]]), "holds list"),
        (pa.array([None, None]), "holds null"),
    ],
)
def test_types_that_hold_no_times(times: pa.Array, problem: str) -> None:
    with pytest.raises(UserError, match=f"^input.parquet, column 'time' .*{problem}"):
        read(times)
