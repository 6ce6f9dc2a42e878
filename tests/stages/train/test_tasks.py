"""Training tasks: which there are, each run once, their loss curves and summary."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.common.errors import UserError
from stages.common.params import Params
from stages.common.paths import WINDOWS, origin_file
from stages.compute.params import Compute
from stages.train import tasks
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.tasks import TrainingTask, check_cost, groups, loss_curves, plan_tasks, rounds, summarize, train_some
from stages.train.training import Epoch, train_networks
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
    expected = [(15, 0), (15, 1), (15, 2), (0, 0), (0, 1), (0, 2)]  # 13 values are too few for 12 and two targets
    assert [(task.origin, task.member) for task in planned] == expected
    assert len({task.checkpoint for task in planned}) == len(expected)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("update_epochs", "sizes"), [(5, [2, 2, 2]), (None, [6])])
def test_a_round_has_the_networks_that_go_on_from_those_of_rounds_before(
    default_params: Params, update_epochs: int | None, sizes: list[int]
) -> None:
    """And a checkpoint is another where what they learned before is; where all start anew, it is not."""
    settings = change(default_params, train__members=2, train__update_epochs=update_epochs)[Train]
    planned = []
    for longest in (60, 61):
        files = {origin: write_windows(origin, length, 12) for origin, length in [(0, 50), (10, 40), (20, longest)]}
        planned.append(plan_tasks(files, default_params[Model], settings))
    assert [len(each) for each in rounds(planned[0], settings)] == sizes
    assert [task for each in rounds(planned[0], settings) for task in each] == planned[0]
    same = [one.checkpoint == other.checkpoint for one, other in zip(*planned, strict=True)]
    assert same == [False, False, *[update_epochs is None] * 4]


@pytest.mark.parametrize(
    ("epochs", "update_epochs", "chains"),
    [
        (20, 5, [[20, 5, 5]]), (20, 30, [[20, 30, 30]]), (20, None, [[20], [20], [20]]),
        ("auto", 15, [[71, 15, 15]]), ("auto", None, [[71], [94], [30]]),
    ],
)  # fmt: skip
def test_networks_that_go_on_are_one_long_training(
    default_params: Params, epochs: int | str, update_epochs: int | None, chains: list[list[int]]
) -> None:
    """3 x 30,000 windows are 70.3 epochs of 10 batches of 128, 3 x 40,000 are 93.75."""
    settings = change(default_params, train__epochs=epochs, train__update_epochs=update_epochs)[Train]
    assert settings.chains([30_000, 40_000, 1_000]) == chains


@pytest.mark.parametrize(
    ("windows", "steps_per_epoch", "epochs"),
    [(1, 10, 30), (126, 10, 30), (12_800, 10, 30), (12_801, 10, 31), (60_000, 10, 141), (60_000, None, 30),
     (60_000, 1, 1407)],
)  # fmt: skip
def test_the_more_windows_the_more_epochs_until_each_was_read_three_times(
    default_params: Params, windows: int, steps_per_epoch: int | None, epochs: int
) -> None:
    """In batches of 128: 12,800 in ten epochs of ten."""
    settings = change(default_params, train__epochs="auto", train__steps_per_epoch=steps_per_epoch)[Train]
    assert settings.epochs_of(windows, goes_on=False) == epochs


@pytest.mark.usefixtures("folder")
def test_the_cost_is_that_of_the_networks_still_to_train(
    default_params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one member at three origins, with a step so slow that it takes hours; two have a checkpoint then."""
    changes = {"train__members": 1, "train__epochs": 10**7, "train__update_epochs": 5 * 10**6, "compute__workers": 1}
    params = change(default_params, **changes, train__steps_per_epoch=None, compute__max_hours=None)
    files = {origin: write_windows(origin, 60, 12) for origin in (0, 10, 20)}
    planned, final = plan_tasks(files, params[Model], params[Train]), Windows.read(files[0])
    batches = params[Train].batches_in_epoch(len(final.cuts))
    for checkpoints, epochs in ((0, 2 * 10**7), (2, 10**7)):
        for task in planned[:checkpoints]:
            task.checkpoint.parent.mkdir(exist_ok=True)
            task.checkpoint.touch()
        check_cost(planned, final, params[Model], params[Train], params[Compute])
        assert f"x {epochs * batches:,} steps)" in capsys.readouterr().err


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


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({"compute__workers": 1}, [4, 2, 4, 2]),
        ({"compute__workers": 3}, [4, 2, 4, 2]),
        ({"compute__workers": 4}, [3, 3, 3, 3]),
        ({"compute__workers": 12}, [1] * 12),
        ({"compute__workers": 100}, [1] * 12),
        ({"compute__engine": "dask", "compute__address": "tcp://host:8786"}, [1] * 12),
        ({"compute__workers": 1, "model__hidden_size": 512}, [1] * 12),
    ],
)
def test_small_networks_of_an_origin_are_trained_side_by_side_on_all_processes(
    default_params: Params, changes: dict[str, object], sizes: list[int]
) -> None:
    """Twelve networks of two origins in one round; larger ones, and those of a cluster, alone."""
    params = change(default_params, train__members=6, **changes)
    files = {origin: write_windows(origin, 200, 12) for origin in (0, 15)}
    planned = plan_tasks(files, params[Model], params[Train])
    found = list(groups(planned, Windows.read(files[0]), params[Model], params[Train], params[Compute]))
    assert [len(some) for some in found] == sizes
    assert [task for some in found for task in some] == planned
    assert all(len({task.origin for task in some}) == 1 for some in found)


def test_a_finished_network_is_not_trained_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, default_params: Params
) -> None:
    """Of three the one that a crash left without a checkpoint is, and is the same."""
    windows = Windows.read(write_windows(0, 30, 6))
    model, settings = default_params[Model], change(default_params, train__epochs=3)[Train]
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir()
    some = [TrainingTask(0, member, 99, checkpoints / f"{member}.safetensors") for member in range(3)]
    trained = train_some(windows, some, {}, model, settings, NO_BOARD, 0)
    some[1].checkpoint.unlink()
    asked = []

    def train(windows: Windows, members: list[int], *settings: Any) -> list[tuple[Network, list[Epoch]]]:
        asked.append(members)
        return train_networks(windows, members, *settings)

    monkeypatch.setattr(tasks, "train_networks", train)
    again = train_some(windows, some, {}, model, settings, NO_BOARD, 0)
    assert asked == [[1]]
    for (network, epochs), (found, same) in zip(trained, again, strict=True):
        assert same == epochs
        assert len(same) == 3
        assert list(found.state_dict()) == list(network.state_dict())
        for name, weights in network.state_dict().items():
            assert torch.equal(weights, found.state_dict()[name])


def test_a_worker_without_the_folder_of_checkpoints_trains_and_writes_nothing(
    folder: Path, default_params: Params
) -> None:
    windows = plain_windows(np.random.default_rng(0).normal(0, 1, 30), [30], 6, 2)
    settings = change(default_params, train__epochs=2)[Train]
    task = TrainingTask(0, 0, 99, folder / "none/one")
    ((_, epochs),) = train_some(windows, [task], {}, default_params[Model], settings, NO_BOARD, 0)
    assert len(epochs) == 2
    assert list(folder.iterdir()) == []


def test_progress_goes_to_the_rows_of_the_tasks(folder: Path, default_params: Params) -> None:
    """While they train, and at once where the networks are finished."""
    rows = np.memmap(folder / "board", dtype=np.float64, mode="w+", shape=(5, 2))
    windows = Windows.read(write_windows(0, 30, 6))
    model, settings = default_params[Model], change(default_params, train__epochs=2)[Train]
    some, board = (
        [TrainingTask(0, member, 99, folder / str(member)) for member in (3, 1)],
        ProgressBoard(folder / "board", 5),
    )
    for first in (3, 1):
        (_, one), (_, two) = train_some(windows, some, {}, model, settings, board, first)
        assert rows[first : first + 2].tolist() == [[2, one[-1].loss], [2, two[-1].loss]]
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
    curves = pd.DataFrame({"origin": [0, 0, 12, 12, 12], "epoch": [1, 2, 1, 2, 3], "loss": [9, 0.5, 9, 9, 0.75000049]})
    windows = plain_windows(np.zeros(30), [30], 6, 2)  # 30 - 6 - 2 + 1 = 23 windows: three batches
    lstm, head = 4 * 32 * (1 + 32 + 2), 2 * (32 + 1)
    assert summarize(networks, curves, windows, params[Train]) == {
        "networks": 3, "origins": 2, "weights": lstm + head, "epochs": 3, "batch_size": 8, "steps": 2 * 3,
        "last_loss": 0.625,
    }  # fmt: skip
