"""Convert a column of the raw file to numbers: decimal signs, thousands separators, missing values."""

import contextlib
import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Bools, Floats
from stages.common.errors import UserError, quoted, warn
from stages.ingest.columns import Column

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]  # texts that mean a missing value
LARGEST = 1e150  # its square is a float64; the sums and squares of larger values overflow
GROUPS = [" \u00a0\u2007\u2009\u202f", "'\u2019"]  # thousands separators that look alike: each stands for all
POINT_GROUPED = (
    r"^[+-]?(0|[1-9]\d{0,2}(\.\d{3})?)$"  # 2.003 is three thousandths more than two, or two thousand and three
)


@dataclass(frozen=True)
class NumberFormat:
    """How a file writes numbers: its decimal sign, its thousands separator or None, and what it writes for no value.

    none: texts and numbers that mean a missing value, besides MISSING; a text that is a number is one
    """

    decimal: str = "."
    thousands: str | None = None
    none: list[str | float] = field(default_factory=list)

    @property
    def missing_texts(self) -> list[str]:
        return [*MISSING, *(each.strip() for each in self.none if isinstance(each, str))]

    @property
    def missing_numbers(self) -> list[float]:
        numbers = []
        for each in self.none:
            with contextlib.suppress(ValueError, OverflowError):
                numbers.append(float(each))
        return numbers

    @property
    def separators(self) -> str:
        """The characters that may group thousands."""
        if self.thousands is None:
            return ""
        return next((group for group in GROUPS if self.thousands in group), self.thousands)


OTHER_VALUES = "set ingest.value to a column of numbers"
CURRENCY, NUMBER = r"[A-Za-z]{0,3}[$¢£¥€₦₩₪₫₱₹₺₽]", r"\d[\d.,' ]*"
WITH_UNIT = [  # a sign before or after a number, or letters about one that has a decimal sign
    rf"[+-]? ?{CURRENCY} ?[+-]?{NUMBER}-?",
    rf"[+-]?{NUMBER}({CURRENCY}|[%‰]|°[CF]?)",
    r"(?=.*[A-Za-z])([A-Za-z]{1,4} ?)?[+-]?\d+[.,]\d+ ?([A-Za-z]{1,4})?",
]
SUGGESTED = [  # number formats that an error message may suggest, the simplest first
    NumberFormat(decimal, thousands)
    for thousands in (None, ",", ".", " ", "'", "_")
    for decimal in (".", ",")
    if thousands != decimal
]


def to_numbers(column: Column, number_format: NumberFormat) -> Floats:
    """(N,) the column's values, NaN where missing. Raises UserError for one that is not a number up to LARGEST."""
    kind = column.values.type
    is_text = pa.types.is_string(kind)
    if not is_text and not is_number_type(kind):
        raise UserError(f"{column} holds {kind}, not numbers; {OTHER_VALUES}")
    floats = parse(column.values, number_format) if is_text else pc.cast(column.values, pa.float64(), safe=False)
    values: Floats = pc.fill_null(floats, np.nan).to_numpy()
    missing = _are_missing(column, values, number_format)
    wrong = (np.abs(values) > LARGEST) & ~missing
    if is_text:
        wrong |= np.isnan(values) & ~missing
    if wrong.any():
        first = int(wrong.argmax())
        found = quoted(str(column.values[first].as_py()))
        problem = f"beyond {LARGEST:g}" if np.isfinite(values[first]) else "not a finite number"
        raise UserError(f"{column.where(first)}: {found} is {problem}; {_hint(column, first, number_format)}")
    return np.where(missing, np.nan, values) if number_format.none else values


def mostly_numbers(column: Column, number_format: NumberFormat) -> bool:
    """Whether at least half of the column's values are numbers in some format; so for a column without values."""
    if not pa.types.is_string(column.values.type):
        return is_number_type(column.values.type)
    given = column.values.filter(pc.invert(_are_in(column.values, number_format.missing_texts)))
    return any(2 * parse(given, each).null_count <= len(given) for each in (number_format, *SUGGESTED))


def is_number_type(kind: pa.DataType) -> bool:
    """Whether a column of this type holds numbers, or nothing at all."""
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    return any(is_kind(kind) for is_kind in kinds)


def parse(texts: pa.ChunkedArray, number_format: NumberFormat) -> pa.ChunkedArray:
    """`texts` (N,) as float64, null where a text is not a number; beyond the range of float64 it is infinite."""
    decimal = re.escape(number_format.decimal)
    texts = pc.utf8_trim_whitespace(texts)
    if number_format.separators:
        separator = f"[{re.escape(number_format.separators)}]"
        grouped = rf"[1-9]\d{{0,2}}({separator}\d{{2,3}})*{separator}\d{{3}}|"
    else:
        separator = grouped = ""
    number = rf"^[+-]?(({grouped}\d+)({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d+)?$"
    texts = pc.if_else(pc.match_substring_regex(texts, number), texts, pa.scalar(None, texts.type))
    if separator:
        texts = pc.replace_substring_regex(texts, separator, "")
    texts = pc.replace_substring(pc.replace_substring(texts, number_format.decimal, "."), "+", "")
    return pc.cast(texts, pa.float64())


def may_be_grouped(values: pa.ChunkedArray) -> bool:
    """Whether float64 `values` (N,) could be integers with points that group thousands: all are 0 or 1 to 999.999."""
    size = np.abs(values.to_numpy())
    size = size[~np.isnan(size) & (size != 0)]
    if not ((size >= 1) & (size < 1000)).all():
        return False
    thousandths = np.round(size * 1000)
    return bool((np.abs(size * 1000 - thousandths) < 1e-6).all() and (thousandths % 10 != 0).any())


def is_grouped(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Whether the points in `texts` (N,) may group thousands: every point stands before the last three digits.

    Decimals may look so too, but seldom all: one that begins with 0. or has fewer digits, or a whole part of more than
    three, decides that they are decimals. One number with a point decides nothing.
    """
    texts = pc.utf8_trim_whitespace(texts)
    given = texts.filter(pc.invert(_are_in(texts, MISSING)))
    with_point = pc.sum(pc.match_substring(given, ".")).as_py() or 0
    return with_point > 1 and bool(pc.all(pc.match_substring_regex(given, POINT_GROUPED)).as_py())


def _are_in(texts: pa.ChunkedArray, markers: list[str]) -> pa.ChunkedArray:
    """(N,) which of `texts` (N,) are null or, without the blanks around them, among `markers`."""
    return pc.is_in(pc.utf8_trim_whitespace(texts), pa.array([*markers, None], pa.string()))


def warn_of_groups(columns: list[Column], number_format: NumberFormat) -> None:
    """Warn of columns of text, read with decimal points, whose points may group thousands."""
    if number_format.decimal != "." or number_format.thousands:
        return
    doubtful = [each for each in columns if pa.types.is_string(each.values.type) and is_grouped(each.values)]
    if doubtful:
        texts = pc.utf8_trim_whitespace(doubtful[0].values)
        text = texts.filter(pc.match_substring(texts, "."))[0].as_py()
        others = f" (so in {len(doubtful)} columns)" if len(doubtful) > 1 else ""
        warn(
            f"{doubtful[0]}: every point stands before the last three digits{others}: {text} is read as a decimal; "
            f"if it means {text.replace('.', '')}, set ingest.decimal to ',' and ingest.thousands to '.'"
        )


def _are_missing(column: Column, values: Floats, number_format: NumberFormat) -> Bools:
    """(N,) which of the column's values are missing: those without a number, and those that `none` lists."""
    kind = column.values.type
    if pa.types.is_string(kind):
        missing: Bools = _are_in(column.values, number_format.missing_texts).to_numpy()
    else:
        missing = np.isnan(values)
    numbers = np.array(number_format.missing_numbers)
    if pa.types.is_float32(kind):
        numbers = numbers.astype(np.float32).astype(np.float64)
    return missing | np.isin(values, numbers)


def has_unit(text: str) -> bool:
    """Whether a text is a number with a sign such as $ or %, or a decimal one with letters, such as EUR or kg.

    >>> [has_unit(text) for text in ("£9.26", "-12 %", "9.80 EUR", "Q1", "3XL", "week 3")]
    [True, True, True, False, False, False]
    """
    return any(re.fullmatch(pattern, text.strip()) for pattern in WITH_UNIT)


def _hint(column: Column, wrong: int, number_format: NumberFormat) -> str:
    """How to make the value at index `wrong` a number: the formats that read it, and most of the column, as numbers."""
    is_text = pa.types.is_string(column.values.type)
    found = str(column.values[wrong].as_py())
    readings: dict[float, NumberFormat] = {}
    read = 0
    for suggested in SUGGESTED if is_text else []:
        value = parse(pa.chunked_array([[found]], pa.string()), suggested)[0].as_py()
        if value is None or abs(value) > LARGEST:
            continue
        numbers = len(column.values) - parse(column.values, suggested).null_count
        if numbers > read:
            readings, read = {}, numbers
        if numbers == read:
            readings.setdefault(value, suggested)
    if not readings and is_text and has_unit(found):
        return "write a plain number, without a sign or unit, in this column"
    if not readings:
        marker = quoted(found.strip()) if is_text or "inf" in found else found
        return f"correct it, or list it in ingest.none, as [{marker}], if it means no value"
    if len(readings) == 1:
        return f"correct it, or set {_declaration(next(iter(readings.values())), number_format)}"
    return "set " + ", or ".join(
        f"{_declaration(suggested, number_format)} if it is {value:.15g}" for value, suggested in readings.items()
    )


def _declaration(suggested: NumberFormat, number_format: NumberFormat) -> str:
    """The parameters to set, and their values."""
    declared = []
    if suggested.decimal != number_format.decimal:
        declared.append(f"ingest.decimal to {suggested.decimal!r}")
    if suggested.thousands != number_format.thousands:
        thousands = "null" if suggested.thousands is None else repr(suggested.thousands)
        declared.append(f"ingest.thousands to {thousands}")
    return " and ".join(declared)
