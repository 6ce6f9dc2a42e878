"""Read the raw file (CSV or Parquet, long or wide) as observations with their row numbers.

Nothing that is read is unpickled or evaluated; `ingest.max_gigabytes` bounds what is decompressed.
"""

import difflib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Bools, Floats
from stages.common.errors import UserError, quoted, warn
from stages.ingest.columns import INDEX, Codes, Column, distinct, refuse_empty
from stages.ingest.covariates import CORRECT_COVARIATES, Covariate, read_covariates
from stages.ingest.csv_file import CsvFile
from stages.ingest.file_kinds import is_parquet
from stages.ingest.headers import check_columns, times_across, times_in_rows
from stages.ingest.joined import join_ids, join_times
from stages.ingest.numbers import NumberFormat, mostly_numbers, to_numbers, warn_of_groups
from stages.ingest.params import Ingest
from stages.ingest.parquet_files import ParquetFiles
from stages.ingest.time_column import read_timestamps

ROW_NUMBERS = rf"Unnamed: \d+|{INDEX}"  # columns that pandas makes of an index
OTHER_IDS = "set ingest.series to a column of ids"
MAX_NAME = 60  # characters of a file's name that a message suggests


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
    covariates: the columns of covariates, (N,) each
    """

    source: str
    time: str
    ids: list[str]
    series_codes: Codes
    timestamps: pd.Series
    time_codes: Codes
    values: Floats
    row_number: Callable[[int], int]
    covariates: tuple[Covariate, ...] = ()

    def where(self, observation: int) -> str:
        """The file, row, time column and timestamp of an observation, for messages."""
        return (
            f"{self.source} row {self.row_number(observation)}, column {quoted(self.time)}: {self.found(observation)}"
        )

    def found(self, observation: int) -> str:
        """The timestamp of an observation as the file has it, for messages; a datetime at midnight as its date."""
        timestamp = self.timestamps.iloc[self.time_codes[observation]]
        return quoted(timestamp if isinstance(timestamp, str) else str(timestamp).removesuffix(" 00:00:00"))

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
            covariates=tuple(each.take(chosen) for each in self.covariates),
        )

    def where_timestamp(self, timestamp: int) -> str:
        """`where` of the first observation with a timestamp, given by its index in `timestamps`."""
        return self.where(int((self.time_codes == timestamp).argmax()))


class Reader(Protocol):
    """A raw file whose columns can be read.

    source: what messages call it: its path
    columns: the names of its columns, in the file's order
    unnamed: the name among them of pandas' index, if the file stores it without a name
    """

    source: str
    columns: list[str]
    unnamed: str | None

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns `texts` and `numbers`, by name. Numbers may be returned as text."""

    def row_number(self, index: int) -> int:
        """The row number that a user sees in the file, of a value at `index` in its column."""


def read_raw(settings: Ingest) -> Raw:
    """The observations in the file `settings.path`.

    Raises UserError for a path outside the project, a file that cannot be read, and columns that do not exist or do
    not hold what they should.
    """
    values = [settings.value] if isinstance(settings.value, str) else settings.value or []
    values = [*values, *settings.covariates.columns]
    texts = [*settings.series_columns, *settings.time_columns]
    return observations(open_raw(_checked_path(settings.path), texts, values, settings), settings)


def open_raw(path: Path, texts: list[str], values: list[str], settings: Ingest) -> Reader:
    """The reader for the file's format: Parquet for a folder and by the first bytes, else CSV.

    texts, values: the columns of ids and times, and of numbers, that the file may have
    settings: how it writes numbers, and how large it may be

    Raises UserError for a file that cannot be read.
    """
    if path.is_dir() or is_parquet(path):
        return ParquetFiles(path, [*texts, *settings.covariates.columns], settings.max_gigabytes)
    return CsvFile(path, {*texts, *values}, _number_format(settings), settings.max_gigabytes)


def observations(reader: Reader, settings: Ingest, trained: dict[str, list[str]] | None = None) -> Raw:
    """The observations in the columns that `settings` name. Raises UserError as `read_raw` does.

    trained: the categories of each covariate that training found; None in training
    """
    number_format = _number_format(settings)
    if isinstance(settings.value, str):
        raw = _read_long(reader, settings, settings.value, number_format)
    else:
        raw = _read_wide(reader, settings, number_format)
    names = settings.covariates.columns
    if not names:
        return raw
    if settings.covariates.static and not isinstance(settings.value, str):
        raise UserError(
            f"{reader.source}: a wide file has no column with one value for each series, as the static covariate "
            f"{quoted(settings.covariates.static[0])}; bring it into the long form"
        )
    check_columns(reader.columns, [], names, reader.source, CORRECT_COVARIATES)
    arrays = reader.read([], names)
    columns = [Column(reader.source, name, arrays[name], reader.row_number) for name in names]
    covariates = read_covariates(columns, number_format, trained)
    repeats = len(raw.values) // len(columns[0].values)  # the series of a wide file share them
    return replace(raw, covariates=tuple(each.tile(repeats) for each in covariates) if repeats > 1 else covariates)


def _read_long(reader: Reader, settings: Ingest, value: str, number_format: NumberFormat) -> Raw:
    """A file with a row for each observation. Without a column of ids it is one series, called `value`."""
    series = settings.series_columns
    columns = _read_columns(reader, [*series, *settings.time_columns], [value])
    time = _time_column(columns, settings)
    time_codes, timestamps = read_timestamps(time)
    values = to_numbers(columns[value], number_format)
    warn_of_groups([columns[value]], number_format)
    if series:
        series_codes, ids = _read_ids([columns[name] for name in series])
    else:
        series_codes, ids = np.zeros(len(values), dtype=np.int32), [value]
    return Raw(reader.source, time.name, ids, series_codes, timestamps, time_codes, values, reader.row_number)


def _read_wide(reader: Reader, settings: Ingest, number_format: NumberFormat) -> Raw:
    """A file with a row for each timestamp and a column for each series: observations by series, then by row."""
    names = _series_names(reader, settings)
    columns = _read_columns(reader, settings.time_columns, names)
    time = _time_column(columns, settings)
    time_codes, timestamps = read_timestamps(time)
    if settings.value is None:
        _refuse_times_across(reader, timestamps)
        _refuse_text([columns[name] for name in names], number_format)
    values = {name: to_numbers(columns[name], number_format) for name in names}
    warn_of_groups([columns[name] for name in names], number_format)
    if settings.value is None:
        values = _without_row_numbers(values, reader.source)
    rows = len(time_codes)
    return Raw(
        source=reader.source,
        time=time.name,
        ids=list(values),
        series_codes=np.repeat(np.arange(len(values), dtype=np.int32), rows),
        timestamps=timestamps,
        time_codes=np.tile(time_codes, len(values)),
        values=np.concatenate(list(values.values())),
        row_number=lambda observation: reader.row_number(observation % rows),
    )


def _series_names(reader: Reader, settings: Ingest) -> list[str]:
    """The columns of a wide file that are series: those listed, or all but those of the time and a nameless index."""
    if isinstance(settings.value, list):
        return settings.value
    others = [*settings.time_columns, *settings.covariates.columns]
    if reader.unnamed and reader.unnamed not in others:
        warn(
            f"{reader.source}: the column without a name is left out; set ingest.time to {reader.unnamed} if it holds "
            "the time, or list it with the others in ingest.value if it is a series"
        )
    return [name for name in reader.columns if name not in others and name != reader.unnamed]


def _without_row_numbers(values: dict[str, Floats], source: str) -> dict[str, Floats]:
    """`values`, (N,) by column, without columns that only count the rows: an index that pandas has written."""
    counts = [
        name
        for name, column in values.items()
        if re.fullmatch(ROW_NUMBERS, name) and (column == np.arange(len(column)) + column[0]).all() and column[0] < 2
    ]
    if not counts or len(counts) == len(values):
        return values
    warn(
        f"{source}: column {quoted(counts[0])} only counts the rows and is left out; "
        "list it with the others in ingest.value if it is a series"
    )
    return {name: column for name, column in values.items() if name not in counts}


def _refuse_times_across(reader: Reader, timestamps: pd.Series) -> None:
    """Raises UserError for a file whose columns are times. Mere years may be series, beside a column of times."""
    is_datetime = pd.api.types.is_datetime64_any_dtype(timestamps)
    has_times = is_datetime or bool(timestamps.str.contains(r"\d").all())
    if times := times_across(reader.columns, years=not has_times):
        raise UserError(f"{reader.source}: {times_in_rows(times, reader.columns)}")


def _refuse_text(columns: list[Column], number_format: NumberFormat) -> None:
    """Raises UserError for a wide file with columns of text beside columns of numbers."""
    numbers = [column.name for column in columns if mostly_numbers(column, number_format)]
    if not numbers or len(numbers) == len(columns):
        return
    text = next(column for column in columns if column.name not in numbers)
    listed = f", {numbers}" if len(str(numbers)) < 200 else ""
    raise UserError(
        f"{text} does not hold numbers; list the columns of numbers in ingest.value{listed}, or set ingest.series to "
        "the column that identifies the series and ingest.value to one column"
    )


def _time_column(columns: dict[str, Column], settings: Ingest) -> Column:
    times = [columns[name] for name in settings.time_columns]
    return times[0] if len(times) == 1 else join_times(times)


def _number_format(settings: Ingest) -> NumberFormat:
    return NumberFormat(settings.decimal, settings.thousands, settings.none)


def _checked_path(text: str) -> Path:
    """The path, relative to the project. Raises UserError for an address, and for a path that is not in the project."""
    if not text.isprintable():
        raise UserError(
            f"params.yaml: ingest.path {quoted(text)} has characters that cannot be printed; rename the file"
        )
    if "://" in text:
        name = text.rstrip("/").rsplit("/", 1)[-1]
        local = "data/raw/" + (name if 0 < len(name) <= MAX_NAME else "data.csv")
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
    refuse_missing_file(path, f"params.yaml: ingest.path {quoted(text)}")
    return path


def refuse_missing_file(path: Path, named: str) -> None:
    """Raises UserError if there is nothing at `path`, which the message calls `named`."""
    if not os.path.exists(path):  # unlike Path.exists, without an error for a name that is too long
        near = difflib.get_close_matches(path.name, os.listdir(path.parent), n=1) if os.path.isdir(path.parent) else []
        hint = f"there is {quoted(str(path.parent / near[0]))}; " if near else ""
        raise UserError(f"{named}: no such file; {hint}correct it")


def _read_columns(reader: Reader, texts: list[str], numbers: list[str]) -> dict[str, Column]:
    """The columns by name. Raises UserError if a column is missing or there twice, and for a file without rows."""
    source = reader.source
    check_columns(reader.columns, texts, numbers, source)
    arrays = reader.read(texts, numbers)
    if not len(arrays[texts[0]]):
        raise UserError(f"{source}: a header and no rows; put the data into it")
    return {name: Column(source, name, values, reader.row_number) for name, values in arrays.items()}


def _read_ids(columns: list[Column]) -> tuple[Codes, list[str]]:
    """Codes (N,) and ids (S,) of the columns of series. Raises UserError for a row without an id."""
    parts = [_read_part(column) for column in columns]
    if len(parts) == 1:
        return parts[0]
    codes, ids = join_ids(parts, columns[0].source, columns[0].row_number)
    return codes.astype(np.int32), ids


def _read_part(column: Column) -> tuple[Codes, list[str]]:
    """Codes (N,) and distinct texts of one column of ids."""
    values = column.values
    try:
        texts = values if pa.types.is_dictionary(values.type) else pc.cast(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise UserError(f"{column} holds {values.type}, not text or whole numbers; {OTHER_IDS}") from None
    codes, found = distinct(texts)
    ids: list[str] = found.tolist()
    is_blank = np.array([not name.strip() for name in ids] + [True])  # the last one is that of code -1
    refuse_empty(is_blank[codes], column, "no series id")
    return codes, ids
