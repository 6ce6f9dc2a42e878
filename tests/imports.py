"""Which files of stages/ a file imports when it runs, read from its text."""

import ast
import functools
from pathlib import Path

from tests.projects import ROOT

IMPORTERS = ("open_pool", "forkserver.set_forkserver_preload")  # functions that take names of modules


def is_for_types(node: ast.AST) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`, which imports nothing when the code runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def nodes(tree: ast.AST) -> list[ast.AST]:
    """Every node that runs."""
    return [tree, *(node for child in ast.iter_child_nodes(tree) if not is_for_types(child) for node in nodes(child))]


@functools.cache
def imports_of(file: Path) -> set[Path]:
    """The files that `file` itself imports, anywhere in it."""
    names: set[str] = set()
    for node in nodes(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORTERS:
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            names |= {text for text in texts if isinstance(text, str)}
    paths = {ROOT / (name.replace(".", "/") + ".py") for name in names if name.startswith("stages.")}
    return {path for path in paths if path.is_file()}


def code_of(file: Path) -> set[Path]:
    """The file, all that it imports, directly or not, and the package's own file."""
    found, waiting = {ROOT / "stages/__init__.py"}, {file}
    while waiting:
        found |= waiting
        waiting = set().union(*map(imports_of, waiting)) - found
    return found
