"""Parse the time column: determine its format, time zone and frequency."""

import re
import zoneinfo

import pandas as pd

from stages.common.errors import UserError, quoted
from stages.ingest.frequency import check_frequency, coarsest_frequency, infer_frequency
from stages.ingest.integer_steps import are_whole_numbers, read_integer_steps, refuse_dates
from stages.ingest.local_time import daily_zone, read_local_times, refuse_repeated_hour
from stages.ingest.notations import WITH_OFFSET, candidate_formats, default_format, regular_formats
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw
from stages.panel.time_axis import INTEGER_STEPS, TimeAxis
from stages.panel.time_formats import (
    FIRST_YEAR,
    LAST_YEAR,
    check_format,
    clock_of,
    parse_offset,
    parse_times,
    reads_offsets,
)

FIRST_DOUBTFUL_YEAR = 2050  # of years with two digits, which are read as 1969 to 2068


def read_time_axis(raw: Raw, settings: Ingest) -> tuple[Raw, TimeAxis, pd.Series]:
    """The raw file, its time axis, and its distinct timestamps (U,) as datetime64 or integers.

    In the raw file that is returned, an hour that the clock repeats has two timestamps. Raises UserError for
    timestamps that are not dates, that are ambiguous or have no frequency, and for a declared frequency, format or time
    zone that does not exist or does not fit them.
    """
    frequency = settings.frequency
    if frequency is None:
        return raw, INTEGER_STEPS, read_integer_steps(raw)
    if frequency == "auto" and settings.time_format is None and are_whole_numbers(raw.timestamps):
        refuse_dates(raw)
        return raw, INTEGER_STEPS, read_integer_steps(raw)
    if frequency != "auto":
        check_frequency(frequency)
    _refuse_unknown_zone(settings.time_zone)
    raw, time_format, time_zone, timestamps = _read_dates(raw, settings)
    if frequency == "auto":
        frequency = coarsest_frequency(timestamps)
        if frequency is None:
            problem = "the only timestamp" if len(timestamps) == 1 else "centuries from the next timestamp"
            raise UserError(f"{raw.where_timestamp(0)} is {problem}, which has no frequency; set ingest.frequency")
    return raw, TimeAxis(frequency, time_format, time_zone), timestamps


def _read_dates(raw: Raw, settings: Ingest) -> tuple[Raw, str, str | None, pd.Series]:
    """The raw file, and the format, the time zone and the timestamps (U,), in that zone, of a column of dates."""
    time_format, time_zone = settings.time_format, settings.time_zone
    if time_format:
        _check_format(time_format)
    if _is_datetime(raw.timestamps):
        timestamps = raw.timestamps
        time_format = time_format or default_format(timestamps)
        if timestamps.dt.tz is not None:
            time_zone = time_zone or _zone_of(timestamps)
    else:
        if time_format:
            timestamps = parse_times(raw.timestamps, time_format)
        else:
            time_format, timestamps = _parse_guessed(raw, with_zone=time_zone is not None)
        _refuse_offsets_without_zone(settings)
        if timestamps.isna().any():
            raise _not_a_date(raw, int(timestamps.isna().to_numpy().argmax()), time_format)
        clock = clock_of(time_format)
        if time_zone and clock and timestamps.dt.tz is None:
            timestamps = timestamps.dt.tz_localize(clock)
    if timestamps.dt.tz is not None:
        timestamps = timestamps.dt.tz_convert(time_zone)
        return raw, _in_utc_if_written_so(raw, timestamps, time_format), time_zone, timestamps
    if not _has_time_of_day(time_format):
        return raw, time_format, None, timestamps
    if time_zone:
        raw, timestamps = read_local_times(raw, timestamps, time_zone)
    elif clock_of(time_format) is None:
        refuse_repeated_hour(raw, timestamps)
    return raw, time_format, time_zone, timestamps


def _check_format(time_format: str) -> None:
    """Raises UserError for a declared format that cannot be read or written."""
    try:
        check_format(time_format)
    except ValueError as error:
        raise UserError(f"params.yaml: ingest.time_format is {quoted(time_format)}: {error}; correct it") from None


def _parse_guessed(raw: Raw, with_zone: bool) -> tuple[str, pd.Series]:
    """The format that fits most timestamps, and the timestamps (U,) in it; NaT where it does not fit.

    Raises UserError if no format fits the first timestamp, or several fit all of them and they do not decide.
    """
    candidates = candidate_formats(raw.timestamps, with_zone)
    if not candidates:
        raise _not_a_date(raw, 0, None)
    fitting = {name: timestamps for name, timestamps in candidates.items() if timestamps.notna().all()}
    if len(fitting) > 1:
        fitting = _decided(fitting)
        if len(fitting) > 1:
            raise _ambiguous(raw, fitting)
    if not fitting:
        refuse_other_notation(raw)
    time_format = max(fitting or candidates, key=lambda name: int(candidates[name].notna().sum()))
    _refuse_doubtful_year(raw, time_format, candidates[time_format])
    return time_format, candidates[time_format]


def _decided(readings: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """The one of several readings, all but days and months in another order, in which the rows are regular and sorted.

    All of them if there is not exactly one.
    """
    if any("%d" in name.replace("-", "") and "%Y" in name for name in readings):
        return readings
    regular = {
        name: timestamps
        for name, timestamps in readings.items()
        if (timestamps.is_monotonic_increasing or timestamps.is_monotonic_decreasing) and infer_frequency(timestamps)
    }
    return regular if len(regular) == 1 else readings


def _refuse_doubtful_year(raw: Raw, time_format: str, timestamps: pd.Series) -> None:
    """Raises UserError for years of two digits that may be of two centuries, or may be days."""
    if "%y" not in time_format:
        return
    late = (timestamps.dt.year >= FIRST_DOUBTFUL_YEAR).to_numpy()
    if late.any():
        wrong = int(late.argmax())
        year = timestamps.iloc[wrong].year
        raise UserError(f"{raw.where_timestamp(wrong)} is in {year} or in {year - 100}; write years with four digits")
    is_month = not re.search("%-?[dq]", time_format)
    if is_month and len(timestamps) > 1 and timestamps.dt.month.nunique() == 1 and "%b" in time_format.lower():
        raise UserError(
            f"{raw.where_timestamp(0)} is {timestamps.iloc[0]:%B %Y}, or a day of {timestamps.iloc[0]:%B} without a "
            f"year; set ingest.time_format to {time_format!r}, or write dates as 2024-01-31"
        )


def refuse_other_notation(raw: Raw) -> None:
    """Raises UserError if timestamps that no usual format makes regular dates are ones in another format."""
    formats = [] if _is_datetime(raw.timestamps) else regular_formats(raw.timestamps, infer_frequency)
    if formats:
        raise UserError(
            f"{raw.where_timestamp(0)} and all the others are regular dates only in the format {' or '.join(formats)}; "
            "set ingest.time_format to it, or set ingest.frequency"
        )


def _in_utc_if_written_so(raw: Raw, timestamps: pd.Series, time_format: str) -> str:
    """`time_format`, with +00:00 as a literal if all texts have that offset and their zone, at a time, has another."""
    first = str(raw.timestamps.iloc[0])
    offset = WITH_OFFSET.fullmatch(first) if reads_offsets(time_format) and not _is_datetime(raw.timestamps) else None
    if not offset or parse_offset(offset[2]).utcoffset(None) or not raw.timestamps.str.endswith(offset[2]).all():
        return time_format
    local, utc = timestamps.dt.tz_localize(None), timestamps.dt.tz_convert("UTC").dt.tz_localize(None)
    return re.sub(" ?%:?z$", offset[2], time_format) if (local != utc).any() else time_format


def _refuse_unknown_zone(time_zone: str | None) -> None:
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise UserError(
            f"params.yaml: ingest.time_zone is {quoted(time_zone)}; use a name such as Europe/Berlin, or null"
        )


def _refuse_offsets_without_zone(settings: Ingest) -> None:
    """Raises UserError for a declared format that reads offsets from UTC, without a time zone."""
    if settings.time_format and reads_offsets(settings.time_format) and not settings.time_zone:
        raise UserError(
            f"params.yaml: ingest.time_format {quoted(settings.time_format)} reads offsets from UTC; "
            "set ingest.time_zone to their zone (UTC, Europe/Berlin, ...)"
        )


def _has_time_of_day(time_format: str) -> bool:
    return re.search("%-?[HI]", time_format) is not None


def _is_datetime(timestamps: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(timestamps))


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
    dates = " or ".join(
        f"{timestamps.iloc[wrong]:{'the year from %Y on' if '%+' in name else '%-d %B %Y'}} ({name})"
        for name, timestamps in readings.items()
    )
    return UserError(
        f"{raw.where_timestamp(wrong)} is {dates}, and no other row decides between them; "
        "set ingest.time_format to the right one"
    )


def _not_a_date(raw: Raw, wrong: int, time_format: str | None) -> UserError:
    """The error for a timestamp that is not in `time_format`; None if no format fits the first timestamp."""
    first, found = str(raw.timestamps.iloc[0]), str(raw.timestamps.iloc[wrong])
    if not found:
        problem = ": no time; write one or remove the row"
    elif re.search("[ T]24(:00)*$", found):
        problem = " has hour 24; write it as hour 0 of the next day, or number the hours of a day from 0 to 23"
    elif raw.timestamps.str.fullmatch(r"\d{4}\.\d+").all():
        problem = " is a year with decimals or not a month; write dates as 1949-01-31"
    elif time_format is None:
        problem = (
            " is not a date in a known format; write dates as 1949-01-31, set ingest.time_format, "
            "or set ingest.frequency to null for integer steps"
        )
    elif WITH_OFFSET.fullmatch(found) and WITH_OFFSET.fullmatch(first):
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


def zone_hint(raw: Raw, timestamps: pd.Series) -> str:
    """What to do if local times are regular only without their zone, or if times in UTC are midnights of a zone."""
    has_zone = timestamps.dt.tz is not None
    if has_zone and not _is_datetime(raw.timestamps) and not WITH_OFFSET.fullmatch(str(raw.timestamps.iloc[0])):
        frequency = infer_frequency(timestamps.dt.tz_localize(None))
        return f"for steps of {frequency} by the local clock set ingest.time_zone to null; else " if frequency else ""
    zone = daily_zone(timestamps)
    if zone is None:
        return ""
    add = "" if has_zone else "write them with Z, for UTC, and "
    return f"in the time zone {zone} all are midnights: {add}set ingest.time_zone to it; else "
