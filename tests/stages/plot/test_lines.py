"""Very many steps are drawn as means of equal runs."""

import numpy as np
import pandas as pd
import pytest

from stages.plot.lines import bin_size, binned


def test_bins_are_means_and_ranges_and_the_first_has_the_steps_that_are_left() -> None:
    actual = pd.DataFrame(
        {"ds": range(10, 17), "y": [1.0, 2, 3, 4, 5, 6, 10], "filled": [False] * 3 + [True] * 2 + [False, True]}
    )
    table = binned(actual, 2)
    assert table.to_dict("list") == {
        "ds": [11, 13, 15],
        "y": [2.0, 4.5, 8.0],
        "low": [1, 4, 6],
        "high": [3, 5, 10],
        "filled": [False, True, False],
    }
    assert binned(actual, 9)["y"].tolist() == [pytest.approx(31 / 7)]
    huge = actual.assign(y=np.where(np.arange(7) % 2, -1.7e308, 1.7e308))
    assert np.isfinite(binned(huge, 3)).all(axis=None)


def test_a_bin_is_whole_seasons() -> None:
    """Seven inches have 175 places: 115 of 20,000 steps each, which is nearly a week of hours."""
    assert bin_size(1_000, 7, (12,)) == 1
    assert bin_size(20_000, 7, (24, 168)) == 168
    assert bin_size(10_200, 7, (24, 168)) == 168
    assert bin_size(9_000, 7, (24, 168)) == 72
    assert bin_size(20_000, 7, (24,)) == 120
    assert bin_size(20_000, 7, (1,)) == 115
    assert bin_size(20_000, 7, (8_760,)) == 115


def test_a_bin_is_of_the_values_that_are_known() -> None:
    actual = pd.DataFrame({"ds": range(6), "y": [1.0, np.nan, np.nan, np.nan, 5, 7], "filled": [False] * 6})
    table = binned(actual, 2)
    for name, expected in {"y": [1, np.nan, 6], "low": [1, np.nan, 5], "high": [1, np.nan, 7]}.items():
        np.testing.assert_array_equal(table[name], expected)
