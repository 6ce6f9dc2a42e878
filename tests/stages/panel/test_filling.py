"""Filled gaps, worked by hand and against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel.filling import Filling, fill

NAN = np.nan


def test_seasonal_goes_back_by_whole_seasons_within_its_series() -> None:
    y = np.array([1, 2, 3, 4, NAN, NAN, NAN, NAN, NAN, 10, 7, NAN, NAN, NAN, 9.0])
    lengths = np.array([10, 5])
    expected = [1, 2, 3, 4, 2, 3, 4, 2, 3, 10, 7, 7, 7, 7, 9]
    assert fill(y, lengths, 3, "seasonal").tolist() == expected


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=30))
def test_gaps_are_filled_as_pandas_fills_them(middle: list[float | None]) -> None:
    column = pd.Series([1.0, *middle, 2.0], dtype=float)
    y, lengths = column.to_numpy(), np.array([len(column)])
    assert fill(y, lengths, 1, "forward").tolist() == column.ffill().tolist()
    assert fill(y, lengths, 1, "zero").tolist() == column.fillna(0).tolist()
    np.testing.assert_allclose(fill(y, lengths, 1, "interpolate"), column.interpolate(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["forward", "zero", "seasonal"])
def test_filled_values_do_not_depend_on_later_values(method: Filling) -> None:
    y = np.array([1, NAN, 3, NAN, NAN, NAN, 7.0])
    other = np.array([1, NAN, 3, NAN, NAN, NAN, 700.0])
    lengths = np.array([7])
    assert fill(y, lengths, 2, method)[:6].tolist() == fill(other, lengths, 2, method)[:6].tolist()


@pytest.mark.parametrize("method", ["interpolate", "forward", "zero", "seasonal"])
def test_what_is_missing_before_the_first_and_after_the_last_known_value_stays_so(method: Filling) -> None:
    """Of each series alone: the second has no value at all, the third none at its start and end."""
    values = np.array([1, NAN, 3, NAN, NAN, NAN, NAN, 5, NAN, 7, NAN])
    between = {"interpolate": (2, 6), "forward": (1, 5), "zero": (0, 0), "seasonal": (1, 5)}[method]
    expected = [1, between[0], 3, NAN, NAN, NAN, NAN, 5, between[1], 7, NAN]
    np.testing.assert_array_equal(fill(values, np.array([4, 2, 5]), 2, method), expected)
