"""A regression for each series: ridge in closed form, on its past and on covariates, from the values before a cut.

The target is a value, less the mean of the steps before the season that it lies in, over their mean absolute seasonal
change: so that what a covariate does grows and falls with the series. The regressors, in the order of `Aligned.rows`,
are a constant, the mean growth over a season, how far the level is from the mean of all before, the scale of all before
over that of now, and the same as the target of the mean of the last season and of the values one, two, three and a
longer season before; covariates known ahead at the step, and one step, a season and a longer season before it, their
squares at the step (heat and cold both raise the demand for power) and their means over a season up to it; past
covariates a season before, where these are known; and a constant for each shorter season in a longer one, such as each
day of the week. Targets and values of before go through an inverse hyperbolic sine, so that spikes do not decide.

Which covariates of a series have coefficients, and which have squares, is decided once, from all of its history.

Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970, equation 2.1; regressors as of
the LEAR model of Lago, Marcjasz, De Schutter and Weron, Forecasting day-ahead electricity prices, 2021, section 4.2.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints, chunks
from stages.window.scale import LEAST_SHARE, SCALE_OF_CONSTANT

LAGS = (1, 2, 3)  # seasons
PENALTY = 3.0  # squared observations that say each coefficient is 0
LEAST_SPAN = 8  # steps that a level is the mean of, at least
SPANS = 6  # of these, that a scale is the mean over
LATEST = 8  # steps that growth is the mean over, at most
LARGEST = 20.0  # rise of the level, in units of scale
BLOCKS = 6  # of a season: one for a mean of covariates, and for how long a value stands in for those missing after it
KNEE = 0.5  # factor before the inverse hyperbolic sine: where it bends
MOST_GROUPS = 31  # shorter seasons in a longer one, such as days in a week, that have an intercept each
ROWS_FOR_EACH = 2  # observations for each regressor, before which there is no forecast
BEYOND = 1.5  # forecasts lie at most so many times as far from the level as a value so far
CHUNK = 1024  # cuts forecast at once


def forecasts_of(seasons: list[int]) -> int:
    """How many forecasts a cut has: by one set of coefficients for all steps and, with a season, one for each phase."""
    return 2 if seasons else 1


class Frames(NamedTuple):
    """What is known of series before each step, in arrays of one shape.

    level: the mean of the last values
    scale: their mean absolute seasonal change
    growth: the mean of the last seasonal changes, in units of scale
    latest: the mean of the last season less the level, in these units
    rise: the level less the mean of all values before, in these units
    relative_scale: the scale of all values before over that of the last
    """

    level: Floats
    scale: Floats
    growth: Floats
    latest: Floats
    rise: Floats
    relative_scale: Floats

    def at(self, *index: Any) -> "Frames":
        """Those at an index of each array."""
        return Frames(*(each[index] for each in self))


@dataclass(frozen=True)
class Aligned:
    """S series side by side, left-aligned, with their covariates.

    values: (S, n) normalised, NaN where one is missing; those after the end of a series are not used
    future: (S, n + ahead, F) known ahead, around 0; 0 where there is none
    past: (S, n, P) known up to a cut, the same
    lengths: (S,) of the histories
    seasons: lengths, the shortest first; none without a season
    """

    values: Floats
    future: Floats
    past: Floats
    lengths: Ints
    seasons: list[int]

    @property
    def season(self) -> int:
        """The shortest season; 1 without any."""
        return self.seasons[0] if self.seasons else 1

    @property
    def span(self) -> int:
        """Steps that a level is the mean of: the second season or else the only one, LEAST_SPAN at least.

        In whole shortest seasons.
        """
        longer = self.seasons[1] if len(self.seasons) > 1 else self.season
        return -(-max(longer, LEAST_SPAN) // self.season) * self.season

    @property
    def lags(self) -> list[int]:
        """How many steps before a target the values lie that it is regressed on."""
        lags = [number * self.season for number in LAGS]
        return [*lags, *(longer for longer in self.seasons[1:2] if longer not in lags)]

    @property
    def lags_of_seasons(self) -> tuple[int, int]:
        """How many steps before a season the two whole ones begin that it is regressed on."""
        return self.season, self.seasons[1] if self.groups > 1 else 2 * self.season

    @property
    def backs(self) -> list[int]:
        """How many steps before a target the covariates stand that it is regressed on."""
        return list(dict.fromkeys([0, 1, self.season, *self.seasons[1:2]]))

    @property
    def groups(self) -> int:
        """How many shorter seasons a longer one has, such as days in a week; 1 where they have no intercepts."""
        if len(self.seasons) < 2 or self.seasons[1] % self.season or self.seasons[1] // self.season > MOST_GROUPS:
            return 1
        return self.seasons[1] // self.season

    @property
    def width(self) -> Ints:
        """(S,) how many regressors of each series are not always 0."""
        has_season = self.season > 1
        future, past = (each.any(axis=1).sum(axis=1) for each in (self.future, self.past))
        of_values = 4 + has_season + len(self.lags) + self.groups - 1
        width: Ints = of_values + future * (len(self.backs) + has_season) + self.curved.sum(axis=1) + past
        return width

    @property
    def enough(self) -> Bools:
        """(S,) whether there is a forecast after all values: ROWS_FOR_EACH regressor, of values a season after another.

        Two seasons scale the first of them.
        """
        whole = self.lengths // self.season * self.season
        known = ~np.isnan(self.values) & (np.arange(self.values.shape[1]) < whole[:, None])
        pairs = known[:, 2 * self.season :] & known[:, self.season : -self.season]
        enough: Bools = pairs.sum(axis=1) >= ROWS_FOR_EACH * self.width
        return enough

    @cached_property
    def curved(self) -> Bools:
        """(S, F) which of the covariates known ahead have squares: those of more than two different values."""
        inside = (np.arange(self.future.shape[1]) < self.lengths[:, None])[..., None]
        ordered = np.sort(np.where(inside, self.future, self.future[:, :1]), axis=1)
        curved: Bools = (np.diff(ordered, axis=1) > 0).sum(axis=1) > 1
        return curved

    @cached_property
    def smooth(self) -> Floats:
        """(S, n + ahead, F) the mean of each covariate known ahead over a season, up to each step; 0 after the last."""
        ends = self.lengths + self.future.shape[1] - self.values.shape[1]
        exists = (np.arange(self.future.shape[1]) < ends[:, None])[..., None]
        means = np.moveaxis(_running_mean(np.moveaxis(self.future, 1, 2), self.season)[..., 1:], 2, 1)
        return np.where(exists, means, 0)

    @cached_property
    def frames(self) -> Frames:
        """(S, n + 1) each: before each step, and after all."""
        level = _running_mean(self.values, self.span)
        change = self.values - _lagged(self.values, self.season)
        overall = _running_mean(np.abs(change), change.shape[1])
        overall = np.where(overall == 0, SCALE_OF_CONSTANT, overall)
        scale = _running_mean(np.abs(change), SPANS * self.span)
        scale = np.where(np.isnan(scale), overall, np.maximum(scale, LEAST_SHARE * overall))
        growth = _running_mean(change, min(LATEST, self.season)) / scale
        latest = (_running_mean(self.values, self.season) - level) / scale
        rise = (level - _running_mean(self.values, self.values.shape[1])) / scale
        return Frames(level, scale, growth, latest, rise, overall / scale)

    @cached_property
    def before_season(self) -> tuple[Floats, Floats]:
        """Level and scale (S, n) before the season of each step."""
        anchors = np.arange(self.values.shape[1]) // self.season * self.season
        return self.frames.level[:, anchors], self.frames.scale[:, anchors]

    @cached_property
    def usable(self) -> Bools:
        """(S, n) which values are known, with one a season before them, and a level and a scale before their season."""
        level, scale = self.before_season
        usable: Bools = np.isfinite((self.values - level) / scale + _lagged(self.values, self.season))
        return usable

    @cached_property
    def farthest(self) -> Floats:
        """(S, n + 1) how far from the level a forecast may lie after each number of values: BEYOND times as far as one
        of these lay from the level before its season."""
        distance = np.where(self.usable, np.abs(self.values - self.before_season[0]), 0)
        return BEYOND * np.maximum.accumulate(np.pad(distance, ((0, 0), (1, 0))), axis=1)

    @cached_property
    def filled(self) -> Floats:
        """(S, n) the values; for one that is missing the last known one stands in, for a sixth of a season at most."""
        steps = np.arange(self.values.shape[1])
        last = np.maximum.accumulate(np.where(np.isnan(self.values), -len(steps) - self.season, steps), axis=1)
        found = np.take_along_axis(self.values, np.maximum(last, 0), axis=1)
        return np.where(steps - last <= self.season // BLOCKS, found, np.nan)

    @cached_property
    def recent(self) -> Floats:
        """(S, n + ahead + 1, F) the mean of each covariate known ahead over the steps of a level, before each step."""
        return np.nan_to_num(np.moveaxis(_running_mean(np.moveaxis(self.future, 1, 2), self.span), 2, 1))

    def rows(self, series: Ints, steps: Ints, anchors: Ints, values: Floats) -> Floats:
        """(..., d) the regressors of `steps` (...) of `series`, as known at the `anchors`; 0 where one is not known.

        values: (..., lags) those one lag before each step
        """
        now = self.frames.at(series, anchors, None)
        before = steps - self.season
        known = (before < anchors)[..., None]
        columns = [
            np.ones(now.level.shape),
            now.growth,
            np.clip(now.rise, -LARGEST, LARGEST),
            now.relative_scale,
            bend(now.latest) if self.season > 1 else now.latest[..., :0],
            bend((values - now.level) / now.scale),
            *(at_steps(self.future, series, steps - back) for back in self.backs),
            np.where(self.curved[series], at_steps(self.future, series, steps) ** 2, 0),
            at_steps(self.smooth if self.season > 1 else self.smooth[..., :0], series, steps),
            np.where(known, at_steps(self.past, series, before), 0),
            1.0 * ((steps // self.season % self.groups)[..., None] == np.arange(1, self.groups)),
        ]
        rows: Floats = np.nan_to_num(np.concatenate(columns, axis=-1), copy=False)
        return rows


def regress(aligned: Aligned, series: Ints, before: Ints, targets: int) -> Floats32:
    """Forecasts (K, n, targets) in normalised units after `before` (K,) values of `series`; NaN where these are few.

    n: see `forecasts_of`
    """
    season, (count, length) = aligned.season, aligned.values.shape
    steps = np.broadcast_to(np.arange(length), (count, length))
    owner, anchors = np.arange(count)[:, None], steps // season * season
    earlier = np.stack([_lagged(aligned.values, lag) for lag in aligned.lags], axis=-1)
    rows = aligned.rows(owner, steps, anchors, earlier)
    level, scale = aligned.before_season
    target = bend((aligned.values - level) / scale)
    usable, most = aligned.usable, aligned.farthest[series, before]
    points, which = np.unique(np.stack([series, before // season]), axis=1, return_inverse=True)
    observed = np.where(usable[..., None], np.concatenate([rows, target[..., None]], axis=-1), 0)
    coefficients = _coefficients(observed, usable, ROWS_FOR_EACH * aligned.width, season, *points)
    found = np.full((len(before), forecasts_of(aligned.seasons), targets), np.nan, dtype=np.float32)
    for place, each in enumerate(coefficients[: found.shape[1]]):
        some = np.flatnonzero(~np.isnan(each[which, 0, 0]))
        for part in chunks(len(some), CHUNK):
            own = some[part]
            found[own, place] = _forecast(aligned, series[own], before[own], each[which[own]], targets, most[own])
    return found


def _forecast(aligned: Aligned, series: Ints, before: Ints, coefficients: Floats, targets: int, most: Floats) -> Floats:
    """(K, targets) a season after another, each on the forecasts of those before it.

    coefficients: (K, 1 or season, d); most: (K,) distance from the level
    """
    season, now = aligned.season, before[:, None]
    level, scale, *_ = aligned.frames.at(series[:, None], now)
    limit = bend(most[:, None] / scale)
    found = np.full((len(before), targets), np.nan)
    for first in range(0, targets, season):
        ahead = np.arange(first, min(first + season, targets))
        steps = now + ahead
        values = np.full((*steps.shape, len(aligned.lags)), np.nan)
        for place, lag in enumerate(aligned.lags):
            source = steps - lag
            known = aligned.values[series[:, None], np.clip(source, 0, aligned.values.shape[1] - 1)]
            forecast = np.take_along_axis(found, np.maximum(source - now, 0), axis=1)
            values[..., place] = np.where(source >= now, forecast, np.where(source >= 0, known, np.nan))
        rows = aligned.rows(series[:, None], steps, np.broadcast_to(now, steps.shape), values)
        own = coefficients[np.arange(len(before))[:, None], steps % season % coefficients.shape[1]]
        bent = np.clip((rows * own).sum(axis=-1), -limit, limit)
        found[:, ahead] = unbend(bent) * scale + level
    return found


def _coefficients(
    observed: Floats, usable: Bools, least: Ints, season: int, series: Ints, used: Ints
) -> tuple[Floats, Floats]:
    """Coefficients (U, 1, d) for all steps, and (U, season, d) for each phase, after the first `used` (U,) seasons.

    NaN where fewer than `least` (S,) rows are usable.

    observed: (S, n, d + 1) rows and target, 0 where they are not usable (S, n)
    """
    long = np.flatnonzero(usable.sum(axis=1) >= least)  # others never have a forecast
    observed, usable, least = observed[long], usable[long], least[long]
    (count, length, width), padding = observed.shape, -observed.shape[1] % season
    whole, width = (length + padding) // season, width - 1
    by_season = np.pad(observed, ((0, 0), (0, padding), (0, 0))).reshape(count, whole, season, width + 1)
    known = np.pad(usable, ((0, 0), (0, padding))).reshape(count, whole, season)
    sums, counts, done = np.zeros((count, season, width, width + 1)), np.zeros((count, season)), 0
    pooled, phases = np.full((len(used), 1, width), np.nan), np.full((len(used), season, width), np.nan)
    points = np.flatnonzero(np.isin(series, long))
    points = points[np.argsort(used[points], kind="stable")]
    numbers, first = np.unique(used[points], return_index=True)
    for number, at in zip(numbers, np.split(points, first)[1:], strict=True):
        new = by_season[:, done:number]
        sums += np.einsum("sbpd,sbpe->spde", new[..., :-1], new)
        counts += known[:, done:number].sum(axis=1)
        done = number
        own = np.searchsorted(long, series[at])
        enough = counts[own].sum(axis=1) >= least[own]
        pooled[at[enough], 0] = solved(sums[own[enough]].sum(axis=1))[..., 0]
        if season > 1:
            enough = counts[own].min(axis=1) >= least[own]
            phases[at[enough]] = solved(sums[own[enough]])[..., 0]
    return pooled, phases


def solved(sums: Floats) -> Floats:
    """(..., d, t) coefficients, from sums (..., d, d + t) of the products of rows with rows and with t targets."""
    width = sums.shape[-2]
    penalty = PENALTY * np.eye(width)
    penalty[0, 0] = np.finfo(np.float32).eps
    return np.asarray(np.linalg.solve(sums[..., :width] + penalty, sums[..., width:]), dtype=np.float64)


def bend(values: Floats, knee: float = KNEE) -> Floats:
    """The inverse hyperbolic sine, which is nearly the value where that is small, and a logarithm where it is large."""
    bent: Floats = np.arcsinh(knee * values) / knee
    return bent


def unbend(values: Floats, knee: float = KNEE) -> Floats:
    """The inverse of `bend`."""
    found: Floats = np.sinh(knee * values) / knee
    return found


def at_steps(values: Floats, series: Ints, steps: Ints) -> Floats:
    """(..., k) of values (S, n, k) those at `steps` of `series`; 0 where there is no such step."""
    inside = (steps >= 0) & (steps < values.shape[1])
    return np.where(inside[..., None], values[series, np.clip(steps, 0, values.shape[1] - 1)], 0)


def _lagged(values: Floats, lag: int) -> Floats:
    """(S, n) the value `lag` steps before each of values (S, n), NaN where there is none."""
    lagged = np.full(values.shape, np.nan)
    lagged[:, lag:] = values[:, : max(values.shape[1] - lag, 0)]
    return lagged


def _running_mean(values: Floats, span: int) -> Floats:
    """(..., n + 1) the mean of the known values in the last `span` steps before each of n, and after all; or NaN."""
    known = ~np.isnan(values)
    nothing = np.zeros((*values.shape[:-1], 1))
    sums, counts = (
        np.concatenate([nothing, np.cumsum(each, axis=-1)], axis=-1) for each in (np.where(known, values, 0), known)
    )
    first = np.maximum(np.arange(values.shape[-1] + 1) - span, 0)
    count = counts - counts[..., first]
    mean: Floats = np.where(count > 0, (sums - sums[..., first]) / np.maximum(count, 1), np.nan)
    return mean
