"""Time formats: texts have one format, and are written back exactly as they were read."""

from datetime import datetime

import pandas as pd
import pytest

from stages.ingest.notations import DIGITS, PARTS_WITHOUT_NAME, TIERS, candidate_formats, default_format
from stages.panel.time_formats import format_times, parse_times

ALL = sorted({name for formats in (*TIERS, *DIGITS.values(), PARTS_WITHOUT_NAME) for name in formats})

WRITTEN = [
    "2024-01-31", "2024/01/31", "2024.01.31", "20240131", "31.01.2024", "31/01/2024", "01/31/2024", "31-01-2024",
    "31 Jan 2024", "31-Jan-2024", "Jan 31, 2024", "31 January 2024", "January 31, 2024", "2024 Jan 31", "31.1.2024",
    "1/31/2024", "2024-01-31 07", "2024-01-31 07:05", "2024-01-31T07:05:09", "2024-01-31 07:05:09.25",
    "2024-01-31 07:05 PM", "31.01.2024 07:05", "1/31/2024 7:05:09 AM", "2024-01-31T07:05Z", "2024-01-31 07:05:09 UTC",
    "2024-01-31 07:05:09.123456789+05:30", "2024-01-31 07:05:09-0800", "2024-01-31 07:05+00",
]  # fmt: skip


def fitting_formats(*texts: str) -> dict[str, pd.Series]:
    """The formats that fit all `texts`, and the timestamps in each."""
    candidates = candidate_formats(pd.Series(texts), with_zone=False)
    return {name: timestamps for name, timestamps in candidates.items() if timestamps.notna().all()}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_date_has_one_format_and_is_written_back_exactly(text: str) -> None:
    ((time_format, timestamps),) = fitting_formats(text).items()
    assert (timestamps[0].year, timestamps[0].month, timestamps[0].day) == (2024, 1, 31)
    assert format_times(timestamps, time_format).tolist() == [text]


@pytest.mark.parametrize(
    ("text", "first_day"),
    [
        ("2024-02", datetime(2024, 2, 1)), ("202402", datetime(2024, 2, 1)), ("2024M02", datetime(2024, 2, 1)),
        ("02/2024", datetime(2024, 2, 1)), ("Feb 2024", datetime(2024, 2, 1)), ("February 2024", datetime(2024, 2, 1)),
        ("2024", datetime(2024, 1, 1)), ("2024-Q3", datetime(2024, 7, 1)), ("Q4 2024", datetime(2024, 10, 1)),
        ("2020-W53", datetime.fromisocalendar(2020, 53, 1)), ("2021W01", datetime.fromisocalendar(2021, 1, 1)),
    ],
)  # fmt: skip
def test_weeks_and_longer_steps_are_read_as_their_first_day(text: str, first_day: datetime) -> None:
    ((time_format, timestamps),) = fitting_formats(text).items()
    assert timestamps.tolist() == [first_day]
    assert format_times(timestamps, time_format).tolist() == [text]


def test_ambiguous_dates_have_several_formats() -> None:
    candidates = candidate_formats(pd.Series(["01/02/2024", "03/04/2024"]), with_zone=False)
    assert {name: timestamps[0].month for name, timestamps in candidates.items()} == {"%d/%m/%Y": 2, "%m/%d/%Y": 1}
    assert list(fitting_formats("01/02/2024", "13/04/2024")) == ["%d/%m/%Y"]
    candidates = candidate_formats(pd.Series(["May 2024", "Jun 2024"]), with_zone=False)
    assert len(candidates) == 2  # `%b` and `%B`, which does not fit Jun


@pytest.mark.parametrize("text", ["", "soon", "24", "01-02", "2024-1-1-1", "2024-Q5", "1/1", "99999999999"])
def test_texts_that_are_not_dates(text: str) -> None:
    assert not fitting_formats(text)


@pytest.mark.parametrize("time_format", ALL)
def test_every_format_reads_what_the_standard_library_writes(time_format: str) -> None:
    timestamp = datetime(2024, 5, 27, 21, 5, 9, 250_000)  # a Monday
    plain = time_format.replace("%q", "2").replace("%+y", "25").replace("%+Y", "2025")
    text = timestamp.strftime(plain)
    read = parse_times(pd.Series([text]), time_format)[0]
    assert read.strftime(plain) == text
    assert read.year == 2024


def test_the_default_format_of_datetimes() -> None:
    timestamps = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert default_format(timestamps) == "%Y-%m-%d"
    assert default_format(timestamps + pd.Timedelta("1h")) == "%Y-%m-%d %H:%M:%S"
    assert default_format(timestamps + pd.Timedelta("20us")) == "%Y-%m-%d %H:%M:%S.%6f"
    assert format_times(timestamps.dt.tz_localize("UTC"), "%H:%M%:z").tolist() == ["00:00+00:00"] * 2
