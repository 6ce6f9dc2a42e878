"""Ingest: any honest file goes in as a regular panel equal to it, and what is wrong is named in one line."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.__main__ import ingest, summarize
from stages.ingest.raw import read_raw
from tests.projects import ROOT, change_file, shell
from tests.raw_files import LONG, BadFiles, Changes, cases, panel_of, refuses, settings, values_of

pytestmark = pytest.mark.usefixtures("folder")


def test_the_airline_passengers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Box, Jenkins and Reinsel, Series G: first 112, last 432, sum 40363."""
    monkeypatch.chdir(ROOT)
    given = settings("data/raw/airline_passengers.csv", time="month", value="passengers", frequency="MS")
    raw = read_raw(given)
    panel = ingest(raw, given)
    assert (len(panel.y), panel.y[0], panel.y[-1], panel.y.sum()) == (144, 112, 432, 40363)
    assert summarize(panel, raw) == {
        "series": 1, "rows": 144, "shortest": 144, "longest": 144, "first": "1949-01", "last": "1960-12",
        "frequency": "MS", "season_length": 12, "season_candidates": "12", "filled": 0, "series_without_value": 0,
    }  # fmt: skip


BAD: BadFiles = [
    ("stamp twice", "time,value\n1,2\n\n1,3\n", {}, ["row 4", "'1' stands twice", "row 2", "ingest.series"]),
    ("carriage return in an id", 'id,time,value\n"a\rb",1,2\n', {"series": "id"}, ["row 2", "carriage return"]),
    ("stamp twice, two ways", "time,value\n1,2\n01,3\n", {}, ["row 3", "'01' stands twice"]),
    ("gap", "time,value\n1,2\n3,3\n", {}, ["no value at 2", "ingest.missing"]),
    ("more series than rows", "id,time,value\na,1,2\nb,2,3\nc,3,4\n", LONG, ["3 series in 3 values", "ingest.series"]),
    ("season longer than a history", "time,value\n1,2\n2,3\n", {"season_length": 2}, ["ingest.season_length 2",
     "2 steps"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_named_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


@pytest.mark.parametrize(
    ("frequency", "given", "expected", "candidates"),
    [
        ("h", None, (24, 168), "24, 168"),
        ("h", 24, (24,), "24, 168"),
        ("h", [12, 24, 168], (12, 24, 168), "24, 168"),
        ("2h", None, (12, 84), "12, 84"),
        ("D", None, (7,), "7"),
    ],
)
def test_seasons_are_those_of_the_frequency_unless_they_are_given(
    frequency: str, given: Any, expected: tuple[int, ...], candidates: str
) -> None:
    stamps = pd.date_range("2024-01-01", periods=400, freq=frequency)
    pd.DataFrame({"time": stamps, "value": 1.0}).to_csv("input.csv", index=False)
    declared = settings(frequency=frequency, season_length=given)
    raw = read_raw(declared)
    summary = summarize(panel := ingest(raw, declared), raw)
    assert panel.season_lengths == expected
    assert (str(summary["season_length"]), summary["season_candidates"]) == (", ".join(map(str, expected)), candidates)


@pytest.mark.parametrize(
    ("missing", "filled"),
    [
        ("forward", [1, 2, 2, 2, 5, 6, 6, 6, 9]),
        ("zero", [1, 2, 0, 0, 5, 6, 0, 0, 9]),
        ("interpolate", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("seasonal", [1, 2, 2, 2, 5, 6, 5, 6, 9]),  # of 2 steps: steps 3 and 4 repeat 1 and 2
    ],
)
def test_missing_values_and_steps_are_filled_and_flagged(missing: Any, filled: list[float]) -> None:
    if missing == "seasonal":
        filled = [1, 2, 1, 2, 5, 6, 5, 6, 9]
    text = "time,value\n1,1\n2,2\n4,\n5,5\n6,6\n7,NA\n9,9\n10,\n"  # 3 and 8 are not there, 4, 7 and 10 have no value
    panel = panel_of(text, missing=missing, season_length=2)
    assert panel.y.tolist() == filled
    assert panel.filled.tolist() == [False, False, True, True, False, False, True, True, False]


def test_two_series_are_not_filled_from_one_another() -> None:
    text = "id,time,value\na,1,1\na,3,3\nb,1,100\nb,3,300\n"
    assert values_of(panel_of(text, series="id", missing="interpolate")) == {"a": [1, 2, 3], "b": [100, 200, 300]}
    assert values_of(panel_of(text, series="id", missing="forward")) == {"a": [1, 1, 3], "b": [100, 100, 300]}
    assert values_of(panel_of(text, series="id", missing="seasonal")) == {"a": [1, 1, 3], "b": [100, 100, 300]}


def test_an_origin_in_an_interpolated_gap_does_not_know_what_came_after_it() -> None:
    panels = [panel_of(f"time,value\n1,1\n2,2\n5,{last}\n6,7\n", missing="interpolate") for last in (5, 500)]
    assert panels[0].history(0, 0).tolist() == [1, 2, 3, 4, 5, 7]
    for held_back in (2, 3, 4):
        histories = [panel.history(0, held_back).tolist() for panel in panels]
        assert histories[0] == histories[1] == [1, 2, 2, 2][: 6 - held_back]
        for panel in panels:
            assert panel.histories(held_back)[0].tolist() == histories[0]


def test_ids_alike_and_series_without_a_value_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,time,value\nShop 1,1,1\nShop 1,2,2\nshop1,1,3\nshop1,2,4\nempty,1,\nempty,2,\nb,1,1\nb,2,2\n"
    panel = panel_of(text, series="id")
    assert values_of(panel) == {"Shop 1": [1, 2], "shop1": [3, 4], "b": [1, 2]}
    twins, empty = capsys.readouterr().err.splitlines()
    assert "'Shop 1' and 'shop1'" in twins
    assert "1 series hold no value and are left out ('empty')" in empty


def test_check_writes_nothing(folder: Path) -> None:
    for name in ("stages", "params.yaml", "dvc.lock", "data/raw/airline_passengers.csv"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(ROOT / name) if name != "params.yaml" else target.write_text((ROOT / name).read_text())
    before = sorted(folder.rglob("*"))
    printed = shell("python", "-m", "stages.ingest", "--check", cwd=folder).stdout
    assert "series 1, rows 144" in printed
    assert "frequency MS, season_length 12" in printed
    assert sorted(folder.rglob("*")) == before
    change_file(folder, ingest__value="passenger")
    done = shell("python", "-m", "stages.ingest", "--check", cwd=folder, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "no column 'passenger', but there is 'passengers'" in done.stderr
    assert "dvc checkout" not in done.stderr  # nothing was lost


IDS = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), min_size=1)


@st.composite
def panels(draw: st.DrawFn) -> tuple[str, list[str], dict[str, dict[int, float]]]:
    """A frequency, all its steps as texts, and of each series the values at some of the steps."""
    start, frequency = draw(
        st.sampled_from([("2019-12-30", "D"), ("2020-02-01", "MS"), ("2021-03-01", "W-MON"), ("0", "")])
    )
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    count = 40
    texts = pd.date_range(start, periods=count, freq=frequency).strftime("%Y-%m-%d") if frequency else range(count)
    names = draw(st.lists(IDS.filter(lambda name: bool(name.strip())), min_size=1, max_size=4, unique=True))
    table: dict[str, dict[int, float]] = {}
    for name in names:
        first, length = chance.randrange(count - 20), chance.randrange(2, 20)
        kept = [
            step
            for step in range(first, first + length)
            if step == first or chance.random() > draw(st.sampled_from([0, 0.2]))
        ]
        table[name] = {step: chance.gauss(0, 1) * 10.0 ** chance.randrange(-12, 16) for step in kept}
    return frequency, [str(text) for text in texts], table


@given(panels(), st.sampled_from(["error", "forward", "zero", "interpolate", "seasonal"]), st.randoms())
def test_what_goes_in_comes_out_equal_where_it_was_given_or_is_refused_by_name(
    drawn: tuple[str, list[str], dict[str, dict[int, float]]], missing: Any, chance: random.Random
) -> None:
    frequency, texts, table = drawn
    rows = [(name, texts[step], value) for name, values in table.items() for step, value in values.items()]
    chance.shuffle(rows)
    pd.DataFrame(rows, columns=["id", "time", "value"]).to_csv(
        "input.csv", index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    declared = settings(series="id", frequency=frequency or None, missing=missing)
    gaps = [name for name, values in table.items() if max(values) - min(values) + 1 > len(values)]
    refused = ""
    try:
        panel = ingest(read_raw(declared), declared)
    except UserError as error:
        refused = str(error)
    if refused:
        few = len(table) > 1 and len(rows) < 2 * len(table)
        assert few or (missing == "error" and gaps)
        assert ("less than 2 for each" if few else "has no value at") in refused
        return
    assert panel.ids == list(dict.fromkeys(name for name, _, _ in rows))
    assert np.isfinite(panel.y).all()
    for series, name in enumerate(panel.ids):
        span = slice(panel.indptr[series], panel.indptr[series + 1])
        steps = range(min(table[name]), max(table[name]) + 1)
        assert panel.time_axis.format(panel.ds[span]).tolist() == [texts[step] for step in steps]
        assert panel.filled[span].tolist() == [step not in table[name] for step in steps]
        given_values = [value for value, filled in zip(panel.y[span], panel.filled[span], strict=True) if not filled]
        assert given_values == [table[name][step] for step in steps if step in table[name]]


def test_what_a_summary_holds_is_json() -> None:
    declared = settings(missing="zero")
    Path("input.csv").write_text("time,value\n1,1\n3,2\n")
    raw = read_raw(declared)
    assert json.loads(json.dumps(summarize(ingest(raw, declared), raw)))["filled"] == 1
