"""Windows: the season at a cut, the fewest values, and their file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.window.cutting import cut_windows
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


def test_read_gives_what_write_wrote(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=50)
    written = cut_windows(values, np.array([30, 20]), [4], window_settings(size=5, **SMOOTHED), 2)
    written.write(tmp_path / "windows.safetensors")
    read = Windows.read(tmp_path / "windows.safetensors")
    plain = ("targets", "size", "padding", "seasons", "lags")
    assert [getattr(read, name) for name in plain] == [2, 5, True, [4], [4]]
    np.testing.assert_array_equal(read.values, values.astype(np.float32))
    for kind in ("training", "ends"):
        for name, value in vars(getattr(written, kind)).items():
            np.testing.assert_array_equal(getattr(getattr(read, kind), name), value, err_msg=name)
    assert len(read.training) > 0


def test_ends_read_alone_are_those_of_their_series_alone(tmp_path: Path) -> None:
    settings = window_settings(size=4, **SMOOTHED)
    values, lengths = np.random.default_rng(0).normal(size=60), np.array([30, 0, 20, 10])
    cut_windows(values, lengths, [4], settings, 2).write(tmp_path / "origin_0.safetensors")
    part = Windows.read_ends(tmp_path / "origin_0.safetensors", 1, 3)
    alone = cut_windows(values[30:50], lengths[1:3], [4], settings, 2)
    np.testing.assert_array_equal(part.values, alone.values)
    for name, value in vars(alone.ends).items():
        np.testing.assert_array_equal(getattr(part.ends, name), value, err_msg=name)
    assert len(part.training) == 0
