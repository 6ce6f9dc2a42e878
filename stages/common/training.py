"""Train one network: the loop, its losses, schedules, validation part and early stopping."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from stages.common.errors import UserError
from stages.common.network import Forecaster
from stages.common.params import Model, Train
from stages.common.windows import Ints, Windows

Criterion = Callable[[Tensor, Tensor], Tensor]
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
    network = Forecaster(model, windows.targets).to(device)
    criterion = make_criterion(settings)
    optimizer = make_optimizer(network, settings)

    size, level = windows.of_member(member)
    own = windows.before >= size
    training, validation = split_by_time(windows.series[own], windows.targets, settings.validation)
    values = torch.from_numpy(windows.values).to(device)
    cuts = torch.from_numpy(windows.cuts[own]).to(device)
    levels = torch.from_numpy(windows.levels[own, level]).to(device)
    offsets = torch.arange(-size, windows.targets, device=device)[:, None]

    def gather(batch: Tensor) -> tuple[Tensor, Tensor]:
        window = values[cuts[batch] + offsets] - levels[batch]  # (size + targets, B)
        return window[:size], window[size:].T

    batches = math.ceil(len(training) / settings.batch_size)
    schedule = make_schedule(optimizer, settings, settings.epochs * batches)
    history: list[Epoch] = []
    best, best_weights, waited = math.inf, None, 0
    for epoch in range(1, settings.epochs + 1):
        network.train()
        order = training[torch.randperm(len(training), generator=shuffler)] if settings.shuffle else training
        total = torch.zeros((), device=device)
        for batch in order.to(device).split(settings.batch_size):  # type: ignore[no-untyped-call]
            inputs, targets = gather(batch)
            if settings.input_noise:
                inputs = inputs + settings.input_noise * torch.randn_like(inputs)
            loss = criterion(network(inputs), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if settings.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(batch)
        held_out = math.nan
        if len(validation):
            network.eval()
            with torch.inference_mode():
                inputs, targets = gather(validation.to(device))
                held_out = criterion(network(inputs), targets).item()
        history.append(Epoch(total.item() / len(training), loss.item(), held_out))
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


def make_criterion(settings: Train) -> Criterion:
    """The loss of predictions and targets, both (B, targets)."""
    if settings.loss == "mse":
        return nn.functional.mse_loss
    if settings.loss == "mae":
        return nn.functional.l1_loss
    if settings.loss == "huber":
        return nn.HuberLoss(delta=settings.huber_delta)
    return lambda predicted, actual: pinball_loss(predicted, actual, settings.quantile)


def pinball_loss(predicted: Tensor, actual: Tensor, quantile: float) -> Tensor:
    """Mean of max(q e, (q - 1) e), e = actual - predicted (Koenker and Bassett 1978); its minimum is the q-quantile."""
    error = actual - predicted
    return torch.maximum(quantile * error, (quantile - 1) * error).mean()


def make_optimizer(network: nn.Module, settings: Train) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)


def make_schedule(optimizer: torch.optim.Optimizer, settings: Train, steps: int) -> lr_scheduler.LRScheduler:
    """The learning rate over `steps` batches."""
    if settings.schedule == "one_cycle":
        return lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps + 1)
    if settings.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    return lr_scheduler.ConstantLR(optimizer, factor=1.0)
