"""Build the panel: place observations on the regular grid and fill the gaps."""

from dataclasses import replace

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.ingest.checks import (
    refuse_control_characters,
    refuse_duplicates,
    refuse_long_season,
    refuse_missing,
    refuse_sparse_series,
    refuse_too_many_series,
    warn_of_empty_series,
    warn_of_similar_ids,
)
from stages.ingest.frequency import season_lengths
from stages.ingest.gaps import fill
from stages.ingest.params import Ingest
from stages.ingest.raw import Codes, Raw
from stages.ingest.timestamps import place_on_grid, read_time_axis
from stages.panel.panel import Panel
from stages.panel.ragged import starts


def build_panel(raw: Raw, settings: Ingest) -> Panel:
    """Observations as a regular panel: series in the order of their first rows, each in the order of time.

    A series lasts from its first value to its last; missing values in between are filled and flagged. Raises UserError
    for timestamps that occur twice or are not on the grid, for ids and season lengths that cannot be right, and for
    missing values if `settings.missing` is `error`.
    """
    time_axis, timestamps = read_time_axis(raw, settings)
    grid, positions = place_on_grid(raw, time_axis, timestamps)
    refuse_control_characters(raw)
    warn_of_similar_ids(raw)
    refuse_too_many_series(raw)
    series, step, y = lay_out(raw, positions[raw.time_codes], time_axis.frequency)
    lengths = np.bincount(series, minlength=len(raw.ids))
    warn_of_empty_series(raw, lengths)
    if settings.season_length:
        refuse_long_season(settings.season_length[-1], int(lengths.max()))
    missing = np.isnan(y)
    panel = Panel(
        ids=[name for name, length in zip(raw.ids, lengths, strict=True) if length],
        indptr=np.concatenate([[0], np.cumsum(lengths[lengths > 0])]).astype(np.int64),
        ds=grid[step].to_series(index=range(len(step))),
        y=y,
        filled=missing,
        time_axis=time_axis,
        season_lengths=tuple(settings.season_length or season_lengths(time_axis.frequency)),
        time=raw.time,
        value=settings.value if isinstance(settings.value, str) else "value",
        interpolated=settings.missing == "interpolate" and bool(missing.any()),
    )
    if not missing.any():
        return panel
    if settings.missing == "error":
        refuse_missing(panel, raw.source)
    return replace(panel, y=fill(y, panel.lengths, panel.season_length, settings.missing))


def lay_out(raw: Raw, step: Ints, frequency: str | None) -> tuple[Codes, Ints, Floats]:
    """The series, step and value of each row (M,) of the panel, from each series' first value to its last; NaN in gaps.

    step: (N,) the position on the grid of each observation

    Raises UserError if two observations share a row, and for far more rows than observations.
    """
    count = len(raw.ids)
    first, lengths = spans(raw.series_codes, step, count)
    refuse_sparse_series(raw, int(lengths.sum()), frequency)
    begins = starts(lengths)
    rows = (begins - first)[raw.series_codes] + step
    refuse_duplicates(raw, rows)
    y = np.full(lengths.sum(), np.nan)
    y[rows] = raw.values
    series = np.repeat(np.arange(count, dtype=np.int32), lengths)
    steps = np.arange(len(y)) - np.repeat(begins - first, lengths)
    known = ~np.isnan(raw.values)
    if known.all():
        return series, steps, y
    first, lengths = spans(raw.series_codes[known], step[known], count)
    inside = (steps >= first[series]) & (steps < (first + lengths)[series])
    return series[inside], steps[inside], y[inside]


def spans(series: Codes, step: Ints, count: int) -> tuple[Ints, Ints]:
    """The first step (S,) of each of `count` series, and the steps (S,) from it to the last; 0 without observations.

    series, step: (N,) of each observation
    """
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(first, series, step)
    np.maximum.at(last, series, step)
    return first, np.where(last >= 0, last - first + 1, 0)
