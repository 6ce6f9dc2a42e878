"""Normalising and its inverse, on random panels and against scikit-learn."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler

from stages.common.arrays import Floats
from stages.common.errors import UserError
from stages.normalize.normalizer import Normalizer
from stages.window.cutting import cut_at_ends
from tests.builders import right_aligned, window_settings

CHOICES: list[tuple[Any, ...]] = list(itertools.product(["auto", False], ["mean", "minmax"]))


@st.composite
def panels(draw: st.DrawFn) -> Floats:
    """Random series of different lengths, levels, scales and signs."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lengths = np.array(draw(st.lists(st.integers(1, 60), min_size=1, max_size=5)))
    scale = 10.0 ** draw(st.integers(-6, 9))
    kind = draw(st.sampled_from(["positive", "zeros", "signed", "constant"]))
    flat = random.normal(0, scale, lengths.sum())
    if kind == "positive":
        flat = np.exp(random.normal(0, 1, lengths.sum())) * scale
    if kind == "zeros":
        flat = random.poisson(1, lengths.sum()) * scale
    if kind == "constant":
        flat[:] = scale
    return right_aligned(flat, lengths)


def fit(choice: tuple[Any, ...], histories: Floats) -> Normalizer:
    return Normalizer(*choice).fit(histories, [str(series) for series in range(len(histories))])


@given(panels(), st.sampled_from(CHOICES))
def test_inverse_transform_gives_the_history_back(histories: Floats, choice: tuple[Any, ...]) -> None:
    """All series at once, and each alone."""
    normalizer = fit(choice, histories)
    normalised = normalizer.transform(histories)
    np.testing.assert_array_equal(np.isnan(normalised), np.isnan(histories))
    for rows in (slice(None), *(slice(series, series + 1) for series in range(len(histories)))):
        expected = histories[rows]
        found = normalizer.take(rows).inverse_transform(normalised[rows])
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(expected)))


@given(panels(), st.sampled_from(CHOICES))
def test_inverse_transform_of_forecasts_continues_the_history(histories: Floats, choice: tuple[Any, ...]) -> None:
    """Later values, normalised as the history is, come back."""
    known, later = histories[:, :-5], histories[:, -5:]
    if not known.shape[1] or np.isnan(known[:, -1]).any():
        return
    normalizer = fit(choice, known)
    if (normalizer.log_ & (histories <= 0).any(axis=1)).any():
        return
    shifted = later + normalizer.shift_[:, None]
    on_log_scale = np.where(normalizer.log_[:, None], np.log(np.where(normalizer.log_[:, None], shifted, 1)), later)
    normalised = (on_log_scale - normalizer.center_[:, None]) / normalizer.spread_[:, None]
    np.testing.assert_allclose(normalizer.transform(later), normalised)
    np.testing.assert_allclose(
        normalizer.inverse_transform(normalised), later, rtol=1e-8, atol=1e-9 * np.nanmax(abs(histories))
    )


@given(panels(), st.sampled_from(CHOICES))
def test_the_log_scale_and_back_worked_value_by_value(histories: Floats, choice: tuple[Any, ...]) -> None:
    normalizer = fit(choice, histories)
    on_log_scale = normalizer.to_log_scale(histories)
    for series, values in enumerate(histories):
        shift = normalizer.shift_[series]
        expected = np.log(values + shift) if normalizer.log_[series] else values
        np.testing.assert_allclose(on_log_scale[series], expected)
    np.testing.assert_allclose(
        normalizer.from_log_scale(on_log_scale), histories, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(histories))
    )


@pytest.mark.parametrize(
    ("history", "shift"),
    [
        ([30, 70, 110], 0),
        ([5, 95, 200], 15),
        ([np.nan, 5, 95, 200], 15),
        ([0, 4, 0, 0], 4),
        ([0, 1, 299], 20),
        ([7], 0),
    ],
)
def test_no_logged_value_is_less_than_a_fifth_of_the_mean(history: list[float], shift: float) -> None:
    """By hand; a value after the history is not looked at, and a series of zeros is not logged."""
    assert fit(("auto", "mean"), np.array([history], dtype=float)).shift_.tolist() == pytest.approx([shift])
    assert fit((False, "mean"), np.array([history], dtype=float)).shift_.tolist() == [0]


def test_a_series_that_has_fallen_keeps_the_resolution_of_its_level() -> None:
    """60 steps at 1e6 and 30 at 1 need no shift, 30 of 0.1 and 1 one of 0.01; from 1 to 1e6 it is of the mean."""
    fallen, grown = np.repeat([1e6, 1.0], [60, 30]), np.repeat([1.0, 1e6], [60, 30])
    low = np.concatenate([np.full(60, 1e6), np.tile([0.1, 1.0], 15)])
    shift = fit(("auto", "mean"), np.stack([fallen, low, grown])).shift_
    assert shift.tolist() == pytest.approx([0, 0.2 * 0.55 - 0.1, 0.2 * grown.mean() - 1])


def test_a_series_that_grew_from_next_to_nothing_is_not_forecast_to_grow_a_thousandfold() -> None:
    """Of 5, 8536, 18971, 32850 the damped trend of logarithms alone was 1.2e9 six steps ahead."""
    history = np.array([[5.0, 8536.0, 18971.0, 32850.0]])
    normalizer = fit(("auto", "mean"), history)
    settings = window_settings(size="auto", padding=True, local_scaling="smoothing", experts=["ses", "theta", "holt"])
    cuts = cut_at_ends(normalizer.transform(history)[0], np.array([4]), [], settings, 6).cuts
    normalised = cuts.level[:, None] + cuts.experts[0] * cuts.scale[:, None]
    forecasts = normalizer.take(np.zeros(3, dtype=int)).inverse_transform(normalised)
    assert forecasts.max() < 30 * history.max()


def test_minmax_is_scikit_learns(airline: Floats) -> None:
    short = airline[:50] * 3 + 1
    histories = right_aligned(np.concatenate([airline, short]), np.array([144, 50]))
    normalised = fit((False, "minmax"), histories).transform(histories)
    scaler = MinMaxScaler(feature_range=(-1, 1))
    np.testing.assert_allclose(normalised[0], scaler.fit_transform(airline[:, None])[:, 0])
    np.testing.assert_allclose(normalised[1, -50:], scaler.fit_transform(short[:, None])[:, 0])


@pytest.mark.parametrize("unit", [2.0**-400, 2.0**400])
def test_minmax_does_not_depend_on_the_unit(airline: Floats, unit: float) -> None:
    histories = np.stack([airline, -airline, airline + 1e9])
    normalised = fit((False, "minmax"), histories).transform(histories)
    assert np.array_equal(fit((False, "minmax"), histories * unit).transform(histories * unit), normalised)


def test_minmax_of_a_constant_or_empty_history_is_finite() -> None:
    histories = np.array([[7.0, 7.0], [np.nan, np.nan], [0.0, 4.0], [5e-324, 1e-323]])
    normalizer = fit((False, "minmax"), histories)
    assert np.isfinite(normalizer.center_).all()
    assert (normalizer.spread_ > 0).all()
    expected = np.array([[-1.0, -1.0], [np.nan, np.nan], [-1.0, 1.0]])
    np.testing.assert_allclose(normalizer.transform(histories)[:3], expected)
    assert np.isfinite(normalizer.transform(histories)[3]).all()


def test_minmax_of_a_nearly_constant_history_has_its_range() -> None:
    histories = np.full((1, 40), -5e9)
    histories[0, -1] += 1e-5
    assert fit((False, "minmax"), histories).spread_[0] < 1e-4


def test_scaling_by_the_mean_worked_by_hand() -> None:
    """Logged: less the mean logarithm. Else less the mean, over the mean size, or over 1 where that is 0."""
    unknown = np.full(3, np.nan)
    histories = np.array([[1.0, math.e, math.e**2], [np.nan, -1.0, 3.0], [0.0, 0.0, 0.0], unknown])
    normalised = fit(("auto", "mean"), histories).transform(histories)
    expected = np.array([[-1.0, 0.0, 1.0], [np.nan, -1.0, 1.0], [0.0, 0.0, 0.0], unknown])
    np.testing.assert_allclose(normalised, expected, atol=1e-12)


@given(panels(), st.sampled_from(CHOICES), st.data())
def test_series_are_normalised_alike_in_any_blocks(
    histories: Floats, choice: tuple[Any, ...], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(histories)))
    whole = fit(choice, histories)
    expected = whole.transform(histories)
    parts = [slice(0, cut), slice(cut, len(histories))][: 1 + (cut < len(histories))]
    joined = Normalizer.concat([fit(choice, histories[part]) for part in parts])
    np.testing.assert_allclose(joined.transform(histories), expected, rtol=1e-9, atol=1e-9)
    for part in parts:
        np.testing.assert_array_equal(whole.take(part).transform(histories[part]), expected[part])


def test_log_where_no_value_is_negative_or_an_error_where_it_is_demanded() -> None:
    histories = np.array([[1.0, 2.0, 4.0], [0.0, 2.0, 4.0], [-1.0, 2.0, 4.0], [0.0, 0.0, 0.0]])
    assert fit(("auto", "mean"), histories).log_.tolist() == [True, True, False, False]
    assert not fit((False, "mean"), histories).log_.any()
    with pytest.raises(UserError, match="'b'"):
        Normalizer(True, "mean").fit(histories, ["a", "b", "c", "d"])
    assert fit((True, "mean"), histories[:1]).log_.tolist() == [True]


def test_the_smallest_positive_value_is_added_to_histories_with_zeros_before_the_logarithm() -> None:
    histories = np.array([[0.0, 3.0, 9.0], [1.0, 2.0, 4.0]])
    normalizer = fit(("auto", "mean"), histories)
    expected = np.log([[3.0, 6.0, 12.0], [1.0, 2.0, 4.0]])
    np.testing.assert_allclose(normalizer.to_log_scale(histories), expected)
    np.testing.assert_allclose(normalizer.from_log_scale(expected), histories, atol=1e-12)
    expected -= expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(normalizer.transform(histories), expected, atol=1e-12)
    np.testing.assert_allclose(normalizer.inverse_transform(expected), histories, atol=1e-12)
