"""Refuse a file whose series do not all fit the frequency that was found, and name the first that does not.

A series fits if its timestamps lie on the grid, if half of the steps from its first to its last have one, and if they
are not several steps apart throughout: a series of months among series of days, or Mondays among Thursdays, does not.
"""

from collections import Counter

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import UserError, quoted
from stages.ingest.columns import Codes
from stages.ingest.frequency import MIN_DENSITY, infer_frequency
from stages.ingest.params import Missing
from stages.ingest.raw import Raw
from stages.ingest.timestamps import refuse_other_notation, zone_hint
from stages.panel.grid import OFF_GRID, make_grid
from stages.panel.time_axis import TimeAxis

MIN_STRIDES = 8  # values, all several steps apart: fewer may be so by chance, if other series have every step
MAX_VOTES = 50  # series whose own frequencies decide which one is usual
MIN_SHARE = 0.8  # of a series' timestamps that have a frequency, for the others to be named as exceptions


def refuse_misfits(
    raw: Raw, given: Raw, places: Ints, time_axis: TimeAxis, timestamps: pd.Series, missing: Missing
) -> None:
    """Raises UserError if a series does not fit the frequency of `time_axis`, which was found for all rows together.

    given: of the rows, those from the first value of each series to its last; others hold covariates
    places, timestamps: (U,) the number of each timestamp's step, and the timestamp
    missing: `zero` says that a step without a row has a value, 0; half of the steps are then enough for all together
    """
    steps = places[given.time_codes]
    wrong = misfits(given.series_codes, steps, given.values, len(given.ids), lenient=missing == "zero")
    if not wrong.any():
        return
    series = int(wrong.argmax())
    if time_axis.frequency is None:
        raise _sparse(given, steps, None, series)
    if len(given.ids) == 1:
        raise _irregular(raw, time_axis, timestamps, series)
    raise _misfit(raw, given, steps, time_axis, timestamps, series)


def misfits(series: Codes, steps: Ints, values: Floats, count: int, lenient: bool) -> Bools:
    """(S,) which of `count` series do not fit steps that are numbered.

    series, steps, values: (N,) of each observation; NaN where a row has no value
    lenient: whether half of the steps are enough for all series together
    """
    rows = np.bincount(series, minlength=count)
    first, lengths = spans(series, steps, count)
    sparse = rows < MIN_DENSITY * lengths
    if lenient:
        found = len(np.unique(steps))
        sparse &= found < MIN_DENSITY * _covered(first[rows > 0], lengths[rows > 0])
    given = ~np.isnan(values) if count > 1 else np.ones(len(values), dtype=bool)
    numbers = np.bincount(series[given], minlength=count)
    suspects = (numbers >= 3) & (2 * (numbers - 1) <= lengths - 1)
    if not suspects.any():
        return sparse
    strides = strides_of(series[given], steps[given], suspects, first)
    single = (numbers >= 2) & ~suspects | (strides == 1)
    return sparse | (strides > 1) & (numbers >= (MIN_STRIDES if single.any() else 3))


def strides_of(series: Codes, steps: Ints, chosen: Bools, first: Ints) -> Ints:
    """(S,) the greatest common divisor of the steps of each `chosen` series after its `first`; 0 for the others."""
    strides = np.zeros(len(chosen), dtype=np.int64)
    some = chosen[series]
    np.gcd.at(strides, series[some], steps[some] - first[series[some]])
    return strides


def spans(series: Codes, steps: Ints, count: int) -> tuple[Ints, Ints]:
    """The first step (S,) of each of `count` series, and the steps (S,) from it to the last; 0 without observations.

    series, steps: (N,) of each observation
    """
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, series, steps)
    np.maximum.at(last, series, steps)
    return first, np.where(last >= first, last - first + 1, 0)


def _covered(first: Ints, lengths: Ints) -> int:
    """The number of steps that lie between the `first` and the last step of at least one series (S,)."""
    order = np.argsort(first)
    begins, ends = first[order], np.maximum.accumulate((first + lengths)[order])
    before = np.concatenate([begins[:1], ends[:-1]])
    return int((ends - np.maximum(begins, before)).clip(0).sum())


def _misfit(raw: Raw, given: Raw, steps: Ints, time_axis: TimeAxis, timestamps: pd.Series, wrong: int) -> UserError:
    """The error for the first series without the usual frequency; for series `wrong` if no frequency is usual."""
    usual, example = _usual_frequency(given, timestamps)
    if usual is None:
        return _irregular(raw, time_axis, timestamps, wrong)
    first = _timestamps_of(given, timestamps, example).min()
    places = make_grid(usual, first, timestamps.max()).numbers(pd.Index(timestamps))[raw.time_codes]
    count, known = len(raw.ids), ~np.isnan(raw.values)
    on, off = known & (places != OFF_GRID), known & (places == OFF_GRID)
    misplaced = np.bincount(raw.series_codes[off], minlength=count)
    unlike = misfits(raw.series_codes[on], places[on], raw.values[on], count, lenient=False) | (misplaced > 0)
    if not unlike.any():  # it is rows without a value that do not fit
        return _irregular(raw, time_axis, timestamps, None)
    series = int(unlike.argmax())
    found = _timestamps_of(raw, timestamps, series)
    own, more = infer_frequency(found), f" ({unlike.sum() - 1} more do not fit either)" if unlike.sum() > 1 else ""
    if own:
        begin, other = time_axis.format(pd.Series([found.min(), first]))
        return UserError(
            f"{raw.source}, column {quoted(raw.time)}: series {quoted(raw.ids[series])} has the frequency {own!r} from "
            f"{begin} on{more}, unlike {quoted(raw.ids[example])} with {usual!r} from {other} on; leave it out, or "
            "bring all series to the same steps"
        )
    if 0 < misplaced[series] <= (1 - MIN_SHARE) * len(found):
        row = int((off & (raw.series_codes == series)).argmax())
        return UserError(
            f"{raw.where(row)} of series {quoted(raw.ids[series])} is not a step of frequency {usual!r}, which fits "
            f"the other timestamps{more}; correct it"
        )
    return _sparse(given, steps, time_axis.frequency, series)


def _usual_frequency(raw: Raw, timestamps: pd.Series) -> tuple[str | None, int]:
    """The frequency that most series have, judged by a few, and the first of these; None if all are irregular."""
    numbers = np.bincount(raw.series_codes[~np.isnan(raw.values)], minlength=len(raw.ids))
    telling = np.flatnonzero(numbers >= min(3, int(numbers.max())))
    voters = sorted(np.random.default_rng(0).permutation(telling)[:MAX_VOTES].tolist())
    frequencies = {series: infer_frequency(_timestamps_of(raw, timestamps, series)) for series in voters}
    votes = Counter(frequency for frequency in frequencies.values() if frequency)
    if not votes:
        return None, voters[0]
    usual = votes.most_common(1)[0][0]
    return usual, next(series for series, frequency in frequencies.items() if frequency == usual)


def _timestamps_of(raw: Raw, timestamps: pd.Series, series: int) -> pd.Series:
    """The timestamps at which a series has values."""
    return timestamps.iloc[np.unique(raw.time_codes[(raw.series_codes == series) & ~np.isnan(raw.values)])]


def _sparse(raw: Raw, steps: Ints, frequency: str | None, series: int) -> UserError:
    """The error for a series that has values at too few steps of a frequency, or at every second, third, ... step."""
    own = np.unique(steps[raw.series_codes == series])
    stride, between = int(np.gcd.reduce(np.diff(own))), int(own[-1] - own[0]) + 1
    kind = f"steps of frequency {frequency!r}" if frequency else "integer steps"
    if stride > 1:
        problem = f"has values that are multiples of {stride} {kind} apart"
    else:
        problem = f"has timestamps at {len(own)} of {between} {kind}, less than half"
    dates = "" if frequency else ", set ingest.time_format if they are dates,"
    return UserError(
        f"{raw.source}, column {quoted(raw.time)}: series {quoted(raw.ids[series])} {problem}; leave it out{dates} or "
        f"set ingest.frequency to {repr(frequency) if frequency else 'null'} if the other steps have no value, and "
        "ingest.missing to zero if no row means 0"
    )


def _irregular(raw: Raw, time_axis: TimeAxis, timestamps: pd.Series, series: int | None) -> UserError:
    """The error for a series whose timestamps have no frequency, when no other series has one; None: all together."""
    if time_axis.time_zone is None:
        refuse_other_notation(raw)
    if len(raw.ids) == 1:
        series = None
    found = timestamps if series is None else _timestamps_of(raw, timestamps, series)
    exception = _exception(found)
    if exception:
        row, frequency = exception
        return UserError(
            f"{raw.where_timestamp(row)} is not a step of frequency {frequency!r}, which fits almost all timestamps; "
            "correct it"
        )
    which = f"{raw.source}, column {quoted(raw.time)}"
    if series is not None:
        which += f", series {quoted(raw.ids[series])}"
    local = found.dt.tz_localize(None)
    months = local.dt.normalize() - pd.to_timedelta(local.dt.day - 1, "D")
    if months.is_unique and infer_frequency(months):
        days = found.dt.day
        return UserError(
            f"{which}: the timestamps, at most one in a month, fall on days {days.min()} to {days.max()}; "
            "give all the same day, or write the month alone (2024-01)"
        )
    gaps = found.sort_values().dt.as_unit("ms").diff().dropna()  # centuries do not fit into nanoseconds
    return UserError(
        f"{which}: {len(found)} distinct timestamps are {gaps.min()} to {gaps.max()} apart and fit no frequency at "
        f"which half the steps have one; {zone_hint(raw, found)}correct them, or set ingest.frequency, "
        f"to {time_axis.frequency!r} if the other steps have no value, and ingest.missing to zero if no row means 0"
    )


def _exception(timestamps: pd.Series) -> tuple[int, str] | None:
    """The first timestamp off a frequency that MIN_SHARE of them fit, by its label, and the frequency; or None."""
    times = pd.DatetimeIndex(timestamps)
    gaps = pd.Series(np.diff(np.sort(times.asi8)))
    for kind in ((times.asi8 - times.asi8[0]) % gaps.mode().iloc[0], times.day):
        fits = kind == pd.Series(kind).mode().iloc[0]
        frequency = infer_frequency(times[fits]) if MIN_SHARE <= fits.mean() < 1 else None
        if frequency:  # which more of them may fit than have the same kind, as years from a leap year on
            off = make_grid(frequency, times[fits].min(), times.max()).numbers(times) == OFF_GRID
            if off.any():
                return int(timestamps.index[int(np.argmax(off))]), frequency
    return None
