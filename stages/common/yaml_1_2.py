"""YAML read with PyYAML, its values resolved by the rules of YAML 1.2, as DVC resolves them.

PyYAML resolves by YAML 1.1: `1e-3` is a text, `no` is false and `1:30` is 90. So only its parser is used, libyaml,
which takes a fifth of the time of one in Python. The rules here are those of ruamel.yaml 0.19 and
ruamel.yaml.clib, with which DVC reads the same file; a property test compares the two.

What `params.yaml` has no use for is refused, though ruamel.yaml reads it: tags, directives, keys that are lists, and
documents that grow without bound when their aliases are followed. And what ruamel.yaml.clib refuses: colons and
question marks in texts without quotes between brackets.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NoReturn

import yaml

from stages.common.errors import quoted

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 100_000  # with every alias counted as what it stands for; params.yaml holds about 150
MAX_DEPTH = 50

# Control characters, and three that end a line in YAML 1.1 but not in 1.2.
FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class YamlError(ValueError):
    """Text that is not YAML, or YAML that is not accepted: the line, the column and the problem, in one line."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"line {line}, column {column}: {problem}")


def read_yaml(text: str) -> Any:
    """The value of the single document in `text`, None where it is empty. Raises YamlError."""
    if len(text) > MAX_CHARACTERS:
        raise YamlError(1, 1, f"more than {MAX_CHARACTERS:,} characters; remove what is not needed")
    if found := FORBIDDEN.search(text):
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        code = f"{ord(found.group()):04X}"
        raise YamlError(line, column, f'not valid YAML: character U+{code} is not allowed; write "\\u{code}"')
    try:
        return _Document(text).read()
    except yaml.MarkedYAMLError as error:
        at, begun = error.problem_mark or error.context_mark, error.context_mark
        whole = f", in what begins in line {begun.line + 1}" if begun and begun.line < at.line else ""
        _refuse(at, f"not valid YAML: {error.problem}{whole}; correct that, or quote a text with signs")


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    number = int(digits, {"0b": 2, "0o": 8, "0x": 16}.get(digits.lstrip("+-")[:2], 10))
    str(number)  # raises ValueError for a number that no message can show
    return number


def _float(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


def _date(text: str) -> date:
    """A date or a datetime, rounded to microseconds."""
    node = yaml.ScalarNode("tag:yaml.org,2002:timestamp", text)
    moment: date = yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)  # cuts after six digits
    return moment + timedelta(microseconds=1) if re.search(r"\.\d{6}[5-9]", text) else moment


def _no_value(text: str) -> NoReturn:
    raise ValueError(text)


DIGITS = r"[0-9][0-9_]*"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = (
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)

PLAIN: list[tuple[str, Callable[[str], Any]]] = [  # patterns of texts without quotes, and the value of such a text
    ("~|null|Null|NULL|", lambda text: None),
    ("true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    (rf"[-+]?{DIGITS}\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?{DIGITS}[eE][-+]?[0-9]+", _float),
    (r"[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", _float),
    (rf"{DIGITS}|[-+][0-9_]+|[-+]?0b[01_]+|[-+]?0o[0-7_]+|[-+]?0x[0-9a-fA-F_]+", _integer),
    (rf"{DAY}|{MOMENT}", _date),
    ("<<|=", _no_value),
]


class _Document:
    """Builds the value of a document from PyYAML's events."""

    def __init__(self, text: str) -> None:
        self.events = yaml.parse(text, yaml.CSafeLoader)
        self.anchors: dict[str, tuple[Any, int] | None] = {}  # value and its count; None while it is being built
        self.count = 0
        self.brackets = 0  # how many are open

    def read(self) -> Any:
        next(self.events)  # the start of the stream
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            return None
        if start.version or start.tags:
            _refuse(start.start_mark, "a directive is not accepted; remove it")
        value = self.value(next(self.events), depth=0)
        next(self.events)  # the end of the document
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            _refuse(following.start_mark, "a second document starts; remove it")
        return value

    def value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.tag is not None:
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            _refuse(event.start_mark, f"tag {quoted(written)} is not accepted; remove it")
        if depth > MAX_DEPTH:
            _refuse(event.start_mark, f"nested more than {MAX_DEPTH} deep; make it flatter")
        before = self.count
        self.add(1, event)
        if event.anchor in self.anchors:
            _refuse(event.start_mark, f"anchor {quoted(event.anchor)} is defined twice; rename one")
        if event.anchor:
            self.anchors[event.anchor] = None
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self.plain(event) if event.implicit[0] else event.value
        else:
            self.brackets += event.flow_style
            value = self.sequence(depth) if isinstance(event, yaml.SequenceStartEvent) else self.mapping(depth)
            self.brackets -= event.flow_style
        if event.anchor:
            self.anchors[event.anchor] = value, self.count - before
        return value

    def alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            _refuse(event.start_mark, f"alias {quoted(event.anchor)} has no anchor above it; define it there")
        target = self.anchors[event.anchor]
        if target is None:
            _refuse(event.start_mark, f"alias {quoted(event.anchor)} is inside its own anchor; remove it")
        self.add(target[1], event)
        return target[0]

    def sequence(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self.value(event, depth + 1))
        return values

    def mapping(self, depth: int) -> dict[Any, Any]:
        """Keys of its own take precedence over merged ones (`<<: *base`)."""
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] | None = None
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == "<<":
                if merged is not None:
                    _refuse(event.start_mark, "duplicate key '<<'; merge a list of mappings")
                merged = self.merge(next(self.events), depth)
                continue
            key = self.value(event, depth + 1)
            if isinstance(key, (list, dict)):
                _refuse(event.start_mark, "a list or a mapping is not accepted as a key; use a name")
            if key in own:
                _refuse(event.start_mark, f"duplicate key {quoted(key)}; remove one of them")
            own[key] = self.value(next(self.events), depth + 1)
        return {**(merged or {}), **own}

    def merge(self, event: Any, depth: int) -> dict[Any, Any]:
        """The keys of a mapping, or of a list of mappings: the first that has a key decides its value."""
        value = self.value(event, depth + 1)
        merged: dict[Any, Any] = {}
        for each in reversed(value if isinstance(value, list) else [value]):
            if not isinstance(each, dict):
                _refuse(event.start_mark, "<< takes a mapping or a list of mappings; correct that line")
            merged |= each
        return merged

    def plain(self, event: Any) -> Any:
        """The value of a text without quotes; the text itself where no pattern matches the whole of it."""
        if self.brackets and re.search("[:?]", event.value):
            _refuse(event.start_mark, f"{quoted(event.value)} has a colon or a question mark; quote it")
        for pattern, convert in PLAIN:
            if re.fullmatch(pattern, event.value):
                try:
                    return convert(event.value)
                except (ValueError, OverflowError):
                    _refuse(event.start_mark, f"{quoted(event.value)} is not a valid value; quote it if it is a text")
        return event.value

    def add(self, values: int, event: Any) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            _refuse(event.start_mark, f"more than {MAX_VALUES:,} values with aliases counted in full; remove some")


def _refuse(mark: Any, problem: str) -> NoReturn:
    raise YamlError(mark.line + 1, mark.column + 1, problem) from None
