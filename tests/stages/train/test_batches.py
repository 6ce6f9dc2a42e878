"""Batches: what is gathered is what a loop over the definitions computes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from stages.normalize.covariates import ScaledCovariates
from stages.train.batches import GATHERED, LARGEST_INPUT, TRUST, Batches, Inputs, weighted_mean
from stages.window.cutting import cut_at_ends, cut_windows
from stages.window.windows import Windows
from tests.builders import plain_ends, plain_windows, window_settings

KINDS: dict[str, dict[str, Any]] = {
    "padded, with differences": {
        "padding": True,
        "local_scaling": "smoothing",
        "experts": ["ses", "theta", "seasonal_mean"],
    },
    "whole, with differences": {"padding": False, "local_scaling": "smoothing"},
    "padded": {"padding": True, "local_scaling": "none"},
    "whole": {"padding": False, "local_scaling": "none"},
}


def some_windows(seasons: list[int], size: int = 5, **changes: Any) -> Windows:
    """Of three series, one of them with a jump far beyond its scale."""
    random = np.random.default_rng(0)
    values = random.normal(0, 1, 80) + np.resize([3.0, -1.0, -2.0, 0.0], 80)
    values[40:43] += 500
    settings = window_settings(size=size, **changes)
    return cut_windows(values, np.array([50, 9, 21]), seasons, settings, 4)


def relative_at(windows: Windows, cut: int, offset: int) -> float:
    """The value `offset` steps after a cut less season and level, in units of scale."""
    cuts = windows.cuts
    value = float(windows.values[cuts.position[cut] + offset])
    first = 0
    for length in windows.seasons:
        value -= float(cuts.season[cut, first + offset % length])
        first += length
    return (value - float(cuts.level[cut])) / float(cuts.scale[cut])


def clipped(value: float) -> float:
    return min(max(value, -LARGEST_INPUT), LARGEST_INPUT)


def channels_of(windows: Windows) -> dict[str, Callable[[int, int], float]]:
    """By the name of each channel, its value at a step of a window: a function of a cut and an offset from it."""
    cuts = windows.cuts

    def known(cut: int, offset: int) -> float:
        return float(-offset <= cuts.before[cut])

    def value(cut: int, offset: int) -> float:
        if not known(cut, offset):
            return 0.0
        relative = relative_at(windows, cut, offset)
        return clipped(relative) if windows.lags else relative

    def change(lag: int, cut: int, offset: int) -> float:
        if not known(cut, offset - lag):
            return 0.0
        here = cuts.position[cut] + offset
        return clipped((float(windows.values[here]) - float(windows.values[here - lag])) / float(cuts.scale[cut]))

    channels: dict[str, Callable[[int, int], float]] = {"value": value}
    if windows.padding:
        channels["known"] = known
    for lag in windows.lags:
        channels[f"change_{lag}"] = partial(change, lag)
    return channels


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seasons", [[], [4], [2, 4]])
@pytest.mark.parametrize("size", [5, 3])
def test_the_steps_are_exactly_the_channels_that_are_named(kind: str, seasons: list[int], size: int) -> None:
    windows = some_windows(seasons, size, **KINDS[kind])
    expected = channels_of(windows)
    batches = Batches(windows)
    inputs, _ = batches.gather(torch.arange(len(batches)))
    assert batches.channels == list(expected)
    assert inputs.steps.shape == (size, len(batches), len(expected))
    for number, channel in enumerate(expected.values()):
        steps = [[channel(cut, offset) for cut in batches.kept.tolist()] for offset in range(-size, 0)]
        np.testing.assert_allclose(inputs.steps[..., number], steps, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seasons", [[], [4], [2, 4]])
@pytest.mark.parametrize("size", [5, 3])
def test_targets_features_and_experts_are_those_of_the_cuts(kind: str, seasons: list[int], size: int) -> None:
    windows = some_windows(seasons, size, **KINDS[kind])
    cuts = windows.cuts
    batches = Batches(windows)
    assert batches.kept.tolist() == [i for i, before in enumerate(cuts.before) if before >= windows.min_length]
    inputs, targets = batches.gather(torch.arange(len(batches)))
    for place, cut in enumerate(batches.kept.tolist()):
        exists = int(cuts.after[cut])
        assert targets.known[place].tolist() == [1.0] * exists + [0.0] * (4 - exists)
        values = [relative_at(windows, cut, offset) for offset in range(exists)]
        np.testing.assert_allclose(targets.values[place, :exists], values, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(inputs.features, cuts.features[batches.kept])
    np.testing.assert_array_equal(inputs.experts, cuts.experts[batches.kept])
    assert torch.equal(targets.expert_mean, weighted_mean(-TRUST * inputs.record, inputs.experts))


@pytest.mark.parametrize("count", [1, 5, 7, 7 * GATHERED, 7 * GATHERED + 9])
@pytest.mark.parametrize("networks", [1, 3, GATHERED + 1])
def test_a_stream_gives_each_network_its_windows_once_and_in_order(count: int, networks: int) -> None:
    windows = plain_windows(np.arange(200), [200], 3, 1)
    batches = Batches(windows)
    orders = torch.stack([torch.randperm(len(batches))[:count] for _ in range(networks)])
    seen = list(batches.stream(orders, 7))
    sizes = [inputs.steps.shape[2] for inputs, _ in seen]
    assert sizes == [7] * (count // 7) + [count % 7] * (count % 7 > 0)
    last = torch.cat([inputs.steps[:, -1, :, 0] for inputs, _ in seen], dim=1)
    assert last.tolist() == (orders + 2).tolist()  # the window at index i ends in the value i + 2
    assert torch.cat([targets.values[..., 0] for _, targets in seen], dim=1).tolist() == (orders + 3).tolist()
    for inputs, targets in seen:
        assert inputs.features.shape == (networks, inputs.steps.shape[2], 0)
        assert inputs.experts.shape == (networks, inputs.steps.shape[2], 0, 1)
        assert targets.known.shape == targets.values.shape


@pytest.mark.parametrize("kind", KINDS)
def test_restore_gives_the_values_back(kind: str) -> None:
    windows = some_windows([2, 4], **KINDS[kind])
    batches = Batches(windows)
    targets = batches.gather(torch.arange(len(batches)))[1]
    restored = batches.restore(targets.values)
    for place, cut in enumerate(batches.kept.tolist()):
        first, exists = windows.cuts.position[cut], int(windows.cuts.after[cut])
        np.testing.assert_allclose(restored[place, :exists], windows.values[first : first + exists], atol=1e-3)


def test_the_ends_are_gathered_too() -> None:
    batches = Batches(plain_ends([1, 2, 3, 9, 8], [3, 2], 2, 3))
    inputs, targets = batches.gather(torch.arange(2))
    assert inputs.steps[:, :, 0].T.tolist() == [[2, 3], [9, 8]]
    assert not targets.known.any()


@pytest.mark.parametrize("experts", [1, 2, 5, 6])
def test_the_mean_of_the_experts_is_numpys(experts: int) -> None:
    logits, some = torch.randn(4, experts), torch.randn(4, experts, 3)
    expected = [
        np.average(each, axis=0, weights=np.exp(row)) for row, each in zip(logits.numpy(), some.numpy(), strict=True)
    ]
    np.testing.assert_allclose(weighted_mean(logits, some), expected, rtol=1e-5, atol=1e-6)
    assert not weighted_mean(logits[:, :0], some[:, :0]).any()


def test_a_window_has_the_past_covariates_of_its_steps_and_0_before_the_series() -> None:
    """Windows of four steps at the ends of three and of five: what is missing is as before, what is far is clipped."""
    past = np.array([[0.1, np.nan, 0.3, -1, -1, 2, 9, 1], [0.0] * 8]).T
    covariates = ScaledCovariates(past[:, :0], past, np.zeros((2, 0)), ahead=0)
    ends = cut_at_ends(np.arange(8.0), np.array([3, 5]), [], window_settings(size=4, padding=True), 2, covariates)
    batches = Batches(ends)
    every = torch.arange(2)
    streamed, _ = next(batches.stream(every[None], 2))
    for found in (batches.gather(every)[0].past, streamed.past[0]):
        assert found.shape == (4, 2, 2)
        np.testing.assert_allclose(found[:, 0, 0], [0, 0.1, 0.1, 0.3], rtol=1e-6)
        np.testing.assert_allclose(found[:, 1, 0], [-1, 2, 4, 1], rtol=1e-6)
        assert not found[..., 1].any()
    assert ends.varying["past"] == [0]


def test_map_applies_a_function_to_every_field() -> None:
    inputs = Inputs(
        steps=torch.ones(2, 3, 1),
        features=torch.ones(3, 4),
        experts=torch.ones(3, 2, 5),
        record=torch.ones(3, 2),
        informed=torch.ones(3, 2),
        covariates=torch.ones(3, 6, 5),
        past=torch.ones(2, 3, 8),
        static=torch.ones(3, 7),
    )
    doubled = inputs.map(lambda tensor: 2 * tensor)
    for name, tensor in vars(inputs).items():
        assert torch.equal(getattr(doubled, name), 2 * tensor)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seasons", [[], [4]])
def test_missing_values_are_masked(kind: str, seasons: list[int]) -> None:
    """No NaN reaches a tensor: what needs a missing value is 0 there, and everything else is what it was."""
    windows = some_windows(seasons, **KINDS[kind])
    missing = np.random.default_rng(1).random(len(windows.values)) < 0.3
    gaps = replace(windows, values=np.where(missing, np.float32(np.nan), windows.values))
    whole, gapped = Batches(windows), Batches(gaps)
    assert 0 < len(gapped) < len(whole)
    same = torch.from_numpy(np.flatnonzero(np.isin(whole.kept, gapped.kept)))  # with values enough in spite of gaps
    (inputs, targets), (masked, masked_targets) = whole.gather(same), gapped.gather(torch.arange(len(gapped)))
    channels = whole.channels
    rows = windows.cuts.position[gapped.kept] + np.arange(-5, 4)[:, None]  # (steps, B)
    at = missing[np.clip(rows, 0, len(missing) - 1)]
    for number, name in enumerate(channels):
        lag = int(name.removeprefix("change_")) if name.startswith("change_") else 0
        hidden = at[:5] | missing[np.maximum(rows[:5] - lag, 0)]
        expected = np.where(hidden, 0, inputs.steps[..., number].numpy())
        np.testing.assert_array_equal(masked.steps[..., number].numpy(), expected)
    np.testing.assert_array_equal(masked_targets.known, np.where(at[5:].T, 0, targets.known.numpy()))
    np.testing.assert_array_equal(masked_targets.values, np.where(at[5:].T, 0, targets.values.numpy()))
