"""Build the panel: place observations on the regular grid, and fill the gaps or keep them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Ints
from stages.ingest.checks import (
    MIN_VALUES_PER_SERIES,
    refuse_control_characters,
    refuse_duplicates,
    refuse_long_list,
    refuse_long_season,
    refuse_missing,
    refuse_off_grid,
    refuse_sparse_series,
    refuse_too_many_series,
    warn_of_closed_times,
    warn_of_empty_series,
    warn_of_long_gaps,
    warn_of_similar_ids,
    warn_of_unusual_frequency,
)
from stages.ingest.covariate_rows import lay_out_covariates
from stages.ingest.doubts import (
    refuse_missing_covariates,
    refuse_steps_without_dates,
    warn_of_constants,
    warn_of_leaks,
)
from stages.ingest.ended import warn_of_ended_series, without_ended_series
from stages.ingest.fit import refuse_misfits, spans
from stages.ingest.input_format import InputFormat
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw
from stages.ingest.same_frequency import refuse_other_frequency, refuse_other_kind
from stages.ingest.seasons import season_lengths
from stages.ingest.stand_ins import warn_of_stand_ins
from stages.ingest.timestamps import read_time_axis
from stages.panel.filling import fill
from stages.panel.grid import Grid
from stages.panel.panel import Panel
from stages.panel.ragged import starts
from stages.panel.time_axis import TimeAxis


def build_panel(raw: Raw, settings: Ingest, trained: InputFormat | None = None) -> Panel:
    """Observations as a regular panel: series in the order of their first rows, each in the order of time.

    A series lasts from its first value to its last; missing values in between are flagged, and filled unless
    `settings.missing` is `keep`, with which they are NaN. Raises UserError
    for timestamps that occur twice, are not on the grid or do not fit the frequency that was found, for ids and season
    lengths that cannot be right, and for missing values if `settings.missing` is `error`.

    trained: of the forecaster that is to forecast the panel, whose frequency and seasons `settings` then declare: they
        hold for data of any length, and another frequency is refused
    """
    if trained:
        refuse_other_kind(raw, settings)
    raw, time_axis, timestamps = read_time_axis(raw, settings)
    refuse_long_list(raw, time_axis.frequency, timestamps.min(), timestamps.max())
    grid = time_axis.grid(timestamps.min(), timestamps.max())
    places = grid.numbers(pd.Index(timestamps))
    if trained:
        refuse_other_frequency(raw, trained, timestamps, places)
    refuse_off_grid(raw, time_axis, timestamps, places)
    refuse_control_characters(raw)
    warn_of_similar_ids(raw)
    refuse_too_many_series(raw, 0 if trained else MIN_VALUES_PER_SERIES)
    warn_of_empty_series(raw)
    given = raw.take(between_values(raw, places))
    _check_frequency(raw, given, settings, trained, time_axis, timestamps, places)
    given = without_ended_series(given, places, settings.ended_after)
    panel, rows = lay_out(given, settings, time_axis, grid, timestamps, places)
    if settings.holidays:
        refuse_steps_without_dates(time_axis.frequency, settings.holidays)
    if raw.covariates or settings.holidays:
        panel = replace(panel, covariates=lay_out_covariates(raw, given, settings, places))
        _check_covariates(panel, settings, trained, raw.source)
    warn_of_stand_ins(panel, settings.none, raw.source)
    if settings.season_length and not trained:
        refuse_long_season(settings.season_length[-1], int(panel.lengths.max()))
    if panel.missing.any() and settings.missing == "error":
        refuse_missing(panel, given, rows)
    warn_of_ended_series(panel, settings.ended_after, raw.source)
    if not trained:
        warn_of_closed_times(panel, settings.missing, raw.source)
    if settings.missing == "error" or settings.missing == "keep" or not panel.missing.any():
        return panel
    warn_of_long_gaps(panel, settings.missing, raw.source)
    y = fill(panel.y, panel.lengths, panel.season_length, settings.missing)
    return replace(panel, y=y, interpolated=settings.missing == "interpolate")


def between_values(raw: Raw, places: Ints) -> Bools:
    """(N,) which observations lie between the first and the last value of their series.

    places: (U,) the number of each timestamp's step
    """
    known = ~np.isnan(raw.values)
    if known.all():
        return known
    steps = places[raw.time_codes]
    first, lengths = spans(raw.series_codes[known], steps[known], len(raw.ids))
    first, end = first[raw.series_codes], (first + lengths)[raw.series_codes]
    inside: Bools = (steps >= first) & (steps < end)
    return inside


def lay_out(
    raw: Raw, settings: Ingest, time_axis: TimeAxis, grid: Grid, timestamps: pd.Series, places: Ints
) -> tuple[Panel, Ints]:
    """The panel, with NaN in gaps, and the row (N,) of each observation in it.

    raw: each series from its first value to its last
    timestamps, places: (U,) each timestamp and the number of its step

    Raises UserError if two observations share a row, and for far more rows than observations.
    """
    steps = places[raw.time_codes]
    first, lengths = spans(raw.series_codes, steps, len(raw.ids))
    refuse_sparse_series(raw, int(lengths.sum()), time_axis.frequency)
    begins = starts(lengths)
    rows = (begins - first)[raw.series_codes] + steps
    refuse_duplicates(raw, rows)
    y = np.full(lengths.sum(), np.nan)
    y[rows] = raw.values
    numbers = np.arange(len(y)) - np.repeat(begins - first, lengths)
    ds = _steps(grid, numbers).to_series(index=range(len(numbers)))
    if (grid.steps(places) != pd.Index(timestamps)).any():  # holidays have moved some: they stay as they are given
        ds.iloc[rows] = timestamps.iloc[raw.time_codes].array
    panel = Panel(
        ids=[name for name, length in zip(raw.ids, lengths, strict=True) if length],
        indptr=np.concatenate([[0], np.cumsum(lengths[lengths > 0])]).astype(np.int64),
        ds=ds,
        y=y,
        missing=np.isnan(y),
        time_axis=time_axis,
        season_lengths=tuple(settings.season_length or season_lengths(time_axis.frequency)),
        time=raw.time,
        value=settings.value if isinstance(settings.value, str) else _stem(settings.path),
    )
    return panel, rows


def _stem(path: str) -> str:
    """What the values of a wide file are called: the name of the file, without what follows its first full stop."""
    return Path(path).name.split(".")[0] or "value"


def _steps(grid: Grid, numbers: Ints) -> pd.Index:
    """The steps of `numbers` (M,), most of which occur many times."""
    codes, distinct = pd.factorize(numbers)
    return grid.steps(distinct).take(codes)


def _check_covariates(panel: Panel, settings: Ingest, trained: InputFormat | None, source: str) -> None:
    """Refuse what is missing if nothing may be; doubt, in training, what tells nothing or too much."""
    if settings.missing == "error":
        refuse_missing_covariates(panel, source)
    if not trained:
        warn_of_constants(panel, source)
        warn_of_leaks(panel, source)


def _check_frequency(
    raw: Raw,
    given: Raw,
    settings: Ingest,
    trained: InputFormat | None,
    time_axis: TimeAxis,
    timestamps: pd.Series,
    places: Ints,
) -> None:
    """Refuse series that do not fit a frequency that was found, here or in training; doubt one that is unusual."""
    if trained:
        if trained.settings.frequency == "auto" and trained.settings.missing != "zero":
            refuse_misfits(raw, given, places, time_axis, timestamps, settings.missing)
    elif settings.frequency == "auto":
        refuse_misfits(raw, given, places, time_axis, timestamps, settings.missing)
        warn_of_unusual_frequency(given, time_axis, timestamps)
