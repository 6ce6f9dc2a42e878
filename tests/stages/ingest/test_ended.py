"""Series that ended long before the panel: counted and named, left out if that is declared."""

import pandas as pd
import pytest

from stages.ingest.ended import ended_series
from tests.raw_files import AUTO, LONG, WIDE, panel_of

pytestmark = pytest.mark.usefixtures("folder")


def monthly(**lengths: int) -> str:
    """A long file of series from January 2000 on with these numbers of months."""
    rows = [
        f"{name},{month:%Y-%m},{value}\n"
        for name, length in lengths.items()
        for value, month in enumerate(pd.date_range("2000-01-01", periods=length, freq="MS"))
    ]
    return "id,time,value\n" + "".join(rows)


def test_series_that_ended_more_than_a_season_ago_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 60 months, c ends 12 and d 13 before the last."""
    panel = panel_of(monthly(a=60, b=59, c=48, d=47, e=2), **LONG, **AUTO)
    assert panel.ids == ["a", "b", "c", "d", "e"]
    assert ended_series(panel).tolist() == [False, False, False, True, True]
    warned = capsys.readouterr().err
    assert "2 of 5 series ('d' at 2003-11, 'e' at 2000-02) ended more than 12 steps before the last" in warned
    assert "'a' at 2004-12; each is forecast from its own end; set ingest.ended_after to 12" in warned


@pytest.mark.parametrize(
    ("ended_after", "kept"), [(0, "a"), (1, "ab"), (11, "ab"), (12, "abc"), (13, "abcd"), (10**9, "abcde")]
)
def test_they_are_left_out_if_that_is_declared(ended_after: int, kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_of(monthly(a=60, b=59, c=48, d=47, e=2), **LONG, **AUTO, ended_after=ended_after)
    assert "".join(panel.ids) == kept
    assert panel.lengths.tolist() == [60, 59, 48, 47, 2][: len(kept)]
    assert not capsys.readouterr().err


def test_columns_that_ended_in_a_wide_file_are_left_out_with_their_gaps() -> None:
    """The gap of a series that is left out is not refused."""
    days = pd.date_range("2024-01-01", periods=40)
    rows = [f"{day:%Y-%m-%d},{step},{step if step in (0, 2) else ''}\n" for step, day in enumerate(days)]
    panel = panel_of("time,a,b\n" + "".join(rows), **WIDE, **AUTO, ended_after=10)
    assert panel.ids == ["a"]


def test_steps_that_each_series_counts_for_itself_have_no_common_end(capsys: pytest.CaptureFixture[str]) -> None:
    def integers(first: int) -> str:
        rows = [f"a,{step},1\n" for step in range(30)] + [f"b,{step},1\n" for step in range(first, 60)]
        return "id,time,value\n" + "".join(rows)

    assert not ended_series(panel_of(integers(0), **LONG)).any()
    assert not capsys.readouterr().err
    assert ended_series(panel_of(integers(1), **LONG)).tolist() == [True, False]
    assert "1 of 2 series ('a' at 29) ended more than 10 steps before the last, 'b' at 59" in capsys.readouterr().err


def test_years_are_one_clock_for_all_and_a_date_far_from_the_others_is_doubted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    years = {"a": range(1980, 2017), "b": range(1980, 2000)}
    rows = [f"{name},{year},1\n" for name, some in years.items() for year in some]
    assert ended_series(panel_of("id,time,value\n" + "".join(rows), **LONG)).tolist() == [False, True]
    assert "correct" not in capsys.readouterr().err
    rows += [f"{name},{year},1\n" for name, year in [("c", 2101), ("c", 2102)]]
    panel_of("id,time,value\n" + "".join(rows), **LONG)
    assert "or correct the date of 'c'" in capsys.readouterr().err
