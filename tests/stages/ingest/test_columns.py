"""Columns name themselves and their rows in messages."""

import pyarrow as pa

from stages.ingest.columns import Column


def test_where_a_value_is() -> None:
    column = Column("sales.csv", "units sold", pa.chunked_array([[1, 2]]), lambda index: index + 2)
    assert str(column) == "sales.csv, column 'units sold'"
    assert column.where(1) == "sales.csv row 3, column 'units sold'"
