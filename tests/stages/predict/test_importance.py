"""What covariates bring: much where the values are a function of one, nothing where they are not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.common.params import Params
from stages.compute.params import Compute
from stages.compute.pool import open_pool
from stages.normalize.params import Normalize
from stages.panel.covariate_counts import NO_COVARIATES
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from stages.predict.ensemble import Ensemble
from stages.predict.importance import Change, ChangedHistory, every, measure_covariates, sample
from stages.predict.metrics import six_digits
from stages.predict.tasks import forecast_origins, shards
from stages.train.batches import Batches
from stages.train.network import Network
from stages.train.params import Model
from stages.window.params import Window
from tests.builders import change, panel_of

LENGTHS, AHEAD = [150, 140, 160], [3, 0, 5]


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Values that a price moves, in weeks; a category, a constant, noise and sizes that tell nothing. Some are missing.

    The price is also known for some steps after the end.
    """
    random = np.random.default_rng(0)
    indptr = np.concatenate([[0], np.cumsum(np.add(LENGTHS, AHEAD))]).astype(np.int64)
    price, noise = random.normal(size=(2, indptr[-1]))
    warm = random.integers(2, size=indptr[-1])
    future = np.column_stack([price, warm, 1 - warm, np.full(len(warm), 7.0)])
    future[[4, 9, 200], 1:3] = np.nan
    own = [slice(first, first + length) for first, length in zip(indptr, LENGTHS, strict=False)]
    values = [100 + 20 * (np.arange(len(price[each])) % 7 == 0) + 10 * price[each] for each in own]
    covariates = Covariates(
        future=["price", "sky=warm", "sky=cold", "flat"],
        past=["noise"],
        static=["size"],
        indptr=indptr,
        future_values=future,
        past_values=np.concatenate([noise[each] for each in own])[:, None],
        static_values=np.array([[1.0], [2.0], [3.0]]),
        categories={"sky": ["warm", "cold"]},
    )
    return panel_of(values, season_lengths=(7,), covariates=covariates)


@pytest.fixture(scope="module")
def ensemble(default_params: Params, panel: Panel) -> Ensemble:
    """Two networks as they are before training, which give the mean of the experts: the regression on covariates."""
    window = change(default_params, window__experts=["regression"])[Window]
    untrained = Ensemble(7, 2, default_params[Normalize], window, [7], {}, panel.covariate_counts)
    ((_, windows),) = untrained.prepare([panel.at(0)])
    networks = {member: Network.of(default_params[Model], Batches(windows)) for member in range(2)}
    return replace(untrained, networks=networks)


def measured(
    panel: Panel, origins: list[int], ensemble: Ensemble, params: Params, folder: Path, workers: int = 1
) -> dict[str, Any]:
    panel.write(folder / "panel.parquet")
    parts, ensembles = shards(panel, folder / "panel.parquet"), dict.fromkeys([0, *origins], ensemble)
    with open_pool(change(params, compute__workers=workers)[Compute], "stages.predict.tasks") as pool:
        model = forecast_origins(parts, np.zeros(len(panel.ids), dtype=bool), ensembles, pool)
        return measure_covariates(panel, model, origins, parts, ensembles, 0, pool)


def of(panel: Panel) -> Covariates:
    assert panel.covariates is not None
    return panel.covariates


def test_what_the_values_depend_on_brings_much_and_what_they_do_not_nothing(
    default_params: Params, panel: Panel, ensemble: Ensemble, tmp_path: Path
) -> None:
    """A covariate that never changes is the same in any order: not a digit of MASE differs."""
    found = measured(panel, [7, 14, 30, 44], ensemble, default_params, tmp_path)
    permuted = found["permuted"]
    assert list(permuted) == ["price", "sky", "flat", "noise", "size"]
    assert found["forecasts"] == 12
    assert permuted["price"] > 2 * found["model"]
    assert found["none"] > 2 * found["model"]
    assert permuted["flat"] == found["model"]
    for name in ("sky", "noise", "size"):
        assert abs(permuted[name] / found["model"] - 1) < 0.1, name


def test_the_error_is_the_models_over_the_histories_that_are_measured(
    default_params: Params, panel: Panel, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three series in two shards, the second of each is left out where two histories are allowed at five origins."""
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2)
    origins = [7, 14, 21, 28, 35]

    def expected(series: list[int]) -> float:
        errors = []
        for origin, forecast in zip(origins, ensemble.forecast([panel.at(each) for each in origins]), strict=True):
            for each in series:
                past = panel.at(origin).values(each)
                error = np.abs(panel.at(origin).actual(7)[each] - forecast.point[each]).mean()
                errors.append(error / np.abs(past[7:] - past[:-7]).mean())
        return six_digits(np.mean(errors))

    found = measured(panel, origins, ensemble, default_params, tmp_path)
    assert (found["forecasts"], found["model"]) == (15, pytest.approx(expected([0, 1, 2]), rel=1e-5))
    monkeypatch.setattr("stages.predict.importance.FEWEST_HISTORIES", 2)
    monkeypatch.setattr("stages.predict.importance.MOST_HISTORIES", 8)
    thinned = measured(panel, origins, ensemble, default_params, tmp_path)
    assert (thinned["forecasts"], thinned["model"]) == (10, pytest.approx(expected([0, 2]), rel=1e-5))
    assert thinned["permuted"]["flat"] == pytest.approx(thinned["model"], rel=1e-5)


def test_two_workers_find_the_same(
    default_params: Params, panel: Panel, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.predict.tasks.SHARD", 2)
    one, two = (measured(panel, [7, 14], ensemble, default_params, tmp_path, workers) for workers in (1, 2))
    assert one["permuted"]
    assert one == two


def test_without_covariates_or_origins_nothing_is_measured(
    default_params: Params, panel: Panel, ensemble: Ensemble, tmp_path: Path
) -> None:
    assert measured(panel, [], ensemble, default_params, tmp_path) == {}
    bare = replace(ensemble, networks={}, covariates=NO_COVARIATES)
    assert measured(replace(panel, covariates=None), [7], bare, default_params, tmp_path) == {}


@pytest.mark.parametrize(
    ("series", "origins", "most", "places", "step"),
    [
        (1, 20, 7, range(20), 1),  # 64 histories are few
        (1, 200, 100, np.linspace(0, 199, 100).round(), 1),
        (1, 2000, 5000, np.linspace(0, 1999, 1000).round(), 1),
        (8, 20, 64, [0, 3, 5, 8, 11, 14, 16, 19], 1),
        (100, 8, 500, [0, 2, 4, 5, 7], 1),
        (100, 8, 250, [0, 2, 4, 5, 7], 2),
        (30_000, 5, 10**6, range(5), 150),
        (30_000, 2, 10**6, range(2), 60),
    ],
)
def test_few_histories_are_chosen_evenly(series: int, origins: int, most: int, places: Any, step: int) -> None:
    assert sample(series, list(range(origins)), most) == (list(places), step)
    assert len(range(0, series, step)) * len(places) <= max(64, min(most, 1000))


def test_every_so_many_series_keep_their_rows(panel: Panel) -> None:
    assert every(panel, 1) is panel
    some = every(panel, 2)
    for place, series in enumerate((0, 2)):
        expected, found = panel.take(slice(series, series + 1)), some.take(slice(place, place + 1))
        assert found.ids == expected.ids
        for name in ("y", "missing", "ds"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        for name in ("future_values", "past_values", "static_values"):
            np.testing.assert_array_equal(getattr(of(found), name), getattr(of(expected), name))


def test_a_permutation_keeps_the_values_of_each_series_and_where_they_are_missing(panel: Panel) -> None:
    """Of the history and the horizon. All indicators of a category change together, and no other column does."""
    history, lengths = panel.at(7), np.array(LENGTHS) - 7
    before, past = history.future_covariates(7), history.past_covariates()
    for name, own in {"price": [0], "sky": [1, 2], "flat": [3], "noise": [], "size": []}.items():
        changed = ChangedHistory(panel, 7, Change(name, 0))
        future, others = changed.future_covariates(7), [each for each in range(4) if each not in own]
        np.testing.assert_array_equal(future[:, others], before[:, others])
        np.testing.assert_array_equal(np.isnan(future), np.isnan(before))
        assert np.array_equal(future, before, equal_nan=True) == (name not in {"price", "sky"})
        for rows in np.split(np.arange(len(before)), np.cumsum(lengths + 7)[:2]):
            np.testing.assert_array_equal(np.sort(future[rows], axis=0), np.sort(before[rows], axis=0))
        assert set(np.nan_to_num(future[:, 1:3].sum(axis=1), nan=1)) == {1}
        assert np.array_equal(changed.past_covariates(), past) == (name != "noise")
        for rows in np.split(np.arange(len(past)), np.cumsum(lengths)[:2]):
            assert sorted(changed.past_covariates()[rows, 0]) == sorted(past[rows, 0])
        static = of(Change(name, 0).of_static(panel)).static_values[:, 0].tolist()
        assert sorted(static) == [1, 2, 3]
        assert (static == [1, 2, 3]) == (name != "size")


@pytest.mark.parametrize("series", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_no_series_keeps_its_static_covariates(panel: Panel, series: int, seed: int) -> None:
    some = panel.take(slice(0, series))
    changed = of(Change("size", seed).of_static(some)).static_values
    assert (changed != of(some).static_values).all()
    assert sorted(changed) == sorted(of(some).static_values)


def test_hidden_covariates_are_missing(panel: Panel) -> None:
    change = Change(None, 0)
    history = ChangedHistory(change.of_static(panel), 7, change)
    for values in (history.future_covariates(7), history.past_covariates(), of(history.panel).static_values):
        assert values.size
        assert np.isnan(values).all()
