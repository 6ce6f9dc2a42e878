"""Covariates stand at the steps of their series, whatever the order of rows; static ones have one value."""

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from tests.raw_files import LONG, WIDE, cases, panel_of

pytestmark = pytest.mark.usefixtures("folder")

NAN = np.nan
START, STEPS = "2023-12-25", 40


def covariates_of(panel: Panel) -> Covariates:
    assert panel.covariates is not None
    return panel.covariates


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Rows of up to 4 series in random order, at some of 40 days: a value or none, price and visits where there are.

    Price and visits are numbers that no two rows share; size is that of the series.
    """
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    rows = []
    days = pd.date_range(START, periods=STEPS).strftime("%Y-%m-%d")
    for series in range(draw(st.integers(1, 4))):
        first = chance.randrange(STEPS - 12)
        end = chance.randrange(first + 2, STEPS)
        for step, day in enumerate(days):
            if chance.random() < 0.2 and step not in (first, first + 1):
                continue
            value = first <= step < end and (step in (first, first + 1) or chance.random() < 0.8)
            numbers = [None if chance.random() < 0.2 else f"{kind}{series}{step:02}" for kind in (1, 2)]
            rows.append([f"s{series}", day, f"{step}" if value else None, *numbers, f"{series}.5"])
    chance.shuffle(rows)
    return pd.DataFrame(rows, columns=["id", "time", "value", "price", "visits", "size"])


@settings(max_examples=40)
@given(tables())
def test_every_covariate_stands_at_its_step(table: pd.DataFrame) -> None:
    """Every number tells its series and step; the rows between the first value and the last known price are there."""
    kinds = {"future": ["price"], "past": ["visits"], "static": ["size"]}
    panel = panel_of(table.to_csv(index=False), **LONG, frequency="D", missing="keep", covariates=kinds)
    covariates = covariates_of(panel)
    assert (covariates.future, covariates.past, covariates.static) == (["price"], ["visits"], ["size"])
    table["step"] = (pd.to_datetime(table["time"]) - pd.Timestamp(START)).dt.days
    for series, name in enumerate(panel.ids):
        own = table[table["id"] == name].set_index("step").astype({"price": float, "visits": float})
        given_steps = own.index[own["value"].notna()]
        first, end = given_steps.min(), given_steps.max() + 1
        until = max(end, own.index[own["price"].notna()].max() + 1 if own["price"].notna().any() else 0)
        price = covariates.future_values[covariates.indptr[series] : covariates.indptr[series + 1], 0]
        visits = covariates.past_values[panel.indptr[series] : panel.indptr[series + 1], 0]
        np.testing.assert_array_equal(price, own["price"].reindex(range(first, until)))
        np.testing.assert_array_equal(visits, own["visits"].reindex(range(first, end)))
        assert panel.lengths[series] == end - first
        assert covariates.static_values[series].tolist() == [float(name[1:]) + 0.5]


@settings(max_examples=40)
@given(tables())
def test_a_wide_file_is_as_the_long_one_whose_series_share_the_covariates(table: pd.DataFrame) -> None:
    values = table.drop_duplicates(["id", "time"]).pivot(index="time", columns="id", values="value")
    shared = table.drop_duplicates("time").set_index("time")[["price", "visits"]]
    wide = values.join(shared)
    rows = wide.reset_index().melt(["time", "price", "visits"], list(values.columns), "id", "value")
    changes: dict[str, Any] = {"frequency": "D", "missing": "keep"}
    changes["covariates"] = {"future": ["price"], "past": ["visits"]}
    found = panel_of(wide.to_csv(), **WIDE, **changes)
    expected = panel_of(rows.to_csv(index=False), **LONG, **changes)
    assert found.ids == expected.ids
    for name, value in vars(expected.covariates).items():
        np.testing.assert_array_equal(getattr(found.covariates, name), value, err_msg=name)


def test_the_values_of_a_panel_are_those_without_covariates() -> None:
    """The rows that hold covariates after the last value are no steps of the series."""
    rows = "a,1,1,5\na,2,,6\na,3,3,7\na,4,,8\na,5,,9\nb,2,1,5\nb,3,2,\n"
    plain = panel_of("id,time,value,price\n" + rows, **LONG, missing="forward")
    panel = panel_of("id,time,value,price\n" + rows, **LONG, missing="forward", covariates={"future": ["price"]})
    for name in vars(plain).keys() - {"covariates"}:
        np.testing.assert_array_equal(getattr(panel, name), getattr(plain, name))
    assert plain.covariates is None
    np.testing.assert_array_equal(covariates_of(panel).future_values[:, 0], [5, 6, 7, 8, 9, 5, NAN])
    assert covariates_of(panel).filling == "forward"


def test_indicators_of_categories_and_a_series_that_has_ended_or_has_no_value() -> None:
    rows = "a,0,9,sun,L\na,1,1,fog,L\na,2,2,sun,L\na,3,,rain,\nb,1,1,sun,S\nb,2,,,S\nc,1,,fog,M\nc,2,,sun,M\n"
    text = "id,time,value,sky,size\n" + rows
    changes: dict[str, Any] = {**LONG, "covariates": {"future": ["sky"], "static": ["size"]}}
    covariates = covariates_of(panel_of(text, **changes))
    assert covariates.future == ["sky=fog", "sky=rain", "sky=sun"]
    assert covariates.future_values.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert covariates.static == ["size=L", "size=M", "size=S"]
    assert covariates.static_values.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert covariates.categories == {"sky": ["fog", "rain", "sun"], "size": ["L", "M", "S"]}
    ended = panel_of(text, **changes, ended_after=0)
    assert (ended.ids, covariates_of(ended).static_values.tolist()) == (["a"], [[1, 0, 0]])
    assert covariates_of(ended).indptr.tolist() == [0, 4]


def test_local_times_after_the_end_whose_hour_the_clock_repeats() -> None:
    text = (
        "time,value,price\n2024-10-27 00:00,1,0\n2024-10-27 01:00,2,1\n2024-10-27 02:00,,2\n2024-10-27 02:00,,3\n"
        "2024-10-27 03:00,,4\n2024-10-27 05:00,,6\n"
    )
    panel = panel_of(text, frequency="h", time_zone="Europe/Berlin", covariates={"future": ["price"]})
    np.testing.assert_array_equal(covariates_of(panel).future_values[:, 0], [0, 1, 2, 3, 4, NAN, 6])


@cases(
    ("rows", "words"),
    [
        ("a step after the end twice", "a,1,1,2,x\na,2,2,3,x\na,3,,4,x\na,3,,5,x\n", ["row 5", "'3' appears twice"]),
        ("with other covariates", "a,1,1,2,x\na,2,2,3,x\na,3,,4,x\na,3,,5,x\n", ["keep one row for each timestamp"]),
        ("with the same", "a,1,1,2,x\na,2,2,3,x\na,3,,4,x\na,3,,4,x\n", ["the values are the same too: remove"]),
        (
            "far ahead",
            "a,1,1,2,x\na,2,2,3,x\na,3,,3,x\na,9999,,4,x\n",
            ["row 5, column 'time': '9999' lies 9,997 steps after the last value of series 'a'", "correct it"],
        ),
        ("two static numbers", "a,1,1,2,1.5\na,2,2,3,2\n", ["row 3, column 'size': 2 in series 'a', which has 1.5 in"]),
        (
            "two static values",
            "a,1,1,2,\nb,1,1,2,z\na,2,2,3,x\nb,2,1,1,z\na,3,2,4,y\n",
            ["row 6, column 'size': 'y' in series 'a', which has 'x' in row 4; a static covariate has one value"],
        ),
    ],
)
def test_what_is_refused(rows: str, words: list[str]) -> None:
    changes: dict[str, Any] = {**LONG, "covariates": {"future": ["price"], "static": ["size"]}, "missing": "keep"}
    with pytest.raises(UserError) as caught:
        panel_of("id,time,value,price,size\n" + rows, **changes)
    for word in words:
        assert word in str(caught.value)
