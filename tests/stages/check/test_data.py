"""The data in lines, on files written by hand."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stages.check.data import describe_data
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.normalize.params import Normalize
from tests.raw_files import settings

NORMALIZE = Normalize(log="auto", seasonal="shrunk", scale="mean")

HORIZON = 3

pytestmark = pytest.mark.usefixtures("folder")


def lines_of(text: str, normalize: Normalize = NORMALIZE, **changes: Any) -> dict[str, str]:
    Path("input.csv").write_text(text)
    declared = settings(**changes)
    raw = read_raw(declared)
    return dict(describe_data(build_panel(raw, declared), raw, normalize, HORIZON))


def test_a_single_series_without_gaps() -> None:
    months = [f"2020-{month:02d},{value}" for month, value in enumerate([5, 2.5, 9, 4, 4, 3, 4], start=1)]
    assert lines_of("time,value\n" + "\n".join(months), frequency="MS") == {
        "series": "1 ('value'), 7 steps", "first value": "5 at 2020-01", "last value": "4 at 2020-07",
        "smallest": "2.5 at 2020-02", "largest": "9 at 2020-03", "gaps": "none", "ends": "at 2020-07",
        "left out": "nothing", "frequency": "MS: every month, on its first day",
        "season": "12 steps (a year); networks use what the series covers twice: nothing",
    }  # fmt: skip


def test_gaps_ends_and_what_is_left_out_are_counted_and_named() -> None:
    rows = [f"a,{step},1" for step in range(30) if step not in (3, 7, 8)]
    rows += [f"b,{step},{step}" for step in range(2, 25) if step != 5]
    rows += ["c,2,", "d,3,7", "d,4,8"]
    found = lines_of("id,time,value\n" + "\n".join(rows), series="id", missing="forward", ended_after=10)
    assert found["series"] == "2 ('a', 'b'), 23 to 30 steps each, 53 steps in all"
    assert found["largest"] == "24 at 24 of 'b'"
    assert (found["first value"], found["last value"]) == ("1 at 0 of 'a'", "1 at 29 of 'a'")
    assert found["gaps"] == (
        "4 values (7.5 % of the steps) filled (ingest.missing), at most 2 in a row; in 2 series, most in 'a' 3, 'b' 1"
    )
    assert found["ends"].startswith("1 of 2 series before the last, the earliest 'b' at 24; the last 'a' at 29")
    assert found["left out"] == (
        "1 series without a value: 'c'; 1 series that ended too early (ingest.ended_after): 'd'"
    )
    assert found["season"] == "none; ingest.season_length sets one"
    kept = lines_of("id,time,value\n" + "\n".join(rows), series="id", missing="keep", ended_after=10)
    assert kept == {**found, "gaps": found["gaps"].replace("filled", "missing, and stay so")}


def test_series_that_count_their_own_steps_end_where_they_end() -> None:
    rows = [f"{name},{step},1" for name, length in (("a", 20), ("b", 5)) for step in range(length)]
    found = lines_of("id,time,value\n" + "\n".join(rows), series="id", frequency=None)
    assert found["ends"] == "at 19 the latest; all begin at the same step, so each counts its own"


def test_other_seasons_are_named_with_what_they_mean() -> None:
    assert lines_of(regular("15min", 700), frequency="15min", season_length=96)["season"].startswith(
        "96 steps (a day); also possible, by ingest.season_length: 4 steps (an hour)"
    )


def regular(frequency: str, steps: int) -> str:
    times = pd.date_range("2020-01-01", periods=steps, freq=frequency).astype(str)
    return "time,value\n" + "".join(f"{time},1\n" for time in times)


@pytest.mark.parametrize(
    ("frequency", "steps", "season_length", "expected"),
    [
        ("D", 914, None, "7 steps (a week); and the year, of 365.2425 days"),  # 2.5 years are 913.1 days
        ("D", 913, None, "7 steps (a week); not the year, which needs 2.5 of them"),
        ("D", 914, [7, 365], "7 steps (a week) and 365 steps (a year); networks take the year as 365.2425 days"),
        ("6h", 3653, None, "4 steps (a day) and 28 steps (a week); and the year, of 365.2425 days"),
        (None, 914, 7, "7 steps; and the year, of 365.2425 days"),
        ("D", 182, None, "7 steps (a week)"),  # less than half a year
        ("W-MON", 400, None, "52 steps (a year)"),
        ("W-MON", 104, None, "52 steps (a year); networks use what the series covers twice: nothing"),
        ("h", 100, None, "24 steps (a day) and 168 steps (a week); networks use what the series covers twice: "
         "24 steps (a day)"),
    ],
)  # fmt: skip
def test_the_year_is_used_where_there_is_enough_of_it_and_no_season_of_365_steps_is_asked_for(
    frequency: str | None, steps: int, season_length: list[int] | int | None, expected: str
) -> None:
    text = regular(frequency, steps) if frequency else "time,value\n" + "".join(f"{step},1\n" for step in range(steps))
    seasons = [season_length] if isinstance(season_length, int) else season_length
    assert lines_of(text, frequency=frequency, season_length=seasons)["season"] == expected


def test_seasons_that_are_switched_off_are_said() -> None:
    without = NORMALIZE.model_copy(update={"seasonal": "none"})
    assert lines_of(regular("D", 1000), without, frequency="D")["season"] == (
        "7 steps (a week); networks use none (normalize.seasonal)"
    )


def test_of_a_panel_half_the_series_decide_whether_the_year_is_used() -> None:
    days = pd.date_range("2020-01-01", periods=1000).astype(str)
    rows = [f"{name},{day},1" for name, length in (("a", 1000), ("b", 40), ("c", 40)) for day in days[-length:]]
    found = lines_of("id,time,value\n" + "\n".join(rows), series="id", frequency="D")
    assert found["season"] == "7 steps (a week); not the year, which needs 2.5 of them"


def test_covariates_are_listed_by_kind_with_how_far_ahead_they_are_known() -> None:
    rows = "a,1,1,fog,2,L\na,2,2,sun,3,L\na,3,,fog,,L\na,4,,sun,,L\nb,1,1,sun,4,S\nb,2,2,fog,5,S\n"
    kinds = {"future": ["sky"], "past": ["rain"], "static": ["size"]}
    text = "id,time,value,sky,rain,size\n" + rows
    found = lines_of(text, series="id", covariates=kinds)
    assert found["covariates"] == (
        "future 'sky' (2 categories); past 'rain'; static 'size' (2 categories); known for 0 to 2 steps after the last "
        "value"
    )
    found = lines_of(text, series="id", covariates={"past": ["rain"]})
    assert found["covariates"] == "past 'rain'"
    gaps = text.replace("b,1,1,sun,4", "b,1,1,,").replace("a,2,2,sun", "a,2,2,")
    found = lines_of(gaps, series="id", missing="keep", covariates=kinds)
    assert found["covariates"].endswith("after the last value; missing in 'sky' 2, 'rain' 1")
    assert "covariates" not in lines_of(text, series="id")


def test_the_calendar_of_holidays_is_named_with_its_days() -> None:
    """Of 2024, in the USA 1 and 15 January; in Germany 1 January, 29 March, 1 April, 1, 9 and 20 May."""
    text = "time,value,rain\n2024-01-01,1,2\n2024-01-02,2,3\n2024-01-03,2,4\n"
    changes: dict[str, Any] = {"frequency": "D", "holidays": "US-CA"}
    assert lines_of(text, **changes)["covariates"] == (
        "holidays of US-CA: 1 day in the data, 0 in the steps to forecast"
    )
    assert lines_of(text, **changes, covariates={"past": ["rain"]})["covariates"] == (
        "past 'rain'; holidays of US-CA: 1 day in the data, 0 in the steps to forecast"
    )
    days = "time,value\n" + "".join(f"{day:%Y-%m-%d},1\n" for day in pd.date_range("2024-01-01", "2024-01-14"))
    assert lines_of(days, **changes)["covariates"] == (
        "holidays of US-CA: 1 day in the data, 1 in the steps to forecast (2024-01-15)"
    )
    months = "time,value\n2024-01,1\n2024-02,1\n"
    assert lines_of(months, frequency="MS", holidays="DE")["covariates"] == (
        "holidays of DE: 1 day in the data, 5 in the steps to forecast (the first 2024-03-29)"
    )
