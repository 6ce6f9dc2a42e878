"""A regression on covariates: ridge in closed form, for each series, from the values before each cut alone.

The target is a value, less the mean of the steps before the season that it lies in, over their mean absolute seasonal
change: so that what a covariate does grows and falls with the series. The regressors are the same of values one, two
and three seasons before and the mean of the last season, the covariates at the step, one step and a season before, the
squares of those at the step (heat and cold both raise the demand for power) and their means over a season up to it, the
mean growth over a season, level and scale. Targets and values of before go through an inverse hyperbolic sine, so that
spikes do not decide.

Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970, equation 2.1; regressors as of
the LEAR model of Lago, Marcjasz, De Schutter and Weron, Forecasting day-ahead electricity prices, 2021, section 4.2.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stages.common.arrays import Bools, Floats, Floats32, Ints, chunks

LAGS = (1, 2, 3)  # seasons
PENALTY = 3.0  # squared observations that say each coefficient is 0
LEAST_SPAN = 8  # steps that a level is the mean of, at least
SPANS = 6  # of these, that a scale is the mean over
LATEST = 8  # steps that growth is the mean over, at most
LARGEST = 20.0  # level in units of scale
KNEE = 0.5  # factor before the inverse hyperbolic sine: where it bends
MOST_GROUPS = 31  # shorter seasons in a longer one, such as days in a week, that have an intercept each
ROWS_FOR_EACH = 2  # observations for each regressor, before which there is no forecast
BEYOND = 1.5  # forecasts lie at most so many times as far from the level as a value so far
LEAST_SCALE = 1e-3  # in normalised units
FORECASTS = 2  # of each cut: one set of coefficients for all steps, and one for each phase of the season
CHUNK = 1024  # cuts forecast at once


@dataclass(frozen=True)
class Series:
    """One series with its covariates.

    values: (n,) normalised, NaN where one is missing
    future: (n + ahead, F) known ahead, around 0, NaN where there is none
    past: (n, P) known up to a cut, the same
    seasons: lengths, the shortest first; none without a season
    """

    values: Floats
    future: Floats
    past: Floats
    seasons: list[int]

    @property
    def season(self) -> int:
        """The shortest season; 1 without any."""
        return self.seasons[0] if self.seasons else 1

    @property
    def span(self) -> int:
        """Steps that a level is the mean of: the longest season, but no more than a few short ones."""
        longer = self.seasons[1] if len(self.seasons) > 1 else self.season
        return -(-max(longer, LEAST_SPAN) // self.season) * self.season

    @property
    def lags(self) -> list[int]:
        """How many steps before a target the values lie that it is regressed on."""
        lags = [number * self.season for number in LAGS]
        return [*lags, *(longer for longer in self.seasons[1:2] if longer not in lags)]

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
    def width(self) -> int:
        """How many regressors: the columns of `rows`."""
        future, past = (int(each.shape[1]) for each in (self.future, self.past))
        has_season = self.season > 1
        of_values = 4 + has_season + len(self.lags) + self.groups - 1
        squares = int(self.curved.sum())
        return of_values + future * (len(self.backs) + has_season) + squares + past

    @property
    def enough(self) -> bool:
        """Whether there is a forecast after all values: ROWS_FOR_EACH regressor, of values a season after another.

        Two seasons scale the first of them.
        """
        steps = len(self.values) // self.season * self.season
        known = ~np.isnan(self.values[:steps])
        pairs = known[2 * self.season :] & known[self.season : max(steps - self.season, self.season)]
        return int(pairs.sum()) >= ROWS_FOR_EACH * self.width

    @cached_property
    def curved(self) -> Bools:
        """(F,) which of the covariates known ahead have squares: those of more than two different values."""
        return np.array([len(np.unique(column)) > 2 for column in self.future[: len(self.values)].T], dtype=np.bool_)

    @cached_property
    def smooth(self) -> Floats:
        """(n + ahead, F) the mean of each covariate known ahead over a season, up to each step; of none without one."""
        columns = self.future if self.season > 1 else self.future[:, :0]
        means = [_running_mean(column, self.season)[1:] for column in columns.T]
        return np.stack(means, axis=1) if means else columns

    @cached_property
    def frames(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """(n + 1,) before each step and after all, in that order.

        Level, scale, growth and the mean of the last season, both in units of scale, and the scale of all before over
        that of now.
        """
        level = _running_mean(self.values, self.span)
        change = self.values - _lagged(self.values, self.season)
        overall = np.maximum(_running_mean(np.abs(change), len(change)), LEAST_SCALE)
        scale = np.maximum(_running_mean(np.abs(change), SPANS * self.span), LEAST_SCALE)
        scale = np.where(np.isnan(scale), overall, scale)
        growth = _running_mean(change, min(LATEST, self.season)) / scale
        latest = (_running_mean(self.values, self.season) - level) / scale
        return level, scale, growth, latest, overall / scale

    def rows(self, steps: Ints, anchors: Ints, values: Floats) -> Floats:
        """(..., d) the regressors of `steps` (...), as known at the `anchors` (...), 0 where one is not known.

        values: (..., lags) those one lag before each step
        """
        level, scale, growth, latest, relative = (each[anchors] for each in self.frames)
        last = np.minimum(steps, len(self.future) - 1)
        columns = [
            np.ones(steps.shape),
            growth,
            np.clip(level / scale, -LARGEST, LARGEST),
            relative,
            *([_bend(latest)] if self.season > 1 else []),
            *np.moveaxis(_bend((values - level[..., None]) / scale[..., None]), -1, 0),
        ]
        exists = steps < len(self.future)
        for back in self.backs:
            known = (exists if not back else (steps >= back))[..., None]
            columns += list(np.moveaxis(np.where(known, self.future[np.maximum(last - back, 0)], 0), -1, 0))
        now = exists[..., None]
        columns += list(np.moveaxis(np.where(now, self.future[last][..., self.curved] ** 2, 0), -1, 0))
        columns += list(np.moveaxis(np.where(now, self.smooth[last], 0), -1, 0))
        before = steps - self.season
        known = ((before >= 0) & (before < anchors))[..., None]
        columns += list(np.moveaxis(np.where(known, self.past[np.clip(before, 0, len(self.past) - 1)], 0), -1, 0))
        group = steps // self.season % self.groups
        columns += [(group == number) * 1.0 for number in range(1, self.groups)]
        rows: Floats = np.nan_to_num(np.stack(columns, axis=-1))
        return rows


def regress(series: Series, before: Ints, targets: int) -> Floats32:
    """Forecasts (K, FORECASTS, targets) in normalised units after `before` (K,) values; NaN where these are too few."""
    season, count = series.season, len(series.values)
    steps = np.arange(count)
    anchors = steps // season * season
    earlier = np.stack([_lagged(series.values, lag) for lag in series.lags], axis=-1)
    rows = series.rows(steps, anchors, earlier)
    level, scale = series.frames[0][anchors], series.frames[1][anchors]
    target = _bend((series.values - level) / scale)
    usable = ~np.isnan(target) & ~np.isnan(earlier[:, 0])
    furthest = np.maximum.accumulate(np.concatenate([[0.0], np.where(usable, np.abs(series.values - level), 0)]))
    used, which = np.unique(before // season, return_inverse=True)
    pooled, phases = _coefficients(rows, np.nan_to_num(target), usable, season, used)
    found = np.full((len(before), FORECASTS, targets), np.nan, dtype=np.float32)
    for part in chunks(len(before), CHUNK):
        for place, coefficients in enumerate((pooled, phases)):
            most = BEYOND * furthest[before[part]]
            found[part, place] = _forecast(series, before[part], coefficients[which[part]], targets, most)
    return found


def _forecast(series: Series, before: Ints, coefficients: Floats, targets: int, most: Floats) -> Floats:
    """(K, targets) a season after another, each on the forecasts of those before it.

    coefficients: (K, 1 or season, d); most: (K,) distance from the level
    """
    level, scale = (each[before][:, None] for each in series.frames[:2])
    found, most = np.full((len(before), targets), np.nan), _bend(most[:, None] / scale)
    for first in range(0, targets, series.season):
        ahead = np.arange(first, min(first + series.season, targets))
        steps = before[:, None] + ahead
        values = np.full((*steps.shape, len(series.lags)), np.nan)
        for place, lag in enumerate(series.lags):
            source = steps - lag
            known = series.values[np.clip(source, 0, len(series.values) - 1)]
            known = np.where(source >= 0, known, np.nan)
            forecast = np.take_along_axis(found, np.maximum(source - before[:, None], 0), axis=1)
            values[..., place] = np.where(source >= before[:, None], forecast, known)
        rows = series.rows(steps, np.broadcast_to(before[:, None], steps.shape), values)
        own = coefficients[np.arange(len(before))[:, None], steps % series.season % coefficients.shape[1]]
        bent = np.clip((rows * own).sum(axis=-1), -most, most)
        found[:, ahead] = np.sinh(KNEE * bent) / KNEE * scale + level
    return found


def _coefficients(rows: Floats, target: Floats, usable: Bools, season: int, used: Ints) -> tuple[Floats, Floats]:
    """Coefficients (U, 1, d) for all steps, and (U, season, d) for each phase, from the first `used` (U,) seasons.

    NaN where there are fewer than ROWS_FOR_EACH observations for each.
    """
    count, width = rows.shape
    whole = -(-count // season)
    blocks = np.zeros((whole * season, width + 1))
    blocks[:count][usable] = np.column_stack([rows, target])[usable]
    blocks = blocks.reshape(whole, season, width + 1)
    observed = np.zeros(whole * season)
    observed[:count] = usable
    observed = observed.reshape(whole, season)
    penalty = PENALTY * np.eye(width)
    penalty[0, 0] = np.finfo(np.float32).eps
    sums, counts = np.zeros((season, width, width + 1)), np.zeros(season)
    pooled = np.full((len(used), 1, width), np.nan)
    phases = np.full((len(used), season, width), np.nan)
    done = 0
    for place, number in enumerate(used):
        new = blocks[done:number]
        sums += np.einsum("bsd,bse->sde", new[..., :-1], new)
        counts += observed[done:number].sum(axis=0)
        done = number
        if counts.sum() >= ROWS_FOR_EACH * width:
            whole_sum = sums.sum(axis=0)
            pooled[place, 0] = np.linalg.solve(whole_sum[:, :-1] + penalty, whole_sum[:, -1])
        if counts.min() >= ROWS_FOR_EACH * width:
            phases[place] = np.linalg.solve(sums[..., :-1] + penalty, sums[..., -1:])[..., 0]
    return pooled, phases


def _bend(values: Floats) -> Floats:
    """The inverse hyperbolic sine, which is nearly the value where that is small, and a logarithm where it is large."""
    bent: Floats = np.arcsinh(KNEE * values) / KNEE
    return bent


def _lagged(values: Floats, lag: int) -> Floats:
    """(n,) the value `lag` steps before each, NaN where there is none."""
    return np.concatenate([np.full(min(lag, len(values)), np.nan), values[: max(len(values) - lag, 0)]])


def _running_mean(values: Floats, span: int) -> Floats:
    """(n + 1,) the mean of the known values in the last `span` steps before each step, and after all; NaN for none."""
    known = ~np.isnan(values)
    sums, counts = (np.concatenate([[0.0], np.cumsum(each)]) for each in (np.where(known, values, 0), known))
    first = np.maximum(np.arange(len(values) + 1) - span, 0)
    count = counts - counts[first]
    mean: Floats = np.where(count > 0, (sums - sums[first]) / np.maximum(count, 1), np.nan)
    return mean
