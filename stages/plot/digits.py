"""Numbers as people read them: the decimals that matter, the same in a whole column, never an exponent needlessly."""

import numpy as np

from stages.common.arrays import Floats

MOST_DECIMALS = 10
USUAL_IN_COLUMN, MOST_IN_COLUMN = 4, 6  # the most where the largest number needs no more, and where it does
UNITS_IN_A_WIDTH = 20  # of the last place
FOR_A_CONSTANT = 4  # decimals of a series that never changes
TOO_LARGE = 1e15  # to be written without an exponent
SIGNIFICANT = 4  # digits of a typical number in a column


def decimals(values: Floats, widths: Floats) -> int:
    """The decimals that matter for one series: its narrowest interval is typically 20 units of the last place wide.

    Without intervals the change from one value to the next is, and there are no more decimals than the values have.

    values: (N,) actual values
    widths: (H,) of the narrowest interval, by step; both may hold NaN

    >>> decimals(np.array([112.0, 118.0]), np.array([40.0, 60.0])), decimals(np.array([1.25, 1.5]), np.array([np.nan]))
    (0, 2)
    """
    wide = widths[np.isfinite(widths) & (widths > 0)]
    if wide.size:
        return _of_sizes(wide)
    known = values[np.isfinite(values)]
    written = (np.format_float_positional(value, 10, fractional=False, trim="-") for value in np.unique(known))
    own = max((len(text.partition(".")[2]) for text in written), default=0)
    with np.errstate(over="ignore"):
        changes = np.abs(np.diff(known))
    if changes.any():
        return min(own, _of_sizes(changes[changes > 0]))
    return min(own, max(FOR_A_CONSTANT, _of_digits(abs(known[0]), SIGNIFICANT))) if own else 0


def column_decimals(values: Floats) -> int:
    """The decimals of a column of numbers (N,): the lower quartile of those that are not 0 has four significant digits.

    At most four, or as many as the largest number needs, up to six; whole numbers have none.

    >>> column_decimals(np.array([0.4705, 1.334])), column_decimals(np.array([38.43, 13.89]))
    (4, 2)
    """
    known = np.abs(values[np.isfinite(values) & (values != 0)])
    if (known == np.round(known)).all():
        return 0
    quartile, largest = (_of_digits(np.quantile(known, at, method="lower"), SIGNIFICANT) for at in (0.25, 1))
    return min(quartile, max(largest, USUAL_IN_COLUMN), MOST_IN_COLUMN)


def significant(value: float, digits: int = SIGNIFICANT, sign: str = "") -> str:
    """A single number with so many significant digits; `sign` "+" shows that of a positive one, too.

    >>> significant(0.470512), significant(123.456, 2), significant(2.0, sign="+"), significant(-0.86444, 3)
    ('0.4705', '123', '+2', '-0.864')
    """
    whole = np.isnan(value) or value == np.round(value)
    text = write(value, 0 if whole else _of_digits(abs(value), digits))
    return f"+{text}" if sign and value > 0 else text


def write(value: float | None, places: int) -> str:
    """A number with `places` decimals and separators of thousands; a dash for one that is not known.

    One of 10**15 or more, and one that six decimals or more do not show, has four digits and an exponent.

    >>> write(1234.5678, 1), write(393.2063, 0), write(-0.2, 0), write(float("nan"), 0)
    ('1,234.6', '393', '0', '-')
    """
    if value is None or np.isnan(value):
        return "-"
    size = abs(value)
    if size >= TOO_LARGE or (0 < size < 10.0 ** (1 - places) and places >= MOST_IN_COLUMN):
        return f"{value:.{SIGNIFICANT}g}"
    return f"{value:z,.{places}f}"


def _of_sizes(sizes: Floats) -> int:
    """The decimals with which the median of the sizes (N,), all above 0, is 20 units of the last place."""
    with np.errstate(over="ignore"):
        typical = np.median(sizes)
    return _clipped(np.log10(UNITS_IN_A_WIDTH) - np.log10(typical))


def _of_digits(size: float, digits: int) -> int:
    """The decimals with which a number above 0 has so many significant digits."""
    return _clipped(digits - 1 - np.floor(np.log10(size) + 1e-9))


def _clipped(places: float) -> int:
    """Just above a whole number is that number: logarithms are not exact."""
    return int(np.clip(np.ceil(places - 1e-9), 0, MOST_DECIMALS))
