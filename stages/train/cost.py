"""What training costs: the weights of a network, its seconds and bytes, known before the work.

The seconds of a step of the optimizer are fitted to 27 networks (three cells, hidden size 2 to 2048, 1 to 1000 layers,
batches of 1 to 1024 windows of 6 to 3000 steps), measured with float32 on one core of a processor with AVX-512: the
fit is within a factor of two of each. A GPU is not estimated.
"""

import math
import os
from dataclasses import dataclass

from stages.common.errors import UserError, counted, warn
from stages.common.params import Params
from stages.compute.memory import lack_of_memory, processes
from stages.compute.params import Compute
from stages.train.cells import CELLS
from stages.train.params import Model, Train
from stages.window.windows import Windows

PER_STEP = 1.2e-3  # seconds of each step of the optimizer, whatever the network
PER_LAYER = 4e-4  # of each layer
PER_CELL = 9e-6  # of each layer at each step of the window
PER_OUTPUT = 4e-9  # of each output of a matrix, for each window
PER_OPERATION = 1.2e-11  # of each operation of the matrix products, forwards and backwards: six for each weight
PER_WEIGHT = 1.2e-8  # of the optimizer
PER_INPUT = 3e-7  # of each step of each window, to gather it

BYTES = 4  # of a float32
COPIES = 4  # of the weights: gradients, and two moments of Adam
LONG = 1.0  # hours from which on a warning says how long
SMALLER = "model.hidden_size, model.num_layers, window.size or train.batch_size"


@dataclass(frozen=True)
class NetworkSize:
    """What decides the cost of a network: its settings and the numbers of its inputs and outputs.

    size: steps of a window
    channels, features, experts, targets: C, F, E and targets of `Inputs`; past covariates are channels, static features
    varying: how many covariates known ahead the network reads
    """

    model: Model
    size: int = 1
    channels: int = 1
    features: int = 0
    experts: int = 0
    targets: int = 1
    varying: int = 0

    @classmethod
    def of(cls, windows: Windows, model: Model) -> "NetworkSize":
        """Of a network for these windows."""
        return cls(
            model,
            size=windows.size,
            channels=1 + windows.padding + len(windows.lags) + len(windows.varying["past"]),
            features=windows.cuts.features.shape[1] + len(windows.varying["static"]),
            experts=windows.cuts.experts.shape[1],
            targets=windows.targets,
            varying=len(windows.varying["covariates"]),
        )

    @property
    def directions(self) -> int:
        return 2 if self.model.bidirectional else 1

    @property
    def rows(self) -> int:
        """Outputs of a layer's matrices, in one direction."""
        return CELLS[self.model.cell].blocks * self.model.hidden_size

    @property
    def matrices(self) -> int:
        """Weights in the matrices of the recurrent layers."""
        hidden, deeper = self.model.hidden_size, self.model.num_layers - 1
        inputs = self.channels + deeper * self.directions * hidden
        return self.directions * self.rows * (inputs + self.model.num_layers * hidden)

    @property
    def weights(self) -> int:
        """All weights of the network."""
        biases = 2 * self.rows * self.directions * self.model.num_layers if self.model.bias else 0
        gate, trust = (self.experts, 1) if self.experts > 1 else (0, 0)
        head = (self.directions * self.model.hidden_size + self.features + 1) * (self.targets + gate + self.varying)
        return self.matrices + biases + head + trust

    def seconds(self, batch: int) -> float:
        """Of a step of the optimizer on a batch of so many windows, on one core."""
        cells = self.size * self.model.num_layers * self.directions
        return (
            PER_STEP
            + PER_LAYER * self.model.num_layers * self.directions
            + PER_CELL * cells
            + PER_OUTPUT * batch * cells * self.rows
            + PER_OPERATION * 6 * batch * self.size * self.matrices
            + PER_WEIGHT * self.weights
            + PER_INPUT * batch * self.size
        )

    def bytes(self, batch: int, windows: int = 0) -> float:
        """What training on batches of so many windows holds, at least: weights, states for the way back, windows.

        windows: of which the steps and targets are computed once
        """
        cells = self.size * self.model.num_layers * self.directions
        states = batch * cells * (self.rows + self.model.hidden_size)
        window = self.size * (self.channels + 1) + self.targets * (self.experts + self.varying + 2)
        once = windows * (self.size * self.channels + 2 * self.targets)
        return BYTES * (COPIES * self.weights + states + batch * window + once)


def training_hours(networks: int, steps: float, seconds: float, cores: int) -> float:
    """Of so many networks, each of so many steps of the optimizer on average, of so many seconds each."""
    return math.ceil(networks / cores) * steps * seconds / 3600


def check_params(others: Params) -> None:
    """Raises ValueError for networks that cannot be trained whatever the data, were each epoch one step on one window.

    Every stage checks that, so that the first one ends before anything is deleted or computed.
    """
    model, settings, compute = others[Model], others[Train], others[Compute]
    network = NetworkSize(model)
    cores = compute.workers if compute.workers != "auto" else os.cpu_count() or 1
    seconds = PER_STEP + PER_LAYER * model.num_layers * network.directions  # on a GPU, too
    epochs = settings.epochs_of(windows=1, goes_on=False)
    hours = training_hours(settings.members, epochs, seconds, min(cores, settings.members))
    known = compute.engine == "local" or compute.workers != "auto"
    work = f"{settings.members} x {epochs:,} epochs"
    if known and (problem := _too_long(hours, compute, work, cores)):
        raise ValueError(problem)
    if problem := lack_of_memory(network.bytes(1), 1, compute, _work(network), SMALLER):
        raise ValueError(problem)


def check_training(networks: int, network: NetworkSize, steps: int, batch: int, windows: int, compute: Compute) -> None:
    """Warn of training that takes hours on processors.

    networks: how many are trained independently
    steps, batch, windows: steps of the optimizer of each, windows in each step, and in all

    Raises UserError where it takes more than `compute.max_hours`, or more memory than this machine has.
    """
    if problem := lack_of_memory(network.bytes(batch, windows), networks, compute, _work(network), SMALLER):
        raise UserError(f"params.yaml: {problem}")
    cores = processes(compute)
    if cores is None:
        return
    cores = min(cores, networks)
    hours = training_hours(networks, steps, network.seconds(batch), cores)
    work = f"{counted(networks, 'network')} of {counted(network.weights, 'weight')} x {counted(steps, 'step')}"
    if problem := _too_long(hours, compute, work, cores):
        raise UserError(f"params.yaml: {problem}")
    if hours >= LONG:
        warn(f"training ({work}) takes about {_duration(hours)} on {counted(cores, 'core')}")


def _work(network: NetworkSize) -> str:
    return f"training a network of {network.weights:,} weights"


def _too_long(hours: float, compute: Compute, work: str, cores: int) -> str | None:
    """The problem, where training takes longer than it may."""
    if compute.max_hours is None or hours <= compute.max_hours:
        return None
    return (
        f"training ({work}) takes about {_duration(hours)} on {counted(cores, 'core')}, more than compute.max_hours "
        f"({compute.max_hours:g}); set train.epochs or train.update_epochs to fewer, make train.members or the network "
        "smaller, or max_hours larger or null"
    )


def _duration(hours: float) -> str:
    for unit, length in (("years", 24 * 365), ("days", 24)):
        if hours >= 2 * length:
            return f"{hours / length:,.0f} {unit}"
    return f"{hours:.1f} hours" if hours >= 0.1 else f"{3600 * hours:.1f} seconds"
