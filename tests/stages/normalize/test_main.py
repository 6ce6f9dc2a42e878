"""Normalize: each origin's history, from that history alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stages.common.params import Params
from stages.normalize.__main__ import normalize, seasons_left
from stages.panel.panel import Panel
from tests.builders import change
from tests.projects import change_file, shell


@pytest.fixture
def panel(airline: npt.NDArray[np.float64]) -> Panel:
    """The airline passengers and their last 30 values."""
    y = np.concatenate([airline, airline[-30:]])
    whole = Panel(["long", "short"], np.array([0, 144, 174]), pd.Series(range(174)), y, np.zeros(174, dtype=bool))
    return replace(whole, season_lengths=(12,))


def test_seasonal_differences_of_logarithms_have_mean_0_and_spread_1(panel: Panel, default_params: Params) -> None:
    settings = change(
        default_params, normalize__log="auto", normalize__seasonal="difference", normalize__scale="standard"
    ).normalize
    _, values, lengths = normalize(panel, 12, settings)
    assert lengths.tolist() == [144 - 12 - 12, 30 - 12 - 12]
    logs = np.log(panel.y[:132])
    differences = logs[12:] - logs[:-12]
    np.testing.assert_allclose(values[:120], (differences - differences.mean()) / differences.std(), atol=1e-12)


@pytest.mark.parametrize("seasonal", ["none", "difference", "indices", "shrunk"])
@pytest.mark.parametrize("scale", ["none", "minmax", "standard", "robust", "mean"])
def test_what_comes_after_the_origin_changes_nothing(
    panel: Panel, default_params: Params, seasonal: str, scale: str
) -> None:
    settings = change(default_params, normalize__seasonal=seasonal, normalize__scale=scale).normalize
    changed = panel.y.copy()
    changed[132:144] = -1e9
    changed[162:] = 0
    other = replace(panel, y=changed)
    for one, two in zip(normalize(panel, 12, settings)[1:], normalize(other, 12, settings)[1:], strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("seasonal", ["difference", "indices", "shrunk"])
def test_any_blocks_give_the_same(
    panel: Panel, default_params: Params, seasonal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = change(default_params, normalize__seasonal=seasonal).normalize
    whole, values, lengths = normalize(panel, 3, settings)
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 1)
    parts, same_values, same_lengths = normalize(panel, 3, settings)
    np.testing.assert_allclose(same_values, values, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(same_lengths, lengths)
    np.testing.assert_allclose(parts.center_, whole.center_)


def test_a_series_is_logged_where_its_history_is_positive_others_are_not(panel: Panel, default_params: Params) -> None:
    y = panel.y.copy()
    y[150] = -1.0  # in the short series
    y[143] = -1.0  # in the last step of the long one, which the origin one step back does not know
    mixed, settings = replace(panel, y=y), default_params.normalize
    assert normalize(panel, 1, settings)[0].log_.tolist() == [True, True]
    assert normalize(mixed, 1, settings)[0].log_.tolist() == [True, False]
    assert normalize(mixed, 0, settings)[0].log_.tolist() == [False, False]


@pytest.mark.parametrize(
    ("lengths", "seasons", "expected"),
    [
        ([100, 100], (12,), [12]),
        ([25], (12,), [12]),
        ([24], (12,), []),  # not quite two seasons and one more
        ([100, 20, 20], (12,), []),  # half of them are too short
        ([100, 100, 20], (12,), [12]),
        ([500], (24, 168), [24, 168]),
        ([500, 300, 300], (24, 168), [24]),  # weeks are too long for half of them
        ([40], (24, 168), []),
        ([100], (1,), []),
    ],
)
def test_seasons_that_half_the_series_hold_twice_are_left_to_the_windows(
    default_params: Params, lengths: list[int], seasons: tuple[int, ...], expected: list[int]
) -> None:
    rows = sum(lengths)
    indptr, ids = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), [str(i) for i in range(len(lengths))]
    panel = Panel(
        ids, indptr, pd.Series(range(rows)), np.zeros(rows), np.zeros(rows, dtype=bool), season_lengths=seasons
    )
    assert seasons_left(panel, change(default_params, normalize__seasonal="shrunk").normalize) == expected
    for seasonal in ("none", "difference", "indices"):
        assert seasons_left(panel, change(default_params, normalize__seasonal=seasonal).normalize) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"evaluation_origins": "12, 24, 36, 48, 60", "calibration_origins": "72, 84", "seasons": "12"}),
        (
            {
                "backtest__origins": 0,
                "backtest__calibration": 0,
                "normalize__log": False,
                "normalize__seasonal": "none",
            },
            {"evaluation_origins": "", "calibration_origins": "", "seasons": "", "series_logged": 0},
        ),
    ],
)
def test_what_was_decided_is_reported(project: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    change_file(project, **changes)
    for stage in ("ingest", "normalize"):
        shell("python", "-m", f"stages.{stage}", cwd=project)
    decided = json.loads((project / "reports/normalize.json").read_text())
    assert decided == {"series_logged": 1, **expected}
    origins = f"0, {expected['evaluation_origins']}, {expected['calibration_origins']}".strip(", ").split(", ")
    written = {path.stem for path in (project / "data/histories").iterdir()}
    assert written == {f"origin_{held_back}" for held_back in origins}
