"""The usual seasons of a frequency, and the possible ones."""

import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.panel.months import months_of

# Steps in the usual season of a frequency, by pandas' alias without its anchor and multiple; 12 months besides.
SEASON_LENGTHS = {"WOM": 12, "W": 52, "D": 7, "B": 5, "min": 60, "s": 60}
MAX_STEPS_PER_DAY = 288  # of 5 minutes; shorter steps have the season of their alias
PERIODS = [pd.Timedelta(period) for period in ("1min", "1h", "1D", "7D")]


def season_lengths(frequency: str | None) -> list[int]:
    """The steps in each usual season of a frequency, the shortest first; [1] without one, as for integer steps.

    Steps that divide a day into 2 to 288 parts have two seasons: a day and a week.
    """
    if frequency is None:
        return [1]
    months = months_of(frequency)
    if months:
        return [12 // months.count if 12 % months.count == 0 else 1]
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        steps = pd.Timedelta(days=1) / pd.Timedelta(offset)
        if 1 < steps <= MAX_STEPS_PER_DAY and steps % 1 == 0:
            return [int(steps), 7 * int(steps)]
    season = SEASON_LENGTHS.get(offset.base.rule_code.split("-")[0], 1)
    return [season // offset.n if season % offset.n == 0 else 1]


def has_no_usual_season(frequency: str | None) -> bool:
    """Whether a frequency has no usual season although its steps are shorter than a year, or are integers."""
    if season_lengths(frequency) != [1]:
        return False
    months = months_of(frequency) if frequency else None
    return not months or months.count < 12


def season_candidates(frequency: str | None, longest: int) -> list[int]:
    """The possible seasons of a frequency that fit twice into the `longest` series (steps), the shortest first.

    Minutes, hours, days and weeks for steps of fixed length, whose year needs no season; the usual season for others.
    """
    usual = season_lengths(frequency)
    if frequency is not None and not months_of(frequency) and isinstance(to_offset(frequency), Tick):
        ratios = [period / pd.Timedelta(to_offset(frequency)) for period in PERIODS]
        usual = sorted({*usual, *(int(ratio) for ratio in ratios if ratio >= 4 and ratio % 1 == 0)})
    return [season for season in usual if 1 < season <= longest // 2]
