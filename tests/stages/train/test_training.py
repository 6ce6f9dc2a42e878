"""Training for real on small data, and its parts."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.common.params import Params
from stages.train.batches import Batches, Inputs, Targets
from stages.train.training import (
    make_criterion,
    make_schedule,
    pinball_loss,
    split_by_time,
    steps_per_epoch,
    train_network,
    with_noise,
)
from stages.window.__main__ import cut_windows
from stages.window.windows import Windows
from tests.builders import change, plain_windows, window_settings

KNOWING = window_settings(
    size=[10], padding=True, local="smoothing", bases=["ses", "theta", "holt", "patterns"]
)  # fmt: skip


@pytest.fixture
def sine() -> Windows:
    """Two noisy sine waves of different lengths."""
    random = np.random.default_rng(0)
    values = np.concatenate([np.sin(np.arange(n) / 3) + random.normal(0, 0.05, n) for n in (80, 50)])
    return plain_windows(values, np.array([80, 50]), [10], 4, [1])


@pytest.fixture
def seasonal() -> Windows:
    """Three series with a season of four and noise, and all that is known of them."""
    random, lengths = np.random.default_rng(0), np.array([60, 25, 40])
    pattern = np.concatenate([np.resize([2.0, -1.0, 0.5, -1.5], length) for length in lengths])
    return cut_windows(10 + pattern + random.normal(0, 0.5, 125), lengths, [4], KNOWING, 4)


@pytest.fixture
def small(default_params: Params) -> Params:
    return change(default_params, train__epochs=40, train__learning_rate=1e-2, train__batch_size=64)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "pinball"])
def test_the_loss_falls(sine: Windows, small: Params, cell: str, loss: str) -> None:
    params = change(small, model__cell=cell, train__loss=loss)
    _, epochs = train_network(sine, 0, params.model, params.train)
    assert len(epochs) == 40
    assert epochs[-1].loss < 0.6 * epochs[0].loss


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_either_precision_trains_weights_in_float32(sine: Windows, small: Params, precision: str) -> None:
    network, epochs = train_network(sine, 0, small.model, change(small, train__precision=precision).train)
    assert epochs[-1].loss < 0.6 * epochs[0].loss
    assert {weights.dtype for weights in network.state_dict().values()} == {torch.float32}


def test_bfloat16_computes_in_bfloat16(sine: Windows, small: Params) -> None:
    """The first losses differ, by no more than its eight binary digits explain."""
    first = {
        precision: train_network(sine, 0, small.model, change(small, train__precision=precision).train)[1][0].loss
        for precision in ("float32", "bfloat16")
    }
    assert first["float32"] != first["bfloat16"]
    assert first["bfloat16"] == pytest.approx(first["float32"], rel=0.02)


def test_training_betters_the_bases_alone(seasonal: Windows, small: Params) -> None:
    _, epochs = train_network(seasonal, 0, small.model, change(small, train__loss="mse").train)
    batches = Batches(seasonal, seasonal.training, 0)
    goals = batches.gather(torch.arange(len(batches)))[1]
    error = (goals.values - batches.bases.mean(dim=1)) ** 2
    assert epochs[-1].loss < (error * goals.known).sum() / goals.known.sum()


def test_what_is_masked_changes_no_weight(small: Params) -> None:
    """Windows of the first series alone, whose last ones reach into the second: its values are never seen."""
    random, lengths = np.random.default_rng(0), np.array([40, 40])
    values = random.normal(0, 1, 80)
    whole = cut_windows(values, lengths, [4], KNOWING, 6)
    first = whole.training.series == 0
    own = replace(whole.training, **{name: each[first] for name, each in vars(whole.training).items()})
    assert own.after.min() < 6
    changed = np.concatenate([values[:40], random.normal(50, 10, 40)]).astype(np.float32)
    settings = change(small, train__epochs=5).train
    one, two = (
        train_network(replace(whole, values=each, training=own), 0, small.model, settings)[0].state_dict()
        for each in (whole.values, changed)
    )
    for name, weights in one.items():
        assert torch.equal(weights, two[name]), name


def test_what_is_missing_before_a_series_changes_no_weight(small: Params) -> None:
    """Windows of the second series alone, whose first ones reach into the first."""
    random, lengths = np.random.default_rng(0), np.array([40, 40])
    values = random.normal(0, 1, 80)
    whole = cut_windows(values, lengths, [4], KNOWING, 6)
    second = whole.training.series == 1
    own = replace(whole.training, **{name: each[second] for name, each in vars(whole.training).items()})
    assert own.before.min() < 10
    changed = np.concatenate([random.normal(50, 10, 40), values[40:]]).astype(np.float32)
    settings = change(small, train__epochs=5).train
    one, two = (
        train_network(replace(whole, values=each, training=own), 0, small.model, settings)[0].state_dict()
        for each in (whole.values, changed)
    )
    for name, weights in one.items():
        assert torch.equal(weights, two[name]), name


@pytest.mark.parametrize(
    ("windows", "most", "expected"), [(1000, 7, 7), (1000, None, 8), (200, 7, 2), (1, 7, 1), (1000, 8, 8)]
)
def test_an_epoch_has_so_many_batches_at_most(
    default_params: Params, windows: int, most: int | None, expected: int
) -> None:
    settings = change(default_params, train__steps_per_epoch=most, train__batch_size=128).train
    assert steps_per_epoch(windows, settings) == expected


@pytest.mark.parametrize("most", [None, 2])
def test_an_epoch_takes_so_many_steps_and_the_schedule_ends_with_the_last(
    sine: Windows, small: Params, most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[float] = []
    step = torch.optim.AdamW.step

    def counted(optimizer: torch.optim.AdamW, *arguments: Any) -> Any:
        taken.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", counted)
    settings = change(small, train__batch_size=16, train__epochs=10, train__steps_per_epoch=most).train
    train_network(sine, 0, small.model, settings)
    windows = (80 - 13) + (50 - 13)  # of the two series
    assert len(taken) == 10 * (most or math.ceil(windows / 16))
    assert taken[-1] < 0.02 * max(taken)


def test_windows_that_an_epoch_leaves_out_have_their_turn(sine: Windows, small: Params) -> None:
    """Another value of any one window changes the weights, whatever the order in which epochs draw them."""
    settings = change(small, train__batch_size=16, train__epochs=30, train__steps_per_epoch=1).train
    plain = train_network(sine, 0, small.model, settings)[0].state_dict()
    for place in (0, len(sine.training) // 2, len(sine.training) - 1):
        levels = sine.training.levels.copy()
        levels[place] += 1
        changed = replace(sine, training=replace(sine.training, levels=levels))
        other = train_network(changed, 0, small.model, settings)[0].state_dict()
        assert any(not torch.equal(weights, other[name]) for name, weights in plain.items())


def test_noise_makes_inputs_harder_to_learn_by_heart(default_params: Params) -> None:
    torch.manual_seed(0)
    inputs = Inputs(torch.zeros(10, 500, 2), torch.ones(500, 8), torch.ones(500, 3, 4))
    settings = change(default_params, train__input_noise=0.5, train__feature_dropout=0.3).train
    noisy = with_noise(inputs, settings)
    assert noisy.steps.std().item() == pytest.approx(0.5, rel=0.05)
    assert set(noisy.features.ravel().tolist()) == {0, 1}
    assert noisy.features.mean().item() == pytest.approx(0.7, abs=0.03)
    assert noisy.bases is inputs.bases
    same = with_noise(inputs, change(default_params, train__input_noise=0.0, train__feature_dropout=0.0).train)
    assert (same.steps is inputs.steps, same.features is inputs.features) == (True, True)


def test_the_pull_keeps_forecasts_near_the_median_of_the_bases(seasonal: Windows, small: Params) -> None:
    def distance(pull: float) -> float:
        settings = change(small, train__base_pull=pull, train__feature_dropout=0.0).train
        network, _ = train_network(seasonal, 0, small.model, settings)
        batches = Batches(seasonal, seasonal.training, 0)
        inputs, _ = batches.gather(torch.arange(len(batches)))
        with torch.inference_mode():
            return float((network.eval()(inputs) - inputs.bases.quantile(0.5, dim=1)).abs().mean())

    length = float(np.median(seasonal.ends.before))
    assert distance(length) < 0.5 * distance(0.0)


def test_most_series_may_have_no_history_yet(seasonal: Windows, small: Params) -> None:
    ends = replace(seasonal.ends, before=np.zeros_like(seasonal.ends.before))
    _, epochs = train_network(replace(seasonal, ends=ends), 0, small.model, change(small, train__base_pull=1.0).train)
    assert np.isfinite([epoch.loss for epoch in epochs]).all()


def test_one_seed_gives_the_same_weights_and_another_gives_others(sine: Windows, small: Params) -> None:
    settings = change(small, train__epochs=3, train__input_noise=0.2).train
    one, again = (train_network(sine, 1, small.model, settings)[0].state_dict() for _ in range(2))
    other = train_network(sine, 2, small.model, settings)[0].state_dict()
    for name, weights in one.items():
        assert torch.equal(weights, again[name])
        assert not torch.equal(weights, other[name])


def test_early_stopping_keeps_the_best_weights(sine: Windows, small: Params) -> None:
    params = change(
        small,
        train__epochs=400,
        train__validation=0.3,
        train__patience=5,
        train__schedule="constant",
        train__loss="mse",
    )
    network, epochs = train_network(sine, 0, params.model, params.train)
    losses = [epoch.validation for epoch in epochs]
    assert len(epochs) < 400
    assert losses.index(min(losses)) == len(losses) - 1 - 5
    _, held_out = split_by_time(sine.training.series, 4, 0.3)
    offsets = torch.arange(-10, 4)[:, None]
    window = torch.from_numpy(sine.values)[torch.from_numpy(sine.training.position)[held_out] + offsets]
    window = window - torch.from_numpy(sine.training.levels[:, 0])[held_out]
    inputs = Inputs(window[:10, :, None], torch.empty(len(held_out), 0), torch.empty(len(held_out), 0, 4))
    loss = torch.nn.functional.mse_loss(network.eval()(inputs), window[10:].T).item()
    assert loss == pytest.approx(min(losses))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.floats(0.05, 0.9), st.integers(1, 6))
def test_validation_windows_come_last_and_share_no_target_with_training(
    lengths: list[int], share: float, targets: int
) -> None:
    cuts = plain_windows(np.arange(sum(lengths), dtype=float), np.array(lengths), [5], targets, [0]).training
    training, held_out = (part.numpy() for part in split_by_time(cuts.series, targets, share))
    if not len(held_out):
        assert len(training) == len(cuts)
        return
    for series in np.unique(cuts.series[training]):
        last = cuts.position[training[cuts.series[training] == series]].max()
        first = cuts.position[held_out[cuts.series[held_out] == series]].min()
        assert last + targets <= first  # the last training target ends before the first held-out one


def test_pinball_loss_worked_by_hand() -> None:
    predicted, actual = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 0.0])
    assert pinball_loss(predicted, actual, 0.9).tolist() == pytest.approx([0.9 * 2, 0.1 * 1])


def test_pinball_loss_is_least_at_the_quantile() -> None:
    actual = torch.arange(101.0)
    losses = [pinball_loss(torch.full_like(actual, guess), actual, 0.9).mean().item() for guess in range(101)]
    assert losses.index(min(losses)) == 90


@pytest.mark.parametrize(
    ("loss", "expected"),
    [("mse", (0.25 + 9) / 2), ("mae", 1.75), ("huber", (0.125 + 2.5) / 2), ("pinball", 0.25 * 1.75)],
)
def test_losses_worked_by_hand_over_what_is_known(default_params: Params, loss: str, expected: float) -> None:
    settings = change(default_params, train__loss=loss, train__huber_delta=1.0, train__quantile=0.75).train
    predicted = torch.tensor([[0.5, 3.0, 7.0]])
    targets = Targets(torch.tensor([[0.0, 0.0, -1e9]]), torch.tensor([[1.0, 1.0, 0.0]]), torch.zeros(1, 3))
    assert make_criterion(settings)(predicted, targets).item() == pytest.approx(expected)


def test_members_take_turns_in_the_losses(default_params: Params) -> None:
    settings = change(default_params, train__loss=["mae", "mse"]).train
    predicted, targets = torch.tensor([[3.0]]), Targets(torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(1, 1))
    losses = [make_criterion(settings, member)(predicted, targets).item() for member in range(4)]
    assert losses == [3, 9, 3, 9]


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_schedules_peak_at_the_learning_rate(default_params: Params, schedule: str) -> None:
    settings = change(default_params, train__schedule=schedule).train
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=settings.learning_rate)
    scheduler = make_schedule(optimizer, settings, 100)
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert max(rates) == pytest.approx(settings.learning_rate, rel=1e-3)
    if schedule == "constant":
        assert min(rates) == max(rates)
    else:
        assert rates[-1] < 0.01 * max(rates)
        assert (rates[0] < 0.1 * max(rates)) == (schedule == "one_cycle")


def test_a_loss_that_explodes_ends_in_advice(sine: Windows, small: Params) -> None:
    params = change(small, train__learning_rate=1e30, train__clip=None, train__schedule="constant")
    with pytest.raises(UserError, match=r"train\.learning_rate"):
        train_network(sine, 0, params.model, params.train)


def test_progress_is_reported_every_epoch(sine: Windows, small: Params) -> None:
    seen: list[tuple[int, float]] = []
    train_network(
        sine, 0, small.model, change(small, train__epochs=3).train, lambda epoch, loss: seen.append((epoch, loss))
    )
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert all(math.isfinite(loss) for _, loss in seen)
