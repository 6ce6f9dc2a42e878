"""Read the time column: its distinct timestamps, as text or datetimes."""

import datetime
import re
import warnings
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.core.arrays.arrow.extension_types import ArrowPeriodType  # makes pyarrow tell pandas' periods from integers

from stages.common.errors import MAX_QUOTED, UserError, quoted
from stages.ingest.columns import Codes, Column, distinct, refuse_empty
from stages.panel.time_formats import FIRST_YEAR, LAST_YEAR, parse_offset, within_years

CONVERT = {  # what to do about types that hold no dates
    pa.types.is_time: "times of day without a date; name the column of the date too, or join them",
    pa.types.is_duration: "lengths of time; add them to a date",
}


def read_timestamps(column: Column) -> tuple[Codes, pd.Series]:
    """Codes (N,) and distinct timestamps (U,) of the time column: text, or datetimes in nanoseconds.

    A period, as pandas has them, is the time at which it begins. Raises UserError for a row without a timestamp, for
    types that hold no times, for time zones that do not exist and for years out of range.
    """
    kind = column.values.type
    if isinstance(kind, ArrowPeriodType):
        codes, timestamps = _read_periods(column, kind.freq)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        codes, timestamps = _read_datetimes(column)
    elif pa.types.is_integer(kind) or pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        codes, timestamps = distinct(column.values)
        timestamps = timestamps.astype(str).str.strip()
    else:
        problem = next((text for is_kind, text in CONVERT.items() if is_kind(kind)), None)
        raise UserError(
            f"{column} holds {str(kind)[:MAX_QUOTED]}, {problem or 'not dates, text or whole numbers; convert it'}"
        )
    refuse_empty(codes < 0, column, "no time")
    return codes, timestamps


def _read_datetimes(column: Column) -> tuple[Codes, pd.Series]:
    kind = column.values.type
    name = kind.tz if pa.types.is_timestamp(kind) else None
    zone = None if name is None else _checked_zone(column, name)
    values = column.values.cast(pa.date64()) if pa.types.is_date32(kind) else column.values
    unit = kind.unit if pa.types.is_timestamp(kind) else "ms"
    codes, instants = distinct(values.cast(pa.int64()))
    counts = instants.to_numpy(dtype=np.int64)
    _refuse_years(column, codes, within_years(counts, unit), counts.astype(f"datetime64[{unit}]"))
    timestamps = pd.Series(counts.astype(f"datetime64[{unit}]").astype("datetime64[ns]"))
    return codes, timestamps if zone is None else timestamps.dt.tz_localize("UTC").dt.tz_convert(zone)


def _read_periods(column: Column, frequency: str) -> tuple[Codes, pd.Series]:
    codes, ordinals = distinct(column.values.cast(pa.int64()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of frequencies, and their names, that older versions wrote
        try:
            periods = pd.PeriodIndex.from_ordinals(ordinals, freq=frequency)
        except ValueError as error:
            raise UserError(
                f"{column} holds periods of frequency {quoted(frequency)}: {str(error)[:MAX_QUOTED]}; store dates"
            ) from None
        _refuse_years(column, codes, periods.year.isin(range(FIRST_YEAR, LAST_YEAR + 1)), periods)
        return codes, periods.to_timestamp(how="start").to_series(index=range(len(periods)))


def _refuse_years(column: Column, codes: Codes, is_right: np.ndarray, found: Any) -> None:
    """Raises UserError for the first row whose timestamp, by its code (N,), is not in the years that can be read."""
    if not is_right.all():
        row = int((~is_right)[codes].argmax())
        raise UserError(
            f"{column.where(row)}: {found[codes[row]]} is not a date from {FIRST_YEAR} to {LAST_YEAR}; correct it"
        )


def _checked_zone(column: Column, name: str) -> str | datetime.tzinfo:
    """The zone that Arrow names, or gives as an offset from UTC. Raises UserError if there is none."""
    if name in zoneinfo.available_timezones():
        return name
    if re.fullmatch(r"[+-]([01]\d|2[0-3]):?[0-5]\d", name):
        return parse_offset(name)
    raise UserError(
        f"{column} is in the time zone {quoted(name)}, which does not exist; "
        "store it in UTC, or in a zone such as Europe/Berlin"
    )
