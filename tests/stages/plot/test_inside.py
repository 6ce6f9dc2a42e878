"""The panel of gates holds what the network did, unit by unit."""

import numpy as np
import pytest

from stages.plot import inside as module
from stages.plot.inside import gates_panel
from stages.train.cells import CELLS


def traced(cell: str, hidden: int) -> dict[str, np.ndarray]:
    """Over two steps; the first gate is the more open, the later the unit."""
    names = [*CELLS[cell].gates, CELLS[cell].state]
    values = {name: np.array([np.arange(hidden), np.arange(hidden) + place]) / 10 for place, name in enumerate(names)}
    return {"value": np.array([[0.123456], [-2.0]]), **values}


def test_units_are_sorted_by_their_first_gate() -> None:
    panel = gates_panel(traced("lstm", 3), CELLS["lstm"], ["", "1960-12"], "title")
    assert panel["units"] == [2, 1, 0]
    assert (panel["labels"], panel["input"]) == (["", "1960-12"], [0.123, -2])
    assert list(panel["gates"]) == [f"{name} gate" for name in CELLS["lstm"].gates]
    assert panel["gates"][f"{CELLS['lstm'].gates[1]} gate"][0] == [0.2, 0.3]
    assert len(panel["states"]) == 3


def test_a_cell_without_gates_has_its_state() -> None:
    panel = gates_panel(traced("rnn", 2), CELLS["rnn"], ["1", "2"], "title")
    assert (panel["gates"], panel["states"]) == ({}, [[0.1, 0.1], [0, 0]])


def test_a_large_network_is_shown_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most and the least open unit, and some between them."""
    monkeypatch.setattr(module, "MOST_UNITS", 3)
    assert gates_panel(traced("gru", 9), CELLS["gru"], ["1", "2"], "title")["units"] == [8, 4, 0]
    monkeypatch.setattr(module, "MOST_NUMBERS", 1)
    assert gates_panel(traced("gru", 9), CELLS["gru"], ["1", "2"], "title")["units"] == [8]
