"""A future covariate whose values ahead are copies of earlier ones is warned of, one that is honest is not."""

from dataclasses import replace

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.normalize.filled_in import warn_of_filled_future
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from tests.builders import panel_of
from tests.raw_files import cases

NAN = np.nan
STEPS, HORIZON = 140, 14
ALL = STEPS + HORIZON


def panel_with(*columns: Floats) -> Panel:
    """Series of STEPS, each with one covariate, in the column `heat`, that is known for all its steps and those after.

    A column (n,) is that of one series, or (n, k) its categories.
    """
    values = np.concatenate([column.reshape(len(column), -1) for column in columns]).astype(np.float64)
    count, width = len(columns), values.shape[1]
    names = ["heat"] if width == 1 else [f"heat={number}" for number in range(width)]
    covariates = Covariates(
        future=names,
        past=[],
        static=[],
        indptr=np.concatenate([[0], np.cumsum([len(column) for column in columns])]),
        future_values=values,
        past_values=np.empty((count * STEPS, 0)),
        static_values=np.empty((count, 0)),
        categories={} if width == 1 else {"heat": [str(number) for number in range(width)]},
    )
    return panel_of([np.arange(STEPS)] * count, season_lengths=(7,), covariates=covariates)


def heat(seed: int = 0) -> Floats:
    """Numbers that vary from step to step, known for all steps."""
    return np.random.default_rng(seed).normal(20, 5, ALL).round(1)


def copied(values: Floats, lag: int, steps: int = HORIZON) -> Floats:
    """`values` (n,) with copies of those `lag` steps before as the last `steps`."""
    values = values.copy()
    for step in range(len(values) - steps, len(values)):
        values[step] = values[step - lag]
    return values


DAYS = np.arange(ALL)
AHEAD = DAYS >= STEPS
PRICE = np.repeat(np.random.default_rng(1).choice([9.9, 8.5, 7.9, 6.0], size=ALL // 7), 7)
WEATHER = np.eye(5)[np.random.default_rng(2).integers(5, size=ALL)]
FORWARD, WEEK = "the last value before them", "the values 7 steps before"


@cases(
    ("columns", "words"),
    [
        ("carried forward", [copied(heat(), 1)], [f"'heat' repeats {FORWARD} throughout", "(in 1 of 1 series)"]),
        ("a season before", [copied(heat(), 7)], [WEEK, "(in 1 of 1 series)"]),
        ("a horizon before", [copied(heat(), 14)], ["the values 14 steps before"]),
        ("some of the steps", [copied(heat()[:-8], 1, HORIZON - 8)], [FORWARD]),
        ("with gaps", [np.where((DAYS % 9 == 1) & (DAYS < 120), NAN, copied(heat(), 7))], [WEEK]),
        ("prices of each day", [copied(heat().round(1), 1)], [FORWARD]),
        ("prices of each day, repeated", [copied(heat().round(), 7)], [WEEK]),
        ("categories", [copied(WEATHER, 7)], [WEEK]),
        ("one series of 30", [copied(heat(), 1), *(heat(seed) for seed in range(1, 30))], ["(in 1 of 30 series)"]),
        ("in all series alike", [copied(heat(seed), 7) for seed in range(5)], [WEEK, "(in 5 of 5 series)"]),
    ],
)
def test_copies_are_warned_of(columns: list[Floats], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_filled_future(panel_with(*columns), HORIZON, "sales.csv")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: sales.csv: the future covariate")
    assert line.endswith("write those that are known, or declare it in ingest.covariates.past")
    for word in words:
        assert word in line


@cases(
    ("column",),
    [
        ("numbers", heat()),
        ("the day of the week", DAYS % 7),
        ("the day of the week as categories", np.eye(7)[DAYS % 7]),
        ("the month", DAYS // 30),
        ("a price that seldom changes", np.where(AHEAD, PRICE[STEPS - 1], PRICE)),
        ("a price of the week, repeated", copied(PRICE, 7)),
        ("holidays, none ahead", ((DAYS % 45 == 7) & ~AHEAD) * 1.0),
        ("promotions every other day, none ahead", ((DAYS % 2 == 1) & ~AHEAD) * 1.0),
        ("flags, repeated", copied(np.where(heat() > 20, 1.0, 0.0), 7)),
        ("discounts on two days of three, none ahead", np.where((DAYS % 3 > 0) & ~AHEAD, heat(), 0)),
        ("advertising that ended", np.where((DAYS % 5 > 0) & (DAYS < STEPS - 1), heat(), 0)),
        ("a category that is usual", copied(WEATHER, 1)),
        ("nothing known ahead", np.where(AHEAD, NAN, heat())),
        ("copies after a step without a value", np.where(DAYS == STEPS + 1, NAN, copied(heat(), 1))),
        ("copies of what was unknown", np.where(DAYS == STEPS - 5, NAN, copied(heat(), 7))),
        ("filled in before, too", copied(np.repeat(heat()[::7], 7), 1)),
        ("two steps ahead", copied(heat()[: STEPS + 2], 1, 2)),
        ("no value", np.full(ALL, NAN)),
    ],
)
def test_what_is_known_is_not(column: Floats, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_filled_future(panel_with(column), HORIZON, "sales.csv")
    assert capsys.readouterr().err == ""


def test_short_histories_and_panels_without_covariates_tell_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    panel = panel_with(copied(heat(), 1))
    assert panel.covariates
    covariates = replace(panel.covariates, indptr=np.array([0, 40]), future_values=copied(heat(), 1)[-40:, None])
    short = replace(panel.take(slice(0, 1)), indptr=np.array([0, 26]), covariates=covariates)
    for each in (short, replace(panel, covariates=None)):
        warn_of_filled_future(each, HORIZON, "sales.csv")
    assert capsys.readouterr().err == ""
