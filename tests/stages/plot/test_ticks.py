"""Ticks stand where a unit of time begins, and their labels say which."""

import numpy as np
import pandas as pd
import pytest

from stages.plot.ticks import choose_ticks


def labels_of(steps: pd.DatetimeIndex | range, inches: float) -> dict[str, str]:
    """The labels by the steps that have them."""
    series = pd.Series(steps)
    rows, labels = choose_ticks(series, np.arange(len(series), dtype=float), inches)
    return {str(step): label for step, label in zip(series.iloc[rows], labels, strict=True)}


@pytest.mark.parametrize(
    ("steps", "inches", "expected"),
    [
        (pd.date_range("2020-11-30", periods=3, freq="ME"), 3,
         {"2020-11-30": "Nov\n2020", "2020-12-31": "Dec\n ", "2021-01-31": "Jan\n2021"}),
        (pd.date_range("2019-11-30", periods=26, freq="ME"), 1, {"2020-01-31": "2020", "2021-01-31": "2021"}),
        (pd.date_range("2019-01-01", periods=12, freq="QS-FEB"), 1.5,
         {"2019-02-01": "2019", "2020-02-01": "2020", "2021-02-01": "2021"}),
        (pd.date_range("1958-12-31", periods=23, freq="YE"), 2,
         {"1960-12-31": "1960", "1970-12-31": "1970", "1980-12-31": "1980"}),
        (pd.date_range("1958", periods=3, freq="YS"), 9,
         {"1958-01-01": "1958", "1959-01-01": "1959", "1960-01-01": "1960"}),
        (pd.date_range("2023-12-20", periods=14, freq="D"), 2,
         {"2023-12-25": "25 Dec\n2023", "2024-01-01": "1 Jan\n2024"}),
        (pd.date_range("2020-01-06", periods=9, freq="W-MON"), 1.6,
         {"2020-01-06": "Jan\n2020", "2020-02-03": "Feb\n ", "2020-03-02": "Mar\n "}),
        (pd.date_range("2024-02-29 09:00", periods=22, freq="h"), 3,
         {"2024-02-29 12:00:00": "12:00\n29 Feb 2024", "2024-02-29 18:00:00": "18:00\n ",
          "2024-03-01 00:00:00": "00:00\n1 Mar 2024", "2024-03-01 06:00:00": "06:00\n "}),
        (range(-3, 23), 2, {"0": "0", "5": "5", "10": "10", "15": "15", "20": "20"}),
    ],
)  # fmt: skip
def test_ticks_stand_at_the_first_steps_of_units(
    steps: pd.DatetimeIndex | range, inches: float, expected: dict[str, str]
) -> None:
    found = labels_of(steps, inches)
    assert list(found.values()) == list(expected.values())
    assert all(step.startswith(day) for step, day in zip(found, expected, strict=True))


def test_times_are_those_of_the_zone() -> None:
    """Midnight in Berlin; the hour that the clock shows twice in that night has one tick."""
    steps = pd.date_range("2024-10-26 22:00", periods=8, freq="30min", tz="UTC").tz_convert("Europe/Berlin")
    assert list(labels_of(steps, 9).values()) == [
        "00:00\n27 Oct 2024", "00:30\n ", "01:00\n ", "01:30\n ", "02:00\n ", "02:30\n ", "02:00\n ", "02:30\n "
    ]  # fmt: skip
    assert [label.split("\n")[0] for label in labels_of(steps, 2.5).values()] == ["00:00", "01:00", "02:00"]


def test_of_labels_that_do_not_fit_one_remains() -> None:
    assert list(labels_of(range(10**18, 10**18 + 2), 0.5)) == [str(10**18)]
