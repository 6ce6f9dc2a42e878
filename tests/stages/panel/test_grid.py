"""The grid of a frequency, against pandas' date ranges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel.grid import OFF_GRID, IntegerGrid, ListedGrid, make_grid

ALIASES = [
    "MS", "ME", "BMS", "BME", "QS-FEB", "YS", "YE-JUN", "5YS", "2MS", "W-MON", "2W-WED", "D", "3D", "B", "C", "SMS",
    "WOM-3FRI", "bh", "h", "6h", "15min", "90min", "s", "250ms", "40us",
]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "America/New_York", "UTC"])
def test_numbers_and_steps_are_those_of_pandas(alias: str, zone: str | None) -> None:
    """300 steps, which contain changes of the clocks. Steps of a day or more keep their local time."""
    start = pd.Timestamp("2023-10-28 09:00")
    count = 20 if "Y" in alias else 300
    if alias.endswith(("h", "min", "s")) and alias != "bh":
        expected = pd.date_range(start.tz_localize(zone), periods=count, freq=alias)
    else:
        expected = pd.date_range(start, periods=count, freq=alias).tz_localize(zone)
    grid = make_grid(alias, expected[0], expected[-1])
    assert (grid.numbers(expected) == np.arange(count)).all()
    assert (grid.steps(np.arange(count)) == expected).all()
    assert (grid.numbers(expected + pd.Timedelta("10us")) == OFF_GRID).all()
    later = make_grid(alias, expected[9], expected[-1])
    assert (later.numbers(expected) == np.arange(count) - 9).all()


@given(st.sampled_from([alias for alias in ALIASES if alias not in ("B", "C", "SMS", "WOM-3FRI", "bh")]), st.data())
def test_far_steps_and_steps_before_the_first(alias: str, data: st.DataObject) -> None:
    """Numbers come back from their steps, anywhere from the year 1678 to 2261."""
    first = pd.date_range("2000-01-01", periods=1, freq=alias)[0]
    grid = make_grid(alias, first, None)
    size = grid.steps(np.array([1]))[0] - first
    far = int(pd.Timedelta(days=200 * 365) / size)
    numbers = np.array(data.draw(st.lists(st.integers(-far, far), min_size=1)))
    assert (grid.numbers(grid.steps(numbers)) == numbers).all()


def test_daily_steps_of_six_centuries() -> None:
    """64 bits of nanoseconds hold each date, but not the time from the first to the last."""
    days = pd.date_range("1678-01-01", "2261-12-31", freq="D")
    grid = make_grid("D", days[0], days[-1])
    assert (grid.numbers(days) == np.arange(len(days))).all()
    assert (grid.steps(np.arange(len(days))) == days).all()


def test_a_first_step_off_the_grid() -> None:
    tuesday, monday = pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-08")
    assert make_grid("W-MON", tuesday, monday).numbers(pd.Index([tuesday, monday])).tolist() == [OFF_GRID, 0]
    assert make_grid("MS", tuesday, monday).numbers(pd.Index([tuesday])).tolist() == [OFF_GRID]


def test_only_what_neither_counts_months_nor_has_a_length_is_listed() -> None:
    first = pd.Timestamp("2024-01-01")
    listed = [alias for alias in ALIASES if isinstance(make_grid(alias, first, first), ListedGrid)]
    assert listed == ["B", "C", "SMS", "WOM-3FRI", "bh"]


def test_integer_steps() -> None:
    grid = make_grid(None, -3, 9)
    assert grid == IntegerGrid(-3)
    assert grid.numbers(pd.Index([-3, 0, 10**15])).tolist() == [0, 3, 10**15 + 3]
    assert grid.steps(np.array([0, 5])).tolist() == [-3, 2]


@pytest.mark.parametrize("alias", ["YS", "MS", "MS-15", "D", "W-MON", "1000h"])
def test_steps_past_the_last_date(alias: str) -> None:
    grid = make_grid(alias, pd.Timestamp("2255-01-15"), None)
    with pytest.raises(OverflowError):
        grid.steps(np.array([1, 10**5]))
