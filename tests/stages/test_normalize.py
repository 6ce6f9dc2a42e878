"""Normalize: each origin's history, from that history alone."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stages.common.panel import Panel
from stages.common.params import Params
from stages.normalize import normalize
from tests.conftest import change


@pytest.fixture
def panel(airline: npt.NDArray[np.float64]) -> Panel:
    """The airline passengers and their last 30 values."""
    y = np.concatenate([airline, airline[-30:]])
    whole = Panel(["long", "short"], np.array([0, 144, 174]), pd.Series(range(174)), y, np.zeros(174, dtype=bool))
    return replace(whole, season_length=12)


def test_seasonal_differences_of_logarithms_have_mean_0_and_spread_1(panel: Panel, default_params: Params) -> None:
    settings = change(
        default_params, normalize__log="auto", normalize__seasonal="difference", normalize__scale="standard"
    ).normalize
    _, values, lengths = normalize(panel, 12, settings)
    assert lengths.tolist() == [144 - 12 - 12, 30 - 12 - 12]
    logs = np.log(panel.y[:132])
    differences = logs[12:] - logs[:-12]
    np.testing.assert_allclose(values[:120], (differences - differences.mean()) / differences.std(), atol=1e-12)


@pytest.mark.parametrize("seasonal", ["none", "difference", "indices"])
@pytest.mark.parametrize("scale", ["none", "minmax", "standard", "robust"])
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
