"""The scale before a cut, worked by hand."""

import numpy as np
import pytest

from stages.window.features import Source, compute_cuts
from stages.window.scale import SCALE_OF_CONSTANT, local_scale
from tests.builders import cuts_at, window_settings

PLAIN = window_settings()


@pytest.mark.parametrize(
    ("values", "season", "steps", "expected"),
    [
        ([1.0, 3.0, 2.0, 6.0], 2, 12, 2.0),  # changes over a season: 1, 3
        ([1.0, 3.0, 2.0, 6.0], 4, 12, (2 + 1 + 4) / 3),  # no longer than a season: over one step
        ([1.0, 3.0, 2.0, 6.0], 1, 12, (2 + 1 + 4) / 3),
        ([9.0, 0.0, 0.0, 1.0, 3.0, 2.0, 6.0], 2, 2, 2.0),  # the last two changes alone
        ([5.0], 2, 12, 1e-3),
        ([5.0, 5.0, 5.0], 2, 12, 1e-3),
    ],
)
def test_local_scale_worked_by_hand(values: list[float], season: int, steps: int, expected: float) -> None:
    cuts = cuts_at(values, [len(values)], [], PLAIN)
    scale = local_scale(np.array(values, dtype=np.float32), cuts, season, steps)
    assert scale.tolist() == pytest.approx([expected], rel=1e-6)


def test_a_scale_is_no_less_than_a_hundredth_of_the_mean_change_before() -> None:
    """Changes of 2 for thirty steps, then of 0.001 for the six that count."""
    values = np.concatenate([np.arange(0.0, 62.0, 2.0), 60 + 0.001 * np.arange(1, 7)]).astype(np.float32)
    cuts = cuts_at(values, [len(values)], [], PLAIN)
    mean = (30 * 2 + 6 * 0.001) / 36
    assert local_scale(values, cuts, 1, 5).tolist() == pytest.approx([0.01 * mean], rel=1e-3)


def test_a_missing_change_counts_as_the_mean_of_all_known_ones() -> None:
    """Over two steps: 1, 3, ?, 2, ?, so that the last three are (2 + 2 + 2) / 3, with the mean 2 of 1, 3, 2."""
    values = np.array([1.0, 3.0, 2.0, 6.0, np.nan, 8.0, 7.0], dtype=np.float32)
    cuts = cuts_at(values, [7], [], PLAIN)
    assert local_scale(values, cuts, 2, 3).tolist() == pytest.approx([2])
    assert local_scale(values[:6], cuts_at(values[:6], [6], [], PLAIN), 2, 1).tolist() == pytest.approx([2])


@pytest.mark.parametrize("season", [1, 4])
def test_where_no_change_is_known_the_scale_is_that_of_the_changes_over_gaps(season: int) -> None:
    """Every third value: 1, 3, 9, 9: changes of 2, 6 and 0. A single value has none, nor has what lies before."""
    values = np.full(30, np.nan, dtype=np.float32)
    values[[0, 3, 6, 9, 29]] = [1, 3, 9, 9, 5]
    before = [10, 7, 4, 3, 1, 30]
    scale = local_scale(values, cuts_at(values, before, [], PLAIN), season, 60)
    assert scale.tolist() == pytest.approx([8 / 3, 4, 2, SCALE_OF_CONSTANT, SCALE_OF_CONSTANT, 3])
    two = np.concatenate([values[:10], values[:10] + 50])
    cuts = compute_cuts(Source(two, np.array([10, 10]), [], 4, PLAIN), np.array([0, 1]), np.array([10, 10]))
    assert local_scale(two, cuts, season, 60).tolist() == pytest.approx([8 / 3, 8 / 3])
    assert local_scale(values, cuts_at(values, [10], [], PLAIN), 1, 1).tolist() == pytest.approx(
        [8 / 3]
    )  # of ten steps
