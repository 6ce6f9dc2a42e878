"""Filled gaps, worked by hand and against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.ingest.gaps import fill, long_stretch, longest_gap
from tests.builders import panel_of

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
def test_filled_values_do_not_depend_on_later_values(method: str) -> None:
    y = np.array([1, NAN, 3, NAN, NAN, NAN, 7.0])
    other = np.array([1, NAN, 3, NAN, NAN, NAN, 700.0])
    lengths = np.array([7])
    assert fill(y, lengths, 2, method)[:6].tolist() == fill(other, lengths, 2, method)[:6].tolist()  # type: ignore[arg-type]


@given(st.lists(st.lists(st.booleans(), max_size=12), min_size=1, max_size=4))
def test_the_longest_gap(gaps: list[list[bool]]) -> None:
    """Counted one by one; each series begins and ends with a value."""
    filled = [[False, *inner, False] for inner in gaps]
    panel = panel_of([np.zeros(len(one)) for one in filled], missing=np.concatenate(filled))
    runs = "".join("x" if value else " " for one in filled for value in one).split(" ")
    row, length = longest_gap(panel)
    assert length == max(len(run) for run in runs)
    assert panel.missing[row : row + length].all()


@pytest.mark.parametrize(("seasons", "steps"), [((1,), 10), ((7,), 10), ((12,), 12), ((24, 168), 168)])
def test_a_stretch_is_long_beyond_the_longest_season_and_ten_steps(seasons: tuple[int, ...], steps: int) -> None:
    assert long_stretch(panel_of([[1, 2]], season_lengths=seasons)) == steps
