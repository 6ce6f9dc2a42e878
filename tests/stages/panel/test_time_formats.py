"""Dates: formats are told apart, and what is read is written back to the letter."""

from datetime import datetime

import pandas as pd
import pytest

from stages.panel.time_formats import FORMATS, default_format, format_times, formats_of, parse_times

WRITTEN = [
    "2024-01-31", "2024/01/31", "2024.01.31", "20240131", "31.01.2024", "31/01/2024", "01/31/2024", "31-01-2024",
    "31 Jan 2024", "31-Jan-2024", "Jan 31, 2024", "31 January 2024", "January 31, 2024", "2024 Jan 31", "31.1.2024",
    "1/31/2024", "2024-01-31 07", "2024-01-31 07:05", "2024-01-31T07:05:09", "2024-01-31 07:05:09.25",
    "2024-01-31 07:05 PM", "31.01.2024 07:05", "1/31/2024 7:05:09 AM", "2024-01-31T07:05Z", "2024-01-31 07:05:09 UTC",
    "2024-01-31 07:05:09.123456789+05:30", "2024-01-31 07:05:09-0800", "2024-01-31 07:05+00",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_one_format_and_written_back_to_the_letter(text: str) -> None:
    ((time_format, stamps),) = (
        (name, s) for name, s in formats_of(pd.Series([text]), False).items() if s.notna().all()
    )
    assert (stamps[0].year, stamps[0].month, stamps[0].day) == (2024, 1, 31)
    assert format_times(stamps, time_format).tolist() == [text]


@pytest.mark.parametrize(
    ("text", "first_day"),
    [
        ("2024-02", datetime(2024, 2, 1)), ("202402", datetime(2024, 2, 1)), ("2024M02", datetime(2024, 2, 1)),
        ("02/2024", datetime(2024, 2, 1)), ("Feb 2024", datetime(2024, 2, 1)), ("February 2024", datetime(2024, 2, 1)),
        ("2024", datetime(2024, 1, 1)), ("2024-Q3", datetime(2024, 7, 1)), ("Q4 2024", datetime(2024, 10, 1)),
        ("2020-W53", datetime.fromisocalendar(2020, 53, 1)), ("2021W01", datetime.fromisocalendar(2021, 1, 1)),
    ],
)  # fmt: skip
def test_longer_steps_are_their_first_day(text: str, first_day: datetime) -> None:
    ((time_format, stamps),) = (
        (name, s) for name, s in formats_of(pd.Series([text]), False).items() if s.notna().all()
    )
    assert stamps.tolist() == [first_day]
    assert format_times(stamps, time_format).tolist() == [text]


def test_what_could_be_several() -> None:
    found = formats_of(pd.Series(["01/02/2024", "03/04/2024"]), False)
    assert {name: stamps[0].month for name, stamps in found.items()} == {"%d/%m/%Y": 2, "%m/%d/%Y": 1}
    found = formats_of(pd.Series(["01/02/2024", "13/04/2024"]), False)
    assert [name for name, stamps in found.items() if stamps.notna().all()] == ["%d/%m/%Y"]
    assert len(formats_of(pd.Series(["May 2024", "Jun 2024"]), False)) == 2  # June is no `%b`, Jun no `%B`


@pytest.mark.parametrize("text", ["", "soon", "24", "01-02-24", "2024-1-1-1", "2024-Q5", "1/1", "99999999999"])
def test_what_is_no_date(text: str) -> None:
    assert not any(stamps.notna().all() for stamps in formats_of(pd.Series([text]), False).values())


@pytest.mark.parametrize("time_format", FORMATS)
def test_every_format_reads_what_the_standard_library_writes(time_format: str) -> None:
    stamp = datetime(2024, 5, 27, 21, 5, 9, 250_000)  # a Monday
    text = stamp.strftime(time_format.replace("%q", "2"))
    read = parse_times(pd.Series([text]), time_format)[0]
    assert read.strftime(time_format.replace("%q", "2")) == text
    assert read.year == 2024


def test_a_format_for_stamps_that_come_as_such() -> None:
    stamps = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert default_format(stamps) == "%Y-%m-%d"
    assert default_format(stamps + pd.Timedelta("1h")) == "%Y-%m-%d %H:%M:%S"
    assert default_format(stamps + pd.Timedelta("20us")) == "%Y-%m-%d %H:%M:%S.%6f"
    assert format_times(stamps.dt.tz_localize("UTC"), "%H:%M%:z").tolist() == ["00:00+00:00"] * 2
