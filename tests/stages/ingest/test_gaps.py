"""The longest gap, counted one by one, and which gaps are long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.ingest.gaps import long_stretch, longest_gap
from tests.builders import panel_of


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
