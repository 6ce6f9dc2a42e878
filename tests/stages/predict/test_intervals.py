"""Conformal quantiles by hand, and coverage on data whose quantiles are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.predict.intervals import conformal_quantile, half_widths


def test_conformal_quantile_worked_by_hand() -> None:
    scores = np.array([4.0, 1.0, 3.0, 2.0])
    assert conformal_quantile(scores, 60) == 3  # ceil(5 x 0.6) = 3rd smallest
    assert conformal_quantile(scores, 80) == 4
    assert np.isnan(conformal_quantile(scores, 81))


def test_coverage_is_the_level_where_scores_are_exchangeable() -> None:
    """Split conformal covers between the level and the level + 1 / (n + 1) on average (Lei et al. 2018, theorem 2)."""
    random = np.random.default_rng(0)
    covered = {80: [], 95: []}  # type: dict[int, list[float]]
    for _ in range(200):
        errors = np.abs(random.standard_t(4, (400, 3)) * [1, 2, 3])
        widths = half_widths(errors[:200], [80, 95])
        for row, level in enumerate(covered):
            covered[level].append(float((errors[200:] <= widths[row]).mean()))
    assert 79.5 <= 100 * np.mean(covered[80]) <= 81.5
    assert 94.5 <= 100 * np.mean(covered[95]) <= 96.0


def test_many_scores_are_kept_to_their_step() -> None:
    errors = np.random.default_rng(0).random((500, 3)) * [1, 10, 100]
    widths = half_widths(errors, [80])[0]
    np.testing.assert_allclose(widths, [0.8, 8, 80], rtol=0.1)


def test_few_scores_are_pooled_over_the_nearest_steps() -> None:
    errors = np.tile(np.arange(1.0, 13.0), (6, 1))  # 6 origins, 12 steps: 72 scores, fewer than enough
    widths = half_widths(errors, [50, 95])
    assert np.ptp(widths, axis=1).tolist() == [0, 0]
    assert widths[:, 0].tolist() == [conformal_quantile(errors.ravel(), 50), 12]


def test_too_few_for_a_level_gives_the_largest_and_none_gives_unknown() -> None:
    assert half_widths(np.array([[1.0, np.nan], [3.0, np.nan]]), [95]).tolist() == [[3, 3]]
    assert np.isnan(half_widths(np.empty((0, 4)), [80, 95])).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12))
def test_limits_never_cross(seed: int, origins: int, horizon: int) -> None:
    random = np.random.default_rng(seed)
    errors = np.where(random.random((origins, horizon)) < 0.3, np.nan, random.random((origins, horizon)))
    widths = half_widths(errors, [50, 80, 95])
    if np.isnan(widths).any():
        assert np.isnan(errors).all()
    else:
        assert (np.diff(widths, axis=0) >= 0).all()
        assert widths.min() >= np.nanmin(errors) == pytest.approx(np.nanmin(errors))
