"""Batches of windows, gathered from the flat values as they are needed: what a network reads and what it should say."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from stages.window.windows import Cuts, Windows, season_of

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
    """What a network should say of B windows, each (B, targets).

    values: what came, in the units of the bases
    known: 1 where something came, else 0
    middle: the median of the bases, 0 without any
    """

    values: Tensor
    known: Tensor
    middle: Tensor


class Batches:
    """The windows of one member at some cuts, as tensors on a device."""

    def __init__(self, windows: Windows, cuts: Cuts, member: int, device: torch.device = NO_DEVICE) -> None:
        self.size, level = windows.of_member(member)
        self.targets, self.padding, self.lags = windows.targets, windows.padding, windows.lags
        self.seasons = windows.seasons
        self.kept = np.flatnonzero(cuts.before >= windows.least(member))

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array[self.kept])).to(device)

        reach = self.size + max(self.lags, default=0)  # windows may begin before the first value and end after the last
        self.values = nn.functional.pad(torch.from_numpy(windows.values), (reach, self.targets)).to(device)
        self.position, self.before, self.after = tensor(cuts.position + reach), tensor(cuts.before), tensor(cuts.after)
        self.season, self.level = tensor(cuts.season), tensor(cuts.levels[:, level])
        self.scale, self.features, self.bases = tensor(cuts.scale), tensor(cuts.features), tensor(cuts.bases)
        self.middle = middle_of(self.bases)
        self.offsets = torch.arange(-self.size, self.targets, device=device)
        self.past, self.future = self.offsets[: self.size], self.offsets[self.size :]

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
                if rows.numel():
                    inputs, targets = self.gather(rows)
                    for i in range(len(rows)):
                        yield (
                            Inputs(inputs.steps[i], inputs.features[i], inputs.bases[i]),
                            Targets(targets.values[i], targets.known[i], targets.middle[i]),
                        )

    def gather(self, batch: Tensor) -> tuple[Inputs, Targets]:
        """The windows at indices `batch` (B,); of several batches (n, B) at once, all sizes with n before them."""
        position, scale = self.position[batch][..., None], self.scale[batch][..., None]
        values = self.values[position + self.offsets]
        season = season_of(self.season[batch], self.seasons, self.offsets)
        past, future = ((values - season - self.level[batch][..., None]) / scale).split([self.size, self.targets], -1)

        channels = [past.clamp(-FARTHEST, FARTHEST) if self.lags else past]
        before = self.before[batch][..., None]
        if self.padding:
            known = (self.past >= -before).to(past.dtype)
            channels = [channels[0] * known, known]
        for lag in self.lags:
            change = (values[..., : self.size] - self.values[position + self.past - lag]) / scale
            channels.append(change.clamp(-FARTHEST, FARTHEST) * (self.past - lag >= -before))
        steps = past.new_empty(*batch.shape[:-1], self.size, batch.shape[-1], len(channels))
        for channel, content in enumerate(channels):
            steps[..., channel] = content.transpose(-1, -2)

        def rows(table: Tensor) -> Tensor:
            return table.index_select(0, batch.flatten()).view(*batch.shape, *table.shape[1:])

        exists = (self.future < self.after[batch][..., None]).to(past.dtype)
        return Inputs(steps, rows(self.features), rows(self.bases)), Targets(future, exists, rows(self.middle))

    def restore(self, predicted: Tensor) -> Tensor:
        """Predictions (B, targets) for all the windows, from the units of the bases to those of the values."""
        level = predicted * self.scale[:, None] + self.level[:, None]
        restored: Tensor = level + season_of(self.season, self.seasons, self.future)
        return restored


def middle_of(bases: Tensor) -> Tensor:
    """(B, targets) the median of the bases (B, K, targets); 0 without any."""
    count = bases.shape[1]
    if not count:
        return bases.sum(dim=1)
    ordered = bases.sort(dim=1).values
    return (ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2
