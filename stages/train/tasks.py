"""Training as tasks, one for each origin and member, in rounds of those that are independent; their summary."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.arrays import chunks
from stages.common.errors import UserError, counted
from stages.compute.memory import processes
from stages.compute.params import Compute
from stages.train.batches import Batches
from stages.train.checkpoints import checkpoint_path, hash_of, load_checkpoint, save_checkpoint
from stages.train.cost import NetworkSize, check_training
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.training import Epoch, find_device, train_networks
from stages.window.windows import Windows

CURVES = ["loss", "last_batch"]
TOGETHER = 4  # networks trained side by side, as fast as 3.3 one after another; more gain nothing
QUICK = 0.01  # seconds of a step: larger networks are as fast one after another, in less memory


@dataclass(frozen=True)
class TrainingTask:
    """A network to train: its origin and member, and the file that keeps it until all networks are trained.

    epochs, steps: that it takes, where it goes on from the training origin before or starts anew
    """

    origin: int
    member: int
    checkpoint: Path
    epochs: int
    steps: int


def plan_tasks(files: dict[int, Path], model: Model, settings: Train) -> list[TrainingTask]:
    """A task for each training origin that has a window to train on, the earliest first, and each member.

    files: the files of windows, by origin

    Raises UserError where the latest origin has no window.
    """
    tasks: list[TrainingTask] = []
    read = b""  # a hash of all windows that the networks of an origin have learned from
    varying = None  # the covariates that the networks of an origin read
    for origin in sorted(files, reverse=True):
        windows = Windows.read(files[origin])
        if count := int(windows.enough.sum()):
            read = hash_of(files[origin], read if settings.update_epochs else b"")
            before, varying = varying, windows.varying
            goes_on = varying == before
            work = settings.epochs_of(count, goes_on), settings.steps_of(count, goes_on)
            tasks += [
                TrainingTask(origin, member, checkpoint_path(read, member, model, settings), *work)
                for member in range(settings.members)
            ]
        elif origin == min(files):
            raise UserError(f"params.yaml: no history is long enough for a window{_at(origin)}")
    return tasks


def rounds(tasks: list[TrainingTask], settings: Train) -> list[list[TrainingTask]]:
    """Tasks that need only those of rounds before: one round for each origin; a single one where all start anew."""
    if settings.update_epochs is None:
        return [tasks]
    return [list(same_origin) for _, same_origin in groupby(tasks, key=lambda task: task.origin)]


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
    untrained = [task for task in tasks if not task.checkpoint.exists()]
    if find_device(settings).type != "cpu" or not untrained:
        return
    windows = int(final.enough.sum())
    networks = settings.members * settings.independent(len({task.origin for task in untrained}))
    steps, batch = sum(task.steps for task in untrained), min(settings.batch_of(windows), windows)
    check_training(networks, NetworkSize.of(final, model), ceil(steps / networks), batch, windows, compute)


def groups(
    tasks: list[TrainingTask], final: Windows, model: Model, settings: Train, compute: Compute
) -> Iterator[list[TrainingTask]]:
    """Tasks of one origin that are trained side by side, which makes small networks faster: see `TOGETHER`.

    There are no fewer groups than processes. A cluster, whose processes nobody counts, gets each task alone. A network
    is the same in any group.
    """
    at_once = processes(compute)
    quick = NetworkSize.of(final, model).seconds(settings.batch_of(len(final.cuts))) < QUICK
    size = min(TOGETHER, ceil(len(tasks) / at_once)) if at_once and quick else 1
    for _, same_origin in groupby(tasks, key=lambda task: task.origin):
        run = list(same_origin)
        for some in chunks(len(run), size):
            yield run[some]


def train_some(
    windows: Windows,
    tasks: list[TrainingTask],
    earlier: dict[int, Network],
    model: Model,
    settings: Train,
    board: ProgressBoard,
    first: int,
) -> list[tuple[Network, list[Epoch]]]:
    """The networks of some tasks of one origin, and their losses: from their checkpoints, and the others by training.

    A task that any process can run.

    earlier: the networks of the training origin before, by member, see `train_networks`
    board, first: where the networks report their progress, from this row on
    """
    rows = {task.member: first + place for place, task in enumerate(tasks)}
    saved = {task: load_finished(task, windows, model) for task in tasks}
    results = {task: finished for task, finished in saved.items() if finished}
    untrained = [task for task in tasks if task not in results]
    trained = train_networks(
        windows, [task.member for task in untrained], model, settings,
        lambda member, epoch, loss: board.write(rows[member], epoch, loss), earlier,
    )  # fmt: skip
    for task, (network, epochs) in zip(untrained, trained, strict=True):
        losses = np.array([(epoch.loss, epoch.last_batch) for epoch in epochs])
        save_checkpoint(task.checkpoint, network.state_dict(), losses)
        results[task] = network, epochs
    for task, (_, epochs) in results.items():
        board.write(rows[task.member], len(epochs), epochs[-1].loss)
    return [results[task] for task in tasks]


def load_finished(task: TrainingTask, windows: Windows, model: Model) -> tuple[Network, list[Epoch]] | None:
    """The network of a task and its losses from its checkpoint; None without one."""
    saved = load_checkpoint(task.checkpoint)
    if saved is None:
        return None
    weights, losses = saved
    network = Network.of(model, Batches(windows))
    network.load_state_dict(weights)
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
    """Numbers of networks, origins, weights of each network, epochs and windows in a batch, and the mean last loss.

    The epochs are those of the earliest networks, which start anew; the steps, those of the latest.

    networks: by origin and member
    final: the windows of the latest origin
    """
    any_network = next(iter(networks[min(networks)].values()))
    windows = int(final.enough.sum())
    epochs = curves.groupby("origin")["epoch"].max()
    return {
        "networks": sum(map(len, networks.values())),
        "origins": len(networks),
        "weights": sum(weights.numel() for weights in any_network.parameters()),
        "epochs": int(epochs[max(networks)]),
        "batch_size": min(settings.batch_of(windows), windows),
        "steps": int(epochs[min(networks)]) * settings.batches_in_epoch(windows),
        "last_loss": float(f"{curves.groupby('origin')['loss'].last().mean():.6g}"),
    }
