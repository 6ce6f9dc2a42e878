"""Numbers that may stand for missing values are doubted, and no others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common.params import Params
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.ingest.stand_ins import stand_ins
from tests.builders import change

USUAL = np.tile([3.0, 5.0, 4.0, 8.0], 6)  # 3 to 8


def found_in(*series: np.ndarray) -> list[tuple[float, list[int], list[int]]]:
    indptr = np.cumsum([0, *map(len, series)])
    return [
        (each.value, each.rows.tolist(), each.series.tolist()) for each in stand_ins(np.concatenate(series), indptr)
    ]


def with_at(rows: list[int], number: float, values: np.ndarray = USUAL) -> np.ndarray:
    changed = values.copy()
    changed[rows] = number
    return changed


@pytest.mark.parametrize("number", [-999.0, 999.0, 9999.0, -9999.9, 99999.0, 999999.99, 32767.0, -2147483648.0])
def test_a_code_is_doubted_where_it_occurs_once(number: float) -> None:
    assert found_in(USUAL, with_at([7], number)) == [(number, [24 + 7], [1])]


def test_another_negative_number_is_doubted_from_three_times_on() -> None:
    """As -200 in the air quality of the UCI repository (De Vito et al. 2008)."""
    assert found_in(with_at([0, 1], -200.0)) == []
    assert found_in(with_at([0, 1, 9], -200.0)) == [(-200.0, [0, 1, 9], [0])]
    assert found_in(with_at([0, 1, 9], -1.9)) == []  # 4.9 from the nearest; the others are 5 apart
    assert found_in(with_at([0, 1, 9], -2.1)) == [(-2.1, [0, 1, 9], [0])]


@pytest.mark.parametrize(
    "values",
    [
        with_at([0, 1, 9], 200.0),  # a promotion
        with_at([5, 11, 17], 0.0, USUAL + 100),  # closed
        with_at([7], 999.0, USUAL * 100),  # between the others
        with_at([7], 999.0, USUAL + 990),
        with_at([3, 4, 5], -200.0, USUAL - 5),  # others are negative, too
        with_at([3], 999.0, USUAL[:8]),  # few others
        with_at([3], 999.0, np.full(24, 5.0)),  # one other value: nothing says how far is far
        np.full(24, 999.0),
        np.full(24, np.nan),
        2.0 ** np.arange(24),
    ],
)
def test_ordinary_values_are_not_doubted(values: np.ndarray) -> None:
    assert found_in(values) == []


def test_missing_values_and_empty_series_are_passed_over() -> None:
    gaps = with_at([2, 3], np.nan, with_at([7, 8, 9], -5.0))
    assert found_in(np.empty(0), gaps, np.empty(0), USUAL, np.empty(0)) == [(-5.0, [7, 8, 9], [1])]


def test_the_warning_says_what_to_set_and_that_ends_it(
    folder: Path, default_params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = pd.date_range("2024-01-01", periods=24, freq="D").strftime("%Y-%m-%d")
    plants = [
        pd.DataFrame({"plant": name, "date": dates, "load": with_at(rows, -200.0), "heat": with_at([4], 9999.0)})
        for name, rows in (("east", []), ("west", [4, 5, 6]), ("north", [7, 8, 9, 10]))
    ]
    pd.concat(plants).to_csv("load.csv", index=False)
    ingest: dict[str, object] = {
        "ingest__path": "load.csv", "ingest__series": "plant", "ingest__time": "date", "ingest__value": "load",
        "ingest__frequency": "D", "ingest__missing": "keep",
        "ingest__covariates": {"future": [], "past": ["heat"], "static": []},
    }  # fmt: skip
    settings = change(default_params, **ingest)[Ingest]
    build_panel(read_raw(settings), settings)
    of_values, of_covariate = capsys.readouterr().err.splitlines()
    assert of_values == (
        "warning: load.csv: series 'west' (with 1 other series) has -200 7 times, far from all its other values, 3 to "
        "8; if that means a missing value, set ingest.none to [-200]"
    )
    assert of_covariate.startswith("warning: load.csv: the covariate 'heat' of series 'east' (with 2 other series) has")
    settings = change(default_params, **ingest, ingest__none=[-200, 9999])[Ingest]
    panel = build_panel(read_raw(settings), settings)
    assert panel.missing.sum() == 7
    assert "none" not in capsys.readouterr().err
