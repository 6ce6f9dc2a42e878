"""Traced gates and states: against torch, and against values worked by hand."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.plot.gates import trace, trace_layers
from stages.train.cells import CELLS, Cell
from stages.train.network import Network
from stages.train.params import Model

GATE_COUNTS = {"lstm": 4, "gru": 3, "rnn": 1}


def weights_of(network: torch.nn.Module) -> dict[str, npt.NDArray[Any]]:
    return {name: value.detach().numpy() for name, value in network.named_parameters()}


def columns(**values: list[list[float]] | list[float]) -> dict[str, Floats]:
    return {f"{name}_l0": np.array(value) for name, value in values.items()}


@given(
    cell=st.sampled_from(list(CELLS)),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(*[st.integers(1, most) for most in (9, 4, 5, 6)]),
    layers=st.integers(1, 3),
    bias=st.booleans(),
    bidirectional=st.booleans(),
)
def test_every_step_of_every_layer_equals_torch(
    cell: str, seed: int, sizes: tuple[int, ...], layers: int, bias: bool, bidirectional: bool
) -> None:
    size, windows, channels, hidden = sizes
    torch.manual_seed(seed)
    network = CELLS[cell].module()(channels, hidden, layers, bias=bias, bidirectional=bidirectional).double()
    for weight in network.parameters():
        torch.nn.init.normal_(weight)  # large enough to close and open gates
    steps = torch.randn(size, windows, channels, dtype=torch.float64)
    output, final = network(steps)
    traced = trace_layers(cell, weights_of(network), steps.numpy())

    directions = ["", "_reverse"] if bidirectional else [""]
    assert list(traced) == [f"l{layer}{direction}" for layer in range(layers) for direction in directions]
    top = [traced[f"l{layers - 1}{direction}"]["hidden"] for direction in directions]
    np.testing.assert_allclose(np.concatenate(top, axis=-1), output.detach(), atol=1e-6)
    for name, last in zip(("hidden", "cell"), final if cell == "lstm" else (final,), strict=False):
        ends = [states[name][0 if part.endswith("_reverse") else -1] for part, states in traced.items()]
        np.testing.assert_allclose(np.stack(ends), last.detach(), atol=1e-6)
    for states in traced.values():
        assert {values.shape for values in states.values()} == {(size, windows, hidden)}


@pytest.mark.parametrize("cell", CELLS)
def test_weights_of_any_size_saturate_without_a_warning(cell: str) -> None:
    many = GATE_COUNTS[cell]
    weights = columns(weight_ih=[[1e6]] * many, weight_hh=[[-1e6]] * many)
    for values in trace(cell, weights, np.array([1.0, -1.0, 0.0]).reshape(3, 1, 1)).values():
        assert np.isfinite(values).all()


def test_the_hidden_states_of_a_float32_network_of_the_project(default_params: Params) -> None:
    torch.manual_seed(0)
    network = Network(default_params[Model], channels=3, targets=12)
    steps = torch.randn(24, 5, 3)
    traced = trace(default_params[Model].cell, weights_of(network.recurrent), steps.double().numpy())
    np.testing.assert_allclose(traced["hidden"], network.recurrent(steps)[0].detach(), atol=1e-5)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_two_steps_of_a_gru_by_hand() -> None:
    weights = columns(
        weight_ih=[[1.0], [0.5], [2.0]], weight_hh=[[0.5], [-1.0], [1.5]], bias_ih=[0.1, 0.0, -0.5], bias_hh=[0, 0, 0.4]
    )
    traced = {name: values[:, 0, 0] for name, values in trace("gru", weights, np.array([[[1.0]], [[-0.5]]])).items()}
    r, z = sigmoid(1.1), sigmoid(0.5)  # from h = 0
    n = math.tanh(1.5 + r * 0.4)
    first = (1 - z) * n
    np.testing.assert_allclose([r, z, n, first], [0.7503, 0.6225, 0.9468, 0.3575], atol=5e-5)
    r2, z2 = sigmoid(-0.4 + 0.5 * first), sigmoid(-0.25 - first)
    n2 = math.tanh(-1.5 + r2 * (1.5 * first + 0.4))  # the reset gate takes hold of the bias too
    second = (1 - z2) * n2 + z2 * first
    expected = {"reset": [r, r2], "update": [z, z2], "candidate": [n, n2], "hidden": [first, second]}
    assert list(traced) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(traced[name], values, rtol=1e-12)


def test_two_steps_of_a_plain_rnn_by_hand() -> None:
    weights = columns(weight_ih=[[0.5]], weight_hh=[[2.0]], bias_ih=[0.1], bias_hh=[-0.2])
    hidden = trace("rnn", weights, np.array([[[1.0]], [[0.0]]]))["hidden"][:, 0, 0]
    np.testing.assert_allclose(hidden, [math.tanh(0.4), math.tanh(2 * math.tanh(0.4) - 0.1)], rtol=1e-12)
    np.testing.assert_allclose(hidden, [0.3799, 0.5783], atol=5e-5)


def test_a_cell_without_a_step_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CELLS, "other", Cell(CELLS["lstm"].module, None, (), "hidden", 4))
    with pytest.raises(ValueError, match="other"):
        trace("other", {}, np.zeros((1, 1, 1)))
