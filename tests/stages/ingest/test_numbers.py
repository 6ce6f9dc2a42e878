"""Numbers in the formats of files; texts that are not numbers are refused with their row and column."""

import pytest

from tests.raw_files import LONG, WIDE, BadFiles, Changes, GoodFiles, Values, cases, reads, refuses

pytestmark = pytest.mark.usefixtures("folder")

GOOD: GoodFiles = [
    ("decimal comma", "time;value\n1;2,5\n2;-3\n", {"decimal": ","}, {"value": [2.5, -3]}),
    ("decimal comma, quoted", 'time,value\n1,"2,5"\n2,3\n', {"decimal": ","}, {"value": [2.5, 3]}),
    ("thousands", 'time,value\n1,"1,234,567.5"\n2,"-12"\n', {"thousands": ","}, {"value": [1234567.5, -12]}),
    ("thousands, decimal comma", "time;value\n1;1.234,5\n2;0\n", {"thousands": ".", "decimal": ","},
     {"value": [1234.5, 0]}),
    ("thousands, blank", "time,value\n1,1 234\n2,7\n", {"thousands": " "}, {"value": [1234, 7]}),
    ("exponents and signs", "time,value\n1,1e3\n2,-2.5E-3\n3,+4\n", {}, {"value": [1000, -0.0025, 4]}),
    ("constant, zeros, negatives", "time,value\n1,0\n2,0\n3,-1\n", {}, {"value": [0, 0, -1]}),
    ("past 2^53", "time,value\n1,9007199254740994\n2,18446744073709551616\n", {}, {"value": [2.0**53 + 2, 2.0**64]}),
    ("small and large values", "id,time,value\na,1,1e-12\na,2,2e-12\nb,1,1e15\nb,2,2e15\n", LONG, {"a": [1e-12, 2e-12],
     "b": [1e15, 2e15]}),
    ("missing values", "time,value\n1,1\n2,2\n3, \n4, NA\n", {}, {"value": [1, 2]}),
]  # fmt: skip


@cases(("text", "changes", "expected"), GOOD)
def test_good_files(text: str | bytes, changes: Changes, expected: Values) -> None:
    reads(text, changes, expected)


BAD: BadFiles = [
    ("NaN in capitals", "time,value\n1,1\n2,NAN\n", {}, ["row 3", "'NAN' is not a finite number"]),
    ("thousands that start with 0", "time;value\n1;0.500\n", {"thousands": ".", "decimal": ","}, ["'0.500'"]),
    ("not a number", "time,value\n1,2\n2,many\n", {}, ["row 3, column 'value'", "'many'"]),
    ("not a number, after blank lines", "time,value\n\n1,2\n\n\n2,many\n", {}, ["row 6, column 'value'"]),
    ("not a number, after a quoted line end", 'id,time,value\n"a\nb",1,2\nc,2,many\n', LONG, ["row 4, column 'value'"]),
    ("not a number, wide", "time,a,b\n1,2,3\n2,3,x\n", WIDE, ["row 3, column 'b'", "'x'"]),
    ("decimal comma undeclared", "time;value\n1;2\n2;2,5\n", {}, ["row 3", "ingest.decimal to ','"]),
    ("thousands undeclared", 'time,value\n1,"1,234.5"\n', {}, ["'1,234.5'", "ingest.thousands to ','"]),
    ("thousands in a wrong group", 'time,value\n1,"1,23"\n', {"thousands": ","}, ["'1,23' is not a finite number"]),
    ("hexadecimal", "time,value\n1,0x10\n", {}, ["'0x10' is not a finite number"]),
    ("infinity", "time,value\n1,2\n2,inf\n", {}, ["row 3, column 'value'", "not a finite number"]),
    ("beyond float64", "time,value\n1,2\n2,1e999\n", {}, ["row 3", "not a finite number"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)
