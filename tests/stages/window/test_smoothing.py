"""Exponential smoothing against statsmodels and by hand, and the weights of its settings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import Holt, SimpleExpSmoothing

from stages.common.arrays import Floats, Floats32
from stages.window import smoothing
from stages.window.smoothing import Smoothed, smooth


def smooth_one(history: Floats | list[float], horizon: int = 6, padding: int = 0) -> Smoothed:
    """Smooth one history, after `padding` steps that are not part of it."""
    padded = np.concatenate([np.full(padding, np.nan), history]).astype(np.float32)
    return smooth(padded[None], horizon)


def right_aligned(histories: Floats32, lengths: list[int]) -> Floats32:
    """Histories (K, steps) of which the last `lengths` (K,) steps are left."""
    return np.where(np.arange(histories.shape[1]) >= histories.shape[1] - np.array(lengths)[:, None], histories, np.nan)


@pytest.fixture
def wandering() -> Floats:
    """A random walk with a drift, in units around 1."""
    walk: Floats = np.cumsum(np.random.default_rng(3).normal(0.1, 1, 60))
    return walk


@pytest.mark.parametrize("alpha", [0.1, 0.4, 0.9])
def test_one_alpha_is_simple_exponential_smoothing(
    wandering: Floats, alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoothing, "ALPHAS", np.array([alpha], dtype=np.float32))
    model = SimpleExpSmoothing(wandering, initialization_method="known", initial_level=wandering[0])
    fitted = model.fit(smoothing_level=alpha, optimized=False)
    smoothed = smooth_one(wandering)
    assert smoothed.level[0] == pytest.approx(fitted.forecast(1)[0], rel=1e-4)
    assert smoothed.rmse[0] == pytest.approx(math.sqrt(fitted.sse / 59), rel=1e-4)  # the first value has no error
    assert smoothed.alpha[0] == pytest.approx(alpha)


@pytest.mark.parametrize(("alpha", "beta", "phi"), [(0.3, 0.15, 0.9), (0.9, 0.4, 0.97), (0.1, 0.05, 0.8)])
def test_one_setting_is_holts_damped_trend(
    wandering: Floats, alpha: float, beta: float, phi: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoothing, "HOLT", np.array([[alpha, beta, phi]], dtype=np.float32))
    trend = (wandering[4] - wandering[0]) / 4
    known = {"initialization_method": "known", "initial_level": wandering[0], "initial_trend": trend}
    fitted = Holt(wandering[1:], damped_trend=True, **known).fit(
        smoothing_level=alpha, smoothing_trend=beta, damping_trend=phi, optimized=False
    )
    np.testing.assert_allclose(smooth_one(wandering).holt[0], fitted.forecast(6), rtol=1e-3)


def test_theta_worked_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels 1, 1.5, 2.75; a line of slope 1.5; a drift of 0.75 for (1 - 0.5 ** 3) / 0.5 steps and then one each."""
    monkeypatch.setattr(smoothing, "ALPHAS", np.array([0.5], dtype=np.float32))
    smoothed = smooth_one([1.0, 2.0, 4.0], horizon=3)
    assert smoothed.slope.tolist() == [1.5]
    assert smoothed.theta.tolist() == [[2.75 + 0.75 * 1.75, 2.75 + 0.75 * 2.75, 2.75 + 0.75 * 3.75]]


def test_theta_is_statsmodels(airline: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the alpha that statsmodels finds."""
    logs = np.log(airline)
    fitted = ThetaModel(logs, period=12, deseasonalize=False).fit()
    monkeypatch.setattr(smoothing, "ALPHAS", np.array([fitted.params["alpha"]], dtype=np.float32))
    np.testing.assert_allclose(smooth_one(logs, horizon=12).theta[0], fitted.forecast(12, theta=2), rtol=1e-4)


def weighted_by_loops(history: Floats) -> tuple[float, float, float]:
    """Level, alpha and root mean square error by loops over the grid, each setting weighted by its likelihood."""
    levels, squares = [], []
    for alpha in smoothing.ALPHAS.tolist():
        level, total = float(history[0]), 0.0
        for value in history[1:]:
            error = float(value) - level
            total += error * error
            level = alpha * float(value) + (1 - alpha) * level
        levels.append(level)
        squares.append(total)
    likelihoods = [math.exp(-len(history) / 2 * math.log((total + 1e-6) / (min(squares) + 1e-6))) for total in squares]
    weights = [likelihood / sum(likelihoods) for likelihood in likelihoods]

    def mean(values: list[float]) -> float:
        return sum(value * weight for value, weight in zip(values, weights, strict=True))

    return mean(levels), mean(smoothing.ALPHAS.tolist()), math.sqrt(mean(squares) / max(len(history) - 1, 1))


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_settings_are_weighted_by_their_likelihood(seed: int, lengths: list[int]) -> None:
    random, longest = np.random.default_rng(seed), max(lengths)
    histories = random.normal(0, 1, (len(lengths), longest)).cumsum(axis=1).astype(np.float32)
    smoothed = smooth(right_aligned(histories, lengths), 3)
    for row, length in enumerate(lengths):
        found = np.array([smoothed.level[row], smoothed.alpha[row], smoothed.rmse[row]])
        expected = np.array(weighted_by_loops(histories[row, -length:].astype(np.float64)))
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)


def test_a_long_history_selects_the_setting_that_fits() -> None:
    """A random walk forgets all but its last value; noise around a mean remembers it."""
    noise = np.random.default_rng(0).normal(0, 1, 400)
    assert smooth_one(np.cumsum(noise)).alpha[0] > 0.8
    steady = smooth_one(noise)
    assert steady.alpha[0] < 0.1
    assert abs(steady.level[0]) < 0.3


def test_a_straight_line_continues_damped_by_holt_and_with_half_its_slope_by_theta() -> None:
    smoothed = smooth_one(np.arange(60.0), horizon=4)
    assert smoothed.slope[0] == pytest.approx(1)
    np.testing.assert_allclose(np.diff(smoothed.theta[0]), 0.5, rtol=1e-4)
    growth = np.diff(np.concatenate([[59.0], smoothed.holt[0]]))
    assert (growth > 0.8).all()
    assert (np.diff(growth) < 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 40))
def test_steps_before_a_history_change_nothing(seed: int, length: int, padding: int) -> None:
    history = np.random.default_rng(seed).normal(0, 2, length)
    one, two = smooth_one(history), smooth_one(history, padding=padding)
    for name, value in vars(one).items():
        np.testing.assert_allclose(getattr(two, name), value, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("history", [[5.0], [5.0, 7.0], [0.0] * 20, [3.0] * 7])
def test_short_and_constant_histories_have_finite_forecasts(history: list[float]) -> None:
    smoothed = smooth_one(history)
    for name, value in vars(smoothed).items():
        assert np.isfinite(value).all(), name
    if len(set(history)) == 1:
        assert smoothed.level[0] == pytest.approx(history[0])
        np.testing.assert_allclose(smoothed.theta, history[0], rtol=1e-5)
        np.testing.assert_allclose(smoothed.holt, history[0], rtol=1e-5)


def test_many_histories_are_smoothed_as_in_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = np.random.default_rng(0).normal(0, 1, (7, 20)).astype(np.float32)
    histories = right_aligned(histories, [20, 3, 1, 12, 20, 2, 9])
    whole = smooth(histories, 4)
    monkeypatch.setattr(smoothing, "CHUNK", 3)
    parts = smooth(histories, 4)
    for name, value in vars(whole).items():
        assert len(value) == 7
        np.testing.assert_allclose(getattr(parts, name), value, rtol=1e-4, atol=1e-5, err_msg=name)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_the_level_skips_missing_values(seed: int, length: int) -> None:
    """As if they had never been; and the line is NumPy's through those that are known."""
    random = np.random.default_rng(seed)
    history = random.normal(0, 1, length).cumsum()
    missing = random.random(length) < 0.5
    missing[0] = False
    gaps, without = smooth_one(np.where(missing, np.nan, history)), smooth_one(history[~missing])
    for name in ("level", "alpha", "rmse"):
        np.testing.assert_allclose(getattr(gaps, name), getattr(without, name), rtol=1e-4, atol=1e-4)
    steps = np.flatnonzero(~missing)
    expected = np.polyfit(steps, history[~missing], 1)[0] if len(steps) > 2 else 0.0
    assert gaps.slope[0] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_a_trend_goes_on_through_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoothing, "HOLT", np.array([[0.5, 0.25, 1.0]], dtype=np.float32))
    line = np.arange(12.0)
    line[[1, 4, 7, 8, 11]] = np.nan
    np.testing.assert_allclose(smooth_one(line, horizon=3).holt[0], [12, 13, 14], rtol=1e-5)


def test_a_history_without_a_value_is_0() -> None:
    for name, value in vars(smooth_one([np.nan] * 5)).items():
        assert np.isfinite(value).all(), name
        assert name in ("alpha",) or not value.any()
