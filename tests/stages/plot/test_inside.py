"""The panel of gates holds what the network did, unit by unit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.panel.panel import Panel
from stages.plot import inside as module
from stages.plot.inside import Inside, gates_panel, last_steps, window_steps
from stages.train.cells import CELLS


@pytest.fixture
def panel() -> Panel:
    """Series a of steps 0 to 29, and b of 10 to 29."""
    ids, indptr, ds = ["a", "b"], np.array([0, 30, 50]), pd.Series([*range(30), *range(10, 30)])
    return Panel(ids, indptr, ds, np.zeros(50), np.zeros(50, dtype=bool))


def gates(panel: Panel, cell: str, hidden: int) -> dict[str, Any]:
    """Over the last two steps of series b; the first gate is the more open, the later the unit."""
    names = [*CELLS[cell].gates, CELLS[cell].state]
    values = {name: np.array([np.arange(hidden), np.arange(hidden) + place]) / 10 for place, name in enumerate(names)}
    traced = {"value": np.array([[0.123456], [-2.0]]), **values}
    found = gates_panel(Inside({}, 1, traced), panel, CELLS[cell])
    assert found is not None
    return found


def test_units_are_sorted_by_their_first_gate(panel: Panel) -> None:
    found = gates(panel, "lstm", 3)
    assert found["units"] == [2, 1, 0]
    assert (found["labels"], found["input"]) == (["28", "29"], [0.123, -2])
    assert found["title"].startswith("Input of the network from b")
    assert list(found["gates"]) == [f"{name} gate" for name in CELLS["lstm"].gates]
    assert found["gates"][f"{CELLS['lstm'].gates[1]} gate"][0] == [0.2, 0.3]
    assert len(found["states"]) == 3


def test_a_cell_without_gates_has_its_state(panel: Panel) -> None:
    found = gates(panel, "rnn", 2)
    assert (found["gates"], found["states"]) == ({}, [[0.1, 0.1], [0, 0]])


def test_a_network_of_which_nothing_was_traced_has_no_panel(panel: Panel) -> None:
    assert gates_panel(Inside({}, 0, {}), panel, CELLS["lstm"]) is None


def test_a_large_network_is_shown_in_part(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most and the least open unit, and some between them."""
    monkeypatch.setattr(module, "MOST_UNITS", 3)
    assert gates(panel, "gru", 9)["units"] == [8, 4, 0]
    monkeypatch.setattr(module, "MOST_NUMBERS", 1)
    assert gates(panel, "gru", 9)["units"] == [8]


def test_steps_before_the_series_have_empty_labels(panel: Panel) -> None:
    assert last_steps(panel, 1, 3) == ["27", "28", "29"]
    assert last_steps(panel, 1, 22)[:3] == ["", "", "10"]


def test_the_steps_of_a_window_are_all_that_a_series_has(panel: Panel) -> None:
    assert window_steps(panel, 1, 3).tolist() == [27, 28, 29]
    assert window_steps(panel, 1, 22).tolist() == list(range(10, 30))
