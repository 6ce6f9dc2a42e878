"""Place covariates on the steps of their series, and those known ahead on the steps after the last value."""

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import UserError, counted, quoted
from stages.ingest.checks import MAX_STEPS_PER_VALUE, refuse_duplicates
from stages.ingest.columns import Codes
from stages.ingest.covariates import Covariate, encode
from stages.ingest.fit import spans
from stages.ingest.params import Ingest
from stages.ingest.raw import Raw
from stages.panel.covariates import Covariates
from stages.panel.ragged import starts


def lay_out_covariates(raw: Raw, given: Raw, settings: Ingest, places: Ints) -> Covariates:
    """The covariates of a panel that was laid out from `given`.

    raw: all observations
    given: each series from its first value to its last
    places: (U,) the number of each timestamp's step

    Raises UserError for two observations of the same step, for steps that lie far after the last value, and for a
    static covariate that has two values in a series.
    """
    missing = settings.missing  # `zero` says that nothing was sold, not that the price was 0
    first, lengths = spans(given.series_codes, places[given.time_codes], len(raw.ids))
    future, past, static = (
        [_named(raw, name) for name in names]
        for names in (settings.covariates.future, settings.covariates.past, settings.covariates.static)
    )
    place = places[raw.time_codes] - first[raw.series_codes]
    inside = (place >= 0) & (place < lengths[raw.series_codes])
    ahead = (place >= 0) & (lengths[raw.series_codes] > 0) & _known(future, len(place))
    future_values, totals = _future_values(raw, future, place, inside | ahead, lengths)
    rows = (starts(lengths)[raw.series_codes] + place)[inside]
    past_values = np.full((lengths.sum(), sum(len(each.names) for each in past)), np.nan)
    past_values[rows] = _encoded(past, inside)
    return Covariates(
        future=[name for each in future for name in each.names],
        past=[name for each in past for name in each.names],
        static=[name for each in static for name in each.names],
        indptr=np.concatenate([[0], np.cumsum(totals[lengths > 0])]).astype(np.int64),
        future_values=future_values,
        past_values=past_values,
        static_values=_static_values(raw, static)[lengths > 0],
        categories={each.name: each.categories for each in raw.covariates if each.categories is not None},
        filling=None if missing == "error" or missing == "keep" or missing == "zero" else missing,
        holidays=settings.holidays,
    )


def _future_values(raw: Raw, future: list[Covariate], place: Ints, chosen: Bools, lengths: Ints) -> tuple[Floats, Ints]:
    """(M, F) the future covariates of all series, and how many steps (S,) of each.

    place: (N,) the number of each observation's step, from the first of its series on; those `chosen` are laid out
    lengths: (S,) of the series
    """
    kept, place = raw.take(chosen), place[chosen]
    totals = lengths.copy()
    np.maximum.at(totals, kept.series_codes, place + 1)
    _refuse_far_ahead(kept, place - lengths[kept.series_codes] + 1, int(totals.sum()))
    rows = starts(totals)[kept.series_codes] + place
    refuse_duplicates(kept, rows)
    values = np.full((totals.sum(), sum(len(each.names) for each in future)), np.nan)
    values[rows] = _encoded(future, chosen)
    return values, totals


def _refuse_far_ahead(raw: Raw, ahead: Ints, steps: int) -> None:
    """Raises UserError for the row that lies furthest `ahead` (N,) of its series, if all `steps` are too many."""
    if steps > MAX_STEPS_PER_VALUE * len(raw.values):
        row = int(ahead.argmax())
        raise UserError(
            f"{raw.where(row)} lies {counted(int(ahead[row]), 'step')} after the last value of series "
            f"{quoted(raw.ids[raw.series_codes[row]])}; correct it, or remove the row"
        )


def _named(raw: Raw, name: str) -> Covariate:
    return next(each for each in raw.covariates if each.name == name)


def _known(covariates: list[Covariate], count: int) -> Bools:
    """(N,) which of `count` observations have a value of one of the covariates."""
    known = np.zeros(count, dtype=bool)
    for each in covariates:
        known |= ~np.isnan(each.values)
    return known


def _encoded(covariates: list[Covariate], chosen: Bools) -> Floats:
    """(K, columns) the values of the `chosen` observations in all columns that stand for covariates."""
    columns = [encode(each.values[chosen], each.categories) for each in covariates]
    return np.concatenate([np.empty((int(chosen.sum()), 0)), *columns], axis=1)


def _static_values(raw: Raw, static: list[Covariate]) -> Floats:
    """(S, Q) the value of each series; NaN where no row has one."""
    columns = [encode(_value_by_series(raw, each), each.categories) for each in static]
    return np.concatenate([np.empty((len(raw.ids), 0)), *columns], axis=1)


def _value_by_series(raw: Raw, covariate: Covariate) -> Floats:
    """(S,) the value that all rows of a series have. Raises UserError for a series with two."""
    known = np.flatnonzero(~np.isnan(covariate.values))
    series: Codes = raw.series_codes[known]
    first = np.full(len(raw.ids), len(known))
    np.minimum.at(first, series, np.arange(len(known)))
    values: Floats = np.append(covariate.values[known], np.nan)[first]
    other = covariate.values[known] != values[series]
    if other.any():
        place = int(other.argmax())
        row, before = int(known[place]), int(known[first[series[place]]])
        where = f"{raw.source} row {raw.row_number(row)}, column {quoted(covariate.name)}"
        raise UserError(
            f"{where}: {covariate.found(row)} in series {quoted(raw.ids[series[place]])}, which has "
            f"{covariate.found(before)} in row {raw.row_number(before)}; a static covariate has one value for each "
            "series: correct it, or declare the column in ingest.covariates.future or past"
        )
    return values
