"""The panel's histories and what comes after them, series of different lengths."""

import itertools
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis


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


@pytest.mark.parametrize("held_back", [0, 1, 2, 9])
def test_a_history_alone_and_the_last_of_all(panel: Panel, held_back: int) -> None:
    whole = panel.histories(held_back)
    for series in range(3):
        known = whole[series][~np.isnan(whole[series])]
        assert panel.history(series, held_back).tolist() == known.tolist()
        assert panel.history_lengths(held_back)[series] == len(known)
    for steps in (0, 1, 3, 6):
        last = panel.last_values(held_back, steps)
        expected = np.concatenate([np.full((3, 6), np.nan), whole], axis=1)[:, 6 + whole.shape[1] - steps :]
        np.testing.assert_array_equal(last, expected)


def test_blocks_together_are_the_panel(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 4)
    parts = [panel.histories(0, block) for block in panel.blocks(0)]
    assert [part.shape for part in parts] == [(1, 4), (2, 2)]
    np.testing.assert_array_equal(parts[0], [[0, 1, 2, 3]])
    np.testing.assert_array_equal(parts[1], [[np.nan, 4], [5, 6]])


def test_a_part_is_the_panel_of_its_series_alone(panel: Panel) -> None:
    part = panel.part(slice(1, 3))
    assert part.ids == ["a", "c"]
    assert part.indptr.tolist() == [0, *(panel.indptr[2:] - panel.indptr[1])]
    assert part.ds.tolist() == panel.ds.tolist()[panel.indptr[1] :]
    for held_back in (0, 1):
        for series in (0, 1):
            np.testing.assert_array_equal(part.history(series, held_back), panel.history(series + 1, held_back))


def test_rows_that_are_read_alone_are_those_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file with 40 rows in a group, for every run of series: within a group, up to its end, over several."""
    lengths = np.array([10, 30, 5, 90, 1, 1, 13, 10])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    ids, ds = [f"{i}" for i in reversed(range(8))], pd.Series(range(160))
    whole = Panel(ids, indptr, ds, np.arange(160.0), np.arange(160) % 7 == 3, season_lengths=(4, 12), interpolated=True)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", partialmethod(pd.DataFrame.to_parquet, row_group_size=40))
    whole.write(tmp_path / "panel.parquet")
    for first, end in itertools.combinations(range(9), 2):
        read, part = Panel.read(tmp_path / "panel.parquet", indptr[first], indptr[end]), whole.part(slice(first, end))
        for name, value in vars(part).items():
            np.testing.assert_array_equal(getattr(read, name), value, err_msg=name)


def test_after_gives_the_rows_that_exist(panel: Panel) -> None:
    rows, exists = panel.after(2, 3)
    assert exists.tolist() == [[True, True, False], [False, True, False], [True, True, False]]
    assert panel.y[rows][exists].tolist() == [2, 3, 4, 5, 6]


def test_read_gives_what_was_written_in_the_same_order(tmp_path: Path, panel: Panel) -> None:
    panel = replace(
        panel, time_axis=TimeAxis("MS", "%Y-%m"), season_lengths=(24, 168), time="month", value="passengers"
    )
    panel.write(tmp_path / "panel.parquet")
    read = Panel.read(tmp_path / "panel.parquet")
    assert read.ids == ["b", "a", "c"]
    assert read.indptr.tolist() == panel.indptr.tolist()
    assert read.ds.tolist() == panel.ds.tolist()
    assert (read.time_axis, read.season_lengths, read.time, read.value) == (
        panel.time_axis,
        (24, 168),
        "month",
        "passengers",
    )
    assert read.season_length == 24
    np.testing.assert_array_equal(read.y, panel.y)
    np.testing.assert_array_equal(read.filled, panel.filled)
