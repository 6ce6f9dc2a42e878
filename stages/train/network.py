"""The recurrent forecaster: windows in, the values after them out, as a correction of forecasts in closed form."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stages.common.paths import origin_file
from stages.train.batches import Batches, Inputs
from stages.train.params import Model
from stages.window.windows import Windows

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
SMALL_START = 0.1  # of the head's weights where there are bases, so that training starts near these
CHUNK = 4096  # windows forecast at once


class Forecaster(nn.Module):
    """One recurrent network and a linear head on its last hidden state, for every series of a panel.

    Where windows come with bases, the head also weighs these: the forecast is their weighted mean, the weights a
    softmax, plus the head's own output.
    """

    def __init__(self, model: Model, channels: int = 1, features: int = 0, bases: int = 0, targets: int = 1) -> None:
        super().__init__()
        self.shape = {"channels": channels, "features": features, "bases": bases, "targets": targets}
        self.hidden_size, self.targets = model.hidden_size, targets
        self.recurrent = CELLS[model.cell](
            input_size=channels,
            hidden_size=model.hidden_size,
            num_layers=model.num_layers,
            bias=model.bias,
            dropout=model.dropout,
            bidirectional=model.bidirectional,
        )
        directions = 2 if model.bidirectional else 1
        self.dropout = nn.Dropout(model.head_dropout)
        self.head = nn.Linear(directions * model.hidden_size + features, targets + (bases if bases > 1 else 0))
        if bases:
            with torch.no_grad():
                self.head.weight.mul_(SMALL_START)
                self.head.bias.zero_()

    @classmethod
    def of(cls, model: Model, batches: Batches) -> "Forecaster":
        """A network for what `batches` holds."""
        features, bases = batches.features.shape[1], batches.bases.shape[1]
        return cls(model, batches.channels, features, bases, batches.targets)

    def forward(self, inputs: Inputs) -> Tensor:
        """B windows to the values after them (B, targets), in units of scale."""
        features = inputs.features
        output: Tensor = self.recurrent(inputs.steps)[0]  # (size, B, directions x hidden)
        if self.recurrent.bidirectional:  # the backward direction has read the whole window at the first step
            output = torch.cat([output[..., : self.hidden_size], output[..., self.hidden_size :].flip(0)], dim=-1)
        if self.targets == 1:  # the head reads every step, so that its sums round as the tutorial's
            every = torch.cat([self.dropout(output), features.expand(len(output), -1, -1)], dim=-1)
            said: Tensor = self.head(every)[-1]
        else:
            said = self.head(torch.cat([self.dropout(output[-1]), features], dim=-1))
        correction, gate = said[:, : self.targets], said[:, self.targets :]
        if inputs.bases.shape[1] > 1:
            return correction + (gate.softmax(dim=1)[..., None] * inputs.bases).sum(dim=1)
        return correction + inputs.bases.sum(dim=1)


@torch.inference_mode()
def forecast(network: Forecaster, windows: Windows, member: int, horizon: int) -> npt.NDArray[np.float64]:
    """Normalised values (S, horizon) after the end of each series; NaN for one too short for the member's window.

    A network of fewer targets than `horizon` is fed its own output: recursive forecasting.
    """
    torch.set_num_threads(1)  # sums in one order, on any number of cores
    network.eval()
    batches = Batches(windows, windows.ends, member)
    if windows.targets < horizon:
        predicted = _recursive(network, windows, member, batches, horizon)
    else:
        parts = [
            network(batches.gather(torch.arange(first, min(first + CHUNK, len(batches))))[0])
            for first in range(0, len(batches), CHUNK)
        ]
        predicted = batches.restore(torch.cat(parts)) if parts else torch.empty(0, horizon)
    values = np.full((len(windows.ends), horizon), np.nan)
    values[batches.kept] = predicted.numpy()
    return values


def _recursive(network: Forecaster, windows: Windows, member: int, batches: Batches, horizon: int) -> Tensor:
    """(B, horizon), each step from a window that ends in the steps before it."""
    level_size = windows.level_sizes[windows.of_member(member)[1]]
    window = batches.values[batches.position[:, None] + batches.past].T  # (size, B)
    none = torch.empty(len(batches), 0)
    steps: list[Tensor] = []
    while len(steps) < horizon:
        level = window[-level_size:].mean(0) if level_size else torch.zeros(len(batches))
        inputs = Inputs((window - level).unsqueeze(-1), none, none[:, :, None])
        steps.append(network(inputs)[:, 0] + level)
        window = torch.cat([window[1:], steps[-1][None]])
    return torch.stack(steps, dim=1)


def save_networks(networks: dict[int, dict[int, Forecaster]], model: Model, folder: Path) -> None:
    """The networks by origin and member into `folder`: weights as `<member>.<parameter>`, one config beside them."""
    for origin, members in networks.items():
        weights = {f"{m}.{name}": value for m, each in members.items() for name, value in each.state_dict().items()}
        save_file(weights, origin_file(folder, origin))
    one = next(iter(next(iter(networks.values())).values()))
    (folder / "config.json").write_text(json.dumps({"model": model.model_dump(), **one.shape}, indent=2) + "\n")


def load_networks(folder: Path, origin: int) -> dict[int, Forecaster]:
    """The networks by member that `save_networks` wrote; none for an origin that has no networks."""
    if not origin_file(folder, origin).exists():
        return {}
    config = json.loads((folder / "config.json").read_text())
    model = Model(**config.pop("model"))
    members: dict[int, dict[str, Tensor]] = {}
    for key, value in load_file(origin_file(folder, origin)).items():
        number, name = key.split(".", 1)
        members.setdefault(int(number), {})[name] = value
    networks = {member: Forecaster(model, **config) for member in sorted(members)}
    for member, network in networks.items():
        network.load_state_dict(members[member])
    return networks
