"""Where origins are placed, how many `auto` places, and at which of them networks are trained."""

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.normalize.origins import Origins, in_short, plan_origins, refuse_long_horizon
from stages.normalize.params import Backtest
from stages.panel.panel import Panel
from tests.builders import panel_of


def panel_of_lengths(lengths: list[int], season: int = 1) -> Panel:
    return panel_of([np.zeros(length) for length in lengths], season_lengths=(season,))


def backtest(**changes: Any) -> Backtest:
    settings = {"horizon": 12, "origins": "auto", "step": "auto", "calibration_origins": "auto", "refit": 1}
    return Backtest.model_validate({**settings, **changes})


def plan(lengths: list[int], season: int = 12, horizon: int = 12, **changes: Any) -> Origins:
    return plan_origins(backtest(horizon=horizon, **changes), panel_of_lengths(lengths, season))


def test_one_long_series_has_five_evaluation_and_two_calibration_origins() -> None:
    origins = plan([144])
    assert origins.evaluation == [12, 24, 36, 48, 60]
    assert origins.calibration == [72, 84]
    assert origins.all == [0, 12, 24, 36, 48, 60, 72, 84]


@pytest.mark.parametrize(
    ("series", "evaluation", "calibration"),
    [(1, 5, 2), (99, 5, 2), (100, 5, 1), (125, 4, 1), (167, 3, 1), (250, 2, 1), (1000, 2, 1)],
)
def test_many_series_need_fewer_origins(series: int, evaluation: int, calibration: int) -> None:
    origins = plan([144] * series)
    assert (len(origins.evaluation), len(origins.calibration)) == (evaluation, calibration)


@pytest.mark.parametrize(
    ("length", "evaluation", "calibration"),
    [
        (103, 5, 2),  # 84 steps before the end 19 values remain: a season, one more, and half a horizon
        (102, 4, 2),
        (55, 1, 2),
        (54, 1, 1),
        (31, 1, 0),
        (20, 1, 0),  # too short for even that
    ],
)
def test_short_series_have_fewer_origins(length: int, evaluation: int, calibration: int) -> None:
    origins = plan([length])
    assert (len(origins.evaluation), len(origins.calibration)) == (evaluation, calibration)


def test_half_the_series_need_be_long_enough() -> None:
    assert plan([20, 144, 144]).all == plan([144] * 3).all
    assert len(plan([20, 20, 144]).all) == 2


def test_numbers_in_the_parameters_are_kept_whatever_the_lengths() -> None:
    origins = plan([20], origins=3, calibration_origins=2, step=5)
    assert origins.evaluation == [12, 17, 22]
    assert origins.calibration == [34, 46]
    assert plan([144] * 500, origins=7, calibration_origins=0).all == [0, 12, 24, 36, 48, 60, 72, 84]
    assert plan([144], origins=0, calibration_origins=0).all == [0]
    assert plan([60], origins=3).all == [0, 12, 24, 36]  # only `auto` becomes fewer


@pytest.mark.parametrize("horizon", [1, 6, 18])
def test_the_automatic_step_is_the_horizon(horizon: int) -> None:
    origins = plan([500], horizon=horizon)
    assert np.diff(origins.all).tolist() == [horizon] * 7


def test_calibration_origins_lie_a_horizon_apart_even_if_the_step_is_shorter() -> None:
    assert plan([144], step=1, origins=2, calibration_origins=2).all == [0, 12, 13, 25, 37]


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=30),
    st.sampled_from([1, 4, 24]),
    st.integers(1, 24),
    st.sampled_from(["auto", 1, 30]),
)
def test_half_the_series_have_a_season_and_half_a_horizon_before_every_origin(
    lengths: list[int], season: int, horizon: int, step: Any
) -> None:
    origins = plan(lengths, season, horizon, step=step)
    assert 1 <= len(origins.evaluation) <= 5
    assert 0 <= len(origins.calibration) <= 2
    assert origins.all == sorted(set(origins.all))
    history = np.array(lengths) - max(origins.all)
    if len(origins.all) > 2:  # else no origin can be left out
        assert (history >= season + horizon // 2).mean() >= 0.5


@pytest.mark.parametrize(("horizon", "refused"), [(29, False), (30, True), (31, True)])
def test_a_horizon_as_long_as_the_longest_series_is_refused(horizon: int, refused: bool) -> None:
    settings, panel = backtest(horizon=horizon), panel_of_lengths([5, 30])
    if not refused:
        refuse_long_horizon(settings, panel)
        return
    with pytest.raises(UserError, match=f"backtest.horizon {horizon} .* 30 steps"):
        refuse_long_horizon(settings, panel)


def test_origins_before_the_longest_series_begins_are_left_out() -> None:
    origins = Origins(evaluation=[3, 6, 9], calibration=[12, 15])
    assert origins.within(13) == Origins([3, 6, 9], [12])
    assert origins.within(9) == Origins([3, 6], [])
    assert origins.within(3).all == [0]


@pytest.mark.parametrize(
    ("refit", "expected"),
    [
        (1, {0: 0, 2: 2, 3: 3, 4: 4, 6: 6, 8: 8}),
        (2, {0: 0, 2: 2, 3: 4, 4: 4, 6: 8, 8: 8}),  # 8, 4 and 2: every second one from the earliest on
        (3, {0: 0, 2: 3, 3: 3, 4: 8, 6: 8, 8: 8}),
        (5, {0: 0, 2: 8, 3: 8, 4: 8, 6: 8, 8: 8}),  # every fifth after 8 is the final one itself
        (6, {0: 0, 2: 8, 3: 8, 4: 8, 6: 8, 8: 8}),
        ("once", {0: 8, 2: 8, 3: 8, 4: 8, 6: 8, 8: 8}),
    ],
)
def test_training_origins_worked_by_hand(refit: int | Literal["once"], expected: dict[int, int]) -> None:
    """Counted from the earliest origin, of calibration; the order is that of all origins, the final one first."""
    trained_at = Origins(evaluation=[2, 3, 4], calibration=[6, 8]).trained_at(refit)
    assert trained_at == expected
    assert list(trained_at) == [0, 2, 3, 4, 6, 8]


@pytest.mark.parametrize("refit", [1, 7, "once"])
def test_the_final_origin_alone_is_trained_at_however_seldom(refit: int | Literal["once"]) -> None:
    assert Origins([], []).trained_at(refit) == {0: 0}


@given(
    st.lists(st.integers(1, 200), max_size=30, unique=True),
    st.integers(0, 5),
    st.one_of(st.integers(1, 9), st.just("once")),
)
def test_no_origin_is_forecast_by_networks_that_were_trained_after_it(
    places: list[int], calibration: int, refit: int | Literal["once"]
) -> None:
    """Nor by other ones than those trained last before it."""
    places = sorted(places)
    evaluation = places[: max(len(places) - calibration, 0)]
    origins = Origins(evaluation, places[len(evaluation) :])
    trained_at = origins.trained_at(refit)
    training = set(trained_at.values())
    assert trained_at.keys() == {0, *places}
    for origin, trained in trained_at.items():
        assert trained >= origin
        assert not [other for other in training if origin <= other < trained]
    if refit == "once":
        assert training == {max(places, default=0)}
    else:
        assert 0 in training
        assert len(training - {0}) == math.ceil(len(places) / refit)


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([], ""),
        ([12], "12"),
        (list(range(1, 13)), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
        (list(range(1, 14)), "1, 2, 3, ..., 13 (13 origins)"),
        (list(range(24, 24 * 729, 24)), "24, 48, 72, ..., 17472 (728 origins)"),
    ],
)
def test_many_origins_are_given_in_short(origins: list[int], expected: str) -> None:
    assert in_short(origins) == expected
