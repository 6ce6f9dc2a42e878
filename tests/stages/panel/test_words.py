"""Frequencies and seasons in words."""

import pytest

from stages.panel.words import frequency_in_words, period_in_words


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        ("MS", "every month, on its first day"),
        ("ME", "every month, on its last day"),
        ("MS-15", "every month, on day 15"),
        ("2QS", "every half year, on its first day"),
        ("YS-JUL", "every year, on its first day"),
        ("5MS", "every 5 months, on its first day"),
        ("D", "every day"),
        ("7D", "every week"),
        ("h", "every hour"),
        ("30min", "every 30 minutes"),
        ("250ms", "every 0.25 seconds"),
        ("W-MON", "every week"),
        ("B", "every business day"),
        ("SMS", "pandas' offset SMS"),
        (None, "integer steps"),
    ],
)
def test_frequencies(frequency: str | None, words: str) -> None:
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
