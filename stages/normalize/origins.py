"""The origins of a backtest: how many there are and where, from the parameters and the lengths of the series alone."""

import math
from dataclasses import dataclass

import numpy as np

from stages.common.errors import UserError
from stages.normalize.params import Backtest
from stages.panel.panel import Panel

ENOUGH_FORECASTS = 500  # of one series from one origin each: more tell hardly more about a method
ENOUGH_SERIES = 100  # for one origin's errors to calibrate intervals
MOST_ORIGINS, FEWEST_ORIGINS = 5, 2


@dataclass(frozen=True)
class Origins:
    """Each origin as its number of steps before the end of each series, latest first.

    evaluation: those whose forecasts are scored
    calibration: earlier ones whose errors only calibrate intervals
    """

    evaluation: list[int]
    calibration: list[int]

    @property
    def all(self) -> list[int]:
        """With the final origin, the end of the data."""
        return [0, *self.evaluation, *self.calibration]


def refuse_long_horizon(backtest: Backtest, panel: Panel) -> None:
    """Raises UserError for a horizon that is no shorter than the longest series."""
    longest = int(panel.lengths.max())
    if backtest.horizon >= longest:
        raise UserError(
            f"params.yaml: backtest.horizon {backtest.horizon} is no shorter than the longest series, which has "
            f"{longest} steps; make it shorter"
        )


def plan_origins(backtest: Backtest, panel: Panel) -> Origins:
    """The origins that `backtest` names; what it leaves to `auto` is decided here.

    step: a horizon, so that no value is forecast twice
    origins: as many as make 500 forecasts with the series there are, from 2 to 5
    calibration: 1 for a hundred series or more, 2 for fewer
    Both are fewer, down to 1 and 0, where half the series would keep too little at the earliest origin: a season and
    half a horizon.
    """
    series, horizon = len(panel.ids), backtest.horizon
    step = horizon if backtest.step == "auto" else backtest.step
    origins, calibration = backtest.origins, backtest.calibration_origins
    if origins == "auto":
        origins = int(np.clip(math.ceil(ENOUGH_FORECASTS / series), FEWEST_ORIGINS, MOST_ORIGINS))
    if calibration == "auto":
        calibration = 1 if series >= ENOUGH_SERIES else 2
    least = max(panel.season_length, 2) + 1 + horizon // 2
    half = np.median(panel.lengths)
    while True:
        planned = _place(origins, calibration, step, horizon)
        if half - planned.all[-1] >= least:
            return planned
        if backtest.origins == "auto" and origins > 1:
            origins -= 1
        elif backtest.calibration_origins == "auto" and calibration > 0:
            calibration -= 1
        else:
            return planned


def _place(origins: int, calibration: int, step: int, horizon: int) -> Origins:
    """Calibration origins are a horizon apart at least, so that all their errors are known at the first evaluation."""
    evaluation = [horizon + i * step for i in range(origins)]
    apart = max(step, horizon)
    return Origins(evaluation, [max(evaluation, default=0) + apart * i for i in range(1, calibration + 1)])
