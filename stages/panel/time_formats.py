"""Timestamps as text: parse them in a format, and write them back in it.

Formats have the codes of strftime that denote dates and times of day, and these:

    %q         the quarter of a year
    %+y, %+Y   the year after %Y, in which a financial year ends: 2023-24 is %Y-%+y
    %3f        a fraction of a second with that many digits
    %:z        an offset from UTC with a colon
    %-d        a number without leading zeros; so %-m, %-H, ...
    %^b, %#b   a name in upper case, in lower case; so %^B, %#p, ...
    %s         seconds since 1970 in UTC; %3s, %6s, %9s: milliseconds, microseconds, nanoseconds
    %Ed        the day of a spreadsheet, counted from 1900: 45292 is 1 January 2024

A week without a day of the week (%G-W%V) is its Monday.
"""

import datetime
import functools
import re
from collections import Counter

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Ints

FIRST_YEAR, LAST_YEAR = 1678, 2261  # whole years that 64 bits of nanoseconds hold
EPOCH = np.datetime64("1970-01-01")
FIRST_SPREADSHEET_DAY = np.datetime64("1899-12-30")  # day 0, for days after February 1900

OWN_CODE = r"%(?:Ed|\+[yY]|[369]?s|\df|:z|q|[\^#][A-Za-z])"  # not one of strftime's
CODE = re.compile(r"%(?:Ed|\+[yY]|[369]?s|\df|:z|[-^#]?[A-Za-z])")
TWO = r"\d\d?"
PATTERNS = {  # of each code without its flag
    "%Y": r"\d{4}", "%y": r"\d\d", "%m": TWO, "%d": TWO, "%j": r"\d{3}", "%H": TWO, "%I": TWO, "%M": r"\d\d",
    "%S": r"\d\d", "%f": r"\d{1,9}", "%p": "[AP]M", "%b": "[A-Z]{3}", "%B": "[A-Z]{3,9}", "%a": "[A-Z]{3}",
    "%A": "[A-Z]{6,9}", "%G": r"\d{4}", "%V": TWO, "%U": TWO, "%W": TWO, "%u": "[1-7]", "%w": "[0-6]", "%q": "[1-4]",
    "%+y": r"\d\d", "%+Y": r"\d{4}", "%z": r"Z|[+-]\d\d(?::?\d\d)?", "%s": r"-?\d{1,19}", "%Ed": r"\d{1,6}",
}  # fmt: skip
WIDTHS = {"%Y": 4, "%G": 4, "%j": 3, **dict.fromkeys(["%y", "%m", "%d", "%H", "%I", "%M", "%S", "%V"], 2)}
YEARS = {"%Y", "%y", "%G", "%s", "%Ed"}
COUNTS = {"%s": "s", "%3s": "ms", "%6s": "us", "%9s": "ns"}  # numpy's unit of what each code counts
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

OFFSET = r" ?(?:Z|UTC|GMT|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"
LITERAL_OFFSET = re.compile(rf"%-?(?:[HIMS]|\df|f|[#^]?p)({OFFSET})$", re.IGNORECASE)


def parse_times(texts: pd.Series, time_format: str) -> pd.Series:
    """`texts` (U,) as datetime64, NaT where one is not in `time_format`; in UTC if the format reads offsets.

    Raises ValueError for a format with a code that is unknown or occurs twice, or without a year.
    """
    codes = _checked_codes(time_format)
    if COUNTS.keys() & codes or "%Ed" in codes:
        return _parse_counts(texts, time_format)
    if {"%q", "%+y", "%+Y"} & set(codes):
        return _parse_years(texts, time_format, codes)
    plain = CODE.sub(lambda code: _bare(code[0]), time_format)
    if "%V" in codes and not {"%u", "%a", "%A"} & set(codes):
        mondays = pd.to_datetime(texts + " 1", format=plain + " %u", errors="coerce")
        weeks = mondays.dt.isocalendar().week
        return mondays.where(weeks == _fields(texts, time_format)["V"].astype(float))  # not every year has a week 53
    times = pd.to_datetime(texts, format=plain, errors="coerce", utc=reads_offsets(time_format))
    width = _width(time_format)
    return times if width is None else times.where(texts.str.len() == width)  # 1112024: 1 November or 11 January


def format_times(timestamps: pd.Series, time_format: str) -> pd.Series:
    """datetime64 `timestamps` (U,) as texts in `time_format`; times of a zone in UTC if the format ends with `Z`."""
    clock = clock_of(time_format)
    if clock and timestamps.dt.tz is not None:
        timestamps = timestamps.dt.tz_convert(clock)
    texts = pd.Series("", index=timestamps.index, dtype=object)
    for part in re.split(f"({OWN_CODE})", time_format):
        if re.fullmatch(OWN_CODE, part):
            texts += _format_own_code(timestamps, part)
        elif part:
            texts += timestamps.dt.strftime(part) if "%" in part else part
    return texts


def check_format(time_format: str) -> None:
    """Raises ValueError for a format that cannot be read or written."""
    parse_times(format_times(pd.Series(pd.to_datetime(["2024-01-31"])), time_format), time_format)


def reads_offsets(time_format: str) -> bool:
    """Whether each text in `time_format` has an offset from UTC of its own."""
    return "%z" in time_format or "%:z" in time_format


def clock_of(time_format: str) -> datetime.tzinfo | None:
    """The one offset from UTC of all texts in `time_format`; None if each has its own, or none has one."""
    literal = LITERAL_OFFSET.search(time_format)
    if literal:
        return parse_offset(literal[1])
    return datetime.UTC if COUNTS.keys() & set(CODE.findall(time_format)) else None


def parse_offset(text: str) -> datetime.timezone:
    """The offset from UTC that `text` denotes: Z, UTC, GMT, +01, +01:00 or +0100."""
    digits = re.sub(r"\D", "", text)
    minutes = int(digits[:2] or 0) * 60 + int(digits[2:] or 0)
    return datetime.timezone(datetime.timedelta(minutes=-minutes if "-" in text else minutes))


@functools.cache
def pattern(time_format: str) -> re.Pattern[str]:
    """The pattern of texts in `time_format`, with a group for each code, named by its letters.

    Days, months and the like may have one digit, unless nothing separates them from another number.
    """
    parts = re.split(f"({CODE.pattern})", time_format)
    expression = re.escape(parts[0])
    for at in range(1, len(parts), 2):
        code = _bare(parts[at])
        touches = (at > 1 and not parts[at - 1]) or (at + 2 < len(parts) and not parts[at + 1])
        digits = PATTERNS[code].replace(TWO, r"\d\d") if touches and "-" not in parts[at] else PATTERNS[code]
        expression += f"(?P<{code.strip('%').replace('+', 'next')}>{digits}){re.escape(parts[at + 1])}"
    return re.compile(expression, re.IGNORECASE)


def _checked_codes(time_format: str) -> list[str]:
    """The codes of a format, without flags. Raises ValueError for a format that cannot be used."""
    literals = CODE.split(time_format)
    codes = [_bare(code, keep_unit=True) for code in CODE.findall(time_format)]
    for code, count in Counter(_bare(code) for code in codes).items():
        if code not in PATTERNS:
            raise ValueError(f"{code} is not a code for a part of a date")
        if count > 1:
            raise ValueError(f"it has {code} more than once")
    if any("%" in literal for literal in literals):
        raise ValueError("it has a % that begins no code")
    if not YEARS & {_bare(code) for code in codes}:
        raise ValueError("it has no year; add %Y")
    if {"%U", "%W"} & set(codes) and not {"%u", "%w", "%a", "%A"} & set(codes):
        raise ValueError("weeks %U and %W need a day of the week; ISO weeks are %G and %V")
    return codes


def _bare(code: str, keep_unit: bool = False) -> str:
    """A code without its flag, its number of digits and, unless `keep_unit`, the unit that it counts."""
    code = re.sub(r"%(?:[-^#:]|\d(?=f))", "%", code)
    return code if keep_unit else re.sub(r"%\ds", "%s", code)


def _width(time_format: str) -> int | None:
    """The number of digits of a format of numbers without separators; None for other formats."""
    codes = CODE.findall(time_format)
    is_number = "".join(codes) == time_format and all(code in WIDTHS for code in codes)
    return sum(WIDTHS[code] for code in codes) if is_number else None


def _fields(texts: pd.Series, time_format: str) -> pd.DataFrame:
    """A column of text for each code of `time_format`; NaN where a text is not in it."""
    return texts.str.extract(rf"(?i)^(?:{pattern(time_format).pattern})$")


def _parse_years(texts: pd.Series, time_format: str, codes: list[str]) -> pd.Series:
    """Quarters, and years that are named by two. Raises ValueError for other codes beside them."""
    year = next((code for code in ("%Y", "%y") if code in codes), None)
    if year is None or set(codes) - {year, "%q", "%+y", "%+Y"}:
        raise ValueError("a quarter, or the end of a financial year, needs a %Y or %y and no other code")
    fields = _fields(texts, time_format)
    months = (fields["q"].astype(float) * 3 - 2).map("{:02.0f}".format) if "q" in fields else "01"
    times = pd.to_datetime(fields[year[1]] + "-" + months, format=f"{year}-%m", errors="coerce")
    for name, modulus in (("nexty", 100), ("nextY", 10_000)):
        if name in fields:
            times = times.where((times.dt.year + 1) % modulus == fields[name].astype(float))
    return times


def _parse_counts(texts: pd.Series, time_format: str) -> pd.Series:
    """Seconds, parts of a second or days since a fixed date. Raises ValueError for a format with more than the code."""
    if not CODE.fullmatch(time_format):
        raise ValueError("a code that counts seconds or days stands alone")
    is_number = texts.str.fullmatch(r"[+-]?(?:\d{1,18}|[1-8]\d{18})").to_numpy(dtype=bool)
    counts = np.zeros(len(texts), dtype=np.int64)
    counts[is_number] = texts[is_number].astype("int64")
    unit = COUNTS.get(time_format, "D")
    origin = FIRST_SPREADSHEET_DAY if unit == "D" else EPOCH
    inside = is_number & within_years(counts, unit, origin)
    times = origin.astype(f"datetime64[{unit}]") + np.where(inside, counts, 0).astype(f"timedelta64[{unit}]")
    return pd.Series(times.astype("datetime64[ns]"), index=texts.index).where(inside)


def within_years(counts: Ints, unit: str, origin: np.datetime64 = EPOCH) -> Bools:
    """Whether each of `counts` (U,), in numpy's `unit` from `origin` on, lies in the years that can be read."""
    edges = np.array([f"{FIRST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01"], dtype=f"datetime64[{unit}]")
    first, end = (edges - origin.astype(edges.dtype)).astype(np.int64)
    return np.asarray((counts >= first) & (counts < end))


def _format_own_code(timestamps: pd.Series, code: str) -> pd.Series:
    """One of the codes that strftime does not have, for each of `timestamps` (U,)."""
    if code == "%q":
        return timestamps.dt.quarter.astype(str)
    if code[1] == "+":
        following = timestamps.dt.year + 1
        return following.astype(str) if code == "%+Y" else (following % 100).map("{:02d}".format)
    if code in COUNTS:
        nanoseconds = timestamps.dt.as_unit("ns").astype("int64")
        return (nanoseconds // NANOSECONDS[COUNTS[code]]).astype(str)
    if code == "%Ed":
        days = timestamps.dt.tz_localize(None).to_numpy().astype("datetime64[D]") - FIRST_SPREADSHEET_DAY
        return pd.Series(days.astype(np.int64), index=timestamps.index).astype(str)
    if code == "%:z":
        return timestamps.dt.strftime("%z").str.replace(r"(\d\d)$", r":\1", regex=True)
    if code.endswith("f"):
        nanoseconds = timestamps.dt.microsecond * 1000 + timestamps.dt.nanosecond
        return nanoseconds.map("{:09d}".format).str[: int(code[1])]
    names = timestamps.dt.strftime(f"%{code[2]}")
    return names.str.upper() if code[1] == "^" else names.str.lower()
