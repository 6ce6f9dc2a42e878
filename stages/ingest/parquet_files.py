"""Read columns of a Parquet file, or of a folder of Parquet files that may be partitioned by `name=value`."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads

from stages.common.errors import UserError, quoted

UNREADABLE = (  # what pyarrow raises for damaged files, for files of another kind and for damaged types of pandas
    ValueError,
    KeyError,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OSError,
)
VALUE_BYTES = 8
PANDAS_INDEX = r"__index_level_\d+__"  # the column in which pandas stores an unnamed index


class ParquetFiles:
    """A Parquet file, or a folder of them whose columns may differ in type.

    series: the column of ids, or None; the only column that may be a partition key
    time: the column of timestamps
    max_gigabytes: the most that the columns read may take in memory

    Raises UserError for files that are not Parquet or that lack a column, and beyond `max_gigabytes`.
    """

    def __init__(self, path: Path, series: str | None, time: str, max_gigabytes: float) -> None:
        self.path, self.max_gigabytes = path, max_gigabytes
        try:
            files = list(pads.dataset(path, format="parquet", exclude_invalid_files=False).get_fragments())
            if not files:
                raise UserError(f"{path}: a folder without Parquet files; put some into it or correct ingest.path")
            self.schemas = {file.path: file.physical_schema for file in files}
            schema = pa.unify_schemas(list(self.schemas.values()), promote_options="permissive")
            self.key = series if series not in schema.names else None
            if self.key:
                schema = schema.append(pa.field(self.key, pa.string()))
            keys = pads.partitioning(pa.schema([(self.key, pa.string())]), flavor="hive") if self.key else None
            self.dataset = pads.dataset(path, schema=schema, format="parquet", partitioning=keys)
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        is_partitioned = self.key is not None and f"/{self.key}=" in next(iter(self.schemas))
        self.columns = [
            name
            for name in schema.names
            if (name != self.key or is_partitioned) and (not re.fullmatch(PANDAS_INDEX, name) or name == time)
        ]

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns `texts` and `numbers`, by name, in the types of the file."""
        wanted = [*texts, *numbers]
        self._refuse_missing_columns(wanted)
        try:
            gigabytes = self.dataset.count_rows() * len(wanted) * VALUE_BYTES / 1e9
            if gigabytes > self.max_gigabytes:
                raise UserError(
                    f"{self.path}: decompresses to {gigabytes:.3g} GB or more, over the limit of "
                    f"{self.max_gigabytes:g}; set ingest.max_gigabytes higher if you trust the file"
                )
            table = self.dataset.to_table(columns=wanted)
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        return {name: _plain(table[name]) for name in wanted}

    def row_number(self, index: int) -> int:
        """The row number of a value in its column; rows count from 1."""
        return index + 1

    def _refuse_missing_columns(self, wanted: list[str]) -> None:
        """Raises UserError for the first file that lacks one of the `wanted` columns."""
        for file, schema in self.schemas.items():
            for name in wanted:
                if name != self.key and name not in schema.names:
                    shown = Path(file).relative_to(Path.cwd()) if Path(file).is_absolute() else file
                    raise UserError(
                        f"{shown}: no column {quoted(name)}, which other files of {self.path} have; "
                        "rename the column or add it"
                    )

    def _unreadable(self, error: Exception) -> UserError:
        reason = str(error).splitlines()[0][:200]
        return UserError(f"{self.path}: not a readable Parquet file: {reason}; check the file")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text of any kind as strings, categories as their values: a category need not occur in any row."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column
