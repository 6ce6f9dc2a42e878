"""The optimizer and its schedule, bit by bit against torch.optim, which the pipeline does not import."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from stages.common.params import Params
from stages.train.optimizer import BETA_1, Optimizer, schedule
from stages.train.params import Train
from tests.builders import change


def learn(network: nn.Module) -> None:
    """Gradients of a loss on numbers that the weights do not fit."""
    inputs = torch.arange(12.0).reshape(4, 3) / 7
    ((network(inputs) - inputs.sum(dim=1, keepdim=True).sin()) ** 2).mean().backward()


@pytest.mark.parametrize("decay", [0.0, 0.25])
@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 40])
def test_weights_are_those_of_torch_to_the_bit(default_params: Params, name: str, decay: float, steps: int) -> None:
    """Over a cycle of the rate and the momentum, with a weight that has no gradient."""
    changes = {"train__optimizer": name, "train__weight_decay": decay, "train__schedule": "one_cycle"}
    settings = change(default_params, **changes, train__learning_rate=0.05)[Train]
    own, theirs = (nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)) for _ in range(2))
    own.load_state_dict(theirs.state_dict())
    unused = [nn.Parameter(torch.ones(2)) for _ in range(2)]
    optimizer = Optimizer([[*own.parameters()], [unused[0]]], settings)
    weights = [*theirs.parameters(), unused[1]]
    expected: torch.optim.Optimizer = torch.optim.Adam(weights, lr=0.05, weight_decay=decay)
    if name == "adamw":
        expected = torch.optim.AdamW(weights, lr=0.05, weight_decay=decay, fused=True)
    cycle = OneCycleLR(expected, 0.05, total_steps=steps + 1)
    for rate, beta_1 in schedule(settings, steps):
        assert rate == expected.param_groups[0]["lr"]
        assert beta_1 == expected.param_groups[0]["betas"][0]
        for network, each in ((own, optimizer), (theirs, expected)):
            each.zero_grad()
            learn(network)
        optimizer.step(rate, beta_1)
        expected.step()
        cycle.step()
        for one, two in zip([*own.parameters(), unused[0]], weights, strict=True):
            assert torch.equal(one, two)


def test_a_constant_rate_has_the_usual_momentum(default_params: Params) -> None:
    settings = change(default_params, train__schedule="constant", train__learning_rate=0.5)[Train]
    assert list(schedule(settings, 3)) == [(0.5, BETA_1)] * 3
    assert torch.optim.Adam([torch.zeros(1, requires_grad=True)]).param_groups[0]["betas"][0] == BETA_1


def test_training_does_not_import_the_compiler_of_torch() -> None:
    """Which takes a second, in each process."""
    code = """
import sys, numpy as np
from stages.common.params import read_params
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.cutting import cut_windows
from stages.window.params import Window
params = read_params()
windows = cut_windows(np.sin(np.arange(60.0)), np.array([60]), [12], params[Window], 3)
train_network(windows, 0, params[Model], params[Train].model_copy(update={"epochs": 1}))
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
