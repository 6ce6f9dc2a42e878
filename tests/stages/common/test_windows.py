"""Windows: every one there is, none across a series, levels as defined."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from stages.common.windows import Windows, local_level


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.lists(st.integers(1, 8), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_windows_are_all_and_only_those_inside_a_series(lengths: list[int], sizes: list[int], targets: int) -> None:
    windows = Windows.cut(np.arange(sum(lengths), dtype=float), np.array(lengths), sizes, targets, [0])
    owner = np.repeat(np.arange(len(lengths)), lengths)
    for size in sizes:
        expected = [
            cut for cut in range(size, len(owner) - targets + 1) if owner[cut - size] == owner[cut + targets - 1]
        ]
        fitting = windows.before >= size
        assert windows.cuts[fitting].tolist() == expected
        assert windows.series[fitting].tolist() == [owner[cut] for cut in expected]
    for series, length in enumerate(lengths):
        assert (
            windows.values[windows.ends[series] - length : windows.ends[series]].tolist()
            == np.flatnonzero(owner == series).tolist()
        )


def test_levels_worked_by_hand() -> None:
    windows = Windows.cut(np.array([1.0, 2.0, 6.0, 4.0, 5.0, 9.0]), np.array([6]), [3], 1, [0, 1, 2])
    assert windows.cuts.tolist() == [3, 4, 5]
    assert windows.levels.tolist() == [[0, 6, 4], [0, 4, 5], [0, 5, 4.5]]
    inputs: npt.NDArray[np.float64] = np.array([[1.0, 2.0], [2.0, 6.0], [6.0, 4.0]])  # the first two, as columns
    assert local_level(inputs, 2).tolist() == [4, 5]
    assert local_level(inputs, 0) == 0


def test_members_take_turns_until_they_have_seen_every_pair() -> None:
    windows = Windows.cut(np.zeros(30), np.array([30]), [6, 12], 1, [0, 6])
    assert [windows.of_member(member) for member in range(5)] == [(6, 0), (12, 0), (6, 1), (12, 1), (6, 0)]


def test_memory_grows_with_the_data_and_not_with_the_window(tmp_path: Path) -> None:
    sizes = {}
    for size in (10, 500):
        Windows.cut(np.zeros(10_000), np.array([10_000]), [size], 12, [1]).write(tmp_path / f"{size}")
        sizes[size] = (tmp_path / f"{size}").stat().st_size
    assert sizes[500] <= sizes[10]


def test_read_gives_what_was_written(tmp_path: Path) -> None:
    written = Windows.cut(np.arange(20.0), np.array([12, 8]), [4, 5], 2, [1, 3])
    written.write(tmp_path / "windows.safetensors")
    read = Windows.read(tmp_path / "windows.safetensors")
    assert read.targets == 2
    for name, value in vars(written).items():
        np.testing.assert_array_equal(getattr(read, name), value, err_msg=name)


def test_no_series_long_enough_gives_no_windows() -> None:
    windows = Windows.cut(np.arange(3.0), np.array([3, 0]), [4], 1, [2])
    assert len(windows.cuts) == 0
    assert windows.levels.shape == (0, 1)
