"""Integer steps: whole numbers one apart; those that are dates are refused."""

import numpy as np
import pandas as pd

from stages.common.arrays import Ints
from stages.common.errors import UserError, quoted
from stages.ingest.frequency import MIN_DENSITY, share_of_steps
from stages.ingest.notations import read_numbers
from stages.ingest.raw import Raw

LARGEST_STEP = 2**53
DATES = {"%Y%m", "%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%j", "%G%V"}  # improbable as integer steps


def are_whole_numbers(timestamps: pd.Series) -> bool:
    """Whether `timestamps` (U,) are texts of whole numbers."""
    is_text = not pd.api.types.is_datetime64_any_dtype(timestamps)
    return is_text and bool(timestamps.str.fullmatch(r"[+-]?\d+").all())


def read_integer_steps(raw: Raw) -> pd.Series:
    """The timestamps (U,) as int64.

    Raises UserError for one that is not an integer, if all are multiples of another step than 1, and if they may be
    dates and less than half of the integers from the first step of each series to its last are there.
    """
    numbers = pd.to_numeric(raw.timestamps, errors="coerce")
    wrong = (numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > LARGEST_STEP)).to_numpy()
    if pd.api.types.is_datetime64_any_dtype(raw.timestamps) or wrong.any():
        raise UserError(
            f"{raw.where_timestamp(int(wrong.argmax()))} is not an integer step; "
            "correct it, or set ingest.frequency if these are dates"
        )
    steps = numbers.astype("int64")
    dates = _options(read_numbers(raw.timestamps)) if are_whole_numbers(raw.timestamps) else ""
    problem = _irregularity(raw, steps.to_numpy(), are_dates=bool(dates))
    if problem:
        raise UserError(
            f"{raw.source}, column {quoted(raw.time)}: {problem}; number the steps 0, 1, 2, ..., or, if these are "
            f"dates, set ingest.frequency to auto and ingest.time_format to {dates or 'their format'}"
        )
    return steps


def refuse_dates(raw: Raw) -> None:
    """Raises UserError if the whole numbers of the time column are dates, or are more regular if read as dates."""
    readings = read_numbers(raw.timestamps)
    if not readings:
        return
    steps = raw.timestamps.astype(np.float64).to_numpy()  # of any number of digits
    as_steps = len(steps) / (steps.max() - steps.min() + 1)
    regular = {name: share_of_steps(timestamps.dropna()) for name, timestamps in readings.items()}
    best = {name for name, share in regular.items() if readings[name].notna().all() and share >= max(regular.values())}
    dates = {
        name: readings[name]
        for name, share in regular.items()
        if share > as_steps or (name in best and not best.isdisjoint(DATES))
    }
    if dates:
        steps_too = ", or ingest.frequency to null for integer steps" if as_steps >= MIN_DENSITY else ""
        raise UserError(
            f"{raw.where_timestamp(0)} is a whole number or a date, like all the others; "
            f"set ingest.time_format to {_options(dates)}{steps_too}"
        )


def _irregularity(raw: Raw, steps: Ints, are_dates: bool) -> str:
    """What is wrong with integer steps, given the step (U,) of each timestamp; empty if nothing is.

    are_dates: whether they may be dates; otherwise they may be few
    """
    table = pd.DataFrame({"series": raw.series_codes, "step": steps[raw.time_codes]}).drop_duplicates()
    by_series = table.groupby("series")["step"]
    first, last, count = by_series.min(), by_series.max(), by_series.size()
    stride = int(np.gcd.reduce((table["step"] - first[table["series"]].to_numpy()).to_numpy()))
    if stride > 1 and len(table) > 2 * len(count):
        return f"its numbers are multiples of {stride} apart, and integer steps are 1 apart"
    spans = last - first + 1
    if are_dates and count.sum() < MIN_DENSITY * spans.sum():
        worst = int((count / spans).idxmin())
        return (
            f"less than half of the integer steps have a row: in series {quoted(raw.ids[worst])} "
            f"{count[worst]} of the {spans[worst]} from {first[worst]} to {last[worst]}"
        )
    return ""


def _options(readings: dict[str, pd.Series]) -> str:
    """The formats that a message offers, with the date of the first timestamp in each."""
    return " or ".join(f"{name!r} ({timestamps.dropna().iloc[0]:%-d %B %Y})" for name, timestamps in readings.items())
