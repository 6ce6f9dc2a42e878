"""A regression of whole seasons for each series, such as of days on days: ridge in closed form, as in regression.py.

It is there where seasons lie in a longer one, as days in weeks, and for weeks of days. All values of the season after a
cut are regressed on the same regressors: all values of the last season, and of the one a longer season before that
after the cut, as a week before a day, or of the last but one where there is no longer season; of each covariate known
ahead the means over each sixth of the season after the cut and of the last one, less its mean over the steps of a
level, and the means of its squares after the cut; the place in the longer season; and how far the level is from the
mean of all before. So the last hours tell of the next ones, and the wind at night of the price at noon.

Cuts at each step of a season have coefficients of their own, from the seasons that begin at that step. They are
computed anew after each longer season, and less often where there are many regressors. Seasons after the first rest on
the forecasts of those before. For a value that is missing the last known one stands in, for a sixth of a season; other
seasons with missing values teach nothing. For covariates after the horizon those of a season before stand in.

Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970, equation 2.1, with several
targets; regressors as of the LEAR model of Lago, Marcjasz, De Schutter and Weron, Forecasting day-ahead electricity
prices, 2021, section 4.2, but for the means.
"""

from collections.abc import Iterator

import numpy as np

from stages.common.arrays import Floats, Floats32, Ints, chunks, mean_known
from stages.window.regression import BLOCKS, LARGEST, ROWS_FOR_EACH, Aligned, at_steps, bend, solved, unbend

WEEK = 7  # days
WIDE = 128  # regressors; those of twice as many are computed anew after every other longer season, and so on
NUMBERS = 2**21  # of sums, and of coefficients, in memory at once
KNEE = 0.3  # of values here, see regression.py


def regress_seasons(aligned: Aligned, series: Ints, before: Ints, targets: int) -> Floats32:
    """Forecasts (K, n, targets) in normalised units after `before` (K,) values of `series`; NaN where these are few.

    n: 1, or 0 for other seasons
    """
    found = np.full((len(before), int(aligned.groups > 1 or aligned.season == WEEK), targets), np.nan, dtype=np.float32)
    if found.size:
        for own, coefficients in _together(_learned(aligned, series, before)):
            found[own, 0] = _forecast(aligned, series[own], before[own], coefficients, targets)
    return found


def _learned(aligned: Aligned, series: Ints, before: Ints) -> Iterator[tuple[Ints, Floats]]:
    """Some of K cuts, by their places, with the coefficients (k, d, season) of each: those of a series and a phase."""
    season, lags = aligned.season, aligned.lags_of_seasons
    covariates = 2 * aligned.future.any(axis=1).sum(axis=1) + aligned.curved.sum(axis=1)
    width = 1 + aligned.groups + 2 * season + min(BLOCKS, season) * covariates
    least, more = ROWS_FOR_EACH * width, aligned.groups * -(-width // WIDE)
    enough = (aligned.lengths - lags[1]) // season >= least
    phases, of_phase = np.unique(np.stack([series, before % season]), axis=1, return_inverse=True)
    order = np.argsort(of_phase, kind="stable")
    for (number, phase), own in zip(phases.T, np.split(order, np.cumsum(np.bincount(of_phase))[:-1]), strict=True):
        if not enough[number]:
            continue
        rows, target, ends = _observed(aligned, number, phase)
        used = (np.searchsorted(ends, before[own], side="right") - least[number]) // more[number]
        own, used = own[used >= 0], used[used >= 0]
        wanted, which = np.unique(used, return_inverse=True)
        for few, coefficients in _coefficients(rows, target, int(least[number]), int(more[number]), wanted):
            of_few = np.flatnonzero((few.start <= which) & (which < few.stop))
            for part in chunks(len(of_few), max(NUMBERS // coefficients[0].size, 1)):
                yield own[of_few[part]], coefficients[which[of_few[part]] - few.start]


def _together(learned: Iterator[tuple[Ints, Floats]]) -> Iterator[tuple[Ints, Floats]]:
    """The same, of several series and phases at once."""
    places: list[Ints] = []
    coefficients: list[Floats] = []
    size = 0
    for own, each in learned:
        places.append(own)
        coefficients.append(each)
        size += each.size
        if size >= NUMBERS:
            yield np.concatenate(places), np.concatenate(coefficients)
            places, coefficients, size = [], [], 0
    if places:
        yield np.concatenate(places), np.concatenate(coefficients)


def _observed(aligned: Aligned, number: int, phase: int) -> tuple[Floats, Floats, Ints]:
    """The seasons of a series from its step `phase` on, if all their values are known or stood in for.

    Regressors (n, d), values (n, season), and the steps after which these are known (n,).
    """
    season, lags, values = aligned.season, aligned.lags_of_seasons, aligned.filled[number]
    first = np.arange(phase, len(values) - season + 1, season)
    first = first[first >= lags[1]]
    series = np.full(len(first), number)
    now = aligned.frames.at(series, first, None)
    target, *lagged = ((values[_season_of(first - lag, season)] - now.level) / now.scale for lag in (0, *lags))
    usable = np.isfinite(target).all(axis=1)
    rows = _rows(aligned, series, first, lagged, now.rise, ends=np.full(len(first), aligned.future.shape[1]))
    return rows[usable], bend(target[usable], KNEE), first[usable] + season


def _season_of(first: Ints, season: int) -> Ints:
    """(k, season) the steps of the seasons that begin at the steps `first` (k,)."""
    return first[:, None] + np.arange(season)


def _rows(aligned: Aligned, series: Ints, first: Ints, lagged: list[Floats], rise: Floats, ends: Ints) -> Floats:
    """(k, d) the regressors of the seasons of `series` from the steps `first` (k,) on; 0 for an unknown one.

    lagged: each (k, season), the values a season and a longer season before, less the level, in units of scale
    rise: (k, 1) of the level, over the mean of all values before, in these units
    ends: (k,) the steps from which on covariates are not known; those a season before stand in for them
    """
    season, of = aligned.season, series[:, None]
    steps = _season_of(first, season)
    ahead = at_steps(aligned.future, of, np.where(steps < ends[:, None], steps, steps - season))
    last = at_steps(aligned.future, of, steps - season)
    mean = aligned.recent[series, np.minimum(first, ends)][:, None]
    columns = [
        np.ones((len(first), 1)),
        np.clip(rise, -LARGEST, LARGEST),
        1.0 * ((first // season % aligned.groups)[:, None] == np.arange(1, aligned.groups)),
        *(bend(each, KNEE) for each in lagged),
        *map(_blocks, (ahead - mean, last - mean, np.where(aligned.curved[of], ahead, 0) ** 2)),
    ]
    rows: Floats = np.nan_to_num(np.concatenate(columns, axis=1), copy=False)
    return rows


def _blocks(values: Floats) -> Floats:
    """(k, b F) means of values (k, season, F) over a sixth of the season each; of a season of fewer steps, all."""
    count, season, columns = values.shape
    if not columns:
        return values.reshape(count, 0)
    first = np.arange(min(BLOCKS, season)) * season // min(BLOCKS, season)
    means: Floats = np.add.reduceat(values, first, axis=1) / np.diff(first, append=season)[:, None]
    return means.reshape(count, len(first) * columns)


def _coefficients(rows: Floats, target: Floats, least: int, more: int, wanted: Ints) -> Iterator[tuple[slice, Floats]]:
    """Coefficients (n, d, season) from the first `least` rows and targets and, for each w of some `wanted`, w `more`.

    Sums of products grow by `more` rows at a time, whichever are wanted.

    rows, target: (N, d) and (N, season)
    wanted: (W,) rising; yields a slice of them with the coefficients of each
    """
    both = np.concatenate([rows, target], axis=1)
    sums = (rows[:least].T @ both[:least])[None]
    last = int(wanted.max(initial=0))
    for part in [slice(-1, 0), *chunks(last, max(NUMBERS // sums.size, 1))]:  # the first is that of `least` alone
        if part.stop:
            own = slice(least + part.start * more, least + part.stop * more)
            new, new_both = (each[own].reshape(-1, more, each.shape[1]) for each in (rows, both))
            sums = sums[-1:] + np.cumsum(new.transpose(0, 2, 1) @ new_both, axis=0)
        few = slice(*np.searchsorted(wanted, [part.start, part.stop], side="right").tolist())
        if few.stop > few.start:
            yield few, solved(sums[wanted[few] - part.start - 1])


def _forecast(aligned: Aligned, series: Ints, before: Ints, coefficients: Floats, targets: int) -> Floats:
    """(k, targets) a season after another, each on the forecasts of those before it, with which the level moves.

    coefficients: (k, d, season)
    """
    season, kept = aligned.season, max(aligned.span, aligned.lags_of_seasons[1])
    level, scale, _, _, rise, _ = aligned.frames.at(series, before, None)
    mean, farthest = level - rise * scale, aligned.farthest[series, before][:, None]
    limits = level - farthest, level + farthest
    ends = np.minimum(before + targets, aligned.lengths[series] + aligned.future.shape[1] - aligned.values.shape[1])
    steps = _season_of(before - kept, kept)
    known = np.where(steps < 0, np.nan, aligned.filled[series[:, None], np.maximum(steps, 0)])
    for ahead in range(0, targets, season):
        if ahead:
            level = mean_known(known[:, -aligned.span :])[:, None]
        lagged = [(known[:, known.shape[1] - lag :][:, :season] - level) / scale for lag in aligned.lags_of_seasons]
        rows = _rows(aligned, series, before + ahead, lagged, (level - mean) / scale, ends)
        bent = np.clip((rows[:, None] @ coefficients)[:, 0], *(bend((each - level) / scale, KNEE) for each in limits))
        known = np.concatenate([known, unbend(bent, KNEE) * scale + level], axis=1)
    found: Floats = known[:, kept : kept + targets]
    return found
