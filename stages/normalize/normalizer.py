"""The normalizer: logarithm and scaling, fitted to the histories of one origin, and their inverse."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from stages.common.arrays import Bools, Floats, Rows, mean_known
from stages.common.errors import UserError
from stages.common.paths import origin_file
from stages.normalize.params import Log, Scale

SETTINGS = ["log", "scale"]
LEARNED = ["log_", "shift_", "center_", "spread_"]


@dataclass
class Normalizer(Rows):
    """y -> (g(y) - center) / spread for S series, with g the natural logarithm or the identity.

    Histories are matrices (S, steps), right-aligned: the last column is the origin, NaN before a series begins.

    log: `auto` takes the logarithm of series whose history is positive, or zero at times; True demands that all are
        positive; False never does
    scale: `mean` or `minmax`
    log_: (S,) whether a series is logged
    shift_: (S,) what is added before the logarithm: the smallest positive value where a history has zeros, else 0
    center_, spread_: (S,) with `mean` the mean of g(y) and, unless the series is logged, the mean of |y|: values are
        then changes relative to their series' size, logged or not; with `minmax` those of scikit-learn's MinMaxScaler
        to (-1, 1)
    """

    log: Log
    scale: Scale
    log_: Bools = field(init=False)
    shift_: Floats = field(init=False)
    center_: Floats = field(init=False)
    spread_: Floats = field(init=False)

    def fit(self, histories: Floats, ids: list[str]) -> "Normalizer":
        """Learn from histories (S, steps). Raises UserError where `log` is True and a value is not positive."""
        positive = np.asarray(~(histories <= 0).any(axis=1))
        if self.log is True and not positive.all():
            raise UserError(
                f"params.yaml: normalize.log is true, but series {ids[int(np.argmin(positive))]!r} has values "
                "that are not positive; set it to auto or false"
            )
        smallest_positive = np.min(np.where(histories > 0, histories, np.inf), axis=1, initial=np.inf)
        nowhere_negative = np.asarray(~(histories < 0).any(axis=1)) & np.isfinite(smallest_positive)
        self.log_ = nowhere_negative if self.log else np.zeros(len(histories), dtype=bool)
        self.shift_ = np.where(self.log_ & ~positive, smallest_positive, 0.0)
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
        """Values in the input's units (S, k) of normalised values (S, k)."""
        return self.from_log_scale(normalised * self.spread_[:, None] + self.center_[:, None])

    def to_log_scale(self, values: Floats) -> Floats:
        """g: the logarithm of the series that are logged."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.log(np.where(logged, values + shift, 1.0)), values)

    def from_log_scale(self, values: Floats) -> Floats:
        """The inverse of g."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.exp(np.where(logged, values, 0.0)) - shift, values)

    def write(self, folder: Path, origin: int) -> None:
        """Into `folder`: what was learned for one origin, and the settings, which are the same for every origin."""
        settings = {name: getattr(self, name) for name in SETTINGS}
        (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
        learned = {name: getattr(self, name) for name in LEARNED}
        save_file(learned, origin_file(folder, origin))

    @classmethod
    def read(cls, folder: Path, origin: int) -> "Normalizer":
        """The normalizer that `write` wrote."""
        normalizer = cls(**json.loads((folder / "config.json").read_text()))
        for name, value in load_file(origin_file(folder, origin)).items():
            setattr(normalizer, name, value)
        return normalizer


def _minmax(values: Floats) -> tuple[Floats, Floats]:
    """(S,) and (S,) so that (values - center) / spread is what scikit-learn's MinMaxScaler gives for each series."""
    from sklearn.preprocessing import MinMaxScaler  # 1.2 s that only this needs

    center, spread = np.zeros(len(values)), np.ones(len(values))
    known = ~np.isnan(values).all(axis=1)
    if known.any():
        scaler = MinMaxScaler(feature_range=(-1, 1)).fit(values[known].T)
        center[known], spread[known] = -scaler.min_ / scaler.scale_, 1 / scaler.scale_
    return center, spread
