"""Check covariates over the horizon: refuse, or warn of, those that are missing, and warn of what is doubtful."""

import numpy as np
import pandas as pd

from stages.common.arrays import Bools
from stages.common.errors import UserError, counted, quoted, warn
from stages.normalize.calendar_years import warn_of_years_without_holidays
from stages.normalize.covariates import counted_ahead
from stages.normalize.filled_in import warn_of_filled_future
from stages.panel.panel import Panel

ROUNDING = 1e-9  # of a value
LEAST = 2  # values of a covariate in a history, before anything ahead is far from them


def check_known_ahead(panel: Panel, horizon: int, missing: str, source: str) -> None:
    """Every check of the covariates over the horizon, see `refuse_missing_future`, which alone raises UserError."""
    refuse_missing_future(panel, horizon, missing, source)
    warn_of_years_without_holidays(panel, horizon, source)
    warn_of_filled_future(panel, horizon, source)
    warn_of_extremes(panel, horizon, source)


def refuse_missing_future(panel: Panel, horizon: int, missing: str, source: str) -> None:
    """Raises UserError if a future covariate has no value at one of the `horizon` steps after the end of a series.

    missing: what is to be done about missing values; unless it is `error`, a warning takes the place of the error
    source: the file, for messages
    """
    covariates = panel.covariates
    if covariates is None or not covariates.future:
        return
    gone = np.isnan(panel.at(0).covariates_ahead(horizon))
    if not gone.any():
        return
    series, end, column, length = _longest_run(gone)
    begin, last = _steps_ahead(panel, series, horizon, [end - length, end - 1])
    name = covariates.declared(covariates.future[column])
    names = {covariates.declared(covariates.future[each]) for each in np.flatnonzero(gone.any(axis=(0, 1)))}
    where = f"{source}: series {quoted(panel.ids[series])} has no value of the future covariate {quoted(name)}"
    span = f"at {begin}" if length == 1 else f"from {begin} to {last}"
    columns, many = counted(len(names), "column"), counted(int(gone.any(axis=(1, 2)).sum()), "series", "series")
    problem = f"{where} {span}, within the {counted(horizon, 'step')} to forecast (missing: {columns}, {many})"
    remedy = "add rows for these steps, with the covariates and without a value"
    if missing == "error":
        raise UserError(f"{problem}; {remedy}, or set ingest.missing to keep")
    warn(
        f"{problem}; the mean of its last values stands in for it; {remedy}, or list it in "
        "ingest.covariates.past if nobody knows it ahead"
    )


def _longest_run(gone: Bools) -> tuple[int, int, int, int]:
    """The first of the longest runs in `gone` (S, horizon, F): its series, the step after it, its column and length."""
    length, lengths = np.zeros((len(gone), gone.shape[2]), dtype=np.int64), []
    for step in range(gone.shape[1]):
        length = np.where(gone[:, step], length + 1, 0)
        lengths.append(length)
    runs = np.stack(lengths, axis=1)
    series, last, column = (int(each) for each in np.unravel_index(runs.argmax(), runs.shape))
    return series, last + 1, column, int(runs.max())


def warn_of_extremes(panel: Panel, horizon: int, source: str) -> None:
    """Warn of each future covariate that lies, at one of the `horizon` steps, further outside its history than counts.

    See `stages/normalize/covariates.py`. Of numbers alone, and of series with LEAST values of it.

    source: the file, for messages
    """
    covariates = panel.covariates
    if covariates is None or not covariates.future:
        return
    values = panel.at(0).future_covariates(horizon)
    ends = np.cumsum(panel.lengths + horizon)
    steps_ahead = ends[:, None] + np.arange(-horizon, 0)
    ahead, known = values[steps_ahead], ~np.isnan(values)
    known[steps_ahead] = False
    counts = counted_ahead(values, panel.lengths, horizon)
    far = np.abs(ahead - counts) > ROUNDING * np.abs(ahead)
    far &= (np.add.reduceat(known, ends - panel.lengths - horizon, dtype=np.int64) >= LEAST)[:, None]
    for column, name in enumerate(covariates.future):
        of_series = far[..., column].any(axis=1)
        if covariates.declared(name) in covariates.categories or not of_series.any():
            continue
        series = int(of_series.argmax())
        steps = np.flatnonzero(far[series, :, column])
        when = _steps_ahead(panel, series, horizon, [steps[0]]).iloc[0]
        found, counted_as = (f"{each[series, steps[0], column]:g}" for each in (ahead, counts))
        warn(
            f"{source}: series {quoted(panel.ids[series])} has {found} at {when} for the future covariate "
            f"{quoted(name)}, far outside its history, where no value shows what it does; it counts as {counted_as} "
            f"(at {len(steps):,} of {counted(horizon, 'step')}; so in {of_series.sum():,} of "
            f"{counted(len(panel.ids), 'series', 'series')})"
        )


def _steps_ahead(panel: Panel, series: int, horizon: int, chosen: list[int]) -> pd.Series:
    """Some of the steps after the end of a series, as the input writes them."""
    steps = panel.time_axis.next_steps(panel.ds.iloc[panel.indptr[series + 1] - 1], horizon)
    return panel.time_axis.format(steps.iloc[chosen])
