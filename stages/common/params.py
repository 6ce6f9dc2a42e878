"""Read `params.yaml` strictly: a missing, unknown or misspelt key, a wrong type or a wrong value is an error.

A section's schema is in the folder of the stage that owns it. Every stage checks the whole file, so a mistake anywhere
ends the first stage that runs. In `dvc.yaml` a stage depends only on the schemas of the sections that it uses: the
others can refuse a run, but cannot change its results.
"""

import difflib
import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from stages.common.errors import UserError, quoted
from stages.common.yaml_1_2 import YamlError, read_yaml

PARAMS_FILE = Path("params.yaml")

SECTIONS = {  # module with the schema of each; the class has the section's name, capitalized
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

ADD_IT = "add it; the original params.yaml shows its values"
OUTDATED, UNKNOWN, WRONG = range(3)  # the order in which problems are reported

Name = Annotated[str, Field(min_length=1)]
SmallCount = Annotated[int, Field(ge=1, le=10_000)]  # each one costs time and memory
PositiveInt = Annotated[int, Field(ge=1, le=10**9)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Auto = Literal["auto"]
OneOrMore = BeforeValidator(lambda value: value if isinstance(value, list) else [value])


class OneOf:
    """Annotation for a text that must be a key of `table`: `cell: Annotated[str, OneOf(CELLS)]`.

    renamed: names of earlier versions, and the key that each became
    """

    def __init__(self, table: Mapping[str, Any], renamed: Mapping[str, str] | None = None) -> None:
        self.names, self.renamed = list(table), renamed or {}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            self._refuse_renamed, core_schema.literal_schema(self.names)
        )

    def _refuse_renamed(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.renamed:
            raise ValueError(f"{quoted(value)} is now called {self.renamed[value]}; rename it")
        return value


class Section(BaseModel):
    """One section of `params.yaml`, or a group of keys in one.

    RENAMED: keys of earlier versions, and the parameter that each became, by its full name: `"most": "window.maximum"`
    REMOVED: keys of earlier versions that nothing replaces, and why
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    RENAMED: ClassVar[dict[str, str]] = {}
    REMOVED: ClassVar[dict[str, str]] = {}

    def check_with(self, others: "Params") -> None:
        """Raise ValueError if a value contradicts those of other sections."""


SectionType = TypeVar("SectionType", bound=Section)


@dataclass(frozen=True)
class Params:
    """All sections, checked: `params[Train]` is the section of that class.

    values: by section and key, as they are in the file
    """

    sections: dict[str, Section]
    values: dict[str, dict[str, Any]]

    def __getitem__(self, schema: type[SectionType]) -> SectionType:
        section = self.sections[schema.__name__.lower()]
        assert isinstance(section, schema)
        return section

    def dump(self, *sections: str) -> dict[str, dict[str, Any]]:
        """The values of `sections` as they are in the file; of all sections where none is named."""
        return {name: dict(self.values[name]) for name in sections or SECTIONS}


def read_params(path: Path = PARAMS_FILE) -> Params:
    """The parameters in a file. Raises UserError with the first problem, in one line."""
    try:
        values = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} not found; run in the project's folder, or `git checkout {path}`") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except YamlError as error:
        raise UserError(f"{path} {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no sections; `git checkout {path}` brings the original back")
    try:
        return check_params(values)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None


def schema_of(section: str) -> type[Section]:
    """The class that describes a section."""
    schema: type[Section] = getattr(importlib.import_module(SECTIONS[section]), section.capitalize())
    return schema


def check_params(values: dict[Any, Any]) -> Params:
    """The parameters in `values`, by section and key.

    Raises ValueError with the first problem: keys of earlier versions come before unknown ones, and these before all
    else, since the key that is right is missing as well.
    """
    problems = [(UNKNOWN, _unknown("section", name, SECTIONS)) for name in values if name not in SECTIONS]
    sections: dict[str, Section] = {}
    for name in SECTIONS:
        if name not in values:
            problems.append((WRONG, f"section {name} is missing; {ADD_IT}"))
            continue
        try:
            sections[name] = schema_of(name).model_validate(values[name])
        except ValidationError as error:
            problems += _problems(error, name, values[name])
    if problems:
        first = min(problem[0] for problem in problems)
        found = [text for order, text in problems if order == first]
        raise ValueError("; ".join(found) if first == OUTDATED else found[0])  # all of an old file at once
    params = Params(sections, values)
    for name, section in sections.items():
        try:
            section.check_with(params)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return params


def _problems(error: ValidationError, section: str, values: Any) -> list[tuple[int, str]]:
    """What is wrong in a section, each problem with its place in the order of reports."""
    described = []
    by_parameter: dict[tuple[str, ...], list[Any]] = {}  # a value that may have several types has a problem with each
    for problem in error.errors(include_url=False):
        keys = _keys(problem, values)
        if problem["type"] == "extra_forbidden":
            described.append(_superfluous(section, keys))
        elif problem["type"] == "invalid_key":
            key = quoted(problem["input"])
            described.append((WRONG, f"the key {key} in section {section} is not a name; correct or remove that line"))
        else:
            by_parameter.setdefault(keys, []).append(problem)
    for keys, problems in by_parameter.items():
        described.append((WRONG, _wrong(".".join([section, *keys]), _found(keys, values), problems)))
    return described


def _keys(problem: Any, values: Any) -> tuple[str, ...]:
    """The keys that lead to a problem; pydantic adds places in lists and the names of alternative types."""
    keys = []
    for part in problem["loc"]:
        if not isinstance(values, dict) or (part not in values and problem["type"] != "missing"):
            break
        keys.append(part)
        values = values.get(part)
    return tuple(keys)


def _found(keys: Iterable[str], values: Any) -> Any:
    for key in keys:
        values = values.get(key)
    return values


def _superfluous(section: str, keys: tuple[str, ...]) -> tuple[int, str]:
    """A key that the schema lacks: one of an earlier version, or misspelt."""
    schema: Any = schema_of(section)
    for name in keys[:-1]:
        schema = schema.model_fields[name].annotation
    group, key = ".".join([section, *keys[:-1]]), keys[-1]
    if key in schema.RENAMED:
        new = schema.RENAMED[key]
        what_to_do = "rename it" if new.rpartition(".")[0] == group else "move it there"
        return OUTDATED, f"parameter {group}.{key} is now called {new}; {what_to_do}"
    if key in schema.REMOVED:
        return OUTDATED, f"parameter {group}.{key} was removed: {schema.REMOVED[key]}; delete that line"
    return UNKNOWN, _unknown("parameter", key, schema.model_fields, f"{group}.")


def _unknown(kind: str, name: object, known: Iterable[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    suggestion = f"did you mean {prefix}{close[0]}?" if close else f"use one of {', '.join(known)}"
    return f"unknown {kind} {quoted(f'{prefix}{name}')}; {suggestion}"


def _wrong(name: str, found: Any, problems: list[Any]) -> str:
    """A parameter that is missing, or whose value is refused."""
    first = problems[0]
    if first["type"] == "missing":
        return f"parameter {name} is missing; {ADD_IT}"
    if first["type"] == "value_error":
        return f"{name}: {first['ctx']['error']}"
    wanted = _wanted(problem["msg"] for problem in problems)
    if isinstance(found, list) and first["loc"] and isinstance(first["loc"][-1], int):  # one item of it
        item = first["input"]
        write = (
            f": write {item:.0f}"
            if first["type"] == "int_type" and isinstance(item, float) and item.is_integer()
            else ""
        )
        return f"{name} is {quoted(found)}; {quoted(item)} in it {wanted.removeprefix('it ')}{write}"
    return f"{name} is {quoted(found)}; {wanted}"


def _wanted(messages: Iterable[str]) -> str:
    """pydantic's messages as one: `it must be 'auto' or an integer`."""
    demands = {re.sub(r"^\w+ should ", "must ", message) for message in messages}
    sentence = "it " + " or ".join(sorted(demands)).replace(" or must be ", " or ").replace(" after validation", "")
    sentence = re.sub(r"a valid dictionary or instance of \w+", "a group of parameters, `name: value`", sentence)
    return sentence.replace("a valid integer", "an integer").replace("a valid ", "a ")
