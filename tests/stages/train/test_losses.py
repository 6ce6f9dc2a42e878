"""The losses are torch's own, values and gradients to the bit."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from stages.train.losses import LOSSES

TORCHS: dict[str, Callable[..., Tensor]] = {"mae": functional.l1_loss, "mse": functional.mse_loss}


def random_tensors(seed: int, shape: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Predicted and actual values of many sizes, some of them equal, and weights of the losses."""
    random = torch.Generator().manual_seed(seed)
    predicted, actual, weights = (torch.randn(shape, generator=random) for _ in range(3))
    actual = actual * 10 ** torch.randint(-3, 4, shape, generator=random)
    return predicted, torch.where(torch.rand(shape, generator=random) < 0.1, predicted, actual), weights


def test_every_loss_is_compared() -> None:
    assert LOSSES.keys() == TORCHS.keys()


@pytest.mark.parametrize("name", LOSSES)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 20))
def test_each_value_has_torchs_loss_and_gradient(name: str, seed: int, windows: int, targets: int) -> None:
    predicted, actual, weights = random_tensors(seed, (windows, targets))
    losses: list[Tensor] = []
    gradients: list[Tensor] = []
    for loss in (LOSSES[name], lambda *pair: TORCHS[name](*pair, reduction="none")):
        leaf = predicted.clone().requires_grad_()
        losses.append(loss(leaf, actual))
        gradients += torch.autograd.grad((losses[-1] * weights).sum(), leaf)
    assert losses[0].shape == (windows, targets)
    assert torch.equal(*losses)
    assert torch.equal(*gradients)


@pytest.mark.parametrize(("name", "expected"), [("mae", [2.0, 0.5, 0.0]), ("mse", [4.0, 0.25, 0.0])])
def test_losses_worked_by_hand(name: str, expected: list[float]) -> None:
    predicted, actual = torch.tensor([[1.0, 0.5, 7.0]]), torch.tensor([[3.0, 0.0, 7.0]])
    assert LOSSES[name](predicted, actual).tolist() == [expected]
