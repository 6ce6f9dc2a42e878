"""Train one network: batches in a seeded order, the loss and its pull, the optimizer and its schedule."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from stages.common.errors import UserError
from stages.train.batches import Batches, Targets
from stages.train.losses import LOSSES
from stages.train.network import Forecaster
from stages.train.params import Model, Train
from stages.window.windows import Windows

OnEpoch = Callable[[int, float], None]


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch, in normalised units: the mean over its windows, and that of its last batch."""

    loss: float
    last_batch: float


def member_seed(seed: int, member: int) -> int:
    """The seed of a member: `seed` itself for the first; the same at every origin, so that only the data differ."""
    return seed + 1000 * member


def train_network(
    windows: Windows, member: int, model: Model, settings: Train, on_epoch: OnEpoch = lambda epoch, loss: None
) -> tuple[Forecaster, list[Epoch]]:
    """Train the network of one origin and member on the origin's windows, single-threaded and seeded.

    Raises UserError where there is no GPU that the settings name, and where the loss is not finite.
    """
    torch.set_num_threads(1)
    seed = member_seed(settings.seed, member)
    torch.manual_seed(seed)
    shuffler = torch.Generator().manual_seed(seed)
    device = find_device(settings)
    batches = Batches(windows, windows.training, device)
    network = Forecaster.of(model, batches).to(device).train()
    criterion = make_criterion(windows, settings)
    optimizer = make_optimizer(network, settings)
    steps = steps_per_epoch(len(batches), settings)
    schedule = make_schedule(optimizer, settings, settings.epochs * steps)
    history: list[Epoch] = []
    for epoch in range(1, settings.epochs + 1):
        everything = torch.arange(len(batches))
        order = everything[torch.randperm(len(batches), generator=shuffler)] if settings.shuffle else everything
        order = order[: steps * settings.batch_size].to(device)
        history.append(run_epoch(network, batches, order, criterion, optimizer, schedule, settings))
        if not math.isfinite(history[-1].loss):
            raise UserError(
                f"params.yaml: the loss of member {member} is {history[-1].loss} in epoch {epoch}; "
                "make train.learning_rate smaller or set train.clip"
            )
        on_epoch(epoch, history[-1].loss)
    return network.cpu(), history


def run_epoch(
    network: Forecaster,
    batches: Batches,
    order: Tensor,
    criterion: Callable[[Tensor, Targets], Tensor],
    optimizer: torch.optim.Optimizer,
    schedule: lr_scheduler.LRScheduler,
    settings: Train,
) -> Epoch:
    """One step of the optimizer for each batch of the windows `order` (W,)."""
    total = torch.zeros((), device=order.device)
    for inputs, targets in batches.stream(order, settings.batch_size):
        with autocast(order.device, settings.precision):
            predicted = network(inputs).float()
        loss = criterion(predicted, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.clip is not None:
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimizer.step()
        schedule.step()
        total += loss.detach() * len(targets.values)
    return Epoch(total.item() / len(order), loss.item())


def find_device(settings: Train) -> torch.device:
    """Where a network trains. Raises UserError where `cuda` is named and there is none."""
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("params.yaml: train.device is cuda, but torch finds no GPU here; set it to auto or cpu")
    return torch.device("cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu")


def steps_per_epoch(windows: int, settings: Train) -> int:
    """Batches in an epoch: as many as hold every window once, or `train.steps_per_epoch` where that is fewer."""
    every = math.ceil(windows / settings.batch_size)
    return every if settings.steps_per_epoch is None else min(every, settings.steps_per_epoch)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """The context in which a network computes: bfloat16 where that is chosen, weights and sums staying float32."""
    return nullcontext() if precision == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def make_criterion(windows: Windows, settings: Train) -> Callable[[Tensor, Targets], Tensor]:
    """The loss of predictions (B, targets): its mean over the known targets, and the pull towards the experts.

    The pull is the mean distance to the median of the experts, times `expert_pull` over the median length of a history.
    """
    elementwise = LOSSES[settings.loss]
    pull = settings.expert_pull / max(float(np.median(windows.ends.before)), 1.0)

    def criterion(predicted: Tensor, targets: Targets) -> Tensor:
        loss = (elementwise(predicted, targets.values) * targets.known).sum() / targets.known.sum()
        return loss + pull * (predicted - targets.expert_median).abs().mean() if pull else loss

    return criterion


def make_optimizer(network: nn.Module, settings: Train) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    fused = settings.optimizer == "adamw"  # Adam stays as it was in the tutorial, to the last digit
    return kind(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=fused)


def make_schedule(optimizer: torch.optim.Optimizer, settings: Train, steps: int) -> lr_scheduler.LRScheduler:
    """The learning rate over `steps` batches."""
    if settings.schedule == "one_cycle":
        return lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps + 1)
    return lr_scheduler.ConstantLR(optimizer, factor=1.0)
