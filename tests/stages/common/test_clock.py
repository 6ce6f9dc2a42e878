"""Clocks: continuing time, and where it ends."""

import pandas as pd
import pytest

from stages.common.clock import Clock
from stages.common.errors import UserError


@pytest.mark.parametrize(
    ("clock", "texts", "following"),
    [
        (Clock("MS", "%Y-%m"), ["1960-11", "1960-12"], ["1961-01", "1961-02"]),
        (Clock("ME", "%Y-%m-%d"), ["1960-12-31"], ["1961-01-31", "1961-02-28"]),
        (Clock("D", "%Y-%m-%d"), ["2024-02-28"], ["2024-02-29", "2024-03-01"]),
        (Clock("B", "%Y-%m-%d"), ["2024-03-01"], ["2024-03-04", "2024-03-05"]),
        (Clock("h", "%Y-%m-%dT%H:%MZ"), ["2024-02-28T23:00Z"], ["2024-02-29T00:00Z", "2024-02-29T01:00Z"]),
        (
            Clock("D", "%Y-%m-%d %H:%M%:z", "Europe/Berlin"),
            ["2024-03-30 00:00+01:00"],
            ["2024-03-31 00:00+01:00", "2024-04-01 00:00+02:00"],
        ),
        (Clock(None, None), ["7"], ["8", "9"]),
    ],
)
def test_the_future_is_written_as_the_past(clock: Clock, texts: list[str], following: list[str]) -> None:
    steps = clock.parse(pd.Series(texts))
    assert clock.write(steps).tolist() == texts
    assert clock.write(clock.following(steps.iloc[-1], 2)).tolist() == following
    assert clock.write(pd.Series(clock.grid(steps.iloc[-1], clock.following(steps.iloc[-1], 2).iloc[-1]))).tolist() == [
        texts[-1],
        *following,
    ]


def test_time_ends() -> None:
    with pytest.raises(UserError, match="reach past the year 2262"):
        Clock("YS", "%Y").following(pd.Timestamp("2255-01-01"), 12)
