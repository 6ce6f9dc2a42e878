"""Seasons, durations and numbers of `ingest --check` in words."""

import numpy as np

from stages.plot.words import period_in_words


def season_in_words(season: int, frequency: str | None) -> str:
    """What a season of so many steps is; empty where nobody has a word for it.

    >>> season_in_words(12, "MS"), season_in_words(168, "h"), season_in_words(9, "MS"), season_in_words(60, "min")
    ('a year', 'a week', '', 'an hour')
    """
    noun = period_in_words(season, frequency)
    return f"{'an' if noun == 'hour' else 'a'} {noun}" if noun else ""


def duration(seconds: float) -> str:
    """A time that is known within a factor of two.

    >>> duration(3), duration(42), duration(61), duration(95), duration(600), duration(9000)
    ('10 seconds', '40 seconds', '1 minute', '1.5 minutes', '10 minutes', '2.5 hours')
    """
    if seconds < 60:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    if seconds < 5400:
        return _counted(seconds / 60, "minute")
    return _counted(seconds / 3600, "hour")


def number(value: float) -> str:
    """A value as the file may have it."""
    return np.format_float_positional(value, precision=10, fractional=False, trim="-", unique=True)


def _counted(value: float, unit: str) -> str:
    digits = _two_digits(value)
    return f"{digits} {unit}{'' if digits == '1' else 's'}"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
