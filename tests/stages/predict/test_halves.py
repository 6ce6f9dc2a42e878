"""Half ensembles: which members are in them, and that their differences have the variance of the whole ensemble."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stages.predict.halves import MOST_SPLITS, half_differences, split_members


def test_eight_members_have_seven_splits_of_four_that_are_not_correlated() -> None:
    signs = np.where(split_members(8), 1, -1)
    np.testing.assert_array_equal(signs @ signs.T, 8 * np.eye(7))
    assert (signs.sum(axis=1) == 0).all()


@given(some.integers(2, 300))
def test_halves_differ_by_at_most_one_member_and_no_split_is_there_twice(members: int) -> None:
    splits = split_members(members)
    assert 1 <= len(splits) <= MOST_SPLITS
    first = splits.sum(axis=1)
    assert (np.abs(2 * first - members) <= 1).all()
    different = {tuple(split if split[0] else ~split) for split in splits}
    assert len(different) == len(splits)


def test_a_single_member_has_no_halves() -> None:
    assert half_differences(np.zeros((3, 2)), np.zeros((3, 1, 2))).shape == (3, 0)


def test_halves_of_different_sizes_are_weighted_by_hand() -> None:
    """Three members forecast 1, 3 and 8 where the value is 0. Halves of the first split: 0 and 2 (4.5), and 1 (3)."""
    (found,) = half_differences(np.zeros((1, 1)), np.array([[[1.0], [3.0], [8.0]]]))
    weight = np.sqrt(2) / 3
    assert found == pytest.approx([weight * (4.5 - 3), weight * (2 - 8), weight * (1 - 5.5)])


def test_the_same_members_have_no_difference_and_unknown_values_do_not_count() -> None:
    actual = np.array([[4.0, np.nan], [np.nan, np.nan]])
    found = half_differences(actual, np.ones((2, 4, 2)))
    np.testing.assert_array_equal(found, [[0, 0, 0], [np.nan, np.nan, np.nan]])


@pytest.mark.parametrize("members", [2, 3, 4, 7, 8, 16])
def test_the_mean_square_of_the_differences_is_the_variance_of_an_ensembles_error(members: int) -> None:
    """Of 20,000 ensembles, whose members' errors are normal."""
    forecasts = 100 + np.random.default_rng(0).normal(size=(20_000, members, 1))
    found = half_differences(np.zeros((20_000, 1)), forecasts)
    whole = np.mean(forecasts[..., 0], axis=1)
    assert (found**2).mean() == pytest.approx(whole.var(), rel=0.02)
