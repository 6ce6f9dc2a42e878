"""A CSV file as columns: fields apart by comma, semicolon, tab or bar, quoted or not, gzipped or not."""

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
from stages.ingest.numbers import MISSING
from stages.ingest.params import Ingest

DELIMITERS = ",;\t|"
BLOCK = 2**22  # bytes that are parsed at once; no row may be longer
LONGEST_HEADER = 2**24


class CsvFile:
    """The columns of a CSV file. Raises UserError for what is none, or unpacks to more than the limit.

    The delimiter is the one that the header's named columns are apart by.
    """

    def __init__(self, path: Path, settings: Ingest) -> None:
        self.path, self.settings = path, settings
        with self._opened() as file:
            head = file.read(4).removeprefix(b"\xef\xbb\xbf")
            if head == b"PAR1":
                raise UserError(f"{path}: a Parquet file; end its name in .parquet")
        wanted = {settings.time, *([settings.series] if settings.series else [])}
        wanted |= {settings.value} if isinstance(settings.value, str) else set(settings.value or [])
        line = self._header()
        headers = {
            delimiter: next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
            for delimiter in DELIMITERS
        }
        self.delimiter = max(DELIMITERS, key=lambda d: (len(wanted & set(headers[d])), len(headers[d])))
        self.columns = headers[self.delimiter]

    def read(
        self, texts: list[str], numbers: list[str]
    ) -> tuple[dict[str, pa.ChunkedArray], list[tuple[str, pa.ChunkedArray]]]:
        """Columns of ids and times by name, and columns of values: as text where one is no plain number."""
        text = pa.dictionary(pa.int32(), pa.string())
        types = {**dict.fromkeys(numbers, pa.float64()), **dict.fromkeys(texts, text)}
        if self.settings.thousands:
            types.update(dict.fromkeys(numbers, pa.string()))
        try:
            table = self._parse(types)
            plain = not any(pc.any(pc.is_nan(table[name])).as_py() for name in numbers if types[name] == pa.float64())
        except pa.ArrowInvalid:
            plain = False
        if not plain:
            try:
                table = self._parse({**types, **dict.fromkeys(numbers, pa.string())})
            except pa.ArrowInvalid as error:
                raise self._explained(str(error)) from None
        return {name: table[name] for name in texts}, [(name, table[name]) for name in numbers]

    def row(self, observation: int) -> int:
        """The line of the file in which an observation begins; the header's is 1."""
        with self._opened() as file, contextlib.suppress(csv.Error, UnicodeDecodeError):
            begins = (line for line, record in self._records(file) if record)
            return next(itertools.islice(begins, observation + 1, None), 1)
        return 1

    def _parse(self, types: dict[str, pa.DataType]) -> pa.Table:
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
                    decimal_point=self.settings.decimal,
                ),
            )
            if cast(Bounded, cast(io.BufferedReader, file).raw).quotes % 2:
                self._refuse_open_quote()
            return table

    def _refuse_open_quote(self) -> None:
        """Raises UserError where the last record goes on over line ends to the end of the file: its quote is open."""
        begins, lines = 1, 1
        with self._opened() as file, contextlib.suppress(csv.Error):
            for line, record in self._records(file):
                begins, lines = line, sum(field.count("\n") for field in record)
            if not lines:
                return
        raise UserError(f"{self.path} row {begins}: a quote opens in this row and does not close; close or double it")

    def _header(self) -> str:
        """The first line that is not blank; with quoted line ends, all of it."""
        with self._opened() as file:
            line = b""
            while not line.strip() or line.count(b'"') % 2:
                more = file.readline(LONGEST_HEADER)
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
        """What pyarrow refuses, found again row by row."""
        row = 1
        with self._opened() as file:
            try:
                for row, record in self._records(file):
                    if record and len(record) != len(self.columns):
                        return UserError(
                            f"{self.path} row {row}: {len(record)} fields, but the header has {len(self.columns)}; "
                            "correct the row, or quote the field that has a delimiter or a quote in it"
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
        """Every record, the header too, and the line in which it begins."""
        csv.field_size_limit(BLOCK)
        reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), delimiter=self.delimiter)
        begins = 1
        for record in reader:
            yield begins, record
            begins = reader.line_num + 1

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file's bytes, unpacked, up to the limit."""
        limit = int(self.settings.max_gigabytes * 1e9)
        with self.path.open("rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            bounded = Bounded(gzip.GzipFile(fileobj=file) if gzipped else file, limit, self.path)
            try:
                yield cast(BinaryIO, io.BufferedReader(bounded, 2**16))
            except (gzip.BadGzipFile, zlib.error, EOFError) as error:
                raise UserError(f"{self.path}: not a whole gzip file: {error}; pack it again") from None


class Bounded(io.RawIOBase):
    """A file of which no more than `limit` bytes can be read, its quotes counted. Raises UserError beyond."""

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
                f"{self.path}: unpacks to more than {self.limit / 1e9:g} GB; "
                "set ingest.max_gigabytes higher if the file is to be trusted"
            )
        cast(memoryview, buffer)[: len(data)] = data
        return len(data)
