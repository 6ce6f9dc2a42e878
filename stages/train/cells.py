"""The recurrent cells written out from their equations, to look inside a trained network: torch's own say no gates.

`@` is the matrix product, `*` works element by element, [h, x] is h with x below it, W [h, x] = W_hh h + W_ih x.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
State = dict[str, Floats]


def trace(cell: str, weights: Mapping[str, npt.NDArray[np.floating]], steps: Floats, part: str = "l0") -> State:
    """Every gate and state of one layer in one direction, by name, each (size, B, hidden), from a state of zeros.

    `lstm`: input, forget, candidate, output, cell, hidden; `gru`: reset, update, candidate, hidden; `rnn`: hidden.

    weights: named and shaped as in torch, `weight_ih_l0` and so on; without `bias_...` there is no bias
    steps: (size, B, input)
    part: layer and direction, as torch's names end: `l0`, `l0_reverse`, `l1`, ... Backward steps are read from the
        last one on, and every array is in the order of time.
    """
    from_input = _affine(weights, f"ih_{part}", steps)  # (size, B, gates x hidden)
    order = range(len(steps))
    zeros = np.zeros((steps.shape[1], weights[f"weight_hh_{part}"].shape[1]))
    state = {"cell": zeros, "hidden": zeros}
    states: dict[int, State] = {}
    for step in reversed(order) if part.endswith("_reverse") else order:
        state = states[step] = STEPS[cell](from_input[step], _affine(weights, f"hh_{part}", state["hidden"]), state)
    return {name: np.stack([states[step][name] for step in order]) for name in state}


def trace_layers(cell: str, weights: Mapping[str, npt.NDArray[np.floating]], steps: Floats) -> dict[str, State]:
    """`trace` of every layer and direction that `weights` have, by part; a layer reads the hidden states below it."""
    traced: dict[str, State] = {}
    for layer in count():
        parts = [part for part in (f"l{layer}", f"l{layer}_reverse") if f"weight_ih_{part}" in weights]
        if not parts:
            break
        traced |= {part: trace(cell, weights, steps, part) for part in parts}
        steps = np.concatenate([traced[part]["hidden"] for part in parts], axis=-1)
    return traced


def _affine(weights: Mapping[str, npt.NDArray[np.floating]], name: str, values: Floats) -> Floats:
    """W v + b for each row v of `values` (..., input)."""
    product: Floats = np.asarray(values, dtype=np.float64) @ np.asarray(weights[f"weight_{name}"], dtype=np.float64).T
    return product + weights.get(f"bias_{name}", 0.0)


def _sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-v)), of any size without overflow."""
    half: Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return half


def _lstm(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.

    i = sigmoid(W_i [h, x] + b_i)      input gate
    f = sigmoid(W_f [h, x] + b_f)      forget gate
    g = tanh(W_g [h, x] + b_g)         candidate
    o = sigmoid(W_o [h, x] + b_o)      output gate
    c' = f * c + i * g                 cell state
    h' = o * tanh(c')                  hidden state
    """
    i, f, g, o = np.split(from_input + from_hidden, 4, axis=-1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    c = f * before["cell"] + i * g
    return {"input": i, "forget": f, "candidate": g, "output": o, "cell": c, "hidden": o * np.tanh(c)}


def _gru(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Cho et al. 2014, with torch's reset gate: it multiplies W_hh h + b_hh, and not h before the product.

    r = sigmoid(W_r [h, x] + b_r)                       reset gate
    z = sigmoid(W_z [h, x] + b_z)                       update gate
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn))       candidate
    h' = (1 - z) * n + z * h                            hidden state
    """
    (r, z, n), (r_hidden, z_hidden, n_hidden) = np.split(from_input, 3, axis=-1), np.split(from_hidden, 3, axis=-1)
    r, z = _sigmoid(r + r_hidden), _sigmoid(z + z_hidden)
    n = np.tanh(n + r * n_hidden)
    return {"reset": r, "update": z, "candidate": n, "hidden": (1 - z) * n + z * before["hidden"]}


def _rnn(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Elman 1990, with tanh as in torch: h' = tanh(W [h, x] + b)."""
    return {"hidden": np.tanh(from_input + from_hidden)}


@dataclass(frozen=True)
class Cell:
    """A recurrent cell.

    module: its class in torch.nn
    step: one step written out, or None: then no figure shows its gates
    gates: those between 0 and 1, in the order of the figure
    state: the state that the figure shows
    """

    module: str
    step: Callable[[Floats, Floats, State], State] | None
    gates: tuple[str, ...]
    state: str


CELLS: dict[str, Cell] = {
    "lstm": Cell("LSTM", _lstm, ("forget", "input", "output"), "cell"),
    "gru": Cell("GRU", _gru, ("reset", "update"), "hidden"),
    "rnn": Cell("RNN", _rnn, (), "hidden"),
}
STEPS = {name: cell.step for name, cell in CELLS.items()}
