"""The data of the report's panel of gates: every gate and the state of each unit over one window."""

from typing import Any

import numpy as np

from stages.common.arrays import Floats
from stages.plot.results import spread
from stages.train.cells import Cell

MOST_UNITS = 64
MOST_NUMBERS = 200_000  # more units than that are left out, evenly


def gates_panel(traced: dict[str, Floats], cell: Cell, times: list[str], title: str) -> dict[str, Any]:
    """Gates and state of a cell as gates.js reads them, units sorted by the mean of the first gate, largest first.

    traced: of `interpretation.trace_window`, each (size, hidden), and `value` (size, 1), the network's input
    times: (size,) labels of the steps
    """
    names = [*cell.gates, cell.state]
    order = np.argsort(-traced[names[0]].mean(axis=0), kind="stable").tolist()
    units = spread(order, max(1, min(MOST_UNITS, MOST_NUMBERS // (len(names) * len(times)))))
    of_units = {name: [_short(traced[name][:, unit]) for unit in units] for name in names}
    return {
        "title": title,
        "labels": times,
        "units": units,
        "input": _short(traced["value"][:, 0]),
        "gates": {f"{name} gate": of_units[name] for name in cell.gates},
        "state": f"{cell.state} state",
        "states": of_units[cell.state],
    }


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.3g}") for value in values]
