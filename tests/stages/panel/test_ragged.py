"""Blocks of series: every series once, in order, and never too much at once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel import ragged
from stages.panel.ragged import blocks, starts


def test_starts_worked_by_hand() -> None:
    assert starts(np.array([3, 0, 2])).tolist() == [0, 3, 3]


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 100))
def test_blocks_are_bounded_and_hold_every_series_once(lengths: list[int], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "BLOCK", most)
        runs = list(blocks(np.array(lengths, dtype=np.int64)))
    assert [series for run in runs for series in range(run.start, run.stop)] == list(range(len(lengths)))
    for run in runs:
        padded = max(lengths[run]) * len(lengths[run])
        assert padded <= most or len(lengths[run]) == 1
    for one, two in itertools.pairwise(runs):  # no block ends before it must
        together = lengths[one.start : two.start + 1]
        assert max(together) * len(together) > most
