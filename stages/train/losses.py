"""The losses by name: one table, LOSSES."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the names are checked by stages that need no torch
    from torch import Tensor


def squared_error(predicted: "Tensor", actual: "Tensor") -> "Tensor":
    return (predicted - actual) ** 2


def absolute_error(predicted: "Tensor", actual: "Tensor") -> "Tensor":
    return (predicted - actual).abs()


# The loss (B, targets) of each predicted value against the actual one.
LOSSES: dict[str, Callable[["Tensor", "Tensor"], "Tensor"]] = {
    "mse": squared_error,
    "mae": absolute_error,
}
