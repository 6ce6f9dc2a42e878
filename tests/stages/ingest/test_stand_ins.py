"""Numbers that may stand for missing values are doubted, and no others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.stand_ins import stand_ins
from tests.builders import change

USUAL = np.tile([3.0, 5.0, 4.0, 8.0], 6)  # 3 to 8


def found_in(*series: Floats) -> list[tuple[float, list[int], list[int]]]:
    indptr = np.cumsum([0, *map(len, series)])
    return [
        (each.value, each.rows.tolist(), each.series.tolist()) for each in stand_ins(np.concatenate(series), indptr)
    ]


def with_at(rows: list[int], number: float, values: Floats = USUAL) -> Floats:
    changed = values.copy()
    changed[rows] = number
    return changed


@pytest.mark.parametrize(
    "number", [-999.0, 999.0, 9999.0, -9999.9, 99999.0, 999999.99, 32767.0, 65535.0, -2147483648.0, 4294967295.0, 1e20]
)
def test_a_code_is_doubted_where_it_occurs_once(number: float) -> None:
    assert found_in(USUAL, with_at([7], number)) == [(number, [24 + 7], [1])]
    as_float32 = float(np.float32(number))
    assert found_in(with_at([7], as_float32)) == [(as_float32, [7], [0])]


@pytest.mark.parametrize("number", [-99.0, -999.0, -9999.0])
@pytest.mark.parametrize("values", [USUAL * 1000, USUAL * 0, USUAL * 0 + 7, USUAL - 3], ids=str)
def test_nines_are_doubted_wherever_nothing_else_is_negative(number: float, values: Floats) -> None:
    assert found_in(with_at([7], number, values)) == [(number, [7], [0])]


def test_another_negative_number_is_doubted_where_it_is_far_and_occurs_three_times() -> None:
    """As -200 in the air quality of the UCI repository (De Vito et al. 2008). Twice as far as 3 from 8 is -7 from 3."""
    assert found_in(with_at([0, 1], -200.0)) == []
    assert found_in(with_at([0, 1, 9], -200.0)) == [(-200.0, [0, 1, 9], [0])]
    assert found_in(with_at([0, 1, 9], -7.0)) == []
    assert found_in(with_at([0, 1, 9], -7.1)) == [(-7.1, [0, 1, 9], [0])]
    assert found_in(with_at([0, 1, 9], -11.1, USUAL - 3)) == [(-11.1, [0, 1, 9], [0])]  # others are 0 to 5


def test_ten_other_values_are_enough() -> None:
    for others, known in ((9, []), (10, [(999.0, [3], [0])])):
        assert found_in(with_at([3], 999.0, USUAL[: others + 1])) == known


@pytest.mark.parametrize(
    "values",
    [
        with_at([0, 1, 9], 200.0),  # a promotion
        with_at([5, 11, 17], 0.0, USUAL + 100),  # closed
        with_at([7], 999.0, USUAL * 100),  # no further from 800 than that is from 300
        with_at([7], 999.0, USUAL + 990),
        with_at([7], 99.0),  # of two digits
        with_at([3, 4, 5], -200.0, USUAL - 5),  # others are negative, too
        with_at([3, 4, 5], -2.0, np.resize([0.0, 1.0], 24)),  # goods that came back
        with_at([3], 999.0, np.full(24, 5.0)),  # one other value: nothing says how far is far
        np.full(24, 999.0),
        np.full(24, np.nan),
        np.full(24, 1e149),
        2.0 ** np.arange(24),
    ],
)
def test_ordinary_values_are_not_doubted(values: Floats) -> None:
    assert found_in(values) == []


def test_the_numbers_of_most_series_are_named() -> None:
    codes = [-999.0, 9999.0, -99.0, -999.0, 999.0, 9999.0, -99.0, -99.0]
    found = found_in(*(with_at([7], each) for each in codes))
    assert [(number, series) for number, _, series in found] == [
        (-99.0, [2, 6, 7]), (-999.0, [0, 3]), (9999.0, [1, 5]),
    ]  # fmt: skip
    ordinary = np.where(np.arange(24) == 7, 999.0, USUAL * 200)
    assert found_in(with_at([7], 999.0), ordinary) == [(999.0, [7], [0])]  # not where it lies between others


def test_missing_values_and_empty_series_are_passed_over() -> None:
    gaps = with_at([2, 3], np.nan, with_at([7, 8, 9], -50.0))
    assert found_in(np.empty(0), gaps, np.empty(0), USUAL, np.empty(0)) == [(-50.0, [7, 8, 9], [1])]


def test_the_warning_says_what_to_set_and_that_ends_it(
    folder: Path, default_params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = pd.date_range("2024-01-01", periods=24, freq="D").strftime("%Y-%m-%d")
    plants = [
        pd.DataFrame({"plant": name, "date": dates, "load": with_at(rows, -200.0), "heat": with_at([4], 9999.0)})
        for name, rows in (("east", []), ("west", [4, 5, 6]), ("north", [7, 8, 9, 10]))
    ]
    plants[0].loc[11, "load"] = -999.0
    pd.concat(plants).to_csv("load.csv", index=False)
    ingest: dict[str, object] = {
        "ingest__path": "load.csv", "ingest__series": "plant", "ingest__time": "date", "ingest__value": "load",
        "ingest__frequency": "D", "ingest__missing": "keep",
        "ingest__covariates": {"future": [], "past": ["heat"], "static": []},
    }  # fmt: skip
    settings = change(default_params, **ingest)[Ingest]
    build_panel(read_raw(settings), settings)
    there = "where all other values are 3 to 8; if it means a missing value, set ingest.none to [-200, -999, 9999]"
    assert capsys.readouterr().err.splitlines() == [
        f"warning: load.csv: -200 occurs 7 times in 2 series, 'west' the first, {there}",
        f"warning: load.csv: -999 occurs 1 time in 1 series, 'east' the first, {there}",
        f"warning: load.csv: 9999 occurs 3 times in the covariate 'heat' of 3 series, 'east' the first, {there}",
    ]
    for given, listed in (([-200], "[-200, -999, 9999]"), ([".", -999], '[".", -999, -200, 9999]')):
        settings = change(default_params, **ingest, ingest__none=given)[Ingest]
        build_panel(read_raw(settings), settings)
        assert capsys.readouterr().err.splitlines()[0].endswith(f"set ingest.none to {listed}")
    settings = change(default_params, **ingest, ingest__none=[-200, -999, 9999])[Ingest]
    panel = build_panel(read_raw(settings), settings)
    assert panel.missing.sum() == 8
    assert "none" not in capsys.readouterr().err


def test_covariates_are_looked_at_to_their_ends_and_categories_not_at_all(
    folder: Path, default_params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = pd.date_range("2024-01-01", periods=24, freq="D").strftime("%Y-%m-%d")
    kinds = np.where(np.arange(24) == 3, "999", "a")
    plants = [
        pd.DataFrame({"plant": name, "date": dates, "load": USUAL, "plan": with_at(rows, 999.9), "kind": kinds})
        for name, rows in (("east", []), ("west", [22]))
    ]
    table = pd.concat(plants)
    table.loc[table.index >= 20, "load"] = np.nan
    table.to_csv("load.csv", index=False)
    settings = change(
        default_params,
        ingest__path="load.csv",
        ingest__series="plant",
        ingest__time="date",
        ingest__value="load",
        ingest__frequency="D",
        ingest__missing="keep",
        ingest__covariates={"future": ["plan", "kind"], "past": [], "static": []},
    )[Ingest]
    build_panel(read_raw(settings), settings)
    (line,) = capsys.readouterr().err.splitlines()
    assert "999.9 occurs 1 time in the covariate 'plan' of 1 series, 'west' the first" in line
    assert line.endswith("set ingest.none to [999.9]")
