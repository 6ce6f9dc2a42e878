"""Adam, AdamW and one cycle of the learning rate, as torch.optim has them.

That imports torch's compiler where an optimizer is first used: more than a second in each process that trains.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from stages.train.params import Train

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
WARM_UP = 0.3  # of the steps of a cycle, in which the rate rises and the momentum falls
FIRST, LAST = 25.0, 1e4  # times that the rate is less at first than at its height, and at last than at first
MOMENTA = (0.95, 0.85)  # at first and at last, and at the height of the rate


class Optimizer:
    """Adam (Kingma and Ba 2015, algorithm 1), or AdamW, whose decay is no part of the gradients.

    AdamW: Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2, in torch's fused kernel.
    Adam rounds as torch's kernel of one weight after another, which is the tutorial's.

    networks: the weights of each of the networks, which take their steps together
    """

    def __init__(self, networks: list[list[Tensor]], settings: Train) -> None:
        weights = [each for network in networks for each in network]
        self.networks, self.weights = networks, weights
        self.decay, self.is_adamw = settings.weight_decay, settings.optimizer == "adamw"
        self.means, self.squares = ([torch.zeros_like(each) for each in weights] for _ in range(2))
        self.steps = [torch.zeros((), device=each.device) for each in weights]

    def zero_grad(self) -> None:
        for each in self.weights:
            each.grad = None

    def clip(self, most: float) -> None:
        """Shorten each network's gradient to a norm of `most`, where it is longer."""
        for network in self.networks:
            nn.utils.clip_grad_norm_(network, most)

    @torch.no_grad()
    def step(self, rate: float, beta_1: float) -> None:
        """Change the weights by their gradients."""
        some = [place for place, each in enumerate(self.weights) if each.grad is not None]
        weights, means, squares, steps = (
            [each[place] for place in some] for each in (self.weights, self.means, self.squares, self.steps)
        )
        gradients = [each.grad for each in weights if each.grad is not None]
        torch._foreach_add_(steps, 1)
        if self.is_adamw:
            torch._fused_adamw_(
                weights, gradients, means, squares, [], steps, lr=rate, beta1=beta_1, beta2=BETA_2,
                weight_decay=self.decay, eps=EPSILON, amsgrad=False, maximize=False,
            )  # fmt: skip
            return
        for weight, gradient, mean, square, step in zip(weights, gradients, means, squares, steps, strict=True):
            if self.decay:
                gradient = gradient.add(weight, alpha=self.decay)
            mean.lerp_(gradient, 1 - beta_1)
            square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
            of_mean, of_square = 1 - beta_1 ** step.item(), (1 - BETA_2 ** step.item()) ** 0.5
            weight.addcdiv_(mean, (square.sqrt() / of_square).add_(EPSILON), value=-(rate / of_mean))


def schedule(settings: Train, steps: int) -> Iterator[tuple[float, float]]:
    """The learning rate and the momentum, which is Adam's first beta, of each of so many steps.

    Constant, or one cycle along two halves of a cosine (Smith and Topin 2017).
    """
    if settings.schedule != "one_cycle":
        for _ in range(steps):
            yield settings.learning_rate, BETA_1
        return
    height, (slow, fast) = settings.learning_rate, MOMENTA
    first = height / FIRST
    last = first / LAST
    top = WARM_UP * (steps + 1) - 1
    for step in range(steps):
        if step <= top:
            share = step / top
            yield _along_cosine(first, height, share), _along_cosine(slow, fast, share)
        else:
            share = (step - top) / (steps - top)
            yield _along_cosine(height, last, share), _along_cosine(fast, slow, share)


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
