"""Read columns of a CSV file: separated by comma, semicolon, tab or bar; quoted or not; gzipped or not."""

import contextlib
import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from stages.common.errors import UserError
from stages.ingest.numbers import MISSING, NumberFormat

DELIMITERS = ",;\t|"
BLOCK = 2**22  # bytes parsed at once; no row may be longer
MAX_HEADER = 2**24  # bytes
TEXT = pa.dictionary(pa.int32(), pa.string())  # ids and timestamps repeat


class CsvFile:
    """A CSV file with a header.

    named: the columns that the parameters name; the delimiter is the one that finds most of them in the header
    max_gigabytes: the most that the file may decompress to

    Raises UserError for a file that is not CSV in UTF-8, and beyond `max_gigabytes`.
    """

    def __init__(self, path: Path, named: set[str], number_format: NumberFormat, max_gigabytes: float) -> None:
        self.path, self.number_format, self.limit = path, number_format, int(max_gigabytes * 1e9)
        self._refuse_parquet()
        line = self._header()
        headers = {
            delimiter: next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
            for delimiter in DELIMITERS
        }
        self.delimiter = max(DELIMITERS, key=lambda each: (len(named & set(headers[each])), len(headers[each])))
        self.columns = headers[self.delimiter]

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns by name: `texts` as text, `numbers` as numbers, or all as text if any needs `number_format`."""
        types = dict.fromkeys(texts, TEXT)
        table = None if self.number_format.thousands else self._parse_plain(types, numbers)
        if table is None:
            try:
                table = self._parse({**types, **dict.fromkeys(numbers, pa.string())})
            except pa.ArrowInvalid as error:
                raise self._explained(str(error)) from None
        return {name: table[name] for name in (*texts, *numbers)}

    def row_number(self, index: int) -> int:
        """The line of the file on which the row of a value begins; the header is on line 1."""
        with self._opened() as file, contextlib.suppress(csv.Error, UnicodeDecodeError):
            begins = (line for line, record in self._records(file) if record)
            return next(itertools.islice(begins, index + 1, None), 1)
        return 1

    def _parse_plain(self, types: dict[str, pa.DataType], numbers: list[str]) -> pa.Table | None:
        """The table with `numbers` as float64; None if one holds a text that is not a plain number, or a NaN."""
        try:
            table = self._parse({**types, **dict.fromkeys(numbers, pa.float64())})
        except pa.ArrowInvalid:
            return None
        return None if any(pc.any(pc.is_nan(table[name])).as_py() for name in numbers) else table

    def _parse(self, types: dict[str, pa.DataType]) -> pa.Table:
        """The columns of `types`. Raises ArrowInvalid for what pyarrow cannot parse, UserError for an open quote."""
        with self._opened() as file:
            table = pacsv.read_csv(
                file,
                read_options=pacsv.ReadOptions(block_size=BLOCK),
                parse_options=pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    null_values=MISSING,
                    strings_can_be_null=False,
                    decimal_point=self.number_format.decimal,
                ),
            )
            if cast(BoundedFile, cast(io.BufferedReader, file).raw).quotes % 2:
                self._refuse_open_quote()
            return table

    def _refuse_parquet(self) -> None:
        with self._opened() as file:
            if file.read(4) == b"PAR1":
                raise UserError(f"{self.path}: a Parquet file; end its name in .parquet")

    def _refuse_open_quote(self) -> None:
        """Raises UserError if the last record's opening quote is never closed: it then spans the last lines."""
        begins, lines = 1, 1
        with self._opened() as file, contextlib.suppress(csv.Error):
            for line, record in self._records(file):
                begins, lines = line, sum(field.count("\n") for field in record)
            if not lines:
                return
        raise UserError(
            f"{self.path} row {begins}: a quote opens in this row and is never closed; close it, or double it"
        )

    def _header(self) -> str:
        """The first line that is not blank, with the lines after it that a quoted name spans."""
        with self._opened() as file:
            line = b""
            while not line.strip() or line.count(b'"') % 2:
                more = file.readline(MAX_HEADER)
                if not more:
                    break
                line = more if not line.strip() else line + more
        if not line.strip(b"\xef\xbb\xbf \r\n"):
            raise UserError(f"{self.path}: an empty file; put a header and the data into it")
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{self.path} row 1: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
        if "\0" in text:
            raise UserError(f"{self.path}: a binary file, not CSV; save it as CSV or Parquet")
        return text

    def _explained(self, problem: str) -> UserError:
        """The error for a file that pyarrow cannot parse, with the row, which Python's own reader finds."""
        row = 1
        with self._opened() as file:
            try:
                for row, record in self._records(file):
                    if record and len(record) != len(self.columns):
                        return UserError(
                            f"{self.path} row {row}: {len(record)} fields, but the header has {len(self.columns)}; "
                            "correct the row, or quote the field that contains a delimiter or a quote"
                        )
            except UnicodeDecodeError:
                return UserError(f"{self.path} row {self._undecodable()}: not UTF-8; save the file as UTF-8")
            except csv.Error as error:
                return UserError(f"{self.path} row {row}: {error}; correct the quotes there")
        return UserError(f"{self.path}: not a readable CSV file: {problem.splitlines()[0][:200]}; check the file")

    def _undecodable(self) -> int:
        """The first line that is not UTF-8."""
        with self._opened() as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    return number
        return 1

    def _records(self, file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
        """Every record, the header included, and the line on which it begins."""
        csv.field_size_limit(BLOCK)
        reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), delimiter=self.delimiter)
        begins = 1
        for record in reader:
            yield begins, record
            begins = reader.line_num + 1

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The decompressed bytes of the file, up to the limit."""
        with self.path.open("rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            bounded = BoundedFile(gzip.GzipFile(fileobj=file) if gzipped else file, self.limit, self.path)
            try:
                yield cast(BinaryIO, io.BufferedReader(bounded, 2**16))
            except (gzip.BadGzipFile, zlib.error, EOFError) as error:
                raise UserError(f"{self.path}: not a whole gzip file: {error}; compress it again") from None


class BoundedFile(io.RawIOBase):
    """A file that raises UserError once more than `limit` bytes are read; it counts the quotes that it has read."""

    def __init__(self, file: io.BufferedIOBase | BinaryIO, limit: int, path: Path) -> None:
        self.file, self.left, self.limit, self.path = file, limit, limit, path
        self.quotes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        data = self.file.read(len(cast(bytes, buffer)))
        self.left -= len(data)
        self.quotes += data.count(b'"')
        if self.left < 0:
            raise UserError(
                f"{self.path}: decompresses to more than {self.limit / 1e9:g} GB; "
                "set ingest.max_gigabytes higher if you trust the file"
            )
        cast(memoryview, buffer)[: len(data)] = data
        return len(data)
