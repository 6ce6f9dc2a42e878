"""Time stamps: their format, the grid that a frequency makes, its season length, and the steps after the last."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.tseries.api import guess_datetime_format
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

from stages.common.errors import UserError

# Steps in the usual season of a frequency, by pandas' alias without its anchor.
SEASON_LENGTHS = {
    **dict.fromkeys(["YS", "YE", "BYS", "BYE"], 1),
    **dict.fromkeys(["QS", "QE", "BQS", "BQE"], 4),
    **dict.fromkeys(["MS", "ME", "BMS", "BME"], 12),
    **{"W": 52, "D": 7, "B": 5, "min": 60, "s": 60},
}
MOST_STEPS_A_DAY = 288  # of 5 minutes: steps that are shorter have the season of their alias


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
    return [SEASON_LENGTHS.get(offset.base.rule_code.split("-")[0], 1) if offset.n == 1 else 1]


@dataclass(frozen=True)
class Clock:
    """How an input writes its time.

    frequency: pandas' offset alias, None for integer steps
    time_format: strftime's codes, None for integer steps
    """

    frequency: str | None
    time_format: str | None

    @classmethod
    def of(cls, texts: pd.Series, frequency: str | None, source: str) -> "Clock":
        """The clock of a time column. Raises UserError for an unknown frequency or stamps that are no dates."""
        if frequency is None:
            return cls(None, None)
        try:
            to_offset(frequency)
        except ValueError:
            raise UserError(
                f"params.yaml: ingest.frequency is {frequency!r}, which pandas does not know; "
                "use MS, QS, YS, W, D, h or another offset alias, or null for integer steps"
            ) from None
        if pd.api.types.is_datetime64_any_dtype(texts):
            midnight = bool((texts == texts.dt.normalize()).all())
            return cls(frequency, "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
        first = str(texts.iloc[0])
        time_format = "%Y" if first.isdigit() and len(first) == 4 else guess_datetime_format(first)
        if time_format is None:
            raise UserError(
                f"{source} row 2, column {texts.name!r}: {first!r} is no date that can be read for frequency "
                f"{frequency}; write dates as 1949-01-31, or set ingest.frequency to null for integer steps"
            )
        return cls(frequency, time_format)

    def parse(self, texts: pd.Series, source: str) -> pd.Series:
        """The stamps as datetime64 or int64. Raises UserError that names the first row that does not fit."""
        if self.frequency is None:
            stamps = pd.to_numeric(texts, errors="coerce")
            wrong = stamps.isna() | (stamps % 1 != 0)
            wanted = "not an integer step; correct it, or set ingest.frequency if these are dates"
        else:
            is_parsed = pd.api.types.is_datetime64_any_dtype(texts)
            stamps = texts if is_parsed else pd.to_datetime(texts.astype(str), format=self.time_format, errors="coerce")
            wrong = stamps.isna()
            wanted = "no date, or not in the form of the first one; correct it"
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise UserError(f"{source} row {row + 2}, column {texts.name!r}: {texts.iloc[row]!r} is {wanted}")
        return stamps.astype("int64") if self.frequency is None else stamps

    def grid(self, first: Any, last: Any) -> pd.Index:
        """Every step from `first` to `last`."""
        if self.frequency is None:
            return pd.RangeIndex(int(first), int(last) + 1)
        return pd.date_range(first, last, freq=self.frequency)

    def following(self, last: Any, horizon: int) -> pd.Series:
        """The `horizon` stamps after `last`."""
        if self.frequency is None:
            return pd.Series(range(int(last) + 1, int(last) + 1 + horizon))
        stamps = pd.date_range(last, periods=horizon + 1, freq=self.frequency)
        return pd.Series(stamps[1:])

    def write(self, stamps: pd.Series) -> pd.Series:
        """Stamps as the input wrote them."""
        if self.time_format is None:
            return stamps.astype("int64").astype(str)
        written: pd.Series = stamps.dt.strftime(self.time_format)
        return written


INTEGER_STEPS = Clock(None, None)
