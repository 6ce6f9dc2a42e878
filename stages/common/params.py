"""`params.yaml` as a strict schema: every key is required, an unknown key or a senseless combination is an error."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from stages.common.errors import UserError

PARAMS_FILE = Path("params.yaml")

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
OneOrMore = BeforeValidator(lambda value: value if isinstance(value, list) else [value])
Baseline = Literal["seasonal_naive", "auto_ets", "auto_theta", "auto_arima", "auto_theta_log", "auto_arima_log"]
Log = Literal["auto", True, False]
Seasonal = Literal["none", "difference", "indices"]
Local = Literal["none", "last", "mean"]
Scale = Literal["none", "minmax", "standard", "robust"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Ingest(Section):
    path: Name
    series: Name | None
    time: Name
    value: Name
    frequency: Name | None
    season_length: Count | None
    missing: Literal["error", "forward", "zero"]

    @model_validator(mode="after")
    def _columns_differ(self) -> "Ingest":
        named = [name for name in (self.series, self.time, self.value) if name is not None]
        if len(set(named)) < len(named):
            raise ValueError(f"series, time and value name the same column in {named}; name three different ones")
        return self


class Backtest(Section):
    horizon: Count
    origins: Annotated[int, Field(ge=0)]
    step: Count
    calibration: Annotated[int, Field(ge=0)]

    @property
    def evaluation(self) -> list[int]:
        """The evaluation origins, latest first, each as the number of steps that are held back after it."""
        return [self.horizon + i * self.step for i in range(self.origins)]

    @property
    def all_origins(self) -> list[int]:
        """The live origin (0), the evaluation origins, and the earlier ones that only calibrate intervals.

        These are a horizon apart at least, so that the errors of all their steps are known at the first evaluation.
        """
        first = max(self.evaluation, default=0)
        apart = max(self.step, self.horizon)
        return [0, *self.evaluation, *(first + apart * i for i in range(1, self.calibration + 1))]


class Normalize(Section):
    log: Log
    seasonal: Seasonal
    scale: Scale


class Window(Section):
    size: Annotated[list[Count], Field(min_length=1), OneOrMore]
    local: Local
    local_size: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), OneOrMore]

    @model_validator(mode="after")
    def _local_within_window(self) -> "Window":
        if self.local == "mean" and max(self.local_size) > min(self.size):
            raise ValueError(f"local_size {max(self.local_size)} is longer than size {min(self.size)}; make it shorter")
        return self


class Model(Section):
    cell: Literal["lstm", "gru", "rnn"]
    hidden_size: Count
    num_layers: Count
    bias: bool
    dropout: Fraction
    bidirectional: bool
    output: Literal["direct", "recursive"]

    @model_validator(mode="after")
    def _dropout_between_layers(self) -> "Model":
        if self.dropout and self.num_layers == 1:
            raise ValueError("dropout acts between layers; set num_layers to 2 or more, or dropout to 0")
        return self


class Train(Section):
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    members: Count
    epochs: Count
    batch_size: Count
    shuffle: bool
    optimizer: Literal["adam", "adamw"]
    learning_rate: Positive
    weight_decay: NonNegative
    schedule: Literal["constant", "cosine", "one_cycle"]
    clip: Positive | None
    loss: Literal["mse", "mae", "huber", "pinball"]
    huber_delta: Positive
    quantile: Annotated[float, Field(gt=0, lt=1)]
    input_noise: NonNegative
    validation: Fraction
    patience: Count | None
    device: Literal["auto", "cpu", "cuda"]

    @model_validator(mode="after")
    def _patience_needs_validation(self) -> "Train":
        if self.patience and not self.validation:
            raise ValueError("patience needs a validation part; set validation to 0.1, say, or patience to null")
        return self


class Predict(Section):
    levels: list[Annotated[int, Field(gt=0, lt=100)]]
    baselines: list[Baseline]

    @model_validator(mode="after")
    def _lists_make_sense(self) -> "Predict":
        if self.levels != sorted(set(self.levels)):
            raise ValueError(f"levels {self.levels} must be in rising order, each once")
        if "seasonal_naive" not in self.baselines or len(set(self.baselines)) < len(self.baselines):
            raise ValueError("baselines must hold seasonal_naive, and each name once")
        return self


class Plot(Section):
    series: Count
    dpi: Annotated[int, Field(ge=30, le=600)]


class Compute(Section):
    engine: Literal["local"]
    workers: Literal["auto"] | Count


class Params(Section):
    ingest: Ingest
    backtest: Backtest
    normalize: Normalize
    window: Window
    model: Model
    train: Train
    predict: Predict
    plot: Plot
    compute: Compute


SECTIONS: dict[str, type[Section]] = {
    "ingest": Ingest,
    "backtest": Backtest,
    "normalize": Normalize,
    "window": Window,
    "model": Model,
    "train": Train,
    "predict": Predict,
    "plot": Plot,
    "compute": Compute,
}


def read_params(path: Path = PARAMS_FILE) -> Params:
    """Read and validate the parameters as YAML 1.2, as DVC does. Raises UserError for the first thing wrong."""
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} not found; run in the project's folder, or `git checkout {path}`") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"{path}{where}: not valid YAML: {error.problem}; correct that line") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no sections; `git checkout {path}` brings the original back")
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{path}: {_describe(error, values)}") from None


def _describe(error: ValidationError, values: dict[str, Any]) -> str:
    """One problem in words, a misspelt key first: the parameter's dotted name, what was found, what is wanted."""
    problems = error.errors(include_url=False)
    problem = min(problems, key=lambda each: each["type"] != "extra_forbidden")
    keys = [key for key in problem["loc"] if isinstance(key, str) and not key.startswith("constrained-")]
    fields = SECTIONS[keys[0]].model_fields if len(keys) > 1 else Params.model_fields
    name = ".".join(keys[:2])
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(keys[-1], list(fields), n=1) or ["one of " + ", ".join(fields)]
        return f"unknown parameter {name}; did you mean {close[0]}?"
    if problem["type"] == "missing":
        return f"parameter {name} is missing; add it, the README and the original params.yaml have its values"
    if problem["type"] == "value_error":
        return f"{name}: {problem['ctx']['error']}"
    found = values[keys[0]][keys[1]] if len(keys) > 1 else values[keys[0]]
    wanted = {_wanted(other) for other in problems if other["loc"][:2] == problem["loc"][:2]}
    return f"{name} is {found!r}; {' or '.join(sorted(wanted))}"


def _wanted(problem: Any) -> str:
    return str(problem["msg"]).replace("Input should be ", "it must be ").replace("a valid ", "a ")
