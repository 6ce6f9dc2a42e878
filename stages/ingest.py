"""Stage 1, ingest: the raw file -> the panel, checked and regular, and a summary of it."""

import difflib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import UserError, run
from stages.common.frequency import Clock, season_lengths
from stages.common.panel import Panel
from stages.common.params import Ingest, read_params
from stages.common.paths import PANEL, PANEL_SUMMARY

MOST_STEPS_A_ROW = 100  # integer steps further apart are time stamps in disguise


def main() -> None:
    params = read_params()
    table = read_table(Path(params.ingest.path), params.ingest)
    panel = ingest(table, params.ingest)
    summary = summarize(panel)
    PANEL.parent.mkdir(exist_ok=True)
    panel.write(PANEL)
    PANEL_SUMMARY.parent.mkdir(exist_ok=True)
    PANEL_SUMMARY.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{params.ingest.path}: " + ", ".join(f"{key} {value}" for key, value in summary.items()))


def read_table(path: Path, ingest: Ingest) -> pd.DataFrame:
    """The columns that `ingest` names, ids and CSV times as text. Raises UserError for a file that does not hold them.

    The columns keep the file's names and rows keep its order.
    """
    wanted = [name for name in (ingest.series, ingest.time, ingest.value) if name is not None]
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise UserError(f"{path}: {found}; correct ingest.path in params.yaml")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            text = {name: str for name in wanted if name != ingest.value}
            table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={ingest.value: ["", "NA", "NaN"]})
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (ValueError, OSError) as error:  # what pandas and pyarrow raise for empty, torn and binary files
        if isinstance(error, PermissionError):
            raise
        kind = "Parquet" if path.suffix == ".parquet" else "CSV"
        raise UserError(f"{path}: not a readable {kind} file: {error}; check the file") from None
    for name in wanted:
        if name not in table:
            close = difflib.get_close_matches(name, list(table.columns), n=1) or [", ".join(map(str, table.columns))]
            raise UserError(
                f"{path}: no column {name!r}, but there is {close[0]!r}; "
                "correct ingest.series, ingest.time or ingest.value in params.yaml"
            )
    if table.empty:
        raise UserError(f"{path}: a header and no rows; put the data into it")
    return table[wanted]


def ingest(table: pd.DataFrame, settings: Ingest) -> Panel:
    """Long-format rows as a regular panel, series in the order of their first rows, steps in the order of time.

    Raises UserError where a value is no finite number, a stamp stands twice, or steps are off the frequency's grid,
    or missing while `missing` is `error`.
    """
    source = settings.path
    times, values = table[settings.time], _numbers(table[settings.value], settings)
    clock = Clock.of(times, settings.frequency, source)
    ds = clock.parse(times, source)
    column = table[settings.series] if settings.series else pd.Series(settings.value, index=table.index)
    codes, found = pd.factorize(column, use_na_sentinel=True)
    ids = [str(each) for each in found]
    empty = np.array([not name.strip() for name in [*ids, ""]])[codes]  # code -1, the last, is a missing id
    if empty.any():
        row = int(empty.argmax())
        raise UserError(f"{source} row {row + 2}, column {settings.series!r}: no series id; write one")

    if settings.frequency is None and int(ds.max()) - int(ds.min()) > MOST_STEPS_A_ROW * len(ds):
        raise UserError(
            f"{source}, column {settings.time!r}: {len(ds)} rows span {int(ds.max()) - int(ds.min())} integer steps; "
            "number the steps one after another, or write dates and set ingest.frequency"
        )
    grid = clock.grid(ds.min(), ds.max())
    step = grid.get_indexer(pd.Index(ds))
    if (step < 0).any():
        row = int((step < 0).argmax())
        raise UserError(
            f"{source} row {row + 2}, column {settings.time!r}: {times.iloc[row]!r} is not on the grid of frequency "
            f"{settings.frequency!r} that starts {clock.write(pd.Series([grid[0]]))[0] if len(grid) else ds.min()}; "
            "correct ingest.frequency or the row"
        )
    order = np.lexsort((step, codes))
    codes, step = codes[order], step[order]
    twice = (np.diff(codes) == 0) & (np.diff(step) == 0)
    if twice.any():
        row = int(order[1:][twice][0])
        raise UserError(
            f"{source} row {row + 2}: {times.iloc[row]!r} stands twice in series {ids[codes[twice.argmax() + 1]]!r}; "
            "remove one of the rows, or name the column that tells the series apart in ingest.series"
        )

    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    first, last = step[starts], step[np.append(starts[1:], len(step)) - 1]
    lengths = last - first + 1
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    y = np.full(indptr[-1], np.nan)
    y[indptr[codes] + step - first[codes]] = values.to_numpy()[order]
    every_step = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - first, lengths)
    seasons = tuple(settings.season_length or season_lengths(clock.frequency))
    panel = Panel(
        ids, indptr, pd.Series(grid[every_step]), y, np.isnan(y), clock, seasons, settings.time, settings.value
    )
    return fill_missing(panel, settings)


def fill_missing(panel: Panel, settings: Ingest) -> Panel:
    """The panel without NaN, by `settings.missing`; a series' first value is never invented.

    No filled value depends on a later one, so that an origin within a gap learns nothing of what came after it.
    """
    if not panel.filled.any():
        return panel
    series = np.repeat(np.arange(len(panel.ids)), panel.lengths)
    row = int(panel.filled.argmax())
    if settings.missing == "error":
        raise UserError(
            f"{settings.path}: series {panel.ids[series[row]]!r} has no value at "
            f"{panel.clock.write(panel.ds.iloc[[row]]).iloc[0]} ({panel.filled.sum()} missing in all); "
            "add the rows, or set ingest.missing to forward or zero"
        )
    groups = pd.Series(panel.y).groupby(series)
    y = groups.ffill()
    if y.isna().any():
        empty = panel.ids[series[int(y.isna().to_numpy().argmax())]]
        raise UserError(f"{settings.path}: series {empty!r} begins without a value; remove its first rows")
    if settings.missing == "zero":
        y = pd.Series(panel.y).fillna(0.0)
    return replace(panel, y=np.asarray(y, dtype=np.float64))


def summarize(panel: Panel) -> dict[str, Any]:
    """How much there is, from when to when, and how much was filled."""
    ends = panel.clock.write(pd.Series([panel.ds.min(), panel.ds.max()]))
    return {
        "series": len(panel.ids),
        "rows": len(panel.y),
        "shortest": int(panel.lengths.min()),
        "longest": int(panel.lengths.max()),
        "first": ends[0],
        "last": ends[1],
        "filled": int(panel.filled.sum()),
        "season_length": ", ".join(map(str, panel.season_lengths)) if panel.season_lengths[1:] else panel.season_length,
    }


def _numbers(column: pd.Series, settings: Ingest) -> pd.Series:
    """The value column as float64, NaN where it is empty."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = (numbers.isna() & column.notna()) | np.isinf(numbers)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise UserError(
            f"{settings.path} row {row + 2}, column {column.name!r}: {column.iloc[row]!r} is not a finite number; "
            "correct it, or leave it empty and set ingest.missing"
        )
    return numbers


if __name__ == "__main__":
    run(main)
