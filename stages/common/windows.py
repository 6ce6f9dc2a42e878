"""Windows: flat values and where they are cut, so that memory grows with the data and not with data x size."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from stages.common.params import Local

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Where windows are cut for one origin, in V normalised values of S series.

    A window is the `size` inputs before a cut and the `targets` values after it; none crosses a series. The members
    of an ensemble take turns in `sizes` and `level_sizes`, so that together they see every pair.

    values: (V,) normalised histories, one series after another
    cuts: (W,) position of each window's first target, by series and time
    before: (W,) how many values of its series stand before each cut, at least the smallest size
    series: (W,) the series of each cut
    ends: (S,) the position after each series' last value: the cut at the origin
    lengths: (S,) how many values each series has
    sizes: (K,) how many inputs a window has
    level_sizes: (L,) over how many of its last inputs a window's level is the mean; 0: no level
    levels: (W, L) the levels of each window
    """

    targets: int
    values: Floats32
    cuts: Ints
    before: Ints
    series: Ints
    ends: Ints
    lengths: Ints
    sizes: Ints
    level_sizes: Ints
    levels: Floats32

    @classmethod
    def cut(cls, values: Floats, lengths: Ints, sizes: list[int], targets: int, level_sizes: list[int]) -> "Windows":
        """Every window of the series of `lengths` (S,) that stand one after another in `values`."""
        ends = np.cumsum(lengths)
        counts = np.maximum(lengths - min(sizes) - targets + 1, 0)
        series = np.repeat(np.arange(len(lengths)), counts)
        before = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + min(sizes)
        cuts = (ends - lengths)[series] + before
        flat = values.astype(np.float32)
        levels = np.stack([_levels(flat, cuts, level_size) for level_size in level_sizes], axis=1)
        known = (np.array(sizes, dtype=np.int64), np.array(level_sizes, dtype=np.int64))
        return cls(targets, flat, cuts, before, series, ends, np.asarray(lengths), *known, levels)

    def of_member(self, member: int) -> tuple[int, int]:
        """A member's window size, and which of the levels is its own."""
        turn, size = divmod(member, len(self.sizes))
        return int(self.sizes[size]), turn % len(self.level_sizes)

    def write(self, path: Path) -> None:
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        save_file({**arrays, "targets": np.array([self.targets])}, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        arrays = load_file(path)
        return cls(int(arrays.pop("targets")[0]), **arrays)


def level_sizes(local: Local, local_size: list[int]) -> list[int]:
    """How many of a window's last inputs make its level, for the members in turn; 0 means no level."""
    return {"none": [0], "last": [1], "mean": local_size}[local]


def local_level(inputs: Any, level_size: int) -> Any:
    """The level (B,) of windows (size, B): the mean of their last `level_size` values, 0 for none. NumPy or torch."""
    return inputs[-level_size:].mean(0) if level_size else 0.0


def _levels(values: Floats32, cuts: Ints, level_size: int) -> Floats32:
    if not level_size or not len(cuts):
        return np.zeros(len(cuts), dtype=np.float32)
    means = np.lib.stride_tricks.sliding_window_view(values, level_size).mean(axis=1, dtype=np.float32)
    levels: Floats32 = means[cuts - level_size]
    return levels
