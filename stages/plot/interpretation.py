"""What a trained network does inside: its gates along a window, and how far back its forecast looks."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from stages.plot.gates import trace_layers
from stages.train.batches import Batches, Inputs
from stages.train.network import Forecaster
from stages.window.windows import Windows

Floats = npt.NDArray[np.float64]

MOST_WINDOWS = 256  # that gradients are averaged over, spread evenly over those that the network learned from
MOST_TARGETS = 24  # likewise steps ahead


def gates_along(network: Forecaster, cell: str, windows: Windows, member: int, series: int) -> dict[str, Floats]:
    """The gates and states of the last window of one series, each (size, hidden), of the layer that the head reads.

    `value` (size, 1) is what the network sees of the series. Empty where the series is too short for a window.
    """
    batches = Batches(windows, windows.ends, member)
    place = np.flatnonzero(batches.kept == series)
    if not len(place):
        return {}
    steps = batches.gather(torch.from_numpy(place))[0].steps.double().numpy()
    weights = {name: value.double().numpy() for name, value in network.recurrent.state_dict().items()}
    last = trace_layers(cell, weights, steps)[f"l{network.recurrent.num_layers - 1}"]
    return {"value": steps[:, 0, :1], **{name: values[:, 0] for name, values in last.items()}}


def memory(network: Forecaster, windows: Windows, member: int) -> Floats:
    """(size,) mean absolute gradient of the forecast by the value `lag` steps before its first step, lag 1 first.

    Both in units of the window's scale, averaged over windows and steps ahead: how much the forecast moves when one
    value of the window moves, through the recurrent cell alone.
    """
    torch.set_num_threads(1)  # sums in one order, on any number of cores
    network.eval()
    batches = Batches(windows, windows.training, member)
    rows, ahead = _spread(len(batches), MOST_WINDOWS), _spread(batches.targets, MOST_TARGETS)
    inputs, _ = batches.gather(rows.repeat(len(ahead)))  # every window once for each step ahead
    steps = inputs.steps.requires_grad_()
    said = network(Inputs(steps, inputs.features, inputs.bases))
    of_each = said.gather(1, ahead.repeat_interleave(len(rows))[:, None])
    (gradient,) = torch.autograd.grad(of_each.sum(), steps)
    by_lag: Floats = gradient[..., 0].abs().double().mean(dim=1).flip(0).numpy()
    return by_lag


def _spread(count: int, most: int) -> Tensor:
    """Indices spread evenly over `count`, `most` at most."""
    return torch.linspace(0, count - 1, min(count, most)).round().long()
