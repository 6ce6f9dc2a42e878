"""Checks of a raw file on its way to the panel: what is refused and what is warned of."""

from typing import NoReturn

import numpy as np

from stages.common.arrays import Ints
from stages.common.errors import UserError, quoted, warn
from stages.ingest.raw import Raw
from stages.ingest.timestamps import MAX_STEPS_PER_VALUE
from stages.panel.panel import Panel

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


def refuse_too_many_series(raw: Raw) -> None:
    """Raises UserError if the file has no values, or too few for the number of its series."""
    values = np.bincount(raw.series_codes[~np.isnan(raw.values)], minlength=len(raw.ids))
    series = int((values > 0).sum())
    if not series:
        raise UserError(f"{raw.source}: no value in any row; correct ingest.value or the file")
    if series > 1 and values.sum() < MIN_VALUES_PER_SERIES * series:
        raise UserError(
            f"{raw.source}: {series} series in {values.sum()} values, less than {MIN_VALUES_PER_SERIES} for each; "
            "set ingest.series to the column that identifies the series, or to null for one series"
        )


def refuse_sparse_series(raw: Raw, steps: int, frequency: str | None) -> None:
    """Raises UserError if all series together have far more `steps` than values."""
    if steps > MAX_STEPS_PER_VALUE * len(raw.values):
        raise UserError(
            f"{raw.source}: {len(raw.values)} values span {steps} steps of frequency {frequency!r} "
            "in all series together; correct ingest.frequency"
        )


def refuse_duplicates(raw: Raw, rows: Ints) -> None:
    """Raises UserError if two observations have the same timestamp and series, and so the same row of `rows` (N,)."""
    counts = np.bincount(rows)
    if (counts > 1).any():
        first, second = np.flatnonzero(rows == int((counts > 1).argmax()))[:2]
        raise UserError(
            f"{raw.where(int(second))} appears twice in series {quoted(raw.ids[raw.series_codes[second]])}, "
            f"also in row {raw.row_number(int(first))}; "
            "remove one of the rows, or set ingest.series to the column that identifies the series"
        )


def refuse_long_season(season_length: int, longest: int) -> None:
    """Raises UserError if a declared season does not fit into the `longest` series (steps)."""
    if season_length >= longest:
        raise UserError(
            f"params.yaml: ingest.season_length {season_length} is not shorter than the longest series, "
            f"which has {longest} steps; make it shorter, or null for the usual season of the frequency"
        )


def refuse_missing(panel: Panel, source: str) -> NoReturn:
    """Raises UserError for the first missing value of a panel that has one."""
    row = int(panel.filled.argmax())
    series = int(np.searchsorted(panel.indptr, row, side="right")) - 1
    raise UserError(
        f"{source}: series {quoted(panel.ids[series])} has no value at "
        f"{panel.time_axis.format(panel.ds.iloc[[row]]).iloc[0]} ({panel.filled.sum()} missing in total); "
        "add the rows, or set ingest.missing to interpolate, forward, zero or seasonal"
    )


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


def warn_of_empty_series(raw: Raw, lengths: Ints) -> None:
    """Warn of series without a value, whose length (S,) in the panel is 0."""
    names = [name for name, length in zip(raw.ids, lengths, strict=True) if not length]
    if names:
        few = ", ".join(quoted(name) for name in names[:5])
        warn(f"{raw.source}: {len(names)} series have no value and are left out ({few}); remove them from the file")
