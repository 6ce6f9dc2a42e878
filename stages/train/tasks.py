"""Training as independent tasks, one for each origin and member, and the summary of their results."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.errors import UserError, counted
from stages.compute.params import Compute
from stages.train.batches import Batches
from stages.train.checkpoints import checkpoint_path, hash_of, load_checkpoint, save_checkpoint
from stages.train.cost import NetworkSize, check_training
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.training import Epoch, find_device, train_network
from stages.window.windows import Windows

CURVES = ["loss", "last_batch"]


@dataclass(frozen=True)
class TrainingTask:
    """A network to train: its origin and member, and the file that keeps it until all networks are trained."""

    origin: int
    member: int
    checkpoint: Path


def plan_tasks(files: dict[int, Path], model: Model, settings: Train) -> list[TrainingTask]:
    """A task for each training origin that has a window to train on, and each member.

    files: the files of windows, by origin

    Raises UserError where the latest origin has no window.
    """
    tasks: list[TrainingTask] = []
    for origin, file in files.items():
        windows = Windows.read(file)
        if windows.min_length <= windows.cuts.before.max(initial=0):
            windows_hash = hash_of(file)
            for member in range(settings.members):
                checkpoint = checkpoint_path(windows_hash, member, model, settings)
                tasks.append(TrainingTask(origin, member, checkpoint))
        elif origin == min(files):
            raise UserError(f"params.yaml: no history is long enough for a window{_at(origin)}")
    return tasks


def _at(origin: int) -> str:
    """Where the latest training origin is, and what to do."""
    if not origin:
        return "; make window.size smaller"
    return f" {counted(origin, 'step')} before the end, where backtest.refit trains; set it to 1, or fewer origins"


def check_cost(tasks: list[TrainingTask], final: Windows, model: Model, settings: Train, compute: Compute) -> None:
    """Warn of training that takes hours; raises UserError for what this machine cannot do, see `check_training`.

    final: the windows of the latest origin, which has the most

    Raises UserError, too, where the settings name a GPU and there is none. The time on a GPU is not estimated.
    """
    untrained = sum(not task.checkpoint.exists() for task in tasks)
    if find_device(settings).type != "cpu" or not untrained:
        return
    windows = int((final.cuts.before >= final.min_length).sum())
    network = NetworkSize.of(final, model)
    steps = settings.epochs * settings.batches_in_epoch(windows)
    check_training(untrained, network, steps, min(settings.batch_of(windows), windows), windows, compute)


def train_one(
    windows: Windows, task: TrainingTask, model: Model, settings: Train, board: ProgressBoard, row: int
) -> tuple[Network, list[Epoch]]:
    """The network of one task and its losses, from its checkpoint or by training. A task that any process can run.

    board, row: where the network reports its progress
    """
    saved = load_checkpoint(task.checkpoint)
    if saved is None:
        network, epochs = train_network(windows, task.member, model, settings, partial(board.write, row))
        losses = np.array([(epoch.loss, epoch.last_batch) for epoch in epochs])
        save_checkpoint(task.checkpoint, network.state_dict(), losses)
        return network, epochs
    weights, losses = saved
    network = Network.of(model, Batches(windows))
    network.load_state_dict(weights)
    board.write(row, len(losses), float(losses[-1, 0]))
    return network, [Epoch(loss, last_batch) for loss, last_batch in losses.tolist()]


def loss_curves(histories: dict[tuple[int, int], list[Epoch]]) -> pd.DataFrame:
    """Losses by origin and epoch, means over the members, from the epochs of each (origin, member)."""
    rows = [
        (origin, number, epoch.loss, epoch.last_batch)
        for (origin, _), epochs in histories.items()
        for number, epoch in enumerate(epochs, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["origin", "epoch", *CURVES])
    return frame.groupby(["origin", "epoch"])[CURVES].mean().reset_index()


def summarize(
    networks: dict[int, dict[int, Network]], curves: pd.DataFrame, final: Windows, settings: Train
) -> dict[str, int | float]:
    """The number of networks and origins, and of weights and steps of each network, and the mean last loss.

    networks: by origin and member
    final: the windows of the latest origin
    """
    any_network = next(iter(networks[min(networks)].values()))
    windows = int((final.cuts.before >= final.min_length).sum())
    return {
        "networks": sum(map(len, networks.values())),
        "origins": len(networks),
        "weights": sum(weights.numel() for weights in any_network.parameters()),
        "steps": settings.epochs * settings.batches_in_epoch(windows),
        "last_loss": float(f"{curves.groupby('origin')['loss'].last().mean():.6g}"),
    }
