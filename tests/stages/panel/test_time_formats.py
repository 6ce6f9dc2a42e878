"""Time formats: texts are read in a format and written back; formats that cannot be used are refused."""

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest

from stages.panel.time_formats import check_format, clock_of, format_times, parse_offset, parse_times, pattern

MOMENT = datetime(2024, 5, 27, 21, 5, 9, 250_000)  # a Monday, day 148 of its year, in ISO week 22
SECONDS = int(MOMENT.replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("%Y-Q%q", "2024-Q2"), ("%yq%q", "24q2"), ("%Y-%+y", "2024-25"), ("%Y/%+Y", "2024/2025"), ("FY%Y", "FY2024"),
        ("%G-W%V", "2024-W22"), ("%Y-%j", "2024-148"), ("%-d.%-m.%y", "27.5.24"), ("%^b-%y", "MAY-24"),
        ("%d %#B %Y", "27 may 2024"), ("%-I:%M %#p, %d/%m/%Y", "9:05 pm, 27/05/2024"),
        ("%Y-%m-%d %H:%M:%S.%2f", "2024-05-27 21:05:09.25"), ("%s", str(SECONDS)), ("%3s", f"{SECONDS}250"),
        ("%6s", f"{SECONDS}250000"), ("%9s", f"{SECONDS}250000000"), ("%Ed", "45439"),
    ],
)  # fmt: skip
def test_a_moment_is_written_and_read_back(time_format: str, text: str) -> None:
    assert format_times(pd.Series([pd.Timestamp(MOMENT)]), time_format).tolist() == [text]
    read = parse_times(pd.Series([text]), time_format)
    assert format_times(read, time_format).tolist() == [text]
    assert abs(read[0] - MOMENT) < timedelta(days=366)


def test_days_of_a_spreadsheet() -> None:
    days = parse_times(pd.Series(["61", "25569", "45292"]), "%Ed")
    assert days.tolist() == [pd.Timestamp("1900-03-01"), pd.Timestamp("1970-01-01"), pd.Timestamp("2024-01-01")]


@pytest.mark.parametrize(
    ("time_format", "text"),
    [
        ("%Y-Q%q", "2024-Q5"), ("%Y-%+y", "2024-26"), ("%Y-%+y", "2024-24"), ("%G-W%V", "2019-W53"), ("%s", "1e9"),
        ("%s", "99999999999999999999"), ("%9s", "9223372036854775807"), ("%3s", "-9223372036854775808"),
        ("%Ed", "999999999"), ("%Y", "9999"), ("%Y-%m-%d", "2024-02-30"), ("%Y-%m-%d %H", "2024-01-01 24"),
        ("%d%m%Y", "1112024"), ("%Y%m", "20241"), ("%G%V", "20241"),
    ],
)  # fmt: skip
def test_texts_that_are_not_in_the_format(time_format: str, text: str) -> None:
    assert parse_times(pd.Series([text]), time_format).isna().all()


def test_the_last_century_of_financial_years() -> None:
    years = parse_times(pd.Series(["1999-00", "2099-00"]), "%Y-%+y")
    assert years.dt.year.tolist() == [1999, 2099]
    assert format_times(years, "%Y-%+y").tolist() == ["1999-00", "2099-00"]


@pytest.mark.parametrize(
    ("time_format", "problem"),
    [
        ("%Y %Y", "%Y more than once"), ("%-d %d %Y", "%d more than once"), ("%s %3s", "%s more than once"),
        ("%m-%d", "no year"), ("soon", "no year"), ("%Q", "%Q is not a code"), ("%Y %Z", "%Z is not a code"),
        ("%Y%", "begins no code"), ("%Y-%U", "day of the week"), ("%V", "no year"), ("%G", "%V"), ("%Y %V", "%V"),
        ("%q", "no year"), ("%Y-%m Q%q", "no other code"), ("%+y", "no year"), ("%s %H", "stands alone"),
    ],
)  # fmt: skip
def test_formats_that_cannot_be_used(time_format: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_times(pd.Series(["2024-01-31"]), time_format)
    with pytest.raises(ValueError, match=problem):
        check_format(time_format)


def test_the_clock_of_a_format() -> None:
    assert clock_of("%Y-%m-%dT%H:%MZ") == clock_of("%s") == clock_of("%H:%M:%S.%3f UTC") == UTC
    assert clock_of("%I:%M %p-0330") == timezone(-timedelta(hours=3, minutes=30))
    assert clock_of("%Y-%m-%d") is clock_of("%Y-%m-%d %H:%M%:z") is clock_of("%Y-%m-%d %H:%M") is None
    assert parse_offset(" +05") == timezone(timedelta(hours=5))
    in_berlin = pd.Series(pd.to_datetime(["2024-07-01T00:00+02:00"])).dt.tz_convert("Europe/Berlin")
    assert format_times(in_berlin, "%Y-%m-%d %H:%M%:z").tolist() == ["2024-07-01 00:00+02:00"]
    assert format_times(in_berlin, "%Y-%m-%dT%H:%MZ").tolist() == ["2024-06-30T22:00Z"]


def test_numbers_without_separators_have_all_their_digits() -> None:
    assert pattern("%Y-%m-%d").fullmatch("2024-1-5")
    assert pattern("%Y%m%d %H:%M").fullmatch("20240105 7:00")
    assert not pattern("%Y%m%d").fullmatch("202415")
    assert not pattern("%Y%m").fullmatch("20241")
