"""Calendars of holidays: known days, and codes that are refused."""

import numpy as np
import pytest

from stages.panel.calendars import calendar, check_calendar


def days(code: str, first: int, last: int) -> list[str]:
    return [str(day) for day in calendar(code, first, last)]


def test_the_holidays_of_a_country_in_the_order_of_time() -> None:
    """Those of Germany that all its states share, by law; Easter of 2024 was on 31 March."""
    expected = ["01-01", "03-29", "04-01", "05-01", "05-09", "05-20", "10-03", "12-25", "12-26"]
    assert days("DE", 2024, 2024) == [f"2024-{day}" for day in expected]
    assert np.all(np.diff(calendar("DE", 2000, 2024)) > np.timedelta64(0))
    assert set(days("DE", 2024, 2024)) < set(days("DE", 2023, 2025))


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    """Cesar Chavez Day in California; Columbus Day, a federal holiday, is none there. Epiphany in Bavaria."""
    assert {"2024-03-31", "2024-07-04"} <= set(days("US-CA", 2024, 2024))
    assert "2024-10-14" in days("US", 2024, 2024)
    assert "2024-10-14" not in days("US-CA", 2024, 2024)
    assert set(days("DE-BY", 2024, 2024)) - set(days("DE", 2024, 2024)) >= {"2024-01-06"}


def test_years_that_a_calendar_does_not_cover_have_none() -> None:
    assert days("ME", 1990, 2000) == []


@pytest.mark.parametrize("code", ["DE", "US-CA", "GB-ENG", "NO", "NO-03", "USA", "DE-Augsburg"])
def test_known_codes(code: str) -> None:
    assert check_calendar(code) == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("de", "'de' is not a country of the package holidays; did you mean DE?"),
        ("deu", "did you mean DEU?"),
        ("England", "'England' is not a country of the package holidays; write its ISO code, such as DE, or GB-ENG"),
        ("EN", "'EN' is not a country of the package holidays; write its ISO code, such as DE, or GB-ENG"),
        ("Germany", "'Germany' is not a country of the package holidays; write its ISO code, such as DE"),
        ("", "'' is not a country"),
        ("XNYS", "'XNYS' is not a country"),  # a stock exchange
        ("HolidayBase", "'HolidayBase' is not a country"),
        (
            "GB-XX",
            "'XX' is not a part of GB in the package holidays; write GB alone, or with one of ENG, NIR",
        ),
        ("US-XX", "KS, KY, ..."),
        ("DE-", "'' is not a part of DE"),
        ("MC-1", "'1' is not a part of MC in the package holidays; write MC alone"),
    ],
)
def test_unknown_codes(code: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        check_calendar(code)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
