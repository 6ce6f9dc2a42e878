"""Covariates on a common footing: each of a series less its mean, over its standard deviation, up to the origin."""

from dataclasses import dataclass, fields

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.panel.ragged import starts

ROUNDING = 1e-12  # of a mean: a spread that is no larger is that of a constant


@dataclass(frozen=True)
class ScaledCovariates:
    """The covariates of S histories, scaled, NaN where the input has none.

    future: (rows, F) of each series its steps, and the steps `ahead` of it, one series after another
    past: (V, P) of its steps alone
    """

    future: Floats
    past: Floats
    ahead: int

    @classmethod
    def none(cls, rows: int, series: int, ahead: int) -> "ScaledCovariates":
        """No column at all, of `series` with `rows` steps together."""
        return cls(np.zeros((rows + series * ahead, 0)), np.zeros((rows, 0)), ahead)

    def arrays(self) -> dict[str, Floats]:
        """The arrays by name, to be stored."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "ahead"}


def concat_covariates(parts: list[ScaledCovariates | None]) -> ScaledCovariates | None:
    """Those of several histories as one; None where these have none."""
    some = [each for each in parts if each]
    if not some:
        return None
    return ScaledCovariates(
        np.concatenate([each.future for each in some]), np.concatenate([each.past for each in some]), some[0].ahead
    )


def scale_covariates(future: Floats, past: Floats, lengths: Ints, kept: Ints, ahead: int) -> ScaledCovariates:
    """The covariates of S histories of `lengths` (S,), of each the last `kept` (S,) steps, and of the steps `ahead`.

    future: (rows, F) those steps, one series after another; past: (sum of the lengths, P) without those ahead
    """
    dropped = lengths - kept
    future, past = _last(future, lengths + ahead, dropped), _last(past, lengths, dropped)
    return ScaledCovariates(_scaled(future, kept, ahead), _scaled(past, kept, 0), ahead)


def _last(values: Floats, lengths: Ints, dropped: Ints) -> Floats:
    """Rows (V, k) of series of `lengths` (S,) without the first `dropped` (S,) of each."""
    place = np.arange(len(values)) - np.repeat(starts(lengths), lengths)
    return values[place >= np.repeat(dropped, lengths)]


def _scaled(values: Floats, lengths: Ints, ahead: int) -> Floats:
    """Values of series of `lengths` (S,) and the steps `ahead` of each, by what is known of the first of these."""
    scaled = values.copy()
    for first, length in zip(starts(lengths + ahead), lengths, strict=True):
        own, known = slice(first, first + length + ahead), values[first : first + length]
        some = ~np.isnan(known)
        count = np.maximum(some.sum(axis=0), 1)
        mean = np.where(some, known, 0).sum(axis=0) / count
        spread = np.sqrt(np.where(some, (known - mean) ** 2, 0).sum(axis=0) / count)
        scaled[own] = (values[own] - mean) / np.where(spread > ROUNDING * np.abs(mean), spread, 1.0)
    return scaled
