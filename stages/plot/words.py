"""Frequencies and seasons in words, for people who do not know pandas' aliases."""

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
    """A frequency as a sentence has it.

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


def period_in_words(steps: int, frequency: str | None) -> str:
    """What so many steps are, without an article; empty where nobody has a word for it.

    >>> period_in_words(12, "MS"), period_in_words(168, "h"), period_in_words(9, "MS"), period_in_words(52, "W-SUN")
    ('year', 'week', '', 'year')
    """
    if frequency is None:
        return ""
    if months := months_of(frequency):
        return MONTHS.get(steps * months.count, "")
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        length = steps * pd.Timedelta(offset)
        near = (name for period, name in PERIODS.items() if abs(length / pd.Timedelta(period) - 1) < 0.01)
        return next(near, "")
    alias = offset.rule_code.lstrip("0123456789").split("-")[0]
    return SEASON_OF[alias] if BY_ALIAS.get(alias, ("", 0))[1] == steps * offset.n else ""


def _every(amount: int, unit: str) -> str:
    return f"every {unit}" if amount == 1 else f"every {amount} {unit}s"
