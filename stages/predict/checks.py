"""Warnings and doubts of predict: origins before all data, short series, wide intervals, covariates not known ahead."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from stages.common.arrays import Floats
from stages.common.errors import counted, quoted, warn
from stages.panel.panel import History
from stages.predict.forecasts import OriginForecast


def warn_of_origins_out_of_reach(count: int) -> None:
    """Warn of `count` evaluation origins at which no series has a history."""
    if count:
        warn(
            f"{counted(count, 'evaluation origin')} before the first value of every series, left out; "
            "make backtest.origins or backtest.step smaller"
        )


def warn_of_fallback(final: OriginForecast, ids: list[str]) -> int:
    """Warn of series (S,) `ids` that have the seasonal naive forecast, with the ids of the first five; how many."""
    if count := int(final.fallback.sum()):
        warn(
            f"{count} of {len(ids)} series {'is' if count == 1 else 'are'} too short for a window "
            f"({_few(ids, final.fallback)}): the forecast repeats the last season, or the last value of less than a "
            "season; wait for more values before you use it, or leave such series out"
        )
    return count


def warn_of_others(trained_on: list[str], ids: list[str]) -> None:
    """Warn of the series among `ids` that few others, of which alone the networks learned, cannot speak for.

    trained_on: the ids of these few; empty where the networks learned from many
    """
    other = [bool(trained_on) and name not in trained_on for name in ids]
    if count := sum(other):
        warn(
            f"{count:,} of {len(ids):,} series ({_few(ids, other)}) {'is' if count == 1 else 'are'} not among the "
            f"{len(trained_on)} that the networks learned from, too few to learn for others: the forecast may be far "
            "off; measure it with --actual, or train on such series"
        )


def warn_of_history_left_out(steps: pd.Series, trained_until: int | pd.Timestamp) -> None:
    """Warn where all of a panel's `steps` (N,) are later than the training: new rows alone, perhaps.

    trained_until: the last step that any series had there, without a time zone
    """
    times = steps.dt.tz_localize(None) if isinstance(trained_until, pd.Timestamp) else steps
    if times.min() > trained_until:
        warn(
            "every value is later than the data of the training: if these are the same series, put the new rows below "
            "the old ones, since a forecast is made from all of a history"
        )


def warn_of_wide_intervals(final: OriginForecast, lower: Floats, upper: Floats, ids: list[str]) -> int:
    """Warn of series whose limits lie further from the history than its smallest and largest value are apart.

    Returns how many there are.

    lower, upper: (levels, S, horizon)
    """
    smallest, largest = final.spread.smallest[:, None], final.spread.largest[:, None]
    beyond = np.maximum(smallest - lower, upper - largest) > largest - smallest
    wide = beyond.any(axis=(0, 2)) & (final.spread.changes > 0)
    if count := int(wide.sum()):
        warn(
            f"the intervals of {count} of {len(ids)} series reach further beyond the history than its smallest and "
            f"largest value are apart ({_few(ids, wide)}); earlier errors were large or are few: "
            "see reports/README.md, Prediction intervals"
        )
    return count


def less_known_ahead(final: History, evaluated: list[History], horizon: int) -> list[str]:
    """The covariates of which more is missing over the horizon than there was after the origins that are evaluated.

    None without covariates known ahead, and without such origins. Series that ended more than a horizon before the last
    do not count: nobody knows more of theirs.
    """
    covariates = final.panel.covariates
    if covariates is None or not evaluated:
        return []
    going_on = final.panel.steps_before_last <= horizon
    now, *before = (
        np.isnan(each.covariates_ahead(horizon)[own]).mean(axis=(0, 1))
        for each in (final, *evaluated)
        if (own := going_on & (each.lengths > 0)).any()
    )
    less = (now > np.mean(before, axis=0)).tolist() if before else [False] * len(now)
    names = covariates.columns_by_covariate(covariates.known_ahead)
    return [name for name, places in names.items() if any(less[place] for place in places)]


def _few(ids: list[str], chosen: Iterable[bool]) -> str:
    """The first five of the ids that are chosen (S,), quoted."""
    names = [quoted(name) for name, each in zip(ids, chosen, strict=True) if each]
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
