"""Digits: worked by hand."""

import numpy as np
import pytest

from stages.plot.digits import column_decimals, decimals, significant, write

NONE = np.array([np.nan])


@pytest.mark.parametrize(
    ("widths", "places"),
    [([40.0], 0), ([20.0], 0), ([19.9], 1), ([2.0], 1), ([0.2], 2), ([0.02, 5.0, 0.02], 3), ([1e9], 0), ([1e-20], 10)],
)
def test_an_interval_is_twenty_units_of_the_last_place_wide(widths: list[float], places: int) -> None:
    assert decimals(np.array([1.2345678]), np.array([*widths, np.nan])) == places


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([112.0, 118.0], 0),
        ([1.5, 2.25, np.nan], 2),
        ([0.1 + 0.2], 1),
        ([1e-12], 10),
        ([], 0),
        ([108.6005497, 109.61234567, 107.5], 2),  # changes of 1 and 2
        ([1.7e308, -1.7e308, 1.7e308], 0),
        ([1.23456789] * 3, 4),
    ],
)
def test_without_an_interval_the_change_is_twenty_units_of_the_last_place(values: list[float], places: int) -> None:
    """No more decimals than the values have, in ten significant digits: 0.1 + 0.2 is 0.3. A width of 0 is none."""
    assert decimals(np.array(values), NONE) == places
    assert decimals(np.array(values), np.zeros(3)) == places


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0.4705, 0.5119, 1.1033, 1.3344], 4),
        ([1.248, 1.523, 93342.5], 3),
        ([3.496, 10.285], 3),
        ([13.89, 40.73], 2),
        ([3154.2, 0.5], 4),
        ([1e-7, 5.0], 4),
        ([0.03, 0.04], 5),
        ([1e-7, 2e-7], 6),
        ([1000.0, 60.0, 0.0], 0),
        ([123456.0], 0),
        ([np.nan], 0),
        ([1.5], 3),
    ],
)
def test_the_lower_quartile_of_a_column_has_four_significant_digits(values: list[float], places: int) -> None:
    assert column_decimals(np.array(values)) == places


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (393.2063, 0, "393"), (1234567.891, 2, "1,234,567.89"), (-0.04, 1, "0.0"), (2.0, 3, "2.000"), (None, 2, "-"),
        (float("nan"), 2, "-"), (1e15, 0, "1e+15"), (5e14, 0, "500,000,000,000,000"), (3e-300, 10, "3e-300"),
        (0.0, 10, "0.0000000000"), (0.3, 0, "0"), (1.5e-7, 6, "1.5e-07"), (1e-4, 5, "0.00010"),
    ],
)  # fmt: skip
def test_numbers_are_written_with_their_decimals(value: float | None, places: int, text: str) -> None:
    assert write(value, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 - 1e-15, "0.1000"),
        (0.00012345, "0.0001234"),
        (99.996, "100.00"),
        (1234567.8, "1,234,568"),
        (-3.14159, "-3.142"),
        (1e20, "1e+20"),
    ],
)
def test_a_single_number_has_four_digits_and_no_exponent(value: float, text: str) -> None:
    assert significant(value) == text
    assert significant(abs(value), sign="+") == f"+{text.lstrip('-')}"


def test_a_single_number_that_is_not_known_is_a_dash() -> None:
    assert significant(float("nan")) == "-"
