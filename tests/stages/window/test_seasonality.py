"""Seasonal indices: found where there is a season, near 0 for noise, from earlier values alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import seasonal_decompose

from stages.common.arrays import Floats
from stages.window import seasonality
from stages.window.seasonality import LONG, NOISE, SHORT, _Memories, seasonal_indices_at


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
    """However long the history. Neither of the two memories keeps any of most."""
    noise = np.random.default_rng(0).normal(0, 1, (500, seasons * season))
    indices, strength, _ = seasonal_indices_at(noise, season, np.arange(500), np.full(500, seasons * season))
    assert (strength == 0).mean() > 0.6
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


def test_a_later_value_whose_square_overflows_changes_nothing_before_it() -> None:
    values = np.random.default_rng(0).normal(0, 1, (1, 200))
    other = values.copy()
    other[0, 150] = 1e200
    rows, steps = np.zeros(100, dtype=np.int64), np.arange(20, 120)
    with np.errstate(over="ignore", invalid="ignore"):
        one, two = (seasonal_indices_at(each, 12, rows, steps) for each in (values, other))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


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
    for name, value in (("SHORT", 1.0), ("LONG", 1.0), ("NOISE", 0.0)):
        monkeypatch.setattr(seasonality, name, value)
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


@pytest.mark.parametrize("ageing", [SHORT, LONG])
@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("season", [2, 5, 6])
def test_a_memory_holds_a_weighted_analysis_of_variance(ageing: float, missing: float, season: int) -> None:
    """After each deviation that of all so far, however many seasons are learned at once."""
    random, which = np.random.default_rng(1), [SHORT, LONG].index(ageing)
    shape = (3, 30, season)
    deviations = random.normal(0, 1, shape) + random.normal(0, 0.7, season)
    known = (random.random(shape) >= missing).astype(np.float64)
    memories = _Memories(3, 3, season)
    for seasons in (slice(0, 10), slice(10, 11), slice(11, 30)):
        memories.learn((known * deviations)[:, seasons], known[:, seasons])
        memories.weight = np.broadcast_to(np.eye(2)[which][:, None, None], memories.weight.shape)
        for end in {seasons.stop * season - season // 2, seasons.stop * season}:
            found, strength = memories.at(np.arange(3), np.full(3, end - seasons.start * season))
            phase, age = np.arange(end) % season, np.arange(end)[::-1] / season
            for series in range(3):
                own, weight = deviations[series].ravel()[:end], ageing**age * known[series].ravel()[:end]
                rows = [(own[phase == each], weight[phase == each]) for each in range(season)]
                means = np.array([np.average(d, weights=w) for d, w in rows])
                effective = np.array([w.sum() ** 2 / (w**2).sum() for _, w in rows])
                freedom = sum(w.sum() * (1 - 1 / n) for (_, w), n in zip(rows, effective, strict=True))
                within = sum((w * (d - m) ** 2).sum() for (d, w), m in zip(rows, means, strict=True)) / freedom
                between = (effective * (means - means.mean()) ** 2).sum() / (season - 1)
                expected = max(0.0, 1 - NOISE * within / between)
                assert strength[series] == pytest.approx(expected, rel=1e-9)
                indices = np.roll(expected * (means - means.mean()), -(end + season // 2))
                np.testing.assert_allclose(found[series], indices, atol=1e-12)


def test_a_memory_weighs_by_its_errors_so_far() -> None:
    """By definition: the aged sum of the squared errors to the power of minus half their aged number.

    The errors are those of the indices that each memory has before a deviation, both found without the other.
    """
    random, season = np.random.default_rng(2), 3
    deviations = random.normal(0, 1, (1, 12, season)) + np.array([2.0, -1.0, 0.0])
    known = (random.random((1, 12, season)) < 0.8).astype(np.float64)
    deviations *= known
    memories = _Memories(1, 1, season)
    memories.learn(deviations, known)
    weight, steps = memories.weight, 12 * season
    squares = np.zeros((2, steps)) + deviations.ravel() ** 2  # the first forecast is 0
    for which in range(2):
        memories.weight = np.broadcast_to(np.eye(2)[which][:, None, None], weight.shape)
        for step in range(1, steps):
            indices = np.roll(memories.at(np.array([0]), np.array([step]))[0][0], step + season // 2)
            squares[which, step] = (deviations.ravel()[step] - indices[step % season]) ** 2
    for step in range(1, steps):
        aged = LONG ** (np.arange(step + 1)[::-1] / season) * known.ravel()[: step + 1]
        likelihood = (squares[:, : step + 1] * aged).sum(axis=1) ** (-aged.sum() / 2)
        np.testing.assert_allclose(weight[:, 0, step], likelihood / likelihood.sum(), rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(0, 40))
def test_the_remainder_is_a_value_less_the_index_that_its_phase_has_with_it(seed: int, season: int, step: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, 41) + np.resize(random.normal(0, 3, season), 41)
    values[random.random(41) < 0.1] = np.nan
    indices, _, remainder = at_step(values, season, step + 1)
    np.testing.assert_allclose(remainder[step], values[step] - indices[-1], atol=1e-5)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_series_beside_a_series_change_no_bit_of_it(missing: float, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    values = random.normal(0, 1, (7, 60)) + np.resize(random.normal(0, 2, 6), 60)
    values[random.random((7, 60)) < missing] = np.nan
    rows, steps = random.integers(0, 7, 50), random.integers(0, 61, 50)
    together = seasonal_indices_at(values, 6, rows, steps)
    monkeypatch.setattr(seasonality, "CHUNK", 130)  # two series, and 21 points, at once
    for one, other in zip(together, seasonal_indices_at(values, 6, rows, steps), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_pattern_among_noise_is_learned_from_many_seasons() -> None:
    """A week in counts, noise twice as large as the pattern: a hundred weeks tell it to a third of what eight do."""
    random, pattern = np.random.default_rng(0), np.array([0.0, 0, 0, 0.2, 1, 1.5, -1.5])
    values = np.resize(pattern, 700) + random.normal(0, 2, (200, 700))

    def error(weeks: int) -> float:
        found = seasonal_indices_at(values[:, : 7 * weeks], 7, np.arange(200), np.full(200, 7 * weeks))[0]
        return float(np.sqrt(np.mean((found - (pattern - pattern.mean())) ** 2)))

    assert error(100) < error(8) / 3


@pytest.mark.parametrize("season", [4, 7, 12])
def test_a_pattern_with_a_third_of_its_values_missing_is_found(season: int) -> None:
    random = np.random.default_rng(season)
    pattern = random.normal(0, 5, season)
    values = 100 + np.tile(pattern, 20)
    values[random.random(20 * season) < 1 / 3] = np.nan
    indices, strength, remainder = at_step(values, season, 20 * season)
    np.testing.assert_allclose(indices, pattern - pattern.mean(), atol=3e-2)
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
    assert (at_step(values, 2, 2020)[0] * [-1, 1] >= 0).all()  # the old ones, or nothing
    np.testing.assert_allclose(at_step(values, 2, 2040)[0], [3, -3], atol=0.05)
