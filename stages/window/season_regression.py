"""A regression of whole seasons for each series, such as of days on days: ridge in closed form, as in regression.py.

It is there for seasons of LEAST_SEASON steps or more. All values of the season after a cut are regressed on the same
regressors: all values of the last season, and of the one a longer season before that after the cut, as a week before a
day, or of the last but one where there is no longer season; of each covariate known ahead the means over each sixth of
the season after the cut and of the last one, less its mean over the longer season before, and those of its squares; the
place in the longer season; and how far the level is from the mean of all before. So the last hours tell of the next
ones, and the wind at night of the price at noon. Cuts at each step of a season have coefficients of their own, from the
seasons that begin at that step. They are computed anew after each longer season.

Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970, equation 2.1, with several
targets; regressors as of the LEAR model of Lago, Marcjasz, De Schutter and Weron, Forecasting day-ahead electricity
prices, 2021, section 4.2, but for the means.
"""

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from stages.common.arrays import Floats, Floats32, Ints, mean_known
from stages.window.regression import LARGEST, PENALTY, ROWS_FOR_EACH, Aligned, at_steps, bend, unbend

LEAST_SEASON = 7  # steps
BLOCKS = 6  # of a season, that covariates are the means of
KNEE = 0.3  # of values here, see regression.py


def regress_seasons(aligned: Aligned, series: Ints, before: Ints, targets: int) -> Floats32:
    """Forecasts (K, n, targets) in normalised units after `before` (K,) values of `series`; NaN where these are few.

    n: 1, or 0 where seasons are too short
    """
    found = np.full((len(before), int(aligned.season >= LEAST_SEASON), targets), np.nan, dtype=np.float32)
    if not found.shape[1]:
        return found
    seasons = (aligned.lengths - aligned.lags_of_seasons[1]) // aligned.season
    phases, which = np.unique(np.stack([series, before % aligned.season]), axis=1, return_inverse=True)
    with threadpool_limits(1):  # any number of cores then gives the same sums
        for place in np.flatnonzero((seasons >= _least(aligned))[phases[0]]):
            (number, phase), own = phases[:, place].tolist(), np.flatnonzero(which == place)
            found[own, 0] = _after_seasons(aligned, number, phase, before[own], targets)
    return found


def _least(aligned: Aligned) -> Ints:
    """(S,) the number of seasons of each series from which on there is a forecast."""
    covariates = 2 * aligned.future.any(axis=1).sum(axis=1) + aligned.curved.sum(axis=1)
    width: Ints = 1 + aligned.groups + 2 * aligned.season + min(BLOCKS, aligned.season) * covariates
    return ROWS_FOR_EACH * width


def _after_seasons(aligned: Aligned, number: int, phase: int, before: Ints, targets: int) -> Floats:
    """(k, targets) forecasts of one series at cuts that follow whole seasons from its step `phase` on."""
    season, lags, values = aligned.season, aligned.lags_of_seasons, aligned.values[number]
    first = np.arange(phase, len(values) - season + 1, season)
    first = first[first >= lags[1]]
    level, scale, rise = (aligned.frames[place][number, first][:, None] for place in (0, 1, 4))
    target, *lagged = ((values[_season_of(first - lag, season)] - level) / scale for lag in (0, *lags))
    rows = _rows(aligned, number, first, lagged, rise, np.full(len(first), aligned.future.shape[1]))
    usable = np.isfinite(target).all(axis=1)
    first, rows, target = first[usable], rows[usable], bend(target[usable], KNEE)
    points = np.arange(_least(aligned)[number], len(first) + 1, aligned.groups)
    used = np.searchsorted(points, np.searchsorted(first + season, before, side="right"), side="right") - 1
    found = np.full((len(before), targets), np.nan)
    for point, coefficients in _coefficients(rows, target, points[: used.max() + 1], set(used.tolist())):
        own = np.flatnonzero(used == point)
        found[own] = _forecast(aligned, number, before[own], coefficients, targets)
    return found


def _season_of(first: Ints, season: int) -> Ints:
    """(k, season) the steps of the seasons that begin at the steps `first` (k,)."""
    return first[:, None] + np.arange(season)


def _rows(aligned: Aligned, number: int, first: Ints, lagged: list[Floats], rise: Floats, ends: Ints) -> Floats:
    """(k, d) the regressors of the seasons from the steps `first` (k,) on; 0 for an unknown one.

    lagged: each (k, season), the values a season and a longer season before, less the level, in units of scale
    rise: (k, 1) of the level, over the mean of all values before, in these units
    ends: (k,) the steps from which on covariates are not known; those a season before stand in for them
    """
    season, some = aligned.season, aligned.future[number].any(axis=0)
    future, curved = aligned.future[number : number + 1, :, some], aligned.curved[number, some]
    steps = _season_of(first, season)
    ahead = at_steps(future, 0, np.where(steps < ends[:, None], steps, steps - season))
    last = at_steps(future, 0, steps - season)
    mean = aligned.recent[number, np.minimum(first, aligned.recent.shape[1] - 1)][:, None, some]
    columns = [
        np.ones((len(first), 1)),
        np.clip(rise, -LARGEST, LARGEST),
        1.0 * ((first // season % aligned.groups)[:, None] == np.arange(1, aligned.groups)),
        *(bend(each, KNEE) for each in lagged),
        *map(_blocks, (ahead - mean, last - mean, ahead[..., curved] ** 2)),
    ]
    rows: Floats = np.nan_to_num(np.concatenate(columns, axis=1), copy=False)
    return rows


def _blocks(values: Floats) -> Floats:
    """(k, b F) means of values (k, season, F) over a sixth of the season each; of a season of fewer steps, all."""
    season = values.shape[1]
    first = np.arange(min(BLOCKS, season)) * season // min(BLOCKS, season)
    sums = np.add.reduceat(values, first, axis=1) / np.diff(first, append=season)[:, None]
    means: Floats = sums.reshape(len(values), len(first) * values.shape[2])
    return means


def _coefficients(rows: Floats, target: Floats, points: Ints, wanted: set[int]) -> Iterator[tuple[int, Floats]]:
    """By number of each point that is wanted, the coefficients (d, season) from as many rows and targets as it says.

    Sums of products grow from point to point, whichever are wanted.

    rows, target: (n, d) and (n, season)
    """
    width = rows.shape[1]
    penalty = PENALTY * np.eye(width)
    penalty[0, 0] = np.finfo(np.float32).eps
    both = np.concatenate([rows, target], axis=1)
    sums, done = np.zeros((width, both.shape[1])), 0
    for number, point in enumerate(points.tolist()):
        sums += rows[done:point].T @ both[done:point]
        done = point
        if number in wanted:
            yield number, np.asarray(np.linalg.solve(sums[:, :width] + penalty, sums[:, width:]), dtype=np.float64)


def _forecast(aligned: Aligned, number: int, before: Ints, coefficients: Floats, targets: int) -> Floats:
    """(k, targets) a season after another, each on the forecasts of those before it, with which the level moves."""
    season, kept = aligned.season, max(aligned.span, aligned.lags_of_seasons[1])
    level, scale, rise = (aligned.frames[place][number, before][:, None] for place in (0, 1, 4))
    mean = level - rise * scale
    limit = bend(aligned.farthest[number, before][:, None] / scale, KNEE)
    steps = _season_of(before - kept, kept)
    known = np.where(steps < 0, np.nan, aligned.values[number, np.maximum(steps, 0)])
    for ahead in range(0, targets, season):
        if ahead:
            level = mean_known(known[:, -aligned.span :])[:, None]
        lagged = [(known[:, known.shape[1] - lag :][:, :season] - level) / scale for lag in aligned.lags_of_seasons]
        rows = _rows(aligned, number, before + ahead, lagged, (level - mean) / scale, before + targets)
        bent = np.clip((rows[:, None] @ coefficients)[:, 0], -limit, limit)
        known = np.concatenate([known, unbend(bent, KNEE) * scale + level], axis=1)
    found: Floats = known[:, kept : kept + targets]
    return found
