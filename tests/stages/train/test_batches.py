"""Batches: what is gathered is what a slow loop over the definitions gathers."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from stages.train.batches import FARTHEST, GATHERED, Batches, middle_of
from stages.window.__main__ import cut_windows
from stages.window.windows import Cuts, Windows
from tests.builders import plain_windows, window_settings

Floats = npt.NDArray[np.float64]
KINDS: dict[str, dict[str, Any]] = {
    "padded, with differences": {"padding": True, "local": "smoothing", "bases": ["ses", "theta", "patterns"]},
    "whole, with differences": {"padding": False, "local": "smoothing"},
    "padded": {"padding": True, "local": "mean", "local_size": [0, 2]},
    "whole": {"padding": False, "local": "mean", "local_size": [0, 2]},
}


def some_windows(seasons: list[int], **changes: Any) -> Windows:
    """Of three series, one of them with a jump far beyond its scale."""
    random = np.random.default_rng(0)
    values = random.normal(0, 1, 80) + np.resize([3.0, -1.0, -2.0, 0.0], 80)
    values[40:43] += 500
    settings = window_settings(size=[5, 3], **changes)
    return cut_windows(values, np.array([50, 9, 21]), seasons, settings, 4)


def season_at(windows: Windows, cuts: Cuts, cut: int, offset: int) -> float:
    """The seasonal part `offset` steps after a cut: the sum over the seasons."""
    parts, first = [], 0
    for length in windows.seasons:
        parts.append(float(cuts.season[cut, first + offset % length]))
        first += length
    return sum(parts)


def relative_at(windows: Windows, cuts: Cuts, cut: int, level: int, offset: int) -> float:
    value = float(windows.values[cuts.position[cut] + offset])
    moved = value - season_at(windows, cuts, cut, offset) - float(cuts.levels[cut, level])
    return moved / float(cuts.scale[cut])


def steps_of(windows: Windows, cuts: Cuts, cut: int, member: int) -> list[list[float]]:
    """(size, C) what a member reads of one window, worked out step by step."""
    size, level = windows.of_member(member)
    rows = []
    for offset in range(-size, 0):
        known = -offset <= cuts.before[cut]
        value = relative_at(windows, cuts, cut, level, offset) if known else 0.0
        if windows.lags:
            value = min(max(value, -FARTHEST), FARTHEST)
        row = [value]
        if windows.padding:
            row.append(float(known))
        for lag in windows.lags:
            change = 0.0
            if lag - offset <= cuts.before[cut]:
                here = cuts.position[cut] + offset
                difference = float(windows.values[here]) - float(windows.values[here - lag])
                change = min(max(difference / float(cuts.scale[cut]), -FARTHEST), FARTHEST)
            row.append(change)
        rows.append(row)
    return rows


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seasons", [[], [4], [2, 4]])
@pytest.mark.parametrize("member", [0, 1, 2])
def test_inputs_and_goals_are_those_of_a_slow_loop(kind: str, seasons: list[int], member: int) -> None:
    windows = some_windows(seasons, **KINDS[kind])
    cuts, level = windows.training, windows.of_member(member)[1]
    batches = Batches(windows, cuts, member)
    assert batches.kept.tolist() == [i for i, before in enumerate(cuts.before) if before >= windows.least(member)]
    indices = torch.arange(len(batches))
    inputs, goals = batches.gather(indices)
    assert inputs.steps.shape == (batches.size, len(batches), batches.channels)
    for place, cut in enumerate(batches.kept.tolist()):
        expected = steps_of(windows, cuts, cut, member)
        np.testing.assert_allclose(inputs.steps[:, place], expected, rtol=1e-4, atol=1e-4)
        exists = int(cuts.after[cut])
        assert goals.known[place].tolist() == [1.0] * exists + [0.0] * (4 - exists)
        values = [relative_at(windows, cuts, cut, level, offset) for offset in range(exists)]
        np.testing.assert_allclose(goals.values[place, :exists], values, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(inputs.features, cuts.features[batches.kept])
    np.testing.assert_array_equal(inputs.bases, cuts.bases[batches.kept])
    assert torch.equal(goals.middle, middle_of(inputs.bases))


@pytest.mark.parametrize("count", [1, 5, 7, 7 * GATHERED, 7 * GATHERED + 9])
def test_a_stream_gives_every_window_once_and_in_order(count: int) -> None:
    windows = plain_windows(np.arange(200.0), np.array([200]), [3], 1, [0])
    batches = Batches(windows, windows.training, 0)
    order = torch.randperm(len(batches))[:count]
    seen = list(batches.stream(order, 7))
    sizes = [inputs.steps.shape[1] for inputs, _ in seen]
    assert sizes == [7] * (count // 7) + [count % 7] * (count % 7 > 0)
    last = torch.cat([inputs.steps[-1, :, 0] for inputs, _ in seen])
    assert last.tolist() == (order + 2).tolist()  # the window at index i ends in the value i + 2
    assert torch.cat([goals.values[:, 0] for _, goals in seen]).tolist() == (order + 3).tolist()
    for inputs, goals in seen:
        assert inputs.features.shape == (inputs.steps.shape[1], 0)
        assert inputs.bases.shape == (inputs.steps.shape[1], 0, 1)
        assert goals.known.shape == goals.values.shape


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("member", [0, 3])
def test_restore_gives_the_values_back(kind: str, member: int) -> None:
    windows = some_windows([2, 4], **KINDS[kind])
    batches = Batches(windows, windows.training, member)
    goals = batches.gather(torch.arange(len(batches)))[1]
    restored = batches.restore(goals.values)
    for place, cut in enumerate(batches.kept.tolist()):
        first, exists = windows.training.position[cut], int(windows.training.after[cut])
        np.testing.assert_allclose(restored[place, :exists], windows.values[first : first + exists], atol=1e-3)


def test_the_ends_are_gathered_too() -> None:
    windows = plain_windows(np.array([1.0, 2.0, 3.0, 9.0, 8.0]), np.array([3, 2]), [2], 3, [1])
    batches = Batches(windows, windows.ends, 0)
    inputs, goals = batches.gather(torch.arange(2))
    assert inputs.steps[:, :, 0].T.tolist() == [[-1, 0], [1, 0]]
    assert not goals.known.any()


@pytest.mark.parametrize("bases", [1, 2, 5, 6])
def test_the_middle_is_the_median_of_the_bases(bases: int) -> None:
    some = torch.randn(4, bases, 3)
    np.testing.assert_allclose(middle_of(some), np.median(some.numpy(), axis=1), rtol=1e-6)
    assert not middle_of(some[:, :0]).any()
