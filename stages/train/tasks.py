"""Training as independent tasks, one for each origin and member, and the loss curves of their results."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.errors import UserError
from stages.train.batches import Batches
from stages.train.checkpoints import checkpoint_path, hash_of, load_checkpoint, save_checkpoint
from stages.train.network import Forecaster
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.training import Epoch, steps_per_epoch, train_network
from stages.window.windows import Windows

CURVES = ["loss", "last_batch"]


@dataclass(frozen=True)
class TrainingTask:
    """One network to train: its origin, its member, and the file that keeps it until all are trained."""

    origin: int
    member: int
    checkpoint: Path


def plan_tasks(files: dict[int, Path], model: Model, settings: Train) -> list[TrainingTask]:
    """A task for each member at each origin, of `files` of windows by origin, that has a window to train on.

    Raises UserError where the final origin has none.
    """
    tasks: list[TrainingTask] = []
    for origin, file in files.items():
        windows = Windows.read(file)
        if windows.min_length <= windows.training.before.max(initial=0):
            windows_hash = hash_of(file)
            for member in range(settings.members):
                checkpoint = checkpoint_path(windows_hash, member, model, settings)
                tasks.append(TrainingTask(origin, member, checkpoint))
        elif origin == 0:
            raise UserError("params.yaml: no history is long enough for a window; make window.size smaller")
    return tasks


def train_one(
    windows: Windows, task: TrainingTask, model: Model, settings: Train, board: ProgressBoard, row: int
) -> tuple[Forecaster, list[Epoch]]:
    """The network and losses of one task, which any process can do.

    Where workers see the checkpoint's folder it is done once, even if the run ends before all tasks are done.
    """
    saved = load_checkpoint(task.checkpoint)
    if saved is None:
        report = lambda epoch, loss: board.write(row, epoch, loss)  # noqa: E731
        network, epochs = train_network(windows, task.member, model, settings, report)
        losses = np.array([(epoch.loss, epoch.last_batch) for epoch in epochs])
        save_checkpoint(task.checkpoint, network.state_dict(), losses)
        return network, epochs
    weights, losses = saved
    network = Forecaster.of(model, Batches(windows, windows.training))
    network.load_state_dict(weights)
    board.write(row, len(losses), float(losses[-1, 0]))
    return network, [Epoch(*each) for each in losses.tolist()]


def loss_curves(histories: dict[tuple[int, int], list[Epoch]]) -> pd.DataFrame:
    """Mean losses over the members, by origin and epoch, from the epochs of each origin and member."""
    rows = [
        (origin, epoch, losses.loss, losses.last_batch)
        for (origin, _), history in histories.items()
        for epoch, losses in enumerate(history, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["origin", "epoch", *CURVES])
    return frame.groupby(["origin", "epoch"])[CURVES].mean().reset_index()


def summarize(
    networks: dict[int, dict[int, Forecaster]], curves: pd.DataFrame, final: Windows, settings: Train
) -> dict[str, int | float]:
    """How many networks of what size were trained for how long, and how well they fit.

    networks: by origin and member
    final: the windows of the final origin
    """
    one = next(iter(networks[0].values()))
    windows = int((final.training.before >= final.min_length).sum())
    return {
        "networks": sum(map(len, networks.values())),
        "origins": len(networks),
        "weights": sum(weights.numel() for weights in one.parameters()),
        "steps": settings.epochs * steps_per_epoch(windows, settings),
        "last_loss": float(f"{curves.groupby('origin')['loss'].last().mean():.6g}"),
    }
