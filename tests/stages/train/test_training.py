"""Training of small networks on small data, and its parts."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from stages.common.errors import UserError
from stages.common.params import Params
from stages.normalize.covariates import ScaledCovariates
from stages.train.batches import Batches, Targets
from stages.train.losses import LOSSES
from stages.train.network import Network
from stages.train.optimizer import Optimizer, schedule
from stages.train.params import Model, Train
from stages.train.training import (
    Member,
    find_device,
    make_criterion,
    member_seed,
    train_network,
    train_networks,
)
from stages.window.cutting import cut_windows
from stages.window.params import Window
from stages.window.windows import Windows
from tests.builders import change, plain_windows, window_settings

WITH_EXPERTS = window_settings(
    size=10, padding=True, local_scaling="smoothing", experts=["ses", "theta", "holt", "seasonal_mean"]
)


@pytest.fixture
def sine() -> Windows:
    """Two noisy sine waves of different lengths."""
    random = np.random.default_rng(0)
    values = np.concatenate([np.sin(np.arange(n) / 3) + random.normal(0, 0.05, n) for n in (80, 50)])
    return plain_windows(values, [80, 50], 10, 4)


@pytest.fixture
def seasonal() -> Windows:
    """Three series with a season of four and noise, with experts."""
    random, lengths = np.random.default_rng(0), np.array([60, 25, 40])
    pattern = np.concatenate([np.resize([2.0, -1.0, 0.5, -1.5], length) for length in lengths])
    return cut_windows(10 + pattern + random.normal(0, 0.5, 125), lengths, [4], WITH_EXPERTS, 4)


@pytest.fixture
def small(default_params: Params) -> Params:
    return change(default_params, train__epochs=40, train__learning_rate=1e-2, train__batch_size=64)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_falls(sine: Windows, small: Params, cell: str, loss: str) -> None:
    params = change(small, model__cell=cell, train__loss=loss)
    _, epochs = train_network(sine, 0, params[Model], params[Train])
    assert len(epochs) == 40
    assert epochs[-1].loss < 0.6 * epochs[0].loss


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_either_precision_trains_weights_in_float32(sine: Windows, small: Params, precision: str) -> None:
    network, epochs = train_network(sine, 0, small[Model], change(small, train__precision=precision)[Train])
    assert epochs[-1].loss < 0.6 * epochs[0].loss
    assert {weights.dtype for weights in network.state_dict().values()} == {torch.float32}


def test_bfloat16_computes_in_bfloat16(sine: Windows, small: Params) -> None:
    """The first losses differ, but by no more than eight binary digits allow."""
    first = {
        precision: train_network(sine, 0, small[Model], change(small, train__precision=precision)[Train])[1][0].loss
        for precision in ("float32", "bfloat16")
    }
    assert first["float32"] != first["bfloat16"]
    assert first["bfloat16"] == pytest.approx(first["float32"], rel=0.02)


def test_training_improves_on_the_mean_of_the_experts(seasonal: Windows, small: Params) -> None:
    _, epochs = train_network(seasonal, 0, small[Model], change(small, train__loss="mse")[Train])
    batches = Batches(seasonal)
    targets = batches.gather(torch.arange(len(batches)))[1]
    error = (targets.values - batches.experts.mean(dim=1)) ** 2
    assert epochs[-1].loss < (error * targets.known).sum() / targets.known.sum()


def test_masked_targets_change_no_weight(small: Params) -> None:
    """Windows of the first series alone, the last of which reach into the second."""
    random, lengths = np.random.default_rng(0), np.array([40, 40])
    values = random.normal(0, 1, 80)
    whole = cut_windows(values, lengths, [4], WITH_EXPERTS, 6)
    own = whole.cuts.take(np.flatnonzero(whole.cuts.series == 0))
    assert own.after.min() < 6
    changed = np.concatenate([values[:40], random.normal(50, 10, 40)]).astype(np.float32)
    settings = change(small, train__epochs=5)[Train]
    one, two = (
        train_network(replace(whole, values=each, cuts=own), 0, small[Model], settings)[0].state_dict()
        for each in (whole.values, changed)
    )
    for name, weights in one.items():
        assert torch.equal(weights, two[name]), name


def test_masked_inputs_change_no_weight(small: Params) -> None:
    """Windows of the second series alone, the first of which reach into the first series."""
    random, lengths = np.random.default_rng(0), np.array([40, 40])
    values = random.normal(0, 1, 80)
    whole = cut_windows(values, lengths, [4], WITH_EXPERTS, 6)
    own = whole.cuts.take(np.flatnonzero(whole.cuts.series == 1))
    assert own.before.min() < 10
    changed = np.concatenate([random.normal(50, 10, 40), values[40:]]).astype(np.float32)
    settings = change(small, train__epochs=5)[Train]
    one, two = (
        train_network(replace(whole, values=each, cuts=own), 0, small[Model], settings)[0].state_dict()
        for each in (whole.values, changed)
    )
    for name, weights in one.items():
        assert torch.equal(weights, two[name]), name


@pytest.mark.parametrize(
    ("windows", "most", "expected"), [(1000, 7, 7), (1000, None, 8), (200, 7, 2), (1, 7, 1), (1000, 8, 8)]
)
def test_an_epoch_has_at_most_that_many_batches(
    default_params: Params, windows: int, most: int | None, expected: int
) -> None:
    settings = change(default_params, train__steps_per_epoch=most, train__batch_size=128)[Train]
    assert settings.batches_in_epoch(windows) == expected


@pytest.mark.parametrize(
    ("windows", "size", "batches"),
    [(0, 1, 0), (1, 1, 1), (21, 11, 2), (100, 50, 2), (300, 64, 5), (800, 80, 10), (1280, 128, 10), (9000, 128, 10)],
)
def test_few_windows_make_small_batches(default_params: Params, windows: int, size: int, batches: int) -> None:
    settings = change(default_params, train__steps_per_epoch=10, train__batch_size="auto")[Train]
    assert (settings.batch_of(windows), settings.batches_in_epoch(windows)) == (size, batches)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of each step that optimizers take."""
    rates: list[float] = []
    step = Optimizer.step

    def recorded(optimizer: Optimizer, rate: float, beta_1: float) -> None:
        rates.append(rate)
        step(optimizer, rate, beta_1)

    monkeypatch.setattr(Optimizer, "step", recorded)
    return rates


@pytest.mark.parametrize("most", [None, 2])
def test_an_epoch_takes_as_many_steps_and_the_schedule_ends_with_the_last(
    sine: Windows, small: Params, most: int | None, taken: list[float]
) -> None:
    settings = change(small, train__batch_size=16, train__epochs=10, train__steps_per_epoch=most)[Train]
    train_network(sine, 0, small[Model], settings)
    windows = (80 - 13) + (50 - 13)  # of the two series
    assert len(taken) == 10 * (most or math.ceil(windows / 16))
    assert taken[-1] < 0.02 * max(taken)


@pytest.mark.parametrize("clip", [None, 0.01])
def test_the_norm_of_the_gradient_is_clipped(
    sine: Windows, small: Params, clip: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []
    step = Optimizer.step

    def recorded(optimizer: Optimizer, rate: float, beta_1: float) -> None:
        gradients = [weights.grad for weights in optimizer.weights]
        norms.append(float(torch.cat([gradient.flatten() for gradient in gradients if gradient is not None]).norm()))
        step(optimizer, rate, beta_1)

    monkeypatch.setattr(Optimizer, "step", recorded)
    settings = change(small, train__epochs=3, train__clip=clip)[Train]
    train_network(sine, 0, small[Model], settings)
    assert (max(norms) <= 0.0101) == (clip is not None)


@pytest.mark.parametrize("shuffle", [False, True])
def test_windows_are_in_the_order_of_series_and_time_unless_shuffled(
    sine: Windows, small: Params, shuffle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[list[int]] = []
    stream = Batches.stream

    def recorded(batches: Batches, of_networks: torch.Tensor, size: int) -> Any:
        orders.extend(of_networks.tolist())
        return stream(batches, of_networks, size)

    monkeypatch.setattr(Batches, "stream", recorded)
    settings = change(small, train__epochs=3, train__shuffle=shuffle, train__steps_per_epoch=None)[Train]
    train_networks(sine, [0, 3], small[Model], settings)
    everything = list(range(len(sine.cuts)))
    assert [sorted(order) for order in orders] == [everything] * 6
    assert (orders == [everything] * 6) == (not shuffle)
    assert (orders[0] != orders[2]) == shuffle  # of the first member in two epochs
    assert (orders[0] != orders[1]) == shuffle  # of both in the first


def test_every_window_is_used_in_some_epoch(sine: Windows, small: Params) -> None:
    """Changing any one window changes the weights, even if an epoch has fewer batches than windows."""
    settings = change(small, train__batch_size=16, train__epochs=30, train__steps_per_epoch=1)[Train]
    plain = train_network(sine, 0, small[Model], settings)[0].state_dict()
    for place in (0, len(sine.cuts) // 2, len(sine.cuts) - 1):
        level = sine.cuts.level.copy()
        level[place] += 1
        changed = replace(sine, cuts=replace(sine.cuts, level=level))
        other = train_network(changed, 0, small[Model], settings)[0].state_dict()
        assert any(not torch.equal(weights, other[name]) for name, weights in plain.items())


def test_the_pull_keeps_forecasts_near_the_mean_of_the_experts(seasonal: Windows, small: Params) -> None:
    def distance(pull: float) -> float:
        settings = change(small, train__expert_pull=pull)[Train]
        network, _ = train_network(seasonal, 0, small[Model], settings)
        batches = Batches(seasonal)
        inputs, _ = batches.gather(torch.arange(len(batches)))
        with torch.inference_mode():
            return float((network.eval()(inputs) - batches.expert_mean).abs().mean())

    assert distance(80.0) < 0.5 * distance(0.0)


@pytest.mark.parametrize(
    ("lengths", "weight"),
    [([200, 100, 400], 0.1), ([200, 0, 0, 0, 0], 0.1), ([80, 80], 0.25), ([10, 30, 9], 0.25), ([0], 0.25)],
)
def test_the_pull_is_stronger_for_shorter_histories_down_to_80_steps(
    sine: Windows, default_params: Params, lengths: list[int], weight: float
) -> None:
    """Over the median length, by hand: 20 / 200, 20 / 80."""
    windows = replace(sine, lengths=np.array(lengths))
    settings = change(default_params, train__loss="mae", train__expert_pull=20.0)[Train]
    targets = Targets(torch.tensor([[3.0]]), torch.tensor([[1.0]]), torch.tensor([[5.0]]))
    assert make_criterion(windows, settings)(torch.tensor([[3.0]]), targets).item() == pytest.approx(2 * weight)


def test_most_series_may_have_no_history(seasonal: Windows, small: Params) -> None:
    short = replace(seasonal, lengths=np.zeros_like(seasonal.lengths))
    _, epochs = train_network(short, 0, small[Model], change(small, train__expert_pull=1.0)[Train])
    assert np.isfinite([epoch.loss for epoch in epochs]).all()


def test_one_seed_gives_the_same_weights_and_another_gives_others(sine: Windows, small: Params) -> None:
    settings = change(small, train__epochs=3)[Train]
    one, again = (train_network(sine, 1, small[Model], settings)[0].state_dict() for _ in range(2))
    other = train_network(sine, 2, small[Model], settings)[0].state_dict()
    for name, weights in one.items():
        assert torch.equal(weights, again[name])
        assert not torch.equal(weights, other[name])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [("mse", (0.25 + 9) / 2), ("mae", 1.75)],
)
def test_the_criterion_worked_by_hand(sine: Windows, default_params: Params, loss: str, expected: float) -> None:
    """The mean over the known targets, plus the pull: over 80 steps, as the histories have 65."""
    settings = change(default_params, train__loss=loss, train__expert_pull=0.0)[Train]
    predicted = torch.tensor([[0.5, 3.0, 7.0]])
    targets = Targets(torch.tensor([[0.0, 0.0, -1e9]]), torch.tensor([[1.0, 1.0, 0.0]]), torch.zeros(1, 3))
    assert make_criterion(sine, settings)(predicted, targets).item() == pytest.approx(expected)
    settings = change(default_params, train__loss=loss, train__expert_pull=16.0)[Train]
    distance = (0.5 + 3.0 + 7.0) / 3  # of all targets, known or not
    assert make_criterion(sine, settings)(predicted, targets).item() == pytest.approx(expected + 16 / 80 * distance)


def test_a_loss_that_is_not_finite_is_refused_with_advice(sine: Windows, small: Params) -> None:
    params = change(small, train__learning_rate=1e30, train__clip=None, train__schedule="constant")
    with pytest.raises(UserError, match=r"train\.learning_rate"):
        train_network(sine, 0, params[Model], params[Train])


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"train__learning_rate": 1e4}, "train.learning_rate"),
        ({"train__weight_decay": 1e6, "train__epochs": 1}, "train.weight_decay"),
        ({"train__expert_pull": 1e300}, "train.expert_pull"),
    ],
)
def test_training_that_diverges_is_refused_with_the_parameter(
    sine: Windows, small: Params, changes: dict[str, object], culprit: str
) -> None:
    params = change(small, train__schedule="constant", **changes)
    with pytest.raises(UserError, match=rf"^params\.yaml: .*; make {culprit} smaller"):
        train_network(sine, 0, params[Model], params[Train])


def test_a_member_whose_training_diverges_is_refused_in_any_company(
    sine: Windows, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two, whose last step is too large, or whose loss is not finite."""
    settings = change(small, train__epochs=1)[Train]
    monkeypatch.setattr(Member, "__init__", spoiled(Member.__init__, 1e6))
    with pytest.raises(UserError, match="errors of member 5 are"):
        train_networks(sine, [2, 5], small[Model], settings)
    monkeypatch.setattr(Member, "__init__", spoiled(Member.__init__, math.nan))
    with pytest.raises(UserError, match="loss of member 5 is nan in epoch 1"):
        train_networks(sine, [2, 5], small[Model], settings)


def spoiled(begin: Any, factor: float) -> Any:
    """`Member.__init__` that multiplies the head of member 5."""

    def begin_spoiled(member: Member, number: int, *others: Any) -> None:
        begin(member, number, *others)
        if number == 5:
            with torch.no_grad():
                member.network.head.weight.mul_(factor)

    return begin_spoiled


def test_dropout_differs_from_step_to_step(sine: Windows, small: Params) -> None:
    """And is the same again for the same member."""
    params, cpu = change(small, model__head_dropout=0.5), torch.device("cpu")
    batches = Batches(sine)
    inputs, _ = batches.gather(torch.arange(4))
    seen = []
    for _ in range(2):
        member = Member(1, params[Model], 0, batches, cpu)
        seen.append([member.heads(inputs)[0] for _ in range(3)])
        torch.rand(5)  # what else takes random numbers meanwhile
    for one, other in zip(*seen, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(seen[0][0], seen[0][1])
    assert not torch.equal(seen[0][1], seen[0][2])


def test_the_loss_of_an_epoch_is_the_mean_over_the_windows_that_it_saw(sine: Windows, small: Params) -> None:
    """Two batches of five of more than a hundred windows, by networks that do not learn."""
    changes = {"train__batch_size": 5, "train__steps_per_epoch": 2, "train__shuffle": False, "train__epochs": 1}
    params = change(small, **changes, train__learning_rate=1e-12, train__expert_pull=0.0, model__head_dropout=0.0)
    ((network, (epoch,)),) = train_networks(sine, [0], params[Model], params[Train])
    inputs, targets = Batches(sine).gather(torch.arange(10))
    with torch.inference_mode():
        expected = LOSSES[params[Train].loss](network.eval()(inputs), targets.values)
    assert bool(targets.known.all())
    assert epoch.loss == pytest.approx(expected.mean().item(), rel=1e-4)


def test_progress_is_reported_every_epoch(sine: Windows, small: Params) -> None:
    seen: list[tuple[int, int, float]] = []
    settings = change(small, train__epochs=3)[Train]
    trained = train_networks(sine, [2, 0], small[Model], settings, lambda *report: seen.append(report))
    assert [(member, epoch) for member, epoch, _ in seen] == [(2, 1), (0, 1), (2, 2), (0, 2), (2, 3), (0, 3)]
    for place, (_, epochs) in enumerate(trained):
        assert [loss for _, _, loss in seen[place::2]] == [epoch.loss for epoch in epochs]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model__cell": "gru", "model__num_layers": 2, "model__dropout": 0.3, "train__loss": "mse"},
        {"window__experts": [], "window__local_scaling": "none", "train__clip": None, "train__optimizer": "adam"},
        {"window__experts": ["ses"], "model__bidirectional": True, "train__shuffle": False, "model__head_dropout": 0.0},
    ],
)
def test_a_network_is_the_same_alone_and_beside_others(default_params: Params, changes: dict[str, object]) -> None:
    """To the bit, whatever its company: its random numbers, batches, clipping and steps are its own."""
    params = change(default_params, train__epochs=3, train__batch_size=7, **changes)
    random = np.random.default_rng(0)
    windows = cut_windows(random.normal(0, 1, 90).cumsum(), np.array([50, 40]), [4], params[Window], 3)
    alone = [train_network(windows, member, params[Model], params[Train]) for member in range(5)]
    for members in ([0, 1, 2, 3, 4], [4, 1], [3, 0, 2]):
        together = train_networks(windows, members, params[Model], params[Train])
        for member, (network, epochs) in zip(members, together, strict=True):
            expected, losses = alone[member]
            assert epochs == losses
            for name, weights in expected.state_dict().items():
                assert torch.equal(weights, network.state_dict()[name]), name
    assert not torch.equal(alone[0][0].head.weight, alone[1][0].head.weight)


def test_networks_with_covariates_are_the_same_alone_and_beside_others(default_params: Params) -> None:
    random, params = np.random.default_rng(0), change(default_params, train__epochs=2)
    past = random.normal(size=(90, 3))
    covariates = ScaledCovariates(past[:, :2], past[:, 2:], np.array([[0.0], [1.0]]), ahead=0)
    values, lengths = random.normal(0, 1, 90).cumsum(), np.array([50, 40])
    windows = cut_windows(values, lengths, [4], params[Window], 3, covariates)
    assert all(windows.varying[name] for name in ("covariates", "past", "static"))
    together = train_networks(windows, [0, 1, 2], params[Model], params[Train])
    for member, (network, _) in enumerate(together):
        alone, _ = train_network(windows, member, params[Model], params[Train])
        for name, weights in alone.state_dict().items():
            assert torch.equal(weights, network.state_dict()[name]), name


def test_networks_go_on_from_earlier_ones_for_fewer_epochs(sine: Windows, small: Params) -> None:
    """From their weights: a rate of nearly 0 leaves them as they were. Those of other inputs start anew."""
    params = change(small, train__epochs=4, train__update_epochs=2, train__learning_rate=1e-9, train__weight_decay=0.0)
    random = {member: Network(params[Model], targets=4) for member in (0, 1)}
    trained = train_networks(sine, [1, 0], params[Model], params[Train], earlier=random)
    for member, (network, epochs) in zip((1, 0), trained, strict=True):
        assert len(epochs) == 2
        for name, weights in random[member].state_dict().items():
            torch.testing.assert_close(network.state_dict()[name], weights, rtol=0, atol=1e-6)
    anew = train_networks(sine, [0], params[Model], params[Train])[0]
    assert len(anew[1]) == 4
    others = [
        Network(params[Model], features=1, targets=4),
        Network(params[Model], covariates=1, targets=4, varying={"covariates": [0]}),
    ]
    for other in others:
        network, epochs = train_networks(sine, [0], params[Model], params[Train], earlier={0: other})[0]
        assert epochs == anew[1]
        assert torch.equal(network.head.weight, anew[0].head.weight)


def test_only_weights_of_the_same_covariates_are_taken(default_params: Params) -> None:
    """Not those of other columns, even if as many; and what depends on the windows stays that of the own ones."""
    shape = {"covariates": 3, "past": 2, "static": 2, "targets": 4}
    own = {"covariates": [0, 2], "past": [1], "static": [0]}
    for name, others in (("covariates", [0, 1]), ("past", [0]), ("static", [1])):
        networks = [Network(default_params[Model], **shape, varying=each) for each in (own, {**own, name: others})]
        assert not networks[0].go_on_from(networks[1])
    network, earlier = (Network(default_params[Model], **shape, varying=own, pooling=each) for each in (0.25, 0.5))
    assert network.go_on_from(earlier)
    assert torch.equal(network.head.weight, earlier.head.weight)
    assert network.pooling is not None
    assert network.pooling.item() == 0.25


def test_many_windows_are_each_read_three_times(sine: Windows, small: Params) -> None:
    params = change(small, train__epochs="auto", train__batch_size=4, train__steps_per_epoch=1)
    epochs = math.ceil(3 * len(sine.cuts) / 4)
    assert epochs > 30
    ((_, losses),) = train_networks(sine, [0], params[Model], params[Train])
    assert len(losses) == epochs


def test_the_rate_has_a_cycle_of_its_own_for_networks_that_go_on(
    sine: Windows, small: Params, taken: list[float]
) -> None:
    params = change(small, train__epochs=9, train__update_epochs=3, train__schedule="one_cycle")
    train_networks(sine, [0], params[Model], params[Train], earlier={0: Network(params[Model], targets=4)})
    assert len(taken) == 3 * params[Train].batches_in_epoch(len(sine.cuts))
    assert taken == [rate for rate, _ in schedule(params[Train], len(taken))]


def test_networks_that_go_on_leave_the_earlier_ones_as_they_were(sine: Windows, small: Params) -> None:
    params = change(small, train__update_epochs=1)
    earlier = Network(params[Model], targets=4)
    before = {name: weights.clone() for name, weights in earlier.state_dict().items()}
    ((network, _),) = train_networks(sine, [0], params[Model], params[Train], earlier={0: earlier})
    assert not torch.equal(network.head.weight, earlier.head.weight)
    for name, weights in earlier.state_dict().items():
        assert torch.equal(weights, before[name])


def test_nobody_is_trained_where_nobody_is_asked_for(sine: Windows, small: Params) -> None:
    assert train_networks(sine, [], small[Model], small[Train]) == []


def test_members_have_seeds_of_their_own_from_the_first_on() -> None:
    assert [member_seed(7, member) for member in range(3)] == [7, 1007, 2007]


@pytest.mark.parametrize(
    ("device", "available", "expected"),
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", True, "cpu"),
        ("cuda", True, "cuda"),
        ("mps", True, "mps"),
    ],
)
def test_a_gpu_is_used_where_there_is_one(
    default_params: Params, monkeypatch: pytest.MonkeyPatch, device: str, available: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)  # which `auto` does not choose
    assert find_device(change(default_params, train__device=device)[Train]) == torch.device(expected)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_named_gpu_that_is_not_there_is_refused(
    default_params: Params, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    for gpus in (torch.cuda, torch.backends.mps):
        monkeypatch.setattr(gpus, "is_available", lambda: False)
    with pytest.raises(UserError, match=rf"train\.device is {device}, but torch finds no such GPU here"):
        find_device(change(default_params, train__device=device)[Train])
