"""Several columns as one: ids such as `store/item`, and times such as `date hour`."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Ints
from stages.common.errors import UserError, quoted
from stages.ingest.columns import Column
from stages.ingest.time_column import read_timestamps

WRITTEN = (pa.types.is_dictionary, pa.types.is_string, pa.types.is_integer, pa.types.is_date)


def join_ids(
    parts: list[tuple[npt.NDArray[np.int32], list[str]]], source: str, row_number: Callable[[int], int]
) -> tuple[Ints, list[str]]:
    """Codes (N,) and ids (S,) of several columns, joined by a slash, in the order of their first rows.

    parts: the codes (N,) and the ids of each column

    Raises UserError for two different pairs of ids that are the same when joined.
    """
    codes, count = parts[0][0].astype(np.int64), len(parts[0][1])
    for more, ids in parts[1:]:
        codes, distinct = pd.factorize(codes * len(ids) + more)
        count = len(distinct)
    first = np.full(count, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    tuples = [tuple(ids[part[row]] for part, ids in parts) for row in first]
    seen: dict[str, int] = {}
    for series, names in enumerate(tuples):
        other = seen.setdefault("/".join(names), series)
        if other != series:
            raise UserError(
                f"{source} row {row_number(int(first[series]))}: the ids {quoted(names)} and {quoted(tuples[other])} "
                f"are both {quoted('/'.join(names))} when joined by a slash; rename one of them"
            )
    return codes, list(seen)


def join_times(columns: list[Column]) -> Column:
    """One column of the texts in `columns`, joined by a blank; null where one of them has none.

    Dates and times of Parquet become ISO text. Raises UserError for other types.
    """
    texts = [_as_text(column) for column in columns]
    joined = pc.binary_join_element_wise(*texts, " ")
    name = " ".join(column.name for column in columns)
    return Column(columns[0].source, name, joined, columns[0].row_number)


def _as_text(column: Column) -> pa.ChunkedArray:
    """(N,) the column as text without blanks around it, null where it is empty."""
    values, kind = column.values, column.values.type
    if pa.types.is_timestamp(kind):
        codes, times = read_timestamps(column)
        local = times.dt.tz_localize(None)
        is_day = (local == local.dt.normalize()).all()
        text = pa.array(local.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S")).take(pa.array(codes))
    elif pa.types.is_time(kind):
        text = pc.utf8_slice_codeunits(values.cast(pa.string()), 0, 8)
    elif any(is_kind(kind) for is_kind in WRITTEN):
        text = values.cast(pa.string())
    else:
        raise UserError(f"{column} holds {kind}, not dates, text or whole numbers; convert it")
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
