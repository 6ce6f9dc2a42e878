"""Score published forecasts by the actual values since: by version and by date, and whether backtests promised that.

Walks the first parent of HEAD, takes each version's reports/forecast.csv through DVC, and scores it by the work tree's
data/panel.parquet. Prints a page, and writes reports/record.json, from which the next report takes a sentence.
"""

import argparse
import json
from pathlib import Path

from stages.common.arguments import Parser
from stages.common.errors import UserError, run
from stages.common.paths import PANEL, RECORD, write_json
from stages.compare.page import write_text
from stages.panel.panel import Panel
from stages.plot.pages import render
from stages.record.history import published
from stages.record.page import as_json, describe
from stages.record.record import make_record
from stages.record.scores import Actuals


def main() -> None:
    arguments = parse()
    versions = published(arguments.tags, arguments.since)
    if not PANEL.exists():
        raise UserError(f"{PANEL}: no such file, so no actual values; `dvc pull` fetches it, or `dvc repro` makes it")
    record = make_record(versions, Actuals(Panel.read(PANEL)))
    content = describe(record)
    page = render("record.md", **content)
    if arguments.md:
        write_text(arguments.md, page)
    if arguments.html:
        write_text(arguments.html, render("record.html", **content))
    if arguments.json:
        write_text(arguments.json, json.dumps(as_json(record), indent=2, ensure_ascii=False) + "\n")
    write_json(RECORD, record.summary())
    print(page, end="")


def parse() -> argparse.Namespace:
    parser = Parser(__package__, __doc__)
    parser.add_argument("--tags", action="store_true", help="only versions of tagged commits")
    parser.add_argument("--since", metavar="REV|DATE", help="only versions first published after a commit or a date")
    for kind in ("md", "html", "json"):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"write the record as {kind}, too")
    return parser.parse_args()


if __name__ == "__main__":
    run(main, writes=False)
