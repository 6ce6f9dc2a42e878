"""Parse the time column: determine its format, time zone and frequency."""

import zoneinfo

import pandas as pd

from stages.common.errors import UserError, quoted
from stages.ingest.frequency import check_frequency, coarsest_frequency
from stages.ingest.params import Ingest
from stages.ingest.raw import FIRST_YEAR, LAST_YEAR, Raw
from stages.panel.time_axis import INTEGER_STEPS, TimeAxis
from stages.panel.time_formats import OFFSET, candidate_formats, default_format, parse_times, pattern

LARGEST_STEP = 2**53


def read_time_axis(raw: Raw, settings: Ingest) -> tuple[TimeAxis, pd.Series]:
    """The time axis of a raw file, and its distinct timestamps (U,) as datetime64 or integers.

    Raises UserError for timestamps that are not dates, that are ambiguous or have no frequency, and for a declared
    frequency, format or time zone that does not exist or does not fit them.
    """
    frequency = settings.frequency
    if frequency is None:
        return INTEGER_STEPS, _read_integers(raw)
    if frequency == "auto" and settings.time_format is None and _are_whole_numbers(raw.timestamps):
        _refuse_dates_as_numbers(raw)
        return INTEGER_STEPS, _read_integers(raw)
    if frequency != "auto":
        check_frequency(frequency)
    _refuse_unknown_zone(settings.time_zone)
    time_format, time_zone, timestamps = _read_dates(raw, settings)
    if frequency == "auto":
        frequency = coarsest_frequency(timestamps)
        if frequency is None:
            problem = "the only timestamp" if len(timestamps) == 1 else "centuries from the next timestamp"
            raise UserError(f"{raw.where_timestamp(0)} is {problem}, which has no frequency; set ingest.frequency")
    return TimeAxis(frequency, time_format, time_zone), timestamps


def _read_dates(raw: Raw, settings: Ingest) -> tuple[str, str | None, pd.Series]:
    """The format, the time zone and the timestamps (U,), as datetime64 in that zone, of a column of dates."""
    time_format, time_zone = settings.time_format, settings.time_zone
    if _is_datetime(raw.timestamps):
        timestamps = raw.timestamps
        time_format = time_format or default_format(timestamps)
        has_offsets = timestamps.dt.tz is not None
        time_zone = time_zone or (_zone_of(timestamps) if has_offsets else None)
    else:
        if time_format:
            timestamps = _parse_declared(raw, time_format)
        else:
            time_format, timestamps = _parse_guessed(raw, with_zone=time_zone is not None)
        has_offsets = _reads_offsets(time_format)
    _check_offsets(raw, settings, has_offsets)
    if timestamps.isna().any():
        raise _not_a_date(raw, int(timestamps.isna().to_numpy().argmax()), time_format)
    return time_format, time_zone, timestamps.dt.tz_convert(time_zone) if time_zone else timestamps


def _parse_declared(raw: Raw, time_format: str) -> pd.Series:
    """The timestamps (U,) in the declared format, in UTC if it reads offsets; NaT where it does not fit."""
    try:
        return parse_times(raw.timestamps, time_format, utc=_reads_offsets(time_format))
    except ValueError as error:
        raise UserError(f"params.yaml: ingest.time_format is {quoted(time_format)}: {error}; correct it") from None


def _parse_guessed(raw: Raw, with_zone: bool) -> tuple[str, pd.Series]:
    """The format that fits most timestamps, and the timestamps (U,) in it; NaT where it does not fit.

    Raises UserError if no format fits the first timestamp, or several fit all of them.
    """
    candidates = candidate_formats(raw.timestamps, with_zone)
    if not candidates:
        raise _not_a_date(raw, 0, None)
    fitting = [name for name, timestamps in candidates.items() if timestamps.notna().all()]
    if len(fitting) > 1:
        raise _ambiguous(raw, {name: candidates[name] for name in fitting})
    time_format = max(candidates, key=lambda name: int(candidates[name].notna().sum()))
    return time_format, candidates[time_format]


def _refuse_unknown_zone(time_zone: str | None) -> None:
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise UserError(
            f"params.yaml: ingest.time_zone is {quoted(time_zone)}; use a name such as Europe/Berlin, or null"
        )


def _check_offsets(raw: Raw, settings: Ingest, has_offsets: bool) -> None:
    """Raises UserError for a time zone without offsets from UTC, and for text with offsets without a time zone.

    Datetimes with offsets bring their own zone.
    """
    time_format, time_zone = settings.time_format, settings.time_zone
    is_declared = time_format is not None and not _is_datetime(raw.timestamps)
    if time_zone and not has_offsets:
        if is_declared:
            problem = f"ingest.time_format {quoted(time_format)} reads no offsets from UTC; add %z to it"
        elif _is_datetime(raw.timestamps):
            problem = f"{raw.source} has no offsets from UTC; add them"
        else:
            problem = f"{raw.where_timestamp(0)} has no offset from UTC; add it"
        raise UserError(
            f"params.yaml: ingest.time_zone is {time_zone!r}, but {problem}, or set ingest.time_zone to null"
        )
    if has_offsets and not time_zone and is_declared:
        raise UserError(
            f"params.yaml: ingest.time_format {quoted(time_format)} reads offsets from UTC; "
            "set ingest.time_zone to their zone (UTC, Europe/Berlin, ...)"
        )


def _read_integers(raw: Raw) -> pd.Series:
    """The timestamps (U,) as int64. Raises UserError for one that is not an integer."""
    numbers = pd.to_numeric(raw.timestamps, errors="coerce")
    wrong = (numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > LARGEST_STEP)).to_numpy()
    if _is_datetime(raw.timestamps) or wrong.any():
        raise UserError(
            f"{raw.where_timestamp(int(wrong.argmax()))} is not an integer step; "
            "correct it, or set ingest.frequency if these are dates"
        )
    return numbers.astype("int64")


def _refuse_dates_as_numbers(raw: Raw) -> None:
    """Raises UserError if the whole numbers could all be months or days."""
    for time_format in ("%Y%m%d", "%Y%m"):
        if pattern(time_format).fullmatch(str(raw.timestamps.iloc[0])):
            timestamps = parse_times(raw.timestamps, time_format)
            if timestamps.notna().all() and timestamps.dt.year.between(FIRST_YEAR, LAST_YEAR).all():
                raise UserError(
                    f"{raw.where_timestamp(0)} is a whole number or a date, like all the others; "
                    f"set ingest.time_format to {time_format!r}, or ingest.frequency to null for integer steps"
                )


def _is_datetime(timestamps: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(timestamps))


def _are_whole_numbers(timestamps: pd.Series) -> bool:
    return not _is_datetime(timestamps) and bool(timestamps.str.fullmatch(r"[+-]?\d{1,18}").all())


def _reads_offsets(time_format: str) -> bool:
    return "%z" in time_format or "%:z" in time_format


def _zone_of(timestamps: pd.Series) -> str:
    """The name of the zone of tz-aware timestamps; UTC+05:30, for example, for a constant offset."""
    name = str(timestamps.dt.tz)
    if name in zoneinfo.available_timezones():
        return name
    offset = timestamps.iloc[0].strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:]}"


def _ambiguous(raw: Raw, readings: dict[str, pd.Series]) -> UserError:
    """The error for timestamps that several formats fit, with the first that they read as different dates."""
    first, second = list(readings.values())[:2]
    wrong = int((first != second).to_numpy().argmax())
    dates = " or ".join(f"{timestamps.iloc[wrong]:%-d %B %Y} ({name})" for name, timestamps in readings.items())
    return UserError(
        f"{raw.where_timestamp(wrong)} is {dates}, and no other row decides between them; "
        "set ingest.time_format to the right one"
    )


def _not_a_date(raw: Raw, wrong: int, time_format: str | None) -> UserError:
    """The error for a timestamp that is not in `time_format`; None if no format fits the first timestamp."""
    first, found = str(raw.timestamps.iloc[0]), str(raw.timestamps.iloc[wrong])
    if not found:
        problem = ": no time; write one or remove the row"
    elif time_format is None:
        problem = (
            " is not a date in a known format; write dates as 1949-01-31, set ingest.time_format, "
            "or set ingest.frequency to null for integer steps"
        )
    elif OFFSET.fullmatch(found) and OFFSET.fullmatch(first):
        problem = (
            f" has another offset from UTC than {quoted(first)}; "
            "set ingest.time_zone to their zone (Europe/Berlin, for example)"
        )
    else:
        problem = (
            f" is not a date from {FIRST_YEAR} to {LAST_YEAR} in the format {time_format}; "
            "correct it, or set ingest.time_format"
        )
    return UserError(raw.where_timestamp(wrong) + problem)
