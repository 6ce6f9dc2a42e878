"""Integer steps are one apart and mostly there; whole numbers that are dates are refused with the format to set."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.panel.time_formats import format_times
from tests.raw_files import AUTO, LONG, BadFiles, Changes, cases, panel_of, reads, refuses, times_of

pytestmark = pytest.mark.usefixtures("folder")


def csv_of(times: Iterable[object]) -> str:
    return "time,value\n" + "".join(f"{time},{number}\n" for number, time in enumerate(times))


BAD: BadFiles = [
    ("an integer beyond 2^53", "time,value\n1,1\n99999999999999999999,3\n", {}, ["row 3", "not an integer step"]),
    ("not an integer", "time,value\n1,1\n2.5,3\n", {}, ["row 3, column 'time'", "'2.5' is not an integer step"]),
    ("Unix timestamps as steps", csv_of([1700000000, 1700003600]), {}, ["2 of the 3601", "ingest.time_format to '%s'"]),
    ("every fifth year, as steps", csv_of(range(1952, 2008, 5)), {}, ["multiples of 5 apart", "'%Y' (1 January 1952)"]),
    ("every tenth step", csv_of(range(0, 100, 10)), AUTO, ["multiples of 10 apart", "number the steps 0, 1, 2"]),
    ("every second step, one missing", csv_of([2, 4, 8, 10, 12]), AUTO, ["multiples of 2 apart"]),
    ("a third of the steps", csv_of([0, 1, 5, 6, 11, 12]), {**AUTO, "missing": "zero"},
     ["'value' has timestamps at 6 of 13 integer steps"]),
    ("a long gap in one series", "id,time,value\na,1,1\na,2,1\nb,1,1\nb,40,1\n", {**LONG, **AUTO},
     ["series 'b' has values that are multiples of 39 integer steps apart", "or set ingest.frequency to null"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_negative_steps() -> None:
    reads("time,value\n-1,1\n0,2\n1,3\n", {}, {"value": [1, 2, 3]})


@pytest.mark.parametrize("times", [["1999", "2000"], ["2001", "2002", "2004", "2005"], ["0", "1"], ["45292", "45293"]])
def test_auto_gives_integer_steps_for_numbers_that_are_as_regular_as_dates(times: list[str]) -> None:
    panel = panel_of(csv_of(times), frequency="auto", missing="zero")
    assert panel.time_axis.frequency is None
    assert times_of(panel) == [str(step) for step in range(int(times[0]), int(times[-1]) + 1)]


def test_series_that_lie_far_apart_are_each_regular() -> None:
    reads("id,time,value\na,1,1\na,2,2\nb,301,3\nb,302,4\n", LONG, {"a": [1, 2], "b": [3, 4]})


NOTATIONS = [
    ("%Y%m%d", "D", 3), ("%Y%m", "MS", 3), ("%Y%m%d%H", "h", 30), ("%Y%m%d%H%M", "15min", 9),
    ("%Y%m%d%H%M%S", "min", 9),
    ("%G%V", "W-MON", 60), ("%Y%q", "QS", 9), ("%Y%j", "D", 400), ("%Y", "3YS", 9), ("%d%m%Y", "D", 40),
    ("%m%d%Y", "D", 40), ("%y%m%d", "D", 40), ("%s", "min", 9), ("%s", "D", 9), ("%3s", "s", 9), ("%6s", "h", 9),
    ("%9s", "h", 9), ("%Ed", "W-WED", 9), ("%Ed", "MS", 9), ("%Ed", "B", 60),
]  # fmt: skip


@pytest.mark.parametrize("as_integers", [True, False])
@pytest.mark.parametrize(("time_format", "frequency", "periods"), NOTATIONS, ids=[f"{f} {q}" for f, q, _ in NOTATIONS])
def test_dates_as_whole_numbers_are_refused_with_the_format_that_reads_them(
    time_format: str, frequency: str, periods: int, as_integers: bool
) -> None:
    """In CSV and, where that loses no leading zero, as integers in Parquet; gaps are never filled without a word."""
    days = pd.date_range("2018-10-11", periods=periods, freq=frequency)
    texts = format_times(pd.Series(days), time_format)
    if as_integers and not texts.str.startswith("0").any():
        path = "input.parquet"
        pd.DataFrame({"time": texts.astype("int64"), "value": np.arange(periods)}).to_parquet(path)
        content = Path(path).read_bytes()
    else:
        path, content = "input.csv", csv_of(texts).encode()
    with pytest.raises(Exception, match=f"ingest.time_format to .*'{time_format}'"):
        panel_of(content, path, frequency="auto", missing="interpolate")
    panel = panel_of(content, path, frequency="auto", time_format=time_format)
    assert panel.ds.tolist() == days.tolist()
    assert times_of(panel) == texts.tolist()
    assert not panel.missing.any()


def test_a_number_that_may_be_a_week_or_a_month_is_refused_with_both() -> None:
    refuses(csv_of(range(202401, 202409)), AUTO, ["'%Y%m' (1 January 2024) or '%G%V' (1 January 2024)"])


def test_numbers_of_more_digits_than_an_integer_holds() -> None:
    refuses(csv_of([10**30, 10**30 + 1]), AUTO, ["row 2", "is not an integer step"])
