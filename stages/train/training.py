"""Train networks: their batches in a seeded order, the loss, the optimizer and the learning rate's schedule."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from stages.common.errors import UserError
from stages.train.batches import Batches, Inputs, Targets
from stages.train.losses import LOSSES
from stages.train.network import Network, forecasts_of
from stages.train.optimizer import Optimizer, schedule
from stages.train.params import Model, Train
from stages.window.windows import Windows

DIVERGED = 10  # times the error of the experts
LARGEST_PULL = 1e6  # of any use
SHORT = 80.0  # steps: the pull of histories shorter than this is no stronger than theirs

Criterion = Callable[[Tensor, Targets], Tensor]
NONE: Mapping[int, Network] = {}
OnEpoch = Callable[[int, int, float], None]  # called with a member, the number of an epoch, from 1 on, and its loss


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch, with the pull: the mean over its windows, and that of its last batch.

    In units of each window's scale; of the loss `mse` in squares of these.
    """

    loss: float
    last_batch: float


def member_seed(seed: int, member: int) -> int:
    """The seed of a member, `seed` itself for the first. All origins share it: their networks differ by data alone."""
    return seed + 1000 * member


class Member:
    """A member in training: its network and its own random numbers, which make it the same in any company."""

    def __init__(self, number: int, model: Model, seed: int, batches: Batches, device: torch.device) -> None:
        self.number = number
        torch.manual_seed(member_seed(seed, number))
        self.shuffler = torch.Generator().manual_seed(member_seed(seed, number))
        self.network = Network.of(model, batches).to(device).train()
        self.generator: Any = torch.random if device.type == "cpu" else torch.get_device_module(device)
        self.random = self.generator.get_rng_state()

    def heads(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """`Network.heads`, with dropout by the member's own random numbers."""
        self.generator.set_rng_state(self.random)
        heads = self.network.heads(inputs)
        self.random = self.generator.get_rng_state()
        return heads


def train_network(
    windows: Windows, member: int, model: Model, settings: Train, on_epoch: OnEpoch = lambda member, epoch, loss: None
) -> tuple[Network, list[Epoch]]:
    """The network of one origin and member, and its losses; see `train_networks`."""
    return train_networks(windows, [member], model, settings, on_epoch)[0]


def train_networks(
    windows: Windows,
    members: Sequence[int],
    model: Model,
    settings: Train,
    on_epoch: OnEpoch = lambda member, epoch, loss: None,
    earlier: Mapping[int, Network] = NONE,
) -> list[tuple[Network, list[Epoch]]]:
    """Train networks of some members on an origin's windows side by side, seeded and with one thread.

    Each takes its own batches, and is the same network as alone; they share the operations around their cells.

    members: none for no networks
    earlier: networks of these members at the training origin before, which those here go on from, for `update_epochs`;
        without them, and where they read other inputs, they start anew

    Raises UserError where the settings name a GPU and there is none, and where training diverges.
    """
    if not members:
        return []
    torch.set_num_threads(1)
    device = find_device(settings)
    batches = Batches(windows, device)
    team = [Member(number, model, settings.seed, batches, device) for number in members]
    goes_on = all(member.number in earlier and member.network.go_on_from(earlier[member.number]) for member in team)
    criterion = make_criterion(windows, settings)
    optimizer = Optimizer([list(member.network.parameters()) for member in team], settings)
    count, steps, size = len(batches), settings.batches_in_epoch(len(batches)), settings.batch_of(len(batches))
    last = settings.epochs_of(count, goes_on)
    rates = schedule(settings, last * steps)
    epochs: list[list[Epoch]] = [[] for _ in team]
    for number in range(1, last + 1):
        shuffled = [torch.randperm(count, generator=member.shuffler) for member in team]
        orders = torch.stack(shuffled if settings.shuffle else [torch.arange(count)] * len(team))
        orders = orders[:, : steps * size].to(device)
        losses = run_epoch(team, batches, orders, criterion, optimizer, rates, settings)
        for member, own, epoch in zip(team, epochs, losses, strict=True):
            if not math.isfinite(epoch.loss):
                raise UserError(
                    f"params.yaml: the loss of member {member.number} is {epoch.loss} in epoch {number}; "
                    f"{what_diverges(settings)}"
                )
            own.append(epoch)
            on_epoch(member.number, number, epoch.loss)
    for member in team:
        refuse_divergence(member.network, batches, member.number, settings)
    return [(member.network.cpu(), own) for member, own in zip(team, epochs, strict=True)]


def run_epoch(
    team: Sequence[Member],
    batches: Batches,
    orders: Tensor,
    criterion: Criterion,
    optimizer: Optimizer,
    rates: Iterator[tuple[float, float]],
    settings: Train,
) -> list[Epoch]:
    """Take a step of the optimizer for each batch of each member's windows at the indices `orders` (M, W).

    rates: learning rate and momentum of the next steps
    """
    networks = [member.network for member in team]
    total = torch.zeros(len(team), device=orders.device)
    for inputs, targets in batches.stream(orders, settings.batch_of(len(batches))):
        with autocast(orders.device, settings.precision):
            heads = [member.heads(own) for member, own in zip(team, inputs.unbind(), strict=True)]
            predicted = forecasts_of(networks, heads, inputs).float()
        losses = criterion(predicted, targets)
        optimizer.zero_grad()
        losses.sum().backward()  # type: ignore[no-untyped-call]
        if settings.clip is not None:
            optimizer.clip(settings.clip)
        optimizer.step(*next(rates))
        total += losses.detach() * targets.values.shape[1]
    last = losses.tolist()
    return [Epoch(*each) for each in zip((total / orders.shape[1]).tolist(), last, strict=True)]


@torch.inference_mode()
def refuse_divergence(network: Network, batches: Batches, member: int, settings: Train) -> None:
    """Raises UserError for a trained network far from the actual values, where the mean of the experts is near.

    Its mean absolute error on the first batch may be DIVERGED times that of the experts, or of zero, plus one unit.
    The last step of the optimizer is in no loss.
    """
    inputs, targets = batches.gather(
        torch.arange(min(settings.batch_of(len(batches)), len(batches)), device=batches.offsets.device)
    )

    def error(predicted: Tensor) -> float:
        return float(((predicted - targets.values).abs() * targets.known).sum() / targets.known.sum())

    own, experts = error(network.eval()(inputs)), error(targets.expert_mean)
    network.train()
    if not own <= DIVERGED * (experts + 1):
        raise UserError(
            f"params.yaml: training diverged: the errors of member {member} are {own:.3g} on average, "
            f"{experts:.3g} without it; {what_diverges(settings)}"
        )


def what_diverges(settings: Train) -> str:
    """What to change where training diverges: the parameter that is beyond all use, else the usual one."""
    if settings.learning_rate <= 1:
        if settings.learning_rate * settings.weight_decay > 1:
            return "make train.weight_decay smaller"
        if settings.expert_pull > LARGEST_PULL:
            return "make train.expert_pull smaller"
    return "make train.learning_rate smaller" + (" or set train.clip" if settings.clip is None else "")


def find_device(settings: Train) -> torch.device:
    """The device that networks are trained on; `auto` takes no Apple GPU (`mps`), on which nobody has tried this.

    Raises UserError for a GPU that torch does not find.
    """
    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    device = settings.device if settings.device != "auto" else "cuda" if found["cuda"] else "cpu"
    if not found[device]:
        raise UserError(
            f"params.yaml: train.device is {device}, but torch finds no such GPU here; set it to auto or cpu"
        )
    return torch.device(device)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """The context of a network's computations; with `bfloat16`, matrix products are in bfloat16, weights in float32."""
    return nullcontext() if precision == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def make_criterion(windows: Windows, settings: Train) -> Criterion:
    """The loss () of predictions (B, targets): its mean over the known targets, plus the pull towards the experts.

    Of M networks the losses (M,) of their predictions (M, B, targets).

    The pull is the mean distance to the mean of the experts, weighted by their records, times `expert_pull` over the
    median length of the histories: the shorter these, the stronger, down to SHORT steps.
    """
    elementwise = LOSSES[settings.loss]
    begun = windows.lengths[windows.lengths > 0]  # other series begin after the origin
    pull = settings.expert_pull / max(float(np.median(begun)) if len(begun) else 0.0, SHORT)

    def criterion(predicted: Tensor, targets: Targets) -> Tensor:
        of_each, known = elementwise(predicted, targets.values) * targets.known, targets.known
        loss = of_each.sum(dim=(-2, -1)) / known.sum(dim=(-2, -1))
        return loss + pull * (predicted - targets.expert_mean).abs().mean(dim=(-2, -1)) if pull else loss

    return criterion
