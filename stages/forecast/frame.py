"""A DataFrame as a raw file: ingest reads and checks its columns like those of a file."""

import pandas as pd
import pyarrow as pa

from stages.common.errors import UserError
from stages.ingest.columns import Column
from stages.ingest.parquet_files import plain


class FrameReader:
    """The columns of a DataFrame; its index is ignored, and rows are numbered by position, from 0.

    Raises UserError for what is not a DataFrame.
    """

    source = "the frame"
    unnamed: str | None = None

    def __init__(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise UserError(f"{type(frame).__name__}: not a DataFrame of pandas; convert it, as by to_pandas()")
        self.frame = frame
        self.columns = [str(name) for name in frame.columns]

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns by name. Raises UserError for one whose values have several types."""
        return {name: self._read(name) for name in [*texts, *numbers]}

    def row_number(self, index: int) -> int:
        return index

    def _read(self, name: str) -> pa.ChunkedArray:
        series = self.frame.iloc[:, self.columns.index(name)]
        try:
            array = pa.array(series, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
            reason = str(error).splitlines()[0][:200]
            raise UserError(
                f"{self.source}, column {name!r}: not values of one kind: {reason}; convert the column"
            ) from None
        values = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
        return plain(Column(self.source, name, values, self.row_number))
