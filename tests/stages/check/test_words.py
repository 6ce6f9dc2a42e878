"""Seasons, durations and numbers in words."""

import pytest

from stages.check.words import duration, number, season_in_words


@pytest.mark.parametrize(
    ("season", "frequency", "words"),
    [
        (12, "MS", "a year"),
        (4, "QS", "a year"),
        (3, "MS", "a quarter"),
        (24, "h", "a day"),
        (168, "h", "a week"),
        (8766, "h", "a year"),
        (365, "D", "a year"),
        (60, "min", "an hour"),
        (52, "W-SUN", "a year"),
        (5, "B", "a week"),
        (12, "WOM-3FRI", "a year"),
        (9, "MS", ""),
        (10, "W-SUN", ""),
        (7, None, ""),
    ],
)
def test_a_season_in_words(season: int, frequency: str | None, words: str) -> None:
    assert season_in_words(season, frequency) == words


def test_times_have_no_more_digits_than_are_known() -> None:
    assert [duration(seconds) for seconds in (1, 38, 95, 754, 9000, 90_000)] == [
        "10 seconds", "40 seconds", "1.6 minutes", "13 minutes", "2.5 hours", "25 hours",
    ]  # fmt: skip


def test_numbers_are_those_of_the_file() -> None:
    assert [number(value) for value in (112.0, 0.1, -2.5, 1e6, 1 / 3)] == [
        "112",
        "0.1",
        "-2.5",
        "1000000",
        "0.3333333333",
    ]
