"""The network: its output, recursive forecasts, its files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.common.params import Params
from stages.normalize.covariates import ScaledCovariates
from stages.train import network as network_module
from stages.train.batches import TRUST, Batches, Inputs
from stages.train.network import Network, forecast, load_networks, save_networks
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.cutting import cut_at_ends, cut_windows
from tests.builders import change, plain_ends, window_settings


def random_inputs(
    size: int = 7,
    windows: int = 3,
    channels: int = 1,
    features: int = 0,
    experts: int = 0,
    covariates: int = 0,
    past: int = 0,
    static: int = 0,
    targets: int = 5,
) -> Inputs:
    return Inputs(
        steps=torch.randn(size, windows, channels),
        features=torch.randn(windows, features),
        experts=torch.randn(windows, experts, targets),
        record=torch.zeros(windows, experts),
        informed=torch.zeros(windows, experts),
        covariates=torch.randn(windows, covariates, targets),
        past=torch.randn(size, windows, past),
        static=torch.randn(windows, static),
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("more", [{}, {"channels": 3, "features": 4, "experts": 2, "covariates": 2, "static": 1}])
def test_every_cell_reads_windows_and_gives_targets(
    default_params: Params, cell: str, bidirectional: bool, layers: int, more: dict[str, Any]
) -> None:
    model = change(default_params, model__cell=cell, model__bidirectional=bidirectional, model__num_layers=layers)[
        Model
    ]
    network = Network(model, targets=5, **more)
    assert network(random_inputs(**more)).shape == (3, 5)
    kinds: dict[str, Any] = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
    assert type(network.recurrent) is kinds[cell]
    assert (network.recurrent.bidirectional, network.recurrent.num_layers) == (bidirectional, layers)


@pytest.mark.parametrize(("cell", "bidirectional"), [("lstm", False), ("lstm", True), ("gru", True)])
@pytest.mark.parametrize("targets", [1, 5])
@pytest.mark.parametrize("features", [0, 2])
def test_the_final_hidden_states_of_the_top_layer_and_the_features_feed_the_head(
    default_params: Params, cell: str, bidirectional: bool, targets: int, features: int
) -> None:
    """They are `h_n` of `torch.nn.LSTM`'s documentation: its last rows are the top layer's, one for each direction."""
    torch.manual_seed(1)
    params = change(default_params, model__cell=cell, model__num_layers=2, model__bidirectional=bidirectional)
    network = Network(params[Model], features=features, targets=targets).eval()
    inputs = random_inputs(size=9, windows=6, features=features, targets=targets)
    _, state = network.recurrent(inputs.steps)
    final = state[0] if cell == "lstm" else state
    top = torch.cat(list(final[-2:]), dim=-1) if bidirectional else final[-1]
    expected = network.head(torch.cat([top, inputs.features], dim=-1))
    torch.testing.assert_close(network(inputs), expected)


def test_without_weights_the_forecast_is_the_mean_of_the_experts(default_params: Params) -> None:
    network = Network(default_params[Model], features=2, experts=3, targets=5).eval()
    torch.nn.init.zeros_(network.head.weight)
    inputs = random_inputs(features=2, experts=3)
    torch.testing.assert_close(network(inputs), inputs.experts.mean(dim=1))


@pytest.mark.parametrize("experts", [2, 5])
def test_the_forecast_is_a_weighted_mean_of_the_experts_and_a_correction(default_params: Params, experts: int) -> None:
    """The weight of an expert is the forecast where it alone is 1, others 0: from 0 to 1, summing to 1."""
    torch.manual_seed(0)
    network = Network(default_params[Model], features=2, experts=experts, targets=5).eval()
    torch.nn.init.normal_(network.head.weight, std=2.0)
    inputs = random_inputs(features=2, experts=experts)
    correction = network(replace(inputs, experts=torch.zeros(3, experts, 5)))
    assert correction.std() > 0.05
    weights = []
    for expert in range(experts):
        unit = torch.zeros(3, experts, 5)
        unit[:, expert] = 1
        weights.append(network(replace(inputs, experts=unit)) - correction)
    stacked = torch.stack(weights, dim=1)  # (3, experts, 5)
    assert (stacked >= -1e-6).all()
    torch.testing.assert_close(stacked.sum(dim=1), torch.ones(3, 5))
    assert stacked.std() > 0.05  # the head weighs them
    torch.testing.assert_close(network(inputs) - correction, (stacked * inputs.experts).sum(dim=1))


def test_the_gate_starts_from_the_records(default_params: Params) -> None:
    """An expert whose mean error is a half of the other's weighs two to the power of the trust as much."""
    network = Network(default_params[Model], features=2, experts=2, targets=5).eval()
    torch.nn.init.zeros_(network.head.weight)
    inputs = replace(
        random_inputs(features=2, experts=2),
        record=torch.tensor([0.0, float(np.log(0.5))], dtype=torch.float32).expand(3, 2),
    )
    weights = torch.tensor([1.0, 2.0**TRUST]) / (1 + 2.0**TRUST)
    torch.testing.assert_close(network(inputs), (weights[:, None] * inputs.experts).sum(dim=1))


def test_one_expert_is_not_weighed(default_params: Params) -> None:
    network = Network(default_params[Model], features=2, experts=1, targets=5).eval()
    inputs = random_inputs(features=2, experts=1)
    correction = network(replace(inputs, experts=torch.zeros(3, 1, 5)))
    torch.testing.assert_close(network(inputs), inputs.experts[:, 0] + correction)


@pytest.mark.parametrize("targets", [1, 5])
def test_a_covariate_moves_each_step_by_its_response(default_params: Params, targets: int) -> None:
    """Worked by hand: the second of three covariates, whose response is the first feature and 0.5."""
    network = Network(
        default_params[Model], features=2, covariates=3, targets=targets, varying={"covariates": [1]}
    ).eval()
    inputs = random_inputs(features=2, covariates=3, targets=targets)
    nothing = replace(inputs, covariates=torch.zeros(3, 3, targets))
    torch.testing.assert_close(network(inputs), network(nothing))
    assert network.response is not None
    with torch.no_grad():
        network.response[-1], network.response[-3] = 0.5, 1.0  # of the constant, and of the first of two features
    moved = network(inputs) - network(nothing)
    expected = (inputs.features[:, :1] + 0.5) * inputs.covariates[:, 1]
    torch.testing.assert_close(moved, expected)


def test_a_response_counts_as_much_as_the_gate_weighs_experts_without_covariates(default_params: Params) -> None:
    """Three experts of the same weight, one of which knows covariates: two thirds of the response; alone it has all."""
    network = Network(default_params[Model], features=2, experts=3, covariates=1, varying={"covariates": [0]}).eval()
    torch.nn.init.zeros_(network.head.weight)
    assert network.response is not None
    torch.nn.init.ones_(network.response[-1:])
    inputs = random_inputs(features=2, experts=3, covariates=1, targets=1)
    nothing = replace(inputs, covariates=torch.zeros(3, 1, 1))
    for informed, share in (([0.0, 0.0, 0.0], 1.0), ([0.0, 1.0, 0.0], 2 / 3), ([1.0, 1.0, 1.0], 0.0)):
        known = torch.tensor(informed).expand(3, 3)
        moved = network(replace(inputs, informed=known)) - network(replace(nothing, informed=known))
        torch.testing.assert_close(moved, share * inputs.covariates[:, 0])


def test_what_a_short_series_cannot_teach_the_panel_does(default_params: Params) -> None:
    """A response of 2 in units of scale, of values that are chance else: 30 series of 20 steps, and one not seen."""
    random = np.random.default_rng(0)
    x = random.choice([0.0, 1.0], (31, 24))
    values = 10 + 2 * x + 0.1 * random.normal(size=x.shape)
    trained, other = slice(0, 30), slice(30, 31)

    def covariates_of(series: slice, steps: int, ahead: int) -> ScaledCovariates:
        rows = x[series, : steps + ahead].reshape(-1, 1)
        return ScaledCovariates(rows, np.zeros((len(x[series]) * steps, 0)), np.zeros((len(x[series]), 0)), ahead)

    settings = window_settings(size=8, padding=True, local_scaling="smoothing", experts=["ses"])
    cuts = cut_windows(values[trained, :20].ravel(), np.full(30, 20), [], settings, 4, covariates_of(trained, 20, 0))
    network, _ = train_network(cuts, 0, default_params[Model], change(default_params, train__epochs=30)[Train])
    ends = cut_at_ends(values[other, :20].ravel(), np.array([20]), [], settings, 4, covariates_of(other, 20, 4))
    forecasts = forecast(network, ends, 4)
    assert np.abs(forecasts - values[other, 20:]).mean() < 0.4


@pytest.mark.parametrize("experts", [0, 1])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_past_covariates_are_inputs_at_each_step_that_start_without_effect(
    default_params: Params, bidirectional: bool, experts: int
) -> None:
    """The second of two: as an input of torch's own layer, whose weights are 0 at first."""
    model = change(default_params, model__bidirectional=bidirectional)[Model]
    network = Network(model, channels=3, experts=experts, past=2, targets=5, varying={"past": [1]}, pooling=0.5).eval()
    inputs = random_inputs(channels=3, experts=experts, past=2)
    nothing = replace(inputs, past=torch.zeros(7, 3, 2))
    torch.testing.assert_close(network(inputs), network(nothing))
    torch.nn.init.ones_(network.recurrent.weight_ih_l0)
    assert (network(inputs) - network(nothing)).abs().min() > 0
    other = replace(inputs, past=torch.cat([torch.zeros(7, 3, 1), inputs.past[..., 1:]], dim=-1))
    torch.testing.assert_close(network(other), network(inputs))  # the first is not read
    assert network.read(inputs)[..., 3].equal(inputs.past[..., 1] / 2)


def test_what_leads_many_short_series_is_learned_from_all_of_them(default_params: Params) -> None:
    """Values are 3 times a covariate of three steps before, and chance: 60 series of 20 steps, and one not seen."""
    random = np.random.default_rng(0)
    x = random.normal(size=(61, 23))
    values = 10 + 3 * x[:, :20] + 0.1 * random.normal(size=(61, 20))
    ahead = 10 + 3 * x[60, 20:]

    def covariates_of(series: slice) -> ScaledCovariates:
        rows = x[series, 3:].reshape(-1, 1)
        return ScaledCovariates(rows[:, :0], rows, np.zeros((len(x[series]), 0)), ahead=0)

    settings = window_settings(size=8, padding=True, local_scaling="smoothing", experts=["ses"])
    trained, other = slice(0, 60), slice(60, 61)
    cuts = cut_windows(values[trained].ravel(), np.full(60, 20), [], settings, 3, covariates_of(trained))
    network, _ = train_network(cuts, 0, default_params[Model], change(default_params, train__epochs=30)[Train])
    ends = cut_at_ends(values[other].ravel(), np.array([20]), [], settings, 3, covariates_of(other))
    assert np.abs(forecast(network, ends, 3) - ahead).mean() < 1.2  # 2.4 is the mean distance from the level


def test_training_starts_near_the_experts(default_params: Params) -> None:
    torch.manual_seed(0)
    network = Network(default_params[Model], features=2, experts=3, targets=5).eval()
    inputs = random_inputs(windows=100, features=2, experts=3)
    assert (network(inputs) - inputs.experts.mean(dim=1)).abs().mean() < 0.1 * inputs.experts.abs().mean()


@pytest.mark.parametrize("targets", [1, 5])
def test_head_dropout_acts_in_training_alone(default_params: Params, targets: int) -> None:
    model = change(default_params, model__head_dropout=0.5)[Model]
    network = Network(model, features=2, targets=targets)
    inputs = random_inputs(features=2, targets=targets)
    network.eval()
    assert torch.equal(network(inputs), network(inputs))
    network.train()
    assert not torch.equal(network(inputs), network(inputs))


class Sum(torch.nn.Module):
    """Forecasts the sum of the last two inputs."""

    def forward(self, inputs: Inputs) -> Tensor:
        return inputs.steps[-2:, :, 0].sum(0, keepdim=True).T


def test_recursive_forecast_feeds_itself() -> None:
    windows = plain_ends([9, 1, 1, 5], [3, 1], 3, 1)
    values = forecast(Sum(), windows, 5)  # type: ignore[arg-type]
    assert values[0].tolist() == [2, 3, 5, 8, 13]  # Fibonacci
    assert np.isnan(values[1]).all()


class FirstExpert(torch.nn.Module):
    """Forecasts the first of the experts."""

    def forward(self, inputs: Inputs) -> Tensor:
        return inputs.experts[:, 0]


def test_level_season_and_scale_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two purely seasonal series continue, one is too short; the windows are forecast in several chunks."""
    monkeypatch.setattr(network_module, "CHUNK", 2)
    pattern = np.array([5.0, -3.0, 0.0, -2.0])
    values = np.concatenate([50 + np.resize(pattern, 22), [1.0, 2.0], 7 + 3 * np.resize(pattern, 40)])
    settings = window_settings(size=6, padding=True, local_scaling="smoothing", experts=["seasonal_mean"])
    windows = cut_at_ends(values, np.array([22, 2, 40]), [4], settings, 6)
    forecasts = forecast(FirstExpert(), windows, 6)  # type: ignore[arg-type]
    np.testing.assert_allclose(forecasts[0], 50 + np.resize(np.roll(pattern, -2), 6), atol=1e-3)
    np.testing.assert_allclose(forecasts[2], 7 + 3 * np.resize(pattern, 6), atol=1e-3)
    assert np.isnan(forecasts[1]).all()


def test_no_series_long_enough_gives_no_forecast(default_params: Params) -> None:
    windows = plain_ends(np.arange(5), [3, 2], 4, 2)
    assert np.isnan(forecast(Network(default_params[Model], targets=2), windows, 2)).all()


def test_a_network_fits_its_batches(default_params: Params) -> None:
    experts = ["ses", "theta", "seasonal_mean"]
    settings = window_settings(size=6, padding=True, local_scaling="smoothing", experts=experts)
    data = (np.random.default_rng(0).normal(0, 1, 60), np.array([60]), [2, 4], settings, 3)
    network = Network.of(default_params[Model], Batches(cut_windows(*data)))
    assert network.shape == {
        "channels": 1 + 1 + 2,
        "features": 7 + 2,
        "experts": 2 + 4,
        "covariates": 0,
        "past": 0,
        "static": 0,
        "targets": 3,
    }
    assert np.isfinite(forecast(network, cut_at_ends(*data), 3)).all()


@pytest.mark.parametrize(
    "more", [{}, {"channels": 3, "features": 4, "experts": 2}, {"covariates": 3, "past": 2, "static": 2}]
)
def test_load_gives_what_save_wrote(tmp_path: Path, default_params: Params, more: dict[str, int]) -> None:
    varying = {"covariates": [0, 2], "past": [1], "static": [1]} if "covariates" in more else {}
    networks = {
        member: Network(default_params[Model], targets=5, varying=varying, pooling=0.3, **more).eval()
        for member in range(11)
    }
    for name, weight in networks[3].named_parameters():
        if name == "response" or name.startswith("recurrent.weight_ih"):  # else the covariates count for nothing yet
            torch.nn.init.normal_(weight)
    save_networks({0: networks, 12: {3: networks[3]}}, tmp_path)
    loaded = load_networks(tmp_path, 0)
    assert list(loaded) == list(networks)
    inputs = random_inputs(**more)
    for member, network in networks.items():
        found = loaded[member].eval()(inputs)
        for one, two in zip(network(inputs), found, strict=True):
            torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert list(load_networks(tmp_path, 12)) == [3]
    assert load_networks(tmp_path, 24) == {}
