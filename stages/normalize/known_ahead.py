"""Check covariates over the horizon: refuse, or warn of, those that are missing, and warn of what is doubtful."""

from itertools import pairwise

import numpy as np

from stages.common.errors import UserError, counted, quoted, warn
from stages.normalize.calendar_years import warn_of_years_without_holidays
from stages.normalize.covariates import beyond_history
from stages.normalize.filled_in import warn_of_filled_future
from stages.panel.panel import Panel


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
    gone = panel.at(0).unknown_ahead(horizon)
    if not gone.any():
        return
    series = int(gone.any(axis=(1, 2)).argmax())
    column = int(gone[series].any(axis=0).argmax())
    runs = np.flatnonzero(np.diff(np.concatenate([[False], gone[series, :, column], [False]])))
    first, end = next(pairwise(runs.tolist()))
    steps = panel.time_axis.next_steps(panel.ds.iloc[panel.indptr[series + 1] - 1], horizon)
    begin, last = panel.time_axis.format(steps.iloc[[first, end - 1]])
    name = covariates.declared(covariates.future[column])
    names = {covariates.declared(covariates.future[each]) for each in np.flatnonzero(gone.any(axis=(0, 1)))}
    where = f"{source}: series {quoted(panel.ids[series])} has no value of the future covariate {quoted(name)}"
    span = f"at {begin}" if end - first == 1 else f"from {begin} to {last}"
    columns, many = counted(len(names), "column"), counted(int(gone.any(axis=(1, 2)).sum()), "series", "series")
    problem = f"{where} {span}, within the {counted(horizon, 'step')} to forecast (so it is in {columns} and {many})"
    remedy = "add rows for these steps, with the covariates and without a value"
    if missing == "error":
        raise UserError(f"{problem}; {remedy}, or set ingest.missing to keep")
    warn(
        f"{problem}; its mean of late stands in for it; {remedy}, or list it in ingest.covariates.past if nobody knows "
        "it ahead"
    )


def warn_of_extremes(panel: Panel, horizon: int, source: str) -> None:
    """Warn of each future covariate that lies, at one of the `horizon` steps, further outside its history than counts.

    See `stages/normalize/covariates.py`.

    source: the file, for messages
    """
    if panel.covariates is None or not panel.covariates.future:
        return
    found = beyond_history(panel.at(0).future_covariates(horizon), panel.lengths, horizon)
    for name, places in panel.covariates.columns_by_covariate(panel.covariates.future).items():
        if count := int(found[:, places].any(axis=1).sum()):
            warn(
                f"{source}: the future covariate {quoted(name)} lies, over the steps to forecast, further outside its "
                f"history than it varied there (in {count:,} of {counted(len(panel.ids), 'series', 'series')}), and "
                "counts as nearer, a standard deviation outside: no value so far shows what happens there"
            )
