"""Arguments of a command `python -m stages.NAME`: `--help` prints its docstring, and what is unknown is refused."""

import argparse
from typing import NoReturn

from stages.common.errors import one_line


class Parser(argparse.ArgumentParser):
    """Arguments of a script, which gives its `__package__` and its docstring. Without more, it takes only `--help`."""

    def __init__(self, package: str, docstring: str | None) -> None:
        plain = argparse.RawDescriptionHelpFormatter
        super().__init__(prog=f"python -m {package}", description=docstring, formatter_class=plain, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Exit with status 1, as for any other mistake: status 2 means that a comparison found the model worse."""
        self.exit(1, f"error: {one_line(message)}; see `{self.prog} --help`\n")
