"""Blocks of series: every series once, in order, and of bounded size."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel import ragged
from stages.panel.ragged import blocks, seasonal_sources, starts


def test_starts_by_hand() -> None:
    assert starts(np.array([3, 0, 2])).tolist() == [0, 3, 3]


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 100))
def test_blocks_are_bounded_and_hold_every_series_once(lengths: list[int], largest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "BLOCK", largest)
        found = list(blocks(np.array(lengths, dtype=np.int64)))
    assert [series for block in found for series in range(block.start, block.stop)] == list(range(len(lengths)))
    for block in found:
        padded = max(lengths[block]) * len(lengths[block])
        assert padded <= largest or len(lengths[block]) == 1
    for block, following in itertools.pairwise(found):  # no block ends early
        together = lengths[block.start : following.start + 1]
        assert max(together) * len(together) > largest


def test_a_missing_row_has_the_value_a_whole_number_of_seasons_before_or_the_last_one() -> None:
    """Rows 2 and 3 have rows 0 and 1; row 4 too, since row 2 is missing; row 6 has none before it, row 8 only row 7."""
    missing = np.array([False, False, True, True, True, False, True, False, True])
    assert seasonal_sources(missing, np.array([6, 3]), 2).tolist() == [0, 1, 0, 1, 0, 5, 6, 7, 7]
