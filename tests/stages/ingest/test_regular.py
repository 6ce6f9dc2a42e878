"""The panel: values of the raw file unchanged on the regular grid, gaps filled and flagged."""

import csv
import math
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from tests.projects import EXAMPLE
from tests.raw_files import panel_of, settings, values_of

pytestmark = pytest.mark.usefixtures("folder")


def test_the_airline_passengers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Box, Jenkins and Reinsel, Series G: first 112, last 432, sum 40363."""
    monkeypatch.chdir(EXAMPLE)
    declared = settings("data/raw/airline_passengers.csv", time="month", value="passengers", frequency="MS")
    panel = build_panel(read_raw(declared), declared)
    assert (len(panel.y), panel.y[0], panel.y[-1], panel.y.sum()) == (144, 112, 432, 40363)


def test_values_have_the_name_of_their_column_and_those_of_a_wide_file_its_name() -> None:
    text = "time,west,east\n1,2,3\n2,3,4\n"
    assert panel_of(text, value="west").value == "west"
    assert panel_of(text, "rides.v2.csv", value=None).value == "rides"
    assert panel_of(text, "rides.csv", value=["west", "east"]).value == "rides"
    assert panel_of(text, ".csv", value=["west", "east"]).value == "value"


@pytest.mark.parametrize(
    ("missing", "filled"),
    [
        ("forward", [1, 2, 2, 2, 5, 6, 6, 6, 9]),
        ("zero", [1, 2, 0, 0, 5, 6, 0, 0, 9]),
        ("interpolate", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("seasonal", [1, 2, 1, 2, 5, 6, 5, 6, 9]),  # 2 steps: steps 3 and 4 repeat 1 and 2
        ("keep", [1, 2, np.nan, np.nan, 5, 6, np.nan, np.nan, 9]),
    ],
)
def test_missing_values_and_steps_are_filled_or_kept_and_flagged(missing: Any, filled: list[float]) -> None:
    text = "time,value\n1,1\n2,2\n4,\n5,5\n6,6\n7,NA\n9,9\n10,\n"  # no rows 3 and 8, no values in 4, 7 and 10
    panel = panel_of(text, missing=missing, season_length=2)
    np.testing.assert_array_equal(panel.y, filled)
    assert panel.missing.tolist() == [False, False, True, True, False, False, True, True, False]


def test_a_series_is_not_filled_from_another() -> None:
    text = "id,time,value\na,1,1\na,3,3\nb,1,100\nb,3,300\n"
    assert values_of(panel_of(text, series="id", missing="interpolate")) == {"a": [1, 2, 3], "b": [100, 200, 300]}
    assert values_of(panel_of(text, series="id", missing="forward")) == {"a": [1, 1, 3], "b": [100, 100, 300]}
    assert values_of(panel_of(text, series="id", missing="seasonal")) == {"a": [1, 1, 3], "b": [100, 100, 300]}


def test_an_origin_in_an_interpolated_gap_does_not_use_later_values() -> None:
    panels = [panel_of(f"time,value\n1,1\n2,2\n5,{last}\n6,7\n", missing="interpolate") for last in (5, 500)]
    assert panels[0].at(0).values(0).tolist() == [1, 2, 3, 4, 5, 7]
    for origin in (2, 3, 4):
        histories = [panel.at(origin).values(0).tolist() for panel in panels]
        assert histories[0] == histories[1] == [1, 2, 2, 2][: 6 - origin]
        for panel in panels:
            assert panel.at(origin).matrix()[0].tolist() == histories[0]


IDS = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), min_size=1)


@st.composite
def panels(draw: st.DrawFn) -> tuple[str, list[str], dict[str, dict[int, float]]]:
    """A frequency, all its steps as texts, and the values of each series at some of the steps."""
    start, frequency = draw(
        st.sampled_from([("2019-12-30", "D"), ("2020-02-01", "MS"), ("2021-03-01", "W-MON"), ("0", "")])
    )
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    count = 40
    texts = pd.date_range(start, periods=count, freq=frequency).strftime("%Y-%m-%d") if frequency else range(count)
    names = draw(st.lists(IDS.filter(lambda name: bool(name.strip())), min_size=1, max_size=4, unique=True))
    table: dict[str, dict[int, float]] = {}
    for name in names:
        first, length = chance.randrange(count - 20), chance.randrange(2, 20)
        kept = [
            step
            for step in range(first, first + length)
            if step == first or chance.random() > draw(st.sampled_from([0, 0.2]))
        ]
        table[name] = {step: chance.gauss(0, 1) * 10.0 ** chance.randrange(-12, 16) for step in kept}
    return frequency, [str(text) for text in texts], table


@given(panels(), st.sampled_from(["error", "forward", "zero", "interpolate", "seasonal"]), st.randoms())
def test_given_values_come_out_unchanged_or_the_file_is_refused(
    drawn: tuple[str, list[str], dict[str, dict[int, float]]], missing: Any, chance: random.Random
) -> None:
    frequency, texts, table = drawn
    rows = [(name, texts[step], value) for name, values in table.items() for step, value in values.items()]
    chance.shuffle(rows)
    pd.DataFrame(rows, columns=["id", "time", "value"]).to_csv(
        "input.csv", index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    declared = settings(series="id", frequency=frequency or None, missing=missing)
    steps = {step for values in table.values() for step in values}
    gaps = [name for name, values in table.items() if max(values) - min(values) + 1 > len(values)]
    refused = ""
    try:
        panel = build_panel(read_raw(declared), declared)
    except UserError as error:
        refused = str(error)
    if refused:
        few = len(table) > 1 and len(rows) < 2 * len(table)
        apart = not frequency and math.gcd(*(step - min(steps) for step in steps)) > 1 and len(steps) > 2
        assert few or apart or (missing == "error" and gaps)
        reason = "less than 2 for each" if few else "integer steps are multiples" if apart else "has no value at"
        assert reason in refused
        return
    assert panel.ids == list(dict.fromkeys(name for name, _, _ in rows))
    assert np.isfinite(panel.y).all()
    for series, name in enumerate(panel.ids):
        span = slice(panel.indptr[series], panel.indptr[series + 1])
        between = range(min(table[name]), max(table[name]) + 1)
        assert panel.time_axis.format(panel.ds[span]).tolist() == [texts[step] for step in between]
        assert panel.missing[span].tolist() == [step not in table[name] for step in between]
        given_values = [value for value, filled in zip(panel.y[span], panel.missing[span], strict=True) if not filled]
        assert given_values == [table[name][step] for step in between if step in table[name]]


def test_days_of_trading_that_holidays_moved_stay_as_they_are_given() -> None:
    """Good Friday 2024 was 29 March: one exchange traded on that day, the other did not. The gap has the usual day."""
    days = ["2024-01-31", "2024-02-29", "2024-03-28", "2024-04-30", "2024-06-28", "2024-07-31", "2024-08-30"]
    rows = [f"a,{day},1\n" for day in days] + [f"b,{day.replace('03-28', '03-29')},1\n" for day in days]
    panel = panel_of("id,time,value\n" + "".join(rows), series="id", frequency="auto", missing="forward")
    assert panel.time_axis.frequency == "BME"
    assert panel.time_axis.format(panel.ds[:8]).tolist() == [*days[:4], "2024-05-31", *days[4:]]
    assert panel.time_axis.format(panel.ds[8:]).tolist()[2] == "2024-03-29"
    assert panel.time_axis.format(panel.time_axis.next_steps(panel.ds.iloc[2], 2)).tolist() == [
        "2024-04-30",
        "2024-05-31",
    ]
