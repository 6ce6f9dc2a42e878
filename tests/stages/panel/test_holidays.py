"""How many holidays lie in a step, counted by hand from those of Germany."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from stages.panel.holidays import dates_of_holidays, holidays_in

DAYS = {  # of Germany, 2024
    pd.Timestamp(f"2024-{day}")
    for day in ("01-01", "03-29", "04-01", "05-01", "05-09", "05-20", "10-03", "12-25", "12-26")
}


def counts(frequency: str, *stamps: str) -> list[float]:
    return list(holidays_in("DE", pd.DatetimeIndex(stamps), frequency))


@pytest.mark.parametrize(
    ("frequency", "stamps", "expected"),
    [
        ("D", ["2024-12-24", "2024-12-25", "2024-12-26", "2024-12-27", "2025-01-01"], [0, 1, 1, 0, 1]),
        ("D", ["2024-03-31 06:00", "2024-04-01 06:00"], [0, 1]),
        ("2D", ["2024-12-24", "2024-12-26", "2024-12-31"], [1, 1, 1]),
        ("36h", ["2024-12-24", "2024-12-25 12:00"], [0, 2]),
        ("h", ["2024-12-24 23:00", "2024-12-25 00:00", "2024-12-26 23:00", "2024-12-27 00:00"], [0, 1, 1, 0]),
        ("B", ["2024-12-31", "2025-01-01", "2024-03-29"], [0, 1, 1]),
        ("B", ["2021-12-24", "2021-12-27"], [0, 0]),  # 25 and 26 December 2021 were a Saturday and a Sunday
        ("bh", ["2024-12-24 16:00", "2024-12-27 09:00"], [0, 0]),
        ("W-MON", ["2024-12-16", "2024-12-23", "2024-12-30"], [0, 2, 1]),  # from that day on
        ("W-SUN", ["2024-12-22", "2024-12-29", "2025-01-05"], [0, 2, 1]),  # up to that day
        ("W-WED", ["2024-12-25", "2025-01-01", "2025-01-08"], [1, 2, 0]),
        ("2W-MON", ["2024-12-23", "2024-12-09"], [3, 0]),
        ("2W-SUN", ["2025-01-05", "2024-12-22"], [3, 0]),
        ("7D", ["2024-12-23"], [2]),
        ("MS", ["2024-05-01", "2024-06-01", "2024-12-01"], [3, 0, 2]),
        ("ME", ["2024-05-31", "2024-06-30", "2024-12-31"], [3, 0, 2]),
        ("BMS", ["2024-05-01", "2025-01-02"], [3, 1]),  # moved by the holiday
        ("BME", ["2024-05-31", "2024-12-30"], [3, 2]),
        ("MS-15", ["2024-05-15", "2024-12-15"], [3, 2]),
        ("2MS", ["2024-05-01", "2024-12-01"], [3, 3]),
        ("QS", ["2024-01-01", "2024-04-01"], [2, 4]),
        ("QE", ["2024-03-31", "2024-06-30"], [2, 4]),
        ("QS-FEB", ["2024-02-01"], [2]),
        ("QE-JAN", ["2024-01-31"], [3]),  # from November on; 25, 26 December 2023
        ("YS", ["2024-01-01"], [9]),
        ("YE", ["2024-12-31"], [9]),
        ("WOM-3FRI", ["2024-04-19", "2024-12-20"], [2, 3]),  # up to the next third Friday
        ("SMS", ["2024-12-01", "2024-12-15"], [0, 2]),
    ],
)
def test_how_many_holidays_lie_in_a_step(frequency: str, stamps: list[str], expected: list[int]) -> None:
    assert counts(frequency, *stamps) == expected


@pytest.mark.parametrize(
    ("frequency", "stamps", "expected"),
    [
        ("D", ["2024-12-26", "2024-12-24", "2024-12-25", "2024-10-04"], ["2024-12-25", "2024-12-26"]),
        ("h", ["2024-12-25 01:00", "2024-12-25 02:00", "2024-12-27 00:00"], ["2024-12-25"]),
        ("W-SUN", ["2024-12-29", "2024-12-29", "2025-01-05"], ["2024-12-25", "2024-12-26", "2025-01-01"]),
        ("MS", ["2024-06-01", "2024-04-01"], ["2024-04-01"]),
    ],
)
def test_the_dates_of_holidays_are_listed_once(frequency: str, stamps: list[str], expected: list[str]) -> None:
    assert dates_of_holidays("DE", pd.DatetimeIndex(stamps), frequency).astype(str).tolist() == expected


@pytest.mark.parametrize("frequency", ["D", "3D", "60h", "W-MON", "W-SUN", "W-THU", "2W-FRI", "MS", "ME", "BMS", "BME"])
def test_every_holiday_lies_in_one_step(frequency: str) -> None:
    """Of steps from before the year to after it."""
    stamps = pd.date_range("2023-11-25", "2025-03-05", freq=frequency)
    around = {pd.Timestamp("2023-12-25"), pd.Timestamp("2023-12-26"), pd.Timestamp("2025-01-01")}
    assert holidays_in("DE", stamps, frequency).sum() == len(DAYS | around)


def test_days_are_those_of_the_clock_in_the_time_zone() -> None:
    """Easter Monday, 1 April 2024, begins in Berlin at 22:00 UTC of 31 March, on which the clock skipped an hour."""
    steps = pd.date_range("2024-03-30 22:00", "2024-04-02 02:00", freq="h", tz="UTC")
    found = holidays_in("DE", steps.tz_convert("Europe/Berlin"), "h")
    first = pd.Timestamp("2024-03-31 22:00", tz="UTC")
    assert found.tolist() == [float(first <= step < first + timedelta(days=1)) for step in steps]
    assert found.sum() == 24
    assert np.flatnonzero(holidays_in("DE", steps, "h"))[0] == np.flatnonzero(found)[0] + 2


def test_the_ends_of_dates() -> None:
    """The calendar has no holidays there, and steps may reach beyond."""
    assert counts("D", "2262-04-11") == [0]
    assert counts("1000YS", "1700-01-01") == counts("1000YS", "1990-01-01")
    assert counts("999999W-SUN", "1678-01-02") == [0]
