"""What a trained network does: its gates and states over a window, and how far back its forecast looks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from stages.common.arrays import Floats
from stages.panel.panel import Panel
from stages.plot.gates import trace_layers
from stages.predict.ensemble import Ensemble
from stages.predict.forecaster import Forecaster
from stages.train.batches import Batches
from stages.train.cells import CELLS
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.windows import Windows

MAX_WINDOWS = 256  # that gradients are averaged over, evenly spread over the training windows
MAX_TARGETS = 24  # likewise steps ahead


def look_inside(
    panel: Panel, windows: Windows, forecaster: Path, model: Model, settings: Train
) -> tuple[dict[str, Floats], int, dict[str, Floats]]:
    """Of the first network of a forecaster: sensitivity by lag and cell, and what `trace_first` returns.

    windows: those that the networks were trained on
    """
    ensemble = Forecaster.read(forecaster).ensemble
    member, network = next(iter(ensemble.networks.items()))
    by_cell = {model.cell: sensitivity_by_lag(network, windows)}
    if model.cell != "rnn":
        plain = train_plain_rnn(windows, member, model, settings)
        by_cell["plain RNN, trained anew"] = sensitivity_by_lag(plain, windows)
    return by_cell, *trace_first(panel, windows.min_length, ensemble, network)


def trace_first(panel: Panel, min_length: int, ensemble: Ensemble, network: Network) -> tuple[int, dict[str, Floats]]:
    """The first series of so many steps whose numbers are not too large to normalise, and `trace_window` at its end.

    No trace where there is none, or where the cell has no step function.
    """
    cell = network.model.cell
    for series in np.flatnonzero(panel.lengths >= min_length).tolist() if CELLS[cell].step else []:
        ((_, ends),) = ensemble.prepare([panel.take(slice(series, series + 1)).at(0)])
        if traced := trace_window(network, cell, ends):
            return series, traced
    return 0, {}


def train_plain_rnn(windows: Windows, member: int, model: Model, settings: Train) -> Network:
    """A network of plain RNN cells that is otherwise the model's: same size, windows, seed and training.

    It needs no GPU, even where the model's networks were trained on one: a report can be made anywhere.
    """
    plain = model.model_copy(update={"cell": "rnn"})
    anywhere = settings.model_copy(update={"device": "cpu" if settings.device == "cpu" else "auto"})
    return train_network(windows, member, plain, anywhere)[0]


def trace_window(network: Network, cell: str, windows: Windows) -> dict[str, Floats]:
    """The gates and states over the first of some windows, each (size, hidden), of the layer that the head reads.

    `value` (size, 1) is the network's input: the series, season and level removed, in units of the window's scale.
    Empty where there is no window.
    """
    batches = Batches(windows)
    if not len(batches):
        return {}
    steps = network.read(batches.gather(torch.tensor([0]))[0]).double().numpy()
    weights = {name: value.double().numpy() for name, value in network.recurrent.state_dict().items()}
    last = trace_layers(cell, weights, steps)[f"l{network.recurrent.num_layers - 1}"]
    return {"value": steps[:, 0, :1], **{name: values[:, 0] for name, values in last.items()}}


def sensitivity_by_lag(network: Network, windows: Windows) -> Floats:
    """(size,) mean absolute gradient of the forecast by the value `lag` steps before its first step, lag 1 first.

    Both in units of the window's scale, averaged over windows and steps ahead: how much the forecast moves when one
    value of the window moves, through the recurrent cell alone.
    """
    torch.set_num_threads(1)  # sums in one order, on any number of cores
    network.eval()
    batches = Batches(windows)
    rows, ahead = _spread(len(batches), MAX_WINDOWS), _spread(batches.targets, MAX_TARGETS)
    inputs, _ = batches.gather(rows.repeat(len(ahead)))  # every window once for each step ahead
    steps = inputs.steps.requires_grad_()
    forecasts = network(replace(inputs, steps=steps))
    of_each = forecasts.gather(1, ahead.repeat_interleave(len(rows))[:, None])
    (gradient,) = torch.autograd.grad(of_each.sum(), steps)
    by_lag: Floats = gradient[..., 0].abs().double().mean(dim=1).flip(0).numpy()
    return by_lag


def _spread(count: int, most: int) -> Tensor:
    """`most` indices at most, evenly spread over `count`."""
    return torch.linspace(0, count - 1, min(count, most)).round().long()
