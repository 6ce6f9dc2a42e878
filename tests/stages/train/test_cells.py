"""The table of cells, and the worked example and counts of weights in models/README.md."""

import math
import re
import sys
from typing import Any

import numpy as np
import pytest
import torch

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.train.batches import Batches
from stages.train.cells import CELLS, lstm_step
from stages.train.network import Network
from stages.train.params import Model
from stages.window.cutting import cut_windows
from stages.window.params import Window
from tests.builders import change
from tests.projects import ROOT, shell

PAGE = (ROOT / "models/README.md").read_text(encoding="utf-8")
GATE_COUNTS = {"lstm": 4, "gru": 3, "rnn": 1}
NUMBER = r"-?\d+(?:\.\d+)?"


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@pytest.mark.parametrize("name", CELLS)
def test_a_step_gives_every_gate_and_the_state_that_are_drawn(name: str) -> None:
    """Of two units in three windows, for sums so large that the gates saturate; no warning."""
    cell = CELLS[name]
    sums = np.full((3, 2 * GATE_COUNTS[name]), 1e6)
    zeros = np.zeros((3, 2))
    assert cell.step is not None
    state = cell.step(sums, -0.5 * sums, {"cell": zeros, "hidden": zeros})
    assert {*cell.gates, cell.state} <= set(state)
    assert {values.shape for values in state.values()} == {(3, 2)}
    assert all(np.isfinite(values).all() for values in state.values())
    assert all(((state[gate] >= 0) & (state[gate] <= 1)).all() for gate in cell.gates)


def test_the_table_of_cells_needs_no_torch() -> None:
    """`stages.train.params` imports it, and so does every stage that reads params.yaml."""
    code = "import sys, stages.train.params; sys.exit('torch' in sys.modules)"
    shell(sys.executable, "-c", code, cwd=ROOT)


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


def test_the_worked_example_is_a_step_of_the_lstm_of_torch_and_of_the_project() -> None:
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
    state = lstm_step(x @ weight_ih.T + bias, h @ weight_hh.T, {"cell": c, "hidden": h})
    assert list(state) == list(names)
    for name, values in state.items():
        np.testing.assert_allclose(values[0], on_page(names[name]), atol=5e-5)


def test_the_page_counts_the_weights_of_the_default_network(default_params: Params, airline: Floats) -> None:
    """Built for the default data, of every cell."""
    cuts = cut_windows(np.log(airline), np.array([len(airline)]), [12], default_params[Window], 12)
    for cell, gates in GATE_COUNTS.items():
        model = change(default_params, model__cell=cell)[Model]
        network = Network.of(model, Batches(cuts))
        assert network.shape == {
            "channels": 3,
            "features": 8,
            "experts": 12,
            "covariates": 0,
            "past": 0,
            "static": 0,
            "targets": 12,
        }
        recurrent, head = (sum(w.numel() for w in part.parameters()) for part in (network.recurrent, network.head))
        assert recurrent == gates * 32 * (3 + 32 + 2)
        rest = sum(weight.numel() for weight in network.parameters()) - recurrent
        assert rest == head + 1  # the trust in the experts' records
        row = f"| `{cell}` | {gates} | {recurrent} | {rest} | {recurrent + rest} |"
        assert row in section("How many weights")


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_pages_formula_counts_the_weights_of_any_network(
    cell: str, layers: int, bias: bool, bidirectional: bool
) -> None:
    network: Any = CELLS[cell].module()(3, 5, layers, bias=bias, bidirectional=bidirectional)
    directions = 2 if bidirectional else 1
    per_layer = [GATE_COUNTS[cell] * 5 * ((directions * 5 if layer else 3) + 5 + 2 * bias) for layer in range(layers)]
    assert sum(weight.numel() for weight in network.parameters()) == directions * sum(per_layer)
