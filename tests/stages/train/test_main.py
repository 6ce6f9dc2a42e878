"""Train: the networks there are to train, each trained once, and the loss curves that are written."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from stages import train
from stages.common.errors import UserError
from stages.common.params import Params
from stages.common.paths import WINDOWS, origin_file
from stages.train.__main__ import find_tasks, loss_curves, train_one
from stages.train.progress import ProgressBoard
from stages.train.training import Epoch
from stages.window.windows import Windows
from tests.builders import change, plain_windows


def write_windows(origin: int, length: int, sizes: list[int]) -> None:
    """Of one series, for one origin, in the current folder."""
    values = np.random.default_rng(origin).normal(0, 1, length)
    WINDOWS.mkdir(parents=True, exist_ok=True)
    plain_windows(values, np.array([length]), sizes, 2, [0]).write(origin_file(WINDOWS, origin))


@pytest.mark.usefixtures("folder")
def test_members_whose_window_fits_into_no_history_have_no_network() -> None:
    write_windows(0, 30, [6, 12])
    write_windows(15, 13, [6, 12])  # too short for twelve values and two targets
    write_windows(25, 5, [6, 12])
    assert find_tasks([0, 15, 25], 3) == [(0, 0), (0, 1), (0, 2), (15, 0), (15, 2)]


@pytest.mark.usefixtures("folder")
def test_no_window_that_fits_is_refused() -> None:
    write_windows(0, 20, [30, 6])
    assert find_tasks([0], 2) == [(0, 1)]
    with pytest.raises(UserError, match=r"window\.size"):
        find_tasks([0], 1)


def test_a_network_that_is_finished_is_not_trained_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, default_params: Params
) -> None:
    write_windows(0, 30, [6])
    settings = change(default_params, train__epochs=3, train__validation=0.2).train
    windows, checkpoints = Windows.read(origin_file(WINDOWS, 0)), folder / "checkpoints"
    checkpoints.mkdir()
    rest = (default_params.model, settings, checkpoints / "one.safetensors", ProgressBoard(None, 1), 0)
    network, epochs = train_one(windows, 1, *rest)
    monkeypatch.setattr(train, "train_network", None)  # whoever calls it fails
    again, same = train_one(windows, 1, *rest)
    assert same == epochs
    assert len(same) == 3
    found = again.state_dict()
    assert list(found) == list(network.state_dict())
    for name, weights in network.state_dict().items():
        assert torch.equal(weights, found[name])
    with pytest.raises(TypeError):
        train_one(windows, 1, *rest[:2], checkpoints / "another.safetensors", *rest[3:])


def test_a_worker_without_the_folder_of_checkpoints_trains_and_writes_nothing(
    folder: Path, default_params: Params
) -> None:
    windows = plain_windows(np.random.default_rng(0).normal(0, 1, 30), np.array([30]), [6], 2, [0])
    settings = change(default_params, train__epochs=2).train
    _, epochs = train_one(windows, 0, default_params.model, settings, folder / "none/one", ProgressBoard(None, 1), 0)
    assert len(epochs) == 2
    assert list(folder.iterdir()) == []


def test_loss_curves_are_means_over_members() -> None:
    nan = math.nan
    curves = loss_curves(
        {
            (0, 0): [Epoch(1.0, 2.0, nan), Epoch(0.5, 0.2, nan)],
            (0, 1): [Epoch(3.0, 4.0, nan), Epoch(1.5, 0.4, nan)],
            (12, 0): [Epoch(7.0, 8.0, nan)],
        }
    )
    assert list(curves) == ["origin", "epoch", "loss", "last_batch"]
    assert curves["loss"].tolist() == [2, 1, 7]
    assert curves.loc[curves["origin"] == 12, "last_batch"].tolist() == [8]


def test_a_validation_part_has_its_column() -> None:
    curves = loss_curves({(0, 0): [Epoch(1.0, 2.0, 3.0)], (0, 1): [Epoch(1.0, 2.0, 5.0)]})
    assert curves["validation"].tolist() == [4]
