"""Features at a cut: computed from the values before it alone, and worked by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import SimpleExpSmoothing
from threadpoolctl import threadpool_info, threadpool_limits

from stages.common.arrays import Floats32
from stages.normalize.covariates import ScaledCovariates
from stages.panel import ragged
from stages.window import features, smoothing
from stages.window.cutting import cut_at_ends, cut_windows
from stages.window.experts import EXPERTS
from stages.window.features import Source, compute_cuts
from stages.window.params import Window
from stages.window.regression import regress
from stages.window.windows import Cuts
from tests.builders import cuts_at, window_settings

PLAIN = window_settings()
SMOOTHED = window_settings(padding=True, local_scaling="smoothing", experts=list(EXPERTS))


def test_one_thread_takes_the_sums_of_regressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several would round otherwise, on another number of cores."""
    threads: list[int] = []

    def observed(*given: Any) -> Floats32:
        threads.extend(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
        return regress(*given)

    monkeypatch.setattr(features, "regress", observed)
    with threadpool_limits(2):
        cut_at_ends(np.random.default_rng(0).normal(size=60), np.array([60]), [4], SMOOTHED, 4)
    assert set(threads) == {1}


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.sampled_from([[], [4], [3, 12]]),
    st.sampled_from([SMOOTHED, PLAIN]),
)
def test_nothing_after_a_cut_changes_its_features(
    seed: int, lengths: list[int], seasons: list[int], window: Window
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, sum(lengths)) + np.resize(random.normal(0, 2, 12), sum(lengths))
    before = np.array([random.integers(1, length + 1) for length in lengths])
    after = np.concatenate([np.arange(length) >= cut for length, cut in zip(lengths, before, strict=True)])
    changed = np.where(after, 10.0 ** random.integers(-3, 9), values)
    one, two = (
        compute_cuts(
            Source(each.astype(np.float32), np.array(lengths), seasons, 5, window), np.arange(len(lengths)), before
        )
        for each in (values, changed)
    )
    for name, value in vars(one).items():
        np.testing.assert_array_equal(getattr(two, name), value, err_msg=name)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 60), min_size=2, max_size=5), st.sampled_from([[], [4]]))
def test_other_series_and_cuts_change_nothing(seed: int, lengths: list[int], seasons: list[int]) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, sum(lengths)) + np.resize(random.normal(0, 2, 4), sum(lengths))
    series = random.integers(0, len(lengths), 6)
    before = np.array([random.integers(1, lengths[i] + 1) for i in series])
    whole = compute_cuts(Source(values.astype(np.float32), np.array(lengths), seasons, 5, SMOOTHED), series, before)
    for place, (number, cut) in enumerate(zip(series, before, strict=True)):
        start = sum(lengths[:number])
        alone = cuts_at(values[start : start + cut], [cut], seasons, SMOOTHED, 5)
        for name in ("season", "level", "scale", "experts", "features"):
            np.testing.assert_allclose(
                getattr(whole, name)[[place]], getattr(alone, name), rtol=1e-3, atol=1e-3, err_msg=name
            )


@pytest.mark.parametrize("seasons", [[], [4], [4, 20.5]])
def test_many_cuts_and_series_are_computed_as_in_one_chunk(
    seasons: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any order, with their records; series that have no value fill whole chunks."""
    random, lengths = np.random.default_rng(0), np.array([0, 0, 0, 60, 25, 0, 3, 60, 0, 0, 0, 0])
    values = random.normal(0, 1, lengths.sum()).astype(np.float32)
    values[70:84] = np.nan
    series = np.concatenate([random.integers(0, 12, 60), np.arange(12)])
    before = np.minimum(random.integers(0, 61, 72), lengths[series])
    whole = compute_cuts(Source(values, lengths, seasons, 5, SMOOTHED), series, before)
    assert (whole.series.tolist(), whole.before.tolist()) == (series.tolist(), before.tolist())
    assert whole.record.any()
    monkeypatch.setattr(features, "CHUNK", 7)
    monkeypatch.setattr(features, "HELD", 9)
    monkeypatch.setattr(ragged, "BLOCK", 70)
    parts = compute_cuts(Source(values, lengths, seasons, 5, SMOOTHED), series, before)
    for name, value in vars(whole).items():
        np.testing.assert_allclose(getattr(parts, name), value, rtol=1e-4, atol=1e-4, err_msg=name)


def test_positions_of_cuts_and_how_many_targets_exist() -> None:
    lengths = np.array([5, 0, 7])
    cuts = compute_cuts(
        Source(np.zeros(12, dtype=np.float32), lengths, [], 3, PLAIN), np.array([0, 2, 2]), np.array([4, 2, 7])
    )
    assert cuts.position.tolist() == [4, 7, 12]
    assert cuts.after.tolist() == [1, 3, 0]


@pytest.mark.parametrize("factor", [1e-3, 1e-6, 1e-9])
def test_a_series_that_varies_little_has_a_scale_in_proportion(factor: float) -> None:
    """So that 1e9 +- 3 is forecast as 0 +- 3 is; only a history without any change has a scale of its own."""
    values = np.cumsum(np.random.default_rng(0).normal(size=60))
    whole, little = (cuts_at(each, [50], [4], SMOOTHED) for each in (values, values * factor))
    np.testing.assert_allclose(little.scale, whole.scale * factor, rtol=1e-4)
    np.testing.assert_allclose(little.experts, whole.experts, rtol=1e-2, atol=1e-2)


def test_without_local_scaling_the_level_is_0_and_the_scale_1() -> None:
    cuts = cuts_at([1.0, 2.0, 6.0, 4.0], [3, 4], [], PLAIN)
    assert cuts.level.tolist() == [0, 0]
    assert cuts.scale.tolist() == [1, 1]
    assert cuts.experts.shape == (2, 0, 4)
    assert cuts.features.shape == (2, 0)


@pytest.mark.parametrize("window", [PLAIN, SMOOTHED])
def test_the_season_of_a_purely_seasonal_series_is_found(window: Window) -> None:
    cuts = cuts_at(np.tile([10.0, 14.0, 9.0, 7.0], 6), [21, 23], [4], window)  # mean 10
    np.testing.assert_allclose(cuts.season, [[4, -1, -3, 0], [-3, 0, 4, -1]], atol=1e-3)
    if window is SMOOTHED:
        np.testing.assert_allclose(cuts.level, 10, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.2, 0.9])
def test_the_level_is_simple_exponential_smoothing_of_the_last_36_values(
    alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoothing, "ALPHAS", np.array([alpha], dtype=np.float32))
    values = 5 + np.cumsum(np.random.default_rng(1).normal(0, 1, 80))
    for cut in (20, 70):
        last = values[max(cut - 36, 0) : cut]
        model = SimpleExpSmoothing(last, initialization_method="known", initial_level=last[0])
        expected = model.fit(smoothing_level=alpha, optimized=False).forecast(1)[0]
        assert cuts_at(values, [cut], [], SMOOTHED).level[0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seasons", [[], [4], [4, 12]])
@pytest.mark.parametrize(
    "values", [[7.0] * 60, [0.0] * 60, [5.0], [0.0], [1.0, 2.0], [0.0] * 59 + [1.0], [1e-30] * 30, [-3e8] * 30]
)
def test_constant_and_short_series_have_finite_features(values: list[float], seasons: list[int]) -> None:
    cuts = cuts_at(values, list(range(1, len(values) + 1)), seasons, SMOOTHED)
    for name, each in vars(cuts).items():
        assert np.isfinite(each).all(), name
    assert (cuts.scale > 0).all()
    assert np.abs(cuts.features).max() <= 4
    assert cuts.features.shape == (len(values), 7 + len(seasons))
    if len(set(values)) == 1:
        np.testing.assert_allclose(cuts.level, values[0], rtol=1e-5)
        np.testing.assert_allclose(cuts.experts, 0, atol=1e-3)
        np.testing.assert_allclose(cuts.season, 0)


@given(st.integers(0, 2**32 - 1), st.floats(-50, 50), st.floats(0.01, 100))
def test_level_and_scale_are_in_the_units_of_the_values_and_experts_in_none(
    seed: int, shift: float, factor: float
) -> None:
    """Shifted and multiplied values have the same experts, and level and scale follow."""
    values = np.random.default_rng(seed).normal(0, 1, 40).cumsum()
    one, two = cuts_at(values, [40], [], SMOOTHED), cuts_at(factor * (values + shift), [40], [], SMOOTHED)
    np.testing.assert_allclose(two.scale, factor * one.scale, rtol=1e-2)
    np.testing.assert_allclose(two.level, factor * (one.level + shift), rtol=1e-2, atol=1e-2 * factor)
    np.testing.assert_allclose(two.experts, one.experts, atol=0.02)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([[], [4], [3, 12]]),
    st.sampled_from([SMOOTHED, PLAIN]),
    st.floats(0.05, 0.95),
)
def test_series_with_gaps_have_finite_features_and_change_no_other(
    seed: int, seasons: list[int], window: Window, share: float
) -> None:
    random = np.random.default_rng(seed)
    values = (random.normal(0, 1, 90) + np.resize(random.normal(0, 2, 12), 90)).astype(np.float32)
    series, before = np.repeat([0, 1], 3), np.array([45, 31, 2, 44, 30, 3])
    source = Source(values, np.array([45, 45]), seasons, 5, window)
    whole = compute_cuts(source, series, before)
    values[45:][random.random(45) < share] = np.nan
    gaps = compute_cuts(source, series, before)
    for name, each in vars(gaps).items():
        assert np.isfinite(each).all(), name
        np.testing.assert_array_equal(each[:3], getattr(whole, name)[:3], err_msg=name)


def test_the_level_in_a_long_gap_is_the_last_value_before_it() -> None:
    values = np.concatenate([np.arange(10.0), np.full(60, np.nan)])
    cuts = cuts_at(values, [70], [], SMOOTHED)
    assert cuts.level.tolist() == [9]
    assert cuts.scale.tolist() == [1]


def test_covariates_that_change_inform_the_regressions_and_those_of_a_series_are_its_cuts() -> None:
    random, lengths = np.random.default_rng(0), np.array([40, 30])
    values = random.normal(size=70)
    settings = window_settings(padding=True, local_scaling="smoothing", experts=["ses", "regression"])

    def cuts(future: int, static: list[list[float]]) -> Cuts:
        covariates = ScaledCovariates(random.normal(size=(70, future)), np.zeros((70, 0)), np.array(static), ahead=0)
        return cut_windows(values, lengths, [4], settings, 3, covariates).cuts

    plain, both = cut_windows(values, lengths, [4], settings, 3).cuts, cuts(1, [[0.5, 2.0], [-1.0, 9.0]])
    np.testing.assert_array_equal(cuts(0, [[0.5], [-1.0]]).experts, plain.experts)
    np.testing.assert_array_equal(both.experts[:, 0], plain.experts[:, 0])
    assert plain.experts.shape[1] == 3
    assert (both.experts[:, 1] != plain.experts[:, 1]).mean() > 0.3
    np.testing.assert_array_equal(both.features, plain.features)
    assert both.informed.tolist() == [[0, 1, 1]] * len(both)
    np.testing.assert_array_equal(both.static, np.array([[0.5, 2], [-1, 4]])[both.series])  # clipped to 4


def test_covariates_ahead_of_a_cut_are_less_their_mean_over_the_season_before() -> None:
    """By hand, with a season of 12: of an even number of steps the mean of 0, 1, 0, 1, ... is a half."""
    flag, steps = np.resize([0.0, 1.0], 44), np.arange(44.0) / 10
    steps[37] = np.nan  # for which the mean of the 12 steps before stands, (2.5 + 3.6) / 2
    values, settings = np.random.default_rng(0).normal(size=40), window_settings(padding=True)
    covariates = ScaledCovariates(np.stack([flag, steps], axis=1), np.zeros((40, 0)), np.zeros((1, 0)), ahead=4)
    found = cut_at_ends(values, np.array([40]), [12], settings, 4, covariates).cuts.covariates[0]
    np.testing.assert_allclose(found[0], [-0.5, 0.5, -0.5, 0.5])
    mean = (2.8 + 2.9 + 3 + 3.1 + 3.2 + 3.3 + 3.4 + 3.5 + 3.6 + 3.05 + 3.8 + 3.9) / 12
    np.testing.assert_allclose(found[1], np.array([4.0, 4.1, 4.2, 4.3]) - mean, rtol=1e-5)


def test_covariates_ahead_of_cuts_for_training_end_with_the_history_and_with_their_series() -> None:
    """The number of the step: its mean over 8 steps before is 4.5 less; two series, of 30 and 20 steps."""
    lengths = np.array([30, 20])
    numbers = np.concatenate([np.arange(30), np.arange(20)])[:, None] / 10
    covariates = ScaledCovariates(numbers, np.zeros((50, 0)), np.zeros((2, 0)), ahead=0)
    settings = window_settings(padding=True)
    cuts = cut_windows(np.random.default_rng(0).normal(size=50), lengths, [], settings, 4, covariates).cuts
    ahead = np.arange(4)
    inside = ahead < (lengths[cuts.series] - cuts.before)[:, None]
    assert not inside.all()
    late = cuts.before >= 8
    np.testing.assert_allclose(cuts.covariates[late, 0], np.where(inside[late], 0.45 + ahead / 10, 0), atol=1e-6)
