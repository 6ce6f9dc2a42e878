"""Ingest: what comes in regular goes through unchanged, and what is wrong is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.common.panel import Panel
from stages.common.params import Ingest
from stages.ingest import ingest, read_table, summarize

Write = Callable[[str], Path]


def settings(path: Path | str, **changes: Any) -> Ingest:
    values: dict[str, Any] = {
        "path": str(path), "series": None, "time": "time", "value": "value",
        "frequency": None, "season_length": None, "missing": "error",
    }  # fmt: skip
    return Ingest(**{**values, **changes})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_csv(text: str) -> Path:
        (tmp_path / "input.csv").write_text(text)
        return tmp_path / "input.csv"

    return write_csv


def panel_of(path: Path, **changes: Any) -> Panel:
    given = settings(path, **changes)
    return ingest(read_table(path, given), given)


def test_the_airline_passengers() -> None:
    """Box, Jenkins and Reinsel, Series G: first 112, last 432, sum 40363."""
    path = Path(__file__).parents[2] / "data/raw/airline_passengers.csv"
    given = settings(path, time="month", value="passengers", frequency="MS", season_length=12)
    panel = ingest(read_table(path, given), given)
    assert (len(panel.y), panel.y[0], panel.y[-1], panel.y.sum()) == (144, 112, 432, 40363)
    summary = summarize(panel)
    assert (summary["series"], summary["rows"], summary["first"], summary["last"]) == (1, 144, "1949-01", "1960-12")
    assert (summary["filled"], summary["season_length"]) == (0, 12)


def test_many_series_in_any_order_of_rows(write: Write) -> None:
    path = write("id,time,value\nb,3,30\na,1,1\nb,2,20\nb,1,10\na,2,2\n")
    panel = panel_of(path, series="id")
    assert panel.ids == ["b", "a"]
    assert panel.y.tolist() == [10, 20, 30, 1, 2]
    assert panel.ds.tolist() == [1, 2, 3, 1, 2]


def test_parquet_with_timestamps_and_number_ids(tmp_path: Path) -> None:
    path = tmp_path / "input.parquet"
    stamps = pd.date_range("2024-01-01", periods=3, freq="h")
    pd.DataFrame({"id": [7, 7, 7], "time": stamps, "value": [1, 2, 3]}).to_parquet(path)
    given = settings(path, series="id", frequency="h")
    panel = ingest(read_table(path, given), given)
    assert panel.ids == ["7"]
    assert panel.clock.write(panel.ds).tolist() == ["2024-01-01 00:00:00", "2024-01-01 01:00:00", "2024-01-01 02:00:00"]


@pytest.mark.parametrize(
    ("frequency", "given", "expected", "reported"),
    [
        ("h", None, (24, 168), "24, 168"),
        ("h", 24, (24,), 24),
        ("h", [12, 24, 168], (12, 24, 168), "12, 24, 168"),
        ("2h", None, (12, 84), "12, 84"),
    ],
)
def test_seasons_are_those_of_the_frequency_unless_they_are_given(
    write: Write, frequency: str, given: Any, expected: tuple[int, ...], reported: Any
) -> None:
    path = write("time,value\n2024-01-01 00:00:00,1\n2024-01-01 02:00:00,2\n")
    panel = panel_of(path, frequency=frequency, season_length=given, missing="forward")
    assert panel.season_lengths == expected
    assert summarize(panel)["season_length"] == reported


@pytest.mark.parametrize(
    ("missing", "filled"),
    [("forward", [1, 1, 1, 4, 4]), ("zero", [1, 0, 0, 4, 0])],
)
def test_missing_values_and_steps_are_filled_and_flagged(write: Write, missing: Any, filled: list[float]) -> None:
    path = write("time,value\n1,1\n3,\n4,4\n5,NA\n")  # step 2 is not there, 3 and 5 have no value
    panel = panel_of(path, missing=missing)
    assert panel.y.tolist() == filled
    assert panel.filled.tolist() == [False, True, True, False, True]


@st.composite
def regular_panels(draw: st.DrawFn) -> pd.DataFrame:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = draw(st.lists(st.text("abcXYZ 012_-.é", min_size=1).filter(str.strip), min_size=1, max_size=4, unique=True))
    frames = []
    for name in names:
        first, length = int(random.integers(-5, 5)), int(random.integers(1, 20))
        values = random.normal(0, 10.0 ** random.integers(-12, 15), length)
        frames.append(pd.DataFrame({"id": name, "time": range(first, first + length), "value": values}))
    return pd.concat(frames).sample(frac=1, random_state=0)


@given(regular_panels())
def test_a_regular_panel_goes_through_unchanged(table: pd.DataFrame) -> None:
    given = settings("a file", series="id")
    panel = ingest(table.reset_index(drop=True), given)
    assert panel.ids == list(dict.fromkeys(table["id"]))
    for series, name in enumerate(panel.ids):
        mine = table[table["id"] == name].sort_values("time")
        rows = slice(panel.indptr[series], panel.indptr[series + 1])
        assert panel.ds[rows].tolist() == mine["time"].tolist()
        assert panel.y[rows].tolist() == mine["value"].tolist()
    assert not panel.filled.any()


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        ("", {}, ["not a readable CSV"]),
        ("time,value\n", {}, ["a header and no rows"]),
        ("time,values\n1,2\n", {}, ["no column 'value'", "'values'"]),
        ("time,value\n1,2\n2,many\n", {}, ["row 3, column 'value'", "'many'"]),
        ("time,value\n1,2\n2,inf\n", {}, ["row 3, column 'value'", "not a finite number"]),
        ("time,value\n1,2\n1,3\n", {}, ["row 3", "'1' stands twice", "ingest.series"]),
        ("time,value\n1,2\n3,3\n", {}, ["no value at 2", "ingest.missing"]),
        ("time,value\n1,\n2,3\n", {"missing": "forward"}, ["begins without a value"]),
        ("time,value\n1,\n2,3\n", {"missing": "zero"}, ["begins without a value"]),
        ("time,value\n1700000000,1\n1700003600,3\n", {}, ["2 rows span 3600 integer steps"]),
        ("time,value\nJanuary,2\n", {"frequency": "MS"}, ["row 2, column 'time'", "'January'"]),
        ("time,value\n2024-01-01,2\n2024-01-15,3\n", {"frequency": "MS"}, ["row 3", "2024-01-15", "frequency 'MS'"]),
        ("time,value\n2024-01-01,2\n", {"frequency": "monthly"}, ["ingest.frequency is 'monthly'"]),
        ("id,time,value\n,1,2\n", {"series": "id"}, ["row 2, column 'id'", "no series id"]),
    ],
)
def test_bad_input_is_named_in_one_line(write: Write, text: str, changes: dict[str, Any], words: list[str]) -> None:
    path = write(text)
    with pytest.raises(UserError) as caught:
        panel_of(path, **changes)
    message = " ".join(str(caught.value).split())
    assert str(path) in message or "params.yaml" in message
    for word in words:
        assert word in message


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, words in [(tmp_path, "a folder"), (tmp_path / "none.csv", "no such file")]:
        with pytest.raises(UserError, match=words):
            panel_of(path)
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(UserError, match="not a readable Parquet"):
        panel_of(tmp_path / "torn.parquet")
    (tmp_path / "latin.csv").write_bytes("time,value\n1,2\né,3\n".encode("latin-1"))
    with pytest.raises(UserError, match="UTF-8"):
        panel_of(tmp_path / "latin.csv")
