"""The normalizer: logarithm and scaling of series, fitted to the histories of one origin, and the inverse."""

from dataclasses import dataclass, field

import numpy as np

from stages.common.arrays import Bools, Floats, Rows, mean_known
from stages.common.errors import UserError
from stages.normalize.params import Log, Scale

LEAST_SHARE = 0.2  # of the level of a logged history, that its smallest value and the shift are at least
RECENT = 24  # steps, the last ones, whose mean is the level where it is less than that of the whole history


@dataclass
class Normalizer(Rows):
    """y -> (g(y) - center) / spread for S series, with g the natural logarithm or the identity.

    Histories are matrices (S, steps), right-aligned: the last column is the origin, NaN before a series begins.

    log: `auto` logs each series whose history has a positive value and no negative one; True logs all, and refuses
        values that are not positive; False logs none
    scale: with `mean`, values are changes relative to the size of their series; with `minmax`, from -1 to 1
    log_: (S,) whether a series is logged
    shift_: (S,) added before the logarithm, at least the smallest positive value where the history has zeros, and so
        much that no value is less than a fifth of the mean, or of that of the last 24 steps if it is less: else a start
        near 0 is the largest change of all, and a trend of logarithms a thousandfold
    center_, spread_: (S,) with `mean`, the mean of g(y), and 1 for a logged series, else the mean of |y|; with
        `minmax`, those of scikit-learn's MinMaxScaler
    """

    log: Log
    scale: Scale
    log_: Bools = field(init=False)
    shift_: Floats = field(init=False)
    center_: Floats = field(init=False)
    spread_: Floats = field(init=False)

    def fit(self, histories: Floats, ids: list[str]) -> "Normalizer":
        """Fit to histories (S, steps) of series `ids`. Raises UserError where `log` is True and a value <= 0."""
        positive = np.asarray(~(histories <= 0).any(axis=1))
        if self.log is True and not positive.all():
            raise UserError(
                f"params.yaml: normalize.log is true, but series {ids[int(np.argmin(positive))]!r} has values "
                "that are not positive; set it to auto or false"
            )
        smallest_positive = np.min(np.where(histories > 0, histories, np.inf), axis=1, initial=np.inf)
        can_be_logged = np.asarray(~(histories < 0).any(axis=1)) & np.isfinite(smallest_positive)
        self.log_ = can_be_logged if self.log else np.zeros(len(histories), dtype=bool)
        smallest = np.fmin.reduce(histories, axis=1, initial=np.inf)
        least = np.where(positive, 0.0, smallest_positive)
        level = np.fmin(mean_known(histories, empty=0.0), mean_known(histories[:, -RECENT:]))
        needed = LEAST_SHARE * level - smallest
        self.shift_ = np.where(self.log_, np.maximum(least, needed), 0.0)
        values = self.to_log_scale(histories)
        if self.scale == "mean":
            self.center_ = mean_known(values, empty=0.0)
            size = np.where(self.log_, 1.0, mean_known(np.abs(histories), empty=0.0))
            self.spread_ = np.where(size > 0, size, 1.0)
        else:
            self.center_, self.spread_ = _minmax(values)
        return self

    def transform(self, histories: Floats) -> Floats:
        """Normalised histories (S, steps)."""
        return (self.to_log_scale(histories) - self.center_[:, None]) / self.spread_[:, None]

    def inverse_transform(self, normalised: Floats) -> Floats:
        """Values (S, k) in the input's units, of normalised values (S, k)."""
        return self.from_log_scale(normalised * self.spread_[:, None] + self.center_[:, None])

    def to_log_scale(self, values: Floats) -> Floats:
        """g of values (S, k): the logarithm of the shifted values of logged series, else the values."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.log(np.where(logged, values + shift, 1.0)), values)

    def from_log_scale(self, values: Floats) -> Floats:
        """The inverse of g, of values (S, k)."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.exp(np.where(logged, values, 0.0)) - shift, values)


def _minmax(values: Floats) -> tuple[Floats, Floats]:
    """Center (S,) and spread (S,) with which scikit-learn's MinMaxScaler brings values (S, steps) to (-1, 1).

    It takes a range below 1e-15 for none, so each series is scaled by a power of 2 first, which rounds nothing.
    """
    from sklearn.preprocessing import MinMaxScaler  # here, since the import takes 1.2 s

    center, spread = np.zeros(len(values)), np.ones(len(values))
    known = ~np.isnan(values).all(axis=1)
    if known.any():
        _, exponent = np.frexp(np.nanmax(values[known], axis=1) - np.nanmin(values[known], axis=1))
        scaler = MinMaxScaler(feature_range=(-1, 1)).fit(np.ldexp(values[known], -exponent[:, None]).T)
        center[known] = np.ldexp(-scaler.min_ / scaler.scale_, exponent)
        spread[known] = np.maximum(np.ldexp(1 / scaler.scale_, exponent), np.finfo(np.float64).tiny)
    return center, spread
