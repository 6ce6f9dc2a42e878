"""Predict: baselines in their order whatever runs at once, the future as the input has it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from stages.common.params import Params
from stages.compute.pool import open_pool
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.predict.__main__ import FEW, forecast_baselines, future, shards, warn_of_fallback
from stages.predict.baselines import seasonal_naive
from stages.predict.forecasts import OriginForecast, forecast_origin
from tests.builders import change, plain_windows

Ints = npt.NDArray[np.int64]


def panel_of(lengths: Ints) -> Panel:
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = int(indptr[-1])
    ids, unknown = [str(i) for i in range(len(lengths))], np.zeros(rows, dtype=bool)
    return Panel(ids, indptr, pd.Series(range(rows)), np.arange(float(rows)), unknown, season_lengths=(2,))


def naive_origin(panel: Panel, held_back: int) -> OriginForecast:
    """Three steps from one origin, without networks."""
    normalizer = Normalizer("auto", "none", "none", 2).fit(panel.histories(held_back), panel.ids)
    lengths = panel.history_lengths(held_back)
    windows = plain_windows(np.zeros(lengths.sum()), lengths, [6], 3, [0])
    return forecast_origin(panel, held_back, 3, normalizer, windows, {}, 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_baselines_of_many_series_come_back_in_their_order(
    default_params: Params, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three shards, the first two of which are three tasks for each baseline."""
    monkeypatch.setattr("stages.predict.SHARD", 2 * FEW + 3)
    lengths = np.arange(5 * FEW) % 7  # some without a history
    panel = panel_of(lengths + 5)
    panel.write(tmp_path / "panel.parquet")
    compute = change(default_params, compute__workers=workers).compute
    parts = shards(panel, tmp_path / "panel.parquet")
    with open_pool(compute) as pool:
        found = forecast_baselines([5], parts, 3, ["seasonal_naive", "auto_theta"], pool)
    assert list(found[5]) == ["seasonal_naive", "auto_theta"]
    histories = [panel.y[panel.indptr[i] : panel.indptr[i + 1] - 5] for i in range(len(lengths)) if lengths[i]]
    np.testing.assert_array_equal(found[5]["seasonal_naive"], [seasonal_naive(each, 2, 3) for each in histories])
    assert found[5]["auto_theta"].shape == (len(histories), 3)


def test_the_future_is_in_the_order_of_the_input_and_follows_each_series() -> None:
    stamps = pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-01", "2023-11-01"]))
    y, filled = np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=bool)
    panel = Panel(["b", "a", "c"], np.array([0, 2, 3, 4]), stamps, y, filled, TimeAxis("MS", "%Y-%m"))
    table = future([naive_origin(panel, 0)], panel, [80])
    assert list(table) == ["unique_id", "ds", "forecast", "lo-80", "hi-80"]
    assert table["unique_id"].tolist() == ["b"] * 3 + ["a"] * 3 + ["c"] * 3
    assert table["ds"].tolist() == [
        *["2024-03", "2024-04", "2024-05"], *["2024-02", "2024-03", "2024-04"], *["2023-12", "2024-01", "2024-02"],
    ]  # fmt: skip
    assert table["forecast"].tolist() == [2] * 3 + [3] * 3 + [4] * 3


def test_a_few_of_the_series_without_a_window_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_of(np.full(7, 4))
    warn_of_fallback(naive_origin(panel, 0), panel)
    assert "7 of 7 series are too short for a window" in (warned := capsys.readouterr().err)
    assert "('0', '1', '2', '3', '4', ...)" in warned
