"""Batches of windows, gathered from the flat values as they are needed: what a network reads and what it should say."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stages.common.windows import Cuts, Windows, season_of

FARTHEST = 8.0  # units of scale: inputs beyond are cut off
GATHERED = 16  # batches at once: fewer, larger operations, and still few windows in memory
NO_DEVICE = torch.device("cpu")


@dataclass(frozen=True)
class Inputs:
    """What a network reads of B windows.

    steps: (size, B, C) value, season and level off, in units of scale; then whether it is known, where windows are
        padded; then differences over each of `Windows.lags`
    features: (B, F)
    bases: (B, K, targets)
    """

    steps: Tensor
    features: Tensor
    bases: Tensor


@dataclass(frozen=True)
class Targets:
    """values: (B, targets) what came, in the units of the bases; known: (B, targets) 1 where something came, else 0"""

    values: Tensor
    known: Tensor


class Batches:
    """The windows of one member at some cuts, as tensors on a device."""

    def __init__(self, windows: Windows, cuts: Cuts, member: int, device: torch.device = NO_DEVICE) -> None:
        self.size, level = windows.of_member(member)
        self.targets, self.padding, self.lags = windows.targets, windows.padding, windows.lags
        self.seasons = windows.seasons
        self.kept = np.flatnonzero(cuts.before >= windows.least(member))

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array[self.kept])).to(device)

        self.values = torch.from_numpy(windows.values).to(device)
        self.position, self.before, self.after = tensor(cuts.position), tensor(cuts.before), tensor(cuts.after)
        self.season, self.level = tensor(cuts.season), tensor(cuts.levels[:, level])
        self.scale, self.features, self.bases = tensor(cuts.scale), tensor(cuts.features), tensor(cuts.bases)
        self.device = device

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def channels(self) -> int:
        return 1 + self.padding + len(self.lags)

    def stream(self, order: Tensor, size: int) -> Iterator[tuple[Inputs, Targets]]:
        """Batches of `size` windows in the order of the indices `order`, several gathered at once."""
        for part in order.split(size * GATHERED):  # type: ignore[no-untyped-call]
            whole = len(part) // size * size
            for rows in (part[:whole].view(-1, size), part[whole:][None]):
                inputs, goals = self.inputs(rows), self.goals(rows)
                for i in range(len(rows) if rows.numel() else 0):
                    yield (
                        Inputs(inputs.steps[i], inputs.features[i], inputs.bases[i]),
                        Targets(goals.values[i], goals.known[i]),
                    )

    def inputs(self, batch: Tensor) -> Inputs:
        """Of the windows at indices `batch` (B,); of several batches (n, B) at once, all sizes with n before them."""
        offsets = torch.arange(-self.size, 0, device=self.device)
        steps = self._relative(batch, offsets)
        channels = [steps]
        if self.lags:
            channels[0] = steps.clamp(-FARTHEST, FARTHEST)
        if self.padding:
            known = (offsets >= -self.before[batch][..., None]).to(steps.dtype)
            channels = [channels[0] * known, known]
        for lag in self.lags:
            known = offsets - lag >= -self.before[batch][..., None]
            change = (self._values(batch, offsets) - self._values(batch, offsets - lag)) / self.scale[batch][..., None]
            channels.append(change.clamp(-FARTHEST, FARTHEST) * known)
        stacked = torch.stack(channels, dim=-1).transpose(-3, -2).contiguous()  # (size, B, C)
        return Inputs(stacked, self.features[batch], self.bases[batch])

    def goals(self, batch: Tensor) -> Targets:
        """Of the windows at indices `batch` (B,), or (n, B) as in `inputs`."""
        offsets = torch.arange(self.targets, device=self.device)
        return Targets(self._relative(batch, offsets), (offsets < self.after[batch][..., None]).to(self.values.dtype))

    def restore(self, predicted: Tensor) -> Tensor:
        """Predictions (B, targets) for all the windows, from the units of the bases to those of the values."""
        offsets = torch.arange(self.targets, device=self.device)
        level = predicted * self.scale[:, None] + self.level[:, None]
        restored: Tensor = level + season_of(self.season, self.seasons, offsets)
        return restored

    def _values(self, batch: Tensor, offsets: Tensor) -> Tensor:
        positions = self.position[batch][..., None] + offsets
        return self.values[positions.clamp(0, len(self.values) - 1)]

    def _relative(self, batch: Tensor, offsets: Tensor) -> Tensor:
        level = self.level[batch][..., None]
        season = season_of(self.season[batch], self.seasons, offsets)
        relative: Tensor = (self._values(batch, offsets) - season - level) / self.scale[batch][..., None]
        return relative
