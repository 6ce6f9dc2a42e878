"""Stage 1, ingest: the raw file -> the panel, checked and regular, and a summary of it.

`python -m stages.ingest --check` checks the file, prints the summary and writes nothing.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stages.common.errors import UserError, quoted, run, warn
from stages.common.params import read_params
from stages.common.paths import PANEL, PANEL_SUMMARY
from stages.ingest.frequency import season_candidates, season_lengths
from stages.ingest.gaps import fill
from stages.ingest.params import Ingest
from stages.ingest.provenance import data_hash
from stages.ingest.raw import Raw, read_raw
from stages.ingest.timestamps import MOST_STEPS_A_ROW, place_on_grid, read_time_axis
from stages.panel.panel import Panel
from stages.panel.ragged import Ints as Ints64
from stages.panel.ragged import starts
from stages.panel.time_axis import TimeAxis

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

LEAST_VALUES = 2  # of a series, on average: with fewer the ids are no ids


def main(only_check: bool) -> None:
    params = read_params()
    raw = read_raw(params.ingest)
    panel = ingest(raw, params.ingest)
    summary = {**summarize(panel, raw), "md5": data_hash(Path(params.ingest.path))}
    if not only_check:
        PANEL.parent.mkdir(exist_ok=True)
        panel.write(PANEL)
        PANEL_SUMMARY.parent.mkdir(exist_ok=True)
        PANEL_SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{params.ingest.path}: " + ", ".join(f"{key} {value}" for key, value in summary.items()))


def ingest(raw: Raw, settings: Ingest) -> Panel:
    """Observations as a regular panel, series in the order of their first rows, steps in the order of time.

    A series lasts from its first value to its last; what is missing in between is filled and flagged.
    Raises UserError where a stamp stands twice, steps are off the frequency's grid, or missing while `missing` is
    `error`, and where ids or season lengths cannot be what they are said to be.
    """
    time_axis, stamps = read_time_axis(raw, settings)
    grid, places = place_on_grid(raw, time_axis, stamps)
    refuse_control_characters(raw)
    warn_of_twins(raw)
    refuse_too_many_series(raw)
    series, step, y = lay_out(raw, places[raw.steps], time_axis)
    lengths = np.bincount(series, minlength=len(raw.ids))
    ids = [name for name, length in zip(raw.ids, lengths, strict=True) if length]
    warn_of_empty([name for name, length in zip(raw.ids, lengths, strict=True) if not length], raw)
    seasons = settings.season_length or season_lengths(time_axis.frequency)
    if settings.season_length and seasons[-1] >= lengths.max():
        raise UserError(
            f"params.yaml: ingest.season_length {seasons[-1]} is no shorter than the longest series, "
            f"which has {lengths.max()} steps; make it shorter, or null for what is usual"
        )
    missing = np.isnan(y)
    panel = Panel(
        ids=ids,
        indptr=np.concatenate([[0], np.cumsum(lengths[lengths > 0])]).astype(np.int64),
        ds=grid[step].to_series(index=range(len(step))),
        y=y,
        filled=missing,
        time_axis=time_axis,
        season_lengths=tuple(seasons),
        time=settings.time,
        value=settings.value if isinstance(settings.value, str) else "value",
        interpolated=settings.missing == "interpolate" and bool(missing.any()),
    )
    return replace(panel, y=filling(panel, settings)) if missing.any() else panel


def lay_out(raw: Raw, step: Ints, time_axis: TimeAxis) -> tuple[Ints, Ints, Floats]:
    """The series, the step and the value (NaN in a gap) of each row from every series' first value to its last.

    step: (N,) of each observation. Raises UserError where two observations are one row, and for far too many rows.
    """
    count, known = len(raw.ids), ~np.isnan(raw.values)
    first, lengths = extents(raw.series, step, count)
    if lengths.sum() > MOST_STEPS_A_ROW * len(step):
        raise UserError(
            f"{raw.source}: {len(step)} values span {lengths.sum()} steps of frequency {time_axis.frequency!r} "
            "in all series together; set ingest.frequency to what it is"
        )
    begins = starts(lengths)
    rows = (begins - first)[raw.series] + step
    refuse_twice(raw, rows)
    y = np.full(lengths.sum(), np.nan)
    y[rows] = raw.values
    series = np.repeat(np.arange(count, dtype=np.int32), lengths)
    steps = np.arange(len(y)) - np.repeat(begins - first, lengths)
    if known.all():
        return series, steps, y
    first, lengths = extents(raw.series[known], step[known], count)
    inside = (steps >= first[series]) & (steps < (first + lengths)[series])
    return series[inside], steps[inside], y[inside]


def extents(series: Ints, step: Ints, count: int) -> tuple[Ints64, Ints64]:
    """(S,) the first step of each of `count` series, and how many steps it is to its last; 0 for a series without."""
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(first, series, step)
    np.maximum.at(last, series, step)
    return first, np.where(last >= 0, last - first + 1, 0)


def filling(panel: Panel, settings: Ingest) -> Floats:
    """(N,) the panel's values with gaps filled. Raises UserError where `missing` is `error`."""
    if settings.missing != "error":
        return fill(panel.y, panel.lengths, panel.season_length, settings.missing)
    row = int(panel.filled.argmax())
    series = int(np.searchsorted(panel.indptr, row, side="right")) - 1
    raise UserError(
        f"{settings.path}: series {quoted(panel.ids[series])} has no value at "
        f"{panel.time_axis.format(panel.ds.iloc[[row]]).iloc[0]} ({panel.filled.sum()} missing in all); "
        "add the rows, or set ingest.missing to interpolate, forward, zero or seasonal"
    )


def summarize(panel: Panel, raw: Raw) -> dict[str, Any]:
    """How much there is, from when to when, how often, and how much was filled or left out."""
    ends = panel.ds.iloc[panel.indptr[:-1]].min(), panel.ds.iloc[panel.indptr[1:] - 1].max()
    first, last = panel.time_axis.format(pd.Series(ends))
    candidates = season_candidates(panel.time_axis.frequency, int(panel.lengths.max()))
    seasons = panel.season_lengths
    return {
        "series": len(panel.ids),
        "rows": len(panel.y),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "first": first,
        "last": last,
        "frequency": panel.time_axis.frequency or "integer steps",
        "season_length": ", ".join(map(str, seasons)) if seasons[1:] else panel.season_length,
        "season_candidates": ", ".join(map(str, candidates)) or "none",
        "filled": int(panel.filled.sum()),
        "series_without_value": len(raw.ids) - len(panel.ids),
    }


def refuse_too_many_series(raw: Raw) -> None:
    """Raises UserError where ids tell rows apart rather than series, or where there is no value at all."""
    values = np.bincount(raw.series[~np.isnan(raw.values)], minlength=len(raw.ids))
    series = int((values > 0).sum())
    if not series:
        raise UserError(f"{raw.source}: no value in any row; correct ingest.value or the file")
    if series > 1 and values.sum() < LEAST_VALUES * series:
        raise UserError(
            f"{raw.source}: {series} series in {values.sum()} values, less than {LEAST_VALUES} for each; "
            "name the column that tells the series apart in ingest.series, or null for one series"
        )


def refuse_control_characters(raw: Raw) -> None:
    """Raises UserError for an id with a character that no CSV file of forecasts could give back."""
    for series, name in enumerate(raw.ids):
        if "\r" in name or "\0" in name:
            row = raw.row(int((raw.series == series).argmax()))
            raise UserError(
                f"{raw.source} row {row}: the id {quoted(name)} holds a carriage return or a null; remove it"
            )


def refuse_twice(raw: Raw, rows: Ints) -> None:
    """Raises UserError for the first observation (N,) whose row of the panel another one before it has."""
    times = np.bincount(rows)
    if (times > 1).any():
        both = np.flatnonzero(rows == int((times > 1).argmax()))
        raise UserError(
            f"{raw.where(int(both[1]))} stands twice in series {quoted(raw.ids[raw.series[both[1]]])}, "
            f"in row {raw.row(int(both[0]))} too; "
            "remove one of the rows, or name the column that tells the series apart in ingest.series"
        )


def warn_of_twins(raw: Raw) -> None:
    """A line on stderr where ids differ by case or blanks alone."""
    seen: dict[str, str] = {}
    twins = []
    for name in raw.ids:
        other = seen.setdefault("".join(name.split()).casefold(), name)
        if other != name:
            twins.append(f"{quoted(other)} and {quoted(name)}")
    if twins:
        warn(
            f"{raw.source}: {len(twins)} ids differ only by case or blanks and are series of their own "
            f"({'; '.join(twins[:3])}); make them one in the file if they are"
        )


def warn_of_empty(names: list[str], raw: Raw) -> None:
    if names:
        few = ", ".join(quoted(name) for name in names[:5])
        warn(f"{raw.source}: {len(names)} series hold no value and are left out ({few}); remove them from the file")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m stages.ingest", description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="check the file and print the summary, write nothing")
    check = arguments.parse_args().check
    run(lambda: main(only_check=check), writes=not check)
