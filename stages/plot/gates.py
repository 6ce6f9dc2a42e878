"""Every gate and state of a trained recurrent network, step by step."""

from collections.abc import Mapping
from itertools import count

import numpy as np
import numpy.typing as npt

from stages.common.arrays import Floats
from stages.train.cells import CELLS, State

Weights = Mapping[str, npt.NDArray[np.floating]]


def trace(cell: str, weights: Weights, steps: Floats, part: str = "l0") -> State:
    """Every gate and state of one layer in one direction, by name, each (size, B, hidden), from a state of zeros.

    `lstm`: input, forget, candidate, output, cell, hidden; `gru`: reset, update, candidate, hidden; `rnn`: hidden.
    Raises ValueError for a cell without a step in `CELLS`.

    weights: named and shaped as in torch, `weight_ih_l0` and so on; without `bias_...` there is no bias
    steps: (size, B, input)
    part: layer and direction, as torch's names end: `l0`, `l0_reverse`, `l1`, ... The backward direction reads the
        last step first; its arrays are in the order of time all the same.
    """
    step = CELLS[cell].step
    if step is None:
        raise ValueError(f"the cell {cell} has no step to trace")
    from_input = _affine(weights, f"ih_{part}", steps)  # (size, B, gates x hidden)
    order = range(len(steps))
    zeros = np.zeros((steps.shape[1], weights[f"weight_hh_{part}"].shape[1]))
    state = {"cell": zeros, "hidden": zeros}
    states: dict[int, State] = {}
    for time in reversed(order) if part.endswith("_reverse") else order:
        state = states[time] = step(from_input[time], _affine(weights, f"hh_{part}", state["hidden"]), state)
    return {name: np.stack([states[time][name] for time in order]) for name in state}


def trace_layers(cell: str, weights: Weights, steps: Floats) -> dict[str, State]:
    """`trace` of every layer and direction in `weights`, by part; a layer reads the hidden states of the one below."""
    traced: dict[str, State] = {}
    for layer in count():
        parts = [part for part in (f"l{layer}", f"l{layer}_reverse") if f"weight_ih_{part}" in weights]
        if not parts:
            break
        traced |= {part: trace(cell, weights, steps, part) for part in parts}
        steps = np.concatenate([traced[part]["hidden"] for part in parts], axis=-1)
    return traced


def _affine(weights: Weights, name: str, values: Floats) -> Floats:
    """W v + b for each row v of `values` (..., input)."""
    product: Floats = np.asarray(values, dtype=np.float64) @ np.asarray(weights[f"weight_{name}"], dtype=np.float64).T
    return product + weights.get(f"bias_{name}", 0.0)
