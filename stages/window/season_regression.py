"""A regression of whole seasons for each series, such as of days on days: ridge in closed form, as in regression.py.

It is there where seasons lie in a longer one, as days in weeks. All values of the season after a cut are regressed on
the same regressors: all values of the season before the cut and of that a longer season before, the covariates known
ahead at all steps of both the season after the cut and that before it, less their mean before the cut, the squares of
those after it, the place in the longer season, and how far the level is from the mean of all before. So the last hours
tell of the next ones, and the wind at night of the price at noon. Cuts at each step of a season have coefficients of
their own, from the seasons that begin at that step.

Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970, equation 2.1, with several
targets; regressors as of the LEAR model of Lago, Marcjasz, De Schutter and Weron, Forecasting day-ahead electricity
prices, 2021, section 4.2.
"""

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from stages.common.arrays import Floats, Floats32, Ints, mean_known
from stages.window.regression import LARGEST, PENALTY, ROWS_FOR_EACH, Aligned, at_steps, bend, unbend

REFRESHED = 100  # coefficients are computed anew when there are a 100th more seasons, and a longer season at least
KNEE = 0.3  # of values here, see regression.py


def regress_seasons(aligned: Aligned, series: Ints, before: Ints, targets: int) -> Floats32:
    """Forecasts (K, n, targets) in normalised units after `before` (K,) values of `series`; NaN where these are few.

    n: 1 where seasons lie in a longer one, else 0
    """
    found = np.full((len(before), int(aligned.groups > 1), targets), np.nan, dtype=np.float32)
    if aligned.groups > 1:
        phases, which = np.unique(np.stack([series, before % aligned.season]), axis=1, return_inverse=True)
        with threadpool_limits(1):  # any number of cores then gives the same sums
            for place, (number, phase) in enumerate(phases.T.tolist()):
                own = np.flatnonzero(which == place)
                found[own, 0] = _after_seasons(aligned, number, phase, before[own], targets)
    return found


def _after_seasons(aligned: Aligned, number: int, phase: int, before: Ints, targets: int) -> Floats:
    """(k, targets) forecasts of one series at cuts that follow whole seasons from its step `phase` on."""
    season, lags = aligned.season, aligned.seasons[:2]
    found = np.full((len(before), targets), np.nan)
    first = np.arange(phase, aligned.values.shape[1] - season + 1, season)
    first = first[first >= lags[-1]]
    values = aligned.values[number]
    ahead = np.arange(season)
    level, scale = aligned.level_and_scale(number, first[:, None])
    target = bend((values[first[:, None] + ahead] - level) / scale, KNEE)
    usable = np.isfinite(target).all(axis=1)
    first, target = first[usable], target[usable]
    level, scale, rise = (aligned.frames[place][number, first][:, None] for place in (0, 1, 4))
    rows = _rows(
        aligned,
        number,
        first,
        [(values[first[:, None] + ahead - lag] - level) / scale for lag in lags],
        rise,
        np.full(len(first), aligned.future.shape[1]),
    )
    count = np.searchsorted(first + season, before, side="right")
    points = _refreshed(ROWS_FOR_EACH * rows.shape[1], len(first), aligned.groups)
    used = np.searchsorted(points, count, side="right") - 1
    for point, coefficients in _coefficients(rows, target, points, set(used[used >= 0].tolist())):
        own = np.flatnonzero(used == point)
        found[own] = _forecast(aligned, number, before[own], coefficients, targets)
    return found


def _rows(aligned: Aligned, number: int, first: Ints, lagged: list[Floats], rise: Floats, ends: Ints) -> Floats:
    """(k, d) the regressors of the seasons from the steps `first` (k,) on, in units of scale; 0 for an unknown one.

    lagged: each (k, season), the values a season and a longer season before, less the level
    rise: (k, 1) of the level, over the mean of all values before
    ends: (k,) the steps from which on covariates are not known; those a season before stand in for them
    """
    season, some = aligned.season, aligned.future[number].any(axis=0)
    steps = first[:, None] + np.arange(season)
    future, curved = aligned.future[number : number + 1, :, some], aligned.curved[number, some]
    mean = aligned.recent[number, np.minimum(first, aligned.recent.shape[1] - 1)][:, None, some]
    ahead = at_steps(future, 0, np.where(steps < ends[:, None], steps, steps - season))
    earlier = at_steps(future, 0, steps - season)
    columns = [
        np.ones((len(first), 1)),
        np.clip(rise, -LARGEST, LARGEST),
        1.0 * ((first // season % aligned.groups)[:, None] == np.arange(1, aligned.groups)),
        *(bend(each, KNEE) for each in lagged),
        *(
            each.reshape(len(first), season * each.shape[2])
            for each in (ahead - mean, earlier - mean, ahead[..., curved] ** 2)
        ),
    ]
    rows: Floats = np.nan_to_num(np.concatenate(columns, axis=1), copy=False)
    return rows


def _refreshed(least: int, most: int, groups: int) -> list[int]:
    """After how many seasons, from `least` to `most`, coefficients are computed anew."""
    points, count = [], least
    while count <= most:
        points.append(count)
        count += max(groups, count // REFRESHED)
    return points


def _coefficients(rows: Floats, target: Floats, points: list[int], wanted: set[int]) -> Iterator[tuple[int, Floats]]:
    """Coefficients (d, season) from the first rows (n, d) and targets (n, season), up to those of the points that are
    wanted, by number; sums of products grow from point to point, whichever are wanted."""
    width = rows.shape[1]
    penalty = PENALTY * np.eye(width)
    penalty[0, 0] = np.finfo(np.float32).eps
    sums, done = np.zeros((width, width + target.shape[1])), 0
    both = np.concatenate([rows, target], axis=1)
    for number, point in enumerate(points[: max(wanted, default=-1) + 1]):
        sums += rows[done:point].T @ both[done:point]
        done = point
        if number in wanted:
            yield number, np.asarray(np.linalg.solve(sums[:, :width] + penalty, sums[:, width:]), dtype=np.float64)


def _forecast(aligned: Aligned, number: int, before: Ints, coefficients: Floats, targets: int) -> Floats:
    """(k, targets) a season after another, each on the forecasts of those before it, from which the level moves on."""
    season, lags, kept = aligned.season, aligned.seasons[:2], max(aligned.span, aligned.seasons[1])
    level, scale, rise = (aligned.frames[place][number, before][:, None] for place in (0, 1, 4))
    mean = level - rise * scale
    limit = bend(aligned.farthest[number, before][:, None] / scale, KNEE)
    steps = before[:, None] + np.arange(-kept, 0)
    known = np.where(steps < 0, np.nan, aligned.values[number, np.maximum(steps, 0)])
    for first in range(0, targets, season):
        if first:
            level = mean_known(known[:, -aligned.span :])[:, None]
        lagged = [(known[:, known.shape[1] - lag :][:, :season] - level) / scale for lag in lags]
        rows = _rows(aligned, number, before + first, lagged, (level - mean) / scale, before + targets)
        bent = np.clip((rows[:, None] @ coefficients)[:, 0], -limit, limit)
        known = np.concatenate([known, unbend(bent, KNEE) * scale + level], axis=1)
    found: Floats = known[:, kept : kept + targets]
    return found
