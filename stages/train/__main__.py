"""Stage 4, train: windows -> a network for each origin and member of the ensemble, and the loss curves.

Reads data/windows/. Writes models/networks/, a file for each origin, reports/loss.csv and reports/train.json.
Decides the size of a batch and the number of epochs. After an interruption it goes on with the networks that were not
finished.
Parameters: sections `model` and `train` of params.yaml.
"""

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.compute.params import Compute
from stages.compute.pool import open_pool


def main() -> None:
    params = read_params()
    with open_pool(params[Compute], "stages.train.tasks") as pool:
        from stages.train.stage import save, train  # here: it imports torch, as the workers do meanwhile

        trained = train(params, pool)
    save(trained, params)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
