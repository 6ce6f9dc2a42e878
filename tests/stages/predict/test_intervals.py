"""Conformal quantiles and intervals worked by hand, and coverage on data whose quantiles are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.arrays import Floats
from stages.predict.forecasts import OriginForecast
from stages.predict.intervals import (
    conformal_quantile,
    half_widths,
    half_widths_at,
    intervals,
    nonconformity_scores,
)
from stages.predict.scoring import ScoredForecast, score
from tests.builders import panel_of
from tests.forecasts import constant_forecast, given_forecast, naive_forecast

UNKNOWN = np.nan


def intervals_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], values: list[float]
) -> tuple[Floats, Floats]:
    """The intervals of a forecast of one series of `values`."""
    return intervals(forecast, half_widths_at(forecast, backtest, levels, panel_of([values]).at(forecast.origin)))


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


def test_limits_are_the_scaled_errors_of_earlier_origins() -> None:
    earlier = given_forecast(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])  # errors 4 and 2 of scale 2: 2 and 1
    values = [0.0, 1.0, 0.0, 1.0]  # scale 1
    final = given_forecast(0, [10.0, 20.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [earlier], [50, 60], values)
    assert (lower[0] - final.point).tolist() == [[-2, -2]]  # ceil(3 x 0.5) = 2nd smallest of 1, 2
    assert (upper[1] - final.point).tolist() == [[2, 2]]


def test_limits_follow_from_half_widths_alone() -> None:
    """Half-widths 1 and 2 at two steps; a scale of 3, and on the log scale of log 2."""
    plain = given_forecast(0, [20.0, 30.0], [], [1.0, 4.0, 1.0]).forecast
    lower, upper = intervals(plain, np.array([[1.0, 2.0]]))
    assert (lower.tolist(), upper.tolist()) == ([[[17, 24]]], [[[23, 36]]])
    logged = given_forecast(0, [20.0, 30.0], [], [1.0, 2.0, 1.0], log=True).forecast
    lower, upper = intervals(logged, np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(lower, [[[10, 7.5]]])
    np.testing.assert_allclose(upper, [[[40, 120]]])


def test_errors_that_an_origin_cannot_know_are_not_used() -> None:
    history = [0.0, 1.0, 0.0, 1.0]
    earlier = given_forecast(3, [5.0, 5.0], [6.0, 1000.0], history)
    later = given_forecast(2, [10.0, 20.0], [UNKNOWN, UNKNOWN], history)  # a step after: only the first error is known
    lower, upper = intervals_at(later.forecast, [earlier], [50], [*history, 0.0, 0.0])
    assert (upper - lower).ravel().tolist() == [2, 2]
    later_ones = [given_forecast(origin, [5.0, 5.0], [1000.0, 1000.0], history) for origin in (0, 1, 2)]
    again = intervals_at(later.forecast, [*later_ones, earlier], [50], [*history, 0.0, 0.0])
    np.testing.assert_array_equal(again, (lower, upper))


def test_without_earlier_errors_changes_inside_the_history_replace_them() -> None:
    """Changes 1, 2 and 6, mean 3: scores 1/3, 2/3 and 2, of which the largest serves as the 80 % quantile."""
    values = [0.0, 1.0, 3.0, 9.0]
    final = given_forecast(0, [20.0, 30.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [], [50, 80], values)
    np.testing.assert_allclose(upper - final.point, [[[2, 2]], [[6, 6]]])
    np.testing.assert_allclose(final.point - lower, [[[2, 2]], [[6, 6]]])


def test_a_forecast_by_fallback_has_limits_too(airline: Floats) -> None:
    panel = panel_of([airline], season_lengths=(12,))
    forecast = naive_forecast(panel, 12, horizon=12)
    lower, upper = intervals(forecast, half_widths_at(forecast, [], [80], panel.at(12)))
    assert (lower < forecast.point).all()
    assert (upper > forecast.point).all()


def test_no_levels_give_no_limits() -> None:
    earlier = given_forecast(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    values = [0.0, 1.0, 0.0, 1.0]
    final = given_forecast(0, [1.0, 1.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [earlier], [], values)
    assert lower.shape == upper.shape == (0, 1, 2)


def test_a_logged_series_that_falls_to_zero_has_a_large_finite_score() -> None:
    scored = given_forecast(3, [2.0, 2.0, 2.0], [2.0, 0.0, -3.0], [2.0, 4.0, 2.0], log=True)
    np.testing.assert_allclose(nonconformity_scores(scored), [[0, 1, 1]])  # log 2 - log 1, over a mean change of log 2


def test_a_logged_series_with_zeros_is_scored_where_it_is_moved() -> None:
    """By 1, its smallest positive value: 0, 1, 3 become log 1, log 2, log 4."""
    scored = given_forecast(3, [0.0, 3.0, 1.0], [1.0, 0.0, -1.0], [0.0, 1.0, 3.0], log=True)
    # log 1 to log 2; log 4 to log 1; log 2 to half of the smallest, log 0.5; all over log 2
    np.testing.assert_allclose(nonconformity_scores(scored), [[1, 2, 2]])


def test_forecasts_by_fallback_are_not_scored() -> None:
    panel = panel_of([[1.0, 2.0, 4.0, 3.0, 9.0], [1.0, 2.0, 4.0]])
    scored = score(constant_forecast(panel, 2, {0: 1.0}), panel.at(2))
    assert scored.forecast.fallback.tolist() == [False, True]
    np.testing.assert_allclose(nonconformity_scores(scored), [[2 / 1.5, 8 / 1.5, UNKNOWN], [UNKNOWN] * 3])


def test_non_negative_series_have_non_negative_limits() -> None:
    earlier = given_forecast(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    values = [0.0, 1.0, 0.0, 1.0]
    final = given_forecast(0, [1.0, 1.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, _ = intervals_at(final, [earlier], [60], values)
    assert lower.min() == 0


def test_a_constant_series_has_no_width_and_a_single_value_alone_none_that_is_known() -> None:
    earlier = given_forecast(2, [5.0], [9.0], [0.0, 2.0, 0.0, 2.0])
    constant = given_forecast(0, [3.0], [UNKNOWN], [3.0, 3.0, 3.0]).forecast
    lower, upper = intervals_at(constant, [earlier], [80], [3.0, 3.0, 3.0])
    assert (lower[0, 0, 0], upper[0, 0, 0]) == (3, 3)
    single = given_forecast(0, [3.0], [UNKNOWN], [3.0]).forecast
    assert np.isnan(intervals_at(single, [earlier], [80], [3.0])).all()
