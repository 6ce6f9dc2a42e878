"""Frequencies: which are known, which one stamps have, and the seasons that it suggests."""

import warnings

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Tick

from stages.common.errors import UserError
from stages.panel.time_axis import regular_index

# Steps in the usual season of a frequency, by pandas' alias without its anchor.
SEASON_LENGTHS = {
    **dict.fromkeys(["YS", "YE", "BYS", "BYE"], 1),
    **dict.fromkeys(["QS", "QE", "BQS", "BQE"], 4),
    **dict.fromkeys(["MS", "ME", "BMS", "BME"], 12),
    **{"W": 52, "D": 7, "B": 5, "min": 60, "s": 60},
}
MOST_STEPS_A_DAY = 288  # of 5 minutes: steps that are shorter have the season of their alias
PERIODS = [pd.Timedelta(period) for period in ("1min", "1h", "1D", "7D", "365.25D")]

MONTHS = ["MS", "ME", "BMS", "BME"]  # month by its first or last day, or business day
QUARTERS_AND_YEARS = {"MS": ("QS", "YS"), "ME": ("QE", "YE"), "BMS": ("BQS", "BYS"), "BME": ("BQE", "BYE")}
LEAST_SHARE = 0.5  # of the steps between first and last that must have a stamp, or they are not regular


def offset_of(frequency: str) -> BaseOffset:
    """pandas' offset of an alias. Raises UserError for one that is unknown, out of use or does not go forward."""
    problem = "which pandas does not know"
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            offset = to_offset(frequency)
        except FutureWarning as warning:
            problem = f"out of use: {warning}"
        except (ValueError, OverflowError):
            pass
        else:
            if offset.n > 0:
                return offset
            problem = "which does not go forward"
    raise UserError(
        f"params.yaml: ingest.frequency is {frequency!r}, {problem}; "
        "use MS, QS, YS, W-MON, B, D, h or another of pandas' offset aliases, auto, or null for integer steps"
    )


def infer_frequency(stamps: pd.Series | pd.DatetimeIndex) -> str | None:
    """The alias of the longest steps that lead to every one of `stamps`, in any order; None where there is none.

    Months by their first or last (business) day, weeks, business days, days, or shorter steps of one length; several
    of these where all stamps are so far apart. None where under half of the steps would have a stamp, or for one stamp.
    """
    stamps = pd.DatetimeIndex(stamps).unique().sort_values()
    if len(stamps) < 2:
        return None
    wall = stamps.tz_localize(None)
    midnights = wall.normalize()
    same_time = bool((wall - midnights == wall[0] - midnights[0]).all())
    days = int(np.gcd.reduce(np.diff(midnights.as_unit("s")) // np.timedelta64(1, "D"))) if same_time else 0
    for name in MONTHS if days else []:
        months = _steps_between(stamps, name)
        frequency = _months(name, months, wall[0].month)
        if months and _is_dense(stamps, frequency):
            return frequency
    if days % 7 == 0 and days:
        frequency = f"{_times(days // 7)}W-{wall[0]:%a}".upper()
    elif days == 1 and _steps_between(stamps, "B") == 1 and _is_dense(stamps, "B"):
        frequency = "B"
    elif days:
        frequency = f"{_times(days)}D"
    else:
        frequency = to_offset(pd.Timedelta(int(np.gcd.reduce(np.diff(stamps.asi8))), stamps.unit)).freqstr
    return frequency if _is_dense(stamps, frequency) else None


def season_lengths(frequency: str | None) -> list[int]:
    """The steps in each season that a frequency suggests, the shortest first; [1] (no season) for integer steps.

    Hours, and minutes that divide a day into at most 288, have two: a day and a week.
    """
    if frequency is None:
        return [1]
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        steps = pd.Timedelta(days=1) / pd.Timedelta(offset)
        if 1 < steps <= MOST_STEPS_A_DAY and steps % 1 == 0:
            return [int(steps), 7 * int(steps)]
    season = SEASON_LENGTHS.get(offset.base.rule_code.split("-")[0], 1)
    return [season // offset.n if season % offset.n == 0 else 1]


def season_candidates(frequency: str | None, longest: int) -> list[int]:
    """The seasons that steps of a frequency may have and that the `longest` series holds twice, the shortest first.

    Minutes, hours, days, weeks and years for steps of one length; what is usual for any other.
    """
    usual = season_lengths(frequency)
    if frequency is not None and isinstance(to_offset(frequency), Tick):
        ratios = [period / pd.Timedelta(to_offset(frequency)) for period in PERIODS]
        usual = sorted({*usual, *(int(ratio) for ratio in ratios if ratio >= 4 and (ratio % 1 == 0 or ratio > 300))})
    return [season for season in usual if 1 < season <= longest // 2]


def _months(name: str, months: int, first: int) -> str:
    """The alias of every `months`-th month from month `first` on: of quarters and years where it is one."""
    if months not in (3, 12):
        return _times(months) + name
    alias = QUARTERS_AND_YEARS[name][months == 12]
    usual = (first % 3 == (1 if "S" in alias else 0)) if months == 3 else first == (1 if "S" in alias else 12)
    return alias if usual else f"{alias}-{pd.Timestamp(2000, first, 1):%b}".upper()


def _steps_between(stamps: pd.DatetimeIndex, frequency: str) -> int:
    """The most steps of `frequency` that are a divisor of all that lie between `stamps`; 0 where one is off them."""
    steps = regular_index(stamps[0], frequency, stamps[-1]).get_indexer(stamps)
    return int(np.gcd.reduce(np.diff(steps))) if (steps >= 0).all() else 0


def _is_dense(stamps: pd.DatetimeIndex, frequency: str) -> bool:
    """Whether enough steps of `frequency` have a stamp."""
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        steps = (stamps[-1].value - stamps[0].value) / pd.Timedelta(offset).value + 1
    else:
        steps = len(regular_index(stamps[0], frequency, stamps[-1]))
    return bool(len(stamps) >= LEAST_SHARE * steps)


def _times(number: int) -> str:
    return str(number) if number > 1 else ""
