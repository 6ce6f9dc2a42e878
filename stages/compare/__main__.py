"""Compare two versions: parameters, data and metrics that changed, and whether the model became better.

A and B are Git revisions or DVC experiments. Not given, A is where this branch left the main one, B the work tree.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from stages.common.errors import UserError, run
from stages.common.params import read_params
from stages.compare.comparison import Change, Comparison, compare, worse
from stages.compare.versions import branch_point, read_version
from stages.plot.pages import Name, Table, render

WORSE = 2  # exit status


def main() -> None:
    arguments = parse()
    after = read_version(arguments.after)
    before = read_version(branch_point() if arguments.before is None else arguments.before)
    found = compare(before, after)
    reasons = worse(found, read_params().compare)
    content = describe(found, reasons)
    page = render("compare.md", **content)
    if arguments.md:
        write(arguments.md, page)
    if arguments.html:
        write(arguments.html, render("compare.html", **content))
    if arguments.json:
        plain = {**asdict(found), "verdict": found.verdict, "worse": reasons}
        write(arguments.json, json.dumps(plain, indent=2, ensure_ascii=False, default=str) + "\n")
    print(page, end="")
    if arguments.fail_if_worse and reasons:
        sys.stdout.flush()
        print(f"worse: {'; '.join(reasons)}", file=sys.stderr)
        sys.exit(WORSE)


def write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; name another file") from None


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit status 1, as for any other mistake: 2 says that the model is worse."""
        raise UserError(f"{message}; `python -m stages.compare --help` says what there is")


def parse() -> argparse.Namespace:
    parser = Parser(
        prog="python -m stages.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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


def describe(found: Comparison, reasons: list[str]) -> dict[str, Any]:
    """What the pages show."""
    tables = [
        Table(
            "Parameters" if found.params else "No parameter changed.",
            ["parameter", "before", "after"],
            [[Name(each.name), _written(each.before), _written(each.after)] for each in found.params],
            words=3,
        ),
        Table(
            "Data" if found.data else "The data did not change.",
            ["data", "before", "after"],
            [[Name(each.name), _written(each.before), _written(each.after)] for each in found.data],
            words=3,
            note=_of_data(found),
        ),
        Table(
            "Metrics",
            ["metric", "before", "after", "change", ""],
            [[Name(each.name), each.before, each.after, _difference(each), _side(each)] for each in found.metrics],
        ),
    ]
    if found.margins:
        rows = [
            [Name(name), margin.mean, f"{margin.low:.4g} to {margin.high:.4g}", margin.p_text]
            for name, margin in found.margins.items()
        ]
        title = "Scaled errors of the model after, less each baseline's"
        tables.append(Table(title, ["baseline", "difference", "95 % interval", ""], rows))
    evidence = ""
    if found.difference:
        test = found.difference
        evidence = (
            f"Difference {test.mean:+.4g}, 95 % interval {test.low:+.4g} to {test.high:+.4g}, {test.p_text} "
            f"(paired t-test over {test.evidence})."
        )
    return {
        "title": f"{found.before} → {found.after}",
        "before": found.before,
        "after": found.after,
        "verdict": found.verdict,
        "evidence": evidence,
        "tables": tables,
        "reasons": reasons,
    }


def _of_data(found: Comparison) -> str:
    changed = {change.name for change in found.data}
    if not changed:
        return ""
    common, first, second = found.pairs
    note = f"{common} forecasts (of {first} and {second}) start from the same step in both; the test rests on these."
    if changed == {"md5"}:
        return "Series, rows and steps are the same, values are not. " + note
    return note


def _written(value: object) -> Name | None:
    if value is None:
        return None
    return Name(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _difference(change: Change) -> str:
    if not isinstance(change.before, (int, float)) or not isinstance(change.after, (int, float)):
        return ""
    share = f" ({change.after / change.before - 1:+.1%})" if change.before else ""
    return "" if change.after == change.before else f"{change.after - change.before:+.4g}{share}"


def _side(change: Change) -> str:
    if not change.worse_by:
        return ""
    return "worse" if change.worse_by > 0 else "better"


if __name__ == "__main__":
    run(main, writes=False)
