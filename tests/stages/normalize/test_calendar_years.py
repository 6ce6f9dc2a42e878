"""Years without holidays are warned of, in the data and ahead: those of a calendar that begins late or ends early."""

import numpy as np
import pandas as pd
import pytest

from stages.normalize.calendar_years import warn_of_years_without_holidays
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from tests.builders import panel_of
from tests.raw_files import cases


def years(holidays: str | None, first: int, last: int) -> Panel:
    count = last - first + 1
    covariates = Covariates(
        future=[],
        past=[],
        static=[],
        indptr=np.array([0, count]),
        future_values=np.empty((count, 0)),
        past_values=np.empty((count, 0)),
        static_values=np.empty((1, 0)),
        holidays=holidays,
    )
    ds = pd.Series(pd.date_range(f"{first}-12-31", periods=count, freq="YE"))
    return panel_of([np.arange(count)], ds=ds, time_axis=TimeAxis("YE", "%Y-%m-%d"), covariates=covariates)


@cases(
    ("holidays", "first", "last", "horizon", "words"),
    [
        ("before the calendar", "ME", 2000, 2010, 1, "has none of ME from 2000 to 2006"),
        ("a year", "ME", 2006, 2010, 1, "has none of ME in 2006"),
        ("covered", "DE", 2000, 2010, 1, ""),
        ("ahead", "TW", 2090, 2098, 4, "has none of TW from 2101 to 2102"),
        ("none", None, 2000, 2010, 1, ""),
    ],
)
def test_years_without_holidays(
    holidays: str | None, first: int, last: int, horizon: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_years_without_holidays(years(holidays, first, last), horizon, "sales.csv")
    found = capsys.readouterr().err
    assert words in found
    assert found.count("\n") == bool(words)
    assert found.startswith("warning: sales.csv: " if words else "")
