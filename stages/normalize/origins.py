"""The origins of a backtest, placed by the parameters and the lengths of the series alone."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stages.common.errors import UserError
from stages.normalize.params import Backtest
from stages.panel.panel import Panel

ENOUGH_FORECASTS = 500  # a forecast is of one series at one origin: more hardly sharpen the comparison of methods
ENOUGH_SERIES = 100  # whose errors at one origin suffice to calibrate intervals
MOST_ORIGINS, FEWEST_ORIGINS = 5, 2
MOST_LISTED = 12  # origins in a summary


@dataclass(frozen=True)
class Origins:
    """Origins as numbers of steps before the end of each series, the latest first.

    evaluation: origins whose forecasts are scored
    calibration: earlier origins, whose errors only calibrate the intervals
    """

    evaluation: list[int]
    calibration: list[int]

    @property
    def all(self) -> list[int]:
        """All origins, the final one (0, the end of the data) first."""
        return [0, *self.evaluation, *self.calibration]

    def trained_at(self, refit: int | Literal["once"]) -> dict[int, int]:
        """For each origin, its training origin: the one whose networks forecast it, itself or the last one before it.

        The earliest origin is one, and every `refit`-th after it, and the final one; with `once` the earliest alone.
        """
        training = self.all[::-1][:: 1 if refit == "once" else refit]
        training = training[:1] if refit == "once" else [*training, 0]
        return {origin: min(each for each in training if each >= origin) for origin in self.all}

    def within(self, longest: int) -> "Origins":
        """Those at which a series of `longest` steps has a history."""
        evaluation, calibration = (
            [each for each in some if each < longest] for some in (self.evaluation, self.calibration)
        )
        return Origins(evaluation, calibration)


def refuse_long_horizon(backtest: Backtest, panel: Panel) -> None:
    """Raises UserError where the horizon is no shorter than the longest series."""
    longest = int(panel.lengths.max())
    if backtest.horizon >= longest:
        raise UserError(
            f"params.yaml: backtest.horizon {backtest.horizon} is no shorter than the longest series, which has "
            f"{longest} steps; make it shorter, such as {max(longest // 4, 1)}"
        )


def plan_origins(backtest: Backtest, panel: Panel) -> Origins:
    """Place the origins; `auto` becomes:

    step: the horizon, so that no value is forecast twice
    origins: from 2 to 5, as many as give ENOUGH_FORECASTS
    calibration_origins: 1 for ENOUGH_SERIES or more, 2 for fewer
    Both numbers fall, down to 1 and 0, until the median series has a season and half a horizon before the earliest
    origin.
    """
    series, horizon = len(panel.ids), backtest.horizon
    step = horizon if backtest.step == "auto" else backtest.step
    origins, calibration = backtest.origins, backtest.calibration_origins
    if origins == "auto":
        origins = int(np.clip(math.ceil(ENOUGH_FORECASTS / series), FEWEST_ORIGINS, MOST_ORIGINS))
    if calibration == "auto":
        calibration = 1 if series >= ENOUGH_SERIES else 2
    shortest_history = max(panel.season_length, 2) + 1 + horizon // 2
    median_length = np.median(panel.lengths)
    while True:
        planned = _place(origins, calibration, step, horizon)
        if median_length - planned.all[-1] >= shortest_history:
            return planned
        if backtest.origins == "auto" and origins > 1:
            origins -= 1
        elif backtest.calibration_origins == "auto" and calibration > 0:
            calibration -= 1
        else:
            return planned


def in_short(origins: list[int]) -> str:
    """Origins for a summary: all, or the first ones, the last and their number."""
    listed = list(map(str, origins))
    if len(listed) > MOST_LISTED:
        return f"{', '.join(listed[:3])}, ..., {listed[-1]} ({len(listed)} origins)"
    return ", ".join(listed)


def _place(origins: int, calibration: int, step: int, horizon: int) -> Origins:
    """Calibration origins lie a horizon apart or more, so that their errors are known at the first evaluation."""
    evaluation = [horizon + i * step for i in range(origins)]
    earliest, distance = max(evaluation, default=0), max(step, horizon)
    return Origins(evaluation, [earliest + i * distance for i in range(1, calibration + 1)])
