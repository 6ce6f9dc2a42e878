"""The inferred frequency of timestamps."""

import calendar
import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.frequency import check_frequency, coarser_frequency, coarsest_frequency, infer_frequency, is_usual
from stages.panel.time_axis import TimeAxis

ALIASES = [
    "YS", "YE", "YS-APR", "QS", "QE", "QS-FEB", "MS", "ME", "BMS", "2MS", "6MS", "W-MON", "W-SUN", "2W-WED", "B", "D",
    "2D", "h", "6h", "30min", "7min", "min", "s", "500ms",
]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_the_frequency_of_generated_timestamps_is_inferred(alias: str, zone: str | None) -> None:
    """pandas generates the timestamps; three months of them contain a change of the clocks."""
    timestamps = pd.date_range("2024-01-01", periods=120, freq=alias, tz=zone)
    assert infer_frequency(timestamps) == alias


@pytest.mark.parametrize("alias", ["MS", "W-MON", "B", "D", "h"])
def test_the_frequency_survives_few_gaps_but_not_many(alias: str) -> None:
    timestamps = pd.date_range("2024-01-01", periods=400, freq=alias)
    order = np.random.default_rng(0).permutation(400)
    assert infer_frequency(timestamps[np.sort(order[:300])]) == alias
    assert infer_frequency(timestamps[np.sort(order[:100])]) is None


def test_timestamps_without_a_frequency() -> None:
    assert infer_frequency(pd.DatetimeIndex(["2024-01-01"])) is None
    assert infer_frequency(pd.DatetimeIndex(["2024-01-13", "2024-02-15", "2024-03-15"])) is None
    assert coarsest_frequency(pd.DatetimeIndex(["2024-01-13", "2024-02-15", "2024-03-15"])) == "D"


@pytest.mark.parametrize(
    ("frequency", "times"),
    [
        (None, ["1700-01-01", "2019-01-01"]),
        (None, ["1700-01-03", "2019-01-01"]),
        (None, ["1700-01-03 01:00", "2019-01-01"]),
        ("3h", ["1678-01-01", "1678-01-02", "2261-12-31 03:00"]),
        ("D", ["1678-01-01", "1678-01-02", "2261-12-31"]),
    ],
)
def test_gaps_of_centuries(frequency: str | None, times: list[str]) -> None:
    assert coarsest_frequency(pd.DatetimeIndex(times)) == frequency
    assert infer_frequency(pd.DatetimeIndex(times)) is None


@pytest.mark.parametrize(
    ("frequency", "dates"),
    [
        ("MS-15", ["2024-01-15", "2024-02-15", "2024-03-15"]),
        ("MS-30", ["2023-12-30", "2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30"]),
        ("MS-30", ["2022-12-30", "2023-01-30", "2023-02-28", "2023-03-30"]),
        ("MS-29", ["2023-01-29", "2023-02-28", "2023-03-29"]),
        ("ME", ["2022-12-31", "2023-01-31", "2023-02-28"]),
        ("3MS-15", ["2023-02-15", "2023-05-15", "2023-08-15"]),
        ("12MS-6", ["2021-04-06", "2022-04-06", "2023-04-06"]),  # British tax years
        ("5YS", ["1950-01-01", "1955-01-01", "1960-01-01"]),
        ("2YE", ["1950-12-31", "1952-12-31", "1954-12-31"]),
        ("4YS-JUL", ["2012-07-01", "2016-07-01", "2020-07-01"]),
        ("13MS", ["2000-01-01", "2001-02-01", "2002-03-01"]),
        ("WOM-3FRI", ["2024-01-19", "2024-02-16", "2024-03-15", "2024-04-19"]),  # expiry of options
        ("4W-FRI", ["2024-01-05", "2024-02-02", "2024-03-01", "2024-03-29"]),
        ("BME", ["2024-01-31", "2024-02-29", "2024-03-28", "2024-04-30"]),  # Good Friday was 29 March
        ("BMS", ["2023-11-01", "2023-12-01", "2024-01-02", "2024-02-01"]),
        ("BQE", ["2023-12-29", "2024-03-28", "2024-06-28"]),
        ("30D", ["2024-01-28", "2024-02-27", "2024-03-28"]),
        ("B", ["2024-01-29", "2024-01-30", "2024-01-31", "2024-02-28", "2024-02-29"]),
    ],
)
def test_months_that_keep_their_day_and_what_resembles_them(frequency: str, dates: list[str]) -> None:
    assert coarsest_frequency(pd.DatetimeIndex(dates)) == frequency
    assert coarsest_frequency(pd.DatetimeIndex(dates[::-1]) + pd.Timedelta(hours=22)) == frequency


@given(st.integers(2, 30), st.integers(14, 40), st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)))
def test_a_day_of_the_month_is_found_and_kept(day: int, size: int, start: datetime.date) -> None:
    """Days as Python's calendar has them, over a February at least."""
    dates = []
    for number in range(size):
        year, month = start.year + (start.month - 1 + number) // 12, (start.month - 1 + number) % 12 + 1
        dates.append(pd.Timestamp(year, month, min(day, calendar.monthrange(year, month)[1])))
    assert coarsest_frequency(pd.DatetimeIndex(dates)) == f"MS-{day}"
    time_axis = TimeAxis(f"MS-{day}", "%Y-%m-%d")
    assert time_axis.next_steps(dates[0], size - 1).tolist() == dates[1:]


USUAL = [
    "MS", "QE", "2MS", "3MS-15", "12MS-6", "6MS", "2YS", "5YS", "10YE", "24MS-2", "W-MON", "2W-TUE", "B", "D", "2D",
    "10D", "h", "2h", "3h", "12h", "min", "5min", "15min", "30min", "s", "10s", "250ms", "100us",
]  # fmt: skip
ODD = ["13MS", "5MS", "7MS-15", "9YS", "7h", "11h", "11D", "3W-MON", "7min", "90min", "7s", "333ms"]


@pytest.mark.parametrize("frequency", USUAL + ODD)
def test_multiples_that_people_use(frequency: str) -> None:
    assert is_usual(frequency) == (frequency in USUAL)


BAD = [
    "monthly", "", "0D", "-1D", "-1MS", "M", "H", "nan", "1e9D", "MS-1", "MS-31", "0MS-15", "W-15",
    "99999999999999999999D", "1000YS", "100000MS", "1000000000h", "99999999999MS", "99999999999MS-15", "999999MS-15",
    "5000000000B", "10000000bh", "1000000000000W", "99999999999SMS",
]  # fmt: skip


@pytest.mark.parametrize("alias", BAD)
def test_bad_aliases_are_refused(alias: str) -> None:
    with pytest.raises(UserError, match=f"ingest.frequency is '{alias}'"):
        check_frequency(alias)


@pytest.mark.parametrize(
    ("frequency", "times", "coarser"),
    [
        ("MS", pd.date_range("2024", periods=5, freq="MS"), None),
        ("MS", pd.date_range("2024", periods=5, freq="QS-FEB"), "QS-FEB"),
        ("MS", pd.date_range("2024", periods=2, freq="YS"), "YS"),
        ("MS", pd.to_datetime(["2024-01-01", "2024-02-01", "2024-04-01"]), None),
        ("MS", pd.to_datetime(["2024-01-01", "2024-04-01", "2026-01-01"]), None),  # less than half of the quarters
        ("D", pd.bdate_range("2024-01-01", periods=5), None),  # a week that tells nothing
        ("D", pd.bdate_range("2024-01-01", periods=6), "B"),
        ("h", pd.date_range("2024", periods=5, freq="3h"), "3h"),
        ("MS", pd.DatetimeIndex(["2024-01-01"]), None),
    ],
)
def test_timestamps_may_have_a_coarser_frequency_of_their_own(
    frequency: str, times: pd.DatetimeIndex, coarser: str | None
) -> None:
    assert coarser_frequency(times, frequency) == coarser
    assert coarser_frequency(times[::-1].append(times), frequency) == coarser
