"""A Parquet file, or a folder of them that may be partitioned by `name=value`, as columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads

from stages.common.errors import UserError
from stages.common.params import Ingest

VALUE_BYTES = 8


class ParquetTable:
    """The columns of a Parquet data set. Raises UserError for what is none, or unpacks to more than the limit."""

    def __init__(self, path: Path, settings: Ingest) -> None:
        self.path, self.limit = path, settings.max_gigabytes
        keys = pa.schema([(settings.series, pa.string())]) if settings.series else pa.schema([])
        try:
            plain = pads.dataset(path, format="parquet", exclude_invalid_files=False)
            in_files = settings.series is None or settings.series in plain.schema.names
            partitioning = None if in_files else pads.partitioning(keys, flavor="hive")
            self.data = plain if in_files else pads.dataset(path, format="parquet", partitioning=partitioning)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OSError) as error:
            raise self._unreadable(error) from None
        if not self.data.files:
            raise UserError(f"{path}: a folder without Parquet files; put some into it or correct ingest.path")
        self.columns = list(self.data.schema.names)

    def read(
        self, texts: list[str], numbers: list[str]
    ) -> tuple[dict[str, pa.ChunkedArray], list[tuple[str, pa.ChunkedArray]]]:
        """Columns of ids and times by name, and columns of values."""
        wanted = [*texts, *numbers]
        try:
            unpacked = self.data.count_rows() * len(wanted) * VALUE_BYTES
            if unpacked > self.limit * 1e9:
                raise UserError(
                    f"{self.path}: unpacks to {unpacked / 1e9:.3g} GB and more, over the limit of {self.limit:g}; "
                    "set ingest.max_gigabytes higher if the file is to be trusted"
                )
            table = self.data.to_table(columns=wanted)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OSError) as error:
            raise self._unreadable(error) from None
        return {name: table[name] for name in texts}, [(name, table[name]) for name in numbers]

    def row(self, observation: int) -> int:
        """Rows count from 1."""
        return observation + 1

    def _unreadable(self, error: Exception) -> UserError:
        reason = str(error).splitlines()[0][:200]
        return UserError(f"{self.path}: not a readable Parquet file: {reason}; check the file")
