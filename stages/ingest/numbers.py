"""A column of the raw file as numbers: decimal signs, thousands separators, and what is none."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.errors import UserError, quoted
from stages.ingest.params import Ingest

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]  # texts that stand for no value


def to_numbers(
    column: pa.ChunkedArray, name: str, source: str, settings: Ingest, row: Callable[[int], int]
) -> npt.NDArray[np.float64]:
    """The column as float64, NaN where it has no value. Raises UserError for the first that is no finite number.

    row: the number that a user finds a row by
    """
    kind = column.type
    is_text = pa.types.is_string(kind)
    if not (is_text or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise UserError(f"{source}, column {quoted(name)}: holds {kind}, not numbers; name a column of numbers")
    floats = _from_text(column, settings) if is_text else pc.cast(column, pa.float64(), safe=False)
    values: npt.NDArray[np.float64] = pc.fill_null(floats, np.nan).to_numpy()
    wrong = np.isinf(values)
    if is_text:
        missing = pc.is_in(pc.utf8_trim_whitespace(column), pa.array([*MISSING, None]))
        wrong |= np.isnan(values) & ~missing.to_numpy()
    if wrong.any():
        first = int(wrong.argmax())
        found = column[first].as_py()
        raise UserError(
            f"{source} row {row(first)}, column {quoted(name)}: {quoted(found)} is not a finite number; "
            f"{_hint(str(found), settings)}"
        )
    return values


def _from_text(column: pa.ChunkedArray, settings: Ingest) -> pa.ChunkedArray:
    """Numbers of texts, null where a text is none."""
    decimal, thousands = re.escape(settings.decimal), re.escape(settings.thousands or "")
    column = pc.utf8_trim_whitespace(column)
    whole = rf"[1-9]\d{{0,2}}({thousands}\d{{2,3}})*{thousands}\d{{3}}|\d*" if thousands else r"\d*"
    number = rf"^[+-]?({whole})({decimal}\d*)?([eE][+-]?\d+)?$"
    is_number = pc.and_(pc.match_substring_regex(column, number), pc.match_substring_regex(column, r"\d"))
    column = pc.if_else(is_number, column, pa.scalar(None, column.type))
    if settings.thousands:
        column = pc.replace_substring(column, settings.thousands, "")
    column = pc.replace_substring(pc.replace_substring(column, settings.decimal, "."), "+", "")
    return pc.cast(column, pa.float64())


def _hint(found: str, settings: Ingest) -> str:
    for decimal, thousands in ((",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'")):
        settings = settings.model_copy(update={"decimal": decimal, "thousands": thousands})
        if _from_text(pa.chunked_array([[found]], pa.string()), settings)[0].is_valid:
            declared = f"ingest.decimal to {decimal!r} and ingest.thousands to {thousands!r}"
            return f"correct it, or set {declared if thousands else f'ingest.decimal to {decimal!r}'}"
    return "correct it, or leave it empty and set ingest.missing"
