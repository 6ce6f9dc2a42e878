"""Read columns of a Parquet file, or of a folder of Parquet files that may be partitioned by `name=value`."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads

from stages.common.errors import UserError, quoted
from stages.ingest.columns import INDEX, Column
from stages.ingest.file_kinds import refuse_other_files

UNREADABLE = (  # what pyarrow raises for damaged files, for files of another kind and for damaged types of pandas
    ValueError,
    KeyError,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OSError,
)
VALUE_BYTES = 8
PANDAS_INDEX = "__index_level_0__"  # the column in which pandas stores an index without a name
FURTHER_LEVELS = r"__index_level_[1-9]\d*__"


class ParquetFiles:
    """A Parquet file, or a folder of them whose columns may differ in type.

    texts: the columns of ids, timestamps and covariates; only these may be partition keys
    max_gigabytes: the most that the columns read may take in memory

    Raises UserError for files that are not Parquet or that lack a column, and beyond `max_gigabytes`.
    """

    def __init__(self, path: Path, texts: list[str], max_gigabytes: float) -> None:
        self.path, self.source, self.max_gigabytes = path, str(path), max_gigabytes
        if path.is_dir():
            refuse_other_files(path)
        try:
            files = list(pads.dataset(path, format="parquet", exclude_invalid_files=False).get_fragments())
            if not files:
                raise UserError(f"{path}: a folder without Parquet files; put some into it or correct ingest.path")
            self.schemas = {file.path: file.physical_schema for file in files}
            schema = pa.unify_schemas(list(self.schemas.values()), promote_options="permissive")
            first = next(iter(self.schemas))
            self.keys = [name for name in texts if name not in schema.names and f"/{name}=" in first]
            keys = pa.schema([(name, pa.string()) for name in self.keys])
            self.dataset = pads.dataset(
                path,
                schema=pa.unify_schemas([schema, keys]),
                format="parquet",
                partitioning=pads.partitioning(keys, flavor="hive") if self.keys else None,
            )
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        names = [*schema.names, *self.keys]
        is_unnamed = PANDAS_INDEX in names and INDEX not in names and PANDAS_INDEX not in texts
        self.unnamed = INDEX if is_unnamed else None
        self.columns = [
            INDEX if is_unnamed and name == PANDAS_INDEX else name
            for name in names
            if name in texts or not re.fullmatch(FURTHER_LEVELS, name)
        ]

    def read(self, texts: list[str], numbers: list[str]) -> dict[str, pa.ChunkedArray]:
        """The columns `texts` and `numbers`, by name, in the types of the file."""
        wanted = [*texts, *numbers]
        in_file = [PANDAS_INDEX if name == self.unnamed else name for name in wanted]
        self._refuse_missing_columns(in_file)
        try:
            gigabytes = self.dataset.count_rows() * len(wanted) * VALUE_BYTES / 1e9
            if gigabytes > self.max_gigabytes:
                raise UserError(
                    f"{self.path}: decompresses to {gigabytes:.3g} GB or more, over the limit of "
                    f"{self.max_gigabytes:g}; set ingest.max_gigabytes higher if you trust the file"
                )
            table = self.dataset.to_table(columns=in_file)
        except UNREADABLE as error:
            raise self._unreadable(error) from None
        return {
            name: plain(Column(self.source, name, column, self.row_number))
            for name, column in zip(wanted, table.columns, strict=True)
        }

    def row_number(self, index: int) -> int:
        """The row number of a value in its column; rows count from 1."""
        return index + 1

    def _refuse_missing_columns(self, wanted: list[str]) -> None:
        """Raises UserError for the first file that lacks one of the `wanted` columns."""
        for file, schema in self.schemas.items():
            for name in wanted:
                if name not in self.keys and name not in schema.names:
                    shown = Path(file).relative_to(Path.cwd()) if Path(file).is_relative_to(Path.cwd()) else file
                    raise UserError(
                        f"{shown}: no column {quoted(name)}, which other files of {self.path} have; "
                        "rename the column or add it"
                    )

    def _unreadable(self, error: Exception) -> UserError:
        reason = str(error).splitlines()[0][:200]
        return UserError(f"{self.path}: not a readable Parquet file: {reason}; check the file")


TEXTS = [
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
]


def plain(column: Column) -> pa.ChunkedArray:
    """Text of any kind, and bytes, as strings; categories as their values: a category need not occur in any row.

    Raises UserError for text that is not UTF-8: Parquet stores what it is given; and for categories of other kinds.
    """
    values = column.values
    if pa.types.is_dictionary(values.type):
        kind = values.type.value_type
        try:
            values = values.cast(kind)
        except pa.ArrowNotImplementedError:  # such as the intervals of pandas.cut
            raise UserError(f"{column} holds categories of {kind}, not of numbers or text; convert it") from None
    if not any(of_kind(values.type) for of_kind in TEXTS):
        return values
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        texts = values.cast(pa.large_binary())
        row, found = next((row, found.as_py()) for row, found in enumerate(texts) if not _is_utf8(found.as_py()))
        raise UserError(f"{column.where(row)}: {quoted(found)} is not text in UTF-8; save it as text") from None


def _is_utf8(found: bytes | None) -> bool:
    try:
        (found or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
