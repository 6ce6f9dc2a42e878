"""The recurrent cells by name: their PyTorch class, and one step of each written out from its equations.

torch's fused kernels do not return the gates, so the steps compute them in NumPy.

`@` is the matrix product, `*` works element by element, [h, x] is h with x below it, W [h, x] = W_hh h + W_ih x.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from stages.common.arrays import Floats

State = dict[str, Floats]  # gates and states by name, each (B, hidden)
Step = Callable[[Floats, Floats, State], State]


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell.

    module: gives its class, an nn.Module with the arguments and outputs of nn.LSTM; imports it when called, so that
        stages that only check the name of a cell need no torch
    step: (W_ih x + b_ih, W_hh h + b_hh, the state before) to every gate and state after one step; both sums are
        (B, gates x hidden) in torch's order. None for a cell whose gates are not drawn.
    gates: the gates between 0 and 1, in the order in which they are drawn
    state: the state that is drawn below them
    blocks: how many times the hidden size its matrices have outputs
    """

    module: Callable[[], Any]
    step: Step | None
    gates: tuple[str, ...]
    state: str
    blocks: int


def torch_nn(name: str) -> Any:
    from torch import nn

    return getattr(nn, name)


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-v)), without overflow for values of any size."""
    half: Floats = 0.5 + 0.5 * np.tanh(0.5 * values)
    return half


def lstm_step(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.

    i = sigmoid(W_i [h, x] + b_i)      input gate
    f = sigmoid(W_f [h, x] + b_f)      forget gate
    g = tanh(W_g [h, x] + b_g)         candidate
    o = sigmoid(W_o [h, x] + b_o)      output gate
    c' = f * c + i * g                 cell state
    h' = o * tanh(c')                  hidden state
    """
    i, f, g, o = np.split(from_input + from_hidden, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * before["cell"] + i * g
    return {"input": i, "forget": f, "candidate": g, "output": o, "cell": c, "hidden": o * np.tanh(c)}


def gru_step(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Cho et al. 2014, with torch's reset gate: it multiplies W_hh h + b_hh, and not h before the product.

    r = sigmoid(W_r [h, x] + b_r)                       reset gate
    z = sigmoid(W_z [h, x] + b_z)                       update gate
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn))       candidate
    h' = (1 - z) * n + z * h                            hidden state
    """
    (r, z, n), (r_hidden, z_hidden, n_hidden) = np.split(from_input, 3, axis=-1), np.split(from_hidden, 3, axis=-1)
    r, z = sigmoid(r + r_hidden), sigmoid(z + z_hidden)
    n = np.tanh(n + r * n_hidden)
    return {"reset": r, "update": z, "candidate": n, "hidden": (1 - z) * n + z * before["hidden"]}


def rnn_step(from_input: Floats, from_hidden: Floats, before: State) -> State:
    """One step of Elman 1990, with tanh as in torch: h' = tanh(W [h, x] + b)."""
    return {"hidden": np.tanh(from_input + from_hidden)}


CELLS = {
    "lstm": Cell(partial(torch_nn, "LSTM"), lstm_step, gates=("forget", "input", "output"), state="cell", blocks=4),
    "gru": Cell(partial(torch_nn, "GRU"), gru_step, gates=("reset", "update"), state="hidden", blocks=3),
    "rnn": Cell(partial(torch_nn, "RNN"), rnn_step, gates=(), state="hidden", blocks=1),
}
