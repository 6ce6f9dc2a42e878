"""A column of the raw file, with its name, file and row numbers for error messages."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from stages.common.errors import quoted

INDEX = "index"  # what `ingest` calls a column that a file stores without a name: pandas' index


@dataclass(frozen=True)
class Column:
    """One column of a raw file.

    source: the file's path, for messages
    name: the column's name
    values: (N,) text, numbers or times, as the reader returns them
    row_number: from an index into `values` to the row number that a user sees in the file
    """

    source: str
    name: str
    values: pa.ChunkedArray
    row_number: Callable[[int], int]

    def __str__(self) -> str:
        return f"{self.source}, column {quoted(self.name)}"

    def where(self, index: int) -> str:
        """The file, row and column of one value, for messages."""
        return f"{self.source} row {self.row_number(index)}, column {quoted(self.name)}"
