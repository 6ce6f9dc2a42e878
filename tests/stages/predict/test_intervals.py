"""Conformal quantiles and intervals worked by hand, and coverage on data whose quantiles are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common.arrays import Floats
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast
from stages.predict.intervals import (
    Calibration,
    calibrate,
    conformal_quantile,
    half_widths,
    half_widths_at,
    nonconformity_scores,
    winsorise,
)
from stages.predict.scoring import ScoredForecast, score
from tests.builders import panel_of
from tests.forecasts import constant_forecast, given_forecast, naive_forecast

UNKNOWN = np.nan


def limits(forecast: OriginForecast, widths: Floats) -> tuple[Floats, Floats]:
    """The limits of a forecast whose series are a panel of their own."""
    return Calibration(widths, forecast.spread.typical(forecast.point)).limits(forecast)


def limits_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], panel: Panel
) -> tuple[Floats, Floats]:
    """The limits of a forecast from the scores of forecasts in the backtest."""
    scores = {each.origin: nonconformity_scores(each) for each in backtest}
    return limits(forecast, half_widths_at(forecast, scores, levels, panel.at(forecast.origin)))


def intervals_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], values: list[float]
) -> tuple[Floats, Floats]:
    """The intervals of a forecast of one series of `values`."""
    return limits_at(forecast, backtest, levels, panel_of([values]))


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


def test_limits_are_the_errors_of_earlier_origins_in_units_of_change() -> None:
    earlier = given_forecast(2, [5.0, 5.0], [9.0, 3.0], [-2.0, 0.0, -2.0, 0.0])  # errors 4 and 2, changes 2: 2 and 1
    values = [-1.0, 0.0, -1.0, 0.0, -1.0]  # changes 1
    final = given_forecast(0, [0.0, -1.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [earlier], [50, 60], values)
    assert (lower[0] - final.point).tolist() == [[-2, -1]]  # the larger score, 2, but from -1 - 1 to 0 + 1 at most
    assert (upper[0] - final.point).tolist() == [[1, 2]]
    half = given_forecast(2, [5.0, 5.0], [6.0, 5.5], [-2.0, 0.0, -2.0, 0.0])  # scores 0.5 and 0.25
    lower, upper = intervals_at(final, [half], [50, 60], values)
    assert (lower - final.point).tolist() == [[[-0.5, -0.5]]] * 2
    assert (upper - final.point).tolist() == [[[0.5, 0.5]]] * 2


def test_limits_follow_from_half_widths_alone() -> None:
    """Half-widths 1 and 0.5 at two steps; of a series that was never negative on the scale log(1 + y / 4)."""
    signed = given_forecast(0, [2.0, 1.0], [], [-1.0, 2.0, -1.0]).forecast
    lower, upper = limits(signed, np.array([[1.0, 0.5]]))
    assert (lower.tolist(), upper.tolist()) == ([[[-1, -0.5]]], [[[5, 2.5]]])
    positive = given_forecast(0, [4.0, 2.0], [], [0.0, 4.0, 0.0, 4.0, 0.0]).forecast  # each change is log 2
    lower, upper = limits(positive, np.array([[1.0, 0.5]]))
    np.testing.assert_allclose(lower, [[[0, 6 / 2**0.5 - 4]]], atol=1e-12)
    np.testing.assert_allclose(upper, [[[8, 6 * 2**0.5 - 4]]])  # 12, but for the bound: 4 beyond the largest value


def test_errors_that_an_origin_cannot_know_are_not_used() -> None:
    history = [-1.0, 0.0, -1.0, 0.0]
    earlier = given_forecast(3, [0.0, 0.0], [0.5, 1000.0], history)
    later = given_forecast(2, [0.0, -1.0], [UNKNOWN, UNKNOWN], history)  # a step after: only the first error is known
    lower, upper = intervals_at(later.forecast, [earlier], [50], [*history, 0.0, 0.0])
    np.testing.assert_allclose(upper - lower, [[[1, 1]]])
    later_ones = [given_forecast(origin, [5.0, 5.0], [1000.0, 1000.0], history) for origin in (0, 1, 2)]
    again = intervals_at(later.forecast, [*later_ones, earlier], [50], [*history, 0.0, 0.0])
    np.testing.assert_array_equal(again, (lower, upper))


def test_without_earlier_errors_changes_inside_the_history_replace_them() -> None:
    """Changes 1, 2 and 6, mean 3: scores 1/3, 2/3 and 2, of which the largest serves as the 80 % quantile."""
    values = [-9.0, -8.0, -6.0, 0.0]
    final = given_forecast(0, [-4.0, -5.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [], [50, 80], values)
    np.testing.assert_allclose(upper - final.point, [[[2, 2]], [[6, 6]]])
    np.testing.assert_allclose(final.point - lower, [[[2, 2]], [[6, 6]]])


def test_a_forecast_by_fallback_has_limits_too(airline: Floats) -> None:
    panel = panel_of([airline], season_lengths=(12,))
    forecast = naive_forecast(panel, 12, horizon=12)
    lower, upper = limits_at(forecast, [], [80], panel)
    assert (lower < forecast.point).all()
    assert (upper > forecast.point).all()


def test_no_levels_give_no_limits() -> None:
    earlier = given_forecast(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    values = [0.0, 1.0, 0.0, 1.0]
    final = given_forecast(0, [1.0, 1.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [earlier], [], values)
    assert lower.shape == upper.shape == (0, 1, 2)


def test_a_value_below_zero_counts_as_zero_where_none_was_before() -> None:
    """On the scale log(1 + y / 4), on which each change is log 2: 4 is log 2, 12 is log 4."""
    scored = given_forecast(3, [4.0, 0.0, 12.0], [0.0, -3.0, 4.0], [0.0, 4.0, 0.0, 4.0, 0.0])
    np.testing.assert_allclose(nonconformity_scores(scored), [[1, 0, 1]])


def test_forecasts_by_fallback_are_not_scored() -> None:
    panel = panel_of([[-1.0, 0.0, -1.0, 3.0, 9.0], [1.0, 2.0, 4.0]])
    scored = score(constant_forecast(panel, 2, {0: 1.0}), panel.at(2))
    assert scored.forecast.fallback.tolist() == [False, True]
    np.testing.assert_allclose(nonconformity_scores(scored), [[2, 8, UNKNOWN], [UNKNOWN] * 3])


def test_non_negative_series_have_non_negative_limits() -> None:
    final = given_forecast(0, [1.0, 0.0], [], [0.0, 1.0, 0.0, 1.0]).forecast
    lower, upper = limits(final, np.array([[9.0, 9.0]]))
    assert lower.tolist() == [[[0, 0]]]
    np.testing.assert_allclose(upper, [[[2, 2]]])


def test_a_constant_history_has_no_limits_nor_has_a_single_value_alone() -> None:
    earlier = given_forecast(2, [5.0], [9.0], [0.0, 2.0, 0.0, 2.0])
    for values in ([3.0, 3.0, 3.0], [3.0], [0.0] * 9):
        final = given_forecast(0, [3.0], [UNKNOWN], values).forecast
        assert np.isnan(intervals_at(final, [earlier], [80], values)).all()


def test_a_history_that_was_constant_lately_has_limits_from_its_earlier_changes() -> None:
    earlier = given_forecast(3, [5.0], [9.0], [0.0, 8.0, 0.0, 8.0])
    values = [0.0, 8.0, 0.0, 8.0, *[4.0] * 20]
    final = given_forecast(0, [4.0], [UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [earlier], [95], values)
    assert lower < 4 < upper


def test_the_scores_of_one_series_are_winsorised_together() -> None:
    """Means 1, 2, 3 and 90: the last becomes three times 2, the lower median. Unknown and perfect ones stay."""
    scores = np.array([[1.0, 1.0], [1.0, 3.0], [3.0, UNKNOWN], [60.0, 120.0], [0.0, 0.0], [UNKNOWN, UNKNOWN]])
    expected = scores.copy()
    expected[3] = [60 * 6 / 90, 120 * 6 / 90]
    np.testing.assert_allclose(winsorise(scores), expected)
    np.testing.assert_array_equal(winsorise(scores[4:]), scores[4:])
    np.testing.assert_array_equal(winsorise(scores[3:4]), scores[3:4])  # alone it is the median


def shops(count: int, origins: tuple[int, ...], odd: float = 0.0) -> tuple[Panel, list[ScoredForecast]]:
    """Series about 100 that change by 10, and their forecasts of 3 steps by 100; errors of the first times `odd`."""
    random = np.random.default_rng(3)
    series = 100 + 10 * random.normal(size=(count, 40))
    if odd:
        series[0, -max(origins) :] += odd * np.sign(random.normal(size=max(origins)))
    panel = panel_of(list(series))
    return panel, [score(constant_forecast(panel, origin, {0: 100.0}), panel.at(origin)) for origin in origins]


@pytest.mark.parametrize("count", [6, 12, 30])
def test_one_odd_series_hardly_moves_the_limits_of_the_others(count: int) -> None:
    """Without winsorising, its errors of 1e6 times theirs would be the 95 % quantile of all."""
    widths = []
    for odd in (0.0, 1e7):
        panel, (final, *earlier) = shops(count, (3, 6, 9), odd)
        lower, upper = limits_at(final.forecast, earlier, [80, 95], panel)
        widths.append((upper - lower)[:, 1:])
    usual, with_odd = widths
    assert (with_odd[0] < 1.5 * usual[0]).all()
    assert (with_odd[1] < 2.5 * usual[1]).all()
    assert (with_odd > 0.7 * usual).all()


def test_coverage_of_exchangeable_noise_is_near_the_level() -> None:
    """Noise about 100, forecast by 100: the errors of three origins calibrate the fourth, over 200 series."""
    panel, (final, *earlier) = shops(200, (3, 6, 9, 12))
    lower, upper = limits_at(final.forecast, earlier, [80, 95], panel)
    covered = ((lower <= final.actual) & (final.actual <= upper)).mean(axis=(1, 2))
    assert 0.76 <= covered[0] <= 0.84
    assert 0.93 <= covered[1] <= 0.97


kinds = st.sampled_from(["level", "jump", "constant", "nearly", "zeros", "spike", "growth", "signed", "short", "late"])


def series_of(kind: str, random: np.random.Generator) -> Floats:
    """34 values, or fewer, of a kind of history that real panels have, of any size."""
    steps, noise = np.arange(34), random.normal(size=34)
    values = {
        "level": 100 + 10 * noise,
        "jump": np.where(steps < random.integers(34), 10, 1000) + 0.2 * noise,
        "constant": np.full(34, 42.0),
        "nearly": np.where(steps == random.integers(34), 42.1, 42.0),
        "zeros": np.where(random.random(34) < 0.8, 0.0, random.integers(1, 9, 34)),
        "spike": np.where(steps == random.integers(34), 1e9, 50 + noise),
        "growth": 1.3**steps,
        "signed": noise,
        "short": 5 + noise[: random.integers(1, 8)],
        "late": np.where(steps < 24, 0.0, 100 + noise),
    }[kind]
    return np.round(values, 3) * 10.0 ** random.integers(-6, 9)


@settings(deadline=None, max_examples=25)
@given(st.lists(kinds, min_size=1, max_size=50), st.integers(0, 2**32 - 1), st.sampled_from([1, 4]))
def test_no_limit_is_beyond_the_stated_bound(panel_kinds: list[str], seed: int, season: int) -> None:
    """Whatever the history and the forecast, which may be anything: as far beyond their extremes as these are apart.

    In a panel, where a history varies less than is typical, as far as is typical relative to its size.
    """
    random = np.random.default_rng(seed)
    panel = panel_of([series_of(kind, random) for kind in panel_kinds], season_lengths=(season,))
    scored = []
    for origin in (0, 3, 6):
        one = score(naive_forecast(panel, origin), panel.at(origin))
        wild = one.forecast.point * np.exp(random.normal(size=one.forecast.point.shape))
        scored.append(replace(one, forecast=replace(one.forecast, point=wild, fallback=one.forecast.fallback & False)))
    final, *earlier = scored
    for backtest in (earlier, []):
        lower, upper = limits_at(final.forecast, backtest, [80, 95], panel)
        extremes = np.array(
            [[f(values.min(), point.min()), g(values.max(), point.max())] for values, point, f, g in
             ((panel.at(0).values(i), final.forecast.point[i], min, max) for i in range(len(panel.ids)))]
        )  # fmt: skip
        low, high = extremes.T
        size = np.array([np.abs(panel.at(0).values(i)).max() for i in range(len(panel.ids))])
        apart = high - low
        varied = final.forecast.spread.change > 0
        typical = np.median(apart[varied] / size[varied]) if varied.any() else 0.0
        reach = np.maximum(apart, typical * size) * (1 + 1e-9)
        known = np.isfinite(upper).any(axis=(0, 2))
        assert (upper <= (high + reach)[:, None])[:, known].all()
        assert (lower >= (low - reach)[:, None])[:, known].all()
        assert (np.isnan(lower) == np.isnan(upper)).all()
        assert (known | ~varied).all()


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e7])
def test_limits_scale_with_the_values(factor: float) -> None:
    random = np.random.default_rng(5)
    series = [series_of(kind, random) for kind in ("level", "jump", "zeros", "signed", "growth")]
    found = []
    for scale in (1.0, factor):
        panel = panel_of([scale * series[0], *series[1:]], season_lengths=(4,))
        final, *earlier = [score(naive_forecast(panel, origin), panel.at(origin)) for origin in (0, 3, 6)]
        earlier = [replace(e, forecast=replace(e.forecast, fallback=e.forecast.fallback & False)) for e in earlier]
        found.append(np.array(limits_at(final.forecast, earlier, [80, 95], panel)))
    found[1][:, :, 0] /= factor
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


def test_few_scores_that_are_all_zero_give_no_interval_without_a_width() -> None:
    """A hundred of them do: they are evidence that the forecasts are exact."""
    assert half_widths(np.zeros((9, 4)), [80, 95]).tolist() == [[1.0] * 4, [1.0] * 4]
    assert half_widths(np.zeros((100, 2)), [80]).tolist() == [[0.0, 0.0]]


def test_the_calibration_of_each_origin_is_from_the_origins_before_it() -> None:
    """Whatever the errors of the others: of four origins a horizon apart, in units that are those of each origin."""
    panel, scored = shops(12, (0, 3, 6, 9))
    histories = [panel.at(each.origin) for each in scored]
    found = calibrate(scored, histories, [80, 95])
    for place, (each, calibration) in enumerate(zip(scored, found, strict=True)):
        lower, upper = limits_at(each.forecast, scored[place + 1 :], [80, 95], panel)
        np.testing.assert_array_equal(calibration.limits(each.forecast), (lower, upper))
        assert calibration.typical == each.forecast.spread.typical(each.forecast.point)
    wild = [replace(each, actual=each.actual * 1e6) if each.origin in (0, 3) else each for each in scored]
    for one, other in zip(found, calibrate(wild, histories, [80, 95]), strict=True):
        assert np.array_equal(one.half_widths, other.half_widths) == (one is not found[0])


def test_the_limits_of_a_series_do_not_depend_on_which_others_are_forecast_beside_it() -> None:
    panel, scored = shops(12, (0, 3, 6))
    (calibration, *_) = calibrate(scored, [panel.at(each.origin) for each in scored], [80, 95])
    forecast = scored[0].forecast
    alone = calibration.limits(forecast.take(slice(4, 5)))
    np.testing.assert_array_equal(alone, [each[:, 4:5] for each in calibration.limits(forecast)])
