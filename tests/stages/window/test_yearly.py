"""The course of the year: series that it describes exactly, and what it must not know."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.window import yearly
from stages.window.yearly import course_at, follow

YEAR = 365.25
DAYS = np.arange(1500.0)


def course(days: Floats) -> Floats:
    angle = 2 * np.pi * days / YEAR
    found: Floats = 5 + 3 * np.sin(angle) + np.cos(2 * angle) + 0.002 * days
    return found


def found_at(values: Floats, step: int) -> Floats:
    return course_at(values[None], YEAR, np.array([0]), np.array([step]))


def test_a_course_of_harmonics_and_a_line_is_found_and_goes_on() -> None:
    ahead = np.arange(1200.0, 1260.0)
    forecast = follow(found_at(course(DAYS), 1200), YEAR, ahead[None])[0]
    np.testing.assert_allclose(forecast, course(ahead), atol=0.15)


def test_missing_values_are_skipped() -> None:
    gaps = course(DAYS)
    gaps[np.random.default_rng(0).random(len(gaps)) < 0.4] = np.nan
    gaps[400:430] = np.nan
    ahead = np.arange(1200.0, 1260.0)
    forecast = follow(found_at(gaps, 1200), YEAR, ahead[None])[0]
    np.testing.assert_allclose(forecast, course(ahead), atol=0.25)


def test_nothing_after_a_point_counts_and_two_years_are_needed() -> None:
    poisoned = course(DAYS)
    poisoned[900:] = 1e6
    np.testing.assert_array_equal(found_at(course(DAYS), 900), found_at(poisoned, 900))
    assert np.isnan(found_at(course(DAYS), 730)).all()
    assert np.isfinite(found_at(course(DAYS), 731)).all()


def test_points_of_several_series_do_not_depend_on_each_other() -> None:
    random = np.random.default_rng(1)
    values = np.stack([course(DAYS) + random.normal(0, 1, len(DAYS)) for _ in range(3)])
    rows, steps = np.array([2, 0, 1, 0]), np.array([800, 1000, 800, 900])
    whole = course_at(values, YEAR, rows, steps)
    for point, (row, step) in enumerate(zip(rows, steps, strict=True)):
        np.testing.assert_allclose(whole[point], found_at(values[row], step)[0], rtol=1e-6, atol=1e-8)


def test_a_course_does_not_depend_on_how_many_are_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.stack([course(DAYS), -course(DAYS)])
    rows, steps = np.array([0, 1, 1, 0, 1]), np.array([1000, 1000, 740, 1001, 5])
    whole = course_at(values, YEAR, rows, steps)
    monkeypatch.setattr(yearly, "CHUNK", 2)
    np.testing.assert_allclose(course_at(values, YEAR, rows, steps), whole, rtol=1e-6, atol=1e-8)
