"""The raw file, in whatever form: long or wide, CSV or Parquet, as observations that know where they stood.

Nothing that is read is unpickled or evaluated; `ingest.max_gigabytes` bounds what is unpacked.
"""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.errors import UserError, quoted
from stages.ingest.csv_file import CsvFile
from stages.ingest.numbers import to_numbers
from stages.ingest.params import Ingest
from stages.ingest.parquet_file import ParquetTable

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

FIRST_YEAR, LAST_YEAR = 1678, 2261  # whole years that 64 bits of nanoseconds hold


@dataclass(frozen=True)
class Raw:
    """N observations of S series at U distinct time stamps, in the file's order.

    source: the file's name, for messages
    time: its time column
    ids: (S,) the series, in the order of their first rows
    series: (N,) the series of each observation
    stamps: (U,) distinct time stamps, text or datetime64, in the order of their first rows
    steps: (N,) the stamp of each observation
    values: (N,) NaN where there is none
    row: the number that a user finds the observation's row by
    """

    source: str
    time: str
    ids: list[str]
    series: Ints
    stamps: pd.Series
    steps: Ints
    values: Floats
    row: Callable[[int], int]

    def where_stamp(self, stamp: int) -> str:
        """The first row of a stamp, its column and what stands there."""
        return self.where(int((self.steps == stamp).argmax()))

    def where(self, observation: int) -> str:
        """The row of an observation, its time column and what stands there."""
        found = quoted(str(self.stamps.iloc[self.steps[observation]]))
        return f"{self.source} row {self.row(observation)}, column {quoted(self.time)}: {found}"


def read_raw(settings: Ingest) -> Raw:
    """The observations of the file that `settings` names. Raises UserError for a file that does not hold them."""
    path = _checked_path(settings.path)
    table: CsvFile | ParquetTable = (
        ParquetTable(path, settings) if path.is_dir() or path.suffix in {".parquet", ".pq"} else CsvFile(path, settings)
    )
    wide = not isinstance(settings.value, str)
    named = [name for name in (settings.series, settings.time) if name is not None]
    if isinstance(settings.value, str):
        measured = [settings.value]
    elif settings.value is None:
        measured = [name for name in table.columns if name != settings.time]
    else:
        measured = settings.value
    _check_columns(table.columns, [*named, *measured], str(path))
    texts, numbers = table.read(named, measured)
    if not len(texts[settings.time]):
        raise UserError(f"{path}: a header and no rows; put the data into it")

    times = _checked_times(texts[settings.time], str(path), settings.time, table.row)
    steps, stamps = _distinct(times)
    if not pd.api.types.is_datetime64_any_dtype(stamps):
        stamps = stamps.astype(str).str.strip()
    _refuse_empty(steps, str(path), settings.time, "no time", table.row)
    if wide:
        rows = len(steps)
        values = np.concatenate([to_numbers(column, name, str(path), settings, table.row) for name, column in numbers])
        series = np.repeat(np.arange(len(measured), dtype=np.int32), rows)
        return Raw(
            str(path), settings.time, measured, series, stamps, np.tile(steps, len(measured)), values,
            lambda observation: table.row(observation % rows),
        )  # fmt: skip
    name, column = numbers[0]
    values = to_numbers(column, name, str(path), settings, table.row)
    series, ids = np.zeros(len(values), dtype=np.int32), [name]
    if settings.series is not None:
        column = texts[settings.series]
        column = column if pa.types.is_dictionary(column.type) else pc.cast(column, pa.string())
        series, found = _distinct(column)
        ids = found.tolist()
        blank = np.array([not each.strip() for each in ids] + [True])
        _refuse_empty(np.where(blank[series], -1, series), str(path), settings.series, "no series id", table.row)
    return Raw(str(path), settings.time, ids, series, stamps, steps, values, table.row)


def _checked_path(named: str) -> Path:
    """The path, if it is one of the project. Raises UserError."""
    if "://" in named:
        local = "data/raw/" + (named.rstrip("/").rsplit("/", 1)[-1] or "data.csv")
        raise UserError(
            f"params.yaml: ingest.path is an address; fetch it with `dvc import-url {quoted(named)} {local}` "
            f"(`dvc update` fetches it again), and set ingest.path to {local}"
        )
    path = Path(os.path.relpath(named))
    if ".." in path.parts:
        raise UserError(
            f"params.yaml: ingest.path {quoted(named)} leads out of the project; "
            "put the file into data/raw, or `dvc import-url` it there"
        )
    if not path.exists():
        near = difflib.get_close_matches(path.name, os.listdir(path.parent) if path.parent.is_dir() else [], n=1)
        hint = f"there is {quoted(str(path.parent / near[0]))}; " if near else ""
        raise UserError(f"{path}: no such file; {hint}correct ingest.path in params.yaml")
    return path


def _check_columns(columns: list[str], wanted: list[str], source: str) -> None:
    for name in wanted:
        if not name.strip():
            raise UserError(f"{source}: column {columns.index(name) + 1} has no name; name or remove it")
        if columns.count(name) > 1:
            raise UserError(f"{source}: {columns.count(name)} columns are called {quoted(name)}; rename all but one")
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=1) or [", ".join(columns)]
            raise UserError(
                f"{source}: no column {quoted(name)}, but there is {quoted(close[0])}; "
                "correct ingest.series, ingest.time or ingest.value in params.yaml"
            )
    if len(wanted) < 2:
        raise UserError(f"{source}: no column but {quoted(wanted[0])}; name the one with values in ingest.value")


def _checked_times(column: pa.ChunkedArray, source: str, name: str, row: Callable[[int], int]) -> pa.ChunkedArray:
    """Times as text or as nanoseconds. Raises UserError for what is neither, and for years that have none."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        years = pc.year(column).to_numpy()
        wrong = (years < FIRST_YEAR) | (years > LAST_YEAR)
        if wrong.any():
            first = int(wrong.argmax())
            raise UserError(
                f"{source} row {row(first)}, column {quoted(name)}: {column[first].as_py()} is no date from "
                f"{FIRST_YEAR} to {LAST_YEAR}; correct it"
            )
        zone = column.type.tz if pa.types.is_timestamp(column.type) else None
        return column.cast(pa.timestamp("ns", zone))
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
        return column
    raise UserError(
        f"{source}, column {quoted(name)} holds {column.type}, neither dates nor text nor whole numbers; convert it"
    )


def _distinct(column: pa.ChunkedArray) -> tuple[Ints, pd.Series]:
    """Codes (N,) and distinct values in the order of their first rows; code -1 for none."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no rows
        array = pa.concat_arrays(array.chunks)
    codes = array.indices if not array.null_count else pc.fill_null(array.indices, -1)
    return codes.to_numpy(), array.dictionary.to_pandas()


def _refuse_empty(codes: Ints, source: str, column: str, problem: str, row: Callable[[int], int]) -> None:
    if (codes < 0).any():
        raise UserError(f"{source} row {row(int((codes < 0).argmax()))}, column {quoted(column)}: {problem}; write one")
