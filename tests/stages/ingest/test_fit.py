"""Series that do not fit the frequency of the others are named; series that do are placed on one grid."""

import random
import re
from collections.abc import Sequence

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.tseries.frequencies import to_offset

from stages.common.errors import UserError
from stages.ingest.raw import Raw
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel
from tests.raw_files import AUTO, LONG, WIDE, panel_of, settings

pytestmark = pytest.mark.usefixtures("folder")

Times = list[pd.Timestamp]


def long_panel(series: dict[str, Times], without_value: Sequence[int] = (), **changes: object) -> Panel:
    """The panel of series at these timestamps, one after another in a file.

    without_value: rows that have none
    """
    codes, timestamps = pd.factorize(np.array([time for times in series.values() for time in times], "datetime64[ns]"))
    lengths = [len(times) for times in series.values()]
    raw = Raw(
        source="input.csv",
        time="time",
        ids=list(series),
        series_codes=np.repeat(np.arange(len(series), dtype=np.int32), lengths),
        timestamps=pd.Series(timestamps),
        time_codes=codes.astype(np.int32),
        values=np.where(np.isin(np.arange(len(codes)), without_value), np.nan, np.arange(len(codes))),
        row_number=lambda observation: observation + 2,
    )
    return build_panel(raw, settings(**{**LONG, **AUTO, **changes}))


def steps(start: str, count: int, frequency: str) -> Times:
    return list(pd.date_range(start, periods=count, freq=frequency))


def refused(series: dict[str, Times], without_value: Sequence[int] = (), **changes: object) -> str:
    with pytest.raises(UserError) as caught:
        long_panel(series, without_value, **changes)
    assert len(str(caught.value)) < 500
    return str(caught.value)


ALIASES = [
    "YS", "YE-JUN", "QS-FEB", "QE", "MS", "ME", "BMS", "BME", "2MS", "W-MON", "2W-SUN", "B", "D", "2D", "h", "6h",
    "15min", "s", "250ms",
]  # fmt: skip


@hypothesis.settings(max_examples=50)
@given(st.sampled_from(ALIASES), st.integers(0, 2**32 - 1))
def test_series_with_other_starts_and_gaps_have_their_common_frequency(alias: str, seed: int) -> None:
    """Up to half of the steps are missing. The first series has all, so that only one frequency fits."""
    chance = random.Random(seed)
    grid = pd.date_range("2001-01-01", periods=90, freq=alias)
    series = {"all": list(grid[20:60])}
    for name in range(chance.randrange(4)):
        first, size = chance.randrange(60), chance.randrange(9, 30)
        inner = chance.sample(range(2, size - 1), (size - 3) // 2)
        series[str(name)] = [grid[first + step] for step in sorted({0, 1, size - 1, *inner})]
    panel = long_panel(series, missing="forward")
    assert panel.time_axis.frequency == alias
    for number, times in enumerate(series.values()):
        rows = slice(panel.indptr[number], panel.indptr[number + 1])
        expected = grid[(grid >= times[0]) & (grid <= times[-1])]
        assert panel.ds[rows].tolist() == list(expected)
        assert panel.missing[rows].tolist() == [time not in times for time in expected]
        assert panel.time_axis.next_steps(times[-1], 3).tolist() == list(
            pd.date_range(times[-1], periods=4, freq=alias)[1:]
        )


@pytest.mark.parametrize(
    ("usual", "other", "start"),
    [
        ("W-MON", "W-THU", "2024-01-01"),
        ("h", "h", "2024-01-01 00:30"),
        ("D", "D", "2024-01-01 12:00"),
        ("2D", "2D", "2024-01-02"),
        ("MS", "ME", "2024-01-01"),
        ("MS", "QS", "2024-01-01"),
        ("QS", "QS-FEB", "2024-01-01"),
        ("D", "MS", "2024-01-01"),
        ("D", "W-MON", "2024-01-01"),
        ("D", "2D", "2024-01-01"),
        ("h", "D", "2024-01-01"),
        ("h", "2h", "2024-01-01"),
        ("15min", "h", "2024-01-01"),
        ("YS", "MS", "2024-01-01"),
    ],
)
@pytest.mark.parametrize("missing", ["error", "interpolate"])
def test_the_series_of_another_frequency_or_phase_is_named(usual: str, other: str, start: str, missing: str) -> None:
    series = {name: steps("2024-01-01", 30, usual) for name in "abc"}
    series["odd"] = steps(start, 12, other)
    message = refused(series, missing=missing)
    assert "series 'odd' has the frequency" in message
    assert f"{other!r} from" in message
    assert f"'a' with {usual!r} from 2024-01-01" in message


def test_a_few_timestamps_of_a_longer_step_are_another_frequency() -> None:
    message = refused({"day": steps("2020-02-02", 30, "D"), "month": steps("2020-02-01", 2, "MS")})
    assert "series 'month' has the frequency 'MS' from 2020-02-01 on, unlike 'day' with 'D'" in message


def test_all_others_that_do_not_fit_are_counted() -> None:
    series = {str(number): steps("2024-01-01", 30, "D" if number % 3 else "MS") for number in range(60)}
    assert "series '0' has the frequency 'MS' from 2024-01-01 on (19 more do not fit either)" in refused(series)


def test_a_timestamp_off_the_steps_of_its_series_is_named_with_its_row() -> None:
    times = steps("2024-01-01", 30, "h")
    times[17] += pd.Timedelta(minutes=17)
    message = refused({"a": steps("2024-01-01", 30, "h"), "b": times})
    assert "row 49, column 'time': '2024-01-01 17:17:00' of series 'b' is not a step of frequency 'h'" in message
    weeks = steps("2024-01-05", 30, "W-FRI")
    weeks[12] -= pd.Timedelta(days=1)  # Good Friday
    assert "row 14, column 'time': '2024-03-28' is not a step of frequency 'W-FRI'" in refused({"a": weeks})


def test_a_year_off_the_others_is_named_though_leap_years_begin_on_other_days() -> None:
    years = [*steps("2015-01-01", 11, "YS"), pd.Timestamp("2026-01-02")]
    assert "row 13, column 'time': '2026-01-02' is not a step of frequency 'YS'" in refused({"a": years})


def test_a_step_of_the_horizon_off_those_of_the_values_is_named_with_its_row() -> None:
    months = [*steps("2015-01-01", 38, "MS"), pd.Timestamp("2018-03-02")]
    message = refused({"a": months, "b": months}, without_value=[38, 77])
    assert "row 40, column 'time': '2018-03-02' is not a step of frequency 'MS'" in message
    days = steps("2020-01-01", 34, "B")
    ahead = [0, 1, 30, 31, 32, 33]
    message = refused({"a": days, "b": [*days[:-1], days[-1] + pd.Timedelta(hours=5)]}, [*ahead, *np.add(ahead, 34)])
    assert "row 69, column 'time': '2020-02-17 05:00:00' is not a step of frequency 'B'" in message


def test_few_values_do_not_decide_the_frequency_of_the_steps_ahead() -> None:
    """All days are; the values are those of a week from Monday to Friday."""
    days = steps("2020-01-06", 15, "D")
    message = refused({"a": days, "b": [*days[:-1], days[-1] + pd.Timedelta(hours=5)]}, [*range(5, 15), *range(20, 30)])
    assert "row 31, column 'time': '2020-01-20 05:00:00' is not a step of frequency 'D'" in message


def test_a_series_of_business_days_that_begins_before_the_others_fits() -> None:
    days = steps("2020-01-01", 30, "B")
    series = {"a": days[5:], "b": [*days, days[-1] + pd.Timedelta(days=3, hours=5)]}
    assert "row 57, column 'time': '2020-02-14 05:00:00' is not a step of frequency 'B'" in refused(series, [55])


def test_days_of_the_month_that_vary_are_refused_with_what_to_write() -> None:
    message = refused({"a": [pd.Timestamp(f"2023-{month:02}-{13 + month % 3}") for month in range(1, 13)]})
    assert "fall on days 13 to 15; give all the same day, or write the month alone (2024-01)" in message


@pytest.mark.parametrize("frequency", ["h", "min", "s", "100ms"])
def test_series_in_different_years(frequency: str) -> None:
    """The 120 years from the first series to the last take neither time nor memory."""
    series = {year: steps(f"{year}-03-01 05:00", 40, frequency) for year in ("1900", "1961", "1999", "2020")}
    panel = long_panel(series)
    assert panel.time_axis.frequency == frequency
    assert panel.lengths.tolist() == [40] * 4
    assert panel.ds.tolist() == [time for times in series.values() for time in times]


def test_a_wide_file_of_series_in_different_years() -> None:
    times = [*steps("1990-01-01", 20, "s"), *steps("2020-06-01", 20, "s")]
    rows = [
        f"{time},{value if value < 20 else ''},{value if value >= 20 else ''}\n" for value, time in enumerate(times)
    ]
    panel = panel_of("time,a,b\n" + "".join(rows), **WIDE, **AUTO)
    assert panel.ds.tolist() == times
    assert panel.y.tolist() == list(range(40))


def test_a_wide_file_with_a_column_of_quarters_among_months() -> None:
    rows = [
        f"{time:%Y-%m},{value},{value if value % 3 == 0 else ''}\n"
        for value, time in enumerate(steps("2020", 40, "MS"))
    ]
    with pytest.raises(UserError, match="series 'gdp' has the frequency 'QS' from 2020-01 on, unlike 'cpi' with 'MS'"):
        panel_of("time,cpi,gdp\n" + "".join(rows), **WIDE, **AUTO)


def test_half_of_the_steps_of_each_series_have_a_timestamp_unless_a_missing_row_stands_for_zero() -> None:
    days = steps("2024-01-01", 60, "D")
    series = {"often": days, "seldom": [days[step] for step in (0, 3, 4, 20, 29, 50)]}
    message = refused(series, missing="interpolate")
    assert "series 'seldom' has timestamps at 6 of 51 steps of frequency 'D', less than half" in message
    assert "set ingest.frequency to 'D'" in message
    assert long_panel(series, frequency="D", missing="interpolate").lengths.tolist() == [60, 51]
    assert long_panel(series, missing="zero").lengths.tolist() == [60, 51]
    assert "fit no frequency at which half the steps have one" in refused({"seldom": series["seldom"]}, missing="zero")


def numbers(values: list[int], name: str = "a") -> str:
    return "".join(f"{name},{value},{value}\n" for value in values)


@pytest.mark.parametrize("missing", ["error", "interpolate"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            numbers([0, 10, 20]),
            "are multiples of 10 apart, and integer steps are 1 apart; number the steps 0, 1",
        ),
        (numbers([1, 3, 5, 9]), "are multiples of 2 apart"),
        (numbers(list(range(1952, 2008, 5))), "set ingest.time_format to '%Y' (1 January 1952)"),
        (numbers([0, 1, 7, 30]), "series 'a' has timestamps at 4 of 31 integer steps, less than half"),
        (
            numbers(list(range(20))) + numbers(list(range(0, 90, 10)), "b"),
            "series 'b' has values that are multiples of 10 integer",
        ),
        (numbers(list(range(20))) + numbers([0, 1, 7, 30], "b"), "series 'b' has timestamps at 4 of 31 integer steps"),
        (numbers(list(range(0, 20, 2))) + numbers(list(range(1, 21, 2)), "b"), "multiples of 2 apart"),
    ],
)
def test_integer_steps_obey_the_same_rule(text: str, words: str, missing: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        panel_of("id,time,value\n" + text, **LONG, **AUTO, missing=missing)


def test_declared_integer_steps_may_be_few_but_not_all_several_apart() -> None:
    assert panel_of("id,time,value\n" + numbers([0, 1, 7, 30]), **LONG, missing="zero").lengths.tolist() == [31]
    with pytest.raises(UserError, match="multiples of 10 apart"):
        panel_of("id,time,value\n" + numbers([0, 10, 20]), **LONG, missing="zero")


def test_no_series_of_a_large_panel_is_named_by_chance() -> None:
    """Of 2000 series of 12 days, which miss a day with a chance of 30 %, one has every second day only."""
    chance = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=12)
    series = {}
    for number in range(2000):
        kept = chance.random(12) < 0.7
        kept[[0, 1, 11]] = kept[::2] = True
        series[str(number)] = list(days[kept])
    series["chance"] = list(days[:11:2])
    assert to_offset(long_panel(series, missing="forward").time_axis.frequency) == to_offset("D")
