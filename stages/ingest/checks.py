"""Checks of a raw file on its way to the panel: what is refused and what is warned of."""

from typing import Any, NoReturn

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import BusinessDay, Tick

from stages.common.arrays import Floats, Ints
from stages.common.errors import UserError, listed, quoted, warn
from stages.ingest.frequency import infer_frequency, is_usual
from stages.ingest.gaps import long_stretch, longest_gap
from stages.ingest.params import Missing
from stages.ingest.raw import Raw
from stages.panel.grid import OFF_GRID, ListedGrid, make_grid
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis

MAX_STEPS_PER_VALUE = 100  # a panel that is almost all gaps has the wrong frequency
MAX_LISTED = 30_000  # steps that pandas lists in a second or two; 80 years of business days
TELL_APART = (  # what to do about timestamps that several series share
    ", or set ingest.series to the column that identifies the series, or to a list of them, or ingest.time to "
    "[date, time of day] where these are two columns"
)
CORRECT_VALUE = "correct ingest.value or the file"
LEARNED = "networks learn from them as if they were given"
DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
CHANCES = 10  # times that a weekday, or an hour, had a chance of a value, before it is no accident that it has none
MIN_VALUES_PER_SERIES = 2  # on average; with fewer, `ingest.series` does not name a column of ids


def refuse_control_characters(raw: Raw) -> None:
    """Raises UserError for an id with a character that cannot be written to a CSV file and read back."""
    for series, name in enumerate(raw.ids):
        if "\r" in name or "\0" in name:
            row = raw.row_number(int((raw.series_codes == series).argmax()))
            raise UserError(
                f"{raw.source} row {row}: the id {quoted(name)} contains a carriage return or a null character; "
                "remove it"
            )


def refuse_too_many_series(raw: Raw, at_least: int) -> None:
    """Raises UserError if the file has no values, or fewer than `at_least` for each of its series on average."""
    values = np.bincount(raw.series_codes[~np.isnan(raw.values)], minlength=len(raw.ids))
    series = int((values > 0).sum())
    if not series:
        raise UserError(f"{raw.source}: no value in any row; {CORRECT_VALUE}")
    if series > 1 and values.sum() < at_least * series:
        raise UserError(
            f"{raw.source}: {series} series in {values.sum()} values, less than {at_least} for each; "
            "set ingest.series to the column that identifies the series, or to null for one series"
        )


def refuse_off_grid(raw: Raw, time_axis: TimeAxis, timestamps: pd.Series, places: Ints) -> None:
    """Raises UserError for the first of `timestamps` (U,) that is not on the grid, as `places` (U,) say."""
    off = places == OFF_GRID
    if not off.any():
        return
    inferred = infer_frequency(timestamps)
    hint = f"set ingest.frequency to {inferred!r}, which fits all" if inferred else "correct it or ingest.frequency"
    start = time_axis.format(pd.Series([timestamps.min()])).iloc[0]
    raise UserError(
        f"{raw.where_timestamp(int(off.argmax()))} is not a step of frequency {time_axis.frequency!r} "
        f"from {start} on; {hint}"
    )


def refuse_long_list(raw: Raw, frequency: str | None, first: Any, last: Any) -> None:
    """Raises UserError for a frequency whose steps pandas has to list if there are too many from `first` to `last`."""
    if frequency is None or not isinstance(make_grid(frequency, first, last), ListedGrid):
        return
    offset = to_offset(frequency)
    begin = pd.Timestamp(2000, 1, 1) + offset
    span = last.to_pydatetime(warn=False) - first.to_pydatetime(warn=False)  # pandas has no Timedelta of 300 years
    steps = span / (begin + offset - begin).to_pytimedelta()
    if steps > max(MAX_LISTED, MAX_STEPS_PER_VALUE * len(raw.values)):
        raise _too_many_steps(raw, int(steps), frequency)


def refuse_sparse_series(raw: Raw, steps: int, frequency: str | None) -> None:
    """Raises UserError if all series together have far more `steps` than values."""
    if steps > MAX_STEPS_PER_VALUE * len(raw.values):
        raise _too_many_steps(raw, steps, frequency)


def _too_many_steps(raw: Raw, steps: int, frequency: str | None) -> UserError:
    kind = f"steps of frequency {frequency!r}" if frequency else "integer steps"
    return UserError(
        f"{raw.source}, column {quoted(raw.time)}: {len(raw.values)} values span {steps} {kind} "
        "in all series together; correct ingest.frequency (and set ingest.time_format, if these are dates)"
    )


def refuse_duplicates(raw: Raw, rows: Ints) -> None:
    """Raises UserError if observations have the same step and series, and so the same row of `rows` (N,)."""
    counts = np.bincount(rows)
    if not (counts > 1).any():
        return
    repeated = counts[rows] > 1
    first, second = np.flatnonzero(rows == int((counts > 1).argmax()))[:2].tolist()
    series = len(np.unique(raw.series_codes[repeated]))
    spelling = "" if raw.time_codes[first] == raw.time_codes[second] else f" as {raw.found(first)}"
    if all(_same_values(each[repeated], rows[repeated]) for each in (raw.values, *(c.values for c in raw.covariates))):
        remedy = "the values are the same too: remove the repeated rows"
    else:
        remedy = "keep one row for each timestamp" + TELL_APART
    raise UserError(
        f"{raw.where(second)} appears twice in series {quoted(raw.ids[raw.series_codes[second]])}, also in row "
        f"{raw.row_number(first)}{spelling} ({repeated.sum()} rows of {series} series share a timestamp); {remedy}"
    )


def _same_values(values: Floats, rows: Ints) -> bool:
    """Whether observations of the same row have the same value."""
    return bool((pd.Series(values).groupby(rows).nunique(dropna=False) == 1).all())


def refuse_long_season(season_length: int, longest: int) -> None:
    """Raises UserError if a declared season does not fit into the `longest` series (steps)."""
    if season_length >= longest:
        raise UserError(
            f"params.yaml: ingest.season_length {season_length} is not shorter than the longest series, "
            f"which has {longest} steps; make it shorter, or null for the usual season of the frequency"
        )


def refuse_missing(panel: Panel, raw: Raw, rows: Ints) -> NoReturn:
    """Raises UserError for the first missing value of a panel that has one.

    rows: (N,) the panel's row of each observation in `raw`
    """
    row = int(panel.missing.argmax())
    series = int(np.searchsorted(panel.indptr, row, side="right")) - 1
    gaps = np.unique(np.searchsorted(panel.indptr, np.flatnonzero(panel.missing), side="right"))
    raise UserError(
        f"{raw.source}: series {quoted(panel.ids[series])} has no value at "
        f"{panel.time_axis.format(panel.ds.iloc[[row]]).iloc[0]}, {_place_of_gap(raw, rows, row)} "
        f"({panel.missing.sum()} missing in total, in {len(gaps)} series, at most {longest_gap(panel)[1]} in a row); "
        f"{_remedy_of_gaps(panel, series)}"
    )


def _remedy_of_gaps(panel: Panel, series: int) -> str:
    """What to do about the gaps of a series: those of a frequency of its own are no missing values."""
    steps = slice(*panel.indptr[series : series + 2])
    missing, ds = panel.missing[steps], panel.ds[steps]
    stride = int(np.gcd.reduce(np.flatnonzero(~missing)))
    if stride > 1 and len(missing) > 2 * stride:
        return f"its values are {stride} steps apart throughout: leave it out, or give it a pipeline of its own"
    if panel.time_axis.frequency == "D" and missing.sum() > 2 and (ds[missing].dt.dayofweek >= 5).all():
        return "all that this series lacks are weekends: leave it out, or set ingest.missing to keep or zero"
    return "add the rows, or set ingest.missing to keep, or to what fills gaps: interpolate, forward, zero or seasonal"


def _place_of_gap(raw: Raw, rows: Ints, row: int) -> str:
    """Where in the file a missing value is, given by its row in the panel: an empty one, or before the next row."""
    empty = np.flatnonzero(rows == row)
    if len(empty):
        return f"which row {raw.row_number(int(empty[0]))} leaves empty"
    after = np.flatnonzero(rows > row)
    return f"before row {raw.row_number(int(after[rows[after].argmin()]))}"


def warn_of_similar_ids(raw: Raw) -> None:
    """Warn of ids that differ only by case or whitespace."""
    seen: dict[str, str] = {}
    pairs = []
    for name in raw.ids:
        other = seen.setdefault("".join(name.split()).casefold(), name)
        if other != name:
            pairs.append(f"{quoted(other)} and {quoted(name)}")
    if pairs:
        warn(
            f"{raw.source}: {len(pairs)} ids differ only by case or whitespace and are separate series "
            f"({'; '.join(pairs[:3])}); give them one id in the file if they are the same"
        )


def warn_of_empty_series(raw: Raw) -> None:
    """Warn of series without a value."""
    values = np.bincount(raw.series_codes[~np.isnan(raw.values)], minlength=len(raw.ids))
    names = [name for name, count in zip(raw.ids, values, strict=True) if not count]
    if names:
        few = ", ".join(quoted(name) for name in names[:5])
        have, are = ("has", "is") if len(names) == 1 else ("have", "are")
        warn(f"{raw.source}: {len(names)} series {have} no value and {are} left out ({few}); remove them from the file")


def warn_of_unusual_frequency(raw: Raw, time_axis: TimeAxis, timestamps: pd.Series) -> None:
    """Warn of a frequency that was found and that few people use, such as 13 months."""
    if time_axis.frequency is None or is_usual(time_axis.frequency):
        return
    texts = time_axis.format(timestamps.sort_values().iloc[:2])
    fiscal = " (write fiscal years such as 2000-01 as 2000)" if time_axis.frequency.startswith("13MS") else ""
    warn(
        f"{raw.source}, column {quoted(raw.time)}: the frequency found is {time_axis.frequency!r}, from "
        f"{texts.iloc[0]} to {texts.iloc[1]}, which is unusual; if it is wrong, correct the timestamps{fiscal} or set "
        f"ingest.time_format; if it is right, set ingest.frequency to {time_axis.frequency!r}"
    )


def warn_of_closed_times(panel: Panel, missing: Missing, source: str) -> None:
    """Warn of weekdays, or else of hours of the day, at which no series has any value, where that is no accident.

    Of steps of a day or less; a missing row that stands for 0 is a value.
    """
    if missing == "zero" or not panel.missing.any() or panel.time_axis.frequency is None:
        return
    offset, times = to_offset(panel.time_axis.frequency), panel.ds.dt
    is_short = isinstance(offset, Tick) and pd.Timedelta(offset) <= pd.Timedelta("1D")
    if not is_short and not isinstance(offset, BusinessDay):
        return
    days = [DAYS[each] for each in _closed(times.dayofweek, panel)]
    hours = [f"{each}:00" for each in _closed(times.hour, panel)]
    if names := days or hours:
        warn(
            f"{source}: no series has a value {'on' if days else 'at'} {listed(names)}; these steps are forecast as "
            "if there could be one: leave their rows of the forecast out, or set ingest.missing to zero where no value "
            "means 0"
        )


def _closed(phases: pd.Series, panel: Panel) -> list[int]:
    """The phases, such as weekdays, that have no value in any series, of the `phases` (N,) of a panel's steps.

    None where there are values at fewer than CHANCES times as many different times as there are phases, and where the
    others are equally far apart: then the frequency is another.
    """
    there = np.unique(phases)
    is_open = np.isin(there, phases[~panel.missing])
    if is_open.all() or panel.ds[~panel.missing].nunique() < CHANCES * len(there):
        return []
    apart = np.diff(np.flatnonzero(is_open), append=np.flatnonzero(is_open)[0] + len(there))
    return [] if (apart == apart[0]).all() else there[~is_open].tolist()


def warn_of_long_gaps(panel: Panel, missing: Missing, source: str) -> None:
    """Warn of a gap that is filled although it is longer than a season. A missing row that stands for 0 is no gap."""
    row, length = longest_gap(panel)
    if length <= long_stretch(panel) or missing == "zero":
        return
    series = int(np.searchsorted(panel.indptr, row, side="right")) - 1
    begin, end = panel.time_axis.format(panel.ds.iloc[[row, row + length - 1]])
    warn(
        f"{source}: {length} values in a row, {begin} to {end}, are filled in series {quoted(panel.ids[series])}, "
        f"and {LEARNED}; leave out the series, or its part before the gap"
    )
