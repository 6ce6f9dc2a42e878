"""Render the templates: HTML files that need no network, and Markdown that also reads well in a terminal.

HTML is escaped throughout; in Markdown, text from users is in code spans, which hold no markup.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from tabulate import tabulate

from stages.plot.digits import column_decimals, significant, write

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ["numbers", "labels", "shapes", "view", "chart", "forecasts", "gates", "steps", "start"]  # one after another
MAX_NAME = 80  # characters of a name or a value in a table of Markdown, and of a name in the chart
MAX_TEXT = 200  # likewise in a table of HTML


@dataclass(frozen=True)
class Table:
    """Rows under headers; the first `words` columns are text, the others numbers. Without rows only the title shows.

    Text from a user is a `Name`, in a cell or a header.
    """

    title: str
    headers: list[str]
    rows: list[list[Any]]
    words: int = 1
    note: str = ""
    marked: str = ""

    def markdown(self) -> str:
        """The table without title and note, aligned for a terminal."""
        align = ["left" if column < self.words else "right" for column in range(len(self.headers))]
        cells = [
            [code_span(cell) if isinstance(cell, Name) else text for cell, text in zip(row, texts, strict=True)]
            for row, texts in zip(self.rows, self.texts, strict=True)
        ]
        headers = [code_span(header) if isinstance(header, Name) else header for header in self.headers]
        aligned: str = tabulate(cells, headers, tablefmt="pipe", disable_numparse=True, colalign=align)
        return aligned

    @property
    def texts(self) -> list[list[str]]:
        """The cells as they are shown: numbers with the same decimals in a column, so that these are aligned."""
        columns = [[row[column] for row in self.rows] for column in range(len(self.headers))]
        return [list(row) for row in zip(*map(_column_texts, columns), strict=True)]


def _column_texts(cells: list[Any]) -> list[str]:
    places = column_decimals(np.array([cell for cell in cells if isinstance(cell, float)]))
    return [write(cell, places) if isinstance(cell, float) else format_value(cell) for cell in cells]


class Name(str):
    """Text from a user: an id, a path, the value of a parameter."""


def render(template: str, **content: Any) -> str:
    """`content` in the file `template`, whose suffix says whether it is HTML or Markdown.

    An HTML page fetches nothing, and by its hash allows one script only, the project's own.
    """
    page: str = _ENVIRONMENT.get_template(template).render(content)
    return page


def format_value(value: object) -> str:
    """A single value: numbers to four digits, None as a dash, a long text cut.

    >>> format_value(0.123456), format_value(12345.6), format_value(144), format_value(None)
    ('0.1235', '12,346', '144', '-')
    """
    if value is None:
        return "-"
    return significant(value) if isinstance(value, float) else shortened(str(value), MAX_TEXT)


def shortened(text: str, most: int) -> str:
    """`text` in `most` characters; of a longer one the beginning and the end.

    >>> shortened("store 1 of region 17", 12)
    'store 1…n 17'
    """
    tail = (most - 1) // 3
    return text if len(text) <= most else f"{text[: most - 1 - tail]}…{text[-tail:]}"


def code_span(text: object) -> str:
    """Text as a code span of Markdown in a table: one line, no markup.

    >>> code_span("a|b`<i>")
    "`a\\\\|b'<i>`"
    """
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(str(text).split()))
    line = shortened(line, MAX_NAME).replace("`", "'").replace("|", "\\|")
    return f"`{line}`" if line else ""


def script_json(value: object) -> Markup:
    """JSON for a script element of HTML: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _file_text(name: str) -> Markup:
    """A file of the templates' folder, unescaped: the style or the script."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=lambda name: name is not None and name.endswith(".html"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {"format_value": format_value, "code_span": code_span, "script_json": script_json}
_SCRIPT = Markup("").join(_file_text(f"{name}.js") for name in SCRIPTS)
_ENVIRONMENT.globals |= {
    "file_text": _file_text,
    "script": _SCRIPT,
    "script_hash": f"'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'",
}
