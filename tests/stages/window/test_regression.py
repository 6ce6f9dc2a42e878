"""The regression on covariates: exact where they decide, honest, and its coefficients against least squares."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from stages.common.arrays import Bools, Floats, Floats32, Ints
from stages.normalize.covariates import ScaledCovariates
from stages.window.covariates import SUMS, aligned, regressed_together
from stages.window.regression import PENALTY, ROWS_FOR_EACH, Aligned, _coefficients, forecasts_of
from stages.window.regression import regress as regress_each

POOLED, PHASES = range(2)


def series_of(values: Floats, future: Floats, past: Floats | None = None, *seasons: int) -> Aligned:
    """A series alone."""
    past = np.zeros((len(values), 0)) if past is None else past
    return Aligned(values[None], future[None], past[None], np.array([len(values)]), list(seasons))


def regress(alone: Aligned, before: Ints, targets: int) -> Floats32:
    return regress_each(alone, np.zeros(len(before), dtype=np.int64), before, targets)


def driven(length: int, season: int, slopes: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """Values that a random covariate decides, with a slope for each phase, and a pattern; and the covariate (n, 1)."""
    random = np.random.default_rng(seed)
    x, steps = random.normal(size=length), np.arange(length)
    pattern = random.normal(size=season)
    values: Floats = pattern[steps % season] + slopes[steps % len(slopes)] * x + 0.01 * random.normal(size=length)
    return values, x[:, None]


@pytest.mark.parametrize("season", [1, 4, 7])
@pytest.mark.parametrize("cut", [280, 283])
def test_values_that_a_covariate_decides_are_forecast(season: int, cut: int) -> None:
    """Over more than a season, from any phase; without the covariate they are noise."""
    values, x = driven(300, season, np.array([3.0]))
    seasons = [season] if season > 1 else []
    with_x, without = (
        regress(series_of(values[:cut], each, None, *seasons), np.array([cut]), 15)[0, POOLED] for each in (x, x[:, :0])
    )
    actual = values[cut : cut + 15]
    assert np.abs(with_x - actual).mean() < 0.45 * np.abs(without - actual).mean()


@pytest.mark.parametrize(("seasons", "flags", "numbers"), [([], 1, 2), ([4], 1, 0), ([7], 2, 1), ([3, 12], 0, 15)])
def test_there_is_a_forecast_from_as_many_values_as_are_enough(seasons: list[int], flags: int, numbers: int) -> None:
    """And from all longer histories; fewer values give none. The width is that of the rows."""
    random = np.random.default_rng(0)
    values = random.normal(size=400)
    flagged = random.integers(2, size=(400, flags)).astype(np.float64)
    whole = series_of(values, np.concatenate([flagged, random.normal(size=(400, numbers))], axis=1), None, *seasons)
    steps = np.arange(400)
    rows = whole.rows(np.zeros(400, dtype=np.int64), steps, steps, np.ones((400, len(whole.lags))))
    assert rows.any(axis=0).sum() == whole.width
    is_enough = [bool(replace(whole, lengths=np.array([count])).enough) for count in range(1, 401)]
    found = regress(whole, np.arange(1, 401), 1)[:, POOLED, 0]
    assert_array_equal(np.isfinite(found), is_enough)
    assert 0 < sum(is_enough) < 380


def test_each_phase_has_coefficients_of_its_own() -> None:
    """A slope of 2 on one day and of -2 on the next."""
    values, x = driven(400, 2, np.array([2.0, -2.0]))
    found = regress(series_of(values[:380], x, None, 2), np.array([380]), 12)[0]
    errors = np.abs(found - values[380:392]).mean(axis=1)
    assert errors[PHASES] < 0.45 * errors[POOLED]


@pytest.mark.parametrize("seasons", [[], [6]])
def test_heat_and_cold_both_raise_the_demand(seasons: list[int]) -> None:
    """A parabola: a straight line says nothing. Of a covariate of two values the square says nothing new."""
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 1))
    values = 3 * x[:, 0] ** 2 + 0.01 * random.normal(size=400)
    found = regress(series_of(values[:380], x, None, *seasons), np.array([380]), 12)[0, POOLED]
    assert np.abs(found - values[380:392]).mean() < 0.3 * np.abs(values - values.mean()).mean()
    assert series_of(values, np.column_stack([x, x > 0])).curved.tolist() == [[True, False]]


def test_a_covariate_works_through_its_mean_over_a_season() -> None:
    """Walls store the warmth of a day: neither the present step nor the one before says it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(500, 1))
    values = 6 * np.convolve(x[:, 0], np.full(6, 1 / 6))[:500] + 0.01 * random.normal(size=500)
    found = regress(series_of(values[:480], x, None, 6), np.array([480]), 6)[0, POOLED]
    assert np.abs(found - values[480:486]).mean() < 0.4 * np.abs(values).mean()


def test_a_covariate_of_the_past_works_a_season_later() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    values = np.concatenate([random.normal(size=4), 3 * x[:-4]]) + 0.01 * random.normal(size=200)
    found = regress(series_of(values[:190], np.zeros((194, 0)), x[:190, None], 4), np.array([190]), 4)[0, POOLED]
    assert np.abs(found - values[190:194]).mean() < 0.45 * np.abs(values).mean()


@given(st.integers(0, 2**32 - 1), st.sampled_from([[], [3], [4, 12]]), st.integers(1, 9))
def test_nothing_after_a_cut_or_its_targets_is_used(seed: int, seasons: list[int], targets: int) -> None:
    random = np.random.default_rng(seed)
    values, future, past = random.normal(size=90), random.normal(size=(99, 2)), random.normal(size=(90, 1))
    values[random.random(90) < 0.1] = np.nan
    cut = int(random.integers(60, 90))
    expected = regress(series_of(values, future, past, *seasons), np.array([cut]), targets)
    values[cut:], past[cut:], future[cut + targets :] = 1e3, -1e3, 1e3
    assert_array_equal(regress(series_of(values, future, past, *seasons), np.array([cut]), targets), expected)


@given(st.integers(0, 2**32 - 1), st.sampled_from([[], [3], [4, 12]]))
def test_a_cut_has_the_same_forecast_alone_and_among_others(seed: int, seasons: list[int]) -> None:
    random = np.random.default_rng(seed)
    series = series_of(random.normal(size=80), random.normal(size=(88, 2)), random.normal(size=(80, 1)), *seasons)
    cuts = np.sort(random.integers(1, 81, 6))
    together = regress(series, cuts, 8)
    for place, cut in enumerate(cuts):
        assert_array_equal(together[place], regress(series, np.array([cut]), 8)[0])


@given(st.integers(0, 2**32 - 1), st.sampled_from([[], [3], [4, 12]]), st.booleans(), st.sampled_from([0, 2, 5, 8]))
def test_a_series_has_the_same_forecast_alone_and_beside_others(
    seed: int, seasons: list[int], with_x: bool, ahead: int
) -> None:
    """To the bit, whatever their lengths; also at steps that no covariate reaches, as at cuts for training.

    A category that appears after the end of a history is none.
    """
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 90, 4)
    values = random.normal(size=lengths.sum())
    values[random.random(len(values)) < 0.1] = np.nan
    future, past = random.normal(size=(lengths.sum() + 4 * ahead, 2)), random.normal(size=(lengths.sum(), 1))
    ends = np.cumsum(lengths + ahead)
    for end in ends:
        future[end - lengths.min() - ahead : end - ahead, 1] = 0
    covariates = ScaledCovariates(future, past, np.zeros((4, 0)), ahead) if with_x else None
    cuts = np.repeat(lengths, 2) // np.tile([2, 1], 4)
    together = regress_each(aligned(values, lengths, covariates, slice(0, 4), seasons), np.arange(8) // 2, cuts, 5)
    assert together.shape == (8, forecasts_of(seasons), 5)
    for number in range(4):
        alone = aligned(values, lengths, covariates, slice(number, number + 1), seasons)
        own = slice(2 * number, 2 * number + 2)
        assert_array_equal(together[own], regress(alone, cuts[own], 5))


@given(st.integers(0, 2**32 - 1))
def test_coefficients_are_those_of_penalised_least_squares(seed: int) -> None:
    """By the rows of the penalty as observations of 0; of complete seasons, and of rows that are usable."""
    random, season, width = np.random.default_rng(seed), 3, 4
    rows, target = random.normal(size=(62, width)), random.normal(size=62)
    rows[:, 0] = 1
    usable = random.random(62) < 0.9
    observed = np.where(usable[:, None], np.column_stack([rows, target]), 0)
    none = np.zeros_like(observed)  # of another series
    pooled, phases = _coefficients(
        np.stack([none, observed]),
        np.stack([usable & False, usable]),
        np.full(2, ROWS_FOR_EACH * width),
        season,
        *np.array([[1, 1, 0], [2, 19, 19]]),
    )
    assert np.isnan(pooled[[0, 2]]).all()
    zeros = np.sqrt(PENALTY) * np.eye(width)[1:]

    def expected(chosen: Bools) -> Floats:
        stacked = np.concatenate([rows[chosen], zeros])
        found: Floats = np.linalg.lstsq(stacked, np.concatenate([target[chosen], np.zeros(width - 1)]), rcond=None)[0]
        return found

    steps = np.arange(62)
    assert_allclose(pooled[1, 0], expected(usable & (steps < 57)), rtol=1e-4, atol=1e-6)
    for phase in range(season):
        of_phase = usable & (steps < 57) & (steps % season == phase)
        if not np.isnan(phases[1]).any():
            assert_allclose(phases[1, phase], expected(of_phase), rtol=1e-4, atol=1e-6)
        elif of_phase.sum() >= ROWS_FOR_EACH * width:
            assert np.isnan(phases[1]).all()  # another phase has fewer


def test_short_series_have_no_forecast_and_long_gaps_no_warning() -> None:
    random = np.random.default_rng(0)
    values, x = random.normal(size=200), random.normal(size=(204, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = regress(series_of(values[:12], x[:16], None, 4), np.array([3, 12]), 4)
        values[20:150] = np.nan
        gap = regress(series_of(values, x, None, 4), np.array([100, 152, 200]), 4)
        nothing = regress(series_of(np.full(9, np.nan), x[:13], None, 4), np.array([9]), 4)
    assert np.isnan(short).all()
    assert np.isnan(nothing).all()
    assert np.isfinite(gap[2, POOLED]).all()


def test_a_covariate_far_outside_its_past_does_not_explode_a_forecast() -> None:
    """A value a thousand times any before it: the forecast stays near the values so far."""
    values, x = driven(300, 4, np.array([3.0]))
    x[290:] = 1e3
    found = regress(series_of(values[:290], x, None, 4), np.array([290]), 8)[0]
    assert np.abs(found).max() < 3 * np.abs(values).max()


def test_series_are_regressed_together_as_far_as_memory_goes() -> None:
    """All of few short ones; of weekly ones with 30 covariates few at once, long as they are."""
    lengths = np.array([100, 0, 80, 120] * 50)
    assert list(regressed_together(lengths, None, [12])) == [slice(0, 200)]
    none = np.zeros((0, 0))
    many = ScaledCovariates(np.zeros((lengths.sum(), 30)), np.zeros((lengths.sum(), 0)), none, ahead=0)
    parts = list(regressed_together(lengths, many, [52]))
    assert [each for part in parts for each in range(part.start, part.stop)] == list(range(200))
    width = 4 + 1 + 3 + 30 * (3 + 1 + 1)  # of the values, and of each covariate three steps, the mean and the square
    assert 1 < max(part.stop - part.start for part in parts) <= SUMS / (52 * width**2)
