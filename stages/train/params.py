"""The parameters of the network and its training: `model` and `train`."""

import importlib
import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from stages.common.params import Auto, Fraction, NonNegative, OneOf, Params, Positive, PositiveInt, Section, SmallCount
from stages.train.cells import CELLS
from stages.train.losses import LOSSES

BATCHES, SMALL_BATCH, LARGE_BATCH = 10, 64, 128  # `batch_size: auto`: batches of all windows, windows in a batch
FEWEST_EPOCHS, TIMES_READ = 30, 3  # `epochs: auto`: at least so many, and each window so often on average


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
    epochs: PositiveInt | Auto
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

    def epochs_of(self, windows: int, goes_on: bool) -> int:
        """Of a network that learns from so many windows, and starts anew or goes on from an earlier origin's."""
        if goes_on and self.update_epochs:
            return self.update_epochs
        if self.epochs != "auto":
            return self.epochs
        in_epoch = self.batches_in_epoch(windows) * self.batch_of(windows)
        return max(FEWEST_EPOCHS, math.ceil(TIMES_READ * windows / in_epoch))

    def steps_of(self, windows: int, goes_on: bool) -> int:
        """The steps of the optimizer that such a network takes."""
        return self.epochs_of(windows, goes_on) * self.batches_in_epoch(windows)

    def independent(self, origins: int) -> int:
        """At how many of so many training origins a member is trained independently of the others: at one, or all."""
        return 1 if self.update_epochs else max(origins, 1)

    def check_with(self, others: Params) -> None:
        # By name, as the schemas: stages that only read these parameters depend on no estimate.
        importlib.import_module("stages.train.cost").check_params(others)
