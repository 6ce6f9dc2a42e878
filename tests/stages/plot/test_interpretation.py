"""Looking inside a trained network: what is seen is what the network does."""

import numpy as np
import pytest
import torch

from stages.common.params import Params
from stages.plot.interpretation import gates_along, memory
from stages.train.batches import Batches, Inputs
from stages.train.network import Forecaster
from tests.builders import change, plain_windows


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_states_shown_are_those_that_the_network_has(
    default_params: Params, cell: str, layers: int, bidirectional: bool
) -> None:
    """The hidden states of the layer under the head, at every step of the last window of the second series."""
    windows = plain_windows(np.sin(np.arange(50.0)), np.array([30, 20]), [8], 3, [0])
    params = change(
        default_params,
        model__cell=cell,
        model__num_layers=layers,
        model__bidirectional=bidirectional,
        model__hidden_size=5,
    )
    torch.manual_seed(0)
    network = Forecaster(params.model, targets=3).eval()
    found = gates_along(network, cell, windows, 0, 1)
    seen = torch.tensor(np.sin(np.arange(42.0, 50.0)), dtype=torch.float32)
    with torch.inference_mode():
        expected = network.recurrent(seen[:, None, None])[0][:, 0, :5].numpy()
    np.testing.assert_allclose(found["hidden"], expected, atol=1e-6)
    np.testing.assert_allclose(found["value"][:, 0], seen, atol=1e-6)


def test_a_series_too_short_for_a_window_shows_nothing(default_params: Params) -> None:
    windows = plain_windows(np.arange(24.0), np.array([20, 4]), [8], 3, [0])
    assert gates_along(Forecaster(default_params.model, targets=3), "lstm", windows, 0, 1) == {}


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_memory_is_how_much_the_forecast_moves_with_each_input(default_params: Params, cell: str) -> None:
    """Against finite differences, every window and step ahead; in double precision."""
    windows = plain_windows(np.sin(np.arange(20.0)), np.array([20]), [6], 3, [0])
    torch.manual_seed(1)
    network = Forecaster(change(default_params, model__cell=cell, model__hidden_size=4).model, targets=3).eval()
    batches = Batches(windows, windows.training, 0)
    inputs = batches.gather(torch.arange(len(batches)))[0]
    double = network.double()
    expected = np.zeros(6)
    for lag in range(1, 7):
        moved = []
        for step in (1e-4, -1e-4):
            steps = inputs.steps.double().clone()
            steps[-lag, :, 0] += step
            with torch.inference_mode():
                moved.append(double(Inputs(steps, inputs.features.double(), inputs.bases.double())))
        expected[lag - 1] = float(((moved[0] - moved[1]) / 2e-4).abs().mean())
    np.testing.assert_allclose(memory(network.float(), windows, 0), expected, rtol=1e-3)
