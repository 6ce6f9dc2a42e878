"""Refuse, or warn of, future covariates that are missing over the horizon."""

from itertools import pairwise

import numpy as np

from stages.common.errors import UserError, counted, quoted, warn
from stages.panel.panel import Panel


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
