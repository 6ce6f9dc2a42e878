"""Normalising and undoing it, over random panels and against scikit-learn and statsmodels."""

import itertools
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from statsmodels.tsa.seasonal import seasonal_decompose

from stages.common.errors import UserError
from stages.normalize.normalizer import Normalizer, seasonal_indices
from tests.builders import right_aligned

CHOICES: list[tuple[Any, ...]] = list(
    itertools.product(
        ["auto", False],
        ["none", "difference", "indices", "shrunk"],
        ["none", "minmax", "standard", "robust", "mean"],
        [1, 4, 12],
    )
)


@st.composite
def panels(draw: st.DrawFn) -> npt.NDArray[np.float64]:
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


@given(panels(), st.sampled_from(CHOICES))
def test_inverse_of_transform_is_the_history(histories: npt.NDArray[np.float64], choice: tuple[Any, ...]) -> None:
    normalizer = Normalizer(*choice).fit(histories, [str(i) for i in range(len(histories))])
    normalised = normalizer.transform(histories)
    for series in np.flatnonzero(~np.isnan(normalised).all(axis=1)):
        one = normalizer.of(slice(series, series + 1))
        steps = int((~np.isnan(normalised[series])).sum())
        values = one.inverse(normalised[[series], -steps:], histories[[series], :-steps], start=-steps)
        np.testing.assert_allclose(
            values[0], histories[series, -steps:], rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(histories[series]))
        )


@given(panels(), st.sampled_from(CHOICES))
def test_inverse_of_forecasts_continues_the_history(
    histories: npt.NDArray[np.float64], choice: tuple[Any, ...]
) -> None:
    """Normalise a history with what was learned from its beginning: undoing the rest gives the rest."""
    ids, ahead = [str(i) for i in range(len(histories))], 5
    known = histories[:, :-ahead]
    if known.shape[1] <= choice[3] or np.isnan(known[:, -choice[3] :]).any():
        return
    normalizer = Normalizer(*choice).fit(known, ids)
    if (normalizer.log_ & (histories <= 0).any(axis=1)).any():
        return
    level = normalizer.to_level(histories)
    if choice[1] == "difference":
        level[:, choice[3] :] -= normalizer.to_level(histories)[:, : -choice[3]]
    if choice[1] == "indices":
        level[:, -ahead:] -= normalizer.indices_[:, np.arange(ahead) % choice[3]]
    normalised = (level[:, -ahead:] - normalizer.center_[:, None]) / normalizer.spread_[:, None]
    np.testing.assert_allclose(
        normalizer.inverse(normalised, known), histories[:, -ahead:], rtol=1e-8, atol=1e-9 * np.nanmax(abs(histories))
    )


@pytest.mark.parametrize(
    ("name", "scaler"),
    [("minmax", MinMaxScaler(feature_range=(-1, 1))), ("standard", StandardScaler()), ("robust", RobustScaler())],
)
def test_scaling_is_scikit_learns(airline: npt.NDArray[np.float64], name: Any, scaler: Any) -> None:
    short = airline[:50] * 3 + 1
    histories = right_aligned(np.concatenate([airline, short]), np.array([144, 50]))
    normalised = Normalizer(False, "none", name, 12).fit(histories, ["a", "b"]).transform(histories)
    np.testing.assert_allclose(normalised[0], scaler.fit_transform(airline[:, None])[:, 0])
    np.testing.assert_allclose(normalised[1, -50:], scaler.fit_transform(short[:, None])[:, 0])


def test_scaling_by_the_mean_worked_by_hand() -> None:
    """Logged, less the mean logarithm; else less the mean, over the mean size; as it is where there is no size."""
    unknown = np.full(3, np.nan)
    histories = np.array([[1.0, math.e, math.e**2], [np.nan, -1.0, 3.0], [0.0, 0.0, 0.0], unknown])
    normalised = Normalizer("auto", "none", "mean", 1).fit(histories, ["a", "b", "c", "d"]).transform(histories)
    expected = np.array([[-1.0, 0.0, 1.0], [np.nan, -1.0, 1.0], [0.0, 0.0, 0.0], unknown])
    np.testing.assert_allclose(normalised, expected, atol=1e-12)


@pytest.mark.parametrize("scale", ["none", "mean", "standard"])
def test_a_season_to_be_shrunk_stays_in(airline: npt.NDArray[np.float64], scale: Any) -> None:
    fitted = [Normalizer("auto", seasonal, scale, 12).fit(airline[None], ["a"]) for seasonal in ("shrunk", "none")]
    shrunk, none = (normalizer.transform(airline[None]) for normalizer in fitted)
    np.testing.assert_array_equal(shrunk, none)


@given(panels(), st.sampled_from(CHOICES), st.data())
def test_series_are_normalised_in_any_blocks(
    histories: npt.NDArray[np.float64], choice: tuple[Any, ...], data: st.DataObject
) -> None:
    ids = [str(i) for i in range(len(histories))]
    cut = data.draw(st.integers(1, len(histories)))
    whole = Normalizer(*choice).fit(histories, ids)
    expected = whole.transform(histories)
    parts = [slice(0, cut), slice(cut, len(histories))][: 1 + (cut < len(histories))]
    joined = Normalizer.joined([Normalizer(*choice).fit(histories[part], ids[part]) for part in parts])
    np.testing.assert_allclose(joined.transform(histories), expected, rtol=1e-9, atol=1e-9)
    for part in parts:
        np.testing.assert_array_equal(whole.of(part).transform(histories[part]), expected[part])


@pytest.mark.parametrize("season", [4, 7, 12])
def test_seasonal_indices_are_those_of_classical_decomposition(airline: npt.NDArray[np.float64], season: int) -> None:
    indices = seasonal_indices(np.log(airline)[None], season)[0]
    expected = seasonal_decompose(np.log(airline), period=season).seasonal
    position = len(airline) + np.arange(season)  # of the steps after the origin
    np.testing.assert_allclose(indices, expected[position % season], atol=1e-12)


def test_log_where_no_value_is_negative_or_an_error_where_it_is_demanded() -> None:
    histories = np.array([[1.0, 2.0, 4.0], [0.0, 2.0, 4.0], [-1.0, 2.0, 4.0], [0.0, 0.0, 0.0]])
    ids = ["a", "b", "c", "d"]
    assert Normalizer("auto", "none", "none", 1).fit(histories, ids).log_.tolist() == [True, True, False, False]
    assert not Normalizer(False, "none", "none", 1).fit(histories, ids).log_.any()
    with pytest.raises(UserError, match="'b'"):
        Normalizer(True, "none", "none", 1).fit(histories, ids)
    assert Normalizer(True, "none", "none", 1).fit(histories[:1], ids).log_.tolist() == [True]


def test_zeros_are_moved_by_the_smallest_positive_value_before_the_logarithm() -> None:
    histories = np.array([[0.0, 3.0, 9.0], [1.0, 2.0, 4.0]])
    normalizer = Normalizer("auto", "none", "none", 1).fit(histories, ["a", "b"])
    expected = np.log([[3.0, 6.0, 12.0], [1.0, 2.0, 4.0]])
    np.testing.assert_allclose(normalizer.transform(histories), expected)
    np.testing.assert_allclose(normalizer.inverse(expected, histories), histories, atol=1e-12)


def test_read_gives_what_was_written(tmp_path: Path, airline: npt.NDArray[np.float64]) -> None:
    written = Normalizer("auto", "indices", "robust", 12).fit(airline[None], ["a"])
    written.write(tmp_path, 12)
    read = Normalizer.read(tmp_path, 12)
    np.testing.assert_array_equal(read.transform(airline[None]), written.transform(airline[None]))


def test_a_history_shorter_than_a_season_is_all_unknown_after_differencing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        normalised = (
            Normalizer("auto", "difference", "standard", 12).fit(np.ones((1, 5)), ["a"]).transform(np.ones((1, 5)))
        )
    assert np.isnan(normalised).all()
