"""How much the history of each series varies: the scale and the unit of its quantiles, their bound, its own values."""

from dataclasses import dataclass, replace

import numpy as np

from stages.common.arrays import Bools, Floats, Ints, Rows, changes_over_gaps, mean_known
from stages.panel.panel import History

RECENT_SEASONS = 6  # the latest ones, whose mean change counts as much as that of the whole history
SIZE_SEASONS, SIZE_STEPS = 2, 24  # the latest ones, whichever are more, whose largest value is the size of a series
MOST_OF_QUARTILE = 10  # what a change counts for at most, over the third quartile of those that are not 0
PRIOR = 1  # change typical of the panel that is added to those of each history
LATEST_SEASONS = 60  # whose changes tell how noisy each phase of a season is
MOST_OF_MEDIAN = 3  # what a change counts for there, over the median of its phase
PRIOR_OF_PHASE = 20  # changes as large as the mean that are added to those of each phase
REACHES = 2  # distances from the smallest to the largest value, by which quantiles may lie beyond these
INTERMITTENT = 0.1  # share of zeros from which on a series that was never negative is intermittent
HALF_LIFE = 12  # steps, or a season, after which a value counts half in the distribution of a series' own values
HALF_LIVES = 8  # of values that count

# that quantiles are kept at, 0.5 to 99.5 %; those between are interpolated
PROBABILITIES = np.array([0.5, 1, 2.5, *range(5, 100, 5), 97.5, 99, 99.5]) / 100


@dataclass(frozen=True)
class Typical:
    """What is typical of the histories of a panel, on the interval scale: medians, NaN where no history has a change.

    change: the mean change
    reach: the distance from the smallest to the largest value of history and forecast
    """

    change: float
    reach: float


@dataclass(frozen=True)
class Spread(Rows):
    """How much the histories of S series vary.

    Interval scale: y over the size of the series, and of a series that was never negative log(1 + that). It is the same
    in any unit; the logarithm lets limits grow with the level of a series, and no change below the size counts for more
    than log 2 on it, however near to 0 the history comes.

    smallest, largest: (S,) values of the history; infinity and -infinity without one
    size: (S,) the largest absolute value of the last two seasons, 24 steps at least; of the whole history where that is
        0 or not known, and 1 where that is
    change: (S,) mean absolute seasonal change on the interval scale: the geometric mean of that of the last six seasons
        and that of the whole history, or the one that is not 0; from step to step where less than a season of them is
        known and all are 0; from a value to the next one that is known where none is, or all are 0; a steady trend is
        left out of it, and outliers are winsorised; 0 without a change
    changes: (S,) how many changes the history has
    own: (S, P) quantiles at PROBABILITIES of the values of an intermittent series, where a value counts half as much as
        one that is 12 steps or a season later; NaN for other series
    phases: (S, season) how large the seasonal changes of each phase are over the mean of all, the phase after the
        history first; drawn towards 1, which it is on average; all 1 without a seasonal change
    """

    smallest: Floats
    largest: Floats
    size: Floats
    change: Floats
    changes: Ints
    own: Floats
    phases: Floats

    @classmethod
    def of(cls, history: History) -> "Spread":
        """The spread of each history; the last six seasons are as many steps as the longest season at least."""
        season = history.panel.season_length
        recent = max(RECENT_SEASONS * season, *history.panel.season_lengths)
        return cls.concat([_spread_of(history.matrix(block), season, recent) for block in history.blocks()])

    @property
    def never_negative(self) -> Bools:
        """(S, 1) whether the history has no negative value."""
        return (self.smallest >= 0)[:, None]

    @property
    def intermittent(self) -> Bools:
        """(S,) whether a tenth or more of the history is zero, and none of it negative."""
        return ~np.isnan(self.own[:, 0])

    def to_interval_scale(self, values: Floats) -> Floats:
        """Values (S, k) on the interval scale; negative ones of a series that was never negative count as 0."""
        relative = values / self.size[:, None]
        return np.where(self.never_negative, np.log1p(np.maximum(relative, 0)), relative)

    def from_interval_scale(self, values: Floats) -> Floats:
        """The inverse, of values (S, k) or (levels, S, k)."""
        exponent = np.where(self.never_negative, values, 0.0)
        return np.where(self.never_negative, np.expm1(exponent), values) * self.size[:, None]

    def unit(self, typical: Typical, growth: float, horizon: int) -> Floats:
        """(S, horizon) the unit of scores: that of the phase of a step, times the steps ahead to the power of `growth`.

        NaN where `mean_unit` is.
        """
        ahead = np.arange(horizon)
        of_phase = self.phases[:, ahead % self.phases.shape[1]]
        unit: Floats = self.mean_unit(typical) * of_phase * (ahead + 1) ** growth
        return unit

    def mean_unit(self, typical: Typical) -> Floats:
        """(S, 1) the mean change, shrunk.

        That of a history of a single value is typical of the panel; NaN where no history has a change, and for a
        history of one value throughout.
        """
        constant = (self.changes > 0) & (self.change == 0)
        return np.where(constant, np.nan, self._shrunk(self.change, typical.change))[:, None]

    def recent(self, probability: float) -> Floats:
        """(S,) the quantile of each intermittent series' own values; NaN for other series."""
        above = int(np.clip(np.searchsorted(PROBABILITIES, probability), 1, len(PROBABILITIES) - 1))
        first, second = PROBABILITIES[above - 1 : above + 1]
        share = np.clip((probability - first) / (second - first), 0, 1)
        quantile: Floats = (1 - share) * self.own[:, above - 1] + share * self.own[:, above]
        return quantile

    def bounds(self, point: Floats, typical: Typical) -> tuple[Floats, Floats]:
        """(S, 1) the lowest and the highest quantile that forecasts `point` (S, horizon) may have.

        They lie beyond the extremes of history and forecast by REACHES distances between these, shrunk; and no lower
        than 0 for a series that was never negative.
        """
        low, high = self._extremes(point)
        reach = REACHES * self._shrunk((high - low) / self.size, typical.reach) * self.size
        lowest = np.where(self.smallest >= 0, np.maximum(low - reach, 0), low - reach)
        return lowest[:, None], (high + reach)[:, None]

    def typical(self, point: Floats) -> Typical:
        """What is typical of these series, whose forecasts are `point` (S, horizon)."""
        low, high = self._extremes(point)
        return Typical(self._median(self.change), self._median((high - low) / self.size))

    def _extremes(self, point: Floats) -> tuple[Floats, Floats]:
        """(S,) the smallest and the largest value of history and forecast; 0 without a history."""
        known = np.isfinite(self.smallest)
        low = np.where(known, np.fmin(self.smallest, point.min(axis=1)), 0.0)
        return low, np.where(known, np.fmax(self.largest, point.max(axis=1)), 0.0)

    def _median(self, own: Floats) -> float:
        """The median of `own` (S,) over the histories that change, the lower one of an even number."""
        known = (self.changes > 0) & (self.change > 0)
        return float(np.quantile(own[known], 0.5, method="lower")) if known.any() else np.nan

    def _shrunk(self, own: Floats, typical: float) -> Floats:
        """Each series' `own` (S,) mean over its changes, and PRIOR more that equal the `typical` one; 0 where own is 0.

        A weighted mean of own and common evidence (James and Stein 1961): the fewer changes a history has, the more
        the panel counts. Of logarithms, so that a series which varies far less than the others is left so.
        """
        known = (self.changes == 0) | (own > 0)
        logarithms = np.log(np.where(own > 0, own, 1.0))
        mean = np.exp((self.changes * logarithms + PRIOR * np.log(typical)) / (self.changes + PRIOR))
        return np.where(known, mean, 0.0)


def _spread_of(values: Floats, season: int, recent: int) -> Spread:
    """The spread of histories (S, steps), right-aligned, NaN before a series begins; the last `recent` steps count."""
    smallest = np.fmin.reduce(values, axis=1, initial=np.inf)
    largest = np.fmax.reduce(values, axis=1, initial=-np.inf)
    own = _own_quantiles(values, max(season, HALF_LIFE))
    size = _size(values, max(SIZE_SEASONS * season, SIZE_STEPS))
    change, changes = np.zeros(len(values)), np.zeros(len(values), dtype=np.int64)
    spread = Spread(smallest, largest, size, change, changes, own, np.ones((len(values), season)))
    scaled = np.where(np.isnan(values), np.nan, spread.to_interval_scale(values))
    change, changes = _mean_change(scaled[:, 1:] - scaled[:, :-1], recent)
    over_gaps = np.flatnonzero((change == 0) & np.isnan(scaled).any(axis=1))
    change[over_gaps], changes[over_gaps] = _mean_change(changes_over_gaps(scaled[over_gaps]), recent)
    of_seasons = scaled[:, season:] - scaled[:, :-season]
    seasonal, seasonal_changes = _mean_change(of_seasons, recent)
    has_season = seasonal_changes >= season  # fewer that are 0 say nothing of the other phases
    has_season[over_gaps] = False
    has_season |= seasonal > 0
    return replace(
        spread,
        change=np.where(has_season, seasonal, change),
        changes=np.where(has_season, seasonal_changes, changes),
        phases=np.where(has_season[:, None], _phases(of_seasons, season), 1.0),
    )


def _size(values: Floats, latest: int) -> Floats:
    """(S,) the largest absolute of the `latest` values (S, steps), else of all, else 1."""
    size = np.ones(len(values))
    for some in (values, values[:, -latest:]):
        largest = np.fmax.reduce(np.abs(some), axis=1, initial=0)
        size = np.where(largest > 0, largest, size)
    return size


def _own_quantiles(values: Floats, half_life: int) -> Floats:
    """(S, P) quantiles at PROBABILITIES of intermittent histories (S, steps), NaN for others.

    The quantile of a probability is interpolated between values at the middles of their weights.
    """
    quantiles = np.full((len(values), len(PROBABILITIES)), np.nan)
    zeros = mean_known(np.where(np.isnan(values), np.nan, values == 0), empty=0.0)
    for series in np.flatnonzero((zeros >= INTERMITTENT) & ~(values < 0).any(axis=1)):
        latest = values[series, -HALF_LIVES * half_life :]
        ages = np.arange(len(latest))[::-1][~np.isnan(latest)]
        latest = latest[~np.isnan(latest)]
        if not len(latest):  # a gap as long says nothing of today
            continue
        order = np.argsort(latest, kind="stable")
        weights = 0.5 ** (ages[order] / half_life)
        quantiles[series] = np.interp(PROBABILITIES, (np.cumsum(weights) - weights / 2) / weights.sum(), latest[order])
    return quantiles


def _mean_change(changes: Floats, recent: int) -> tuple[Floats, Ints]:
    """(S,) the geometric mean of two mean absolute changes, of all (S, K) and of the `recent` latest; their number.

    The one that is not 0 where the other is.
    """
    changes = _winsorised(changes)
    both = _mean_without_trend(changes), _mean_without_trend(changes[:, -recent:])
    larger, smaller = np.maximum(*both), np.minimum(*both)
    return np.where(smaller > 0, np.sqrt(larger * smaller), larger), (~np.isnan(changes)).sum(axis=1)


def _phases(changes: Floats, season: int) -> Floats:
    """(S, season) how large changes (S, K) of each phase are over the mean of all, the phase after the last one first.

    Changes of the LATEST_SEASONS count by their distance from the trend, which is the mean change, and none for more
    than MOST_OF_MEDIAN medians of its phase. PRIOR_OF_PHASE more that equal the mean are added to each phase
    (shrinkage, James and Stein 1961): ten years of months hardly tell one phase from another, two months of hours do.
    """
    latest = _winsorised(changes[:, -LATEST_SEASONS * season :])
    if not latest.shape[1]:
        return np.ones((len(changes), season))
    distances = np.abs(latest - mean_known(latest)[:, None])
    padded = np.pad(distances, ((0, 0), (-distances.shape[1] % season, 0)), constant_values=np.nan)
    by_phase = padded.reshape(len(padded), padded.shape[1] // season, season)
    count = (~np.isnan(by_phase)).sum(axis=1)
    medians = np.nanmedian(np.where(count[:, None] > 0, by_phase, 0), axis=1, keepdims=True)
    total = np.nansum(np.minimum(by_phase, MOST_OF_MEDIAN * medians), axis=1)
    mean = total.sum(axis=1, keepdims=True) / np.maximum(count.sum(axis=1, keepdims=True), 1)
    in_means = np.where(mean > 0, total / np.where(mean > 0, mean, 1.0), count)
    phases: Floats = (in_means + PRIOR_OF_PHASE) / (count + PRIOR_OF_PHASE)
    return phases


def _winsorised(changes: Floats) -> Floats:
    """Changes (S, K), the two largest at most MOST_OF_QUARTILE third quartiles of those that are not 0.

    So that one false value, which makes two changes large, does not set the unit; a jump that lasts, with one of each
    step of the season, does.
    """
    if not changes.shape[1]:
        return changes
    sizes = np.sort(np.where(changes == 0, np.nan, np.abs(changes)), axis=1)  # NaN last
    count = (~np.isnan(sizes)).sum(axis=1)
    last = np.maximum(count - 1, 0)

    def at(place: Ints) -> Floats:
        found: Floats = np.take_along_axis(sizes, np.clip(place, 0, last)[:, None], axis=1)
        return found

    below = (0.75 * last).astype(np.int64)
    quartile = at(below) + (at(below + 1) - at(below)) * (0.75 * last - below)[:, None]
    most = np.maximum(MOST_OF_QUARTILE * quartile, np.where((count > 2)[:, None], at(count - 3), 0.0))
    most = np.where((count > 0)[:, None], most, np.inf)
    return np.clip(changes, -most, most)


def _mean_without_trend(changes: Floats) -> Floats:
    """(S,) mean absolute changes, but no more than twice their mean absolute deviation from their mean, the trend.

    At least a tenth of them, so that it is 0 only without a change. A single change is no trend: it counts in full.
    """
    size = mean_known(np.abs(changes), empty=0.0)
    deviation = mean_known(np.abs(changes - mean_known(changes)[:, None]), empty=0.0)
    several = (~np.isnan(changes)).sum(axis=1) > 1
    return np.where(several, np.clip(2 * deviation, size / 10, size), size)
