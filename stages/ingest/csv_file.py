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
from stages.ingest.columns import INDEX
from stages.ingest.file_kinds import GZIP, refuse_other_kinds
from stages.ingest.numbers import NumberFormat, is_grouped, may_be_grouped

DELIMITERS = ",;\t|"
BLOCK = 2**22  # bytes parsed at once; no row may be longer
TEXT = pa.dictionary(pa.int32(), pa.string())  # ids and timestamps repeat
SAMPLE = 1000  # rows that decide whether a column of plain numbers is read again, as text


class CsvFile:
    """A CSV file with a header.

    named: the columns that the parameters name; the delimiter is the one that finds most of them in the header
    max_gigabytes: the most that the file may decompress to

    pyarrow reads the file through its own streams. It reads ahead in a thread, and one that still holds a Python object
    when the interpreter ends aborts the process (apache/arrow#34314): here it holds none.

    Raises UserError for a file that is not CSV in UTF-8, and beyond `max_gigabytes`.
    """

    def __init__(self, path: Path, named: set[str], number_format: NumberFormat, max_gigabytes: float) -> None:
        self.path, self.source = path, str(path)
        self.number_format, self.limit = number_format, int(max_gigabytes * 1e9)
        with path.open("rb") as file:
            self.is_gzipped = file.read(len(GZIP)) == GZIP
        line = self._header()
        csv.field_size_limit(BLOCK)
        headers = {
            delimiter: next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
            for delimiter in DELIMITERS
        }
        self.delimiter = max(DELIMITERS, key=lambda each: (len(named & set(headers[each])), len(headers[each])))
        self.header = headers[self.delimiter]
        is_unnamed = not "".join(self.header[:1]).strip() and INDEX not in self.header
        self.unnamed = INDEX if is_unnamed else None
        self.columns = [INDEX, *self.header[1:]] if is_unnamed else self.header

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns by name: `texts` as text, `numbers` as numbers, or as text where a number may be read wrongly."""
        self._check_whole()
        types = dict.fromkeys(texts, TEXT)
        table = None if self.number_format.thousands else self._parse_plain(types, numbers)
        if table is not None:
            return table | self._parse(dict.fromkeys(self._doubtful(table, numbers), pa.string()))
        try:
            return self._parse({**types, **dict.fromkeys(numbers, pa.string())})
        except pa.ArrowInvalid as error:
            raise self._explained(str(error)) from None

    def row_number(self, index: int) -> int:
        """The line of the file on which the row of a value begins; the header is on line 1."""
        with self._opened() as file, contextlib.suppress(UserError, UnicodeDecodeError):
            begins = (line for line, record in self._records(file) if record)
            return next(itertools.islice(begins, index + 1, None), 1)
        return 1

    def _parse_plain(self, types: dict[str, pa.DataType], numbers: list[str]) -> dict[str, pa.ChunkedArray] | None:
        """The columns with `numbers` as float64; None if one holds a text that is not a plain number, or a NaN."""
        try:
            table = self._parse({**types, **dict.fromkeys(numbers, pa.float64())})
        except pa.ArrowInvalid:
            return None
        return None if any(pc.any(pc.is_nan(table[name])).as_py() for name in numbers) else table

    def _parse(self, types: dict[str, pa.DataType]) -> dict[str, pa.ChunkedArray]:
        """The columns of `types`, by name. Raises ArrowInvalid for what pyarrow cannot parse."""
        if not types:
            return {}
        in_header = {name: self.header[0] if name == self.unnamed else name for name in types}
        convert = pacsv.ConvertOptions(
            column_types={in_header[name]: kind for name, kind in types.items()},
            include_columns=list(in_header.values()),
            null_values=self.number_format.missing_texts,
            strings_can_be_null=False,
            decimal_point=self.number_format.decimal,
        )
        read = pacsv.ReadOptions(block_size=BLOCK)
        parse = pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True)
        try:
            table = pacsv.read_csv(self._stream(), read, parse, convert)
        except OSError as error:  # Python's gzip passes over zeros after the data, Arrow does not
            raise self._damaged(error) if self.is_gzipped else error from None
        return dict(zip(types, table.columns, strict=True))

    def _stream(self) -> pa.NativeFile:
        """The decompressed bytes, for pyarrow."""
        file = pa.OSFile(str(self.path))
        return pa.CompressedInputStream(file, "gzip") if self.is_gzipped else file

    def _doubtful(self, columns: dict[str, pa.ChunkedArray], numbers: list[str]) -> list[str]:
        """The columns of `numbers` whose points may group thousands, to judge by the first rows."""
        doubtful = [name for name in numbers if may_be_grouped(columns[name][:SAMPLE])]
        if not doubtful:
            return []
        with self._opened() as file:
            rows = [record for _, record in itertools.islice(self._records(file), SAMPLE) if record][1:]
        texts = {name: [row[self.columns.index(name)] for row in rows] for name in doubtful}
        return [name for name in doubtful if is_grouped(pa.array(texts[name], pa.string()))]

    def _check_whole(self) -> None:
        """Raises UserError for a file that is damaged, too large, or ends in an open quote."""
        quotes = 0
        with self._opened() as file:
            while block := file.read(BLOCK):
                quotes += block.count(b'"')
        if quotes % 2:
            self._refuse_open_quote()

    def _refuse_open_quote(self) -> None:
        """Raises UserError if the last record's opening quote is never closed: it then spans the last lines."""
        begins, lines = 1, 1
        with self._opened() as file, contextlib.suppress(UnicodeDecodeError):
            for line, record in self._records(file):
                begins, lines = line, sum(field.count("\n") for field in record)
            if not lines:
                return
        raise self._open_quote(begins)

    def _open_quote(self, row: int) -> UserError:
        return UserError(
            f"{self.path} row {row}: a quote opens in this row and is never closed; close it, or double it"
        )

    def _header(self) -> str:
        """The first line that is not blank, with the lines after it that a quoted name spans."""
        with self._opened() as file:
            head = file.read(BLOCK)
        refuse_other_kinds(self.path, head)
        if not head.strip(b"\xef\xbb\xbf \r\n"):
            raise UserError(f"{self.path}: an empty file; put a header and the data into it")
        if b"\0" in head:
            raise UserError(f"{self.path}: a binary file, not CSV; save it as CSV or Parquet")
        lines: list[bytes] = []
        begins, quotes = 1, 0
        for line in head.splitlines(keepends=True):
            if not lines and not line.strip():
                begins += 1
                continue
            lines.append(line)
            quotes += line.count(b'"')
            if quotes % 2 == 0:
                break
        else:
            raise self._open_quote(begins)
        header = b"".join(lines)
        if len(head) == BLOCK and not header.endswith((b"\r", b"\n")):
            raise UserError(
                f"{self.path} row {begins}: a header of more than {BLOCK:,} bytes; write a line for each row"
            )
        try:
            return header.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            place = f"row {begins}: byte {error.start + 1}"
            raise UserError(f"{self.path} {place} is not UTF-8; save the file as UTF-8") from None

    def _explained(self, problem: str) -> UserError:
        """The error for a file that pyarrow cannot parse, with the row, which Python's own reader finds."""
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
            except UserError as error:
                return error
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
        """Every record, the header included, and the line on which it begins.

        Raises UserError for a record with a field of more than BLOCK characters.
        """
        reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), delimiter=self.delimiter)
        begins = 1
        try:
            for record in reader:
                yield begins, record
                begins = reader.line_num + 1
        except csv.Error:
            raise UserError(
                f"{self.path} row {begins}: a field of more than {BLOCK:,} characters; correct the quotes of this row"
            ) from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The decompressed bytes of the file, up to the limit."""
        with self.path.open("rb") as file:
            bounded = BoundedFile(gzip.GzipFile(fileobj=file) if self.is_gzipped else file, self.limit, self.path)
            try:
                yield cast(BinaryIO, io.BufferedReader(bounded, 2**16))
            except (gzip.BadGzipFile, zlib.error, EOFError) as error:
                raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> UserError:
        return UserError(f"{self.path}: not a whole gzip file: {error}; compress it again")


class BoundedFile(io.RawIOBase):
    """A file that raises UserError once more than `limit` bytes are read."""

    def __init__(self, file: io.BufferedIOBase | BinaryIO, limit: int, path: Path) -> None:
        self.file, self.left, self.limit, self.path = file, limit, limit, path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        data = self.file.read(len(cast(bytes, buffer)))
        self.left -= len(data)
        if self.left < 0:
            raise UserError(
                f"{self.path}: decompresses to more than {self.limit / 1e9:g} GB; "
                "set ingest.max_gigabytes higher if you trust the file"
            )
        cast(memoryview, buffer)[: len(data)] = data
        return len(data)
