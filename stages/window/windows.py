"""Windows as flat values, the cuts at which windows end, and the features at each cut: no window is copied out."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from stages.common.arrays import Floats32, Ints, Rows

LISTS = ("seasons", "lags")
NUMBERS = ("targets", "size", "padding")


@dataclass(frozen=True)
class Cuts(Rows):
    """K cuts with their features, each computed from the values before its cut alone.

    position: (K,) the index in the flat values of the first step after the cut
    series: (K,) the series that is cut
    before: (K,) the number of values of the series before the cut
    after: (K,) the number of targets that exist
    season: (K, P) seasonal indices of the steps after the cut, those of each season after another, in normalised units
    level: (K,) the local level, in normalised units
    scale: (K,) the local scale, in normalised units
    experts: (K, E, targets) closed-form forecasts, level and season removed, in units of `scale`
    features: (K, F) numbers around 0
    """

    position: Ints
    series: Ints
    before: Ints
    after: Ints
    season: Floats32
    level: Floats32
    scale: Floats32
    experts: Floats32
    features: Floats32

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True)
class Windows:
    """The windows of one origin, in V normalised values of S series.

    A window is `size` values before a cut, its inputs, and `targets` values after it, all of one series.

    values: (V,) normalised histories, one series after another
    padding: whether windows may reach over an end of their series, the missing part masked
    seasons: the lengths of the seasons in `season` of the cuts
    lags: the lags at which differences of the values are further inputs
    training: the cuts that networks learn from, ordered by series and time
    ends: (S cuts) the end of each series, which is the origin
    """

    targets: int
    size: int
    padding: bool
    values: Floats32
    seasons: list[int]
    lags: list[int]
    training: Cuts
    ends: Cuts

    @property
    def min_length(self) -> int:
        """The fewest values before a cut with which it has a window."""
        return min_length(self.size, self.padding, self.seasons)

    def write(self, path: Path) -> None:
        """Write one safetensors file: an array for each field, `training.` and `ends.` before those of the cuts."""
        arrays = {"values": self.values}
        arrays |= {name: np.array([getattr(self, name)], dtype=np.int64) for name in NUMBERS}
        arrays |= {name: np.array(getattr(self, name), dtype=np.int64) for name in LISTS}
        for kind in ("training", "ends"):
            arrays |= {f"{kind}.{name}": value for name, value in vars(getattr(self, kind)).items()}
        save_file(arrays, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        """Map what `write` wrote into memory: a page is read on first use, once for all processes of a machine."""
        from safetensors.torch import load_file  # the loader for NumPy copies; and `window` needs no torch

        arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in load_file(path).items()}
        cuts: dict[str, dict[str, Any]] = {"training": {}, "ends": {}}
        for key in [key for key in arrays if "." in key]:
            kind, name = key.split(".")
            cuts[kind][name] = arrays.pop(key)
        lists: dict[str, Any] = {name: arrays[name].tolist() for name in LISTS}
        targets, size, padding = (int(arrays[name][0]) for name in NUMBERS)
        training, ends = Cuts(**cuts["training"]), Cuts(**cuts["ends"])
        return cls(targets, size, bool(padding), arrays["values"], **lists, training=training, ends=ends)

    @classmethod
    def read_ends(cls, path: Path, first: int, stop: int) -> "Windows":
        """Read the windows of the series `first:stop` alone, at their ends: without training cuts."""
        windows = cls.read(path)
        ends = windows.ends.take(slice(first, stop))
        start, end = ends.position[0] - ends.before[0], ends.position[-1]
        moved = replace(ends, position=ends.position - start, series=ends.series - first)
        return replace(windows, values=windows.values[start:end], training=windows.training.take(slice(0)), ends=moved)


def min_length(size: int, padding: bool, seasons: list[int]) -> int:
    """The fewest values before a cut: `size`, or with padding, if fewer, a season and one, at least three."""
    return min(size, max((seasons[0] if seasons else 1) + 1, 3)) if padding else size


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
