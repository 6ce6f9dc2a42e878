"""The panel's histories and what comes after them, series of different lengths."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common.frequency import Clock
from stages.common.panel import Panel


@pytest.fixture
def panel() -> Panel:
    """Series b, a, c with 4, 1 and 2 values."""
    y = np.arange(7.0)
    ds = pd.Series([0, 1, 2, 3, 5, 8, 9])
    return Panel(["b", "a", "c"], np.array([0, 4, 5, 7]), ds, y, np.array([False] * 6 + [True]))


def test_histories_end_at_the_origin(panel: Panel) -> None:
    unknown = np.nan
    np.testing.assert_array_equal(
        panel.histories(0), [[0, 1, 2, 3], [unknown, unknown, unknown, 4], [unknown, unknown, 5, 6]]
    )
    np.testing.assert_array_equal(panel.histories(1), [[0, 1, 2], [unknown] * 3, [unknown, unknown, 5]])
    assert panel.histories(9).shape == (3, 0)


def test_after_gives_the_rows_that_exist(panel: Panel) -> None:
    rows, exists = panel.after(2, 3)
    assert exists.tolist() == [[True, True, False], [False, True, False], [True, True, False]]
    assert panel.y[rows][exists].tolist() == [2, 3, 4, 5, 6]


def test_read_gives_what_was_written_in_the_same_order(tmp_path: Path, panel: Panel) -> None:
    panel = replace(panel, clock=Clock("MS", "%Y-%m"), season_length=12, time="month", value="passengers")
    panel.write(tmp_path / "panel.parquet")
    read = Panel.read(tmp_path / "panel.parquet")
    assert read.ids == ["b", "a", "c"]
    assert read.indptr.tolist() == panel.indptr.tolist()
    assert read.ds.tolist() == panel.ds.tolist()
    assert (read.clock, read.season_length, read.time, read.value) == (panel.clock, 12, "month", "passengers")
    np.testing.assert_array_equal(read.y, panel.y)
    np.testing.assert_array_equal(read.filled, panel.filled)
