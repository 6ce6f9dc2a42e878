"""Stage 4, train: windows -> one network for each origin and member, a plain RNN beside them, and the loss curves."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.common.paths import LOSS, NETWORKS, PLAIN_RNN, TRAIN_SUMMARY, WINDOWS, fresh_folder, origin_file, origins_in
from stages.compute.pool import open_pool
from stages.compute.workers import FileArgument
from stages.train.batches import Batches
from stages.train.checkpoints import (
    FOLDER,
    checkpoint_path,
    hash_of,
    load_checkpoint,
    remove_checkpoints,
    save_checkpoint,
)
from stages.train.network import Forecaster, save_networks
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard, epoch_bar
from stages.train.training import Epoch, steps_per_epoch, train_network
from stages.window.windows import Windows

CURVES = ["loss", "last_batch", "validation"]


def main() -> None:
    params = read_params()
    model, settings = params.model, params.train
    tasks = find_tasks(origins_in(WINDOWS), settings.members)
    plain = model.model_copy(update={"cell": "rnn"})
    files = {origin: origin_file(WINDOWS, origin) for origin, _ in tasks}
    stored = {origin: FileArgument.at(file, Windows.read) for origin, file in files.items()}
    hashes = {origin: hash_of(file) for origin, file in files.items()}
    FOLDER.mkdir(exist_ok=True)
    wanted = [*((origin, member, model) for origin, member in tasks), (*tasks[0], plain)]
    checkpoints = [checkpoint_path(hashes[origin], member, cell, settings) for origin, member, cell in wanted]
    with open_pool(params.compute) as pool, epoch_bar(len(wanted), settings.epochs, pool.local) as board:
        arguments = [
            (stored[origin], member, cell, settings, checkpoints[row], board, row)
            for row, (origin, member, cell) in enumerate(wanted)
        ]
        *results, (plain_network, _) = pool.run(train_one, arguments)
    trained = dict(zip(tasks, results, strict=True))

    fresh_folder(NETWORKS)
    networks: dict[int, dict[int, Forecaster]] = {}
    for (origin, member), (network, _) in trained.items():
        networks.setdefault(origin, {})[member] = network
    save_networks(networks, model, NETWORKS)
    fresh_folder(PLAIN_RNN)
    save_networks({0: {tasks[0][1]: plain_network}}, plain, PLAIN_RNN)
    curves = loss_curves({task: epochs for task, (_, epochs) in trained.items()})
    curves.to_csv(LOSS, index=False, lineterminator="\n", float_format="%.6g")
    last = curves.groupby("origin")["loss"].last().mean()
    live = Windows.read(origin_file(WINDOWS, 0))
    summary = {
        "networks": len(tasks),
        "origins": len(networks),
        "weights": sum(weights.numel() for weights in networks[0][tasks[0][1]].parameters()),
        "steps": settings.epochs * steps_per_epoch(len(Batches(live, live.training, tasks[0][1])), settings),
        "last_loss": float(f"{last:.6g}"),
    }
    TRAIN_SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    remove_checkpoints()
    print(", ".join(f"{name} {value}" for name, value in summary.items()))


def find_tasks(origins: list[int], members: int) -> list[tuple[int, int]]:
    """Every origin and member for whose windows some history of the origin is long enough."""
    tasks = []
    for origin in origins:
        windows = Windows.read(origin_file(WINDOWS, origin))
        longest = windows.training.before.max(initial=0)
        tasks += [(origin, member) for member in range(members) if windows.least(member) <= longest]
        if origin == 0 and not tasks:
            raise UserError(
                f"params.yaml: no history is long enough for the windows of {members} members (window.size takes "
                "turns); make the first window.size smaller or train.members larger"
            )
    return tasks


def train_one(
    windows: Windows, member: int, model: Model, settings: Train, checkpoint: Path, board: ProgressBoard, row: int
) -> tuple[Forecaster, list[Epoch]]:
    """The network and losses of one origin and member; a task that any process can do.

    It is done once where workers see the checkpoint's folder, also where the run ends before all are done.
    """
    saved = load_checkpoint(checkpoint)
    if saved is None:
        report = lambda epoch, loss: board.write(row, epoch, loss)  # noqa: E731
        network, epochs = train_network(windows, member, model, settings, report)
        losses = np.array([(epoch.loss, epoch.last_batch, epoch.validation) for epoch in epochs])
        save_checkpoint(checkpoint, network.state_dict(), losses)
        return network, epochs
    weights, losses = saved
    network = Forecaster.of(model, Batches(windows, windows.training, member))
    network.load_state_dict(weights)
    board.write(row, len(losses), float(losses[-1, 0]))
    return network, [Epoch(*each) for each in losses.tolist()]


def loss_curves(histories: dict[tuple[int, int], list[Epoch]]) -> pd.DataFrame:
    """Mean losses over the members, by origin and epoch; no column for a validation part that there is not."""
    rows = [
        (origin, epoch, losses.loss, losses.last_batch, losses.validation)
        for (origin, _), history in histories.items()
        for epoch, losses in enumerate(history, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["origin", "epoch", *CURVES])
    return frame.groupby(["origin", "epoch"])[CURVES].mean().dropna(axis=1, how="all").reset_index()


if __name__ == "__main__":
    run(main)
