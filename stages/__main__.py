"""What there is: the stages in their order, and the commands beside them, each with the first line of its docstring."""

import ast
from pathlib import Path

from stages.common.arguments import Parser

AFTER = """
`dvc repro` runs the stages whose inputs have changed. `python -m stages.NAME --help` says what NAME reads, writes and
decides; `python -m stages.ingest --check` checks the data, and says what a run will cost."""


def main() -> None:
    docstrings = {
        script.parent.name: (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").split("\n")[0]
        for script in Path(__file__).parent.glob("*/__main__.py")
    }
    in_order = sorted(docstrings, key=lambda name: (not docstrings[name].startswith("Stage"), docstrings[name]))
    for name in in_order:
        print(f"python -m stages.{name:<10} {docstrings[name]}")
    print(AFTER)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    main()
