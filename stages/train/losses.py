"""The losses that networks are trained with, in one table, LOSSES."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every stage checks their names, and most import no torch
    from torch import Tensor


def squared_error(predicted: "Tensor", actual: "Tensor") -> "Tensor":
    return (predicted - actual) ** 2


def absolute_error(predicted: "Tensor", actual: "Tensor") -> "Tensor":
    return (predicted - actual).abs()


# Each gives the loss of every predicted value: predicted and actual (B, targets) -> (B, targets).
LOSSES: dict[str, Callable[["Tensor", "Tensor"], "Tensor"]] = {
    "mse": squared_error,
    "mae": absolute_error,
}
