"""Numbers as people read them: the decimals that matter, the same in a whole column, never an exponent needlessly."""

import numpy as np

from stages.common.arrays import Floats

MOST_DECIMALS = 10
UNITS_IN_A_WIDTH = 20  # of the last place
TOO_LARGE = 1e15  # to be written without an exponent
SIGNIFICANT = 4  # digits of the median number in a column


def decimals(values: Floats, widths: Floats) -> int:
    """The decimals that matter for one series: its narrowest interval is typically 20 units of the last place wide.

    values: (N,) actual values, whose own decimals count where there is no interval
    widths: (H,) of the narrowest interval, by step; both may hold NaN

    >>> decimals(np.array([112.0, 118.0]), np.array([40.0, 60.0])), decimals(np.array([1.25, 3.5]), np.array([np.nan]))
    (0, 2)
    """
    known = widths[np.isfinite(widths) & (widths > 0)]
    if known.size:
        return _clipped(np.log10(UNITS_IN_A_WIDTH / np.median(known)))
    written = (np.format_float_positional(value, 10, fractional=False, trim="-") for value in np.unique(values))
    return min(max((len(text.partition(".")[2]) for text in written), default=0), MOST_DECIMALS)


def column_decimals(values: Floats, digits: int = SIGNIFICANT) -> int:
    """The decimals of a column of numbers (N,): the median of those that are not 0 has four significant digits.

    Whole numbers have none.

    >>> column_decimals(np.array([0.4705, 1.334])), column_decimals(np.array([38.43, 13.89]))
    (4, 2)
    """
    known = np.abs(values[np.isfinite(values) & (values != 0)])
    if (known == np.round(known)).all():
        return 0
    return _clipped(digits - 1 - np.floor(np.log10(np.median(known)) + 1e-9))


def significant(value: float, digits: int = SIGNIFICANT, sign: str = "") -> str:
    """A single number with so many significant digits; `sign` "+" shows that of a positive one, too.

    >>> significant(0.470512), significant(123.456, 2), significant(2.0, sign="+"), significant(-0.86444, 3)
    ('0.4705', '123', '+2', '-0.864')
    """
    text = write(value, column_decimals(np.array([value]), digits))
    return f"+{text}" if sign and value > 0 else text


def write(value: float | None, places: int) -> str:
    """A number with `places` decimals and separators of thousands; a dash for one that is not known.

    One of 10**15 or more, and one that all ten decimals do not show, has four digits and an exponent.

    >>> write(1234.5678, 1), write(393.2063, 0), write(-0.2, 0), write(float("nan"), 0)
    ('1,234.6', '393', '0', '-')
    """
    if value is None or np.isnan(value):
        return "-"
    size = abs(value)
    if size >= TOO_LARGE or (0 < size < 10.0 ** (1 - places) and places == MOST_DECIMALS):
        return f"{value:.{SIGNIFICANT}g}"
    return f"{value:z,.{places}f}"


def _clipped(places: float) -> int:
    """Just above a whole number is that number: logarithms are not exact."""
    return int(np.clip(np.ceil(places - 1e-9), 0, MOST_DECIMALS))
