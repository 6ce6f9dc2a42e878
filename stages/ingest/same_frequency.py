"""Refuse new data of another frequency than the one that a forecaster was trained on."""

import numpy as np
import pandas as pd

from stages.common.arrays import Ints
from stages.common.errors import UserError, quoted
from stages.ingest.fit import MIN_STRIDES
from stages.ingest.frequency import MIN_DENSITY, coarser_frequency, infer_frequency
from stages.ingest.input_format import InputFormat
from stages.ingest.integer_steps import are_whole_numbers
from stages.ingest.notations import candidate_formats
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw
from stages.panel.grid import OFF_GRID

MIN_TIMESTAMPS = 3  # that have a frequency of their own: of two, any gap is one


def refuse_other_kind(raw: Raw, settings: Ingest) -> None:
    """Raises UserError for dates where a forecaster was trained on integer steps, and for the reverse.

    settings: with the frequency that it was trained on
    """
    is_datetime = pd.api.types.is_datetime64_any_dtype(raw.timestamps)
    if settings.frequency is None:
        if is_datetime or pd.to_numeric(raw.timestamps, errors="coerce").isna().all():
            raise UserError(
                f"{raw.where_timestamp(0)} is a date, but the forecaster was trained on integer steps; number the "
                "steps 0, 1, 2, ..., or train a forecaster on dates"
            )
        return
    is_number = settings.time_format is None and are_whole_numbers(raw.timestamps)
    if is_number and not candidate_formats(raw.timestamps, with_zone=False):
        raise UserError(
            f"{raw.where_timestamp(0)} is an integer step, but the forecaster was trained on dates of frequency "
            f"{settings.frequency!r}; write dates, or train a forecaster on integer steps"
        )


def refuse_other_frequency(raw: Raw, trained: InputFormat, timestamps: pd.Series, places: Ints) -> None:
    """Raises UserError if timestamps are no steps of the forecaster's frequency, or have a coarser one of their own.

    timestamps, places: (U,) each timestamp and the number of its step in the forecaster's frequency
    """
    if trained.frequency is None:
        return
    off = places == OFF_GRID
    if off.any():
        own = infer_frequency(timestamps) if off.sum() > 1 or len(off) < MIN_TIMESTAMPS else None
    else:
        own = coarser_frequency(timestamps, trained.frequency) if _tells(trained, places) else None
    if own:
        raise UserError(
            f"{raw.source}, column {quoted(raw.time)}: has the frequency {own!r}, but the forecaster was trained on "
            f"{trained.frequency!r}; bring the values to its steps, or train a forecaster on {own!r}"
        )
    if off.any():
        raise UserError(
            f"{raw.where_timestamp(int(off.argmax()))} is not a step of frequency {trained.frequency!r}, on which the "
            "forecaster was trained; correct it"
        )


def _tells(trained: InputFormat, places: Ints) -> bool:
    """Whether steps without a timestamp tell of a coarser frequency, given the numbers (U,) of those that have one."""
    if not trained.regular:
        return False
    if trained.settings.missing == "zero":
        return len(np.unique(places)) >= MIN_STRIDES
    return len(places) >= MIN_TIMESTAMPS or len(places) < MIN_DENSITY * (int(np.ptp(places)) + 1)
