"""Local times without offsets from UTC: tell the hour that the clock repeats apart; hints at a time zone to declare."""

from dataclasses import replace

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Ints
from stages.common.errors import UserError, counted, quoted, warn
from stages.ingest.columns import Codes
from stages.ingest.raw import Raw
from stages.panel.time_axis import both_readings

USUAL_ZONES = [  # of which a message names one, where several fit
    "Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Australia/Sydney", "America/Sao_Paulo", "America/Halifax", "America/St_Johns",
    "America/Santiago", "America/Havana", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Tehran",
    "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Auckland",
]  # fmt: skip


def read_local_times(raw: Raw, local: pd.Series, time_zone: str) -> tuple[Raw, pd.Series]:
    """Local times (U,) in their zone; where a series has one twice, the second row is the second time of it.

    In a series whose first row is its latest, it is the first row. Returns `raw` with a code for each second time, and
    the times (U + those,). Raises UserError for a time that the clock skips; warns of repeated hours that occur once.
    """
    first, second = both_readings(local, time_zone)
    if first.isna().any():
        raw, local = _without_skipped(raw, local, first.isna().to_numpy(), time_zone)
        first, second = both_readings(local, time_zone)
    is_repeated = (first != second).to_numpy()
    if not is_repeated.any():
        return raw, first
    rows = np.flatnonzero(is_repeated[raw.time_codes])
    is_second = _are_second(raw, local, rows)
    _warn_of_single_hours(raw, first, is_repeated, raw.time_codes[rows[is_second]], time_zone)
    new, codes = np.unique(raw.time_codes[rows[is_second]], return_inverse=True)
    time_codes = raw.time_codes.copy()
    time_codes[rows[is_second]] = len(local) + codes
    timestamps = pd.concat([raw.timestamps, raw.timestamps.iloc[new]], ignore_index=True)
    times = pd.concat([first, second.iloc[new]], ignore_index=True)
    return replace(raw, timestamps=timestamps, time_codes=time_codes), times


def _without_skipped(raw: Raw, local: pd.Series, skipped: Bools, time_zone: str) -> tuple[Raw, pd.Series]:
    """`raw` and its times (U,) without those that the clock skips: a file may have rows of them, without a value."""
    rows = skipped[raw.time_codes]
    wrong = rows & ~np.isnan(raw.values)
    if wrong.any():
        raise UserError(
            f"{raw.where(int(wrong.argmax()))} does not exist in {time_zone}, where the clock skips it; correct it, "
            "or set ingest.time_zone to null if the times have one offset from UTC all year"
        )
    kept = raw.take(~rows)
    used, codes = np.unique(kept.time_codes, return_inverse=True)
    timestamps, times = (each.iloc[used].reset_index(drop=True) for each in (kept.timestamps, local))
    return replace(kept, timestamps=timestamps, time_codes=codes.astype(np.int32)), times


def refuse_repeated_hour(raw: Raw, timestamps: pd.Series) -> None:
    """Raises UserError if, without a time zone, series have a time (U,) twice that a clock repeats in some zone."""
    in_night = (timestamps.dt.hour < 4) & (timestamps.dt.dayofweek >= 5)
    if not in_night.any() or (timestamps == timestamps.dt.normalize()).all():
        return
    rows = np.flatnonzero(in_night.to_numpy()[raw.time_codes])
    twice = rows[pd.DataFrame({"series": raw.series_codes[rows], "time": raw.time_codes[rows]}).duplicated()]
    if not len(twice):
        return
    local = timestamps.iloc[[raw.time_codes[twice[0]]]]
    for time_zone in USUAL_ZONES:
        first, second = both_readings(local, time_zone)
        if (first != second).all() and first.notna().all():
            raise UserError(
                f"{raw.where(int(twice[0]))} appears twice in series {quoted(raw.ids[raw.series_codes[twice[0]]])}, "
                f"as the clock repeats it in {time_zone} and other zones; set ingest.time_zone to the zone of the times"
            )


def daily_zone(timestamps: pd.Series) -> str | None:
    """A zone in which all `timestamps` (U,), in UTC if they have no zone, are midnights; None if there is none."""
    instants = timestamps.dt.tz_localize("UTC") if timestamps.dt.tz is None else timestamps
    for time_zone in USUAL_ZONES:
        local = instants.dt.tz_convert(time_zone).dt.tz_localize(None)
        if (local == local.dt.normalize()).all():
            return time_zone
    return None


def _are_second(raw: Raw, local: pd.Series, rows: Ints) -> Bools:
    """Whether each of the observations `rows`, all at repeated times, is the second of its series and time."""
    table = pd.DataFrame({"series": raw.series_codes[rows], "time": raw.time_codes[rows]})
    grouped = table.groupby(["series", "time"])
    count = len(raw.ids)
    begin, end = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    at = np.arange(len(raw.series_codes))
    begin[raw.series_codes[::-1]], end[raw.series_codes] = at[::-1], at
    times = local.to_numpy()[raw.time_codes]
    is_falling = (times[begin] > times[end])[table["series"]]
    nth = np.where(is_falling, grouped.cumcount(ascending=False), grouped.cumcount())
    return np.asarray(nth > 0)


def _warn_of_single_hours(raw: Raw, first: pd.Series, is_repeated: Bools, twice: Codes, time_zone: str) -> None:
    """Warn of repeated times that no series has twice, if the steps are an hour or less."""
    single = np.setdiff1d(np.flatnonzero(is_repeated), twice)
    if len(single) and first.sort_values().diff().min() <= pd.Timedelta(hours=1):
        warn(
            f"{raw.where_timestamp(int(single[0]))} and {counted(len(single) - 1, 'other time')} occur once, but the "
            f"clock in {time_zone} shows each twice; each is read as the first, and the second is missing"
        )
