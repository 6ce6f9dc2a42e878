"""Local times: the hour that the clock repeats is told apart in each series; times that it skips are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from tests.raw_files import AUTO, BadFiles, Changes, cases, panel_of, refuses, times_of

pytestmark = pytest.mark.usefixtures("folder")

BERLIN: Changes = {"frequency": "auto", "time_zone": "Europe/Berlin"}
FORMAT = "%Y-%m-%d %H:%M"


def rows(times: pd.DatetimeIndex, first: int = 0) -> list[tuple[str, int]]:
    """Local times as a file has them, and a value for each, rising with time."""
    return [(text, first + number) for number, text in enumerate(times.strftime(FORMAT))]


def csv_of(*series: list[tuple[str, int]]) -> str:
    return "id,time,value\n" + "".join(f"{name},{time},{y}\n" for name, each in enumerate(series) for time, y in each)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Sydney"])
@pytest.mark.parametrize("frequency", ["h", "15min"])
def test_local_times_are_as_regular_as_in_utc(zone: str, frequency: str) -> None:
    """The days on which daylight saving time begins and ends, whenever that is."""
    year = pd.date_range("2021-01-01", "2022-01-01", freq="h", tz=zone)
    offsets = year.tz_localize(None) - year.tz_convert("UTC").tz_localize(None)
    for turn in year[1:][offsets[1:] != offsets[:-1]]:
        times = pd.date_range(turn - pd.Timedelta("5h"), turn + pd.Timedelta("6h"), freq=frequency)
        panel = panel_of(csv_of(rows(times)), series="id", frequency="auto", time_zone=zone)
        assert panel.time_axis.frequency == frequency
        assert panel.ds.tolist() == times.tolist()
        assert times_of(panel) == times.strftime(FORMAT).tolist()
        assert panel.y.tolist() == list(range(len(times)))


def test_each_series_tells_the_hour_apart_by_the_order_of_its_rows() -> None:
    """A rising series, a falling one (the latest row first), and one that ends in the first of the two hours."""
    times = pd.date_range("2024-10-26 12:00", periods=30, freq="h", tz="Europe/Berlin")
    panel = panel_of(csv_of(rows(times), rows(times)[::-1], rows(times[:15])), series="id", **BERLIN)
    assert panel.lengths.tolist() == [30, 30, 15]
    assert panel.y.tolist() == [*range(30), *range(30), *range(15)]
    following = panel.time_axis.next_steps(panel.ds.iloc[-1], 2)
    assert panel.time_axis.format(following).tolist() == ["2024-10-27 02:00", "2024-10-27 03:00"]


def test_a_wide_file() -> None:
    times = pd.date_range("2024-11-03 00:00", periods=4, freq="h", tz="America/New_York")
    text = "time,a,b\n" + "".join(f"{time},{y},{10 * y}\n" for time, y in rows(times))
    panel = panel_of(text, value=None, frequency="auto", time_zone="America/New_York")
    assert panel.y.tolist() == [0, 1, 2, 3, 0, 10, 20, 30]
    assert times_of(panel)[:4] == ["2024-11-03 00:00", "2024-11-03 01:00", "2024-11-03 01:00", "2024-11-03 02:00"]


def test_a_repeated_hour_that_occurs_once_is_the_first_and_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    times = pd.date_range("2024-10-26 12:00", periods=30, freq="h", tz="Europe/Berlin").delete(15)
    panel = panel_of(csv_of(rows(times)), series="id", missing="interpolate", **BERLIN)
    assert np.flatnonzero(panel.missing).tolist() == [15]
    warning = capsys.readouterr().err
    for words in ("row 16", "'2024-10-27 02:00'", "read as the first"):
        assert words in warning


def test_daily_times_at_a_repeated_hour_are_not_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_of("time,value\n2024-10-26 02:30,1\n2024-10-27 02:30,2\n2024-10-28 02:30,3\n", **BERLIN)
    assert panel.time_axis.frequency == "D"
    assert not capsys.readouterr().err


BAD: BadFiles = [
    ("a skipped time", "time,value\n2024-03-31 01:00,1\n2024-03-31 02:00,2\n2024-03-31 03:00,3\n", BERLIN,
     ["row 3, column 'time': '2024-03-31 02:00' does not exist in Europe/Berlin", "ingest.time_zone to null"]),
    ("three times", "time,value\n2024-10-27 02:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,2\n2024-10-27 03:00,2\n",
     BERLIN, ["row 4", "appears twice"]),
    ("another time twice", "time,value\n2024-10-27 01:00,1\n2024-10-27 01:00,2\n2024-10-27 02:00,2\n", BERLIN,
     ["row 3", "appears twice"]),
    ("steps by the local clock",
     "time,value\n2024-10-26 12:00,1\n2024-10-26 18:00,2\n2024-10-27 00:00,3\n2024-10-27 06:00,4\n",
     BERLIN, ["fit no frequency", "for steps of 6h by the local clock set ingest.time_zone to null"]),
    ("no zone, Berlin", "time,value\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,3\n", AUTO,
     ["row 4", "appears twice", "Europe/Berlin", "set ingest.time_zone"]),
    ("no zone, Sydney", "time,value\n7/4/2024 1:00,1\n7/4/2024 2:00,2\n7/4/2024 2:00,3\n",
     {**AUTO, "time_format": "%d/%m/%Y %H:%M"}, ["row 4", "Australia/Sydney", "set ingest.time_zone"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_other_duplicates_do_not_point_to_a_time_zone() -> None:
    for time in ["2024-06-30 02:00", "2024-10-27 02:00Z"]:
        with pytest.raises(Exception, match="appears twice") as caught:
            panel_of(f"time,value\n{time},1\n{time},2\n{time.replace('02:', '03:')},2\n", frequency="h")
        assert "time_zone" not in str(caught.value)


def test_rows_of_the_hour_that_the_clock_skips_may_have_no_value() -> None:
    """Files with 24 rows for every day."""
    rows = [
        f"2023-03-{day} {hour:02}:00,{'' if (day, hour) == (26, 2) else 1}\n" for day in (25, 26) for hour in range(24)
    ]
    text = "time,value\n" + "".join(rows)
    panel = panel_of(text, frequency="auto", time_zone="Europe/Berlin")
    assert (len(panel.y), panel.missing.sum()) == (47, 0)


def test_days_in_a_zone_whose_clock_skips_midnight_are_read_or_refused() -> None:
    days = pd.date_range("2023-08-20", periods=60).tz_localize("America/Santiago", nonexistent="shift_forward")
    pd.DataFrame({"time": days, "value": range(60)}).to_parquet("input.parquet")
    with pytest.raises(UserError, match="frequency"):
        panel_of(Path("input.parquet").read_bytes(), "input.parquet", frequency="auto")
    assert len(panel_of(Path("input.parquet").read_bytes(), "input.parquet", frequency="D").y) == 60
