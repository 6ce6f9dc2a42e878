"""Windows: flat values and start positions, so that memory grows with the data and not with data x size."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from stages.common.params import Local

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Where windows are cut for one origin, in V normalised values of S series.

    A window is `size` inputs and the `targets` values after them; none crosses a series.

    values: (V,) normalised histories, one series after another
    starts: (W,) position of each window's first input, by series and time
    series: (W,) the series that each window is cut from
    latest: (S,) position of the inputs that end at the origin; -1 for a series shorter than `size`
    level_sizes: (L,) over how many of its last inputs a window's level is the mean; 0: no level
    levels: (W, L) the levels of each window
    """

    size: int
    targets: int
    values: Floats
    starts: Ints
    series: Ints
    latest: Ints
    level_sizes: Ints
    levels: Floats

    @classmethod
    def cut(
        cls, values: npt.NDArray[np.floating], lengths: Ints, size: int, targets: int, level_sizes: list[int]
    ) -> "Windows":
        """Every window of the series of `lengths` (S,) that stand one after another in `values`."""
        ends = np.cumsum(lengths)
        counts = np.maximum(lengths - size - targets + 1, 0)
        series = np.repeat(np.arange(len(lengths)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = (ends - lengths)[series] + within
        latest = np.where(lengths >= size, ends - size, -1)
        flat = values.astype(np.float32)
        levels = [_levels(flat, starts + size, level_size) for level_size in level_sizes]
        return cls(
            size, targets, flat, starts, series, latest, np.array(level_sizes, dtype=np.int64), np.stack(levels, axis=1)
        )

    def write(self, path: Path) -> None:
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        save_file({**arrays, "shape": np.array([self.size, self.targets])}, path)

    @classmethod
    def read(cls, path: Path) -> "Windows":
        arrays = load_file(path)
        size, targets = map(int, arrays.pop("shape"))
        return cls(size, targets, **arrays)


def level_sizes(local: Local, local_size: list[int]) -> list[int]:
    """How many of a window's last inputs make its level, for the members in turn; 0 means no level."""
    return {"none": [0], "last": [1], "mean": local_size}[local]


def local_level(inputs: Any, level_size: int) -> Any:
    """The level (B,) of windows (size, B): the mean of their last `level_size` values, 0 for none. NumPy or torch."""
    return inputs[-level_size:].mean(0) if level_size else 0.0


def _levels(values: Floats, ends: Ints, level_size: int) -> Floats:
    if not level_size:
        return np.zeros(len(ends), dtype=np.float32)
    means = np.lib.stride_tricks.sliding_window_view(values, level_size).mean(axis=1, dtype=np.float32)
    level: Floats = means[ends - level_size]
    return level
