"""Histories on a common footing, and back: log, seasonal treatment, scaling, each fitted to a history alone."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from stages.common.errors import UserError
from stages.common.paths import origin_file
from stages.normalize.params import Log, Scale, Seasonal

Floats = npt.NDArray[np.float64]

SETTINGS = ["log", "seasonal", "scale", "season_length"]
LEARNED = ["log_", "shift_", "indices_", "center_", "spread_"]


@dataclass
class Normalizer:
    """y -> (g(y) - season - center) / spread for S series, with g the natural logarithm or nothing.

    Histories are matrices (S, steps), right-aligned: the last column is the origin, NaN stands before a series
    begins. The season is the value one season ago (`difference`) or a classical seasonal index (`indices`); with
    `shrunk` it stays in: it is taken off each window, from what came before that window's cut (`seasonality`).

    log: `auto` takes the logarithm of series whose history is positive, or zero at times; True demands that all are
        positive; False never does
    log_: (S,) whether a series is logged
    shift_: (S,) what is added before the logarithm: the smallest positive value where a history has zeros, else 0
    indices_: (S, season_length) seasonal index of each step after the origin; zero unless `indices`
    center_, spread_: (S,) by scikit-learn's scalers, or with `mean` the mean of g(y) and, unless the series is
        logged, the mean of |y|: values are then changes relative to their series' size, logged or not
    """

    log: Log
    seasonal: Seasonal
    scale: Scale
    season_length: int
    log_: npt.NDArray[np.bool_] = field(init=False)
    shift_: Floats = field(init=False)
    indices_: Floats = field(init=False)
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
        least = np.min(np.where(histories > 0, histories, np.inf), axis=1, initial=np.inf)  # of the positive values
        nowhere_negative = np.asarray(~(histories < 0).any(axis=1)) & np.isfinite(least)
        self.log_ = nowhere_negative if self.log else np.zeros(len(histories), dtype=bool)
        self.shift_ = np.where(self.log_ & ~positive, least, 0.0)
        level = self.to_level(histories)
        self.indices_ = np.zeros((len(histories), self.season_length))
        if self.seasonal == "indices":
            self.indices_ = seasonal_indices(level, self.season_length)
        deseasonalized = self._deseasonalize(level)
        if self.scale == "mean":
            self.center_ = mean_of_known(deseasonalized)
            size = np.where(self.log_, 1.0, mean_of_known(np.abs(histories)))
            self.spread_ = np.where(size > 0, size, 1.0)
        else:
            self.center_, self.spread_ = _center_and_spread(deseasonalized, self.scale)
        return self

    def transform(self, histories: Floats) -> Floats:
        """Normalised histories (S, steps); with `difference` the first season of each series becomes NaN."""
        return (self._deseasonalize(self.to_level(histories)) - self.center_[:, None]) / self.spread_[:, None]

    def inverse(self, normalised: Floats, past: Floats, start: int = 0) -> Floats:
        """Values in the input's units (S, k) of normalised values (S, k) that follow `past`.

        past: (S, steps) values in the input's units, right-aligned; `difference` reads its last season
        start: the step after the origin at which the values begin, negative within the history
        """
        level = normalised * self.spread_[:, None] + self.center_[:, None]
        season, steps = self.season_length, level.shape[1]
        if self.seasonal == "indices":
            level = level + self.indices_[:, np.arange(start, start + steps) % season]
        elif self.seasonal == "difference":
            level = np.concatenate([self.to_level(past[:, -season:]), level], axis=1)
            for k in range(season, season + steps, season):
                block = slice(k, min(k + season, season + steps))
                level[:, block] += level[:, k - season : block.stop - season]
            level = level[:, season:]
        return self.from_level(level)

    def to_level(self, values: Floats) -> Floats:
        """g: the logarithm of the series that are logged."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.log(np.where(logged, values + shift, 1.0)), values)

    def from_level(self, level: Floats) -> Floats:
        """The inverse of g."""
        logged, shift = self.log_[:, None], self.shift_[:, None]
        return np.where(logged, np.exp(np.where(logged, level, 0.0)) - shift, level)

    def _deseasonalize(self, level: Floats) -> Floats:
        season, steps = self.season_length, level.shape[1]
        if self.seasonal == "indices":
            return level - self.indices_[:, np.arange(-steps, 0) % season]
        if self.seasonal == "difference":
            differences = np.full_like(level, np.nan)
            differences[:, season:] = level[:, season:] - level[:, : max(steps - season, 0)]
            return differences
        return level

    def write(self, folder: Path, held_back: int) -> None:
        """Into `folder`: what was learned for one origin, and the settings, which are the same for every origin."""
        settings = {name: getattr(self, name) for name in SETTINGS}
        (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
        save_file({name: getattr(self, name) for name in LEARNED}, origin_file(folder, held_back))

    @classmethod
    def joined(cls, parts: "list[Normalizer]") -> "Normalizer":
        """One normalizer for the series of all `parts`, which share their settings."""
        first = parts[0]
        whole = cls(first.log, first.seasonal, first.scale, first.season_length)
        for name in LEARNED:
            setattr(whole, name, np.concatenate([getattr(part, name) for part in parts]))
        return whole

    def of(self, block: slice) -> "Normalizer":
        """The normalizer of the series in `block` alone."""
        part = Normalizer(self.log, self.seasonal, self.scale, self.season_length)
        for name in LEARNED:
            setattr(part, name, getattr(self, name)[block])
        return part

    @classmethod
    def read(cls, folder: Path, held_back: int) -> "Normalizer":
        """The normalizer that `write` wrote."""
        normalizer = cls(**json.loads((folder / "config.json").read_text()))
        for name, value in load_file(origin_file(folder, held_back)).items():
            setattr(normalizer, name, value)
        return normalizer


def seasonal_indices(level: Floats, season: int) -> Floats:
    """Classical additive seasonal indices (S, season), by step after the origin; zero for under two whole seasons.

    The mean deviation of each phase from the centred moving average over one season, less the mean of these
    deviations (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2021, section 3.4).
    """
    steps = level.shape[1]
    indices = np.zeros((len(level), season))
    if season == 1 or steps < 2 * season:
        return indices
    weights = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    weights /= season
    views = np.lib.stride_tricks.sliding_window_view(level, len(weights), axis=1)
    detrended = np.full_like(level, np.nan)
    margin = len(weights) // 2
    detrended[:, margin : steps - margin] = level[:, margin : steps - margin] - views @ weights
    pad = np.full((len(level), -steps % season), np.nan)
    by_season = np.concatenate([pad, detrended], axis=1).reshape(len(level), -1, season)
    observed = (~np.isnan(by_season)).sum(axis=1)
    means = np.nansum(by_season, axis=1) / np.maximum(observed, 1)
    whole = (observed > 0).all(axis=1)
    indices[whole] = means[whole] - means[whole].mean(axis=1, keepdims=True)
    return indices


def mean_of_known(values: Floats) -> Floats:
    """(S,) means of what is known of values (S, steps); 0 where nothing is."""
    known = ~np.isnan(values)
    means: Floats = np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return means


def _center_and_spread(values: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """(S,) and (S,) so that (values - center) / spread is what scikit-learn's scaler gives for each series."""
    center, spread = np.zeros(len(values)), np.ones(len(values))
    known = ~np.isnan(values).all(axis=1)
    if scale == "none" or not known.any():
        return center, spread
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler  # 1.2 s that predict need not wait

    columns = values[known].T
    if scale == "minmax":
        scaler = MinMaxScaler(feature_range=(-1, 1)).fit(columns)
        center[known], spread[known] = -scaler.min_ / scaler.scale_, 1 / scaler.scale_
    elif scale == "standard":
        scaler = StandardScaler().fit(columns)
        center[known], spread[known] = scaler.mean_, scaler.scale_
    else:
        scaler = RobustScaler().fit(columns)
        center[known], spread[known] = scaler.center_, scaler.scale_
    return center, spread
