"""The cells written out: torch's outputs, values worked by hand, and the numbers that models/README.md prints."""

import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stages.common.params import Params
from stages.train.batches import Batches
from stages.train.cells import STEPS, trace, trace_layers
from stages.train.network import CELLS, Forecaster
from stages.window.__main__ import cut_windows
from tests.builders import change
from tests.projects import ROOT

Floats = npt.NDArray[np.float64]

PAGE = (ROOT / "models/README.md").read_text(encoding="utf-8")
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
NUMBER = r"-?\d+(?:\.\d+)?"


def weights_of(network: torch.nn.Module) -> dict[str, npt.NDArray[Any]]:
    return {name: value.detach().numpy() for name, value in network.named_parameters()}


def columns(**values: list[list[float]] | list[float]) -> dict[str, Floats]:
    return {f"{name}_l0": np.array(value) for name, value in values.items()}


@given(
    cell=st.sampled_from(["lstm", "gru", "rnn"]),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(*[st.integers(1, most) for most in (9, 4, 5, 6)]),
    layers=st.integers(1, 3),
    bias=st.booleans(),
    bidirectional=st.booleans(),
)
def test_every_step_of_every_layer_is_torchs(
    cell: str, seed: int, sizes: tuple[int, ...], layers: int, bias: bool, bidirectional: bool
) -> None:
    size, windows, channels, hidden = sizes
    torch.manual_seed(seed)
    network: Any = CELLS[cell](channels, hidden, layers, bias=bias, bidirectional=bidirectional).double()
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


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_weights_of_any_size_saturate_without_a_warning(cell: str) -> None:
    many = GATES[cell]
    weights = columns(weight_ih=[[1e6]] * many, weight_hh=[[-1e6]] * many)
    for values in trace(cell, weights, np.array([1.0, -1.0, 0.0]).reshape(3, 1, 1)).values():
        assert np.isfinite(values).all()


def test_a_network_of_the_project_is_read_as_it_is(default_params: Params) -> None:
    """Its weights are float32, so are its own sums."""
    torch.manual_seed(0)
    network = Forecaster(default_params.model, channels=3, targets=12)
    steps = torch.randn(24, 5, 3)
    traced = trace(default_params.model.cell, weights_of(network.recurrent), steps.double().numpy())
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


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(rf"(?<![\w.]){NUMBER}(?![\w.])", text)]


def on_page(name: str) -> list[float]:
    """The numbers of the line `name = ...` of the worked example, of a sum or product those after its last `=`."""
    (line,) = re.findall(rf"^ *{re.escape(name)} +=(.*)$", section("One step with numbers"), re.MULTILINE)
    return numbers(line.split("=")[-1])


def matrix_on_page(gate: str) -> tuple[Floats, Floats]:
    """W (3, 6) and b (3,) of a gate."""
    text = section("One step with numbers").split(f"W_{gate} = ")[1]
    rows = np.array([numbers(line) for line in text.splitlines()[:3]])
    assert rows.shape == (3, 7)
    return rows[:, :6], rows[:, 6]


def test_the_worked_example_of_the_page_is_right() -> None:
    """Computed with plain `math` from the page's matrices and vectors."""
    h, x, c = on_page("h_old"), on_page("x"), on_page("c_old")
    joined = h + x
    assert on_page("[h_old, x]") == joined
    gates = {}
    for gate in "figo":
        matrix, bias = matrix_on_page(gate)
        sums = [sum(w * v for w, v in zip(row, joined, strict=True)) + b for row, b in zip(matrix, bias, strict=True)]
        assert on_page(f"sum_{gate}") == pytest.approx(sums, abs=1e-12)
        gates[gate] = [math.tanh(value) if gate == "g" else sigmoid(value) for value in sums]
    kept = [f * old for f, old in zip(gates["f"], c, strict=True)]
    added = [i * g for i, g in zip(gates["i"], gates["g"], strict=True)]
    new = [one + two for one, two in zip(kept, added, strict=True)]
    shown = [o * math.tanh(value) for o, value in zip(gates["o"], new, strict=True)]
    for name, values in (gates | {"f ⊙ c_old": kept, "i ⊙ g": added, "c_new": new, "h_new": shown}).items():
        assert on_page(name) == [round(value, 4) for value in values], name


def test_the_worked_example_is_a_step_of_torchs_lstm_and_of_ours() -> None:
    """W is split: its first three columns are `weight_hh`, its last three `weight_ih`."""
    matrices, biases = zip(*(matrix_on_page(gate) for gate in "ifgo"), strict=True)  # torch's order
    (weight_hh, weight_ih), bias = np.split(np.concatenate(matrices), 2, axis=1), np.concatenate(biases)
    x, h, c = (np.array([on_page(name)]) for name in ("x", "h_old", "c_old"))

    network = torch.nn.LSTM(3, 3).double()
    loaded = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias, "bias_hh": np.zeros(12)}
    network.load_state_dict({f"{name}_l0": torch.from_numpy(values) for name, values in loaded.items()})
    _, (hidden, cell) = network(*(torch.from_numpy(x[None]), tuple(torch.from_numpy(each[None]) for each in (h, c))))
    np.testing.assert_allclose(hidden.detach().flatten(), on_page("h_new"), atol=5e-5)
    np.testing.assert_allclose(cell.detach().flatten(), on_page("c_new"), atol=5e-5)

    names = {"input": "i", "forget": "f", "candidate": "g", "output": "o", "cell": "c_new", "hidden": "h_new"}
    traced = STEPS["lstm"](x @ weight_ih.T + bias, h @ weight_hh.T, {"cell": c, "hidden": h})
    assert list(traced) == list(names)
    for name, values in traced.items():
        np.testing.assert_allclose(values[0], on_page(names[name]), atol=5e-5)


def test_the_page_counts_the_weights_of_the_default_network(default_params: Params, airline: Floats) -> None:
    """Built for the default data, of every cell."""
    cuts = cut_windows(np.log(airline), np.array([len(airline)]), [12], default_params.window, 12)
    for cell, gates in GATES.items():
        model = change(default_params, model__cell=cell).model
        network = Forecaster.of(model, Batches(cuts, cuts.training, 0))
        assert network.shape == {"channels": 3, "features": 8, "bases": 6, "targets": 12}
        recurrent, head = (sum(w.numel() for w in part.parameters()) for part in (network.recurrent, network.head))
        assert recurrent == gates * 32 * (3 + 32 + 2)
        row = f"| `{cell}` | {gates} | {recurrent} | {head} | {recurrent + head} |"
        assert row in section("How many weights")


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_pages_formula_counts_the_weights_of_any_network(
    cell: str, layers: int, bias: bool, bidirectional: bool
) -> None:
    network: Any = CELLS[cell](3, 5, layers, bias=bias, bidirectional=bidirectional)
    directions = 2 if bidirectional else 1
    per_layer = [GATES[cell] * 5 * ((directions * 5 if layer else 3) + 5 + 2 * bias) for layer in range(layers)]
    assert sum(weight.numel() for weight in network.parameters()) == directions * sum(per_layer)
