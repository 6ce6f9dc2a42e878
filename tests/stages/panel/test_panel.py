"""The panel: a part of it, and its file."""

import itertools
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis


@pytest.fixture
def panel() -> Panel:
    """Series b, a, c with 4, 1 and 2 values."""
    y = np.arange(7.0)
    ds = pd.Series([0, 1, 2, 3, 5, 8, 9])
    return Panel(["b", "a", "c"], np.array([0, 4, 5, 7]), ds, y, np.array([False] * 6 + [True]))


def test_take_gives_the_panel_of_some_series_alone(panel: Panel) -> None:
    part = panel.take(slice(1, 3))
    assert part.ids == ["a", "c"]
    assert part.indptr.tolist() == [0, *(panel.indptr[2:] - panel.indptr[1])]
    assert part.ds.tolist() == panel.ds.tolist()[panel.indptr[1] :]
    for origin in (0, 1):
        for series in (0, 1):
            np.testing.assert_array_equal(part.at(origin).values(series), panel.at(origin).values(series + 1))


def test_reading_some_series_gives_those_of_the_whole_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file with row groups of 40: series inside a group, up to its end, in several groups."""
    lengths = np.array([10, 30, 5, 90, 1, 1, 13, 10])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    ids, ds = [f"{i}" for i in reversed(range(8))], pd.Series(range(160))
    whole = Panel(ids, indptr, ds, np.arange(160.0), np.arange(160) % 7 == 3, season_lengths=(4, 12), interpolated=True)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", partialmethod(pd.DataFrame.to_parquet, row_group_size=40))
    whole.write(tmp_path / "panel.parquet")
    for first, end in itertools.combinations(range(9), 2):
        read, part = Panel.read(tmp_path / "panel.parquet", indptr[first], indptr[end]), whole.take(slice(first, end))
        for name, value in vars(part).items():
            np.testing.assert_array_equal(getattr(read, name), value, err_msg=name)


def test_read_gives_what_write_wrote_in_the_same_order(tmp_path: Path, panel: Panel) -> None:
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
    np.testing.assert_array_equal(read.missing, panel.missing)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "panel.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(UserError, match=r"panel\.parquet is damaged \(.*\); `dvc checkout .*panel\.parquet` brings it"):
        Panel.read(tmp_path / "panel.parquet")
