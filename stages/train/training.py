"""Train one network: its batches in a seeded order, the loss, the optimizer and the learning rate's schedule."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from stages.common.errors import UserError
from stages.train.batches import Batches, Targets
from stages.train.losses import LOSSES
from stages.train.network import Network
from stages.train.optimizer import Optimizer, schedule
from stages.train.params import Model, Train
from stages.window.windows import Windows

DIVERGED = 10  # times the error of the experts
LARGEST_PULL = 1e6  # of any use
SHORT = 80.0  # steps: the pull of histories shorter than this is no stronger than theirs

Criterion = Callable[[Tensor, Targets], Tensor]
OnEpoch = Callable[[int, float], None]  # called with the number of an epoch, from 1 on, and its loss


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch, in the units of the experts: the mean over its windows, and that of its last batch."""

    loss: float
    last_batch: float


def member_seed(seed: int, member: int) -> int:
    """The seed of a member, `seed` itself for the first. All origins share it: their networks differ by data alone."""
    return seed + 1000 * member


def train_network(
    windows: Windows, member: int, model: Model, settings: Train, on_epoch: OnEpoch = lambda epoch, loss: None
) -> tuple[Network, list[Epoch]]:
    """Train the network of one origin and member on the origin's windows, seeded and with one thread.

    Raises UserError where the settings name a GPU and there is none, and where training diverges.
    """
    torch.set_num_threads(1)
    seed = member_seed(settings.seed, member)
    torch.manual_seed(seed)
    shuffler = torch.Generator().manual_seed(seed)
    device = find_device(settings)
    batches = Batches(windows, device)
    network = Network.of(model, batches).to(device).train()
    criterion = make_criterion(windows, settings)
    optimizer = Optimizer(list(network.parameters()), settings)
    steps, size = settings.batches_in_epoch(len(batches)), settings.batch_of(len(batches))
    rates = schedule(settings, settings.epochs * steps)
    epochs: list[Epoch] = []
    for number in range(1, settings.epochs + 1):
        count = len(batches)
        order = torch.randperm(count, generator=shuffler) if settings.shuffle else torch.arange(count)
        order = order[: steps * size].to(device)
        epoch = run_epoch(network, batches, order, criterion, optimizer, rates, settings)
        if not math.isfinite(epoch.loss):
            raise UserError(
                f"params.yaml: the loss of member {member} is {epoch.loss} in epoch {number}; {what_diverges(settings)}"
            )
        epochs.append(epoch)
        on_epoch(number, epoch.loss)
    refuse_divergence(network, batches, member, settings)
    return network.cpu(), epochs


def run_epoch(
    network: Network,
    batches: Batches,
    order: Tensor,
    criterion: Criterion,
    optimizer: Optimizer,
    rates: Iterator[tuple[float, float]],
    settings: Train,
) -> Epoch:
    """Take a step of the optimizer for each batch of the windows at the indices `order` (W,), in their order.

    rates: learning rate and momentum of the next steps
    """
    total = torch.zeros((), device=order.device)
    for inputs, targets in batches.stream(order, settings.batch_of(len(batches))):
        with autocast(order.device, settings.precision):
            predicted = network(inputs).float()
        loss = criterion(predicted, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.clip is not None:
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimizer.step(*next(rates))
        total += loss.detach() * len(targets.values)
    return Epoch(total.item() / len(order), loss.item())


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
    """The loss of predictions (B, targets): its mean over the known targets, plus the pull towards the experts.

    The pull is the mean distance to the mean of the experts, weighted by their records, times `expert_pull` over the
    median length of the histories: the shorter these, the stronger, down to SHORT steps.
    """
    elementwise = LOSSES[settings.loss]
    begun = windows.lengths[windows.lengths > 0]  # other series begin after the origin
    pull = settings.expert_pull / max(float(np.median(begun)) if len(begun) else 0.0, SHORT)

    def criterion(predicted: Tensor, targets: Targets) -> Tensor:
        loss = (elementwise(predicted, targets.values) * targets.known).sum() / targets.known.sum()
        return loss + pull * (predicted - targets.expert_mean).abs().mean() if pull else loss

    return criterion
