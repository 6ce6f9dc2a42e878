"""A Parquet file, or a folder of them that may be partitioned by `name=value`, as columns."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads

from stages.common.errors import UserError, quoted
from stages.ingest.params import Ingest

UNREADABLE = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OSError,
)  # what pyarrow raises for torn and foreign files
VALUE_BYTES = 8
INDEX = r"__index_level_\d+__"  # what pandas writes of a table's row numbers


class ParquetTable:
    """The columns of a Parquet data set. Raises UserError for what is none, or unpacks to more than the limit."""

    def __init__(self, path: Path, settings: Ingest) -> None:
        self.path, self.limit = path, settings.max_gigabytes
        try:
            files = list(pads.dataset(path, format="parquet", exclude_invalid_files=False).get_fragments())
            if not files:
                raise UserError(f"{path}: a folder without Parquet files; put some into it or correct ingest.path")
            self.of_file = {file.path: file.physical_schema for file in files}
            schema = pa.unify_schemas(list(self.of_file.values()), promote_options="permissive")
            self.key = settings.series if settings.series not in schema.names else None
            if self.key:
                schema = schema.append(pa.field(self.key, pa.string()))
            keys = pads.partitioning(pa.schema([(self.key, pa.string())]), flavor="hive") if self.key else None
            self.data = pads.dataset(path, schema=schema, format="parquet", partitioning=keys)
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        is_key = self.key is not None and f"/{self.key}=" in next(iter(self.of_file))
        self.columns = [
            name
            for name in schema.names
            if (name != self.key or is_key) and (not re.fullmatch(INDEX, name) or name == settings.time)
        ]

    def read(
        self, texts: list[str], numbers: list[str]
    ) -> tuple[dict[str, pa.ChunkedArray], list[tuple[str, pa.ChunkedArray]]]:
        """Columns of ids and times by name, and columns of values."""
        wanted = [*texts, *numbers]
        for file, schema in self.of_file.items():
            for name in wanted:
                if name != self.key and name not in schema.names:
                    raise UserError(
                        f"{Path(file).relative_to(Path.cwd()) if Path(file).is_absolute() else file}: no column "
                        f"{quoted(name)}, which other files of {self.path} have; name it so there too"
                    )
        try:
            unpacked = self.data.count_rows() * len(wanted) * VALUE_BYTES
            if unpacked > self.limit * 1e9:
                raise UserError(
                    f"{self.path}: unpacks to {unpacked / 1e9:.3g} GB and more, over the limit of {self.limit:g}; "
                    "set ingest.max_gigabytes higher if the file is to be trusted"
                )
            table = self.data.to_table(columns=wanted)
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        return {name: _plain(table[name]) for name in texts}, [(name, _plain(table[name])) for name in numbers]

    def row(self, observation: int) -> int:
        """Rows count from 1."""
        return observation + 1

    def _unreadable(self, error: Exception) -> UserError:
        reason = str(error).splitlines()[0][:200]
        return UserError(f"{self.path}: not a readable Parquet file: {reason}; check the file")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text of any kind as strings, categories as what they stand for: a file may hold some that no row has."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column
