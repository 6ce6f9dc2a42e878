"""Windows: flat values, where they are cut, and what is known at each cut; never copies of the windows themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from stages.window.params import Window

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

LONGEST_WINDOW = 64  # steps that `auto` goes up to
FAIR_SHARE = 10  # no series gives more windows than so many times the median
LISTS = ("seasons", "lags", "sizes", "level_sizes")
MEMORY = 10  # horizons back at which a series that has windows to spare gives a third as many


@dataclass(frozen=True)
class Cuts:
    """K cuts, and what a forecaster at each knows without learning.

    Values are in the units of the normalised histories; bases and features in units of `scale`.

    position: (K,) in the flat values, of the first step after the cut
    series: (K,)
    before, after: (K,) how many values of its series stand before the cut, and how many of the targets exist
    season: (K, P) seasonal indices of the steps after the cut, for each of the seasons its length, one after another
    levels: (K, L) local levels, of which a member takes one
    scale: (K,)
    bases: (K, B, targets) forecasts in closed form, level and season taken off
    features: (K, F)
    """

    position: Ints
    series: Ints
    before: Ints
    after: Ints
    season: Floats32
    levels: Floats32
    scale: Floats32
    bases: Floats32
    features: Floats32

    def __len__(self) -> int:
        return len(self.position)

    def part(self, rows: slice) -> "Cuts":
        return Cuts(**{name: value[rows] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Windows:
    """Where windows are cut for one origin, in V normalised values of S series.

    A window is up to `size` inputs before a cut and the `targets` values after it; none crosses a series. The members
    of an ensemble take turns in `sizes` and in the levels, so that together they see every pair.

    values: (V,) normalised histories, one series after another
    seasons: the lengths of the seasons in `season` of the cuts
    lags: lengths of the differences that stand beside the values as inputs
    sizes: inputs of a window
    level_sizes: over how many of its last inputs a window's level is the mean, for the local `none`, `last` and `mean`
    padding: whether windows that reach over an end of their series count, their missing part masked
    training: the cuts that networks learn from, by series and time
    ends: (S cuts) the end of each series: the origin
    """

    targets: int
    values: Floats32
    seasons: list[int]
    lags: list[int]
    sizes: list[int]
    level_sizes: list[int]
    padding: bool
    training: Cuts
    ends: Cuts

    def of_member(self, member: int) -> tuple[int, int]:
        """A member's window size, and which of the levels is its own."""
        turn, size = divmod(member, len(self.sizes))
        return self.sizes[size], turn % len(self.level_sizes)

    def least(self, member: int) -> int:
        """How many values a member's window needs."""
        return least_size(self.of_member(member)[0], self.padding, self.seasons)

    def write(self, path: Path) -> None:
        arrays = {"values": self.values, "targets": np.array([self.targets]), "padding": np.array([self.padding])}
        arrays |= {name: np.array(getattr(self, name), dtype=np.int64) for name in LISTS}
        for kind in ("training", "ends"):
            arrays |= {f"{kind}.{name}": value for name, value in vars(getattr(self, kind)).items()}
        save_file(arrays, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        """What `write` wrote, mapped into memory: a page is read when it is touched, once for all processes."""
        from safetensors.torch import load_file  # the loader for NumPy copies; and who writes windows needs no torch

        arrays: dict[str, Any] = {name: tensor.numpy() for name, tensor in load_file(path).items()}
        cuts: dict[str, dict[str, Any]] = {"training": {}, "ends": {}}
        for kind, of_kind in cuts.items():
            for key in [key for key in arrays if key.startswith(f"{kind}.")]:
                of_kind[key.removeprefix(f"{kind}.")] = arrays.pop(key)
        lists: dict[str, Any] = {name: arrays.pop(name).tolist() for name in LISTS}
        training, ends = Cuts(**cuts["training"]), Cuts(**cuts["ends"])
        targets, padding = int(arrays["targets"][0]), bool(arrays["padding"][0])
        return cls(targets, arrays["values"], **lists, padding=padding, training=training, ends=ends)

    @classmethod
    def read_ends(cls, path: Path, first: int, stop: int) -> "Windows":
        """The windows at the ends of the series `first:stop` alone: no training cuts, no values but these series'."""
        windows = cls.read(path)
        ends = windows.ends.part(slice(first, stop))
        start, end = ends.position[0] - ends.before[0], ends.position[-1]
        moved = replace(ends, position=ends.position - start, series=ends.series - first)
        return replace(windows, values=windows.values[start:end], training=windows.training.part(slice(0)), ends=moved)


def season_of(season: Any, seasons: list[int], offsets: Any) -> Any:
    """(K, steps) the seasonal part at `offsets` (steps,) from K cuts; NumPy arrays or tensors, 0 without seasons.

    season: (K, P) as in `Cuts`, the indices of each season by step after the cut
    """
    part: Any = 0.0
    first = 0
    for length in seasons:
        part = part + season[..., first + offsets % length]
        first += length
    return part


def window_sizes(window: Window, seasons: list[int]) -> list[int]:
    """The sizes that members take turns in; `auto`: two seasons, a season and twelve steps at least, 64 at most."""
    if window.size != "auto":
        return window.size
    season = seasons[0] if seasons else 1
    return [min(max(2 * season, season + 12), LONGEST_WINDOW)]


def level_sizes(window: Window) -> list[int]:
    """Over how many of a window's last inputs its level is the mean, for the members in turn; 0: no level of these."""
    return {"none": [0], "last": [1], "mean": window.local_size, "smoothing": [0]}[window.local]


def least_size(size: int, padding: bool, seasons: list[int]) -> int:
    """How many values a window needs: its size, or where it is padded a season and one, three at least."""
    return min(size, max((seasons[0] if seasons else 1) + 1, 3)) if padding else size


def place_cuts(lengths: Ints, least: int, targets: int, padding: bool, most: int) -> Iterator[tuple[int, Ints]]:
    """For each series of `lengths` (S,), after how many of its values it is cut for training.

    Wherever `least` values stand before the cut and all `targets` after it, or with `padding` half of them. Where all
    series together have more than `most` cuts, each gives the same number or all that it has (of more than `most`
    series some give none), and none ever more than FAIR_SHARE times the median. They are drawn at random, later ones
    more often: their share falls by e over MEMORY horizons of `targets`.
    """
    needed = max(1, targets // 2) if padding else targets
    counts = np.maximum(lengths - needed - least + 1, 0)
    quota = _fair_quota(counts, most)
    random = np.random.default_rng(0)
    giving = np.flatnonzero(counts)
    if len(giving) > most:
        giving = np.sort(random.choice(giving, most, replace=False))
    for series in giving:
        before = np.arange(least, least + counts[series])
        if len(before) > quota:
            age = (before[-1] - before) / (MEMORY * targets)
            chosen = np.argpartition(age - random.gumbel(size=len(before)), quota)[:quota]
            before = np.sort(before[chosen])
        yield int(series), before


def _fair_quota(counts: Ints, most: int) -> int:
    """The largest number of windows a series may give so that all together give `most` at most; at least one."""
    some = counts[counts > 0]
    if not len(some):
        return 0
    fair = int(FAIR_SHARE * np.median(some))
    below, above = 0, max(fair, 1)
    if np.minimum(some, above).sum() <= most:
        return above
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if np.minimum(some, middle).sum() <= most else (below, middle)
    return max(below, 1)
