"""Batches of windows, gathered from the flat values when needed: the inputs and targets of a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from stages.common.arrays import chunks
from stages.window.windows import Windows, season_at

TRUST = 4.0  # power of its inverse mean error that weighs an expert, before a network has learned anything
LARGEST_INPUT = 8.0  # in units of scale: inputs are clipped to it
GATHERED = 16  # batches gathered at once: fewer, larger operations
CHUNK = 4096  # windows computed at once
CPU = torch.device("cpu")


class Tensors:
    """Base of a dataclass whose fields are tensors of the same windows."""

    def map(self, function: Callable[[Tensor], Tensor]) -> Self:
        """The same fields, with `function` applied to each."""
        return type(self)(**{name: function(value) for name, value in vars(self).items()})

    def unbind(self) -> list[Self]:
        """Those of each index of the first dimension, which all fields share."""
        fields = vars(self)
        parts = zip(*(value.unbind() for value in fields.values()), strict=True)
        return [type(self)(**dict(zip(fields, part, strict=True))) for part in parts]


@dataclass(frozen=True)
class Inputs(Tensors):
    """The inputs of a network for B windows.

    steps: (size, B, C) at each step the channels named by `Batches.channels`
    features: (B, F)
    experts: (B, E, targets)
    record: (B, E) see record.py
    informed: (B, E) 1 for an expert that knows covariates, else 0
    covariates: (B, K, targets) those known ahead
    past: (size, B, P) those of the past at each step
    static: (B, Q) the static ones
    """

    steps: Tensor
    features: Tensor
    experts: Tensor
    record: Tensor
    informed: Tensor
    covariates: Tensor
    past: Tensor
    static: Tensor


@dataclass(frozen=True)
class Targets(Tensors):
    """What a network is to forecast for B windows: each (B, targets), in the units of the experts.

    values: the actual values, 0 where there is none
    known: 1 where there is an actual value, else 0
    expert_mean: the mean of the experts, weighted by their record; 0 without any
    """

    values: Tensor
    known: Tensor
    expert_mean: Tensor


class Batches:
    """The windows at those cuts that have enough values before them, as tensors on a device.

    kept: (B,) the indices of these cuts
    """

    def __init__(self, windows: Windows, device: torch.device = CPU) -> None:
        cuts = windows.cuts
        self.size, self.targets, self.padding = windows.size, windows.targets, windows.padding
        self.seasons, self.lags, self.windows = windows.seasons, windows.lags, windows
        self.kept = np.flatnonzero(windows.enough)

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array[self.kept])).to(device)

        reach = self.size + max(self.lags, default=0)  # padded windows reach before the first value and after the last
        self.values = nn.functional.pad(torch.from_numpy(windows.values), (reach, self.targets)).to(device)
        self.past_covariates = nn.functional.pad(torch.from_numpy(windows.past), (0, 0, reach, self.targets)).to(device)
        self.position, self.before, self.after = tensor(cuts.position + reach), tensor(cuts.before), tensor(cuts.after)
        self.season, self.level, self.scale = tensor(cuts.season), tensor(cuts.level), tensor(cuts.scale)
        self.features, self.experts = tensor(cuts.features), tensor(cuts.experts)
        self.record, self.informed = tensor(cuts.record), tensor(cuts.informed)
        self.covariates, self.static = tensor(cuts.covariates), tensor(cuts.static)
        self.expert_mean = weighted_mean(-TRUST * self.record, self.experts)
        self.offsets = torch.arange(-self.size, self.targets, device=device)
        self.input_offsets, self.target_offsets = self.offsets[: self.size], self.offsets[self.size :]

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def channels(self) -> list[str]:
        """The names of the inputs at each step, in their order.

        value: the value, season and level removed, in units of scale
        known: 1 where the series has a value, 0 before it begins and where one is missing; only with padding
        change_n: the difference over n steps, for each of the lags, in units of scale

        They are 0 where a value that they need is not known.
        """
        return ["value", *(["known"] if self.padding else []), *(f"change_{lag}" for lag in self.lags)]

    def stream(self, orders: Tensor, size: int) -> Iterator[tuple[Inputs, Targets]]:
        """Batches of `size` windows for each of M networks, the last ones of fewer, M before their shapes.

        orders: (M, W) indices of windows, each network's in their order
        """
        for part in orders.split(max(1, GATHERED // len(orders)) * size, dim=1):  # type: ignore[no-untyped-call]
            whole = part.shape[1] // size * size
            for rows in (part[:, :whole].reshape(len(orders), -1, size), part[:, None, whole:]):
                if rows.numel():
                    rows = rows.transpose(0, 1)
                    inputs, targets = self._joined(rows, *(_rows(table, rows) for table in self.computed))
                    yield from zip(inputs.unbind(), targets.unbind(), strict=True)

    def gather(self, batch: Tensor) -> tuple[Inputs, Targets]:
        """The windows at indices `batch` (B,)."""
        return self._joined(batch, *self._compute(batch))

    @cached_property
    def computed(self) -> tuple[Tensor, Tensor, Tensor]:
        """What `_compute` returns, of all windows: training reads each many times."""
        every = torch.arange(len(self), device=self.offsets.device)
        steps, values, known = (
            self.level.new_empty(len(self), *shape)
            for shape in ((self.size, len(self.channels)), (self.targets,), (self.targets,))
        )
        for chunk in chunks(len(self), CHUNK):
            steps[chunk], values[chunk], known[chunk] = self._compute(every[chunk])
        return steps, values, known

    def _compute(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of windows at indices `batch` (B,): steps (B, size, C), actual values and which are known (B, targets)."""
        position, scale = self.position[batch][:, None], self.scale[batch][:, None]
        before, after = self.before[batch][:, None], self.after[batch][:, None]
        values = self.values[position + self.offsets]
        season = season_at(self.season[batch], self.seasons, self.offsets)
        scaled = (values - season - self.level[batch][:, None]) / scale
        inputs, targets = scaled.split([self.size, self.targets], -1)

        value = inputs.clamp(-LARGEST_INPUT, LARGEST_INPUT) if self.lags else inputs
        known = (self.input_offsets >= -before) & ~inputs.isnan()
        channels = [value.where(known, 0)]
        if self.padding:
            channels.append(known.to(inputs.dtype))
        for lag in self.lags:
            change = (values[:, : self.size] - self.values[position + self.input_offsets - lag]) / scale
            known = (self.input_offsets - lag >= -before) & ~change.isnan()
            channels.append(change.clamp(-LARGEST_INPUT, LARGEST_INPUT).where(known, 0))
        known = (self.target_offsets < after) & ~targets.isnan()
        return torch.stack(channels, dim=-1), targets.where(known, 0), known.to(inputs.dtype)

    def _joined(self, batch: Tensor, steps: Tensor, values: Tensor, known: Tensor) -> tuple[Inputs, Targets]:
        """The windows at indices `batch` (B,), or several batches (..., B) at once: then all shapes begin alike."""
        inputs = Inputs(
            steps=steps.transpose(-2, -3).contiguous(),
            features=_rows(self.features, batch),
            experts=_rows(self.experts, batch),
            record=_rows(self.record, batch),
            informed=_rows(self.informed, batch),
            covariates=_rows(self.covariates, batch),
            past=self._past(batch),
            static=_rows(self.static, batch),
        )
        return inputs, Targets(values, known, expert_mean=_rows(self.expert_mean, batch))

    def _past(self, batch: Tensor) -> Tensor:
        """(..., size, B, P) the past covariates of the windows at indices `batch` (..., B); 0 before a series."""
        if not self.past_covariates.shape[1]:
            return self.level.new_empty(*batch.shape[:-1], self.size, batch.shape[-1], 0)
        begun = self.input_offsets >= -self.before[batch][..., None]
        values = _rows(self.past_covariates, self.position[batch][..., None] + self.input_offsets) * begun[..., None]
        return values.transpose(-2, -3).contiguous()

    def restore(self, predicted: Tensor) -> Tensor:
        """Predictions (B, targets) of all windows, in normalised units: scale, level and season given back."""
        deseasonalized = predicted * self.scale[:, None] + self.level[:, None]
        restored: Tensor = deseasonalized + season_at(self.season, self.seasons, self.target_offsets)
        return restored


def _rows(table: Tensor, batch: Tensor) -> Tensor:
    """The rows (..., k) of a table (B, k) at the indices `batch` (...)."""
    return table.index_select(0, batch.flatten()).view(*batch.shape, *table.shape[1:])


def weighted_mean(logits: Tensor, experts: Tensor) -> Tensor:
    """(..., targets) the mean of experts (..., E, targets), weighted by the softmax of (..., E); 0 without any."""
    return (logits.softmax(dim=-1)[..., None] * experts).sum(dim=-2)
