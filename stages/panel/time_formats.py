"""Timestamps as text: find the format of a column, parse it and write it back.

Formats are strftime's, with four extensions: `%q`, the quarter of a year; `%3f`, a fraction of a second with that many
digits; `%:z`, an offset from UTC with a colon; `%-d`, `%-m`, ... without a leading zero.
"""

import functools
import itertools
import re

import numpy as np
import pandas as pd

DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%Y %b %d",
]  # fmt: skip
MONTHS = ["%Y-%m", "%Y/%m", "%Y.%m", "%Y%m", "%YM%m", "%m/%Y", "%m.%Y", "%m-%Y", "%b %Y", "%b-%Y", "%B %Y", "%Y %b"]
OTHERS = ["%Y", "%Y-Q%q", "%YQ%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "%G-W%V", "%GW%V", "%G W%V"]
TIMES = ["%H", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p"]
FORMATS = DAYS + MONTHS + OTHERS + [sep.join(each) for sep in " T" for each in itertools.product(DAYS, TIMES)]

PATTERNS = {
    "%Y": r"\d{4}", "%m": r"\d\d?", "%d": r"\d\d?", "%H": r"\d\d?", "%I": r"\d\d?", "%M": r"\d\d", "%S": r"\d\d",
    "%f": r"\d{1,9}", "%p": "[AP]M", "%b": "[A-Z]{3}", "%B": "[A-Z]{3,9}", "%G": r"\d{4}", "%V": r"\d\d", "%q": "[1-4]",
}  # fmt: skip
OFFSET = re.compile(r"(.*\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?)( ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))", re.I)
MAX_ROUND_TRIPS = 1000  # timestamps written back to see whether they have leading zeros


def candidate_formats(texts: pd.Series, with_zone: bool) -> dict[str, pd.Series]:
    """Every format that fits the first of `texts` (U,), and `texts` parsed in it: (U,), NaT where it does not fit.

    An offset from UTC after the time of day is a literal part of the format, or `%z` if `with_zone`, since the offsets
    of a time zone change. Of formats that parse all texts alike, only the first is returned.
    """
    first = str(texts.iloc[0])
    split = OFFSET.fullmatch(first)
    body, offset = split.groups() if split else (first, "")
    if with_zone and offset:
        offset = offset[: offset.startswith(" ")] + ("%:z" if ":" in offset else "%z")
    found: dict[str, pd.Series] = {}
    for candidate in FORMATS:
        if pattern(candidate).fullmatch(body):
            timestamps = parse_times(texts, candidate + offset, with_zone)
            if not any(timestamps.equals(other) for other in found.values()):
                found[_exact_format(texts, timestamps, candidate + offset)] = timestamps
    return found


@functools.cache
def pattern(time_format: str) -> re.Pattern[str]:
    """The pattern of texts in `time_format`: days and months may have one digit, unless nothing separates them."""
    parts = re.split("(%[a-zA-Z])", time_format)
    expression = "".join(PATTERNS.get(part, re.escape(part)) for part in parts)
    if "%Y%m" in time_format:
        expression = expression.replace(r"\d\d?", r"\d\d")
    return re.compile(expression, re.IGNORECASE)


def parse_times(texts: pd.Series, time_format: str, utc: bool = False) -> pd.Series:
    """`texts` (U,) as datetime64, NaT where one is not in `time_format`; converted to UTC if `utc`.

    Raises ValueError for a format with unknown codes.
    """
    if "%q" in time_format:
        if time_format.count("%Y") != 1 or time_format.count("%q") != 1:
            raise ValueError("a quarter needs one %Y and one %q")
        parts = pattern(time_format).pattern.replace(r"\d{4}", r"(?P<year>\d{4})").replace("[1-4]", "(?P<q>[1-4])")
        found = texts.str.extract(f"(?i)^{parts}$")
        texts = found["year"].str.cat((found["q"].astype(float) * 3 - 2).map("{:02.0f}".format), sep="-")
        time_format = "%Y-%m"
    elif "%V" in time_format and "%u" not in time_format:
        mondays = pd.to_datetime(texts + " 1", format=time_format + " %u", errors="coerce")
        return mondays.where(mondays.dt.strftime(time_format) == texts)  # not every year has a week 53
    plain = re.sub(r"%\df", "%f", time_format).replace("%:z", "%z").replace("%-", "%")
    return pd.to_datetime(texts, format=plain, errors="coerce", utc=utc)


def format_times(timestamps: pd.Series, time_format: str) -> pd.Series:
    """datetime64 `timestamps` (U,) as texts in `time_format`."""
    texts = pd.Series("", index=timestamps.index, dtype=object)
    for part in re.split(r"(%q|%\df|%:z)", time_format):
        if part == "%q":
            texts += timestamps.dt.quarter.astype(str)
        elif part == "%:z":
            texts += timestamps.dt.strftime("%z").str.replace(r"(\d\d)$", r":\1", regex=True)
        elif re.fullmatch(r"%\df", part):
            nanoseconds = timestamps.dt.microsecond * 1000 + timestamps.dt.nanosecond
            texts += nanoseconds.map("{:09d}".format).str[: int(part[1])]
        elif part:
            texts += timestamps.dt.strftime(part)
    return texts


def default_format(timestamps: pd.Series) -> str:
    """The shortest ISO 8601 format that loses nothing of datetime64 `timestamps` (U,)."""
    local = timestamps.dt.tz_localize(None)
    offset = "" if timestamps.dt.tz is None else "%:z"
    if not offset and bool((local == local.dt.normalize()).all()):
        return "%Y-%m-%d"
    fraction = np.asarray(local.dt.microsecond * 1000 + local.dt.nanosecond)
    digits = next(digits for digits in (0, 3, 6, 9) if not (fraction % 10 ** (9 - digits)).any())
    return "%Y-%m-%d %H:%M:%S" + (f".%{digits}f" if digits else "") + offset


def _exact_format(texts: pd.Series, timestamps: pd.Series, time_format: str) -> str:
    """`time_format` with the number of digits in the first text's fraction, and without leading zeros if none has them.

    texts: (U,) in `time_format`, parsed as `timestamps` (U,)
    """
    fraction = re.search(r":\d\d\.(\d+)", str(texts.iloc[0]))
    if fraction:
        time_format = time_format.replace("%f", f"%{len(fraction[1])}f")
    bare = re.sub("%([mdHI])", r"%-\1", time_format)
    some = timestamps.notna() & (np.arange(len(timestamps)) < MAX_ROUND_TRIPS)
    is_bare = bool((format_times(timestamps[some], bare) == texts[some]).all())
    return bare if is_bare and format_times(timestamps[some], time_format).ne(texts[some]).any() else time_format
