"""Clocks: reading, continuing and writing time as the input has it."""

import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.common.frequency import Clock, season_lengths


@pytest.mark.parametrize(
    ("frequency", "texts", "following"),
    [
        ("MS", ["1960-11", "1960-12"], ["1961-01", "1961-02"]),
        ("MS", ["1960-12-01"], ["1961-01-01", "1961-02-01"]),
        ("ME", ["1960-12-31"], ["1961-01-31", "1961-02-28"]),
        ("QS", ["2020-10-01"], ["2021-01-01", "2021-04-01"]),
        ("YS", ["1999"], ["2000", "2001"]),
        ("W-MON", ["2024-02-26"], ["2024-03-04", "2024-03-11"]),
        ("D", ["2024-02-28"], ["2024-02-29", "2024-03-01"]),
        ("B", ["2024-03-01"], ["2024-03-04", "2024-03-05"]),
        ("h", ["2024-02-28 23:00:00"], ["2024-02-29 00:00:00", "2024-02-29 01:00:00"]),
        (None, ["7"], ["8", "9"]),
    ],
)
def test_the_future_is_written_as_the_past(frequency: str | None, texts: list[str], following: list[str]) -> None:
    column = pd.Series(texts, name="time")
    clock = Clock.of(column, frequency, "file.csv")
    stamps = clock.parse(column, "file.csv")
    assert clock.write(stamps).tolist() == texts
    assert clock.write(clock.following(stamps.iloc[-1], 2)).tolist() == following


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ("MS", [12]),
        ("ME", [12]),
        ("2MS", [1]),
        ("QS", [4]),
        ("QE-DEC", [4]),
        ("YS", [1]),
        ("W-MON", [52]),
        ("D", [7]),
        ("B", [5]),
        ("h", [24, 168]),
        ("6h", [4, 28]),
        ("30min", [48, 336]),
        ("15min", [96, 672]),
        ("7min", [1]),  # no whole number in a day
        ("min", [60]),
        ("s", [60]),
    ],
)
def test_seasons_follow_from_the_frequency(frequency: str, expected: list[int]) -> None:
    assert season_lengths(frequency) == expected


def test_integer_steps_have_no_season_of_their_own() -> None:
    assert season_lengths(None) == [1]


@pytest.mark.parametrize(
    ("frequency", "texts", "words"),
    [
        ("fortnightly", ["2024-01-01"], "ingest.frequency is 'fortnightly'"),
        ("MS", ["soon"], "row 2, column 'time': 'soon'"),
        ("MS", ["2024-01", "2024-13"], "row 3, column 'time': '2024-13'"),
        (None, ["1", "2.5"], "row 3, column 'time': '2.5'"),
        (None, ["1949-01"], "row 2, column 'time': '1949-01' is not an integer step"),
    ],
)
def test_what_is_no_time_is_named(frequency: str | None, texts: list[str], words: str) -> None:
    column = pd.Series(texts, name="time")
    with pytest.raises(UserError) as caught:
        Clock.of(column, frequency, "file.csv").parse(column, "file.csv")
    assert words in str(caught.value)
