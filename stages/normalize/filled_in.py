"""Warn of future covariates whose values ahead were filled in: copies of earlier values, in a column that has none."""

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import counted, quoted, warn
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel

LEAST = 3  # steps that copies differ from what is known, at least, in a window as long as the values ahead
DIFFERENT = 1 / 3  # of the steps of such a window
EXCEPTIONS = 0.01  # of the windows of a history, which may be more alike
LEAST_WINDOWS = 20  # in a history, at least: fewer do not tell
FLAG = 2  # values of a flag: a plan may well repeat its state, or its week
USUAL = 0.05  # of the values, such as that of days without advertising: a plan may well hold nothing else
TAIL = 2000  # the last steps of a history, which are compared


def warn_of_filled_future(panel: Panel, horizon: int, source: str) -> None:
    """Warn of each future covariate that repeats, over the `horizon` steps after the ends of series, earlier values.

    These are the last value before them, or those a season, the horizon, or the seasons that cover it before. A series
    counts where all values ahead are such copies, and copies would have been wrong throughout its history: at DIFFERENT
    of the steps in all windows of the same length but EXCEPTIONS, and at LEAST of them, where a value that holds for
    steps counts once. So calendars, flags, prices that seldom change and a value that is usual, as each of few
    categories is, count for nothing.

    source: the file, for messages
    """
    if panel.covariates is None:
        return
    covariates = panel.covariates
    names = list(dict.fromkeys(map(covariates.declared, covariates.future)))
    for name in names:
        values = _in_one_column(covariates, name)
        known = _known_ahead(values, covariates.indptr, panel.lengths, horizon)
        copied = {lag: _copied(values, covariates.indptr, panel.lengths, known, lag) for lag in _lags(panel, horizon)}
        lag = max(copied, key=lambda each: copied[each])
        if copied[lag]:
            what = "the last value before them" if lag == 1 else f"the values {counted(lag, 'step')} before"
            warn(
                f"{source}: the future covariate {quoted(name)} repeats {what} throughout the steps to forecast, as it "
                f"never did for so long (in {copied[lag]:,} of {counted(len(panel.ids), 'series', 'series')}), so "
                "these values seem to be filled in; write those that are known, or declare it in "
                "ingest.covariates.past"
            )


def _lags(panel: Panel, horizon: int) -> list[int]:
    """The steps from a value to its possible copies, the fewest first."""
    seasons = [season for season in panel.season_lengths if season > 1]
    return sorted({1, horizon, *seasons, *(-(-horizon // season) * season for season in seasons)})


def _in_one_column(covariates: Covariates, name: str) -> Floats:
    """(M,) the column `name` of the input: its values, or a number for each of its categories."""
    columns = [place for place, each in enumerate(covariates.future) if covariates.declared(each) == name]
    values = covariates.future_values[:, columns]
    return values[:, 0] if len(columns) == 1 else values @ np.arange(1.0, len(columns) + 1)


def _known_ahead(values: Floats, indptr: Ints, lengths: Ints, horizon: int) -> Ints:
    """(S,) how many of the `horizon` steps after the end of each series have a value, up to the first without one."""
    rows = (indptr[:-1] + lengths)[:, None] + np.arange(horizon)
    exists = rows < indptr[1:, None]
    known = exists & ~np.isnan(values[np.where(exists, rows, 0)])
    count: Ints = np.logical_and.accumulate(known, axis=1).sum(axis=1)
    return count


def _copied(values: Floats, indptr: Ints, lengths: Ints, known: Ints, lag: int) -> int:
    """The number of series whose `known` (S,) values ahead are copies of those `lag` steps before."""
    least = (known >= LEAST) & (lengths >= lag + known + LEAST_WINDOWS)
    ends = indptr[:-1] + lengths
    return sum(
        _is_copied(values[max(first, end - lag - TAIL) : end + steps], int(steps), lag)
        for first, end, steps in zip(indptr[:-1][least], ends[least], known[least], strict=True)
    )


def _is_copied(values: Floats, steps: int, lag: int) -> bool:
    """Whether the last `steps` of the values (n,) of a series are copies, and all before are none."""
    history, ahead = values[:-steps], values[-steps:]
    if (ahead != values[-steps - lag : -lag]).any():
        return False
    now, before = history[lag:], history[:-lag]
    comparable = ~np.isnan(now) & ~np.isnan(before)
    differs = comparable & (now != before) & (_changes(now) | _changes(before))
    if differs.sum() < DIFFERENT * comparable.sum() or _is_usual(history, ahead):
        return False
    told, different = (_in_windows(each, steps) for each in (comparable, differs))
    tells = told >= max(LEAST, steps / 2)
    alike = different[tells] < np.maximum(LEAST, DIFFERENT * told[tells])
    return bool(len(alike) >= LEAST_WINDOWS and alike.mean() <= EXCEPTIONS)


def _is_usual(history: Floats, ahead: Floats) -> bool:
    """Whether a plan may well repeat itself: a column of flags, or the usual value `ahead`."""
    known = history[~np.isnan(history)]
    is_usual = (ahead == ahead[0]).all() and (known == ahead[0]).mean() > USUAL
    return bool(is_usual or len(np.unique(known)) <= FLAG)


def _in_windows(chosen: Bools, steps: int) -> Ints:
    """(n - steps + 1,) how many of `steps` in a row are `chosen` (n,)."""
    sums = np.concatenate([[0], np.cumsum(chosen)])
    counts: Ints = sums[steps:] - sums[:-steps]
    return counts


def _changes(values: Floats) -> Bools:
    """(n,) which values are not the ones before them: a price that holds for a week is one value, not seven."""
    return np.concatenate([[True], values[1:] != values[:-1]])
