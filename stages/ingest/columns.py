"""A column of the raw file, with its name, file and row numbers for error messages; its distinct values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Bools
from stages.common.errors import UserError, quoted

Codes = npt.NDArray[np.int32]  # indices into distinct values

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


def distinct(values: pa.ChunkedArray) -> tuple[Codes, pd.Series]:
    """Codes (N,) and distinct values in the order of their first rows; code -1 for a missing value."""
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    array = values.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # has no rows
        array = pa.concat_arrays(array.chunks)
    codes = array.indices if not array.null_count else pc.fill_null(array.indices, -1)
    return codes.to_numpy(), array.dictionary.to_pandas()


def refuse_empty(is_empty: Bools, column: Column, problem: str) -> None:
    if is_empty.any():
        raise UserError(f"{column.where(int(is_empty.argmax()))}: {problem}; write one")
