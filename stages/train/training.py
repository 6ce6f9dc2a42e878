"""Train one network: the loop, its losses, schedules, validation part and early stopping."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from stages.common.errors import UserError
from stages.train.batches import Batches, Inputs, Targets
from stages.train.network import Forecaster
from stages.train.params import Loss, Model, Precision, Train
from stages.window.windows import Ints, Windows

Criterion = Callable[[Tensor, Targets], Tensor]
OnEpoch = Callable[[int, float], None]


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch, in normalised units: the mean over its windows, its last batch, the validation part."""

    loss: float
    last_batch: float
    validation: float


def member_seed(seed: int, member: int) -> int:
    """The seed of a member: `seed` itself for the first; the same at every origin, so that only the data differ."""
    return seed + 1000 * member


def train_network(
    windows: Windows, member: int, model: Model, settings: Train, on_epoch: OnEpoch = lambda epoch, loss: None
) -> tuple[Forecaster, list[Epoch]]:
    """Train the network of one origin and member on the origin's windows, single-threaded and seeded."""
    torch.set_num_threads(1)
    seed = member_seed(settings.seed, member)
    torch.manual_seed(seed)
    shuffler = torch.Generator().manual_seed(seed)
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError("params.yaml: train.device is cuda, but torch finds no GPU here; set it to auto or cpu")
    device = torch.device("cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu")
    batches = Batches(windows, windows.training, member, device)
    network = Forecaster.of(model, batches).to(device)
    criterion = make_criterion(settings, member)
    optimizer = make_optimizer(network, settings)

    training, validation = split_by_time(windows.training.series[batches.kept], windows.targets, settings.validation)
    steps = steps_per_epoch(len(training), settings)
    pull = settings.base_pull / max(float(np.median(windows.ends.before)), 1.0)
    schedule = make_schedule(optimizer, settings, settings.epochs * steps)
    history: list[Epoch] = []
    best, best_weights, waited = math.inf, None, 0
    for epoch in range(1, settings.epochs + 1):
        network.train()
        order = training[torch.randperm(len(training), generator=shuffler)] if settings.shuffle else training
        order = order[: steps * settings.batch_size]
        total = torch.zeros((), device=device)
        for inputs, targets in batches.stream(order.to(device), settings.batch_size):
            with autocast(device, settings.precision):
                predicted = network(with_noise(inputs, settings)).float()
            loss = criterion(predicted, targets)
            if pull:
                loss = loss + pull * (predicted - targets.middle).abs().mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if settings.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(targets.values)
        held_out = math.nan
        if len(validation):
            network.eval()
            with torch.inference_mode():
                inputs, targets = batches.gather(validation.to(device))
                held_out = criterion(network(inputs), targets).item()
        history.append(Epoch(total.item() / len(order), loss.item(), held_out))
        if not math.isfinite(history[-1].loss):
            raise UserError(
                f"params.yaml: the loss of member {member} is {history[-1].loss} in epoch {epoch}; "
                "make train.learning_rate smaller or set train.clip"
            )
        on_epoch(epoch, history[-1].loss)
        if settings.patience is not None and len(validation):
            if held_out < best:
                best, waited = held_out, 0
                best_weights = {name: value.clone() for name, value in network.state_dict().items()}
            elif (waited := waited + 1) >= settings.patience:
                break
    if best_weights is not None:
        network.load_state_dict(best_weights)
    return network.cpu(), history


def steps_per_epoch(windows: int, settings: Train) -> int:
    """Batches in an epoch: as many as hold every window once, or `train.steps_per_epoch` where that is fewer."""
    every = math.ceil(windows / settings.batch_size)
    return every if settings.steps_per_epoch is None else min(every, settings.steps_per_epoch)


def with_noise(inputs: Inputs, settings: Train) -> Inputs:
    """Inputs made harder to learn by heart: noise on every step, features left out at random."""
    steps, features = inputs.steps, inputs.features
    if settings.input_noise:
        steps = steps + settings.input_noise * torch.randn_like(steps)
    if settings.feature_dropout and features.numel():
        features = features * (torch.rand_like(features) >= settings.feature_dropout)
    return Inputs(steps, features, inputs.bases)


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """The context in which a network computes: bfloat16 where that is chosen, weights and sums staying float32."""
    return nullcontext() if precision == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def split_by_time(series: Ints, targets: int, share: float) -> tuple[Tensor, Tensor]:
    """Indices of the training windows and of the validation windows: the last `share` of each series' windows.

    series: (W,) the series of each window, in the order of series and time. No training window's targets reach into
    the targets of a validation window of its series.
    """
    everything = np.arange(len(series))
    if not share:
        return torch.from_numpy(everything), torch.empty(0, dtype=torch.int64)
    counts = np.bincount(series)
    rank = everything - np.repeat(np.cumsum(counts) - counts, counts)  # within its series, by time
    first_held_out = counts - np.ceil(share * counts).astype(int)
    held_out = rank >= first_held_out[series]
    kept = rank <= first_held_out[series] - targets
    if not kept.any():  # too few windows to hold any out
        return torch.from_numpy(everything), torch.empty(0, dtype=torch.int64)
    return torch.from_numpy(everything[kept]), torch.from_numpy(everything[held_out])


def make_criterion(settings: Train, member: int = 0) -> Criterion:
    """The loss of a member's predictions (B, targets): the mean over the targets that are known."""

    def criterion(predicted: Tensor, targets: Targets) -> Tensor:
        return (elementwise(predicted, targets.values) * targets.known).sum() / targets.known.sum()

    elementwise = make_elementwise(settings.loss[member % len(settings.loss)], settings)
    return criterion


def make_elementwise(loss: Loss, settings: Train) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of each predicted value against the actual one."""
    functional = nn.functional
    if loss == "mse":
        return partial(functional.mse_loss, reduction="none")
    if loss == "mae":
        return partial(functional.l1_loss, reduction="none")
    if loss == "huber":
        return partial(functional.huber_loss, reduction="none", delta=settings.huber_delta)
    return partial(pinball_loss, quantile=settings.quantile)


def pinball_loss(predicted: Tensor, actual: Tensor, quantile: float) -> Tensor:
    """max(q e, (q - 1) e), e = actual - predicted (Koenker and Bassett 1978); its mean is least at the q-quantile."""
    error = actual - predicted
    return torch.maximum(quantile * error, (quantile - 1) * error)


def make_optimizer(network: nn.Module, settings: Train) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    fused = settings.optimizer == "adamw"  # Adam stays as it was in the tutorial, to the last digit
    return kind(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=fused)


def make_schedule(optimizer: torch.optim.Optimizer, settings: Train, steps: int) -> lr_scheduler.LRScheduler:
    """The learning rate over `steps` batches."""
    if settings.schedule == "one_cycle":
        return lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps + 1)
    if settings.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    return lr_scheduler.ConstantLR(optimizer, factor=1.0)
