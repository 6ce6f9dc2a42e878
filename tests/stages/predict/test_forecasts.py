"""Forecasts at an origin: means, fallbacks, constant histories; nothing after the origin is used."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.normalize.histories import normalize
from stages.normalize.normalizer import Normalizer
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast, forecast_origin, is_flat
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.cutting import cut_at_ends, cut_windows
from stages.window.params import Window
from tests.builders import change, panel_of, plain_ends
from tests.forecasts import constant_forecast, naive_forecast

UNKNOWN = np.nan


def test_the_point_forecast_is_the_mean_of_the_members() -> None:
    forecast = constant_forecast(panel_of([[8.0, *[9.0] * 9]]), 3, {0: 1.0, 1: 5.0, 2: 3.0}, ensemble=3)
    assert forecast.point.tolist() == [[3, 3, 3]]
    assert forecast.members.tolist() == [[[1, 1, 1], [5, 5, 5], [3, 3, 3]]]


def test_a_member_without_a_network_is_left_out_of_the_mean() -> None:
    """Windows of 2; histories of 7, 4, 1 and 0 values."""
    panel = panel_of([[2.0, *[3.0] * 9], [3.0, *[4.0] * 6], [5.0] * 4, [6.0] * 3])
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
    assert forecast.spread.smallest.tolist() == [0, -1]


def test_next_to_nothing_is_forecast_as_zero() -> None:
    """Of counts up to 3, which a logarithm and back leaves a little off 0; not of a series with values as small."""
    panel = panel_of([[0.0, 3.0, 1.0, 3.0], [1e-4, 2e-4, 1e-4, 2e-4], [-1.0, 3.0, 1.0, 3.0]])
    forecast = constant_forecast(panel, 0, {0: 1e-5})
    assert forecast.point[0].tolist() == [0, 0, 0]
    assert forecast.point[1:].ravel().tolist() == pytest.approx(6 * [1e-5])


def test_a_history_that_has_not_changed_lately_is_forecast_not_to_change() -> None:
    """Exactly, by every member; it is the model's forecast and no fallback."""
    panel = panel_of([[42.0] * 12, [0.0] * 12, [3.0, *[0.1] * 10], [3.0, 2.0, *[0.1] * 9], [7.0] * 4])
    forecast = constant_forecast(panel, 0, {0: 1.0, 1: 2.0}, ensemble=2)
    assert forecast.point.tolist() == [[42] * 3, [0] * 3, [0.1] * 3, [1.5] * 3, [7] * 3]
    assert forecast.members[0].tolist() == [[42] * 3] * 2
    assert not forecast.fallback.any()


@pytest.mark.parametrize(
    ("seasons", "lately", "flat"),
    [
        ((1,), 10, True),
        ((1,), 9, False),  # fewer than ten steps
        ((12,), 24, True),
        ((12,), 23, False),  # fewer than two seasons
        ((24, 168), 48, False),  # of the longest: a weekend is not the end
    ],
)
def test_a_flat_history_has_not_changed_over_two_seasons_and_ten_steps(
    seasons: tuple[int, ...], lately: int, flat: bool
) -> None:
    history = panel_of([[1.0] * 500 + [5.0] * lately], season_lengths=seasons).at(0)
    assert is_flat(history).tolist() == [flat]


def test_a_flat_history_ends_at_its_origin() -> None:
    panel = panel_of([[5.0] * 10 + [6.0], [5.0] * 9 + [6.0, 5.0], [5.0] * 3])
    assert is_flat(panel.at(1)).tolist() == [True, False, True]
    assert is_flat(panel.at(0)).tolist() == [False, False, True]


@pytest.fixture(scope="module")
def trained(airline: Floats, default_params: Params) -> tuple[Panel, Params, dict[int, Network]]:
    """Two series, the parameters of two members that are hardly trained, and their networks at the origin 12."""
    params = change(default_params, train__members=2, train__epochs=2, window__size=24, window__max_windows=200)
    panel = panel_of([airline, airline[:15]], season_lengths=(12,))
    histories = normalize(panel.at(12), params[Normalize], [12])[1]
    windows = cut_windows(histories.values, histories.lengths, [12], params[Window], 12)
    networks = {member: train_network(windows, member, params[Model], params[Train])[0] for member in range(2)}
    return panel, params, networks


def forecast_by_networks(panel: Panel, origin: int, params: Params, networks: dict[int, Network]) -> OriginForecast:
    history = panel.at(origin)
    normalizer, histories = normalize(history, params[Normalize], [12])
    windows = cut_at_ends(histories.values, histories.lengths, [12], params[Window], 12)
    return forecast_origin(history, 12, normalizer, windows, networks, params[Train].members)


@pytest.mark.parametrize("later", [UNKNOWN, 1e9])
def test_no_value_after_the_origin_is_used(
    trained: tuple[Panel, Params, dict[int, Network]], airline: Floats, later: float
) -> None:
    """The same bytes whatever follows the origin."""
    panel, params, networks = trained
    replaced = [np.concatenate([series[:-12], np.full(12, later)]) for series in (airline, airline[:15])]
    expected = forecast_by_networks(panel, 12, params, networks)
    forecast = forecast_by_networks(panel_of(replaced, season_lengths=(12,)), 12, params, networks)
    for name, value in [*vars(expected).items(), *vars(expected.spread).items()]:
        if isinstance(value, np.ndarray):
            assert {**vars(forecast), **vars(forecast.spread)}[name].tobytes() == value.tobytes(), name
    assert forecast.fallback.tolist() == [False, True]


def test_the_final_origin_is_forecast_like_any_other(
    trained: tuple[Panel, Params, dict[int, Network]], airline: Floats
) -> None:
    """A panel that ends at an origin: no value follows it, and the forecast is the same."""
    panel, params, networks = trained
    ended = panel_of([airline[:-12], airline[:3]], season_lengths=(12,))
    final = forecast_by_networks(ended, 0, params, networks)
    earlier = forecast_by_networks(panel, 12, params, networks)
    np.testing.assert_array_equal(final.point, earlier.point)
    units = [each.spread.unit(each.spread.typical(each.point), 0.0, 1) for each in (final, earlier)]
    np.testing.assert_array_equal(units[0], units[1])
    assert (final.origin, earlier.origin) == (0, 12)


def test_without_networks_the_forecast_is_the_seasonal_naive_one(airline: Floats) -> None:
    forecast = naive_forecast(panel_of([airline], season_lengths=(12,)), 12, horizon=12)
    assert forecast.fallback.all()
    np.testing.assert_array_equal(forecast.point[0], airline[-24:-12])


def test_members_keep_their_places_where_some_have_no_network(airline: Floats, default_params: Params) -> None:
    panel = panel_of([airline, airline[:15]], season_lengths=(12,))
    lengths = panel.at(12).lengths
    windows = plain_ends(np.zeros(lengths.sum()), lengths, 6, 12)
    normalizer = Normalizer("auto", "mean").fit(panel.at(12).matrix(), panel.ids)
    network = Network(default_params[Model], targets=12)
    forecast = forecast_origin(panel.at(12), 12, normalizer, windows, {1: network}, 2)
    assert np.isnan(forecast.members[..., 0]).tolist() == [[True, False], [False, False]]
    assert np.isfinite(forecast.point).all()
    assert forecast.fallback.tolist() == [False, True]


def test_a_history_with_gaps_is_flat_where_its_values_are_and_not_by_its_gaps() -> None:
    flat, gap = [1.0, *[5.0, UNKNOWN, UNKNOWN, 5.0] * 5, 9.0], [1.0, 2.0] * 5 + [UNKNOWN] * 11 + [9.0]
    panel = panel_of([flat, gap], missing=np.isnan([*flat, *gap]), season_lengths=(2,))
    assert is_flat(panel.at(1)).tolist() == [True, False]


def test_a_history_with_few_known_values_is_too_short_however_long_it_lasts(
    trained: tuple[Panel, Params, dict[int, Network]],
) -> None:
    _, params, networks = trained
    few = np.concatenate([[5.0], np.full(40, np.nan), [7.0, 9.0]])
    panel = panel_of(
        [few, np.arange(43.0)], season_lengths=(12,), missing=np.isnan(np.concatenate([few, np.zeros(43)]))
    )
    assert forecast_by_networks(panel, 0, params, networks).fallback.tolist() == [True, False]
