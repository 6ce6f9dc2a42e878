"""Seasonal indices: found where there is a season, near 0 for noise, from earlier values alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import seasonal_decompose

from stages.common.arrays import Floats, Floats32
from stages.window import seasonality
from stages.window.seasonality import AGEING, seasonal_indices_at, values_that_count


def at_step(values: Floats, season: int, step: int) -> tuple[Floats, float, Floats]:
    """Indices (season,), strength and remainder (n,) of one series (n,) after `step` of its values."""
    indices, strength, remainder = seasonal_indices_at(values[None], season, np.array([0]), np.array([step]))
    return indices[0].astype(np.float64), float(strength[0]), remainder[0]


@pytest.mark.parametrize("season", [3, 4, 12])
@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_repeating_pattern_is_found_unshrunk(season: int, late: int) -> None:
    pattern = np.random.default_rng(season).normal(0, 5, season)
    values: Floats = 100 + np.tile(pattern, 8)
    step = 5 * season + late
    indices, strength, remainder = at_step(values, season, step)
    np.testing.assert_allclose(indices, np.roll(pattern, -late) - pattern.mean(), atol=1e-4)
    assert strength > 0.999
    np.testing.assert_allclose(remainder[3 * season :], 100 + pattern.mean(), atol=1e-4)


@pytest.mark.parametrize("season", [4, 12])
@pytest.mark.parametrize("seasons", [6, 10, 50])
def test_noise_has_hardly_any_season(season: int, seasons: int) -> None:
    """However long the history."""
    noise = np.random.default_rng(0).normal(0, 1, (500, seasons * season))
    indices, strength, _ = seasonal_indices_at(noise, season, np.arange(500), np.full(500, seasons * season))
    assert (strength == 0).mean() > 0.7
    assert strength.mean() < 0.1
    assert np.abs(indices).mean() < 0.05  # of noise with a standard deviation of 1
    assert (indices[strength == 0] == 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 13), st.integers(0, 60), st.integers(0, 60))
def test_later_values_change_nothing(seed: int, season: int, length: int, step: int) -> None:
    random, step = np.random.default_rng(seed), min(step, length)
    values = random.normal(0, 1, (3, length)) + np.resize(random.normal(0, 2, season), length)
    other = values.copy()
    other[:, step:] = 10.0 ** random.integers(-3, 9)
    rows, steps = np.arange(3), np.full(3, step)
    one, two = (seasonal_indices_at(each, season, rows, steps) for each in (values, other))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])
    np.testing.assert_array_equal(one[2][:, :step], two[2][:, :step])


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_each_point_depends_on_its_own_values_alone(seed: int, season: int, steps: list[int]) -> None:
    """In any order, and whatever the other series and points."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, (4, 50)) + np.resize(random.normal(0, 3, season), 50)
    rows = random.integers(0, 4, len(steps))
    indices, strength, _ = seasonal_indices_at(values, season, rows, np.array(steps))
    for place, (row, step) in enumerate(zip(rows, steps, strict=True)):
        alone, expected, _ = at_step(values[row, :step], season, step)
        np.testing.assert_allclose(indices[place], alone, atol=1e-5)
        assert strength[place] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("season", [4, 7, 12])
def test_without_ageing_and_shrinkage_they_are_those_of_classical_decomposition(
    airline: Floats, season: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seasonality, "AGEING", 1.0)
    monkeypatch.setattr(seasonality, "NOISE", 0.0)
    logs = np.log(airline)
    for step in (len(logs), 101):
        expected = np.asarray(seasonal_decompose(logs[:step], period=season).seasonal)
        indices, strength, _ = at_step(logs, season, step)
        np.testing.assert_allclose(indices, expected[(step + np.arange(season)) % season], atol=1e-6)
        assert strength == 1


def test_ageing_and_shrinkage_hardly_matter_on_a_long_clean_series() -> None:
    random, season, length = np.random.default_rng(0), 12, 600
    pattern = random.normal(0, 10, season)
    values = np.arange(length) * 0.3 + np.resize(pattern, length) + random.normal(0, 0.1, length)
    expected = np.asarray(seasonal_decompose(values, period=season).seasonal)[:season]
    np.testing.assert_allclose(at_step(values, season, length)[0], expected, atol=0.15)


def test_a_pattern_that_changed_is_followed() -> None:
    """Ten seasons of one pattern, then six of its opposite: the weight of the first is less than a tenth."""
    pattern = np.array([3.0, -1.0, -4.0, 2.0])
    values = np.concatenate([np.tile(pattern, 10), np.tile(-pattern, 6)])
    indices, _, _ = at_step(values, 4, 64)
    assert np.corrcoef(indices, -pattern)[0, 1] > 0.99


def test_two_seasons_are_found_one_after_the_other() -> None:
    """A day, then a week in the remainder."""
    random, length, step = np.random.default_rng(0), 168 * 8, 168 * 8 - 30
    daily, weekly = 10 * np.sin(2 * np.pi * np.arange(24) / 24), 6 * np.cos(2 * np.pi * np.arange(168) / 168)
    values = 50 + np.resize(daily, length) + np.resize(weekly, length) + random.normal(0, 0.2, length)
    first, _, remainder = at_step(values, 24, step)
    second, strength, last = at_step(remainder, 168, step)
    np.testing.assert_allclose(first, np.roll(daily, -step % 24), atol=0.6)
    np.testing.assert_allclose(second, np.roll(weekly, -step % 168), atol=0.6)
    assert strength > 0.95
    np.testing.assert_allclose(last[step - 168 : step], 50, atol=1.5)


@pytest.mark.parametrize(("season", "length"), [(1, 50), (12, 0), (12, 5), (12, 24), (12, 29), (4, 9)])
def test_fewer_than_two_and_a_half_seasons_have_no_indices(season: int, length: int) -> None:
    values = np.resize(100 + 10.0 * np.arange(max(season, 2)), length)
    indices, strength, remainder = at_step(values, season, length)
    assert indices.tolist() == [0] * season
    assert strength == 0
    np.testing.assert_array_equal(remainder, values)


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_constant_series_has_no_season(value: float) -> None:
    indices, strength, remainder = at_step(np.full(60, value), 12, 60)
    np.testing.assert_array_equal(indices, 0)
    assert strength == 0
    np.testing.assert_array_equal(remainder, value)


def long_series(length: int, *seasons: int) -> Floats:
    """Three series with a pattern of each season and noise, and a level that drifts."""
    random = np.random.default_rng(len(seasons))
    patterns = [np.resize(random.normal(0, 2, season), length) for season in seasons]
    values: Floats = random.normal(0, 1, (3, length)) + np.sum(patterns, axis=0) + np.arange(length) / 50
    return values


def indices_at_end(values: Floats, *seasons: int) -> list[Floats32]:
    """Indices and strength of each season after the last of the values, found one after another."""
    count, length = values.shape
    found: list[Floats32] = []
    for season in seasons:
        *of_season, values = seasonal_indices_at(values, season, np.arange(count), np.full(count, length))
        found += of_season
    return found


def test_the_values_that_count_are_so_many_seasons_that_the_rest_weighs_less_than_rounding() -> None:
    """0.7 to the power of 108 is 1.9e-17; two more seasons for the moving average and the first indices."""
    assert values_that_count([1]) == 110
    assert values_that_count([12]) == 110 * 12
    assert values_that_count([24, 168]) == 110 * (24 + 168)
    assert AGEING**108 < np.finfo(np.float64).eps / 10 < AGEING**107


@pytest.mark.parametrize("seasons", [(4,), (7,), (12,), (4, 12), (7, 30)])
@pytest.mark.parametrize("older", [1, 5, 400])
def test_values_older_than_those_that_count_change_no_digit(seasons: tuple[int, ...], older: int) -> None:
    """The same numbers of 32 bits; a third of the values gives others."""
    count = values_that_count(list(seasons))
    values = long_series(count + older, *seasons)
    whole, latest, fewer = (indices_at_end(values[:, -kept:], *seasons) for kept in (count + older, count, count // 3))
    for one, other in zip(whole, latest, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not all(np.array_equal(one, other) for one, other in zip(whole, fewer, strict=True))


@pytest.mark.parametrize("season", [4, 7, 12])
def test_a_pattern_with_a_third_of_its_values_missing_is_found(season: int) -> None:
    random = np.random.default_rng(season)
    pattern = random.normal(0, 5, season)
    values = 100 + np.tile(pattern, 20)
    values[random.random(20 * season) < 1 / 3] = np.nan
    indices, strength, remainder = at_step(values, season, 20 * season)
    np.testing.assert_allclose(indices, pattern - pattern.mean(), atol=1e-2)
    assert strength > 0.99
    np.testing.assert_array_equal(np.isnan(remainder), np.isnan(values))


def test_a_phase_that_is_always_missing_has_the_index_0_and_the_others_their_deviations() -> None:
    """Their mean is 3."""
    values = np.tile([1.0, 2.0, 6.0, np.nan], 12)
    np.testing.assert_allclose(at_step(values, 4, 48)[0], [-2, -1, 3, 0], atol=1e-4)
    assert not at_step(np.tile([1.0, np.nan, np.nan, np.nan], 12), 4, 48)[0].any()


@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_gaps_of_one_series_change_no_bit_of_another(seed: int, season: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, (2, 40)) + np.resize(random.normal(0, 3, season), 40)
    steps = np.array([40, 33])
    whole = seasonal_indices_at(values, season, np.array([0, 0]), steps)
    values[1, random.random(40) < 0.5] = np.nan
    indices, strength, remainder = seasonal_indices_at(values, season, np.array([0, 0]), steps)
    np.testing.assert_array_equal(indices, whole[0])
    np.testing.assert_array_equal(strength, whole[1])
    np.testing.assert_array_equal(remainder[0], whole[2][0])


def test_after_a_gap_of_a_thousand_seasons_the_indices_are_those_of_new_values() -> None:
    values = np.concatenate([np.tile([1.0, 5.0], 10), np.full(2000, np.nan), np.tile([9.0, 3.0], 10)])
    assert not at_step(values, 2, 2020)[0].any()
    np.testing.assert_allclose(at_step(values, 2, 2040)[0], [3, -3], atol=0.05)
