"""The forecaster: its output, its recursion, its files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.common.network import Forecaster, forecast, load_networks, save_networks
from stages.common.params import Params
from stages.common.windows import Windows
from tests.conftest import change


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_cell_reads_windows_and_gives_targets(
    default_params: Params, cell: str, bidirectional: bool, layers: int
) -> None:
    model = change(default_params, model__cell=cell, model__bidirectional=bidirectional, model__num_layers=layers).model
    network = Forecaster(model, targets=5)
    assert network(torch.zeros(7, 3)).shape == (3, 5)
    kinds: dict[str, Any] = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
    assert type(network.recurrent) is kinds[cell]
    assert (network.recurrent.bidirectional, network.recurrent.num_layers) == (bidirectional, layers)


@pytest.mark.parametrize(("cell", "bidirectional"), [("lstm", False), ("lstm", True), ("gru", True)])
def test_the_final_hidden_states_of_the_top_layer_feed_the_head(
    default_params: Params, cell: str, bidirectional: bool
) -> None:
    """They are `h_n` of `torch.nn.LSTM`'s documentation: its last rows are the top layer's, one for each direction."""
    torch.manual_seed(1)
    params = change(default_params, model__cell=cell, model__num_layers=2, model__bidirectional=bidirectional)
    network = Forecaster(params.model, targets=4)
    inputs = torch.randn(9, 6)
    _, state = network.recurrent(inputs.unsqueeze(-1))
    final = state[0] if cell == "lstm" else state
    top = torch.cat(list(final[-2:]), dim=-1) if bidirectional else final[-1]
    torch.testing.assert_close(network(inputs), network.head(top))


class Sum(torch.nn.Module):
    """Forecasts the sum of the last two inputs."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs[-2:].sum(0, keepdim=True).T


def test_recursive_forecast_feeds_itself() -> None:
    windows = Windows.cut(np.array([9.0, 1.0, 1.0, 5.0]), np.array([3, 1]), [3], 1, [0])
    values = forecast(Sum(), windows, 0, 5)  # type: ignore[arg-type]
    assert values[0].tolist() == [2, 3, 5, 8, 13]  # Fibonacci
    assert np.isnan(values[1]).all()


def test_local_level_is_taken_off_and_given_back_at_every_step() -> None:
    windows = Windows.cut(np.array([9.0, 1.0, 3.0]), np.array([3]), [3], 1, [1])
    values = forecast(Sum(), windows, 0, 2)  # type: ignore[arg-type]
    assert values[0].tolist() == [3 + (1 - 3), 1 + (3 - 1)]


def test_load_gives_what_was_saved(tmp_path: Path, default_params: Params) -> None:
    networks = {member: Forecaster(default_params.model, 12) for member in range(11)}
    save_networks({0: networks, 12: {3: networks[3]}}, default_params.model, 12, tmp_path)
    loaded = load_networks(tmp_path, 0)
    assert list(loaded) == list(networks)
    for member, network in networks.items():
        torch.testing.assert_close(network(torch.ones(3, 2)), loaded[member](torch.ones(3, 2)), rtol=0, atol=0)
    assert list(load_networks(tmp_path, 12)) == [3]
    assert load_networks(tmp_path, 24) == {}
