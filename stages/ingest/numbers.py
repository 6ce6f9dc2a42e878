"""Convert a column of the raw file to numbers: decimal signs, thousands separators, missing values."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Floats
from stages.common.errors import UserError, quoted
from stages.ingest.columns import Column

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]  # texts that mean a missing value


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes numbers: its decimal sign, and its thousands separator or None."""

    decimal: str = "."
    thousands: str | None = None


UNDECLARED = [  # number formats that an error message may suggest
    NumberFormat(decimal, thousands)
    for decimal, thousands in ((",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
]


def to_numbers(column: Column, number_format: NumberFormat) -> Floats:
    """(N,) the column's values, NaN where missing. Raises UserError for the first that is not a finite number."""
    kind = column.values.type
    is_text = pa.types.is_string(kind)
    if not (is_text or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise UserError(f"{column} holds {kind}, not numbers; set ingest.value to a column of numbers")
    floats = _parse(column.values, number_format) if is_text else pc.cast(column.values, pa.float64(), safe=False)
    values: Floats = pc.fill_null(floats, np.nan).to_numpy()
    wrong = np.isinf(values)
    if is_text:
        missing = pc.is_in(pc.utf8_trim_whitespace(column.values), pa.array([*MISSING, None]))
        wrong |= np.isnan(values) & ~missing.to_numpy()
    if wrong.any():
        first = int(wrong.argmax())
        found = column.values[first].as_py()
        raise UserError(f"{column.where(first)}: {quoted(found)} is not a finite number; {_hint(str(found))}")
    return values


def _parse(texts: pa.ChunkedArray, number_format: NumberFormat) -> pa.ChunkedArray:
    """`texts` (N,) as float64, null where a text is not a number."""
    decimal, thousands = re.escape(number_format.decimal), re.escape(number_format.thousands or "")
    texts = pc.utf8_trim_whitespace(texts)
    whole = rf"[1-9]\d{{0,2}}({thousands}\d{{2,3}})*{thousands}\d{{3}}|\d*" if thousands else r"\d*"
    number = rf"^[+-]?({whole})({decimal}\d*)?([eE][+-]?\d+)?$"
    is_number = pc.and_(pc.match_substring_regex(texts, number), pc.match_substring_regex(texts, r"\d"))
    texts = pc.if_else(is_number, texts, pa.scalar(None, texts.type))
    if number_format.thousands:
        texts = pc.replace_substring(texts, number_format.thousands, "")
    texts = pc.replace_substring(pc.replace_substring(texts, number_format.decimal, "."), "+", "")
    return pc.cast(texts, pa.float64())


def _hint(found: str) -> str:
    """How to fix a value that is not a number: the number format that it is in, if there is one."""
    for number_format in UNDECLARED:
        if _parse(pa.chunked_array([[found]], pa.string()), number_format)[0].is_valid:
            declared = f"ingest.decimal to {number_format.decimal!r}"
            if number_format.thousands:
                declared += f" and ingest.thousands to {number_format.thousands!r}"
            return f"correct it, or set {declared}"
    return "correct it, or leave it empty and set ingest.missing"
