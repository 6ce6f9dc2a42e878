"""The parameters of the network and of its training."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.params import Fraction, NonNegative, OneOrMore, Params, Positive, PositiveInt, Section, SmallCount

Loss = Literal["mse", "mae", "huber", "pinball"]
Precision = Literal["float32", "bfloat16"]


class Model(Section):
    cell: Literal["lstm", "gru", "rnn"]
    hidden_size: SmallCount
    num_layers: SmallCount
    bias: bool
    dropout: Fraction
    bidirectional: bool
    head_dropout: Fraction
    output: Literal["direct", "recursive"]

    @model_validator(mode="after")
    def _dropout_between_layers(self) -> "Model":
        if self.dropout and self.num_layers == 1:
            raise ValueError("dropout acts between layers; set num_layers to 2 or more, or dropout to 0")
        return self

    def check_with(self, others: Params) -> None:
        per_cut = others.window.local == "smoothing" or others.window.padding or others.normalize.seasonal == "shrunk"
        if self.output == "recursive" and per_cut:
            raise ValueError(
                "output recursive feeds a window its own forecasts, which needs window.local none, last or mean, "
                "window.padding false and normalize.seasonal none, difference or indices; set these, or output direct"
            )


class Train(Section):
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    members: SmallCount
    epochs: PositiveInt
    steps_per_epoch: PositiveInt | None
    batch_size: PositiveInt
    shuffle: bool
    optimizer: Literal["adam", "adamw"]
    learning_rate: Positive
    weight_decay: NonNegative
    schedule: Literal["constant", "cosine", "one_cycle"]
    clip: Positive | None
    loss: Annotated[list[Loss], Field(min_length=1), OneOrMore]
    huber_delta: Positive
    quantile: Annotated[float, Field(gt=0, lt=1)]
    input_noise: NonNegative
    feature_dropout: Fraction
    base_pull: NonNegative
    validation: Fraction
    patience: PositiveInt | None
    precision: Precision
    device: Literal["auto", "cpu", "cuda"]

    @model_validator(mode="after")
    def _patience_needs_validation(self) -> "Train":
        if self.patience and not self.validation:
            raise ValueError("patience needs a validation part; set validation to 0.1, say, or patience to null")
        return self
