"""Steps of whole months, against pandas' offsets and Python's calendar."""

import calendar
import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel.months import Months, alias_of, local_dates, month_numbers, months_of

ALIASES = [
    "MS", "ME", "BMS", "BME", "7MS", "QS", "QE", "BQS", "BQE", "QS-FEB", "QE-JAN", "BQE-NOV", "2QS", "YS", "YE", "BYS",
    "BYE", "YS-APR", "YE-JUN", "BYE-MAR", "5YS", "10YE-SEP",
]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
def test_months_are_those_of_pandas(alias: str) -> None:
    """Every step of pandas is one here, `count` months after the one before, and no other day of its year is."""
    months = months_of(alias)
    assert months
    expected = local_dates(pd.date_range("1999-03-05", periods=20, freq=alias))
    assert months.contain(expected).all()
    numbers = month_numbers(expected)
    assert (np.diff(numbers) == months.count).all()
    assert (months.dates(numbers) == expected).all()
    days = local_dates(pd.date_range("2001-01-01", "2010-12-31"))
    found = days[months.contain(days) & (months.dates(month_numbers(days)) == days)]
    single = alias.lstrip("0123456789")
    assert (found == local_dates(pd.date_range("2001-01-01", "2010-12-31", freq=single))).all()


@pytest.mark.parametrize("frequency", ["D", "W-MON", "h", "B", "SMS", "WOM-3FRI", "bh"])
def test_other_frequencies_are_not_of_whole_months(frequency: str) -> None:
    assert months_of(frequency) is None


@given(st.integers(1, 40), st.integers(2, 30), st.integers(-3000, 3000), st.integers(1, 30))
def test_a_day_of_the_month_is_kept_and_a_shorter_month_has_its_last(
    count: int, day: int, first: int, size: int
) -> None:
    months = months_of(f"{count}MS-{day}")
    assert months == Months(count, day)
    dates = months.dates(first + count * np.arange(size))
    expected = []
    for number in range(first, first + count * size, count):
        year, month = 1970 + number // 12, number % 12 + 1
        expected.append(datetime.date(year, month, min(day, calendar.monthrange(year, month)[1])))
    assert dates.tolist() == expected
    assert months.contain(dates).all()
    assert not months.contain(dates - np.timedelta64(1, "D")).any()


def test_holidays_move_a_business_day_within_its_month() -> None:
    """Good Friday 2024 was 29 March; New York and Shanghai did not trade on 1 January 2024 and 1 to 7 October."""
    last, first = months_of("BME"), months_of("BMS")
    assert last
    assert first
    dates = pd.DatetimeIndex(["2024-03-28", "2024-03-29", "2024-03-30", "2024-03-20"])
    assert last.contain(local_dates(dates)).tolist() == [True, True, False, False]
    dates = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-10-08", "2024-10-20"])
    assert first.contain(local_dates(dates)).tolist() == [True, True, True, False]


@pytest.mark.parametrize("start", ["1999-01-01", "1999-04-01", "1999-09-01"])
@pytest.mark.parametrize(
    "alias",
    [
        "MS",
        "ME",
        "BMS",
        "QS",
        "QE",
        "QS-FEB",
        "YS",
        "YE",
        "BQE-NOV",
        "QE-OCT",
        "QS-MAR",
        "YS-APR",
        "5YS",
        "2BYE",
        "7MS",
    ],
)
def test_the_alias_of_pandas_steps(alias: str, start: str) -> None:
    dates = local_dates(pd.date_range(start, periods=3, freq=alias))
    months = months_of(alias)
    assert months
    assert alias_of(months.count, months.day, int(month_numbers(dates)[0]) % 12 + 1) == alias
