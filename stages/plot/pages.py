"""Pages from the templates: HTML files that need no network, and Markdown that reads well on a terminal too.

In HTML everything is escaped; in Markdown what users named stands in code spans, which hold no markup.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from tabulate import tabulate

TEMPLATES = Path(__file__).parent / "templates"
LONGEST = 80  # characters of a name or a value in a table


@dataclass(frozen=True)
class Table:
    """Rows under headers; the first `words` columns are text, the others numbers."""

    title: str
    headers: list[str]
    rows: list[list[Any]]
    words: int = 1
    note: str = ""

    def markdown(self) -> str:
        """The table alone, aligned for a terminal."""
        align = ["left" if column < self.words else "right" for column in range(len(self.headers))]
        cells = [[code(cell) if isinstance(cell, Name) else shown_value(cell) for cell in row] for row in self.rows]
        aligned: str = tabulate(cells, self.headers, tablefmt="pipe", disable_numparse=True, colalign=align)
        return aligned


class Name(str):
    """Text that a user wrote: an id, a path, a value of a parameter."""


def render(template: str, **content: Any) -> str:
    """The page that the file `template` makes of `content`; its type by its suffix.

    An HTML page runs the one script of the project, which it knows by its hash, and fetches nothing.
    """
    page: str = _ENVIRONMENT.get_template(template).render(content)
    return page


def shown_value(value: object) -> str:
    """A value as tables show it: numbers to four digits, nothing as a dash.

    >>> shown_value(0.123456), shown_value(12345.6), shown_value(144), shown_value(None)
    ('0.1235', '12350', '144', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, float) and abs(value) < 1e7:
        return f"{float(f'{value:.4g}'):.15g}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def code(text: object) -> str:
    """Text as a code span of Markdown in a table: one line, no markup.

    >>> code("a|b`<i>")
    "`a\\\\|b'<i>`"
    """
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(str(text).split()))
    line = (line if len(line) <= LONGEST else line[: LONGEST - 1] + "…").replace("`", "'").replace("|", "\\|")
    return f"`{line}`" if line else ""


def embedded(value: object) -> Markup:
    """JSON for a script element of HTML: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _file_text(name: str) -> Markup:
    """A file beside the templates, as it is: style, script or drawing."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=lambda name: name is not None and name.endswith(".html"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= {"shown": shown_value, "code": code, "embedded": embedded}
_SCRIPT = _file_text("chart.js")
_ENVIRONMENT.globals |= {
    "file_text": _file_text,
    "script": _SCRIPT,
    "script_hash": f"'sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'",
}
