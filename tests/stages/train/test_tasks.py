"""Training tasks: which there are, each run once, their loss curves and summary."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from stages.common.errors import UserError
from stages.common.params import Params
from stages.common.paths import WINDOWS, origin_file
from stages.train import tasks
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.tasks import TrainingTask, loss_curves, plan_tasks, summarize, train_one
from stages.train.training import Epoch
from stages.window.windows import Windows
from tests.builders import change, plain_windows

NO_BOARD = ProgressBoard(None, 1)


def write_windows(origin: int, length: int, size: int) -> Path:
    """The file of one series' windows, for one origin, in the current folder."""
    values = np.random.default_rng(origin).normal(0, 1, length)
    WINDOWS.mkdir(parents=True, exist_ok=True)
    plain_windows(values, [length], size, 2).write(origin_file(WINDOWS, origin))
    return origin_file(WINDOWS, origin)


@pytest.mark.usefixtures("folder")
def test_origins_without_a_window_have_no_task(default_params: Params) -> None:
    files = {origin: write_windows(origin, length, 12) for origin, length in [(0, 30), (15, 15), (17, 13), (25, 5)]}
    planned = plan_tasks(files, default_params[Model], change(default_params, train__members=3)[Train])
    expected = [(0, 0), (0, 1), (0, 2), (15, 0), (15, 1), (15, 2)]  # 13 values are too few for 12 and two targets
    assert [(task.origin, task.member) for task in planned] == expected
    assert len({task.checkpoint for task in planned}) == len(expected)


@pytest.mark.usefixtures("folder")
def test_a_final_origin_without_a_window_is_refused(default_params: Params) -> None:
    files = {0: write_windows(0, 20, 30)}
    with pytest.raises(UserError, match=r"window\.size"):
        plan_tasks(files, default_params[Model], default_params[Train])


@pytest.mark.usefixtures("folder")
def test_where_the_latest_training_origin_is_earlier_the_error_names_it(default_params: Params) -> None:
    files = {15: write_windows(15, 20, 30), 27: write_windows(27, 8, 30)}
    with pytest.raises(UserError, match=r"a window 15 steps before the end, where backtest\.refit trains; set it to 1"):
        plan_tasks(files, default_params[Model], default_params[Train])


def test_a_finished_network_is_not_trained_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, default_params: Params
) -> None:
    windows = Windows.read(write_windows(0, 30, 6))
    model, settings = default_params[Model], change(default_params, train__epochs=3)[Train]
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir()
    task = TrainingTask(0, 1, checkpoints / "one.safetensors")
    network, epochs = train_one(windows, task, model, settings, NO_BOARD, 0)
    monkeypatch.setattr(tasks, "train_network", None)  # calling it fails
    again, same = train_one(windows, task, model, settings, NO_BOARD, 0)
    assert same == epochs
    assert len(same) == 3
    found = again.state_dict()
    assert list(found) == list(network.state_dict())
    for name, weights in network.state_dict().items():
        assert torch.equal(weights, found[name])
    other = TrainingTask(0, 1, checkpoints / "another.safetensors")
    with pytest.raises(TypeError):
        train_one(windows, other, model, settings, NO_BOARD, 0)


def test_a_worker_without_the_folder_of_checkpoints_trains_and_writes_nothing(
    folder: Path, default_params: Params
) -> None:
    windows = plain_windows(np.random.default_rng(0).normal(0, 1, 30), [30], 6, 2)
    settings = change(default_params, train__epochs=2)[Train]
    task = TrainingTask(0, 0, folder / "none/one")
    _, epochs = train_one(windows, task, default_params[Model], settings, NO_BOARD, 0)
    assert len(epochs) == 2
    assert list(folder.iterdir()) == []


def test_progress_goes_to_the_row_of_the_task(folder: Path, default_params: Params) -> None:
    """While it trains, and at once where the network is finished."""
    rows = np.memmap(folder / "board", dtype=np.float64, mode="w+", shape=(3, 2))
    windows = Windows.read(write_windows(0, 30, 6))
    model, settings = default_params[Model], change(default_params, train__epochs=2)[Train]
    for row in (2, 1):
        task, board = TrainingTask(0, 0, folder / "one.safetensors"), ProgressBoard(folder / "board", 3)
        _, epochs = train_one(windows, task, model, settings, board, row)
        assert rows[row].tolist() == [2, epochs[-1].loss]
    assert not rows[0].any()


def test_loss_curves_are_means_over_members() -> None:
    curves = loss_curves(
        {
            (0, 0): [Epoch(1.0, 2.0), Epoch(0.5, 0.2)],
            (0, 1): [Epoch(3.0, 4.0), Epoch(1.5, 0.4)],
            (12, 0): [Epoch(7.0, 8.0)],
        }
    )
    assert list(curves) == ["origin", "epoch", "loss", "last_batch"]
    assert curves["loss"].tolist() == [2, 1, 7]
    assert curves.loc[curves["origin"] == 12, "last_batch"].tolist() == [8]


def test_the_summary_counts_networks_weights_and_steps(default_params: Params) -> None:
    params = change(default_params, train__epochs=7, train__batch_size=8, train__steps_per_epoch=None)
    network = Network(params[Model], targets=2)
    networks = {0: {0: network, 1: network}, 12: {0: network}}
    curves = pd.DataFrame({"origin": [0, 0, 12, 12], "epoch": [1, 2, 1, 2], "loss": [9, 0.5, 9, 0.75000049]})
    windows = plain_windows(np.zeros(30), [30], 6, 2)  # 30 - 6 - 2 + 1 = 23 windows: three batches
    lstm, head = 4 * 32 * (1 + 32 + 2), 2 * (32 + 1)
    assert summarize(networks, curves, windows, params[Train]) == {
        "networks": 3, "origins": 2, "weights": lstm + head, "steps": 7 * 3, "last_loss": 0.625,
    }  # fmt: skip
