"""Covariates on a common footing: each of a series less its mean, over its standard deviation, up to the origin.

Those of two values, such as booleans, are over their difference: an event is 1 more than none, however rare it is. No
spread is less than LEAST_SPREAD of the mean: where a price hardly moved, a small change is small, as in other series.
Values ahead lie at most BEYOND outside the range so far, flags not at all: no value of the series shows what happens
there. Static ones have no mean of their own: their inverse hyperbolic sine, which is small for any number, needs none.
"""

from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.panel.covariate_counts import CovariateCounts
from stages.panel.ragged import starts

ARRAYS = ("future", "past", "static")
STATIC_SIZE = 3.0  # about the inverse hyperbolic sine of 10
BEYOND = 1.0  # standard deviations
LEAST_SPREAD = 0.05  # of the size of a mean


@dataclass(frozen=True)
class ScaledCovariates:
    """The covariates of S histories, scaled, NaN where the input has none.

    future: (rows, F) of each series its steps, and the steps `ahead` of it, one series after another
    past: (V, P) of its steps alone
    static: (S, Q)
    """

    future: Floats
    past: Floats
    static: Floats
    ahead: int

    @property
    def counts(self) -> CovariateCounts:
        """F, P and Q."""
        return CovariateCounts(self.future.shape[1], self.past.shape[1], self.static.shape[1])

    def arrays(self) -> dict[str, Floats]:
        """The arrays by name, to be stored."""
        return {name: getattr(self, name) for name in ARRAYS}

    @classmethod
    def in_file(cls, arrays: dict[str, Floats]) -> "ScaledCovariates | None":
        """What `arrays` returned, among other arrays; None where it is not there. Without steps ahead."""
        if ARRAYS[0] not in arrays:
            return None
        future, past, static = (arrays[name] for name in ARRAYS)
        return cls(future, past, static, ahead=0)


def concat_covariates(parts: list[ScaledCovariates | None]) -> ScaledCovariates | None:
    """Those of several histories as one; None where these have none."""
    some = [each for each in parts if each]
    if not some:
        return None
    future, past, static = (np.concatenate([getattr(each, name) for each in some]) for name in ARRAYS)
    return ScaledCovariates(future, past, static, some[0].ahead)


def scale_covariates(
    future: Floats, past: Floats, static: Floats, lengths: Ints, kept: Ints, ahead: int
) -> ScaledCovariates:
    """The covariates of S histories of `lengths` (S,), of each the last `kept` (S,) steps, and of the steps `ahead`.

    future: (rows, F) those steps, one series after another; past: (sum of the lengths, P) without those ahead;
    static: (S, Q)
    """
    dropped = lengths - kept
    future, past = _last(future, lengths + ahead, dropped), _last(past, lengths, dropped)
    static = np.nan_to_num(np.arcsinh(static)) / STATIC_SIZE
    return ScaledCovariates(_scaled(future, kept, ahead), _scaled(past, kept, 0), static, ahead)


def _last(values: Floats, lengths: Ints, dropped: Ints) -> Floats:
    """Rows (V, k) of series of `lengths` (S,) without the first `dropped` (S,) of each."""
    place = np.arange(len(values)) - np.repeat(starts(lengths), lengths)
    return values[place >= np.repeat(dropped, lengths)]


def counted_ahead(values: Floats, lengths: Ints, ahead: int) -> Floats:
    """(S, ahead, F) as what values ahead of S series count: those far outside a history as nearer ones.

    values: (rows, F) of series of `lengths` (S,) and the steps ahead of each
    """
    found = np.empty((len(lengths), ahead, values.shape[1]))
    for series, (first, length) in enumerate(zip(starts(lengths + ahead), lengths, strict=True)):
        footing = _Footing.of(values[first : first + length])
        after = values[first + length : first + length + ahead]
        found[series] = np.clip(after, *(footing.mean + each * footing.spread for each in footing.limits))
    return found


def _scaled(values: Floats, lengths: Ints, ahead: int) -> Floats:
    """Values of series of `lengths` (S,) and the steps `ahead` of each, by what is known of the first of these."""
    scaled = np.empty_like(values)
    for first, length in zip(starts(lengths + ahead), lengths, strict=True):
        footing = _Footing.of(values[first : first + length])
        own, after = slice(first, first + length + ahead), slice(first + length, first + length + ahead)
        scaled[own] = (values[own] - footing.mean) / footing.spread
        scaled[after] = np.clip(scaled[after], *footing.limits)
    return scaled


@dataclass(frozen=True)
class _Footing:
    """How the covariates of one series are scaled: each (k,).

    limits: the least and the most that they may be ahead, scaled
    """

    mean: Floats
    spread: Floats
    limits: tuple[Floats, Floats]

    @classmethod
    def of(cls, known: Floats) -> "_Footing":
        """By a history (length, k), NaN where a value is missing."""
        some = ~np.isnan(known)
        least = np.where(some, known, np.inf).min(axis=0, initial=np.inf)
        most = np.where(some, known, -np.inf).max(axis=0, initial=-np.inf)
        mean = np.where(some, known, 0).sum(axis=0) / np.maximum(some.sum(axis=0), 1)
        mean = np.where(least == most, least, mean)  # that of a constant is rounded
        deviation = np.where(some, known - mean, 0)
        spread = np.sqrt((deviation**2).sum(axis=0) / np.maximum(some.sum(axis=0), 1))
        two = (~some | (known == least) | (known == most)).all(axis=0)
        spread = np.where(two & (least < most), most - least, spread)
        spread = np.maximum(spread, LEAST_SPREAD * np.abs(mean))
        spread = np.where(spread > 0, spread, 1.0)
        beyond = np.where(two & (least == 0) & (most == 1), 0.0, BEYOND)  # nothing is more than true
        nearest, furthest = (each(deviation, axis=0, initial=0) / spread for each in (np.min, np.max))
        return cls(mean, spread, (nearest - beyond, furthest + beyond))
