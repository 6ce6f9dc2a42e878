"""Series of long and wide files keep their ids; columns and paths that do not exist are refused."""

import re
from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.ingest.raw import read_raw
from tests.raw_files import AUTO, LONG, WIDE, BadFiles, Changes, GoodFiles, Values, cases, reads, refuses, settings

pytestmark = pytest.mark.usefixtures("folder")

GOOD: GoodFiles = [
    ("text ids, any order", "id,time,value\nb,3,30\na,1,1\nb,2,20\nb,1,10\na,2,2\n", LONG, {"b": [10, 20, 30],
     "a": [1, 2]}),
    ("number ids", "id,time,value\n007,1,1\n007,2,2\n7,1,3\n7,2,4\n", LONG, {"007": [1, 2], "7": [3, 4]}),
    ("ids past 2^53", "id,time,value\n9007199254740993,1,1\n9007199254740993,2,2\n", LONG,
     {"9007199254740993": [1, 2]}),
    ("an id that is NA", "id,time,value\nNA,1,1\nNA,2,2\n", LONG, {"NA": [1, 2]}),
    ("odd ids", "id,time,value\n../../x,1,1\n../../x,2,2\n=1+1🙂,1,3\n=1+1🙂,2,4\n", LONG, {"../../x": [1, 2],
     "=1+1🙂": [3, 4]}),
    ("a long id", f"id,time,value\n{'x' * 10_000},1,1\n{'x' * 10_000},2,2\n", LONG, {"x" * 10_000: [1, 2]}),
    ("wide", "time,a,b\n1,1,10\n2,2,20\n", WIDE, {"a": [1, 2], "b": [10, 20]}),
    ("wide, some columns", "time,a,note,b\n1,1,x,10\n2,2,y,20\n", {"value": ["b", "a"]}, {"b": [10, 20], "a": [1, 2]}),
    ("wide, other starts and ends", "time,a,b\n1,,10\n2,2,20\n3,3,\n", WIDE, {"a": [2, 3], "b": [10, 20]}),
    ("wide, any order", "time,a,b\n2,2,20\n1,1,10\n", WIDE, {"a": [1, 2], "b": [10, 20]}),
    ("long, other starts and ends", "id,time,value\na,1,NA\na,2,2\na,3,3\nb,1,1\nb,2,2\nb,3,\n", LONG,
     {"a": [2, 3], "b": [1, 2]}),
]  # fmt: skip


@cases(("text", "changes", "expected"), GOOD)
def test_good_files(text: str | bytes, changes: Changes, expected: Values) -> None:
    reads(text, changes, expected)


BAD: BadFiles = [
    ("missing column", "time,values\n1,2\n", {}, ["no column 'value'", "'values'"]),
    ("duplicate column", "time,value,value\n1,2,3\n", {}, ["2 columns are called 'value'"]),
    ("column without name", "time,a,\n1,2,3\n", WIDE, ["column 3 has no name"]),
    ("wide without columns", "time\n1\n", WIDE, ["no column but 'time'"]),
    ("no values", "time,value\n1,\n2,NA\n", {}, ["no value in any row"]),
    ("no timestamp", "time,value\n2024-01-01,1\n,3\n", AUTO, ["row 3, column 'time'", "no time"]),
    ("no id", "id,time,value\n,1,2\n,2,3\n", LONG, ["row 2, column 'id'", "no series id"]),
    ("an id of blanks", "id,time,value\na,1,2\n  ,2,3\n", LONG, ["row 3, column 'id'", "no series id"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none.csv", "no such file"),
        ("inptu.csv", "there is 'input.csv'"),
        ("x" * 5000, "xxx…': no such file"),
        ("a\x1b[31m.csv", r"'a\x1b[31m.csv' has characters that cannot be printed"),
        ("https://example.org/" + "x" * 5000, "xxx…' data/raw/data.csv`"),
        ("folder", "a folder without Parquet files"),
        ("../input.csv", "leads out of the project"),
        ("/etc/passwd", "leads out of the project"),
        ("https://example.org/sales.csv", "`dvc import-url 'https://example.org/sales.csv' data/raw/sales.csv`"),
        ("s3://bucket/sales.csv", "`dvc import-url 's3://bucket/sales.csv' data/raw/sales.csv`"),
    ],
)
def test_bad_paths_are_refused(path: str, words: str) -> None:
    Path("input.csv").write_text("time,value\n1,2\n")
    Path("folder").mkdir()
    with pytest.raises(UserError, match=re.escape(words)):
        read_raw(settings(path))
