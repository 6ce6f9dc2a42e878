"""Forecasting as tasks: series and origins in their order, in any number of shards and processes."""

from pathlib import Path

import numpy as np
import pytest

from stages.common.arrays import Floats, Ints
from stages.common.params import Params
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.panel.panel import Panel
from stages.predict.forecasts import repeat_last_season
from stages.predict.tasks import FEW_SERIES, forecast_baselines, forecast_origins, shards
from tests.builders import change, panel_of, plain_windows
from tests.forecasts import identity_normalizer


def counting_panel(lengths: Ints) -> Panel:
    """Series of `lengths` (S,) whose values count on from one series to the next; season length 2."""
    ends = np.cumsum(lengths)
    series = [np.arange(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    return panel_of(series, season_lengths=(2,))


def test_shards_are_runs_of_whole_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2)
    panel = counting_panel(np.array([3, 1, 4, 1, 5]))
    panel.write(tmp_path / "panel.parquet")
    parts = shards(panel, tmp_path / "panel.parquet")
    assert [series for series, _ in parts] == [slice(0, 2), slice(2, 4), slice(4, 5)]


@pytest.mark.parametrize("workers", [1, 2])
def test_baselines_of_many_series_come_back_in_their_order(
    default_params: Params, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three shards, the first two of which are three tasks for each baseline."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2 * FEW_SERIES + 3)
    lengths = np.arange(5 * FEW_SERIES) % 7  # some without a history
    panel = counting_panel(lengths + 5)
    panel.write(tmp_path / "panel.parquet")
    compute = change(default_params, compute__workers=workers)[Compute]
    parts = shards(panel, tmp_path / "panel.parquet")
    with open_pool(compute) as pool:
        found = forecast_baselines([5, 7], parts, 3, ["seasonal_naive", "auto_theta"], pool)
    assert list(found) == ["seasonal_naive", "auto_theta"]
    for place, origin in enumerate([5, 7]):
        history = panel.at(origin)
        expected = np.where(history.lengths[:, None] > 0, repeat_last_season(history, 3), np.nan)
        np.testing.assert_array_equal(found["seasonal_naive"][place], expected)
        assert np.array_equal(np.isnan(found["auto_theta"][place]), np.isnan(expected))


@pytest.mark.parametrize("shard", [2, 100])
def test_origins_are_forecast_with_all_their_series_the_final_one_first(
    default_params: Params, shard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without networks, by the seasonal naive method."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", shard)
    panel = counting_panel(np.array([9, 2, 8, 1, 7]))
    panel.write(tmp_path / "panel.parquet")
    folders = (tmp_path / "normalizer", tmp_path / "windows", tmp_path / "networks")
    for path in folders:
        path.mkdir()
    for origin in (10, 0, 3):
        lengths = panel.at(origin).lengths
        identity_normalizer(5).write(folders[0], origin)
        plain_windows(np.zeros(lengths.sum()), lengths, 6, 4).write(folders[1] / f"origin_{origin}.safetensors")
    with open_pool(change(default_params, compute__workers=1)[Compute]) as pool:
        parts = shards(panel, tmp_path / "panel.parquet")
        found = forecast_origins(parts, np.arange(5) < 3, 4, 2, folders, pool)
    assert [scored.origin for scored in found] == [0, 3, 10]
    for scored in found:
        history = panel.at(scored.origin)
        naive: Floats = repeat_last_season(history, 4)
        np.testing.assert_array_equal(scored.forecast.point, naive)
        np.testing.assert_array_equal(scored.actual, history.actual(4))
        assert scored.member_errors.shape == (5, 2)
        scores = ~np.isnan(np.abs(scored.actual - naive)).all(axis=1) & (np.arange(5) < 3)
        np.testing.assert_array_equal(scored.half_differences, np.where(scores, 0, np.nan)[:, None])
