"""Parquet files whose columns have any type that Arrow has, with values from the whole range of the type."""

import contextlib
import random
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.texts import NASTY, some_times, written

UNITS = ["s", "ms", "us", "ns"]
ZONES = [None, None, "UTC", "Europe/Berlin", "+02:00", "+25:00", "Mars/Base"]
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
TEXTS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.binary(3), pa.string_view()]
NUMBERS = [*INTEGERS, pa.float16(), pa.float32(), pa.float64(), pa.decimal128(20, 3), pa.decimal256(40, 3), pa.bool_()]
TIMES = [pa.date32(), pa.date64(), *(pa.time32(unit) for unit in UNITS[:2]), *(pa.time64(unit) for unit in UNITS[2:])]


def write_tables(chance: random.Random) -> str:
    """Write one Parquet file, or a folder of two; returns its path."""
    while True:
        with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):  # what Parquet cannot hold
            return _written(chance)


def _written(chance: random.Random) -> str:
    tables = [some_table(chance)]
    if chance.random() < 0.1:
        tables.append(chance.choice([tables[0], some_table(chance)]))
        Path("input").mkdir(exist_ok=True)
        for number, table in enumerate(tables):
            pq.write_table(table, f"input/{number}.parquet")
        return "input"
    options: dict[str, Any] = chance.choice([{}, {"row_group_size": 3}, {"compression": "gzip"}])
    pq.write_table(tables[0], "input.parquet", **options)
    return "input.parquet"


def some_table(chance: random.Random) -> pa.Table:
    """Columns id, more, time and value, each of them an ordinary one in every other draw."""
    rows = chance.randrange(1, 30)
    time = time_column if chance.random() < 0.8 else partial(some_column, kinds=[*NUMBERS, *TEXTS])
    columns = {
        "id": some_column(chance, rows, [*TEXTS, *NUMBERS, *TIMES] if chance.random() < 0.5 else [pa.string()]),
        "more": some_column(chance, rows, [pa.int64()]),
        "time": time(chance, rows),
        "value": some_column(chance, rows, [*NUMBERS, *TEXTS] if chance.random() < 0.5 else [pa.float64()]),
    }
    table = pa.table({name: column for name, column in columns.items() if chance.random() < 0.98})
    return table if chance.random() < 0.9 else pa.Table.from_pandas(table.to_pandas(types_mapper=pd.ArrowDtype))


def time_column(chance: random.Random, rows: int) -> pa.Array:
    """Stamps, periods, spans or texts; one in five columns holds whole numbers of any size instead."""
    stamps, notation = some_times(chance, rows)
    stamps = stamps.append(stamps[:1].repeat(rows - len(stamps)))
    unit, kind = chance.choice(UNITS), chance.randrange(7)
    counts = pa.array(stamps.asi8 // 10 ** (9 - 3 * UNITS.index(unit)), pa.int64())
    if chance.random() < 0.2:
        counts = pa.array([some_value(chance, pa.int64()) for _ in range(rows)])
    if kind == 0:
        return pa.array(written(stamps, notation))
    if kind == 1:
        texts = written(stamps, chance.choice(["%Y", "%Y%m", "%Y%m%d", "%Y%m%d%H", "s", "ms", "days"]))
        return pa.array([int(text) for text in texts])
    if kind == 2:
        periods = stamps.to_period(chance.choice(["M", "Q", "Y", "W", "D", "h"]))
        return pa.array(pd.Series(periods)) if chance.random() < 0.8 else pa.array([str(each) for each in periods])
    if kind == 3:
        return counts.view(pa.duration(unit))
    if kind == 4:
        return pa.array(stamps.date, chance.choice([pa.date32(), pa.date64()]))
    column = counts.view(pa.timestamp(unit, chance.choice(ZONES)))
    return column if kind == 5 else column.dictionary_encode()


def some_column(chance: random.Random, rows: int, kinds: list[pa.DataType]) -> pa.Array:
    """A column of one of the types, some with a missing value; some nested, encoded, or not UTF-8."""
    kind, missing = chance.choice(kinds), chance.choice([0, 0, 0, 0.1])
    values = [None if chance.random() < missing else some_value(chance, kind) for _ in range(rows)]
    column, form = pa.array(values, kind), chance.randrange(24)
    if form == 0 and kind not in (pa.string_view(), pa.float16()):
        return column.dictionary_encode()
    if form == 1:
        return pa.array([[value] for value in values], pa.list_(kind))
    if form == 2:
        return pa.array([{"part": value} for value in values], pa.struct([("part", kind)]))
    if form == 3:
        return pa.array([[("key", value)] for value in values], pa.map_(pa.string(), kind))
    if form == 4:
        return pa.nulls(rows, kind)
    if form == 5:
        return pa.array([chance.choice([b"a", b"\xff"]) for _ in range(rows)]).view(pa.string())
    return column


def some_value(chance: random.Random, kind: pa.DataType) -> Any:
    """A value of a type: small, or anything that the type holds."""
    if kind in TEXTS:
        text = chance.choice([*"abc", "abc", *NASTY])
        return text.encode()[:3].ljust(3) if kind == pa.binary(3) else text.encode() if "binary" in str(kind) else text
    if pa.types.is_boolean(kind):
        return chance.random() < 0.5
    if pa.types.is_integer(kind):
        value = chance.getrandbits(chance.randrange(1, kind.bit_width))
        return -value if pa.types.is_signed_integer(kind) and chance.random() < 0.3 else value
    if pa.types.is_decimal(kind):
        return Decimal(chance.randrange(-(10**6), 10**6)) / 1_000
    if pa.types.is_floating(kind):
        return chance.choice([chance.gauss(0, 100)] * 200 + [0.0, float("nan"), float("inf"), 6e4])
    return chance.randrange(86_400) * (86_400_000 if kind == pa.date64() else 1)
