"""Windows as flat values, the cuts at which windows end, and the features at each cut: no window is copied out."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from stages.common.arrays import Bools, Floats32, Ints, Rows

LISTS = ("seasons", "lags")
NUMBERS = ("targets", "size", "padding")
FLAT = ("values", "past", "lengths")
COVARIATES = ("covariates", "past", "static")
POOLED = 40  # series that a network must see, before it trusts past covariates half
CUTS = "cuts."  # before the names of the arrays of the cuts


@dataclass(frozen=True)
class Cuts(Rows):
    """K cuts with their features, each computed from the values before its cut alone.

    position: (K,) the index in the flat values of the first step after the cut
    series: (K,) the series that is cut
    before: (K,) the number of steps of the series before the cut
    after: (K,) the number of targets that exist, missing ones among them
    season: (K, P) seasonal indices of the steps after the cut, those of each season after another, in normalised units
    level: (K,) the local level, in normalised units
    scale: (K,) the local scale, in normalised units
    experts: (K, E, targets) closed-form forecasts, level and season removed, in units of `scale`
    record: (K, E) how large the errors of each expert were so far, see record.py
    informed: (K, E) 1 for an expert that knows covariates, else 0
    features: (K, F) numbers around 0
    covariates: (K, C, targets) those known ahead, less their mean over the last season; none without any
    static: (K, Q) the static covariates of the series; none without any
    """

    position: Ints
    series: Ints
    before: Ints
    after: Ints
    season: Floats32
    level: Floats32
    scale: Floats32
    experts: Floats32
    record: Floats32
    informed: Floats32
    features: Floats32
    covariates: Floats32
    static: Floats32

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True)
class Windows:
    """Windows of one origin, in V normalised values of S series.

    A window is `size` values before a cut, its inputs, and `targets` values after it, all of one series.

    values: (V,) normalised histories, one series after another, NaN where a value is missing
    past: (V, P) the past covariates of the same steps, scaled and completed; none without any
    lengths: (S,) the number of steps of each
    padding: whether windows may reach over an end of their series, the missing part masked
    seasons: the lengths of the seasons in `season` of the cuts: those that have indices
    lags: the lags at which differences of the values are further inputs
    cuts: the cuts that networks learn from, ordered by series and time; or the end of each series, to forecast from
    """

    targets: int
    size: int
    padding: bool
    values: Floats32
    past: Floats32
    lengths: Ints
    seasons: list[int]
    lags: list[int]
    cuts: Cuts

    @property
    def min_length(self) -> int:
        """The fewest known values before a cut with which it has a window."""
        return min_length(self.size, self.padding, self.seasons)

    @property
    def enough(self) -> Bools:
        """(K,) the cuts that have a window: those with `min_length` known values before them at least."""
        return known_before(self.values, self.cuts.position, self.cuts.before) >= self.min_length

    @property
    def varying(self) -> dict[str, list[int]]:
        """The columns of `covariates`, `past` and `static` that networks learn: not 0 in all series that are cut.

        So a category that no series has so far changes no network.
        """
        cuts = self.cuts
        is_cut = np.repeat(np.isin(np.arange(len(self.lengths)), cuts.series), self.lengths)
        some = {
            "covariates": (cuts.covariates != 0).any(axis=(0, 2)),
            "past": (self.past[is_cut] != 0).any(axis=0),
            "static": (cuts.static != 0).any(axis=0),
        }
        return {name: np.flatnonzero(each).tolist() for name, each in some.items()}

    @property
    def pooling(self) -> float:
        """Factor on the past covariates that networks learn from: S / (S + POOLED), of S series.

        Of a few series a covariate that moves slowly says little more than where in time a window lies.
        """
        series = len(np.unique(self.cuts.series))
        return series / (series + POOLED)

    def at_ends_of(self, series: slice) -> "Windows":
        """Of windows at the ends of all series those of the series in a slice, with their values alone."""
        cuts = self.cuts.take(series)
        first, end = int(self.lengths[: series.start].sum()), int(self.lengths[: series.stop].sum())
        moved = replace(cuts, position=cuts.position - first, series=cuts.series - series.start)
        values, past = self.values[first:end], self.past[first:end]
        return replace(self, values=values, past=past, lengths=self.lengths[series], cuts=moved)

    def write(self, path: Path) -> None:
        """Write one safetensors file: an array for each field, `cuts.` before those of the cuts."""
        arrays: dict[str, Any] = {name: getattr(self, name) for name in FLAT}
        arrays |= {name: np.array([getattr(self, name)], dtype=np.int64) for name in NUMBERS}
        arrays |= {name: np.array(getattr(self, name), dtype=np.int64) for name in LISTS}
        arrays |= {f"{CUTS}{name}": value for name, value in vars(self.cuts).items()}
        save_file(arrays, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        """Map what `write` wrote into memory: a page is read on first use, once for all processes of a machine."""
        from safetensors.torch import load_file  # the loader for NumPy copies; and `window` needs no torch

        arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in load_file(path).items()}
        cuts = Cuts(**{key.removeprefix(CUTS): array for key, array in arrays.items() if key.startswith(CUTS)})
        lists: dict[str, Any] = {name: arrays[name].tolist() for name in LISTS}
        targets, size, padding = (int(arrays[name][0]) for name in NUMBERS)
        flat = {name: arrays[name] for name in FLAT}
        return cls(targets, size, bool(padding), **flat, **lists, cuts=cuts)


def known_before(values: npt.NDArray[np.floating], ends: Ints, steps: Ints) -> Ints:
    """(K,) how many of the last `steps` (K,) values before each of `ends` (K,) are known, of flat values (V,)."""
    known = np.concatenate([[0], np.cumsum(~np.isnan(values))])
    counts: Ints = known[ends] - known[ends - steps]
    return counts


def min_length(size: int, padding: bool, seasons: list[int]) -> int:
    """The fewest values before a cut: `size`, or with padding, if fewer, a season and one, at least three."""
    return min(size, shortest_context(seasons)) if padding else size


def shortest_context(seasons: list[int]) -> int:
    """The fewest values that say something about a series: a season and one, at least three."""
    return max((seasons[0] if seasons else 1) + 1, 3)


def season_at(season: Any, seasons: list[int], offsets: Any) -> Any:
    """(K, steps) the seasonal component at `offsets` (steps,) from K cuts, as NumPy array or tensor; 0 without seasons.

    season: (K, P) as in `Cuts`
    """
    component: Any = 0.0
    first = 0
    for length in seasons:
        component = component + season[..., first + offsets % length]
        first += length
    return component
