"""The parameters of the network and its training: `model` and `train`."""

import importlib
import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from stages.common.params import Auto, Fraction, NonNegative, OneOf, Params, Positive, PositiveInt, Section, SmallCount
from stages.train.cells import CELLS
from stages.train.losses import LOSSES

BATCHES, SMALL_BATCH, LARGE_BATCH = 10, 64, 128  # `batch_size: auto`: batches of all windows, windows in a batch


class Model(Section):
    cell: Annotated[str, OneOf(CELLS)]
    hidden_size: SmallCount
    num_layers: SmallCount
    bias: bool
    dropout: Fraction
    bidirectional: bool
    head_dropout: Fraction

    RENAMED: ClassVar = {"output": "window.output"}

    @model_validator(mode="after")
    def _dropout_between_layers(self) -> "Model":
        if self.dropout and self.num_layers == 1:
            raise ValueError("dropout acts between layers; set num_layers to 2 or more, or dropout to 0")
        return self


class Train(Section):
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    members: SmallCount
    epochs: PositiveInt
    update_epochs: PositiveInt | None
    steps_per_epoch: PositiveInt | None
    batch_size: PositiveInt | Auto
    shuffle: bool
    optimizer: Literal["adam", "adamw"]
    learning_rate: Positive
    weight_decay: NonNegative
    schedule: Literal["constant", "one_cycle"]
    clip: Positive | None
    loss: Annotated[str, OneOf(LOSSES)]
    expert_pull: NonNegative
    precision: Literal["float32", "bfloat16"]
    device: Literal["auto", "cpu", "cuda", "mps"]

    RENAMED: ClassVar = {"base_pull": "train.expert_pull"}
    REMOVED: ClassVar = {
        "huber_delta": "the loss is mae or mse",
        "quantile": "the loss is mae or mse",
        "input_noise": "no recipe used it",
        "feature_dropout": "it made no forecast better",
        "validation": "every window is trained on",
        "patience": "every window is trained on, for all epochs",
    }

    def batch_of(self, windows: int) -> int:
        """The number of windows in a batch, of so many in all; with `auto`, few make two batches."""
        if self.batch_size != "auto":
            return self.batch_size
        most = min(LARGE_BATCH, max(1, math.ceil(windows / 2)))
        return min(max(math.ceil(windows / BATCHES), SMALL_BATCH), most)

    def batches_in_epoch(self, windows: int) -> int:
        """The number of batches that hold every window once, but at most `steps_per_epoch`."""
        batches = math.ceil(windows / self.batch_of(windows))
        return batches if self.steps_per_epoch is None else min(batches, self.steps_per_epoch)

    def epochs_of(self, goes_on: bool) -> int:
        """Of a network that starts anew, or goes on from that of an earlier training origin."""
        return self.update_epochs if goes_on and self.update_epochs else self.epochs

    def chains(self, origins: int) -> tuple[int, int]:
        """How many networks are trained independently at so many training origins, and the epochs of each in all."""
        if self.update_epochs is None:
            return self.members * origins, self.epochs
        return self.members, self.epochs + (origins - 1) * self.update_epochs

    def check_with(self, others: Params) -> None:
        # By name, as the schemas: stages that only read these parameters depend on no estimate.
        importlib.import_module("stages.train.cost").check_params(others)
