"""Read the raw file (CSV or Parquet, long or wide) as observations with their row numbers.

Nothing that is read is unpickled or evaluated; `ingest.max_gigabytes` bounds what is decompressed.
"""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Bools, Floats
from stages.common.errors import UserError, quoted
from stages.ingest.columns import Codes, Column, distinct, refuse_empty
from stages.ingest.csv_file import CsvFile
from stages.ingest.numbers import NumberFormat, to_numbers
from stages.ingest.params import Ingest
from stages.ingest.parquet_files import ParquetFiles
from stages.ingest.time_column import read_timestamps


@dataclass(frozen=True)
class Raw:
    """N observations of S series at U distinct timestamps, in the file's order.

    source: the file's path, for messages
    time: the name of the time column
    ids: (S,) the ids of the series, in the order of their first rows
    series_codes: (N,) the index in `ids` of each observation's series
    timestamps: (U,) distinct, text or datetime64, in the order of their first rows
    time_codes: (N,) the index in `timestamps` of each observation's timestamp
    values: (N,) NaN where missing
    row_number: from an observation to the row number that a user sees in the file
    """

    source: str
    time: str
    ids: list[str]
    series_codes: Codes
    timestamps: pd.Series
    time_codes: Codes
    values: Floats
    row_number: Callable[[int], int]

    def where(self, observation: int) -> str:
        """The file, row, time column and timestamp of an observation, for messages."""
        return (
            f"{self.source} row {self.row_number(observation)}, column {quoted(self.time)}: {self.found(observation)}"
        )

    def found(self, observation: int) -> str:
        """The timestamp of an observation as the file has it, for messages."""
        return quoted(str(self.timestamps.iloc[self.time_codes[observation]]))

    def take(self, chosen: Bools) -> "Raw":
        """The `chosen` (N,) observations; ids and timestamps stay."""
        if chosen.all():
            return self
        kept = np.flatnonzero(chosen)
        return replace(
            self,
            series_codes=self.series_codes[kept],
            time_codes=self.time_codes[kept],
            values=self.values[kept],
            row_number=lambda observation: self.row_number(int(kept[observation])),
        )

    def where_timestamp(self, timestamp: int) -> str:
        """`where` of the first observation with a timestamp, given by its index in `timestamps`."""
        return self.where(int((self.time_codes == timestamp).argmax()))


class Reader(Protocol):
    """A raw file whose columns can be read.

    columns: the names of its columns, in the file's order
    """

    path: Path
    columns: list[str]

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns `texts` and `numbers`, by name. Numbers may be returned as text."""

    def row_number(self, index: int) -> int:
        """The row number that a user sees in the file, of a value at `index` in its column."""


def read_raw(settings: Ingest) -> Raw:
    """The observations in the file `settings.path`.

    Raises UserError for a path outside the project, a file that cannot be read, and columns that do not exist or do
    not hold what they should.
    """
    number_format = NumberFormat(settings.decimal, settings.thousands)
    reader = _open(settings, number_format)
    if isinstance(settings.value, str):
        return _read_long(reader, settings.series, settings.time, settings.value, number_format)
    values = settings.value or [name for name in reader.columns if name != settings.time]
    return _read_wide(reader, settings.time, values, number_format)


def _read_long(reader: Reader, series: str | None, time: str, value: str, number_format: NumberFormat) -> Raw:
    """A file with a row for each observation. Without a column `series` it is one series, called `value`."""
    columns = _read_columns(reader, [time] if series is None else [series, time], [value])
    time_codes, timestamps = read_timestamps(columns[time])
    values = to_numbers(columns[value], number_format)
    if series is None:
        series_codes, ids = np.zeros(len(values), dtype=np.int32), [value]
    else:
        series_codes, ids = _read_ids(columns[series])
    return Raw(str(reader.path), time, ids, series_codes, timestamps, time_codes, values, reader.row_number)


def _read_wide(reader: Reader, time: str, names: list[str], number_format: NumberFormat) -> Raw:
    """A file with a row for each timestamp and a column for each series: observations by series, then by row."""
    columns = _read_columns(reader, [time], names)
    time_codes, timestamps = read_timestamps(columns[time])
    rows = len(time_codes)
    return Raw(
        source=str(reader.path),
        time=time,
        ids=names,
        series_codes=np.repeat(np.arange(len(names), dtype=np.int32), rows),
        timestamps=timestamps,
        time_codes=np.tile(time_codes, len(names)),
        values=np.concatenate([to_numbers(columns[name], number_format) for name in names]),
        row_number=lambda observation: reader.row_number(observation % rows),
    )


def _open(settings: Ingest, number_format: NumberFormat) -> Reader:
    """The reader for the file's format: Parquet for a folder and by the ending of the name, else CSV."""
    path = _checked_path(settings.path)
    if path.is_dir() or path.suffix in {".parquet", ".pq"}:
        return ParquetFiles(path, settings.series, settings.time, settings.max_gigabytes)
    values = [settings.value] if isinstance(settings.value, str) else settings.value or []
    named = {settings.time, *values} | ({settings.series} if settings.series else set())
    return CsvFile(path, named, number_format, settings.max_gigabytes)


def _checked_path(text: str) -> Path:
    """The path, relative to the project. Raises UserError for an address, and for a path that is not in the project."""
    if "://" in text:
        local = "data/raw/" + (text.rstrip("/").rsplit("/", 1)[-1] or "data.csv")
        raise UserError(
            f"params.yaml: ingest.path is an address; download it with `dvc import-url {quoted(text)} {local}` "
            f"(`dvc update` downloads it again), and set ingest.path to {local}"
        )
    path = Path(os.path.relpath(text))
    if ".." in path.parts:
        raise UserError(
            f"params.yaml: ingest.path {quoted(text)} leads out of the project; "
            "put the file into data/raw, or `dvc import-url` it there"
        )
    if not path.exists():
        near = difflib.get_close_matches(path.name, os.listdir(path.parent) if path.parent.is_dir() else [], n=1)
        hint = f"there is {quoted(str(path.parent / near[0]))}; " if near else ""
        raise UserError(f"{path}: no such file; {hint}correct ingest.path in params.yaml")
    return path


def _read_columns(reader: Reader, texts: list[str], numbers: list[str]) -> dict[str, Column]:
    """The columns by name. Raises UserError if a column is missing or there twice, and for a file without rows."""
    source = str(reader.path)
    _check_columns(reader.columns, [*texts, *numbers], source)
    arrays = reader.read(texts, numbers)
    if not len(arrays[texts[0]]):
        raise UserError(f"{source}: a header and no rows; put the data into it")
    return {name: Column(source, name, values, reader.row_number) for name, values in arrays.items()}


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
        raise UserError(f"{source}: no column but {quoted(wanted[0])}; set ingest.value to the column of values")


def _read_ids(column: Column) -> tuple[Codes, list[str]]:
    """Codes (N,) and ids (S,) of the column of series. Raises UserError for a row without an id."""
    values = column.values
    codes, found = distinct(values if pa.types.is_dictionary(values.type) else pc.cast(values, pa.string()))
    ids: list[str] = found.tolist()
    is_blank = np.array([not name.strip() for name in ids] + [True])  # the last one is that of code -1
    refuse_empty(is_blank[codes], column, "no series id")
    return codes, ids
