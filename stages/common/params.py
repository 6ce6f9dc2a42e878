"""`params.yaml` as a strict schema: every key is required, an unknown key or a senseless combination is an error."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stages.common.errors import UserError, shown

PARAMS_FILE = Path("params.yaml")

Name = Annotated[str, Field(min_length=1)]
Few = Annotated[int, Field(ge=1, le=10_000)]  # of what takes time and memory each
Many = Annotated[int, Field(ge=1, le=10**9)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Auto = Literal["auto"]
OneOrMore = BeforeValidator(lambda value: value if isinstance(value, list) else [value])
Baseline = Literal["seasonal_naive", "auto_ets", "auto_theta", "auto_arima", "auto_theta_log", "auto_arima_log"]
Log = Literal["auto", True, False]
Seasonal = Literal["none", "difference", "indices", "shrunk"]
Local = Literal["none", "last", "mean", "smoothing"]
Base = Literal["ses", "theta", "holt", "patterns", "growth"]
Missing = Literal["error", "interpolate", "forward", "zero", "seasonal"]
Loss = Literal["mse", "mae", "huber", "pinball"]
Precision = Literal["float32", "bfloat16"]
Scale = Literal["none", "minmax", "standard", "robust", "mean"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Ingest(Section):
    path: Name
    series: Name | None
    time: Name
    value: Name | Annotated[list[Name], Field(min_length=1)] | None
    decimal: Literal[".", ","]
    thousands: Literal[",", ".", " ", "\u00a0", "\u202f", "'", "_"] | None
    time_format: Name | None
    time_zone: Name | None
    frequency: Name | None
    season_length: Annotated[list[Many], Field(min_length=1), OneOrMore] | None
    missing: Missing
    max_gigabytes: Positive

    @model_validator(mode="after")
    def _seasons_rise(self) -> "Ingest":
        if self.season_length is not None and self.season_length != sorted(set(self.season_length)):
            raise ValueError(f"season_length {self.season_length} must be in rising order, each once")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> "Ingest":
        values = self.value if isinstance(self.value, list) else [self.value]
        named = [name for name in (self.series, self.time, *values) if name is not None]
        if len(set(named)) < len(named):
            raise ValueError(f"series, time and value name the same column in {shown(named)}; name different ones")
        return self

    @model_validator(mode="after")
    def _long_or_wide(self) -> "Ingest":
        if self.series is not None and not isinstance(self.value, str):
            raise ValueError(
                "series goes with one column of values; set series to null for a wide file, or value to that column"
            )
        return self

    @model_validator(mode="after")
    def _forms_differ(self) -> "Ingest":
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; set one of them to what it is")
        if self.frequency is None and (self.time_format or self.time_zone):
            raise ValueError("time_format and time_zone go with dates; set them to null, or frequency to auto")
        return self


class Backtest(Section):
    horizon: Many
    origins: Auto | Annotated[int, Field(ge=0, le=10_000)]
    step: Auto | Many
    calibration: Auto | Annotated[int, Field(ge=0, le=10_000)]


class Normalize(Section):
    log: Log
    seasonal: Seasonal
    scale: Scale


class Window(Section):
    size: Auto | Annotated[list[Many], Field(min_length=1), OneOrMore]
    padding: bool
    most: Many
    local: Local
    local_size: Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(min_length=1), OneOrMore]
    bases: list[Base]

    @model_validator(mode="after")
    def _local_within_window(self) -> "Window":
        if self.local == "mean" and self.size != "auto" and max(self.local_size) > min(self.size):
            raise ValueError(f"local_size {max(self.local_size)} is longer than size {min(self.size)}; make it shorter")
        if self.bases and self.local != "smoothing":
            raise ValueError(f"bases {self.bases} come with local: smoothing; set local to it, or bases to []")
        if len(set(self.bases)) < len(self.bases):
            raise ValueError(f"bases {self.bases} must hold each name once")
        return self


class Model(Section):
    cell: Literal["lstm", "gru", "rnn"]
    hidden_size: Few
    num_layers: Few
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


class Train(Section):
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    members: Few
    epochs: Many
    steps_per_epoch: Many | None
    batch_size: Many
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
    patience: Many | None
    precision: Precision
    device: Literal["auto", "cpu", "cuda"]

    @model_validator(mode="after")
    def _patience_needs_validation(self) -> "Train":
        if self.patience and not self.validation:
            raise ValueError("patience needs a validation part; set validation to 0.1, say, or patience to null")
        return self


class Predict(Section):
    levels: list[Annotated[int, Field(gt=0, lt=100)]]
    baselines: Auto | list[Baseline]

    @model_validator(mode="after")
    def _lists_make_sense(self) -> "Predict":
        if self.levels != sorted(set(self.levels)):
            raise ValueError(f"levels {self.levels} must be in rising order, each once")
        if self.baselines != "auto" and (
            "seasonal_naive" not in self.baselines or len(set(self.baselines)) < len(self.baselines)
        ):
            raise ValueError("baselines must hold seasonal_naive, and each name once")
        return self


class Plot(Section):
    series: Few
    dpi: Annotated[int, Field(ge=30, le=600)]


class Compute(Section):
    engine: Literal["local", "dask", "ray"]
    address: Name | None
    workers: Auto | Few

    @model_validator(mode="after")
    def _clusters_have_an_address(self) -> "Compute":
        examples = {"dask": "tcp://host:8786", "ray": "host:6379"}
        if self.engine != "local" and self.address is None:
            raise ValueError(f"engine {self.engine} needs the address of its cluster, such as {examples[self.engine]}")
        return self


class Compare(Section):
    mase: NonNegative | None
    smape: NonNegative | None
    mape: NonNegative | None
    mae: NonNegative | None
    rmse: NonNegative | None
    msis: NonNegative | None
    coverage: NonNegative | None


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
    compare: Compare

    @model_validator(mode="after")
    def _recursive_windows_are_whole(self) -> "Params":
        per_cut = self.window.local == "smoothing" or self.window.padding or self.normalize.seasonal == "shrunk"
        if self.model.output == "recursive" and per_cut:
            raise ValueError(
                "output recursive feeds a window its own forecasts, which needs window.local none, last or mean, "
                "window.padding false and normalize.seasonal none, difference or indices; set these, or output direct"
            )
        return self


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
    "compare": Compare,
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
    except (YAMLError, ValueError, RecursionError) as error:  # characters that YAML forbids, values it cannot build
        raise UserError(f"{path}: not valid YAML: {shown(str(error))}; correct that") from None
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
    if problem["type"] == "invalid_key":
        return f"the key {shown(problem['input'])} is no name of a parameter; remove that line or correct it"
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(keys[-1], list(fields), n=1) or ["one of " + ", ".join(fields)]
        return f"unknown parameter {shown(name)}; did you mean {close[0]}?"
    if problem["type"] == "missing":
        return f"parameter {name} is missing; add it, the README and the original params.yaml have its values"
    if problem["type"] == "value_error":
        return f"{name or 'model'}: {problem['ctx']['error']}"
    found = values[keys[0]][keys[1]] if len(keys) > 1 else values[keys[0]]
    wanted = {_wanted(other) for other in problems if other["loc"][:2] == problem["loc"][:2]}
    return f"{name} is {shown(found)}; {' or '.join(sorted(wanted))}"


def _wanted(problem: Any) -> str:
    return str(problem["msg"]).replace("Input should be ", "it must be ").replace("a valid ", "a ")
