"""Windows: the season at a cut, the fewest values, their file, and those of some series alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.normalize.covariates import ScaledCovariates
from stages.window.cutting import cut_at_ends, cut_windows
from stages.window.windows import Windows, min_length, season_at
from tests.builders import window_settings

SMOOTHED: dict[str, Any] = {"padding": True, "local_scaling": "smoothing", "experts": ["ses", "seasonal_mean"]}


def test_the_component_of_several_seasons_worked_by_hand() -> None:
    """Indices 1, 2 of a season of two and 10, 20, 30 of a season of three, around a cut."""
    season = np.array([[1.0, 2.0, 10.0, 20.0, 30.0]])
    assert season_at(season, [2, 3], np.array([0, 1, 2, 3])).tolist() == [[11, 22, 31, 12]]
    assert season_at(season, [2, 3], np.array([-2, -1])).tolist() == [[1 + 20, 2 + 30]]
    assert season_at(season[:, :0], [], np.array([0, 1])) == 0


@pytest.mark.parametrize(
    ("size", "padding", "seasons", "expected"),
    [
        (24, False, [12], 24),
        (24, True, [12], 13),  # a season and one
        (24, True, [12, 48], 13),  # of the shortest
        (24, True, [], 3),
        (24, True, [1], 3),
        (2, True, [], 2),  # no more than the window itself
        (8, True, [12], 8),
    ],
)
def test_the_fewest_values_before_a_cut(size: int, padding: bool, seasons: list[int], expected: int) -> None:
    assert min_length(size, padding, seasons) == expected


@pytest.mark.parametrize("changes", [{}, {"local_scaling": "smoothing", "padding": True}])
def test_files_grow_with_the_data_and_not_with_the_window(tmp_path: Path, changes: dict[str, Any]) -> None:
    sizes = {}
    values = np.random.default_rng(0).normal(size=2_000)
    for size in (10, 500):
        settings = window_settings(size=size, **changes)
        cut_windows(values, np.array([2_000]), [], settings, 12).write(tmp_path / f"{size}")
        sizes[size] = (tmp_path / f"{size}").stat().st_size
    assert sizes[500] <= 1.01 * sizes[10]


@pytest.mark.parametrize(("cut", "count"), [(cut_windows, 25 + 15), (cut_at_ends, 2)])
def test_read_gives_what_write_wrote(tmp_path: Path, cut: Callable[..., Windows], count: int) -> None:
    """Cuts for training, which lie from the fifth value of each series to the one before its last; and ends."""
    values = np.random.default_rng(0).normal(size=50)
    past = np.random.default_rng(1).normal(size=(50, 2))
    covariates = ScaledCovariates(past[:, :0], past, np.zeros((2, 0)), ahead=0)
    written = cut(values, np.array([30, 20]), [4], window_settings(size=5, **SMOOTHED), 2, covariates)
    written.write(tmp_path / "windows.safetensors")
    read = Windows.read(tmp_path / "windows.safetensors")
    plain = ("targets", "size", "padding", "seasons", "lags")
    assert [getattr(read, name) for name in plain] == [2, 5, True, [4], [4]]
    np.testing.assert_array_equal(read.values, values.astype(np.float32))
    np.testing.assert_array_equal(read.past, past.astype(np.float32))
    assert read.lengths.tolist() == [30, 20]
    assert vars(read.cuts).keys() == vars(written.cuts).keys()
    for name, value in vars(written.cuts).items():
        np.testing.assert_array_equal(getattr(read.cuts, name), value, err_msg=name)
    assert len(read.cuts) == count


@pytest.mark.parametrize("series", [slice(0, 4), slice(0, 1), slice(1, 3), slice(2, 4)])
def test_ends_of_some_series_are_those_of_these_series_alone(series: slice) -> None:
    """Of four, one without a value, and one so long that only its latest values are kept."""
    settings = window_settings(size=4, **SMOOTHED)
    lengths = np.array([30, 0, 2000, 10])
    values, past = np.random.default_rng(0).normal(size=lengths.sum()), np.random.default_rng(1).normal(size=(2040, 1))

    def ends(own: slice, of: slice) -> Windows:
        covariates = ScaledCovariates(past[own, :0], past[own], np.zeros((len(lengths[of]), 0)), ahead=0)
        return cut_at_ends(values[own], lengths[of], [4], settings, 2, covariates)

    whole = ends(slice(None), slice(None))
    part = whole.at_ends_of(series)
    first, end = lengths[: series.start].sum(), lengths[: series.stop].sum()
    alone = ends(slice(first, end), series)
    for name in ("values", "past", "lengths"):
        np.testing.assert_array_equal(getattr(part, name), getattr(alone, name), err_msg=name)
    for name in ("position", "series", "before", "after"):
        np.testing.assert_array_equal(getattr(part.cuts, name), getattr(alone.cuts, name), err_msg=name)
    for name in ("season", "level", "scale", "experts", "features"):
        found = getattr(part.cuts, name)
        np.testing.assert_array_equal(found, getattr(whole.cuts, name)[series], err_msg=name)
        some = lengths[series] > 0  # what an empty series has is never used
        np.testing.assert_allclose(found[some], getattr(alone.cuts, name)[some], rtol=1e-6, atol=1e-6, err_msg=name)


def test_past_covariates_count_by_the_number_of_series_that_are_cut() -> None:
    """Half with forty series; those that are too short to be cut do not count."""
    settings = window_settings(size=4)
    one = cut_windows(np.arange(20.0), np.array([20]), [], settings, 2)
    forty = cut_windows(np.arange(400.0), np.full(40, 10), [], settings, 2)
    short = cut_windows(np.arange(403.0), np.array([*[10] * 40, 3]), [], settings, 2)
    assert [one.pooling, forty.pooling, short.pooling] == [1 / 41, 0.5, 0.5]


def test_a_past_covariate_that_only_series_without_a_cut_have_is_not_learned() -> None:
    past = np.zeros((13, 2))
    past[:, 0], past[11, 1] = np.arange(13), 1  # a flag of the second series, which is too short
    covariates = ScaledCovariates(past[:, :0], past, np.zeros((2, 0)), ahead=0)
    cut = cut_windows(np.arange(13.0), np.array([10, 3]), [], window_settings(size=4), 2, covariates)
    assert cut.varying["past"] == [0]
