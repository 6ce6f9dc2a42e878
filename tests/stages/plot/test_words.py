"""Frequencies and seasons in words."""

import pytest

from stages.plot.words import frequency_in_words, period_in_words


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        ("MS", "every month, on its first day"),
        ("BME", "every month, on its last business day"),
        ("MS-15", "every month, on day 15"),
        ("QS-FEB", "every quarter, on its first day"),
        ("YE-JUN", "every year, on its last day"),
        ("2MS", "every 2 months, on its first day"),
        ("W-MON", "every week"),
        ("2W-MON", "every 2 weeks"),
        ("B", "every business day"),
        ("D", "every day"),
        ("h", "every hour"),
        ("15min", "every 15 minutes"),
        ("90s", "every 90 seconds"),
        ("250ms", "every 0.25 seconds"),
        ("bh", "pandas' offset bh"),
        ("2QS", "every half year, on its first day"),
        ("5MS", "every 5 months, on its first day"),
        ("7D", "every week"),
        ("30min", "every 30 minutes"),
        ("SMS", "pandas' offset SMS"),
        (None, "integer steps"),
    ],
)
def test_a_frequency_in_words(frequency: str | None, words: str) -> None:
    assert frequency_in_words(frequency) == words


@pytest.mark.parametrize(
    ("steps", "frequency", "word"),
    [
        (12, "MS", "year"), (4, "QS", "year"), (3, "MS", "quarter"), (5, "MS", ""), (7, "D", "week"),
        (365, "D", "year"), (24, "h", "day"), (168, "h", "week"), (48, "30min", "day"), (96, "15min", "day"),
        (52, "W-SUN", "year"), (26, "2W-SUN", "year"), (5, "B", "week"), (10, "B", ""), (12, None, ""),
    ],
)  # fmt: skip
def test_periods(steps: int, frequency: str | None, word: str) -> None:
    assert period_in_words(steps, frequency) == word
