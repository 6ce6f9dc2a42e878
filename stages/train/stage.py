"""What the stage does once its workers have started: train all networks, and save them with their losses."""

from itertools import chain

from stages.common.params import Params
from stages.common.paths import (
    LOSS,
    NETWORKS,
    TRAIN_SUMMARY,
    WINDOWS,
    fresh_folder,
    origin_file,
    origins_in,
    write_summary,
)
from stages.compute.params import Compute
from stages.compute.pool import Pool
from stages.compute.workers import FileArgument
from stages.train.checkpoints import FOLDER, remove_checkpoints
from stages.train.network import Network, save_networks
from stages.train.params import Model, Train
from stages.train.progress import epoch_bar
from stages.train.tasks import TrainingTask, check_cost, groups, loss_curves, plan_tasks, rounds, summarize, train_some
from stages.train.training import Epoch
from stages.window.windows import Windows

Trained = dict[TrainingTask, tuple[Network, list[Epoch]]]


def train(params: Params, pool: Pool) -> Trained:
    """The network of each origin and member, and its losses: the earliest origin first, from which others go on."""
    model, settings = params[Model], params[Train]
    files = {origin: origin_file(WINDOWS, origin) for origin in origins_in(WINDOWS)}
    tasks = plan_tasks(files, model, settings)
    final = Windows.read(files[min(files)])
    check_cost(tasks, final, model, settings, params[Compute])
    windows = {origin: FileArgument.at(file, Windows.read) for origin, file in files.items()}
    FOLDER.mkdir(exist_ok=True)
    trained: Trained = {}
    networks: dict[int, Network] = {}
    with epoch_bar(len(tasks), sum(task.epochs for task in tasks), pool.local) as board:
        for some in rounds(tasks, settings):
            arguments = []
            for group in groups(some, final, model, settings, params[Compute]):
                earlier = {task.member: networks[task.member] for task in group if networks}
                first = tasks.index(group[0])
                arguments.append((windows[group[0].origin], group, earlier, model, settings, board, first))
            bar = None if pool.local else "networks"  # which the bar of epochs shows more closely
            results = dict(zip(some, chain.from_iterable(pool.run(train_some, arguments, bar)), strict=True))
            networks = {task.member: network for task, (network, _) in results.items()}
            trained |= results
    return trained


def save(trained: Trained, params: Params) -> None:
    """Write the networks by origin, the loss curves and the summary, and remove the checkpoints."""
    networks: dict[int, dict[int, Network]] = {}
    for task, (network, _) in trained.items():
        networks.setdefault(task.origin, {})[task.member] = network
    fresh_folder(NETWORKS)
    save_networks(networks, NETWORKS)
    curves = loss_curves({(task.origin, task.member): epochs for task, (_, epochs) in trained.items()})
    curves.to_csv(LOSS, index=False, lineterminator="\n", float_format="%.6g")
    remove_checkpoints()
    final = Windows.read(origin_file(WINDOWS, min(networks)))
    write_summary(TRAIN_SUMMARY, summarize(networks, curves, final, params[Train]))
