"""CSV files of any delimiter, quoting and line ending are read; bad ones are refused with the row and the problem."""

import gzip

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from stages.ingest.csv_file import BLOCK
from tests.raw_files import LONG, BadFiles, Changes, GoodFiles, Values, cases, panel_of, reads, refuses, values_of

pytestmark = pytest.mark.usefixtures("folder")

GOOD: GoodFiles = [
    ("comma", "time,value\n1,2.5\n2,3\n", {}, {"value": [2.5, 3]}),
    ("semicolon", "time;value\n1;2.5\n2;3\n", {}, {"value": [2.5, 3]}),
    ("tab", "time\tvalue\n1\t2.5\n2\t3\n", {}, {"value": [2.5, 3]}),
    ("quoted", '"time","value"\n"1","2.5"\n"2","3"\n', {}, {"value": [2.5, 3]}),
    ("byte order mark", b"\xef\xbb\xbftime,value\n1,2\n2,3\n", {}, {"value": [2, 3]}),
    ("carriage returns", "time,value\r\n1,2\r\n2,3\r\n", {}, {"value": [2, 3]}),
    ("blank lines", "\n\ntime,value\n\n1,2\n\n2,3\n\n", {}, {"value": [2, 3]}),
    ("no last line end", "time,value\n1,2\n2,3", {}, {"value": [2, 3]}),
    ("blanks around fields", "time,value\n 1 , 2 \n 2 , 3 \n", {}, {"value": [2, 3]}),
    ("other columns", "note,time,value,more\nx,1,2,\n,2,3,y\n", {}, {"value": [2, 3]}),
    ("an id of two lines", 'id,time,value\n"a\n""b""",1,1\n"a\n""b""",2,2\n', LONG, {'a\n"b"': [1, 2]}),
    ("quotes inside fields", 'time,value,note\n1,1,5" pipe\n2,2,"a ""b"" c"\n3,3,\n', {}, {"value": [1, 2, 3]}),
]  # fmt: skip


@cases(("text", "changes", "expected"), GOOD)
def test_good_files(text: str | bytes, changes: Changes, expected: Values) -> None:
    reads(text, changes, expected)


LONG_ROWS = f"1,{'2' * 9999}\n" * (3 * BLOCK // 9999)

BAD: BadFiles = [
    ("empty", "", {}, ["an empty file"]),
    ("only a byte order mark", b"\xef\xbb\xbf", {}, ["an empty file"]),
    ("header only", "time,value\n", {}, ["a header and no rows"]),
    ("binary", bytes(range(256)), {}, ["input.csv"]),
    ("zero bytes", b"time,value\0\n1,2\n", {}, ["a binary file"]),
    ("truncated gzip", gzip.compress(b"time,value\n1,2\n" * 99)[:40], {}, ["not a whole gzip file"]),
    ("other encoding", "id,time,value\né,1,2\né,2,2\n".encode("latin-1"), LONG, ["row 2", "not UTF-8"]),
    ("other encoding, header", "time,valué\n".encode("latin-1"), {}, ["row 1", "not UTF-8"]),
    ("UTF-16", "time,value\n1,2\n".encode("utf-16"), {}, ["text in UTF-16"]),
    ("a row with an extra field", "time,value\n1,2\n\n2,3,4\n", {}, ["row 4", "3 fields", "the header has 2"]),
    ("a row with a missing field", "time,value\n1\n2,3\n", {}, ["row 2", "1 fields", "the header has 2"]),
    ("open quote", 'time,value\n"1,2\n2,3\n', {}, ["row 2", "quote"]),
    ("open quote in the header", '\ntime,"value\n1,2\n', {}, ["row 2", "a quote opens"]),
    ("open quote in the header of a large file", 'time,"value\n' + LONG_ROWS, {}, ["row 1", "a quote opens"]),
    ("open quote, closed far below", 'time,value\n1,2\n2,"3\n' + LONG_ROWS + '"\n', {}, ["row 3", "a field of more"]),
    ("a header without an end", "time,value," + "x" * BLOCK, {}, ["row 1", "a header of more than"]),
    ("a header of one long name", "x" * 200_000 + "\n1\n", {}, ["no column 'time'", "xxx…"]),
    ("gzip with zeros after it", gzip.compress(b"time,value\n1,2\n") + bytes(99), {}, ["not a whole gzip file"]),
    ("open quote in another column", 'time,value,note\n1,1,ok\n2,2,"x\n3,3,ok\n4,4,ok\n', {}, ["row 3",
     "a quote opens"]),
    ("other encoding, far down", b"id,time,value\n" + b"a,1,2\n" * 5000 + b"\xe9,2,3\n", LONG, ["row 5002",
     "not UTF-8"]),
    ("too large", "time,value\n" + "1,2\n" * 1000, {"max_gigabytes": 1e-6}, ["ingest.max_gigabytes"]),
    ("a decompression bomb", gzip.compress(bytes(10**7)), {"max_gigabytes": 1e-3}, ["more than 0.001 GB",
     "ingest.max_gigabytes"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_gzip_under_any_name() -> None:
    for name in ("input.csv.gz", "input.csv"):
        assert values_of(panel_of(gzip.compress(b"time,value\n1,2\n2,3\n"), name)) == {"value": [2, 3]}


def test_pyarrow_holds_no_python_object_when_a_refusal_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread reads ahead of an error; a Python object that it lets go when the interpreter has ended aborts."""
    seen = []
    read_csv = pacsv.read_csv

    def recorded(source: object, *options: object) -> object:
        seen.append(type(source))
        return read_csv(source, *options)

    monkeypatch.setattr(pacsv, "read_csv", recorded)
    for content in (b"time,value\n1,2\n2,x\n", gzip.compress(b"time,value\n1,2\n2,x\n")):
        refuses(content, {}, ["row 3", "'x'"])
    assert set(seen) == {pa.OSFile, pa.CompressedInputStream}
