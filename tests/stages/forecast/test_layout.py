"""New data are read by the columns of the training, by unique_id, ds and y, or as a wide file."""

import pandas as pd
import pytest

from stages.forecast.frame import FrameReader
from stages.forecast.layout import layout_of
from tests.raw_files import LONG, WIDE, Changes, cases, settings

Names = tuple[str | None, str, str | list[str] | None]  # of the columns of series, time and value
SINGLE: Changes = {}
LISTED: Changes = {"value": ["a", "b"]}
NIXTLA: Names = ("unique_id", "ds", "y")
ALL: Names = (None, "time", None)


CASES: list[tuple[str, Changes, str, Names]] = [
    ("long", LONG, "id time value more", ("id", "time", "value")),
    ("long, by other names", LONG, "unique_id ds y", NIXTLA),
    ("long, as wide", LONG, "time a b", ALL),
    ("long, without ids", LONG, "time value", ("id", "time", "value")),
    ("long, without values", LONG, "id time sales", ("id", "time", "value")),
    ("long, by other names, one of them missing", LONG, "unique_id ds sales", NIXTLA),
    ("single", SINGLE, "time value", (None, "time", "value")),
    ("single, several series", SINGLE, "unique_id ds y", NIXTLA),
    ("single, as wide", SINGLE, "time a b", ALL),
    ("single, without time", SINGLE, "date value", (None, "time", "value")),
    ("single, both, several ids", {"time": "ds", "value": "y"}, "unique_id ds y", NIXTLA),
    ("wide", WIDE, "time c d", ALL),
    ("wide, as long", WIDE, "unique_id ds y", NIXTLA),
    ("wide, as long, with its own time", {"time": "ds", "value": None}, "unique_id ds y", NIXTLA),
    ("a list", LISTED, "time b note a", (None, "time", ["a", "b"])),
    ("a list, some of it", LISTED, "time b note", (None, "time", ["b"])),
    ("a list, none of it", LISTED, "time c d", ALL),
    ("a list, as long", LISTED, "unique_id ds y", NIXTLA),
]  # fmt: skip


@cases(("changes", "header", "expected"), CASES)
def test_the_columns_that_are_read(changes: Changes, header: str, expected: Names) -> None:
    reader = FrameReader(pd.DataFrame({name: ["x", "z"] for name in header.split()}))
    layout = layout_of(reader, settings(**changes), long_first=False)
    assert (layout.series, layout.time, layout.value) == expected


@pytest.mark.parametrize(("long_first", "series"), [(False, None), (True, "unique_id")])
def test_a_single_id_counts_in_a_frame_alone(long_first: bool, series: str | None) -> None:
    reader = FrameReader(pd.DataFrame({"unique_id": ["x", "x"], "ds": [1, 2], "y": [3, 4]}))
    assert layout_of(reader, settings(time="ds", value="y"), long_first).series == series
