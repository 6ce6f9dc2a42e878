"""The recurrent forecaster: windows of normalised values in, the values after them out."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stages.common.params import Model
from stages.common.paths import of_origin
from stages.common.windows import Windows, local_level

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Forecaster(nn.Module):
    """One recurrent network and a linear head on its last hidden state, for every series of a panel."""

    def __init__(self, model: Model, targets: int) -> None:
        super().__init__()
        directions = 2 if model.bidirectional else 1
        self.hidden_size = model.hidden_size
        self.recurrent = CELLS[model.cell](
            input_size=1,
            hidden_size=model.hidden_size,
            num_layers=model.num_layers,
            bias=model.bias,
            dropout=model.dropout,
            bidirectional=model.bidirectional,
        )
        self.head = nn.Linear(directions * model.hidden_size, targets)

    def forward(self, inputs: Tensor) -> Tensor:
        """Windows (size, B), their level taken off, to the values after them (B, targets)."""
        output: Tensor = self.recurrent(inputs.unsqueeze(-1))[0]  # (size, B, directions x hidden)
        if self.recurrent.bidirectional:  # the backward direction has read the whole window at the first step
            output = torch.cat([output[..., : self.hidden_size], output[..., self.hidden_size :].flip(0)], dim=-1)
        prediction: Tensor = self.head(output)[-1]  # of every step, the last kept, so that sums round as the tutorial's
        return prediction


@torch.inference_mode()
def forecast(network: Forecaster, windows: Windows, member: int, horizon: int) -> npt.NDArray[np.float64]:
    """Normalised values (S, horizon) after the end of each series; NaN for one shorter than the member's window.

    A network of fewer targets than `horizon` is fed its own output: recursive forecasting.
    """
    network.eval()
    size, level = windows.of_member(member)
    level_size = int(windows.level_sizes[level])
    has_window = windows.lengths >= size
    positions = windows.ends[has_window] + np.arange(-size, 0)[:, None]
    inputs = torch.from_numpy(windows.values[positions])  # (size, B)
    steps: list[Tensor] = []
    while sum(map(len, steps)) < horizon:
        mean = local_level(inputs, level_size)
        steps.append(network(inputs - mean).T + mean)  # (targets, B)
        inputs = torch.cat([inputs, steps[-1]])[-size:]
    values = np.full((len(has_window), horizon), np.nan)
    values[has_window] = torch.cat(steps)[:horizon].T.numpy()
    return values


def save_networks(networks: dict[int, dict[int, Forecaster]], model: Model, targets: int, folder: Path) -> None:
    """The networks by origin and member into `folder`: weights as `<member>.<parameter>`, one config beside them."""
    for origin, members in networks.items():
        weights = {f"{m}.{name}": value for m, each in members.items() for name, value in each.state_dict().items()}
        save_file(weights, of_origin(folder, origin))
    config = {"model": model.model_dump(), "targets": targets}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def load_networks(folder: Path, origin: int) -> dict[int, Forecaster]:
    """The networks by member that `save_networks` wrote; none for an origin that has no networks."""
    if not of_origin(folder, origin).exists():
        return {}
    config = json.loads((folder / "config.json").read_text())
    members: dict[int, dict[str, Tensor]] = {}
    for key, value in load_file(of_origin(folder, origin)).items():
        number, name = key.split(".", 1)
        members.setdefault(int(number), {})[name] = value
    networks = {member: Forecaster(Model(**config["model"]), config["targets"]) for member in sorted(members)}
    for member, network in networks.items():
        network.load_state_dict(members[member])
    return networks
