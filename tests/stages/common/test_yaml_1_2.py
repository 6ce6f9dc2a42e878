"""Text has the value that ruamel.yaml reads for DVC, or is refused in one line."""

import json
import math
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError, YAMLWarning

from stages.common import yaml_1_2
from stages.common.yaml_1_2 import MAX_DEPTH, YamlError, read_yaml
from tests.projects import ROOT

REFUSED = "refused"


def reference(text: str) -> Any:
    """What ruamel.yaml reads, as DVC uses it with ruamel.yaml.clib."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", YAMLWarning)
        return YAML(typ="safe").load(text)


def outcome(read: Callable[[str], Any], text: str) -> Any:
    """The value in `text`, or that it is refused; ruamel.yaml also lets errors of Python's conversions through."""
    try:
        return with_types(read(text))
    except (YAMLError, ValueError, LookupError, OverflowError, TypeError, RecursionError):
        return REFUSED


def with_types(value: Any) -> Any:
    """`value` so that 1, 1.0 and true differ, and NaN equals NaN."""
    if isinstance(value, dict):
        return {with_types(key): with_types(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_types(each) for each in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None), value.utcoffset()
    return type(value), repr(value)


numbers = st.text("0123456789_.+-eE", min_size=1, max_size=9) | st.from_regex(
    r"[-+]?(0x[0-9a-fA-F_]{0,4}|0o[0-8_]{0,4}|0b[0-2_]{0,4}|0[0-9_]{0,4}"
    r"|[0-9][0-9_]{0,3}\.?[0-9_]{0,3}([eE][-+]?[0-9]{0,3})?|\.[0-9_]{0,3}([eE][-+]?[0-9]{0,2})?"
    r"|\.(inf|Inf|INF|iNf|nan|NaN|NAN|Nan)|[0-9]{1,3}(:[0-9]{1,2}){1,2}(\.[0-9]{0,2})?)",
    fullmatch=True,
)  # right and wrong
words = st.sampled_from([
    "yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF", "true", "True", "TRUE", "tRUE", "false", "False",
    "FALSE", "null", "Null", "NULL", "nULL", "~", "inf", "nan", "infinity", "None", "auto", "1st", "12h", "1,5", "a:b",
    "a#b", "http://x/y", "W-MON", "%d/%m/%Y", "<<a", "==", ".a", "..", "é", "ü😀", "tcp://host:8786",
])  # fmt: skip
dates = st.from_regex(
    r"[0-9]{4}-(0?[1-9]|1[0-3])-(0?[1-9]|[12][0-9]|3[0-2])"
    r"(([Tt]| {1,2})([0-9]|[01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9](\.[0-9]{0,8})?( ?(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)?",
    fullmatch=True,
)
texts = st.text("abcxyz_019 ", min_size=1).map(str.strip)
plain = (numbers | words | dates | texts).filter(lambda text: text.strip("-.?: ") != "")
printable = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"], exclude_characters="\ufeff")
single_quoted = st.text(printable, max_size=8).map(lambda text: "'" + text.replace("'", "''") + "'")
double_quoted = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(json.dumps)
scalars = plain | single_quoted | double_quoted
trees: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda children: (
        st.lists(children, min_size=1, max_size=4)
        | st.dictionaries(scalars, children, min_size=1, max_size=4)
        | st.sampled_from([[], {}])
    ),
    max_leaves=10,
)


def flow(tree: Any) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(map(flow, tree)) + "]" if isinstance(tree, list) else str(tree)


def block(tree: Any, indent: str = "") -> str:
    if not tree or isinstance(tree, str):
        return " " + (tree if isinstance(tree, str) else flow(tree))
    items = [f"{key}:" for key in tree] if isinstance(tree, dict) else ["-"] * len(tree)
    values = tree.values() if isinstance(tree, dict) else tree
    return "".join(f"\n{indent}{item}{block(value, indent + '  ')}" for item, value in zip(items, values, strict=True))


@settings(max_examples=300)
@given(trees, st.sampled_from([flow, block]))
def test_the_same_values_and_types_as_ruamel_yaml(tree: Any, written: Callable[[Any], str]) -> None:
    text = f"key: {tree}" if isinstance(tree, str) else written(tree)
    assert outcome(read_yaml, text) == outcome(reference, text)


PIECES = [
    "a", "b: ", "1", "-", "0x", ".", ":", ": ", "\n", "\n", "\n  ", "\n    ", "\n- ", "- ", "  ", "\t", "#", " #", "[",
    "]", "{", "}", ", ", "'", '"', "|\n  ", ">\n  ", ">-\n  ", "? ", "!", "!!str ", "!!int ", "&a ", "*a", "*a ",
    "<<: ", "<<: *a\n", "%", "@", "~", "true", "no", ".inf", "2020-01-01", "1:30", "=", "\x85", "\u2028", "é", "😀",
    "\\n", "\\", "\\x41", "\\/", "\\ud83d\\ude00", "---\n", "--- ", "...\n", "%YAML 1.2\n---\n", "%YAML 1.1\n---\n",
    "\ufeff", "<", "\r\n", "\r", "\xa0",
]  # fmt: skip


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("&01:30")  # libyaml: the anchor 01 of the text ':30'; ruamel.yaml's own parser: the anchor 01:30
@example("\x85--- a")  # a line break in YAML 1.1 alone
@example("%YAML 1.1\n---\nno")
def test_any_text_has_the_value_that_ruamel_yaml_reads_or_is_refused(text: str) -> None:
    ours, theirs = outcome(read_yaml, text), outcome(reference, text)
    assert ours == theirs or REFUSED in (ours, theirs)


def test_dvc_reads_with_the_parser_of_clib() -> None:
    """With it, `dvc repro` with nothing to do takes three quarters of the time."""
    assert YAML(typ="safe").Parser is not YAML(typ="safe", pure=True).Parser


def test_the_parameters_and_the_pipeline_of_this_project_are_the_same() -> None:
    for name in ("params.yaml", "dvc.yaml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert outcome(read_yaml, text) == outcome(reference, text) != REFUSED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1", 1),
        ("-1", -1),
        ("+1", 1),
        ("017", 17),
        ("0o17", 15),
        ("-0o17", -15),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("1__0_", 10),
        ("-_1", -1),
        ("_1", "_1"),
        ("1,000", "1,000"),
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        ("1.", 1.0),
        (".5", 0.5),
        (".5e-1", 0.05),
        (".5e1", ".5e1"),
        ("1_0.5", 10.5),
        ("-.inf", -math.inf),
        (".INF", math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        ("1:30", "1:30"),
        ("1.2.3", "1.2.3"),
        ("0o18", "0o18"),
        ("2024-01-31", date(2024, 1, 31)),
        ("2024-1-31", "2024-1-31"),
        ("2024-01", "2024-01"),
        ("2024-1-3 4:05:06", datetime(2024, 1, 3, 4, 5, 6)),
        ("2024-01-31T10:20:30Z", datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("2024-01-31 10:20:30 -7:30", datetime(2024, 1, 31, 10, 20, 30, tzinfo=timezone(timedelta(hours=-7.5)))),
        ("2024-01-31 10:20:30.1234565", datetime(2024, 1, 31, 10, 20, 30, 123457)),
        ("2024-12-31 23:59:59.9999999", datetime(2025, 1, 1)),
        ("'1'", "1"),
        ('"no"', "no"),
        ('"\\u2028\\/"', "\u2028/"),
        ("a b  # comment", "a b"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("'a\n\n  b'", "a\nb"),
        ("[1, no, [a, ~]]", [1, "no", ["a", None]]),
        ("a: [b, {c: [d]}]\ne: tcp://f:1?", {"a": ["b", {"c": ["d"]}], "e": "tcp://f:1?"}),
        ("{a: 1, 2: b}", {"a": 1, 2: "b"}),
        ("\ufeffa: 1", {"a": 1}),
        ("[&a [1], *a]", [[1], [1]]),
        ("[&a {x: 1, y: 2}, {<<: *a, y: 3}]", [{"x": 1, "y": 2}, {"x": 1, "y": 3}]),
        ("[&a {x: 1}, {x: 3, <<: *a}]", [{"x": 1}, {"x": 3}]),
        ("[&a {x: 1}, &b {x: 2, y: 2}, {<<: [*a, *b]}]", [{"x": 1}, {"x": 2, "y": 2}, {"x": 1, "y": 2}]),
        ("[&a {x: 1}, &b {<<: *a, y: 2}, {<<: *b, z: 3}]", [{"x": 1}, {"x": 1, "y": 2}, {"x": 1, "y": 2, "z": 3}]),
        ('{"<<": 1}', {"<<": 1}),
    ],
)  # fmt: skip
def test_values(text: str, value: Any) -> None:
    assert with_types(read_yaml(text)) == with_types(value)
    assert outcome(reference, text) == with_types(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "line 2, column 1: not valid YAML: did not find expected node content; "),
        ("a: [b\nc: 1", "line 2, column 2: not valid YAML: did not find expected ',' or ']', in what begins in line 1"),
        ("a: 1\nb: c: 2", "line 2, column 5: not valid YAML: mapping values are not allowed in this context"),
        ("a: 1\nb: \x02", 'line 2, column 4: not valid YAML: character U+0002 is not allowed; write "\\u0002"'),
        ("a: b\u2028c", "line 1, column 5: not valid YAML: character U+2028 is not allowed"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: duplicate key 'a'"),
        ("{1: a, 1.0: b}", "line 1, column 8: duplicate key 1.0"),
        ("[&a {x: 1}, {<<: *a, y: 1, y: 2}]", "line 1, column 28: duplicate key 'y'"),
        ("[&a {x: 1}, {<<: *a, <<: *a}]", "line 1, column 22: duplicate key '<<'"),
        ("{<<: 1}", "line 1, column 6: << takes a mapping or a list of mappings"),
        ("{<<: [{}, 1]}", "line 1, column 6: << takes a mapping or a list of mappings"),
        ("a: <<", "line 1, column 4: '<<' is not a valid value"),
        ("a: =", "line 1, column 4: '=' is not a valid value"),
        ("a: 2024-02-30", "line 1, column 4: '2024-02-30' is not a valid value; quote it if it is a text"),
        ("a: 0x_", "line 1, column 4: '0x_' is not a valid value"),
        ("a: 0x" + 5000 * "f", "line 1, column 4: '0xfff"),
        ("a: " + 5000 * "1", "line 1, column 4: '111"),
        ("[1, 2]: 3", "line 1, column 1: a list or a mapping is not accepted as a key"),
        ("a: *b", "line 1, column 4: alias 'b' has no anchor above it"),
        ("a: &b 1\nc: &b 2", "line 2, column 4: anchor 'b' is defined twice"),
        ("a: [x, b:c]", "line 1, column 8: 'b:c' has a colon or a question mark; quote it"),
        ("a: {x: [b?]}", "line 1, column 9: 'b?' has a colon or a question mark; quote it"),
        ("a: !!str 1", "line 1, column 4: tag '!!str' is not accepted; remove it"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4: tag '!!python/object/apply:os.system' is"),
        ("a: !!set {b}", "line 1, column 4: tag '!!set' is"),
        ("a: ! b", "line 1, column 4: tag '!'"),
        ("%YAML 1.1\n---\na: no", "line 1, column 1: a directive is not accepted"),
        ("%TAG !e! tag:example.org:\n---\na: 1", "line 1, column 1: a directive is not accepted"),
        ("a: 1\n---\nb: 2", "line 2, column 1: a second document starts"),
    ],
)
def test_refusals_are_one_line_with_the_place_and_the_problem(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        read_yaml(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("each", ["[{}]", "{{<<: [{}]}}"])
def test_aliases_and_merges_that_multiply_are_refused(each: str) -> None:
    """Ten times as many values in each line as in the line above."""
    levels = range(1, 30)
    lines = [f"a{level}: &a{level} {each.format(', '.join([f'*a{level - 1}'] * 10))}" for level in levels]
    with pytest.raises(YamlError, match=r"^line 6, column \d+: more than 100,000 values"):
        read_yaml("\n".join(["a0: &a0 {x: 1}", *lines]))


def test_a_document_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_1_2, "MAX_VALUES", 1000)
    assert len(read_yaml("[" + "1, " * 998 + "1]")) == 999
    with pytest.raises(YamlError, match="line 1, column 2999: more than 1,000 values"):
        read_yaml("[" + "1, " * 999 + "1]")


def test_a_document_of_too_many_characters_is_refused_unread() -> None:
    with pytest.raises(
        YamlError, match=r"^line 1, column 1: more than 1,000,000 characters; remove what is not needed$"
    ):
        read_yaml("#" * 10**8)


@pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "&a {<<: *a}", "&a [[{b: [*a]}]]"])
def test_an_alias_inside_its_own_anchor_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match="alias 'a' is inside its own anchor"):
        read_yaml(text)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    with pytest.raises(YamlError, match=f"nested more than {MAX_DEPTH} deep"):
        read_yaml(opening * 500)
    with pytest.raises(YamlError, match=f"nested more than {MAX_DEPTH} deep|exceeded maximum nesting depth"):
        read_yaml(opening * 10_000)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert repr(read_yaml("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)).count("[") == MAX_DEPTH
