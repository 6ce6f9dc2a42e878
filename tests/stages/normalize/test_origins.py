"""Origins: where they are, and how many there are by themselves."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.normalize.origins import Origins, plan_origins
from stages.normalize.params import Backtest
from stages.panel.panel import Panel


def plan(lengths: list[int], season: int = 12, horizon: int = 12, **changes: Any) -> Origins:
    rows = sum(lengths)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = [str(i) for i in range(len(lengths))]
    panel = Panel(
        ids, indptr, pd.Series(range(rows)), np.zeros(rows), np.zeros(rows, dtype=bool), season_lengths=(season,)
    )
    settings = {"horizon": horizon, "origins": "auto", "step": "auto", "calibration": "auto", **changes}
    return plan_origins(Backtest.model_validate(settings), panel)


def test_one_long_series_has_five_origins_and_two_to_calibrate() -> None:
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
        (103, 5, 2),  # 84 held back leave 19: a season, a value, and half a horizon
        (102, 4, 2),
        (55, 1, 2),
        (54, 1, 1),
        (31, 1, 0),
        (20, 1, 0),  # too short for even that
    ],
)
def test_short_series_leave_room_for_fewer(length: int, evaluation: int, calibration: int) -> None:
    origins = plan([length])
    assert (len(origins.evaluation), len(origins.calibration)) == (evaluation, calibration)


def test_half_the_series_are_enough() -> None:
    assert plan([20, 144, 144]).all == plan([144] * 3).all
    assert len(plan([20, 20, 144]).all) == 2


def test_numbers_are_kept_whatever_the_lengths() -> None:
    origins = plan([20], origins=3, calibration=2, step=5)
    assert origins.evaluation == [12, 17, 22]
    assert origins.calibration == [34, 46]
    assert plan([144] * 500, origins=7, calibration=0).all == [0, 12, 24, 36, 48, 60, 72, 84]
    assert plan([144], origins=0, calibration=0).all == [0]
    assert plan([60], origins=3).all == [0, 12, 24, 36]  # what is not named gives way


@pytest.mark.parametrize("horizon", [1, 6, 18])
def test_origins_are_a_horizon_apart_by_themselves(horizon: int) -> None:
    origins = plan([500], horizon=horizon)
    assert np.diff(origins.all).tolist() == [horizon] * 7


def test_calibration_origins_know_the_errors_of_every_step() -> None:
    assert plan([144], step=1, origins=2, calibration=2).all == [0, 12, 13, 25, 37]


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=30),
    st.sampled_from([1, 4, 24]),
    st.integers(1, 24),
    st.sampled_from(["auto", 1, 30]),
)
def test_half_the_series_keep_a_season_and_half_a_horizon(
    lengths: list[int], season: int, horizon: int, step: Any
) -> None:
    origins = plan(lengths, season, horizon, step=step)
    assert 1 <= len(origins.evaluation) <= 5
    assert 0 <= len(origins.calibration) <= 2
    assert origins.all == sorted(set(origins.all))
    kept = np.array(lengths) - max(origins.all)
    if len(origins.all) > 2:  # else there is nothing to give up
        assert (kept >= season + horizon // 2).mean() >= 0.5
