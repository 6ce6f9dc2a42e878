"""Quantiles of scores worked by hand, properties of intervals, and data whose quantiles are known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from stages.common.arrays import Floats
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast
from stages.predict.intervals import (
    Calibration,
    calibrate,
    calibration_at,
    growth_of,
    nonconformity_scores,
    quantiles_by_kind,
    score_quantiles,
    winsorise,
)
from stages.predict.metrics import DECILES, quantile_loss
from stages.predict.scoring import ScoredForecast, score
from stages.predict.spread import PROBABILITIES, Spread
from tests.builders import panel_of
from tests.forecasts import constant_forecast, given_forecast, naive_forecast

UNKNOWN = np.nan
ASIDE = np.abs(PROBABILITIES - 0.5) * 2  # the level of the interval that ends at each probability


def calibration_of(forecast: OriginForecast, scores: Floats, growth: float = 0.0, own: float = 0.0) -> Calibration:
    """A calibration of a forecast whose series are a panel of their own."""
    return Calibration(np.stack([scores] * 2), growth, own, forecast.spread.typical(forecast.point))


def limits_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], panel: Panel
) -> tuple[Floats, Floats]:
    """The limits of a forecast from the scores of forecasts in the backtest."""
    scores = {each.origin: nonconformity_scores(each) for each in backtest}
    calibration = calibration_at(forecast, backtest, scores, panel.at(forecast.origin))
    return calibration.limits(forecast, levels)


def intervals_at(
    forecast: OriginForecast, backtest: list[ScoredForecast], levels: list[int], values: list[float]
) -> tuple[Floats, Floats]:
    """The intervals of a forecast of one series of `values`."""
    return limits_at(forecast, backtest, levels, panel_of([values]))


def test_score_quantiles_worked_by_hand() -> None:
    """Of 0 to 18 and their like mirrored at 9, 39 scores: the 40 p-th smallest, 0 at the least below the median."""
    scores = np.arange(19.0)[None, None]  # the median, 9, becomes -9: twice from -18 to 18, from 0 on
    found = score_quantiles(scores)
    both = np.sort([*range(19), *range(-18, 1)])
    wide = stats.t.ppf(PROBABILITIES, 2) / np.where(PROBABILITIES == 0.5, np.nan, stats.norm.ppf(PROBABILITIES))
    tenth, ninth = (int(np.flatnonzero(p == PROBABILITIES)[0]) for p in (0.1, 0.9))
    assert found[tenth] == pytest.approx((both[2] + 0.9 * (both[3] - both[2])) * wide[tenth])  # the 3.9th of 38
    assert found[ninth] == pytest.approx((both[34] + 0.1 * (both[35] - both[34])) * wide[ninth])
    assert found[PROBABILITIES == 0.5] == 0


def test_what_an_origin_has_in_common_counts_with_both_signs() -> None:
    """Errors of 4 series that are skewed about what they have in common, 5: half of them about -5, as skewed."""
    skewed = np.tile([-1.0, -0.5, 0.0, 1.0, 3.0], (400, 1))[:, None]
    found = score_quantiles(skewed + 5)
    assert found[PROBABILITIES == 0.005] == pytest.approx(-6, rel=0.01)
    assert found[PROBABILITIES == 0.995] == pytest.approx(8, rel=0.01)
    centred = score_quantiles(skewed)
    assert centred[PROBABILITIES == 0.9] == pytest.approx(3, rel=0.01)
    assert centred[PROBABILITIES == 0.1] == pytest.approx(-1, rel=0.01)


def test_coverage_is_the_level_where_scores_are_exchangeable() -> None:
    """Between the level and a little more, on average, on each side (Lei et al. 2018, theorem 2)."""
    random = np.random.default_rng(0)
    below, above = [], []
    for _ in range(100):
        errors = random.standard_t(4, (400, 1, 3))
        found = score_quantiles(errors[:200])
        below.append((errors[200:] < found[PROBABILITIES == 0.1]).mean())
        above.append((errors[200:] > found[PROBABILITIES == 0.9]).mean())
    assert np.mean(below) == pytest.approx(0.1, abs=0.01)
    assert np.mean(above) == pytest.approx(0.1, abs=0.01)


def test_no_scores_give_unknown_quantiles() -> None:
    assert np.isnan(score_quantiles(np.full((3, 2, 4), UNKNOWN))).all()


def test_growth_is_the_power_of_the_steps_ahead() -> None:
    steps = np.arange(1.0, 13.0)
    assert growth_of(np.tile(-3 * steps**0.4, (5, 2, 1))) == pytest.approx(0.4 * 10 / 15)  # 10 forecasts, and 5
    assert growth_of(np.tile(1 / steps, (5, 2, 1))) == 0  # never falling
    assert growth_of(np.ones((4, 1, 1))) == growth_of(np.full((4, 1, 3), UNKNOWN)) == 0
    walks = np.cumsum(np.random.default_rng(0).normal(size=(2000, 1, 12)), axis=2)
    assert growth_of(walks) == pytest.approx(0.5, abs=0.03)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 5), st.integers(1, 12))
def test_score_quantiles_never_cross(seed: int, series: int, origins: int, horizon: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(random.normal(), 1, (series, origins, horizon))
    found = score_quantiles(np.where(random.random(scores.shape) < 0.3, np.nan, scores))
    assert np.isnan(found).all() or (np.diff(found) >= 0).all()


def test_quantiles_are_scores_in_units_of_change_from_the_forecast() -> None:
    """Scores -1 and 2 at 10 and 90 %, a change of 1, growth of 1: twice as far at the second step."""
    scores = np.where(PROBABILITIES < 0.5, -1.0, np.where(PROBABILITIES > 0.5, 2.0, 0.0))
    forecast = given_forecast(0, [0.0, 0.5], [], [*[-1.0, 0.0] * 3, *[-9.0, -10.0] * 3, -10.0]).forecast
    unit = forecast.spread.unit(forecast.spread.typical(forecast.point), 0.0, 2)[0, 0]
    calibration = calibration_of(forecast, scores, growth=1.0)
    np.testing.assert_allclose(calibration.quantile(forecast, 0.1) - forecast.point, [[-10 * unit, -20 * unit]])
    np.testing.assert_allclose(calibration.quantile(forecast, 0.9) - forecast.point, [[20 * unit, 40 * unit]])
    assert calibration.quantile(forecast, 0.5) is forecast.point


def test_limits_of_a_series_that_was_never_negative_grow_with_its_level() -> None:
    """On the scale log(1 + y / 4), on which each change is log 2."""
    scores = np.sign(PROBABILITIES - 0.5) * 0.5
    positive = given_forecast(0, [4.0, 2.0], [], [1e-9, 4.0, 1e-9, 4.0, 1e-9]).forecast
    lower, upper = calibration_of(positive, scores).limits(positive, [80])
    np.testing.assert_allclose(lower, [[[8 / 2**0.5 - 4, 6 / 2**0.5 - 4]]], rtol=1e-6)
    np.testing.assert_allclose(upper, [[[8 * 2**0.5 - 4, 6 * 2**0.5 - 4]]], rtol=1e-6)


def test_errors_that_an_origin_cannot_know_are_not_used() -> None:
    history = [-1.0, 0.0, -1.0, 0.0]
    earlier = given_forecast(3, [0.0, 0.0], [0.5, 1000.0], history)
    later = given_forecast(2, [0.0, -1.0], [UNKNOWN, UNKNOWN], history)  # a step after: only the first error is known
    values = [*history, 0.0, 0.0]
    lower, upper = intervals_at(later.forecast, [earlier], [50], values)
    half = 0.5 * stats.t.ppf(0.75, 2) / stats.norm.ppf(0.75)  # of the only score, and of the same on the other side
    np.testing.assert_allclose(
        [lower - later.forecast.point, upper - later.forecast.point], [[[[-half] * 2]], [[[half] * 2]]]
    )
    later_ones = [given_forecast(origin, [5.0, 5.0], [1000.0, 1000.0], history) for origin in (0, 1, 2)]
    again = intervals_at(later.forecast, [*later_ones, earlier], [50], values)
    np.testing.assert_array_equal(again, (lower, upper))


def test_without_earlier_errors_changes_inside_the_history_replace_them() -> None:
    """Changes 1, 2 and 6, mean 3, with both signs; also where few errors were all 0, which tell nothing."""
    values = [-9.0, -8.0, -6.0, 0.0]
    final = given_forecast(0, [-4.0, -5.0], [UNKNOWN, UNKNOWN], values).forecast
    lower, upper = intervals_at(final, [], [50, 80], values)
    assert (np.diff(upper - final.point, axis=0) > 0).all()
    np.testing.assert_allclose(upper - final.point, final.point - lower)
    assert 1 < (upper - final.point)[0, 0, 0] < 6
    exact = given_forecast(2, [-4.0, -5.0], [-4.0, -5.0], values)
    np.testing.assert_array_equal(intervals_at(final, [exact], [50, 80], values), (lower, upper))


def test_changes_over_gaps_replace_errors_where_no_other_is_known() -> None:
    values, gaps = [-9.0, -8.0, -6.0, 0.0], [-9.0, UNKNOWN, -8.0, UNKNOWN, UNKNOWN, -6.0, UNKNOWN, 0.0]
    limits = []
    for each in (values, gaps):
        final = given_forecast(0, [-4.0, -5.0], [UNKNOWN, UNKNOWN], each).forecast
        limits.append(intervals_at(final, [], [50, 80], each))
    assert np.isfinite(limits[0]).all()
    np.testing.assert_allclose(limits[1], limits[0])


def test_a_hundred_errors_that_are_all_zero_are_evidence_that_forecasts_are_exact() -> None:
    random = np.random.default_rng(0)
    panel = panel_of(list(random.normal(50, 9, (60, 20))))
    final, earlier = (naive_forecast(panel, origin, horizon=2) for origin in (0, 2))
    none = np.empty((60, 0))
    exact = ScoredForecast(replace(earlier, fallback=earlier.fallback & False), earlier.point, none, none, none)
    lower, upper = limits_at(final, [exact], [80, 95], panel)
    np.testing.assert_allclose([lower, upper], np.broadcast_to(final.point, (2, 2, 60, 2)))


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
    np.testing.assert_allclose(nonconformity_scores(scored), [[-1, 0, -1]])


def test_forecasts_by_fallback_are_not_scored() -> None:
    panel = panel_of([[-1.0, 0.0, -1.0, 3.0, 9.0], [1.0, 2.0, 4.0]])
    scored = score(constant_forecast(panel, 2, {0: 1.0}), panel.at(2))
    assert scored.forecast.fallback.tolist() == [False, True]
    np.testing.assert_allclose(nonconformity_scores(scored), [[2, 8, UNKNOWN], [UNKNOWN] * 3])


def test_non_negative_series_have_non_negative_limits() -> None:
    final = given_forecast(0, [1.0, 0.0], [], [0.0, 1.0, 0.0, 1.0]).forecast
    lower, upper = calibration_of(final, 9 * np.sign(PROBABILITIES - 0.5)).limits(final, [80])
    assert lower.tolist() == [[[0, 0]]]
    np.testing.assert_allclose(upper, [[[3, 3]]])  # two distances beyond the largest value


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
    scores = np.array([[1.0, -1.0], [1.0, 3.0], [3.0, UNKNOWN], [60.0, 120.0], [0.0, 0.0], [UNKNOWN, UNKNOWN]])
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
        widths.append((upper - lower)[:, 1:].mean(axis=2))
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
        reach = 2 * np.maximum(apart, typical * size) * (1 + 1e-9)
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


def test_coverage_is_the_level_in_each_phase() -> None:
    """A season of six steps, one of them noisy and one quiet: each is covered as often as the level says."""
    random = np.random.default_rng(3)
    values = 100 + random.normal(size=(20, 200, 6)) * [1.0, 1.0, 4.0, 1.0, 0.5, 1.0]
    panel = panel_of(list(values.reshape(20, -1)), season_lengths=(6,))
    histories = [panel.at(6 * number) for number in range(41)]
    scored = [score(constant_forecast(panel, each.origin, {0: 100.0}, horizon=6), each) for each in histories]
    evaluated = list(zip(scored, calibrate(scored, histories), strict=True))[1:21]
    limits = [calibration.limits(each.forecast, [80]) for each, calibration in evaluated]
    inside = [
        (each.actual >= lower[0]) & (each.actual <= upper[0])
        for (each, _), (lower, upper) in zip(evaluated, limits, strict=True)
    ]
    assert_allclose(np.mean(inside, axis=(0, 1)), 0.8, atol=0.15)  # 0.33 to 0.99 with one unit for all


def test_the_calibration_of_each_origin_is_from_the_origins_before_it() -> None:
    """Whatever the errors of the others: of four origins a horizon apart, in units that are those of each origin."""
    panel, scored = shops(12, (0, 3, 6, 9))
    histories = [panel.at(each.origin) for each in scored]
    found = calibrate(scored, histories)
    for place, (each, calibration) in enumerate(zip(scored, found, strict=True)):
        lower, upper = limits_at(each.forecast, scored[place + 1 :], [80, 95], panel)
        np.testing.assert_array_equal(calibration.limits(each.forecast, [80, 95]), (lower, upper))
        assert calibration.typical == each.forecast.spread.typical(each.forecast.point)
    wild = [replace(each, actual=each.actual * 1e6) if each.origin in (0, 3) else each for each in scored]
    for one, other in zip(found, calibrate(wild, histories), strict=True):
        assert np.array_equal(one.scores, other.scores) == (one is not found[0])


def test_the_limits_of_a_series_do_not_depend_on_which_others_are_forecast_beside_it() -> None:
    panel, scored = shops(12, (0, 3, 6))
    (calibration, *_) = calibrate(scored, [panel.at(each.origin) for each in scored])
    forecast = scored[0].forecast
    alone = calibration.limits(forecast.take(slice(4, 5)), [80, 95])
    np.testing.assert_array_equal(alone, [each[:, 4:5] for each in calibration.limits(forecast, [80, 95])])


ORIGINS, HORIZON = (0, 4, 8, 12), 4  # the first is judged, the others calibrate


def judged(series: Floats, points: Floats) -> tuple[ScoredForecast, Calibration]:
    """Forecasts (S,) of series (S, steps), the same at every origin and step: the last scored, and its calibration."""
    panel, scored = panel_of(list(series)), []
    for origin in (each + HORIZON for each in ORIGINS):
        made = naive_forecast(panel, origin, HORIZON)
        point = np.repeat(points[:, None], HORIZON, axis=1)
        scored.append(score(replace(made, point=point, fallback=made.fallback & False), panel.at(origin)))
    return scored[0], calibrate(scored, [panel.at(each.origin) for each in scored])[0]


def lost(actual: Floats, quantiles: Callable[[float], Floats]) -> float:
    """The mean quantile loss over the deciles."""
    return float(np.mean([quantile_loss(actual, quantiles(p), p) for p in DECILES]))


SIZES = np.linspace(1, 9, 150)[:, None]  # of the noise of 150 series

KNOWN = {
    "skewed": stats.lognorm(0.9, scale=SIZES),
    "skewed to the left": stats.gumbel_l(-50, SIZES),
    "heavy tails": stats.t(3, 200, SIZES),
    "counts": stats.poisson(4 * SIZES),
    "large": stats.norm(1e9, 3),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_quantiles_are_found(name: str) -> None:
    """Quantile losses of values nobody has seen close to those of the true quantiles, each tail as large as it says."""
    truth = KNOWN[name]
    series = truth.rvs((150, 60), random_state=np.random.default_rng(4))
    medians = np.broadcast_to(truth.ppf(0.5), (150, 1))[:, 0]
    last, calibration = judged(series, medians)
    known = lost(last.actual, lambda p: np.broadcast_to(truth.ppf(p), (150, HORIZON)))
    assert lost(last.actual, lambda p: calibration.quantile(last.forecast, p)) < 1.03 * known
    for probability in (0.025, 0.1, 0.25):
        lower, upper = (calibration.quantile(last.forecast, p) for p in (probability, 1 - probability))
        tails = [(last.actual < lower).mean(), (last.actual > upper).mean()]
        assert tails == pytest.approx([probability] * 2, abs=0.04)


@pytest.mark.parametrize(("level", "noise"), [(1e6, 3.0), (1e9, 3.0), (1e-6, 1e-9)])
def test_a_small_variation_of_large_values_has_small_intervals(level: float, noise: float) -> None:
    series = level + noise * np.random.default_rng(2).normal(size=(1, 60))
    last, calibration = judged(series, np.full(1, level))
    (narrow, wide) = (upper - lower for lower, upper in zip(*calibration.limits(last.forecast, [80, 95]), strict=True))
    assert (noise < narrow).all()
    assert (narrow < wide).all()
    assert (wide < 20 * noise).all()


def test_intermittent_series_get_quantiles_of_their_own_values() -> None:
    """Demand at a tenth to a half of the steps, forecast by 0: losses as of the true quantiles, nothing below 0."""
    random, shares = np.random.default_rng(5), np.linspace(0.1, 0.5, 200)[:, None]
    series = np.where(random.random((200, 80)) < shares, 1 + random.poisson(2, (200, 80)), 0.0)
    last, calibration = judged(series, np.zeros(200))

    def truth(p: float) -> Floats:
        demand = 1 + stats.poisson.ppf(np.clip((p - 1 + shares) / shares, 1e-9, 1), 2)
        return np.broadcast_to(np.where(p <= 1 - shares, 0.0, demand), last.actual.shape)

    assert calibration.own == 1
    found = lost(last.actual, lambda p: calibration.quantile(last.forecast, p))
    assert found < 1.06 * lost(last.actual, truth)
    assert found < lost(last.actual, lambda p: replace(calibration, own=0.0).quantile(last.forecast, p))
    upper = calibration.quantile(last.forecast, 0.9)
    assert 0.05 < (last.actual > upper).mean() < 0.12
    assert (calibration.quantile(last.forecast, 0.025) == 0).all()


def test_zeros_that_a_season_explains_are_no_intermittent_demand() -> None:
    """Zero at every other step, as at night: the forecast knows it, so the errors tell more than the values do."""
    random = np.random.default_rng(6)
    series = np.where(np.arange(80) % 2, 50 + random.normal(size=(30, 80)), 0.0)
    panel = panel_of(list(series), season_lengths=(2,))
    forecasts = [naive_forecast(panel, origin, HORIZON) for origin in (4, 8, 12)]
    scored = [score(replace(each, fallback=each.fallback & False), panel.at(each.origin)) for each in forecasts]
    calibration = calibrate(scored, [panel.at(each.origin) for each in scored])[0]
    assert scored[0].forecast.spread.intermittent.all()
    assert calibration.own == 0


def test_exact_forecasts_of_rare_demand_do_not_close_the_limits_of_other_series() -> None:
    """Nine series of zeros but for one value, forecast as 0, and one that is missed by 1 to 9: as it is alone."""
    rare, busy = [0.0] * 9 + [1.0], [10.0, 12.0] * 5
    scores = np.concatenate([np.zeros((9, 1, 9)), np.arange(1.0, 10)[None, None]])
    intermittent = Spread.of(panel_of([rare] * 9 + [busy]).at(0)).intermittent
    assert intermittent.tolist() == [True] * 9 + [False]
    ordinary, of_rare = quantiles_by_kind(scores, intermittent)
    np.testing.assert_array_equal(ordinary, score_quantiles(scores[9:]))
    assert (of_rare == 0).all()
    np.testing.assert_array_equal(quantiles_by_kind(scores[9:], intermittent[9:])[1], ordinary)


def test_a_panel_of_zeros_has_forecasts_and_no_intervals() -> None:
    last, calibration = judged(np.zeros((3, 40)), np.zeros(3))
    lower, upper = calibration.limits(last.forecast, [80])
    assert np.isnan([lower, upper]).all()
    assert (calibration.quantile(last.forecast, 0.5) == 0).all()


def test_quantiles_grow_as_the_errors_of_random_walks_do() -> None:
    walks = np.cumsum(np.random.default_rng(7).normal(size=(300, 80)), axis=1)
    panel = panel_of(list(walks))
    forecasts = [naive_forecast(panel, origin, 9) for origin in (9, 18, 27)]
    scored = [score(replace(each, fallback=each.fallback & False), panel.at(each.origin)) for each in forecasts]
    calibration = calibrate(scored, [panel.at(each.origin) for each in scored])[0]
    lower, upper = calibration.limits(forecasts[0], [80])
    widths = (upper - lower)[0].mean(axis=0)
    assert widths[8] / widths[0] == pytest.approx(3, rel=0.15)
    covered = ((lower[0] <= scored[0].actual) & (scored[0].actual <= upper[0])).mean(axis=0)
    np.testing.assert_allclose(covered, 0.8, atol=0.07)


@settings(deadline=None, max_examples=25)
@given(st.lists(kinds, min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_quantiles_never_cross_and_are_never_negative_where_the_data_are_not(names: list[str], seed: int) -> None:
    random = np.random.default_rng(seed)
    panel = panel_of([series_of(kind, random) for kind in names])
    forecasts = [naive_forecast(panel, origin) for origin in (0, 3, 6)]
    scored = [score(replace(each, fallback=each.fallback & False), panel.at(each.origin)) for each in forecasts]
    calibration = replace(calibrate(scored, [panel.at(each.origin) for each in scored])[0], own=random.choice([0, 0.5]))
    forecast = scored[0].forecast
    quantiles = np.array([calibration.quantile(forecast, p) for p in np.linspace(0.005, 0.995, 67)])
    known = np.isfinite(quantiles).all(axis=(0, 2))
    size = np.abs(quantiles[:, known]).max(axis=(0, 2), initial=0)
    assert (np.diff(quantiles[:, known], axis=0) >= -1e-9 * size[:, None]).all()
    assert (quantiles[:, known & forecast.spread.never_negative[:, 0]] >= 0).all()
