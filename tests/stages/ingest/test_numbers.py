"""Numbers in the formats of files; texts that are not numbers are refused with their row and column."""

import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.ingest.columns import Column
from stages.ingest.numbers import NumberFormat, parse, to_numbers
from stages.ingest.raw import read_raw
from tests.raw_files import (
    LONG,
    WIDE,
    BadFiles,
    Changes,
    GoodFiles,
    Values,
    cases,
    panel_of,
    reads,
    refuses,
    settings,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("folder")

GOOD: GoodFiles = [
    ("decimal comma", "time;value\n1;2,5\n2;-3\n", {"decimal": ","}, {"value": [2.5, -3]}),
    ("decimal comma, quoted", 'time,value\n1,"2,5"\n2,3\n', {"decimal": ","}, {"value": [2.5, 3]}),
    ("thousands", 'time,value\n1,"1,234,567.5"\n2,"-12"\n', {"thousands": ","}, {"value": [1234567.5, -12]}),
    ("thousands, decimal comma", "time;value\n1;1.234,5\n2;0\n", {"thousands": ".", "decimal": ","},
     {"value": [1234.5, 0]}),
    ("thousands, blank", "time,value\n1,1 234\n2,7\n", {"thousands": " "}, {"value": [1234, 7]}),
    ("thousands, blanks of all kinds", "time;value\n1;1\u00a0234,5\n2;7\u2009654\n3;-2\u202f000\n4;1 000 000\n",
     {"thousands": " ", "decimal": ","}, {"value": [1234.5, 7654, -2000, 1000000]}),
    ("thousands, a no-break space declared", "time,value\n1,1 234\n2,7\u202f654\n", {"thousands": "\u00a0"},
     {"value": [1234, 7654]}),
    ("thousands, apostrophes", "time,value\n1,1'234\n2,7\u2019654.5\n", {"thousands": "'"}, {"value": [1234, 7654.5]}),
    ("exponents and signs", "time,value\n1,1e3\n2,-2.5E-3\n3,+4\n", {}, {"value": [1000, -0.0025, 4]}),
    ("constant, zeros, negatives", "time,value\n1,0\n2,0\n3,-1\n", {}, {"value": [0, 0, -1]}),
    ("past 2^53", "time,value\n1,9007199254740994\n2,18446744073709551616\n", {}, {"value": [2.0**53 + 2, 2.0**64]}),
    ("small and large values", "id,time,value\na,1,1e-12\na,2,2e-12\nb,1,1e15\nb,2,2e15\n", LONG, {"a": [1e-12, 2e-12],
     "b": [1e15, 2e15]}),
    ("declared markers", 'time,value\n1,1\n2,2\n3, . \n4,-9999.0\n5,-9.999e3\n6,n/a\n', {"none": [".", "n/a", -9999]},
     {"value": [1, 2]}),
    ("a declared marker that is a number in quotes", "time,value\n1,1\n2,2\n3,-99.0\n", {"none": ["-99"]},
     {"value": [1, 2]}),
    ("a declared marker, thousands", "time;value\n1;1.000\n2;2\n3;9.999,0\n", {"none": [9999], "thousands": ".",
     "decimal": ","}, {"value": [1000, 2]}),
    ("markers are not for ids and times", "id,time,value\n-,0,1\n-,1,2\n", {"series": "id",
     "none": ["-", 0]}, {"-": [1, 2]}),
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
    ("two readings", 'time,value\n1,"12,500"\n2,"9,750"\n', {}, ["row 2", "'12,500'",
     "ingest.decimal to ',' if it is 12.5, or ingest.thousands to ',' if it is 12500"]),
    ("two readings with a decimal comma", "time;value\n1;12.500\n2;9.750\n", {"decimal": ","},
     ["ingest.decimal to '.' if it is 12.5, or ingest.thousands to '.' if it is 12500"]),
    ("two readings, decided by a later value", 'time,value\n1,"12,500"\n2,"9,75"\n', {},
     ["correct it, or set ingest.decimal to ','"]),
    ("two readings, decided by a larger value", 'time,value\n1,"12,500"\n2,"1,009,750"\n3,many\n', {},
     ["correct it, or set ingest.thousands to ','"]),
    ("narrow no-break spaces", "time;value\n1;12\u202f500,5\n", {"decimal": ","}, ["row 2",
     "set ingest.thousands to ' '"]),
    ("typographic apostrophes", "time,value\n1,12\u2019500\n", {}, ["set ingest.thousands to \"'\""]),
    ("a marker", "time,value\n1,2\n2,--\n", {}, ["row 3", "ingest.none, as ['--']"]),
    ("an exponent without a number", "time,value\n1,2\n2,+E7\n", {}, ["row 3", "'+E7' is not a finite number"]),
    ("beyond the largest square", "time,value\n1,2\n2,-3e150\n", {}, ["row 3", "'-3e+150' is beyond 1e+150"]),
    ("beyond float64", "time,value\n1,2\n2,1e999\n", {}, ["row 3", "not a finite number"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


FORMATS = [(".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "_")]


def written(number: float, decimal: str, thousands: str | None) -> str:
    """A number as text in a format, by Python's own formatting, exact."""
    whole, _, fraction = f"{Decimal(number):,f}".partition(".")
    return whole.replace(",", thousands or "") + (decimal + fraction if fraction else "")


@given(st.floats(-1e15, 1e15), st.sampled_from(FORMATS))
def test_any_number_in_any_format_is_read_back(number: float, marks: tuple[str, str | None]) -> None:
    texts = pa.chunked_array([[written(number, *marks)]])
    column = Column("input.csv", "value", texts, lambda index: index + 2)
    assert to_numbers(column, NumberFormat(*marks)).tolist() == [number]


@given(
    st.one_of(
        st.text("0123456789+-.,eE '_\u00a0", max_size=12),
        st.from_regex(r"[+-]?[0-9]{0,4}([.,][0-9]{0,4}){0,3}([eE][+-]?[0-9]{0,5})?", fullmatch=True),
    ),
    st.sampled_from(FORMATS),
)
def test_any_text_is_a_number_or_none(text: str, marks: tuple[str, str | None]) -> None:
    number = parse(pa.chunked_array([[text]], pa.string()), NumberFormat(*marks))[0].as_py()
    if number is not None:
        bare = re.sub(r"[\s'_]", "", text) if marks[1] in (" ", "'", "_") else text.replace(marks[1] or " ", "")
        assert number == float(bare.replace(marks[0], "."))


@pytest.mark.parametrize(
    ("values", "warns"),
    [
        ("2.003 1.998 2.100", True),
        ("1.003 998 1.012", True),
        ("+2.003 -1.998 NA", True),
        ("0.998 1.003 1.120", False),  # no number of thousands begins with 0
        ("2.003 1.99 2.100", False),
        ("2.003 1998.000 2.100", False),
        ("2.003 7 8", False),  # one number decides nothing
        ("2.003 1.998 2e0", False),
    ],
)
def test_points_that_may_group_thousands_are_doubted(
    values: str, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = values.split()
    text = "time,value\n" + "".join(f"{step},{number}\n" for step, number in enumerate(numbers))
    panel = panel_of(text)
    assert panel.y.tolist() == [float(number) for number in numbers if number != "NA"]
    warned = capsys.readouterr().err
    assert ("set ingest.decimal to ',' and ingest.thousands to '.'" in warned) is warns
    if warns:
        assert f"{numbers[0]} is read as a decimal" in warned
        grouped = panel_of(text, decimal=",", thousands=".")
        assert grouped.y[0] == float(numbers[0].replace(".", ""))
        assert not capsys.readouterr().err


def test_declared_markers_in_parquet() -> None:
    for values in (pa.array([1, -99.9, 3], pa.float32()), pa.array([1, None, 3]), pa.array(["1", "-99.90", "3"])):
        pq.write_table(pa.table({"time": [1, 2, 3], "value": values}), "input.parquet")
        raw = read_raw(settings("input.parquet", none=[-99.9, "x"]))
        assert np.isnan(raw.values).tolist() == [False, True, False]
