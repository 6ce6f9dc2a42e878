"""From a file's time column to steps: which time axis the file has, declared or found out, and where its rows are."""

import zoneinfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.offsets import Tick

from stages.common.errors import UserError, quoted
from stages.ingest.frequency import infer_frequency, offset_of
from stages.ingest.params import Ingest
from stages.ingest.raw import FIRST_YEAR, LAST_YEAR, Raw
from stages.panel.time_axis import TimeAxis
from stages.panel.time_formats import OFFSET, default_format, formats_of, parse_times, pattern

MOST_STEPS_A_ROW = 100  # a panel that is all gaps has the wrong frequency
LARGEST_STEP = 2**53


def read_time_axis(raw: Raw, settings: Ingest) -> tuple[TimeAxis, pd.Series]:
    """The time axis of a raw file, and the steps (U,) of its distinct time stamps.

    Raises UserError for stamps that are no dates or could be several, and where no frequency fits them.
    """
    is_text = not pd.api.types.is_datetime64_any_dtype(raw.stamps)
    integers = settings.frequency is None or (
        settings.frequency == "auto" and settings.time_format is None and is_text and _are_integers(raw.stamps)
    )
    if integers:
        if settings.frequency == "auto":
            _refuse_dates_as_numbers(raw)
        return TimeAxis(None, None), _integer_steps(raw)
    if settings.frequency != "auto":
        offset_of(str(settings.frequency))
    zone = settings.time_zone
    if zone and zone not in zoneinfo.available_timezones():
        raise UserError(f"params.yaml: ingest.time_zone is {quoted(zone)}; use a name such as Europe/Berlin, or null")
    if is_text:
        time_format, stamps = _read_dates(raw, settings)
    else:
        time_format, stamps = settings.time_format or default_format(raw.stamps), raw.stamps
        if zone and stamps.dt.tz is None:
            raise UserError(
                f"params.yaml: ingest.time_zone is {zone!r}, but {raw.source} has no offsets; set it to null"
            )
        zone = zone or (_zone_of(stamps) if stamps.dt.tz is not None else None)
    if zone:
        stamps = stamps.dt.tz_convert(zone)
    frequency = settings.frequency
    if frequency == "auto":
        frequency = infer_frequency(stamps)
        if frequency is None:
            raise UserError(_irregular(raw, stamps, time_format))
    return TimeAxis(frequency, time_format, zone), stamps


def place_on_grid(raw: Raw, time_axis: TimeAxis, stamps: pd.Series) -> tuple[pd.Index, npt.NDArray[np.intp]]:
    """The grid from the first to the last of `stamps` (U,), and the place of each stamp on it (U,).

    Raises UserError for a stamp that is off the grid, and for a grid far longer than the data.
    """
    first, last = stamps.min(), stamps.max()
    length = _step_length(time_axis.frequency)
    span = last - first if time_axis.frequency is None else last.value - first.value
    steps = span // length if length else 0
    if steps > MOST_STEPS_A_ROW * len(raw.values):
        kind = "integer steps" if time_axis.frequency is None else f"steps of frequency {time_axis.frequency!r}"
        raise UserError(
            f"{raw.source}, column {quoted(raw.time)}: {len(raw.values)} values span {steps} {kind}; "
            "set ingest.frequency (and ingest.time_format, if these are dates) to what they are"
        )
    grid = time_axis.steps_between(first, last)
    at = grid.get_indexer(pd.Index(stamps))
    if (at < 0).any():
        wrong = int((at < 0).argmax())
        fits = infer_frequency(stamps)
        raise UserError(
            f"{raw.where_stamp(wrong)} is not a step of frequency {time_axis.frequency!r} from "
            f"{time_axis.format(pd.Series([grid[0] if len(grid) else first])).iloc[0]} on; "
            + (f"set ingest.frequency to {fits!r}, which fits all" if fits else "correct ingest.frequency or the row")
        )
    return grid, at


def _read_dates(raw: Raw, settings: Ingest) -> tuple[str, pd.Series]:
    """The format of the distinct stamps, and what they are in it; in UTC where there is a time zone."""
    texts, zone = raw.stamps, settings.time_zone
    if settings.time_format:
        time_format = settings.time_format
        reads_offsets = "%z" in time_format or "%:z" in time_format
        if reads_offsets and not zone:
            raise UserError(
                f"params.yaml: ingest.time_format {quoted(time_format)} reads offsets from UTC; set ingest.time_zone to "
                "the zone whose they are (UTC, Europe/Berlin, ...)"
            )
        try:
            stamps = parse_times(texts, time_format, utc=zone is not None)
        except ValueError as error:
            raise UserError(f"params.yaml: ingest.time_format is {quoted(time_format)}: {error}; correct it") from None
        if zone and not reads_offsets:
            raise UserError(
                f"params.yaml: ingest.time_zone is {zone!r}, but ingest.time_format {time_format!r} reads no offsets; "
                "put %z into it, or set ingest.time_zone to null"
            )
    else:
        found = formats_of(texts, time_zone=zone is not None)
        whole = [name for name, stamps in found.items() if stamps.notna().all()]
        if len(whole) > 1:
            apart = int((found[whole[0]] != found[whole[1]]).to_numpy().argmax())
            readings = " or ".join(f"{found[name].iloc[apart]:%-d %B %Y} ({name})" for name in whole)
            raise UserError(
                f"{raw.where_stamp(apart)} is {readings}, and no other row tells which; set ingest.time_format to one"
            )
        time_format = max(found, key=lambda name: int(found[name].notna().sum()), default="")
        stamps = found.get(time_format, pd.Series(pd.NaT, index=texts.index))
        if zone and whole and not time_format.endswith("z"):
            raise UserError(
                f"params.yaml: ingest.time_zone is {zone!r}, but {raw.where_stamp(0)} has no offset; set it to null"
            )
    if stamps.isna().any():
        raise UserError(_no_date(raw, int(stamps.isna().to_numpy().argmax()), time_format))
    return time_format, stamps


def _integer_steps(raw: Raw) -> pd.Series:
    numbers = pd.to_numeric(raw.stamps, errors="coerce")
    wrong = (numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > LARGEST_STEP)).to_numpy()
    if pd.api.types.is_datetime64_any_dtype(raw.stamps) or wrong.any():
        raise UserError(
            f"{raw.where_stamp(int(wrong.argmax()))} is not an integer step; "
            "correct it, or set ingest.frequency if these are dates"
        )
    return numbers.astype("int64")


def _refuse_dates_as_numbers(raw: Raw) -> None:
    """Raises UserError for whole numbers that are all months or days as well."""
    for time_format in ("%Y%m%d", "%Y%m"):
        if pattern(time_format).fullmatch(str(raw.stamps.iloc[0])):
            stamps = parse_times(raw.stamps, time_format)
            if stamps.notna().all() and stamps.dt.year.between(FIRST_YEAR, LAST_YEAR).all():
                raise UserError(
                    f"{raw.where_stamp(0)} is a whole number or a date, like all the others; set ingest.time_format to "
                    f"{time_format!r}, or ingest.frequency to null for integer steps"
                )


def _zone_of(stamps: pd.Series) -> str:
    """The name of the zone of tz-aware stamps, for a constant offset such as UTC+05:30."""
    name = str(stamps.dt.tz)
    if name in zoneinfo.available_timezones():
        return name
    offset = stamps.iloc[0].strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:]}"


def _are_integers(texts: pd.Series) -> bool:
    return bool(texts.str.fullmatch(r"[+-]?\d{1,18}").all())


def _step_length(frequency: str | None) -> int | None:
    """How long a step is, in nanoseconds; None where that depends on the calendar: such steps are too few to matter."""
    if frequency is None:
        return 1
    offset = offset_of(frequency)
    return pd.Timedelta(offset).value if isinstance(offset, Tick) else None


def _no_date(raw: Raw, wrong: int, time_format: str) -> str:
    first, found = str(raw.stamps.iloc[0]), str(raw.stamps.iloc[wrong])
    if not found:
        return f"{raw.where_stamp(wrong)}: no time; write one or remove the row"
    if not time_format:
        hint = (
            "write dates as 1949-01-31, declare ingest.time_format, or set ingest.frequency to null for integer steps"
        )
        return f"{raw.where_stamp(wrong)} is no date in a form that is known; {hint}"
    if OFFSET.fullmatch(found) and OFFSET.fullmatch(first):
        return (
            f"{raw.where_stamp(wrong)} has another offset from UTC than {quoted(first)}; "
            "set ingest.time_zone to the zone whose they are (Europe/Berlin, say)"
        )
    return (
        f"{raw.where_stamp(wrong)} is not of the form {time_format} that the first row has, or no date from "
        f"{FIRST_YEAR} to {LAST_YEAR}; correct it, or declare ingest.time_format"
    )


def _irregular(raw: Raw, stamps: pd.Series, time_format: str) -> str:
    if len(stamps) < 2:
        return f"{raw.where_stamp(0)} is the only one, which tells no frequency; set ingest.frequency"
    rising = stamps.sort_values()
    gaps = rising.dt.as_unit("ms").diff().dropna()  # centuries do not fit into nanoseconds
    return (
        f"{raw.source}, column {quoted(raw.time)}: {len(stamps)} distinct stamps lie {gaps.min()} to {gaps.max()} apart "
        "and fit no frequency of which half the steps are there; correct the stamps, or set ingest.frequency"
    )
