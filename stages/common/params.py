"""Read `params.yaml`, strictly: every key is required, an unknown key or a senseless combination is an error.

A section's schema stands in the folder of the stage that owns it. The whole file is checked by every stage, so that a
mistake anywhere ends the first stage that runs; a stage depends on the schemas of the sections that it reads alone,
since the others can refuse a run but change no byte of it.
"""

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stages.common.errors import UserError, quoted

if TYPE_CHECKING:
    from stages.compare.params import Compare
    from stages.compute.params import Compute
    from stages.ingest.params import Ingest
    from stages.normalize.params import Backtest, Normalize
    from stages.plot.params import Plot
    from stages.predict.params import Predict
    from stages.train.params import Model, Train
    from stages.window.params import Window

PARAMS_FILE = Path("params.yaml")

SECTIONS = {  # and the module of each one's schema, whose class has the section's name
    "ingest": "stages.ingest.params",
    "backtest": "stages.normalize.params",
    "normalize": "stages.normalize.params",
    "window": "stages.window.params",
    "model": "stages.train.params",
    "train": "stages.train.params",
    "predict": "stages.predict.params",
    "plot": "stages.plot.params",
    "compute": "stages.compute.params",
    "compare": "stages.compare.params",
}

Name = Annotated[str, Field(min_length=1)]
SmallCount = Annotated[int, Field(ge=1, le=10_000)]  # of what takes time and memory each
PositiveInt = Annotated[int, Field(ge=1, le=10**9)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Auto = Literal["auto"]
OneOrMore = BeforeValidator(lambda value: value if isinstance(value, list) else [value])


class OneOf:
    """Annotation of a text that must be a key of `table`: `cell: Annotated[str, OneOf(CELLS)]`."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.names = list(table)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(self.names)


class Section(BaseModel):
    """One section of `params.yaml`.

    RENAMED: keys of earlier versions, and what they are called now
    REMOVED: keys of earlier versions that are no more, and why
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    RENAMED: ClassVar[dict[str, str]] = {}
    REMOVED: ClassVar[dict[str, str]] = {}

    def check_with(self, others: "Params") -> None:
        """Raises ValueError for a value that makes no sense beside those of `others`."""


class Params:
    """All sections, by name."""

    ingest: "Ingest"
    backtest: "Backtest"
    normalize: "Normalize"
    window: "Window"
    model: "Model"
    train: "Train"
    predict: "Predict"
    plot: "Plot"
    compute: "Compute"
    compare: "Compare"

    def __init__(self, sections: dict[str, Section], values: dict[str, dict[str, Any]]) -> None:
        self.__dict__.update(sections)
        self._values = values

    def dump(self, *sections: str) -> dict[str, dict[str, Any]]:
        """The values of `sections`, of all where none is named, as they are in the file."""
        return {name: dict(self._values[name]) for name in sections or SECTIONS}


def read_params(path: Path = PARAMS_FILE) -> Params:
    """Read and check the parameters as YAML 1.2, as DVC does. Raises UserError for the first thing wrong."""
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
        raise UserError(f"{path}: not valid YAML: {quoted(str(error))}; correct that") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no sections; `git checkout {path}` brings the original back")
    try:
        return check_params(values)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None


def schema_of(section: str) -> type[Section]:
    """The class of a section."""
    schema: type[Section] = getattr(importlib.import_module(SECTIONS[section]), section.capitalize())
    return schema


def check_params(values: dict[Any, Any]) -> Params:
    """The parameters in `values`, by section and key. Raises ValueError for the first thing wrong."""
    for name in values:
        if name not in SECTIONS:
            raise ValueError(_unknown(name, "", list(SECTIONS)))
    sections: dict[str, Section] = {}
    problems: list[tuple[bool, str]] = []  # whether it is a key that is known, and the problem in words
    for name in SECTIONS:
        schema = schema_of(name)
        if name not in values:
            problems.append((True, f"parameter {name} is missing; {RESTORE}"))
            continue
        try:
            sections[name] = schema.model_validate(values[name])
        except ValidationError as error:
            problems.append(_described(error, name, values[name], schema))
    if problems:
        raise ValueError(min(problems, key=lambda problem: problem[0])[1])
    params = Params(sections, values)
    for name, section in sections.items():
        try:
            section.check_with(params)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return params


RESTORE = "add it, the README and the original params.yaml have its values"


def _described(error: ValidationError, section: str, values: Any, schema: type[Section]) -> tuple[bool, str]:
    """One problem of a section in words, a misspelt key first: the parameter, what was found, what is wanted."""
    problems = error.errors(include_url=False)
    problem = min(problems, key=lambda each: each["type"] != "extra_forbidden")
    kind, key = problem["type"], next((part for part in problem["loc"] if isinstance(part, str)), "")
    name = f"{section}.{key}" if key else section
    if kind == "invalid_key":
        return True, f"the key {quoted(problem['input'])} is no name of a parameter; remove that line or correct it"
    if kind == "extra_forbidden":
        if key in schema.RENAMED:
            return False, f"parameter {name} is now called {section}.{schema.RENAMED[key]}; rename it"
        if key in schema.REMOVED:
            return False, f"parameter {name} is no more: {schema.REMOVED[key]}; remove that line"
        return False, _unknown(key, f"{section}.", list(schema.model_fields))
    if kind == "missing":
        return True, f"parameter {name} is missing; {RESTORE}"
    if kind == "value_error":
        return True, f"{name}: {problem['ctx']['error']}"
    found = values[key] if key else values
    wanted = {_wanted(other) for other in problems if other["loc"][:1] == problem["loc"][:1]}
    return True, f"{name} is {quoted(found)}; {' or '.join(sorted(wanted))}"


def _unknown(key: object, prefix: str, known: list[str]) -> str:
    close = difflib.get_close_matches(str(key), known, n=1) or ["one of " + ", ".join(known)]
    return f"unknown parameter {quoted(f'{prefix}{key}')}; did you mean {close[0]}?"


def _wanted(problem: Any) -> str:
    return str(problem["msg"]).replace("Input should be ", "it must be ").replace("a valid ", "a ")
