"""Training tasks: which there are, each run once, their loss curves and summary."""

import re
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
from stages.normalize.covariates import ScaledCovariates
from stages.train import tasks
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.progress import ProgressBoard
from stages.train.tasks import TrainingTask, check_cost, groups, loss_curves, plan_tasks, rounds, summarize, train_some
from stages.train.training import Epoch, train_networks
from stages.window.cutting import cut_windows
from stages.window.params import Window
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


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("epochs", "update_epochs", "steps_per_epoch", "work"),
    [
        ("auto", 15, 1, [(36, 36), (15, 15), (15, 15)]),
        ("auto", None, 1, [(36, 36), (43, 43), (30, 30)]),
        (20, 5, None, [(20, 20 * 12), (5, 5 * 15), (5, 5)]),
        (20, None, None, [(20, 20 * 12), (20, 20 * 15), (20, 20)]),
    ],
)
def test_a_task_has_the_epochs_and_steps_of_a_network_that_goes_on_or_starts_anew(
    default_params: Params,
    epochs: int | str,
    update_epochs: int | None,
    steps_per_epoch: int | None,
    work: list[tuple[int, int]],
) -> None:
    """Of 47, 57 and 1 windows in batches of four: three times 47 are 35.25 batches, three times 57 are 42.75."""
    changes = {"train__epochs": epochs, "train__update_epochs": update_epochs, "train__members": 1}
    settings = change(default_params, **changes, train__steps_per_epoch=steps_per_epoch, train__batch_size=4)[Train]
    files = {origin: write_windows(origin, length, 12) for origin, length in [(0, 14), (10, 70), (20, 60)]}
    planned = plan_tasks(files, default_params[Model], settings)
    assert [(task.epochs, task.steps) for task in planned] == work


@pytest.mark.usefixtures("folder")
def test_where_a_covariate_begins_to_vary_networks_start_anew(default_params: Params) -> None:
    params = change(default_params, train__members=1, train__epochs=20, train__update_epochs=5, window__size=6)
    files, begins = {}, {30: 60, 20: 60, 10: 15, 0: 15}  # the step from which on the covariate is not 0, by origin
    WINDOWS.mkdir(parents=True)
    for origin, begin in begins.items():
        length = 60 - origin
        ahead = np.where(np.arange(length) < begin, 0.0, np.sin(np.arange(length)))[:, None]
        covariates = ScaledCovariates(ahead, np.empty((length, 0)), np.empty((1, 0)), ahead=0)
        values = np.random.default_rng(0).normal(0, 1, length)
        files[origin] = origin_file(WINDOWS, origin)
        cut_windows(values, np.array([length]), [], params[Window], 3, covariates).write(files[origin])
    planned = plan_tasks(files, params[Model], params[Train])
    assert [(task.origin, task.epochs) for task in planned] == [(30, 20), (20, 5), (10, 20), (0, 5)]


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
@pytest.mark.parametrize(
    ("update_epochs", "finished", "work"),
    [
        (5 * 10**6, 0, "1 network of .* x 145,000,000 steps"),  # 60 + 40 + 45 million
        (5 * 10**6, 2, "1 network of .* x 45,000,000 steps"),
        (None, 0, "3 networks of .* x 76,666,667 steps"),  # the mean of 60, 80 and 90 million
    ],
)
def test_the_cost_is_that_of_the_networks_still_to_train(
    default_params: Params,
    capsys: pytest.CaptureFixture[str],
    update_epochs: int | None,
    finished: int,
    work: str,
) -> None:
    """Of one member at three origins, with 6, 8 and 9 batches in each of 10 million epochs: it takes hours."""
    changes = {"train__members": 1, "train__epochs": 10**7, "train__update_epochs": update_epochs}
    unlimited = {"train__steps_per_epoch": None, "compute__workers": 1, "compute__max_hours": None}
    params = change(default_params, **changes, **unlimited, train__batch_size=8)
    files = {origin: write_windows(origin, length, 12) for origin, length in [(0, 80), (10, 70), (20, 60)]}
    planned, final = plan_tasks(files, params[Model], params[Train]), Windows.read(files[0])
    for task in planned[:finished]:
        task.checkpoint.parent.mkdir(exist_ok=True)
        task.checkpoint.touch()
    check_cost(planned, final, params[Model], params[Train], params[Compute])
    assert re.search(rf"\({work}\) takes about", capsys.readouterr().err)


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
    some = [TrainingTask(0, member, checkpoints / f"{member}.safetensors", 2, 2) for member in range(3)]
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
    task = TrainingTask(0, 0, folder / "none/one", 2, 2)
    ((_, epochs),) = train_some(windows, [task], {}, default_params[Model], settings, NO_BOARD, 0)
    assert len(epochs) == 2
    assert list(folder.iterdir()) == []


def test_progress_goes_to_the_rows_of_the_tasks(folder: Path, default_params: Params) -> None:
    """While they train, and at once where the networks are finished."""
    rows = np.memmap(folder / "board", dtype=np.float64, mode="w+", shape=(5, 2))
    windows = Windows.read(write_windows(0, 30, 6))
    model, settings = default_params[Model], change(default_params, train__epochs=2)[Train]
    some, board = (
        [TrainingTask(0, member, folder / str(member), 2, 2) for member in (3, 1)],
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
