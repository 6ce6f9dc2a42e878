"""Doubt covariates: those that are missing, constant, or the target in disguise."""

from collections.abc import Iterator

import numpy as np

from stages.common.arrays import Floats
from stages.common.errors import UserError, counted, quoted, warn
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel

ALMOST = 0.999  # the correlation at which two columns are one
MIN_CHANGES = 30  # that tell: of fewer, some correlate by chance
MIN_LAG = 24  # steps by which the target is shifted at least, each way
SAMPLE = 5  # series, of which all must agree
TAIL = 2000  # their last steps


def refuse_missing_covariates(panel: Panel, source: str) -> None:
    """Raises UserError for the first covariate without a value at a step of its series, or for all of it."""
    assert panel.covariates is not None
    covariates = panel.covariates
    series_of = np.repeat(np.arange(len(panel.ids)), panel.lengths)
    for names, values in _by_kind(panel):
        gone = np.isnan(values)
        if not gone.any():
            continue
        column = int(gone.any(axis=0).argmax())
        row = int(gone[:, column].argmax())
        is_static = values is covariates.static_values
        series = row if is_static else int(series_of[row])
        step = "" if is_static else f" at {panel.time_axis.format(panel.ds.iloc[[row]]).iloc[0]}"
        raise UserError(
            f"{source}: series {quoted(panel.ids[series])} has no value of the covariate "
            f"{quoted(covariates.declared(names[column]))}{step} ({gone[:, column].sum()} missing in this column); "
            "add it, or set ingest.missing to keep, or to what fills gaps: interpolate, forward, zero or seasonal"
        )


def refuse_steps_without_dates(frequency: str | None, holidays: str) -> None:
    """Raises UserError for holidays of integer steps."""
    if frequency is None:
        raise UserError(
            f"params.yaml: ingest.holidays is {quoted(holidays)}, but the steps are integers, which have no dates; set "
            "it to null"
        )


def warn_of_constants(panel: Panel, source: str) -> None:
    """Warn of covariates that have one value alone, or none, or one value beside empty cells."""
    assert panel.covariates is not None
    covariates, varied, constant = panel.covariates, set(), dict[str, str]()
    for names, values in _by_kind(panel):
        for name, column in zip(names, values.T, strict=True):
            known = column[~np.isnan(column)]
            declared = covariates.declared(name)
            if len(known) and known.min() < known.max():
                varied.add(declared)
            if 0 < len(known) < len(column) and known[0] != 0:
                value = quoted(covariates.categories[declared][0]) if declared != name else f"{known[0]:g}"
                constant[declared] = (
                    f"has only {value} and empty cells up to the last values; if empty means none, write 0 or no there"
                )
            else:
                what = "the same value" if len(known) else "no value"
                constant[declared] = (
                    f"has {what} in all rows up to the last values, which tells nothing; remove it from "
                    "ingest.covariates"
                )
    for name, what in constant.items():
        if name not in varied:
            warn(f"{source}: the covariate {quoted(name)} {what}")


def warn_of_leaks(panel: Panel, source: str) -> None:
    """Warn of covariates that are the target, or the target of another step, in all of a few series."""
    assert panel.covariates is not None
    longest = max(panel.season_lengths[-1], MIN_LAG)
    future, past, _ = _by_kind(panel)
    for kind, (names, values), lags in (
        ("future", future, range(-longest, longest + 1)),
        ("past", past, range(longest + 1)),  # the target's past is known as far as a past covariate is
    ):
        for name, column in zip(names, values.T, strict=True):
            lag, correlation = _closest(panel, column, list(lags))
            if correlation > ALMOST:
                what = "the target itself" if not lag else f"the target {counted(abs(lag), 'step')} "
                what += "" if not lag else "later" if lag > 0 else "earlier"
                warn(
                    f"{source}: the {kind} covariate {quoted(panel.covariates.declared(name))} is {what} (correlation "
                    f"{correlation:.4f}), {_why(kind, lag)}; remove it from ingest.covariates"
                )


def _why(kind: str, lag: int) -> str:
    if kind == "past" and lag:
        return "which is not known at the origin"
    if kind == "past":
        return "which the model sees anyway"
    if lag < 0:
        return f"which is known ahead for {counted(-lag, 'step')} alone, and which the model sees anyway"
    return "which is to be forecast: whoever knows it ahead needs no forecast"


def _closest(panel: Panel, column: Floats, lags: list[int]) -> tuple[int, float]:
    """The lag at which a covariate (N,) is closest to the target, and the correlation in the series it is lowest in.

    The shortest of several lags; 0 for a correlation that is not found, or is not close in one of the series.
    """
    lowest = dict.fromkeys(lags, np.nan)
    for series in np.unique(np.linspace(0, len(panel.ids) - 1, SAMPLE).round().astype(int)):
        rows = slice(max(panel.indptr[series], panel.indptr[series + 1] - TAIL), panel.indptr[series + 1])
        target = np.where(panel.missing[rows], np.nan, panel.y[rows])
        lowest = {lag: np.fmin(before, _correlation(column[rows], target, lag)) for lag, before in lowest.items()}
        lowest = {lag: each for lag, each in lowest.items() if not each <= ALMOST}
    found = {lag: each for lag, each in lowest.items() if not np.isnan(each)}
    lag = max(found, key=lambda each: (round(found[each], 6), -abs(each)), default=0)
    return lag, float(found.get(lag, 0.0))


def _correlation(covariate: Floats, target: Floats, lag: int) -> float:
    """How close `covariate` (n,) is to `target` (n,) `lag` steps later: the lower correlation of levels and of changes.

    Two trends correlate in levels, not in changes. NaN where less than MIN_CHANGES changes tell.
    """
    ends = len(target) - abs(lag)
    if ends < MIN_CHANGES:
        return np.nan
    x, y = (covariate[:ends], target[lag:]) if lag >= 0 else (covariate[-lag:], target[:ends])
    changes = np.diff(x), np.diff(y)
    both = ~np.isnan(changes[0]) & ~np.isnan(changes[1])
    moved = both & ((changes[0] != 0) | (changes[1] != 0))
    if moved.sum() < MIN_CHANGES:
        return np.nan
    known = ~np.isnan(x) & ~np.isnan(y)
    return min(_absolute(x[known], y[known]), _absolute(changes[0][both], changes[1][both]))


def _absolute(x: Floats, y: Floats) -> float:
    """The absolute correlation of two columns; 0 where one is constant."""
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt(x @ x) * np.sqrt(y @ y)
    return float(abs(x @ y) / scale) if scale > 0 else 0.0


def _by_kind(panel: Panel) -> Iterator[tuple[list[str], Floats]]:
    """The names and the values of each kind: (N, F) and (N, P) at the steps of the series, (S, Q) of the series."""
    assert panel.covariates is not None
    covariates: Covariates = panel.covariates
    yield covariates.future, covariates.future_values[~covariates.ahead(panel.lengths)]
    yield covariates.past, covariates.past_values
    yield covariates.static, covariates.static_values
