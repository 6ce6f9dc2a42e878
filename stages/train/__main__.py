"""Stage 4, train: windows -> a network for each origin and member of the ensemble, and the loss curves.

Reads data/windows/. Writes models/networks/, a file for each origin, reports/loss.csv and reports/train.json.
Decides the number of batches. After an interruption it goes on with the networks that were not finished.
Parameters: sections `model` and `train` of params.yaml.
"""

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
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
from stages.compute.pool import open_pool
from stages.compute.workers import FileArgument
from stages.train.checkpoints import FOLDER, remove_checkpoints
from stages.train.network import Network, save_networks
from stages.train.params import Model, Train
from stages.train.progress import epoch_bar
from stages.train.tasks import check_cost, loss_curves, plan_tasks, summarize, train_one
from stages.window.windows import Windows


def main() -> None:
    params = read_params()
    model, settings = params[Model], params[Train]
    files = {origin: origin_file(WINDOWS, origin) for origin in origins_in(WINDOWS)}
    latest = min(files)
    tasks = plan_tasks(files, model, settings)
    check_cost(tasks, Windows.read(files[latest]), model, settings, params[Compute])
    windows = {origin: FileArgument.at(file, Windows.read) for origin, file in files.items()}
    FOLDER.mkdir(exist_ok=True)
    with open_pool(params[Compute]) as pool, epoch_bar(len(tasks), settings.epochs, pool.local) as board:
        arguments = [(windows[task.origin], task, model, settings, board, row) for row, task in enumerate(tasks)]
        bar = None if pool.local else "networks"  # which the bar of epochs shows more closely
        trained = dict(zip(tasks, pool.run(train_one, arguments, bar), strict=True))

    networks: dict[int, dict[int, Network]] = {}
    for task, (network, _) in trained.items():
        networks.setdefault(task.origin, {})[task.member] = network
    fresh_folder(NETWORKS)
    save_networks(networks, NETWORKS)
    curves = loss_curves({(task.origin, task.member): epochs for task, (_, epochs) in trained.items()})
    curves.to_csv(LOSS, index=False, lineterminator="\n", float_format="%.6g")
    remove_checkpoints()
    write_summary(TRAIN_SUMMARY, summarize(networks, curves, Windows.read(files[latest]), settings))


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
