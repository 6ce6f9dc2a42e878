"""Pages: text from users can break neither HTML nor Markdown."""

import json
import re

import pytest

from stages.plot.pages import Name, Table, code_span, format_value, script_json

HOSTILE = '</script><script>document.title = "run"</script>'


def test_embedded_json_reads_back_and_cannot_end_its_element() -> None:
    text = str(script_json({"name": HOSTILE, "y": [1.5, None]}))
    assert "<" not in text
    assert json.loads(text) == {"name": HOSTILE, "y": [1.5, None]}


def test_embedded_json_refuses_values_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


@pytest.mark.parametrize(
    "name", [HOSTILE, "a|b", "`a`", "line\nline", "[a](http://b)", "@all", "\u202egnp.exe", "", "x" * 500]
)
def test_a_hostile_name_stays_in_its_cell(name: str) -> None:
    """The row has only the table's own bars, and its cells only code spans."""
    (row,) = Table("t", ["name", "error"], [[Name(name), 1.0]]).markdown().splitlines()[2:]
    first, second = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])
    assert second == "1"
    assert first == "" or re.fullmatch(r"`[^`]+`", first)
    assert len(first) < 120


def test_a_hostile_header_is_a_code_span() -> None:
    head, *_ = Table("t", [Name("a|b <b>%"), "forecast"], [["1", 1.0]]).markdown().splitlines()
    assert head == r"| `a\|b <b>%`   |   forecast |"


def test_code_spans_are_one_line_of_printable_characters() -> None:
    assert code_span(" a\n b\x07 ") == "`a b\ufffd`"


def test_a_table_shows_four_digits_and_a_dash_for_none() -> None:
    table = Table("t", ["method", "mase"], [["model", 0.123456], ["naive", None]])
    assert table.markdown().splitlines() == [
        "| method   |   mase |",
        "|:---------|-------:|",
        "| model    | 0.1235 |",
        "| naive    |      - |",
    ]


def test_numbers_of_a_column_have_the_same_decimals() -> None:
    """Those with which the lower quartile has four digits; a whole number has them too, and a count has none."""
    table = Table("t", ["", "MAE", "n"], [["a", 13.891, 5], ["b", 38.43, 60], ["c", 1234.5, 7], ["d", 40.0, None]])
    assert [row[1:] for row in table.texts] == [["13.89", "5"], ["38.43", "60"], ["1,234.50", "7"], ["40.00", "-"]]
    assert re.search(r"\| +13\.89 \| +5 \|\n.* +38\.43 \|", table.markdown())


@pytest.mark.parametrize(
    ("value", "text"), [(1234.56, "1,235"), (0.00001234, "0.00001234"), (2.5e9, "2,500,000,000"), (7, "7"), ("a", "a")]
)
def test_numbers_are_short(value: object, text: str) -> None:
    assert format_value(value) == text
