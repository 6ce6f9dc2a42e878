"""Forecasts at an origin: medians, fallbacks, interval scales; nothing after the origin is used."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.normalize.histories import normalize
from stages.normalize.normalizer import Normalizer
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast, forecast_origin, interval_scale
from stages.train.network import Forecaster
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.cutting import cut_windows
from stages.window.params import Window
from tests.builders import change, panel_of, plain_windows
from tests.forecasts import constant_forecast, identity_normalizer, naive_forecast

UNKNOWN = np.nan


def test_the_point_forecast_is_the_median_of_the_members() -> None:
    forecast = constant_forecast(panel_of([[9.0] * 10]), 3, {0: 1.0, 1: 5.0, 2: 2.0}, ensemble=3)
    assert forecast.point.tolist() == [[2, 2, 2]]
    assert forecast.members.tolist() == [[[1, 1, 1], [5, 5, 5], [2, 2, 2]]]


def test_a_member_without_a_network_is_left_out_of_the_median() -> None:
    """Windows of 2; histories of 7, 4, 1 and 0 values."""
    panel = panel_of([[3.0] * 10, [4.0] * 7, [5.0] * 4, [6.0] * 3])
    forecast = constant_forecast(panel, 3, {0: 1.0, 1: 2.0}, ensemble=3)
    assert forecast.point[:2].tolist() == [[1.5] * 3] * 2
    assert forecast.point[2].tolist() == [5] * 3  # seasonal naive
    assert np.isnan(forecast.point[3]).all()
    assert forecast.fallback.tolist() == [False, False, True, True]
    assert forecast.has_history.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(forecast.members[1, :, 0], [1, 2, UNKNOWN])
    np.testing.assert_array_equal(forecast.members[2:, :, 0], [[5, 5, 5], [UNKNOWN] * 3])


def test_a_series_that_was_never_negative_is_forecast_so() -> None:
    panel = panel_of([[0.0, 2.0, 1.0, 3.0], [-1.0, 2.0, 1.0, 3.0]])
    forecast = constant_forecast(panel, 0, {0: -5.0})
    assert forecast.point.tolist() == [[0, 0, 0], [-5, -5, -5]]
    assert forecast.history_min.tolist() == [0, -1]


def test_the_smallest_value_is_that_of_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 3)  # a block for each series
    panel = panel_of([[4.0, 2.0, 3.0, -9.0, 0.0], [7.0, 8.0, 9.0, 1.0], [5.0]])
    assert naive_forecast(panel, 2).history_min.tolist() == [2, 7, np.inf]


@pytest.fixture(scope="module")
def trained(airline: Floats, default_params: Params) -> tuple[Panel, Params, dict[int, Forecaster]]:
    """Two series, the parameters of two members that are hardly trained, and their networks at the origin 12."""
    params = change(default_params, train__members=2, train__epochs=2, window__size=24, window__max_windows=200)
    panel = panel_of([airline, airline[:15]], season_lengths=(12,))
    histories = normalize(panel.at(12), params[Normalize])[1]
    windows = cut_windows(histories.values, histories.lengths, histories.seasons.tolist(), params[Window], 12)
    networks = {member: train_network(windows, member, params[Model], params[Train])[0] for member in range(2)}
    return panel, params, networks


def forecast_by_networks(panel: Panel, origin: int, params: Params, networks: dict[int, Forecaster]) -> OriginForecast:
    history = panel.at(origin)
    normalizer, histories = normalize(history, params[Normalize])
    windows = cut_windows(histories.values, histories.lengths, histories.seasons.tolist(), params[Window], 12)
    return forecast_origin(history, 12, normalizer, windows, networks, params[Train].members)


@pytest.mark.parametrize("later", [UNKNOWN, 1e9])
def test_no_value_after_the_origin_is_used(
    trained: tuple[Panel, Params, dict[int, Forecaster]], airline: Floats, later: float
) -> None:
    """The same bytes whatever follows the origin."""
    panel, params, networks = trained
    replaced = [np.concatenate([series[:-12], np.full(12, later)]) for series in (airline, airline[:15])]
    expected = forecast_by_networks(panel, 12, params, networks)
    forecast = forecast_by_networks(panel_of(replaced, season_lengths=(12,)), 12, params, networks)
    for name, value in vars(expected).items():
        if isinstance(value, np.ndarray):
            assert vars(forecast)[name].tobytes() == value.tobytes(), name
    assert forecast.fallback.tolist() == [False, True]


def test_the_final_origin_is_forecast_like_any_other(
    trained: tuple[Panel, Params, dict[int, Forecaster]], airline: Floats
) -> None:
    """A panel that ends at an origin: no value follows it, and the forecast is the same."""
    panel, params, networks = trained
    ended = panel_of([airline[:-12], airline[:3]], season_lengths=(12,))
    final = forecast_by_networks(ended, 0, params, networks)
    earlier = forecast_by_networks(panel, 12, params, networks)
    np.testing.assert_array_equal(final.point, earlier.point)
    np.testing.assert_array_equal(final.interval_scale, earlier.interval_scale)
    assert (final.origin, earlier.origin) == (0, 12)


@pytest.mark.parametrize(
    ("series", "seasons", "expected"),
    [
        ([0.0, 5.0, 1.0, 9.0], (2,), (1 + 4) / 2),
        ([0.0, 5.0, 2.0], (4,), (5 + 3) / 2),  # no longer than a season: from step to step
        ([7.0, 7.0, 7.0], (2,), 0),
        ([*[99.0, -99.0] * 5, *range(14)], (2,), 2),  # of the last six seasons alone
        ([*[99.0, -99.0] * 5, *range(22)], (2, 20), 2),  # or of the longest season
    ],
)
def test_interval_scale_worked_by_hand(series: list[float], seasons: tuple[int, ...], expected: float) -> None:
    history = panel_of([series], season_lengths=seasons).at(0)
    assert interval_scale(history, identity_normalizer(1)).tolist() == pytest.approx([expected])


def test_interval_scale_of_a_logged_series_is_on_the_log_scale() -> None:
    history = panel_of([[1.0, 2.0, 8.0]]).at(0)
    normalizer = Normalizer("auto", "mean").fit(history.matrix(), ["0"])
    np.testing.assert_allclose(interval_scale(history, normalizer), [(np.log(2) + np.log(4)) / 2])


def test_the_interval_scale_is_that_of_the_origin() -> None:
    history = panel_of([[0.0, 1.0, 2.0, 3.0, 100.0, -100.0]]).at(2)
    assert interval_scale(history, identity_normalizer(1)).tolist() == [1]


def test_a_single_value_takes_the_interval_scale_of_the_others_relative_to_its_size() -> None:
    """The others change by a fifth, the whole and nothing of their size; the median is a fifth."""
    panel = panel_of([[8.0, 10.0, 12.0], [1.0, 3.0], [-4.0, -4.0], [50.0]])
    normalizer = Normalizer(False, "mean").fit(panel.at(0).matrix(), panel.ids)
    np.testing.assert_array_equal(interval_scale(panel.at(0), normalizer), [2, 2, 0, UNKNOWN])
    halves = []
    for half in (slice(0, 2), slice(2, 4)):
        part = panel.take(half)
        windows = plain_windows(np.zeros(len(part.y)), part.lengths, 6, 3)
        halves.append(forecast_origin(part.at(0), 3, normalizer.take(half), windows, {}, 1))
    np.testing.assert_allclose(OriginForecast.concat(halves).interval_scale, [2, 2, 0, 50 * 0.2])


def test_without_networks_the_forecast_is_the_seasonal_naive_one(airline: Floats) -> None:
    forecast = naive_forecast(panel_of([airline], season_lengths=(12,)), 12, horizon=12)
    assert forecast.fallback.all()
    np.testing.assert_array_equal(forecast.point[0], airline[-24:-12])


def test_members_keep_their_places_where_some_have_no_network(airline: Floats, default_params: Params) -> None:
    panel = panel_of([airline, airline[:15]], season_lengths=(12,))
    lengths = panel.at(12).lengths
    windows = plain_windows(np.zeros(lengths.sum()), lengths, 6, 12)
    normalizer = Normalizer("auto", "mean").fit(panel.at(12).matrix(), panel.ids)
    network = Forecaster(default_params[Model], targets=12)
    forecast = forecast_origin(panel.at(12), 12, normalizer, windows, {1: network}, 2)
    assert np.isnan(forecast.members[..., 0]).tolist() == [[True, False], [False, False]]
    assert np.isfinite(forecast.point).all()
    assert forecast.fallback.tolist() == [False, True]
