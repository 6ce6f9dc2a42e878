"""Infer the frequency of timestamps, check a declared one, and suggest its seasons."""

import warnings

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BaseOffset, Tick

from stages.common.errors import UserError
from stages.panel.time_axis import regular_index

# Steps in the usual season of a frequency, by pandas' alias without its anchor and multiple.
SEASON_LENGTHS = {
    **dict.fromkeys(["YS", "YE", "BYS", "BYE"], 1),
    **dict.fromkeys(["QS", "QE", "BQS", "BQE"], 4),
    **dict.fromkeys(["MS", "ME", "BMS", "BME"], 12),
    **{"W": 52, "D": 7, "B": 5, "min": 60, "s": 60},
}
MAX_STEPS_PER_DAY = 288  # of 5 minutes; shorter steps have the season of their alias
PERIODS = [pd.Timedelta(period) for period in ("1min", "1h", "1D", "7D", "365.25D")]

MONTHS = ["MS", "ME", "BMS", "BME"]  # months by their first or last day or business day
QUARTERS_AND_YEARS = {"MS": ("QS", "YS"), "ME": ("QE", "YE"), "BMS": ("BQS", "BYS"), "BME": ("BQE", "BYE")}
MIN_DENSITY = 0.5  # share of the steps from first to last that must have a timestamp


def offset_of(frequency: str) -> BaseOffset:
    """pandas' offset of an alias. Raises UserError for one that is unknown, deprecated or not positive."""
    problem = "which is not an alias of pandas"
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            offset = to_offset(frequency)
        except FutureWarning as warning:
            problem = f"which is deprecated: {warning}"
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


def infer_frequency(timestamps: pd.Series | pd.DatetimeIndex) -> str | None:
    """The alias of the coarsest frequency whose grid contains all `timestamps` (U,), in any order.

    Months by their first or last (business) day, weeks, business days, days, shorter steps of one length, or multiples
    of these. None if fewer than half of the steps would have a timestamp, and for a single timestamp.
    """
    timestamps = pd.DatetimeIndex(timestamps).unique().sort_values()
    if len(timestamps) < 2:
        return None
    local = timestamps.tz_localize(None)
    midnights = local.normalize()
    same_time = bool((local - midnights == local[0] - midnights[0]).all())
    days = int(np.gcd.reduce(np.diff(midnights.as_unit("s")) // np.timedelta64(1, "D"))) if same_time else 0
    for name in MONTHS if days else []:
        months = _stride(timestamps, name)
        frequency = _month_alias(name, months, local[0].month)
        if months and _is_dense(timestamps, frequency):
            return frequency
    if days % 7 == 0 and days:
        frequency = f"{_multiplier(days // 7)}W-{local[0]:%a}".upper()
    elif days == 1 and _stride(timestamps, "B") == 1 and _is_dense(timestamps, "B"):
        frequency = "B"
    elif days:
        frequency = f"{_multiplier(days)}D"
    else:
        frequency = to_offset(pd.Timedelta(int(np.gcd.reduce(np.diff(timestamps.asi8))), timestamps.unit)).freqstr
    return frequency if _is_dense(timestamps, frequency) else None


def season_lengths(frequency: str | None) -> list[int]:
    """The steps in each usual season of a frequency, the shortest first; [1] (no season) for integer steps.

    Steps that divide a day into 2 to 288 parts have two seasons: a day and a week.
    """
    if frequency is None:
        return [1]
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        steps = pd.Timedelta(days=1) / pd.Timedelta(offset)
        if 1 < steps <= MAX_STEPS_PER_DAY and steps % 1 == 0:
            return [int(steps), 7 * int(steps)]
    season = SEASON_LENGTHS.get(offset.base.rule_code.split("-")[0], 1)
    return [season // offset.n if season % offset.n == 0 else 1]


def season_candidates(frequency: str | None, longest: int) -> list[int]:
    """The possible seasons of a frequency that fit twice into the `longest` series (steps), the shortest first.

    Minutes, hours, days, weeks and years for steps of fixed length; the usual season for others.
    """
    usual = season_lengths(frequency)
    if frequency is not None and isinstance(to_offset(frequency), Tick):
        ratios = [period / pd.Timedelta(to_offset(frequency)) for period in PERIODS]
        usual = sorted({*usual, *(int(ratio) for ratio in ratios if ratio >= 4 and (ratio % 1 == 0 or ratio > 300))})
    return [season for season in usual if 1 < season <= longest // 2]


def _month_alias(name: str, months: int, first: int) -> str:
    """The alias of every `months`-th month `name` from month `first` on; that of quarters or years if it is one."""
    if months not in (3, 12):
        return _multiplier(months) + name
    alias = QUARTERS_AND_YEARS[name][months == 12]
    usual = (first % 3 == (1 if "S" in alias else 0)) if months == 3 else first == (1 if "S" in alias else 12)
    return alias if usual else f"{alias}-{pd.Timestamp(2000, first, 1):%b}".upper()


def _stride(timestamps: pd.DatetimeIndex, frequency: str) -> int:
    """The greatest common divisor of the numbers of steps between `timestamps`; 0 if one is not on the grid."""
    steps = regular_index(timestamps[0], frequency, timestamps[-1]).get_indexer(timestamps)
    return int(np.gcd.reduce(np.diff(steps))) if (steps >= 0).all() else 0


def _is_dense(timestamps: pd.DatetimeIndex, frequency: str) -> bool:
    """Whether at least MIN_DENSITY of the steps of `frequency` have a timestamp."""
    offset = to_offset(frequency)
    if isinstance(offset, Tick):
        steps = (timestamps[-1].value - timestamps[0].value) / pd.Timedelta(offset).value + 1
    else:
        steps = len(regular_index(timestamps[0], frequency, timestamps[-1]))
    return bool(len(timestamps) >= MIN_DENSITY * steps)


def _multiplier(number: int) -> str:
    """The prefix of an alias that multiplies it."""
    return str(number) if number > 1 else ""
