"""Windows: flat values, the cuts they end at, and the features of each cut; never copies of the windows themselves."""

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
    """K cuts, with what is computed from the values before each.

    Values are in the units of the normalised histories; experts and features in units of `scale`.

    position: (K,) in the flat values, of the first step after the cut
    series: (K,)
    before, after: (K,) how many values of its series precede the cut, and how many of the targets exist
    season: (K, P) seasonal indices of the steps after the cut, for each season as many as its length
    level: (K,) the local level
    scale: (K,) the local scale
    experts: (K, E, targets) closed-form forecasts, level and season removed
    features: (K, F)
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

    A window is up to `size` inputs before a cut and the `targets` values after it; none crosses a series.

    values: (V,) normalised histories, one series after another
    seasons: the lengths of the seasons in `season` of the cuts
    lags: lengths of the differences that are inputs beside the values
    padding: whether windows that reach over an end of their series count, their missing part masked
    training: the cuts that networks learn from, by series and time
    ends: (S cuts) the end of each series: the origin
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
        """How many values a window needs."""
        return min_length(self.size, self.padding, self.seasons)

    def write(self, path: Path) -> None:
        arrays = {"values": self.values}
        arrays |= {name: np.array([getattr(self, name)], dtype=np.int64) for name in NUMBERS}
        arrays |= {name: np.array(getattr(self, name), dtype=np.int64) for name in LISTS}
        for kind in ("training", "ends"):
            arrays |= {f"{kind}.{name}": value for name, value in vars(getattr(self, kind)).items()}
        save_file(arrays, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        """What `write` wrote, mapped into memory: a page is read when it is touched, once for all processes."""
        from safetensors.torch import load_file  # the loader for NumPy copies; and `window` needs no torch

        arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in load_file(path).items()}
        cuts: dict[str, dict[str, Any]] = {"training": {}, "ends": {}}
        for kind, of_kind in cuts.items():
            for key in [key for key in arrays if key.startswith(f"{kind}.")]:
                of_kind[key.removeprefix(f"{kind}.")] = arrays.pop(key)
        lists: dict[str, Any] = {name: arrays[name].tolist() for name in LISTS}
        targets, size, padding = (int(arrays[name][0]) for name in NUMBERS)
        training, ends = Cuts(**cuts["training"]), Cuts(**cuts["ends"])
        return cls(targets, size, bool(padding), arrays["values"], **lists, training=training, ends=ends)

    @classmethod
    def read_ends(cls, path: Path, first: int, stop: int) -> "Windows":
        """The windows at the ends of the series `first:stop` alone: no training cuts, no values but these series'."""
        windows = cls.read(path)
        ends = windows.ends.take(slice(first, stop))
        start, end = ends.position[0] - ends.before[0], ends.position[-1]
        moved = replace(ends, position=ends.position - start, series=ends.series - first)
        return replace(windows, values=windows.values[start:end], training=windows.training.take(slice(0)), ends=moved)


def min_length(size: int, padding: bool, seasons: list[int]) -> int:
    """How many values a window needs: its size, or where it is padded a season and one, three at least."""
    return min(size, max((seasons[0] if seasons else 1) + 1, 3)) if padding else size


def season_at(season: Any, seasons: list[int], offsets: Any) -> Any:
    """(K, steps) the seasonal component at `offsets` (steps,) from K cuts; NumPy arrays or tensors, 0 without seasons.

    season: (K, P) as in `Cuts`, the indices of each season by step after the cut
    """
    component: Any = 0.0
    first = 0
    for length in seasons:
        component = component + season[..., first + offsets % length]
        first += length
    return component
