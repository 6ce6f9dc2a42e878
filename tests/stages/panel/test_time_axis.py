"""Time axes: parsing, formatting, the next steps and the end of dates."""

import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.panel.time_axis import TimeAxis


@pytest.mark.parametrize(
    ("time_axis", "texts", "following"),
    [
        (TimeAxis("MS", "%Y-%m"), ["1960-11", "1960-12"], ["1961-01", "1961-02"]),
        (TimeAxis("ME", "%Y-%m-%d"), ["1960-12-31"], ["1961-01-31", "1961-02-28"]),
        (TimeAxis("MS-15", "%Y-%m-%d"), ["1960-12-15"], ["1961-01-15", "1961-02-15"]),
        (TimeAxis("MS-30", "%d.%m.%Y"), ["30.12.2023", "30.01.2024"], ["29.02.2024", "30.03.2024"]),
        (TimeAxis("MS-30", "%d.%m.%Y"), ["28.02.2023"], ["30.03.2023", "30.04.2023"]),
        (TimeAxis("3MS-15", "%Y-%m-%d"), ["2023-11-15"], ["2024-02-15", "2024-05-15"]),
        (TimeAxis("BME", "%Y-%m-%d"), ["2024-03-28"], ["2024-04-30", "2024-05-31"]),  # 29 March was Good Friday
        (TimeAxis("5YS", "%Y"), ["1955"], ["1960", "1965"]),
        (TimeAxis("bh", "%Y-%m-%d %H:%M"), ["2024-03-01 16:00"], ["2024-03-04 09:00", "2024-03-04 10:00"]),
        (TimeAxis("SMS", "%Y-%m-%d"), ["2024-03-01"], ["2024-03-15", "2024-04-01"]),
        (TimeAxis("D", "%Y-%m-%d"), ["2024-02-28"], ["2024-02-29", "2024-03-01"]),
        (TimeAxis("B", "%Y-%m-%d"), ["2024-03-01"], ["2024-03-04", "2024-03-05"]),
        (TimeAxis("h", "%Y-%m-%dT%H:%MZ"), ["2024-02-28T23:00Z"], ["2024-02-29T00:00Z", "2024-02-29T01:00Z"]),
        (
            TimeAxis("D", "%Y-%m-%d %H:%M%:z", "Europe/Berlin"),
            ["2024-03-30 00:00+01:00"],
            ["2024-03-31 00:00+01:00", "2024-04-01 00:00+02:00"],
        ),
        (
            TimeAxis("h", "%Y-%m-%d %H:%M", "Europe/Berlin"),  # local times, one of which is shown twice
            ["2024-10-27 01:00", "2024-10-27 02:00"],
            ["2024-10-27 02:00", "2024-10-27 03:00"],
        ),
        (
            TimeAxis("h", "%Y-%m-%d %H:%M", "Europe/Berlin"),
            ["2024-03-31 01:00"],
            ["2024-03-31 03:00", "2024-03-31 04:00"],
        ),
        (
            TimeAxis("D", "%Y-%m-%dT%H:%MZ", "Europe/Berlin"),
            ["2024-03-30T23:00Z"],
            ["2024-03-31T22:00Z", "2024-04-01T22:00Z"],
        ),
        (TimeAxis("YS", "%Y-%+y"), ["1998-99"], ["1999-00", "2000-01"]),
        (TimeAxis("min", "%3s"), ["1700000000000"], ["1700000060000", "1700000120000"]),
        (TimeAxis(None, None), ["7"], ["8", "9"]),
    ],
)
def test_next_steps_have_the_format_of_the_input(time_axis: TimeAxis, texts: list[str], following: list[str]) -> None:
    steps = time_axis.parse(pd.Series(texts))
    assert time_axis.format(steps).tolist() == texts
    assert time_axis.format(time_axis.next_steps(steps.iloc[-1], 2)).tolist() == following


@pytest.mark.parametrize("frequency", ["h", "30min", "15min"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_forecasts_in_local_times_are_read_back_wherever_they_begin_and_end(frequency: str, zone: str) -> None:
    """Any run of steps around a repeated hour, one run after another as in a table of forecasts."""
    axis = TimeAxis(frequency, "%Y-%m-%d %H:%M", zone)
    year = pd.date_range("2024-01-01", "2025-01-01", freq=frequency, tz=zone)
    local = year.tz_localize(None)
    turn = int((local[1:] <= local[:-1]).argmax())
    runs = [year[first : first + 12] for first in range(turn - 14, turn + 6)]
    steps = pd.Series(runs[0].append(runs[1:]))
    assert axis.parse(axis.format(steps)).tolist() == steps.tolist()


@pytest.mark.parametrize("frequency", ["YS", "MS", "MS-15", "BYE", "W-MON", "D", "h", "B", "SMS", "100YS"])
def test_steps_past_the_last_date_are_refused(frequency: str) -> None:
    with pytest.raises(UserError, match="reach past the year 2262"):
        TimeAxis(frequency, "%Y").next_steps(pd.Timestamp("2261-12-15"), 10**4)
