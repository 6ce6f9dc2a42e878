"""Compare two versions: parameters, data and metrics that changed, and whether the model became better.

A and B are Git revisions or DVC experiments. By default A is where this branch left the main one, B the work tree.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.compare.charts import draw
from stages.compare.comparison import compare, worse
from stages.compare.page import describe, write_text
from stages.compare.params import Compare
from stages.compare.versions import branch_point, read_forecasts, read_version
from stages.plot.pages import render

WORSE = 2  # exit status


def main() -> None:
    arguments = parse()
    tolerances = read_params()[Compare].model_dump()
    first = branch_point() if arguments.before is None else arguments.before
    after, before = read_version(arguments.after), read_version(first)
    comparison = compare(before, after)
    reasons = worse(comparison, tolerances)
    content = describe(comparison, reasons)
    page = render("compare.md", **content)
    if arguments.md:
        write_text(arguments.md, page)
    if arguments.html:
        charts = draw(read_forecasts(first), read_forecasts(arguments.after))
        write_text(arguments.html, render("compare.html", **content, **charts))
    if arguments.json:
        values = {**asdict(comparison), "verdict": comparison.verdict, "worse": reasons}
        write_text(arguments.json, json.dumps(values, indent=2, ensure_ascii=False, default=str) + "\n")
    print(page, end="")
    if arguments.fail_if_worse and reasons:
        sys.stdout.flush()
        print(f"worse: {'; '.join(reasons)}", file=sys.stderr)
        sys.exit(WORSE)


def parse() -> argparse.Namespace:
    parser = Parser(__package__, __doc__)
    parser.add_argument("before", nargs="?", metavar="A", help="the version before")
    parser.add_argument("after", nargs="?", metavar="B", help="the version after")
    for kind in ("md", "json", "html"):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"write the comparison as {kind}, too")
    parser.add_argument(
        "--fail-if-worse",
        action="store_true",
        help="exit 2 where B is worse than `compare` in params.yaml allows, or loses to the seasonal naive method",
    )
    return parser.parse_args()


if __name__ == "__main__":
    run(main, writes=False)
