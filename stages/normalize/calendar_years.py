"""Warn of years in the data, or in the steps to forecast, for which the calendar of holidays has none."""

import numpy as np

from stages.common.errors import warn
from stages.panel.calendars import calendar
from stages.panel.holidays import YEARS
from stages.panel.panel import Panel


def warn_of_years_without_holidays(panel: Panel, horizon: int, source: str) -> None:
    """Warn of years in which the calendar has no holiday, since it begins later or ends before.

    Years from the first step of all series to the last of the `horizon` steps after them.

    source: the file, for messages
    """
    if panel.covariates is None or panel.covariates.holidays is None:
        return
    code, end = panel.covariates.holidays, panel.time_axis.next_steps(panel.ds.max(), horizon).iloc[-1]
    first, last = np.clip([panel.ds.min().year, end.year], *YEARS).tolist()
    known = np.unique(calendar(code, first, last).astype("datetime64[Y]").astype(np.int64)) + 1970
    without = np.setdiff1d(np.arange(first, last + 1), known)
    if not len(without):
        return
    years = f"from {without[0]} to {without[-1]}" if len(without) > 1 else f"in {without[0]}"
    warn(
        f"{source}: the package holidays has none of {code} {years}, which then count as days like others; another "
        "calendar in ingest.holidays may reach further"
    )
