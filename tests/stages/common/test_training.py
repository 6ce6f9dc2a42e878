"""Training for real on small data, and its parts."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.common.params import Params
from stages.common.training import make_criterion, make_schedule, pinball_loss, split_by_time, train_network
from stages.common.windows import Windows
from tests.conftest import change


@pytest.fixture
def sine() -> Windows:
    """Two noisy sine waves of different lengths."""
    random = np.random.default_rng(0)
    values = np.concatenate([np.sin(np.arange(n) / 3) + random.normal(0, 0.05, n) for n in (80, 50)])
    return Windows.cut(values, np.array([80, 50]), [10], 4, [1])


@pytest.fixture
def small(default_params: Params) -> Params:
    return change(
        default_params, train__epochs=40, train__learning_rate=1e-2, train__input_noise=0.0, window__local="last"
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "pinball"])
def test_the_loss_falls(sine: Windows, small: Params, cell: str, loss: str) -> None:
    params = change(small, model__cell=cell, train__loss=loss)
    _, epochs = train_network(sine, 0, params.model, params.train)
    assert len(epochs) == 40
    assert epochs[-1].loss < 0.6 * epochs[0].loss


def test_one_seed_gives_the_same_weights_and_another_gives_others(sine: Windows, small: Params) -> None:
    settings = change(small, train__epochs=3, train__input_noise=0.2).train
    one, again = (train_network(sine, 1, small.model, settings)[0].state_dict() for _ in range(2))
    other = train_network(sine, 2, small.model, settings)[0].state_dict()
    for name, weights in one.items():
        assert torch.equal(weights, again[name])
        assert not torch.equal(weights, other[name])


def test_early_stopping_keeps_the_best_weights(sine: Windows, small: Params) -> None:
    params = change(small, train__epochs=400, train__validation=0.3, train__patience=5, train__schedule="constant")
    network, epochs = train_network(sine, 0, params.model, params.train)
    losses = [epoch.validation for epoch in epochs]
    assert len(epochs) < 400
    assert losses.index(min(losses)) == len(losses) - 1 - 5
    _, held_out = split_by_time(sine.series, 4, 0.3)
    offsets = torch.arange(-10, 4)[:, None]
    window = torch.from_numpy(sine.values)[torch.from_numpy(sine.cuts)[held_out] + offsets]
    window = window - torch.from_numpy(sine.levels[:, 0])[held_out]
    loss = torch.nn.functional.mse_loss(network(window[:10]), window[10:].T).item()
    assert loss == pytest.approx(min(losses))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.floats(0.05, 0.9), st.integers(1, 6))
def test_validation_windows_come_last_and_share_no_target_with_training(
    lengths: list[int], share: float, targets: int
) -> None:
    windows = Windows.cut(np.arange(sum(lengths), dtype=float), np.array(lengths), [5], targets, [0])
    training, held_out = (part.numpy() for part in split_by_time(windows.series, targets, share))
    if not len(held_out):
        assert len(training) == len(windows.cuts)
        return
    for series in np.unique(windows.series[training]):
        last = windows.cuts[training[windows.series[training] == series]].max()
        first = windows.cuts[held_out[windows.series[held_out] == series]].min()
        assert last + targets <= first  # the last training target ends before the first held-out one


def test_pinball_loss_worked_by_hand() -> None:
    predicted, actual = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 0.0])
    assert pinball_loss(predicted, actual, 0.9).item() == pytest.approx((0.9 * 2 + 0.1 * 1) / 2)


def test_pinball_loss_is_least_at_the_quantile() -> None:
    actual = torch.arange(101.0)
    losses = [pinball_loss(torch.full_like(actual, guess), actual, 0.9).item() for guess in range(101)]
    assert losses.index(min(losses)) == 90


@pytest.mark.parametrize(("loss", "expected"), [("mse", (0.25 + 9) / 2), ("mae", 1.75), ("huber", (0.125 + 2.5) / 2)])
def test_losses_worked_by_hand(default_params: Params, loss: str, expected: float) -> None:
    criterion = make_criterion(change(default_params, train__loss=loss).train)
    assert criterion(torch.tensor([0.5, 3.0]), torch.zeros(2)).item() == pytest.approx(expected)


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
