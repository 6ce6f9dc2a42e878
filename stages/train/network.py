"""The recurrent network: it weighs the experts of a window and adds a learned correction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stages.common.arrays import Floats, chunks
from stages.common.paths import origin_file
from stages.train.batches import TRUST, Batches, Inputs, weighted_mean
from stages.train.cells import CELLS
from stages.train.params import Model
from stages.window.windows import COVARIATES, Windows

SMALL_START = 0.1  # factor on the head's initial weights, so that training starts near the experts
CHUNK = 4096  # windows forecast at once
VARYING = "varying_"  # before the names of the columns among the weights
NONE: Mapping[str, Sequence[int]] = {}


class Network(nn.Module):
    """A recurrent network and a linear head on its last hidden state and the features, for every series of a panel.

    With several experts, the head also weighs them by a softmax, the gate (Jacobs et al. 1991), which starts from their
    records: a weight is the mean error to the power of -`trust`, times what the head makes of it. The forecast is their
    weighted mean plus the rest of the head's output, the correction.

    With covariates known ahead, the correction gains the product of each with its response, which the head makes of the
    same state: the same for all steps ahead. What a series is too short to teach, the others of the panel do. It counts
    as much as the gate weighs experts that know no covariates: others have their effect already. Past covariates are
    further inputs at each step, whose weights start at 0; static ones are further features.

    channels, features, experts, covariates, past, static: C, F, E, K, P and Q of `Inputs`
    varying: those of the K, P and Q covariates that the network reads, see `Windows.varying`
    pooling: factor on the past covariates, see `Windows.pooling`
    """

    def __init__(
        self,
        model: Model,
        channels: int = 1,
        features: int = 0,
        experts: int = 0,
        covariates: int = 0,
        past: int = 0,
        static: int = 0,
        targets: int = 1,
        varying: Mapping[str, Sequence[int]] = NONE,
        pooling: float = 1.0,
    ) -> None:
        super().__init__()
        self.shape = {
            "channels": channels, "features": features, "experts": experts, "covariates": covariates, "past": past,
            "static": static, "targets": targets,
        }  # fmt: skip
        self.model, self.hidden_size, self.targets = model, model.hidden_size, targets
        directions = 2 if model.bidirectional else 1
        self.dropout = nn.Dropout(model.head_dropout)
        for name, columns in varying.items():
            self.register_buffer(f"{VARYING}{name}", torch.tensor(columns) if columns else None)
        responses, past, static_features = (len(varying.get(name, ())) for name in COVARIATES)
        self.recurrent = CELLS[model.cell].module()(
            input_size=channels + past,
            hidden_size=model.hidden_size,
            num_layers=model.num_layers,
            bias=model.bias,
            dropout=model.dropout,
            bidirectional=model.bidirectional,
        )
        for name, weight in self.recurrent.named_parameters():
            if name.startswith("weight_ih_l0"):
                nn.init.zeros_(weight[:, channels:])
        inputs = directions * model.hidden_size + features + static_features
        self.pooling: Tensor | None
        self.register_buffer("pooling", torch.tensor(pooling) if past else None)
        self.head = nn.Linear(inputs, targets + (experts if experts > 1 else 0))
        self.trust = nn.Parameter(torch.tensor(TRUST)) if experts > 1 else None
        self.response = nn.Parameter(torch.zeros(inputs + 1, responses)) if responses else None
        if experts:
            with torch.no_grad():
                self.head.weight.mul_(SMALL_START)
                self.head.bias.zero_()

    @classmethod
    def of(cls, model: Model, batches: Batches) -> "Network":
        """An untrained network for the windows of `batches`."""
        windows = batches.windows
        return cls(model, **shape_of(batches), varying=windows.varying, pooling=windows.pooling)

    @torch.no_grad()
    def go_on_from(self, other: "Network") -> bool:
        """Take the weights of another network; False for one that reads other inputs, such as other covariates."""
        own, others = dict(self.named_parameters()), dict(other.named_parameters())
        varying = [_varying_in(network.state_dict()) for network in (self, other)]
        if self.shape != other.shape or varying[0] != varying[1]:
            return False
        for name, weight in own.items():
            weight.copy_(others[name])
        return True

    def forward(self, inputs: Inputs) -> Tensor:
        """Forecasts (B, targets) of B windows, in the units of the experts."""
        return forecasts_of([self], [self.heads(inputs)], inputs.map(lambda field: field[None]))[0]

    def heads(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """What is made of the last state and the features of B windows: correction and gate (B, targets + gate), and
        the responses (B, K) to the covariates that vary; None for no such covariates."""
        states = self._hidden_states(self.read(inputs))  # (size, B, directions x hidden)
        features = inputs.features
        if (static := self.varies("static")) is not None:
            features = torch.cat([features, inputs.static[:, static]], dim=-1)
        if self.targets == 1:  # the head reads every step, so that its sums round as the tutorial's
            read = torch.cat([self.dropout(states), features.expand(len(states), -1, -1)], dim=-1)
            output: Tensor = self.head(read)[-1]
            read = read[-1]
        else:
            read = torch.cat([self.dropout(states[-1]), features], dim=-1)
            output = self.head(read)
        response = None if self.response is None else nn.functional.pad(read, (0, 1), value=1.0) @ self.response
        return output, response

    def read(self, inputs: Inputs) -> Tensor:
        """(size, B, n) what the recurrent network reads at each step: the channels, and the past covariates."""
        past = self.varies("past")
        if past is None or self.pooling is None:
            return inputs.steps
        return torch.cat([inputs.steps, inputs.past[..., past] * self.pooling], dim=-1)

    def varies(self, name: str) -> Tensor | None:
        """The columns of covariates that the network reads; None for none."""
        columns: Tensor | None = getattr(self, f"{VARYING}{name}", None)
        return columns

    def _hidden_states(self, steps: Tensor) -> Tensor:
        states: Tensor = self.recurrent(steps)[0]
        if not self.recurrent.bidirectional:
            return states
        # The backward direction has read the whole window at the first step: make that its last.
        return torch.cat([states[..., : self.hidden_size], states[..., self.hidden_size :].flip(0)], dim=-1)


def forecasts_of(networks: Sequence[Network], heads: Sequence[tuple[Tensor, Tensor | None]], inputs: Inputs) -> Tensor:
    """Forecasts (M, B, targets) of M networks of one shape, each of its own B windows, in the units of the experts.

    One operation for all of them: around small networks operations cost as much as inside.

    heads: what each network makes of its windows, see `Network.heads`
    inputs: of all of them, M before the shapes of `Inputs`
    """
    one = networks[0]
    output = torch.stack([own for own, _ in heads])
    correction, gate = output[..., : one.targets], output[..., one.targets :]
    trusts: list[Tensor] = [network.trust for network in networks if network.trust is not None]
    logits = gate - torch.stack(trusts)[:, None, None] * inputs.record if trusts else 0.0 * inputs.record
    responses = [response for _, response in heads if response is not None]
    if responses:
        covariates = inputs.covariates[:, :, one.varies("covariates")]
        uninformed = 1 - (logits.softmax(dim=-1) * inputs.informed).sum(dim=-1, keepdim=True)
        correction = correction + uninformed * (torch.stack(responses)[..., None] * covariates).sum(dim=-2)
    return correction + (weighted_mean(logits, inputs.experts) if trusts else inputs.experts.sum(dim=-2))


def shape_of(batches: Batches) -> dict[str, int]:
    """The sizes of a network for the windows of `batches`: its inputs and outputs."""
    sizes = {name: getattr(batches, name).shape[1] for name in ("features", "experts", "covariates", "static")}
    past = batches.past_covariates.shape[1]
    return {"channels": len(batches.channels), **sizes, "past": past, "targets": batches.targets}


@torch.inference_mode()
def forecast(network: Network, windows: Windows, horizon: int) -> Floats:
    """Normalised forecasts (K, horizon) after each cut of `windows`; NaN where there are too few values for a window.

    A network of one target forecasts recursively: each forecast becomes the last input of the next.
    """
    torch.set_num_threads(1)  # any number of cores then gives the same sums
    network.eval()
    batches = Batches(windows)
    if windows.targets < horizon:
        predicted = _recursive(network, batches, horizon)
    else:
        rows = torch.arange(len(batches))
        parts = [network(batches.gather(rows[chunk])[0]) for chunk in chunks(len(batches), CHUNK)]
        predicted = batches.restore(torch.cat(parts)) if parts else torch.empty(0, horizon)
    values = np.full((len(windows.cuts), horizon), np.nan)
    values[batches.kept] = predicted.numpy()
    return values


def _recursive(network: Network, batches: Batches, horizon: int) -> Tensor:
    """(B, horizon) forecasts, each from a window whose last values are the forecasts before it."""
    inputs, _ = batches.gather(torch.arange(len(batches)))
    steps: list[Tensor] = []
    while len(steps) < horizon:
        steps.append(network(inputs)[:, 0])
        inputs = replace(inputs, steps=torch.cat([inputs.steps[1:], steps[-1][None, :, None]]))
    return torch.stack(steps, dim=1)


def save_networks(networks: dict[int, dict[int, Network]], folder: Path) -> None:
    """Write networks by origin and member: a file for each origin, weights named `<member>.<name>`, and config.json."""
    for origin, members in networks.items():
        save_ensemble(members, origin_file(folder, origin))
    config = config_of(next(iter(networks.values())))
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def load_networks(folder: Path, origin: int) -> dict[int, Network]:
    """Read the networks of one origin, by member; an empty dict for an origin without networks."""
    config = json.loads((folder / "config.json").read_text())
    file = origin_file(folder, origin)
    return load_ensemble(file, config) if file.exists() else {}


def save_ensemble(networks: dict[int, Network], file: Path) -> None:
    """Write the weights of networks, by member."""
    weights = {
        f"{member}.{name}": value
        for member, network in networks.items()
        for name, value in network.state_dict().items()
    }
    save_file(weights, file)


def config_of(networks: dict[int, Network]) -> dict[str, Any]:
    """What `load_ensemble` needs besides the weights of networks: the parameters of `model`, and their shape."""
    network = next(iter(networks.values()))
    return {"model": network.model.model_dump(), **network.shape}


def _varying_in(weights: dict[str, Tensor]) -> dict[str, list[int]]:
    columns = {name: weights.get(f"{VARYING}{name}") for name in COVARIATES}
    return {name: each.tolist() for name, each in columns.items() if each is not None}


def load_ensemble(file: Path, config: dict[str, Any]) -> dict[int, Network]:
    """The networks, by member, from the file of `save_ensemble` and their `config_of`."""
    shape = dict(config)
    model = Model(**shape.pop("model"))
    weights: dict[int, dict[str, Tensor]] = {}
    for key, value in load_file(file).items():
        prefix, name = key.split(".", 1)
        weights.setdefault(int(prefix), {})[name] = value
    with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and replaced
        networks = {
            member: Network(model, **shape, varying=_varying_in(own)) for member, own in sorted(weights.items())
        }
    for member, network in networks.items():
        network.load_state_dict(weights[member])
    return networks
