"""Forecasts at an origin: medians, fallbacks, limits from earlier origins' errors."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from torch import Tensor

from stages.common.params import Params
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast, forecast_origin, local_unit
from stages.train.batches import Inputs
from stages.train.network import Forecaster
from tests.builders import plain_windows

Floats = npt.NDArray[np.float64]
UNKNOWN = np.nan


def panel_of(*series: list[float], seasons: tuple[int, ...] = (1,), filled: list[int] | None = None) -> Panel:
    """Series in integer steps, the rows in `filled` flagged."""
    lengths = [len(one) for one in series]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = int(indptr[-1])
    flags = np.isin(np.arange(rows), filled or [])
    ids = [chr(ord("a") + i) for i in range(len(series))]
    return Panel(ids, indptr, pd.Series(range(rows)), np.concatenate(series), flags, season_lengths=seasons)


def origin(
    held_back: int, point: list[float], actual: list[float], history: list[float], log: Any = False
) -> OriginForecast:
    """One series, one member, season length 1, no logarithm unless asked for."""
    panel = panel_of([*history, *[0.0] * held_back])
    normalizer = Normalizer(log, "none", "none", 1).fit(panel.histories(held_back), ["a"])
    return OriginForecast(
        held_back=held_back,
        point=np.array([point]),
        member_errors=np.zeros((1, 1)),
        fallback=np.array([False]),
        has_history=np.array([True]),
        actual=np.array([actual]),
        unit=local_unit(panel, held_back, normalizer),
        scale=np.array([UNKNOWN]),
        least=np.array([min(history)]),
        normalizer=normalizer,
    )


class Says(torch.nn.Module):
    """The same value at each of three steps, for every window."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, inputs: Inputs) -> Tensor:
        return torch.full((inputs.steps.shape[1], 3), self.value)


def forecast_by(
    panel: Panel, sizes: list[int], said: dict[int, float], ensemble: int, held_back: int
) -> OriginForecast:
    """Three steps, by members that say always the same, in the input's units."""
    normalizer = Normalizer(False, "none", "none", 1).fit(panel.histories(held_back), panel.ids)
    lengths = panel.history_lengths(held_back)
    windows = plain_windows(np.zeros(lengths.sum()), lengths, sizes, 3, [0])
    networks = {member: cast(Forecaster, Says(value)) for member, value in said.items()}
    return forecast_origin(panel, held_back, 3, normalizer, windows, networks, ensemble)


def test_the_point_forecast_is_the_median_of_the_members() -> None:
    forecast = forecast_by(panel_of([9.0] * 10), [2], {0: 1.0, 1: 5.0, 2: 2.0}, 3, held_back=3)
    assert forecast.point.tolist() == [[2, 2, 2]]
    assert forecast.actual.tolist() == [[9, 9, 9]]
    assert forecast.member_errors.tolist() == [[8], [4], [7]]


def test_a_member_whose_window_does_not_fit_is_left_out_of_the_median() -> None:
    """Windows of 2 and 6 in turn; histories of 7, 4, 1 and 0 values."""
    panel = panel_of([3.0] * 10, [4.0] * 7, [5.0] * 4, [6.0] * 3)
    forecast = forecast_by(panel, [2, 6], {0: 1.0, 1: 2.0}, 3, held_back=3)
    assert forecast.point[0].tolist() == [1.5] * 3
    assert forecast.point[1].tolist() == [1] * 3
    assert forecast.point[2].tolist() == [5] * 3  # seasonal naive
    assert np.isnan(forecast.point[3]).all()
    assert forecast.fallback.tolist() == [False, False, True, True]
    assert forecast.has_history.tolist() == [True, True, True, False]
    np.testing.assert_array_equal(forecast.member_errors[1], [1, UNKNOWN, 0, UNKNOWN])
    np.testing.assert_array_equal(forecast.member_errors[2], [UNKNOWN, UNKNOWN, 0, UNKNOWN])


def test_a_series_that_was_never_negative_is_forecast_so() -> None:
    panel = panel_of([0.0, 2.0, 1.0, 3.0], [-1.0, 2.0, 1.0, 3.0])
    forecast = forecast_by(panel, [2], {0: -5.0}, 1, held_back=0)
    assert forecast.point.tolist() == [[0, 0, 0], [-5, -5, -5]]


def test_limits_are_the_scaled_errors_of_earlier_origins() -> None:
    history = [0.0, 2.0, 0.0, 2.0]  # mean absolute difference: 2
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], history)  # errors 4 and 2: scores 2 and 1
    values = [0.0, 1.0, 0.0, 1.0]  # unit 1
    live = origin(0, [10.0, 20.0], [UNKNOWN, UNKNOWN], values)
    low, high = live.limits([earlier], [50, 60], panel_of(values))
    assert (low[0] - live.point).tolist() == [[-2, -2]]  # ceil(3 x 0.5) = 2nd smallest of 1, 2
    assert (high[1] - live.point).tolist() == [[2, 2]]


def test_errors_that_an_origin_cannot_know_are_not_used() -> None:
    history = [0.0, 1.0, 0.0, 1.0]
    earlier = origin(3, [5.0, 5.0], [6.0, 1000.0], history)
    later = origin(2, [10.0, 20.0], [UNKNOWN, UNKNOWN], history)  # one step after: knows the first error alone
    low, high = later.limits([earlier], [50], panel_of([*history, 0.0, 0.0]))
    assert (high - low).ravel().tolist() == [2, 2]


def test_without_earlier_errors_the_changes_inside_the_history_stand_in() -> None:
    """Changes 1, 2 and 6, mean 3: in units 1/3, 2/3 and 2, of which the largest stands in for 80 %."""
    values = [0.0, 1.0, 3.0, 9.0]
    live = origin(0, [20.0, 30.0], [UNKNOWN, UNKNOWN], values)
    low, high = live.limits([], [50, 80], panel_of(values))
    np.testing.assert_allclose(high - live.point, [[[2, 2]], [[6, 6]]])
    np.testing.assert_allclose(live.point - low, [[[2, 2]], [[6, 6]]])


def test_no_levels_give_no_limits() -> None:
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    values = [0.0, 1.0, 0.0, 1.0]
    low, high = origin(0, [1.0, 1.0], [UNKNOWN, UNKNOWN], values).limits([earlier], [], panel_of(values))
    assert low.shape == high.shape == (0, 1, 2)


def test_a_logged_series_that_falls_to_zero_has_a_large_finite_score() -> None:
    forecast = origin(3, [2.0, 2.0, 2.0], [2.0, 0.0, -3.0], [2.0, 4.0, 2.0], log="auto")
    np.testing.assert_allclose(forecast.scores(), [[0, 1, 1]])  # log 2 - log 1, over the mean change of log 2


def test_a_logged_series_with_zeros_is_scored_where_it_is_moved() -> None:
    """By 1, its smallest positive value: 0, 1, 3 become log 1, log 2, log 4."""
    forecast = origin(3, [0.0, 3.0, 1.0], [1.0, 0.0, -1.0], [0.0, 1.0, 3.0], log="auto")
    # log 1 to log 2; log 4 to log 1; log 2 to half of the least, log 0.5; all over log 2
    np.testing.assert_allclose(forecast.scores(), [[1, 2, 2]])


def test_forecasts_by_fallback_are_not_scored() -> None:
    forecast = forecast_by(panel_of([1.0, 2.0, 4.0, 3.0, 9.0], [1.0, 2.0, 4.0]), [2], {0: 1.0}, 1, held_back=2)
    assert forecast.fallback.tolist() == [False, True]
    np.testing.assert_allclose(forecast.scores(), [[2 / 1.5, 8 / 1.5, UNKNOWN], [UNKNOWN] * 3])


def test_non_negative_series_have_non_negative_limits() -> None:
    earlier = origin(2, [5.0, 5.0], [9.0, 3.0], [0.0, 2.0, 0.0, 2.0])
    values = [0.0, 1.0, 0.0, 1.0]
    live = origin(0, [1.0, 1.0], [UNKNOWN, UNKNOWN], values)
    low, _ = live.limits([earlier], [60], panel_of(values))
    assert low.min() == 0


def test_a_constant_series_has_no_width_and_a_single_value_alone_none_that_is_known() -> None:
    earlier = origin(2, [5.0], [9.0], [0.0, 2.0, 0.0, 2.0])
    low, high = origin(0, [3.0], [UNKNOWN], [3.0, 3.0, 3.0]).limits([earlier], [80], panel_of([3.0, 3.0, 3.0]))
    assert (low[0, 0, 0], high[0, 0, 0]) == (3, 3)
    low, high = origin(0, [3.0], [UNKNOWN], [3.0]).limits([earlier], [80], panel_of([3.0]))
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize(
    ("series", "seasons", "expected"),
    [
        ([0.0, 5.0, 1.0, 9.0], (2,), (1 + 4) / 2),
        ([0.0, 5.0, 2.0], (4,), (5 + 3) / 2),  # not one season is known: over one step
        ([7.0, 7.0, 7.0], (2,), 0),
        ([*[99.0, -99.0] * 5, *range(14)], (2,), 2),  # of the last six seasons alone
        ([*[99.0, -99.0] * 5, *range(22)], (2, 20), 2),  # or of the longest season
    ],
)
def test_unit_worked_by_hand(series: list[float], seasons: tuple[int, ...], expected: float) -> None:
    panel = panel_of(series, seasons=seasons)
    normalizer = Normalizer(False, "none", "none", seasons[0]).fit(panel.histories(0), panel.ids)
    assert local_unit(panel, 0, normalizer).tolist() == pytest.approx([expected])


def test_the_unit_is_that_of_the_origin() -> None:
    panel = panel_of([0.0, 1.0, 2.0, 3.0, 100.0, -100.0])
    normalizer = Normalizer(False, "none", "none", 1).fit(panel.histories(2), panel.ids)
    assert local_unit(panel, 2, normalizer).tolist() == [1]


def test_a_single_value_takes_the_unit_of_the_others_relative_to_its_size() -> None:
    """The others change by a fifth, the whole and nothing of their size; the median is a fifth."""
    panel = panel_of([8.0, 10.0, 12.0], [1.0, 3.0], [-4.0, -4.0], [50.0])
    normalizer = Normalizer(False, "none", "mean", 1).fit(panel.histories(0), panel.ids)
    np.testing.assert_array_equal(local_unit(panel, 0, normalizer), [2, 2, 0, UNKNOWN])
    halves = []
    for half in (slice(0, 2), slice(2, 4)):
        part = panel.part(half)
        windows = plain_windows(np.zeros(len(part.y)), part.lengths, [6], 3, [0])
        halves.append(forecast_origin(part, 0, 3, normalizer.of(half), windows, {}, 1))
    np.testing.assert_allclose(OriginForecast.joined(halves).unit, [2, 2, 0, 50 * 0.2])


def test_without_networks_the_seasonal_naive_stands_in(airline: Floats) -> None:
    panel = panel_of(airline.tolist(), seasons=(12,))
    normalizer = Normalizer("auto", "difference", "standard", 12).fit(panel.histories(12), ["a"])
    windows = plain_windows(np.zeros(120), np.array([120]), [6], 12, [0])
    forecast = forecast_origin(panel, 12, 12, normalizer, windows, {}, 2)
    assert forecast.fallback.all()
    np.testing.assert_array_equal(forecast.point[0], airline[-24:-12])
    np.testing.assert_array_equal(forecast.actual[0], airline[-12:])
    low, high = forecast.limits([], [80], panel)
    assert (low < forecast.point).all()
    assert (high > forecast.point).all()


def test_members_keep_their_places_where_some_have_no_network(airline: Floats, default_params: Params) -> None:
    panel = panel_of(airline.tolist(), airline[:15].tolist(), seasons=(12,))
    normalizer = Normalizer("auto", "none", "standard", 12).fit(panel.histories(12), panel.ids)
    lengths = panel.history_lengths(12)
    windows = plain_windows(np.zeros(lengths.sum()), lengths, [200, 6], 12, [0])
    network = Forecaster(default_params.model, targets=12)
    forecast = forecast_origin(panel, 12, 12, normalizer, windows, {1: network}, 2)
    assert np.isnan(forecast.member_errors).tolist() == [[True, False], [False, False]]
    assert np.isfinite(forecast.point).all()
    assert forecast.fallback.tolist() == [False, True]


def test_mases_scale_is_that_of_the_whole_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 3)  # a block for each series
    panel = panel_of([0.0, 1.0, 3.0, 9.0, 0.0], [5.0, 5.0, 5.0], [1.0, 2.0])
    forecast = forecast_by(panel, [1], {0: 1.0}, 1, held_back=1)
    np.testing.assert_array_equal(forecast.scale, [3, UNKNOWN, UNKNOWN])


def test_filled_values_are_not_scored() -> None:
    panel = panel_of([0.0, 1.0, 2.0, 3.0], filled=[2])
    normalizer = Normalizer(False, "none", "none", 1).fit(panel.histories(2), ["a"])
    windows = plain_windows(np.zeros(2), np.array([2]), [2], 1, [0])
    forecast = forecast_origin(panel, 2, 2, normalizer, windows, {}, 1)
    np.testing.assert_array_equal(forecast.actual, [[UNKNOWN, 3]])
