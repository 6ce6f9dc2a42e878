"""Frequencies, seasons, numbers and times of `ingest --check` in words."""

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.panel.months import months_of

MONTHS = {1: "month", 3: "quarter", 6: "half year", 12: "year"}
PERIODS = {"1min": "minute", "1h": "hour", "1D": "day", "7D": "week", "365.25D": "year"}
BY_ALIAS = {"W": ("week", 52), "B": ("business day", 5), "WOM": ("month", 12)}  # and the steps in its season
SEASON_OF = {"W": "year", "B": "week", "WOM": "year"}
DAYS = {"S": "first day", "E": "last day", "BS": "first business day", "BE": "last business day"}


def frequency_in_words(frequency: str | None) -> str:
    """A frequency, for people who do not know pandas' aliases.

    >>> frequency_in_words("QS"), frequency_in_words("15min"), frequency_in_words("2W-MON"), frequency_in_words(None)
    ('every quarter, on its first day', 'every 15 minutes', 'every 2 weeks', 'integer steps')
    """
    if frequency is None:
        return "integer steps"
    if months := months_of(frequency):
        day = f"day {months.day}" if isinstance(months.day, int) else f"its {DAYS[months.day]}"
        unit = MONTHS.get(months.count)
        return f"every {unit or f'{months.count} months'}, on {day}"
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        length = pd.Timedelta(offset)
        for period, name in reversed(PERIODS.items()):
            if name != "year" and length % pd.Timedelta(period) == pd.Timedelta(0):
                return _every(length // pd.Timedelta(period), name)
        return f"every {length.total_seconds():g} seconds"
    name, _ = BY_ALIAS.get(offset.rule_code.lstrip("0123456789").split("-")[0], ("", 0))
    return _every(offset.n, name) if name else f"pandas' offset {frequency}"


def season_in_words(season: int, frequency: str | None) -> str:
    """What a season of so many steps is; empty where nobody has a word for it.

    >>> season_in_words(12, "MS"), season_in_words(168, "h"), season_in_words(9, "MS"), season_in_words(52, "W-SUN")
    ('a year', 'a week', '', 'a year')
    """
    if frequency is None:
        return ""
    if months := months_of(frequency):
        return _a(MONTHS.get(season * months.count, ""))
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        length = season * pd.Timedelta(offset)
        near = (name for period, name in PERIODS.items() if abs(length / pd.Timedelta(period) - 1) < 0.01)
        return _a(next(near, ""))
    alias = offset.rule_code.lstrip("0123456789").split("-")[0]
    return _a(SEASON_OF[alias]) if BY_ALIAS.get(alias, ("", 0))[1] == season * offset.n else ""


def duration(seconds: float) -> str:
    """A time that is known within a factor of two.

    >>> duration(3), duration(42), duration(95), duration(600), duration(9000)
    ('10 seconds', '40 seconds', '1.5 minutes', '10 minutes', '2.5 hours')
    """
    if seconds < 60:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    if seconds < 5400:
        return f"{_two_digits(seconds / 60)} minutes"
    return f"{_two_digits(seconds / 3600)} hours"


def number(value: float) -> str:
    """A value as the file may have it."""
    return np.format_float_positional(value, precision=10, fractional=False, trim="-", unique=True)


def _every(amount: int, unit: str) -> str:
    return f"every {unit}" if amount == 1 else f"every {amount} {unit}s"


def _a(noun: str) -> str:
    return f"{'an' if noun == 'hour' else 'a'} {noun}" if noun else ""


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
