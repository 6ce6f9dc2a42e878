"""What was seen inside the first network, and of it the report's panel of gates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.common.arrays import Floats
from stages.panel.panel import Panel
from stages.plot.pages import MAX_NAME, shortened
from stages.plot.results import spread
from stages.train.cells import Cell
from stages.train.params import Model, Train
from stages.window.windows import Windows

MOST_UNITS = 64
MOST_NUMBERS = 200_000  # more units than that are left out, evenly


@dataclass(frozen=True)
class Inside:
    """What was seen inside a network.

    by_cell: the sensitivity (size,) of its forecast by lag, and that of a plain RNN beside it, by their names
    series: whose last window was traced
    traced: the gates and states over it, see `interpretation.trace_window`; empty where there are none to draw
    """

    by_cell: dict[str, Floats]
    series: int
    traced: dict[str, Floats]


def look_inside(panel: Panel, windows: Windows, forecaster: Path, model: Model, settings: Train) -> Inside:
    """What `interpretation` sees inside the first network of a forecaster; a task, since the stage imports no torch."""
    from stages.plot import interpretation

    return Inside(*interpretation.look_inside(panel, windows, forecaster, model, settings))


def title_of(panel: Panel, series: int) -> str:
    """What the gates are drawn over."""
    return f"Input of the network from {shortened(panel.ids[series], MAX_NAME)}, season and level removed"


def window_steps(panel: Panel, series: int, size: int) -> pd.Series:
    """The last `size` steps of a series, or all that it has."""
    return panel.ds.iloc[panel.indptr[series] : panel.indptr[series + 1]].iloc[-size:]


def last_steps(panel: Panel, series: int, size: int) -> list[str]:
    """The last `size` steps of a series as the input writes them; empty texts for those before its first."""
    rows = window_steps(panel, series, size)
    return [""] * (size - len(rows)) + list(panel.time_axis.format(rows))


def gates_panel(inside: Inside, panel: Panel, cell: Cell) -> dict[str, Any] | None:
    """Gates and state of a cell as gates.js reads them, units sorted by the mean of the first gate, largest first."""
    traced = inside.traced
    if not traced:
        return None
    names, size = [*cell.gates, cell.state], len(traced["value"])
    order = np.argsort(-traced[names[0]].mean(axis=0), kind="stable").tolist()
    units = spread(order, max(1, min(MOST_UNITS, MOST_NUMBERS // (len(names) * size))))
    of_units = {name: [_short(traced[name][:, unit]) for unit in units] for name in names}
    return {
        "title": title_of(panel, inside.series),
        "labels": last_steps(panel, inside.series, size),
        "units": units,
        "input": _short(traced["value"][:, 0]),
        "gates": {f"{name} gate": of_units[name] for name in cell.gates},
        "state": f"{cell.state} state",
        "states": of_units[cell.state],
    }


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.3g}") for value in values]
