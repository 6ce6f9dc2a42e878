"""Find the notation of a time column: the formats that fit texts, whole numbers that are dates, mixed precision."""

import itertools
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from stages.panel.time_formats import CODE, OFFSET, parse_offset, parse_times, pattern

DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%Y %b %d",
]  # fmt: skip
MONTHS = ["%Y-%m", "%Y/%m", "%Y.%m", "%Y%m", "%YM%m", "%m/%Y", "%m.%Y", "%m-%Y", "%b %Y", "%b-%Y", "%B %Y", "%Y %b"]
QUARTERS = ["%Y-Q%q", "%YQ%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y"]
YEARS = ["%Y", *(f"%Y{sep}{end}" for sep in "-/" for end in ("%+y", "%+Y"))]
TIMES = ["%H", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p"]


def with_times(days: list[str]) -> list[str]:
    return [sep.join(each) for sep in " T" for each in itertools.product(days, TIMES)]


FORMATS = DAYS + MONTHS + YEARS + QUARTERS + ["%G-W%V", "%GW%V", "%G W%V"] + with_times(DAYS)

TWO_DIGIT_DAYS = [
    "%y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y.%m.%d", "%d.%m.%y", "%m.%d.%y",
    "%d-%b-%y", "%d %b %y", "%b %d, %y", "%d-%B-%y", "%d %B %y", "%B %d, %y",
]  # fmt: skip
MONTHS_OF_TWO_DIGIT_YEARS = ["%b-%y", "%b %y", "%B-%y", "%B %y"]
JOINED = ["%Y %m", "%Y %q", "%G %V"]  # what columns of parts make
OTHERS = [
    "%Y-%j", "%yQ%q", "%y-Q%q", "%y Q%q", "Q%q %y", "Q%q-%y", "%Y.Q%q",
    "%Y/Q%q", "Q%q/%Y", "FY%Y", "FY %Y", "FY%Y-%+y", "FY%Y/%+y", "FY%y", "%b/%Y", "%B-%Y", "%Y-%b", "%Y %B",
    "%Y-%b-%d", "%Y-%B-%d", "%d/%b/%Y",
]  # fmt: skip
PARTS_WITHOUT_NAME = ["%G-%V", "%G.%V", "%G/%V", "%Y.%q", "%Y-%q", "%Y/%q"]  # look like months, so are not guessed

# Whole numbers: those that denote parts of dates, and those that count time since a fixed date.
DIGITS = {
    4: ["%Y"], 5: ["%Y%q"], 6: ["%Y%m", "%m%Y", "%G%V", "%y%m%d", "%d%m%y", "%m%d%y"], 7: ["%Y%j"],
    8: ["%Y%m%d", "%d%m%Y", "%m%d%Y"], 10: ["%Y%m%d%H"], 12: ["%Y%m%d%H%M"], 14: ["%Y%m%d%H%M%S"],
}  # fmt: skip
COUNTS = {5: "%Ed", 9: "%s", 10: "%s", 12: "%3s", 13: "%3s", 15: "%6s", 16: "%6s", 18: "%9s", 19: "%9s"}
LIKELY_YEARS = 1900, 2100  # of dates written as whole numbers
ANY_YEAR = {"%Y", "%Y%m", "%Y%m%d"}  # formats that need no likely year
MOST = 0.9  # share of the whole numbers that must be dates

SHOWN = 1000  # texts that are looked at for their form

TIERS = [  # a format of a later list is tried only if none of an earlier one fits all texts
    FORMATS,
    ["%Y %m %d", *with_times(["%Y %m %d"]), *JOINED],
    OTHERS + MONTHS_OF_TWO_DIGIT_YEARS + TWO_DIGIT_DAYS + with_times(TWO_DIGIT_DAYS),
]

WITH_OFFSET = re.compile(rf"(.*\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?)({OFFSET})", re.IGNORECASE)
MIXED = (  # a day, and what may follow it: hours (in ISO 8601 alone), minutes, seconds and their fraction; an offset
    r"(?i)^(?P<day>(?P<iso>\d{4}-\d\d-\d\d)|.*?\D.*?)(?:(?P<sep>[T ])(?P<H>\d\d?)(?(iso)|(?=:))"
    rf"(?::(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.(?P<f>\d{{1,9}}))?)?)?(?P<offset>{OFFSET})?)?$"
)


def candidate_formats(texts: pd.Series, with_zone: bool) -> dict[str, pd.Series]:
    """Every format that fits the first of `texts` (U,), and `texts` parsed in it: (U,), NaT where it does not fit.

    An offset from UTC after the time of day is a literal part of the format, or `%z` if `with_zone`, since the offsets
    of a time zone change. Of formats that parse all texts alike, only the first is returned. If no format fits all
    texts, they may differ in precision: 2024-01-01 stands for 2024-01-01 00:00.
    """
    closest: dict[str, pd.Series] = {}
    for formats in [*TIERS, *numbers_like(texts)]:
        found = _fitting(texts, formats, with_zone)
        if _any_fits_all(found):
            return found
        closest = closest or found
    equal = _with_equal_precision(texts)
    found = {} if equal is None else _fitting(equal, FORMATS, with_zone)
    return found if _any_fits_all(found) else closest


def read_numbers(texts: pd.Series) -> dict[str, pd.Series]:
    """The formats in which nearly all of the whole numbers `texts` (U,) are dates of likely years, and those dates.

    Those that count time since a fixed date only if no other format fits: any number is a count.
    """
    readings: dict[str, pd.Series] = {}
    for formats in numbers_like(texts):
        for time_format in formats:
            timestamps = parse_times(texts, time_format)
            if time_format not in ANY_YEAR:
                timestamps = timestamps.where(timestamps.dt.year.between(*LIKELY_YEARS))
            if timestamps.notna().mean() >= MOST:
                readings[time_format] = timestamps
        if readings:
            return readings
    return readings


def regular_formats(texts: pd.Series, is_regular: Callable[[pd.Series], object]) -> list[str]:
    """The formats that a message may offer: all of `texts` (U,) are dates in them, and regular."""
    fitting = _fitting(texts, [*FORMATS, *PARTS_WITHOUT_NAME], with_zone=False)
    return [name for name, timestamps in fitting.items() if timestamps.notna().all() and is_regular(timestamps)]


def numbers_like(texts: pd.Series) -> list[list[str]]:
    """The formats of whole numbers with as many digits as `texts` (U,): of parts of dates, and of counts of time."""
    if not str(texts.iloc[0]).isdecimal() or not texts.str.fullmatch(r"\d+").all():
        return []
    lengths = set(texts.str.len().unique())
    parts = DIGITS.get(min(lengths), []) if len(lengths) == 1 else []
    counts = {COUNTS.get(length, "") for length in lengths} - {""}
    return [parts, list(counts) if len(counts) == 1 else []]


def _fitting(texts: pd.Series, formats: list[str], with_zone: bool) -> dict[str, pd.Series]:
    """Those of `formats` that fit the first of `texts` (U,), in the exact form of the texts; and their dates."""
    first = str(texts.iloc[0])
    split = WITH_OFFSET.fullmatch(first)
    body, offset = split.groups() if split else (first, "")
    if with_zone and re.search("[+-]", offset):
        offset = offset[: offset.startswith(" ")] + ("%:z" if ":" in offset else "%z")
    found: dict[str, pd.Series] = {}
    for candidate in formats:
        if pattern(candidate).fullmatch(body):
            timestamps = parse_times(texts, candidate + offset)
            if not any(timestamps.equals(other) for other in found.values()):
                found[_exact_format(texts, candidate + offset)] = timestamps
    return found


def _any_fits_all(found: dict[str, pd.Series]) -> bool:
    return any(bool(timestamps.notna().all()) for timestamps in found.values())


def _with_equal_precision(texts: pd.Series) -> pd.Series | None:
    """`texts` (U,) with the parts of the time of day that any of them has; None if they are not such texts."""
    parts = texts.str.extract(MIXED)
    if parts["day"].isna().any() or parts["H"].isna().all():
        return None
    digits = int(parts["f"].str.len().max()) if parts["f"].notna().any() else 0
    times = parts["sep"].dropna().iloc[0] + parts["H"].fillna("00")
    for name in ("M", "S"):
        if parts[name].notna().any():
            times += ":" + parts[name].fillna("00")
    if digits:
        times += "." + parts["f"].fillna("").str.pad(digits, side="right", fillchar="0")
    offsets = parts["offset"].fillna("")
    if offsets.any() and all(not parse_offset(each).utcoffset(None) for each in offsets.unique() if each):
        offsets = offsets.where(offsets == "", offsets[offsets != ""].iloc[0])
    return parts["day"] + times + offsets


def _exact_format(texts: pd.Series, time_format: str) -> str:
    """`time_format` in the form of `texts` (U,): leading zeros or not, case of names, digits of fractions.

    A part whose leading zero no text shows has one if no other part goes without.
    """
    if "%f" in time_format:
        digits = texts.str.extract(r":\d\d\.(\d+)", expand=False).str.len().max()
        time_format = time_format.replace("%f", f"%{int(digits)}f")
    fields = texts.iloc[:SHOWN].str.extract(f"(?i)^(?:{pattern(time_format).pattern})$").dropna()
    if fields.empty:
        return time_format
    one_digit = {
        name for name in fields.columns.intersection(list("mdHIV")) if fields[name].str.fullmatch("[1-9]|0").any()
    }
    zeros = {name for name in fields.columns if fields[name].str.match(r"0\d").any()}
    first = fields.iloc[0]

    def exact(code: re.Match[str]) -> str:
        name = code[1]
        if name in "mdHIV" and one_digit and name not in zeros:
            return f"%-{name}"
        if name in "bBaAp" and first[name].islower():
            return f"%#{name}"
        if name in "bBaA" and first[name].isupper():
            return f"%^{name}"
        return code[0]

    exact_format = re.sub("%([a-zA-Z])", exact, time_format)
    if str(texts.loc[first.name]).islower():
        exact_format = "".join(
            part if part.startswith("%") else part.lower() for part in re.split(f"({CODE.pattern})", exact_format)
        )
    return exact_format


def default_format(timestamps: pd.Series) -> str:
    """The shortest ISO 8601 format that loses nothing of datetime64 `timestamps` (U,)."""
    local = timestamps.dt.tz_localize(None)
    offset = "" if timestamps.dt.tz is None else "%:z"
    if not offset and bool((local == local.dt.normalize()).all()):
        return "%Y-%m-%d"
    fraction = np.asarray(local.dt.microsecond * 1000 + local.dt.nanosecond)
    digits = next(digits for digits in (0, 3, 6, 9) if not (fraction % 10 ** (9 - digits)).any())
    return "%Y-%m-%d %H:%M:%S" + (f".%{digits}f" if digits else "") + offset
