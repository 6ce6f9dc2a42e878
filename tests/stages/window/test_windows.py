"""Windows: every one there is, none across a series, levels as defined, a fair share for each series."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stages.window.__main__ import cut_windows
from stages.window.windows import Windows, place_cuts, season_of, window_sizes
from tests.builders import plain_windows, window_settings

Ints = npt.NDArray[np.int64]


def assume_fair(series: list[int]) -> None:
    """Leave out panels in which a series, one for each window, has more than ten times the median."""
    counts = np.unique(series, return_counts=True)[1]
    assume(not len(counts) or counts.max() <= 10 * np.median(counts))


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.lists(st.integers(1, 8), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_windows_are_all_and_only_those_inside_a_series(lengths: list[int], sizes: list[int], targets: int) -> None:
    windows = plain_windows(np.arange(sum(lengths), dtype=float), np.array(lengths), sizes, targets, [0])
    training, ends = windows.training, windows.ends
    owner = np.repeat(np.arange(len(lengths)), lengths)
    for size in sorted(sizes):
        expected = [
            cut for cut in range(size, len(owner) - targets + 1) if owner[cut - size] == owner[cut + targets - 1]
        ]
        assume_fair([owner[cut] for cut in expected] if size == min(sizes) else [])
        fitting = training.before >= size
        assert training.position[fitting].tolist() == expected
        assert training.series[fitting].tolist() == [owner[cut] for cut in expected]
        assert (training.after == targets).all()
    for series, length in enumerate(lengths):
        end = ends.position[series]
        assert windows.values[end - length : end].tolist() == np.flatnonzero(owner == series).tolist()
    assert (ends.series.tolist(), ends.before.tolist()) == (list(range(len(lengths))), lengths)
    assert not ends.after.any()


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.integers(1, 12),
    st.integers(1, 7),
    st.sampled_from([[], [4]]),
    st.sampled_from(["smoothing", "none"]),
)
def test_padded_windows_need_a_season_and_one_before_and_half_the_targets_after(
    lengths: list[int], size: int, targets: int, seasons: list[int], local: str
) -> None:
    settings = window_settings(size=[size], padding=True, local=local)
    windows = cut_windows(np.arange(sum(lengths), dtype=float), np.array(lengths), seasons, settings, targets)
    least = min(size, 5 if seasons else 3)
    assert windows.least(0) == least
    expected = []
    owner = np.repeat(np.arange(len(lengths)), lengths)
    for cut in range(1, len(owner)):
        before = int((owner[:cut] == owner[cut]).sum())
        after = int((owner[cut : cut + targets] == owner[cut]).sum())
        if before >= least and after >= max(1, targets // 2):
            expected.append((cut, owner[cut], before, after))
    assume_fair([series for _, series, _, _ in expected])
    cuts = windows.training
    assert list(zip(cuts.position, cuts.series, cuts.before, cuts.after, strict=True)) == expected


def test_levels_worked_by_hand() -> None:
    windows = plain_windows(np.array([1.0, 2.0, 6.0, 4.0, 5.0, 9.0]), np.array([6]), [3], 1, [0, 1, 2])
    assert windows.training.position.tolist() == [3, 4, 5]
    assert windows.training.levels.tolist() == [[0, 6, 4], [0, 4, 5], [0, 5, 4.5]]
    assert windows.ends.levels.tolist() == [[0, 9, 7]]
    assert windows.training.scale.tolist() == [1, 1, 1]


def test_members_take_turns_until_they_have_seen_every_pair() -> None:
    windows = plain_windows(np.zeros(30), np.array([30]), [6, 12], 1, [0, 6])
    assert [windows.of_member(member) for member in range(5)] == [(6, 0), (12, 0), (6, 1), (12, 1), (6, 0)]


def test_season_of_several_seasons_worked_by_hand() -> None:
    """Indices 1, 2 of a season of two and 10, 20, 30 of a season of three, around a cut."""
    season = np.array([[1.0, 2.0, 10.0, 20.0, 30.0]])
    assert season_of(season, [2, 3], np.array([0, 1, 2, 3])).tolist() == [[11, 22, 31, 12]]
    assert season_of(season, [2, 3], np.array([-2, -1])).tolist() == [[1 + 20, 2 + 30]]
    assert season_of(season[:, :0], [], np.array([0, 1])) == 0


@pytest.mark.parametrize(
    ("seasons", "sizes"),
    [
        ([12], [24]),  # months
        ([4], [16]),  # quarters
        ([7], [19]),  # days
        ([24, 168], [48]),  # hours
        ([52], [64]),  # weeks: no longer than 64
        ([96, 672], [64]),  # quarters of an hour
        ([], [13]),
    ],
)
def test_sizes_by_themselves_are_two_seasons_or_a_season_and_twelve(seasons: list[int], sizes: list[int]) -> None:
    assert window_sizes(window_settings(size="auto"), seasons) == sizes
    assert window_sizes(window_settings(size=[9, 5]), seasons) == [9, 5]


def cuts_by_series(lengths: list[int], most: int, targets: int = 2) -> dict[int, Ints]:
    """Where series are cut for windows of three values, padded."""
    return dict(place_cuts(np.array(lengths), 3, targets, True, most))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30), st.integers(1, 400))
def test_every_series_gives_windows_and_none_more_than_its_share(lengths: list[int], most: int) -> None:
    everything, chosen = cuts_by_series(lengths, 10**9), cuts_by_series(lengths, most)
    assert everything.keys() == {i for i, length in enumerate(lengths) if length >= 4}
    assert chosen.keys() <= everything.keys()
    assert len(chosen) == min(len(everything), most)
    counts = [len(before) for before in chosen.values()]
    assert sum(counts) <= most
    for series, before in chosen.items():
        assert len(before) >= 1
        assert (np.diff(before) > 0).all()
        assert set(before) <= set(range(3, lengths[series]))
    cut_short = {len(before) for series, before in chosen.items() if len(before) < len(everything[series])}
    assert len(cut_short) <= 1  # whoever may not give all gives the same number
    assert all(count <= share for count in counts for share in cut_short)


def test_of_more_series_than_windows_any_may_give_none() -> None:
    chosen = cuts_by_series([20] * 1000, 100)
    assert len(chosen) == 100
    assert np.histogram(list(chosen), bins=4, range=(0, 1000))[0].min() > 10


def test_no_series_gives_more_than_ten_times_the_median() -> None:
    lengths = [13] * 9 + [100_000]  # ten windows each, and very many
    counts = [len(before) for before in cuts_by_series(lengths, 10**9).values()]
    assert counts == [10] * 9 + [100]


def test_the_quota_is_used_up() -> None:
    lengths = [13] * 10 + [103] * 10  # ten windows each, then a hundred each
    counts = [len(before) for before in cuts_by_series(lengths, 400).values()]
    assert counts == [10] * 10 + [30] * 10


def test_the_same_cuts_are_drawn_every_time() -> None:
    one, two = (cuts_by_series([500, 50, 300], 200) for _ in range(2))
    for series, before in one.items():
        np.testing.assert_array_equal(before, two[series])


def test_later_cuts_are_drawn_more_often() -> None:
    """Of 20 horizons the last ten are e times as likely as the first ten, before the last are all taken."""
    targets, length = 10, 200 + 3
    drawn = cuts_by_series([length] * 3000, 3000 * 4, targets)
    before = np.concatenate(list(drawn.values()))
    assert len(before) == 3000 * 4
    oldest, middle, newest = np.histogram(before, bins=[3, 50, 148, 198])[0]
    assert oldest / 47 < middle / 98 < newest / 50
    assert (before >= 101).sum() / (before < 101).sum() == pytest.approx(math.e, rel=0.1)


@pytest.mark.parametrize("changes", [{}, {"local": "smoothing", "padding": True}])
def test_memory_grows_with_the_data_and_not_with_the_window(tmp_path: Path, changes: dict[str, Any]) -> None:
    sizes = {}
    values = np.random.default_rng(0).normal(size=2_000)
    for size in (10, 500):
        settings = window_settings(size=[size], **changes)
        cut_windows(values, np.array([2_000]), [], settings, 12).write(tmp_path / f"{size}")
        sizes[size] = (tmp_path / f"{size}").stat().st_size
    assert sizes[500] <= 1.01 * sizes[10]


def test_read_gives_what_was_written(tmp_path: Path) -> None:
    settings = window_settings(size=[4, 5], padding=True, local="smoothing", bases=["ses", "patterns"])
    values = np.random.default_rng(0).normal(size=50)
    written = cut_windows(values, np.array([30, 20]), [4], settings, 2)
    written.write(tmp_path / "windows.safetensors")
    read = Windows.read(tmp_path / "windows.safetensors")
    plain = ("targets", "seasons", "lags", "sizes", "level_sizes", "padding")
    assert [getattr(read, name) for name in plain] == [2, [4], [4], [4, 5], [0], True]
    np.testing.assert_array_equal(read.values, values.astype(np.float32))
    for kind in ("training", "ends"):
        for name, value in vars(getattr(written, kind)).items():
            np.testing.assert_array_equal(getattr(getattr(read, kind), name), value, err_msg=name)
    assert len(read.training) > 0


def test_ends_that_are_read_alone_are_what_their_series_alone_would_have(tmp_path: Path) -> None:
    settings = window_settings(size=[4], padding=True, local="smoothing", bases=["ses", "patterns"])
    values, lengths = np.random.default_rng(0).normal(size=60), np.array([30, 0, 20, 10])
    cut_windows(values, lengths, [4], settings, 2).write(tmp_path / "origin_0.safetensors")
    part = Windows.read_ends(tmp_path / "origin_0.safetensors", 1, 3)
    alone = cut_windows(values[30:50], lengths[1:3], [4], settings, 2)
    np.testing.assert_array_equal(part.values, alone.values)
    for name, value in vars(alone.ends).items():
        np.testing.assert_array_equal(getattr(part.ends, name), value, err_msg=name)
    assert len(part.training) == 0


@pytest.mark.parametrize("local", ["none", "last", "mean", "smoothing"])
@pytest.mark.parametrize("lengths", [[3, 0], [0, 0]])
def test_no_series_long_enough_gives_no_windows(local: str, lengths: list[int]) -> None:
    settings = window_settings(size=[4], local=local, local_size=[2])
    windows = cut_windows(np.arange(float(sum(lengths))), np.array(lengths), [], settings, 1)
    assert len(windows.training) == 0
    assert windows.training.levels.shape == (0, 1)
    assert windows.ends.before.tolist() == lengths
    assert np.isfinite(windows.ends.levels).all()
