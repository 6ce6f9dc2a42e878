"""Forecasting as tasks: series and origins in their order, in any number of shards and processes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.common.arrays import Floats, Ints
from stages.common.params import Params
from stages.compute.params import Compute
from stages.compute.pool import Pool, open_pool
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.predict.baselines import forecast_baseline
from stages.predict.ensemble import Ensemble
from stages.predict.forecasts import repeat_last_season
from stages.predict.scoring import ScoredForecast
from stages.predict.spread import Spread
from stages.predict.tasks import (
    FEW_SERIES,
    forecast_baselines,
    forecast_origins,
    forecast_shard,
    shards,
)
from stages.train.batches import Batches
from stages.train.network import Network
from stages.train.params import Model
from stages.window.params import Window
from tests.builders import change, panel_of, window_settings


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


@pytest.mark.parametrize(
    ("count", "workers"), [(3, 1), (FEW_SERIES, 1), (FEW_SERIES + 1, 1), (3, 2), (5 * FEW_SERIES, 2)]
)
def test_baselines_come_back_in_the_order_of_series_and_origins(
    default_params: Params, count: int, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one shard, an origin in each task, or of several, all origins in each; as each history alone is forecast."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2 * FEW_SERIES + 3)
    panel = counting_panel(np.arange(count) % 7 + 5)  # some without a history
    panel.write(tmp_path / "panel.parquet")
    compute = change(default_params, compute__workers=workers)[Compute]
    parts = shards(panel, tmp_path / "panel.parquet")
    names, origins = ["seasonal_naive", "auto_theta"], [5, 7, 2]
    with open_pool(compute, "stages.predict.tasks") as pool:
        found = forecast_baselines(origins, parts, 3, names, pool)
    assert list(found) == names
    for name in names:
        for forecasts, origin in zip(found[name], origins, strict=True):
            history = panel.at(origin)
            expected = [forecast_baseline(name, history.values(series), 2, 3) for series in range(count)]
            np.testing.assert_allclose(forecasts, expected, rtol=1e-9)


@pytest.mark.parametrize("shard", [2, 100])
def test_origins_are_forecast_with_all_their_series_the_final_one_first(
    default_params: Params, shard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without networks, by the seasonal naive method."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", shard)
    panel = counting_panel(np.array([9, 2, 8, 1, 7]))
    panel.write(tmp_path / "panel.parquet")
    untrained = Ensemble(4, 2, default_params[Normalize], window_settings(size=6), [], {})
    with open_pool(change(default_params, compute__workers=1)[Compute], "stages.predict.tasks") as pool:
        parts = shards(panel, tmp_path / "panel.parquet")
        found = forecast_origins(parts, np.arange(5) < 3, dict.fromkeys((0, 3, 10), untrained), pool)
    assert [scored.origin for scored in found] == [0, 3, 10]
    for scored in found:
        history = panel.at(scored.origin)
        naive: Floats = repeat_last_season(history, 4)
        np.testing.assert_array_equal(scored.forecast.point, naive)
        np.testing.assert_array_equal(scored.actual, history.actual(4))
        assert scored.member_errors.shape == (5, 2)
        scores = ~np.isnan(np.abs(scored.actual - naive)).all(axis=1) & (np.arange(5) < 3)
        np.testing.assert_array_equal(scored.half_differences, np.where(scores, 0, np.nan)[:, None])


def random_ensemble(params: Params, panel: Panel, horizon: int) -> Ensemble:
    """Two networks that were not trained, for windows of a panel with a season of two."""
    untrained = Ensemble(horizon, 2, params[Normalize], params[Window], [2], {})
    ((_, windows),) = untrained.prepare([panel.at(0)])
    torch.manual_seed(0)
    networks = {member: Network.of(params[Model], Batches(windows)) for member in range(2)}
    for network in networks.values():
        torch.nn.init.normal_(network.head.weight)
    return replace(untrained, networks=networks)


def arrays(scored: ScoredForecast) -> dict[str, Floats]:
    """All that a scored forecast holds, but the origin."""
    fields = {**vars(scored), **vars(scored.forecast), **vars(scored.forecast.spread)}
    return {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}


def test_several_origins_together_are_forecast_as_each_alone(default_params: Params) -> None:
    """To the rounding of single precision: the features of more histories at once are sums in another order."""
    random, origins = np.random.default_rng(0), [3, 4, 5, 9, 30]
    series = [100 + random.normal(0, 5, length) + np.resize([9, -9], length) for length in (90, 70, 33, 12)]
    panel = panel_of(series, season_lengths=(2,))
    ensemble = random_ensemble(default_params, panel, 3)
    halved = np.array([True, False, True, True])
    together = forecast_shard(panel, halved, origins, ensemble)
    assert [scored.origin for scored in together] == origins
    for origin, scored in zip(origins, together, strict=True):
        (alone,) = forecast_shard(panel, halved, [origin], ensemble)
        found, expected = arrays(scored), arrays(alone)
        assert found.keys() == expected.keys()
        for name in vars(Spread.of(panel.at(origin))):
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("histories", "expected"),
    [
        (4, [[0], [2], [3], [4], [6], [8]]),  # fewer than those of one origin
        (9, [[0], [2], [3], [4], [6], [8]]),
        (10, [[0], [2, 3], [4], [6, 8]]),
        (15, [[0], [2, 3, 4], [6, 8]]),
        (999, [[0], [2, 3, 4], [6, 8]]),
    ],
)
def test_a_task_has_few_origins_of_one_ensemble_and_the_final_one_is_alone(
    default_params: Params,
    histories: int,
    expected: list[list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five series in three shards; an ensemble for the origins up to 4, and an earlier one, equal to it."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2)
    monkeypatch.setattr("stages.predict.tasks.FEW_HISTORIES", histories)
    run, origins = Pool.run, []

    def recorded(pool: Pool, task: Callable[..., Any], arguments: list[tuple[Any, ...]], bar: str) -> Iterator[Any]:
        origins.extend([each[2] for each in arguments])
        return run(pool, task, arguments, bar)

    monkeypatch.setattr(Pool, "run", recorded)
    panel = counting_panel(np.array([9, 2, 8, 1, 7]))
    panel.write(tmp_path / "panel.parquet")
    one = Ensemble(4, 2, default_params[Normalize], window_settings(size=6), [], {})
    ensembles = {0: one, 2: one, 3: one, 4: one} | dict.fromkeys((6, 8), replace(one))
    with open_pool(change(default_params, compute__workers=1)[Compute], "stages.predict.tasks") as pool:
        parts = shards(panel, tmp_path / "panel.parquet")
        found = forecast_origins(parts, np.ones(5, dtype=bool), ensembles, pool)
    assert origins == [each for each in expected for _ in range(3)]
    assert [scored.origin for scored in found] == [0, 2, 3, 4, 6, 8]
    for scored in found:
        np.testing.assert_array_equal(scored.forecast.point, repeat_last_season(panel.at(scored.origin), 4))
