"""The regression of whole seasons: what only another step of the season tells, honest, and against least squares."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from stages.common.arrays import Floats, Floats32, Ints
from stages.normalize.covariates import ScaledCovariates
from stages.window import season_regression
from stages.window.covariates import aligned
from stages.window.regression import PENALTY, ROWS_FOR_EACH, Aligned, regress
from stages.window.season_regression import _blocks, _coefficients, regress_seasons

DAY, DAYS, WEEK = 7, 300, [7, 21]  # days of seven steps, in weeks of three days
STEPS = DAY * DAYS


def series_of(values: Floats, future: Floats, seasons: list[int] = WEEK) -> Aligned:
    """A series alone."""
    return Aligned(values[None], future[None], np.zeros((1, len(values), 0)), np.array([len(values)]), seasons)


def forecast(alone: Aligned, before: Ints, targets: int) -> Floats32:
    found = regress_seasons(alone, np.zeros(len(before), dtype=np.int64), before, targets)
    assert found.shape == (len(before), 1, targets)
    return found[:, 0]


def errors(values: Floats, future: Floats, targets: int, phase: int = 0) -> tuple[float, float]:
    """Mean absolute errors on the last 20 days: of whole seasons, and the better of single steps."""
    cuts = np.arange(len(values) - 21 * DAY + phase, len(values) - DAY, DAY)
    alone, actual = series_of(values, future), values[cuts[:, None] + np.arange(targets)]
    both = (regressed(alone, np.zeros_like(cuts), cuts, targets) for regressed in (regress_seasons, regress))
    ours, theirs = (float(np.abs(each - actual[:, None]).mean(axis=(0, 2)).min()) for each in both)
    return ours, theirs


@pytest.mark.parametrize("phase", [0, 3])
def test_the_last_step_of_a_day_tells_of_the_next_one(phase: int) -> None:
    """Each day has a new level, which its last step is, for the first time, before the day begins."""
    levels = np.random.default_rng(0).normal(size=DAYS + 1)
    values = np.kron(levels[:-1], [1, 1, 1, 1, 1, 1, 0]) + np.kron(levels[1:], [0, 0, 0, 0, 0, 0, 1])
    values += 0.01 * np.random.default_rng(1).normal(size=STEPS)
    ours, theirs = errors(np.roll(values, phase), np.zeros((STEPS, 0)), 6, phase)
    assert ours < 0.2 * theirs


@pytest.mark.parametrize("square", [False, True])
def test_a_covariate_in_the_morning_decides_the_evening(square: bool) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(STEPS, 1))
    morning = x[::DAY, 0] ** 2 if square else x[::DAY, 0]
    values = np.kron(morning, [0, 0, 0, 0, 0, 0, 4.0]) + 0.01 * random.normal(size=STEPS)
    ours, theirs = errors(values, x, DAY)
    assert ours < 0.7 * theirs


def test_a_covariate_beyond_the_horizon_is_that_of_the_day_before() -> None:
    """It decides all the day, and is the same for two days: six steps are forecast as well as seven."""
    random = np.random.default_rng(2)
    x = np.repeat(random.normal(size=DAYS // 2), 2 * DAY)[:, None]
    values = 3 * x[:, 0] + 0.01 * random.normal(size=STEPS)
    cut = DAY * (DAYS - 5)
    alone = series_of(values[:cut], x[: cut + DAY])
    found = [forecast(alone, np.array([cut]), targets)[0, :6] for targets in (6, 7)]
    assert_allclose(found[0], found[1], rtol=1e-5)


def test_days_after_the_first_rest_on_those_forecast_before() -> None:
    """Each day is the one before with the other sign, which only a forecast of it can tell."""
    random = np.random.default_rng(3)
    values = np.kron(np.resize([1.0, -1.0], DAYS), np.arange(1, 8)) + 0.01 * random.normal(size=STEPS)
    cut = DAY * (DAYS - 5)
    found = forecast(series_of(values[:cut], np.zeros((cut, 0))), np.array([cut]), 4 * DAY)[0]
    assert_allclose(found, values[cut : cut + 4 * DAY], atol=0.5)


@given(st.integers(0, 2**32 - 1), st.integers(1, 16))
def test_nothing_after_a_cut_or_its_targets_is_used(seed: int, targets: int) -> None:
    random = np.random.default_rng(seed)
    values, future = random.normal(size=700), random.normal(size=(716, 1))
    values[random.random(700) < 0.01] = np.nan
    cut = int(random.integers(640, 700))
    expected = forecast(series_of(values, future), np.array([cut]), targets)
    assert np.isfinite(expected).all()
    values[cut:], future[cut + targets :] = 1e3, 1e3
    assert_array_equal(forecast(series_of(values, future), np.array([cut]), targets), expected)
    ended = series_of(values[:cut], future[: cut + targets])
    assert_array_equal(forecast(ended, np.array([cut]), targets), expected)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_cut_has_the_same_forecast_alone_and_among_others(seed: int, with_x: bool) -> None:
    """To the bit, and beside other series, whatever their lengths."""
    random = np.random.default_rng(seed)
    lengths, ahead = random.integers(1, 800, 3), 5
    values = random.normal(size=lengths.sum())
    future = random.normal(size=(lengths.sum() + 3 * ahead, 2))
    covariates = ScaledCovariates(future, np.zeros((len(values), 0)), np.zeros((3, 0)), ahead) if with_x else None
    series, before = np.repeat(np.arange(3), 4), (np.sort(random.random((3, 4))) * lengths[:, None]).astype(np.int64)
    together = regress_seasons(aligned(values, lengths, covariates, slice(0, 3), WEEK), series, before.ravel(), 5)
    for place, (number, cut) in enumerate(zip(series.tolist(), before.ravel(), strict=True)):
        alone = aligned(values, lengths, covariates, slice(number, number + 1), WEEK)
        assert_array_equal(together[place, 0], forecast(alone, np.array([cut]), 5)[0])


@pytest.mark.parametrize("seasons", [[7, 21], [7]])
def test_there_is_a_forecast_from_enough_seasons_on(seasons: list[int]) -> None:
    """Two for each regressor: one, the level, two other days of the week, the values of two days; and a covariate's
    six means, those of squares and those of the day before. The first day has the earlier one of the two before it."""
    random, earlier, places = np.random.default_rng(4), max(seasons[-1], 14), len(seasons) > 1 and 2
    values, x = random.normal(size=700), random.normal(size=(700, 1))
    for future, of_covariates in ((x[:, :0], 0), (x, 18), (np.sign(x), 12)):
        found = forecast(series_of(values, future, seasons), np.arange(1, 701), 4)
        enough = earlier + DAY * ROWS_FOR_EACH * (1 + 1 + places + 14 + of_covariates)
        assert_array_equal(np.isfinite(found).all(axis=1), np.arange(1, 701) >= enough)
        shortest = series_of(values[:enough], future[: enough + 4], seasons)
        assert_array_equal(forecast(shortest, np.array([enough]), 4)[0], found[enough - 1])


@pytest.mark.parametrize("seasons", [[], [4], [12], [4, 10], [24, 36]])
def test_seasons_in_no_longer_one_have_none_but_for_weeks_of_days(seasons: list[int]) -> None:
    alone = series_of(np.zeros(400), np.zeros((400, 0)), seasons)
    assert regress_seasons(alone, np.zeros(2, dtype=np.int64), np.array([300, 400]), 4).shape == (2, 0, 4)


def test_a_day_with_a_missing_value_teaches_nothing_and_long_gaps_no_warning() -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=900)
    values[150:300] = np.nan
    values[602::DAY] = np.nan
    before = np.array([150, 602, 900])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = forecast(series_of(values, np.zeros((900, 0))), before, 4)
    assert np.isfinite(found).all(axis=1).tolist() == [False, True, True]
    values[602:] = np.nan  # all of the days of which one was missing
    assert_array_equal(found[1], forecast(series_of(values, np.zeros((900, 0))), before[1:2], 4)[0])


def test_coefficients_are_those_of_penalised_least_squares() -> None:
    """By the rows of the penalty as observations of 0, the intercept without; of the first rows alone."""
    random = np.random.default_rng(6)
    rows, target = random.normal(size=(50, 5)), random.normal(size=(50, 3))
    rows[:, 0] = 1
    found: dict[int, Floats] = {}
    wanted = np.array([0, 4, 10])
    for few, coefficients in _coefficients(rows, target, 10, 3, wanted):
        found |= dict(zip(wanted[few].tolist(), coefficients, strict=True))
    assert sorted(found) == [0, 4, 10]
    zeros = np.sqrt(PENALTY) * np.eye(5)[1:]
    for number, count in ((0, 10), (4, 22), (10, 40)):
        stacked = np.concatenate([rows[:count], zeros]), np.concatenate([target[:count], np.zeros((4, 3))])
        assert_allclose(found[number], np.linalg.lstsq(*stacked, rcond=None)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("season", "expected"),
    [
        (24, [1.5, 5.5, 9.5, 13.5, 17.5, 21.5]),
        (4, [0, 1, 2, 3]),
        (7, [0, 1, 2, 3, 4, 5.5]),
        (8, [0, 1, 2.5, 4, 5, 6.5]),
    ],
)
def test_covariates_are_means_over_sixths_of_a_day(season: int, expected: list[float]) -> None:
    steps = np.arange(float(season))[None, :, None]
    found = _blocks(np.concatenate([steps, 10 * steps], axis=2))
    assert_allclose(found[0].reshape(-1, 2).T, np.outer([1, 10], expected))


def test_little_memory_gives_the_same_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(10)
    alone = series_of(random.normal(size=STEPS), random.normal(size=(STEPS, 1)))
    cuts = np.arange(700, STEPS + 1)
    expected = forecast(alone, cuts, 9)
    assert np.isfinite(expected).all()
    monkeypatch.setattr(season_regression, "NUMBERS", 3000)
    assert_allclose(forecast(alone, cuts, 9), expected, rtol=1e-4, atol=1e-5)


def test_a_covariate_far_outside_its_past_does_not_explode_a_forecast() -> None:
    random = np.random.default_rng(8)
    x = random.normal(size=(STEPS, 1))
    values = 3 * x[:, 0] + 0.01 * random.normal(size=STEPS)
    cut = DAY * (DAYS - 5)
    x[cut:] = 1e3
    found = forecast(series_of(values[:cut], x), np.array([cut]), 2 * DAY)
    assert np.abs(found).max() < 3 * np.abs(values).max()


def by_hand(values: Floats, x: Floats, cut: int, targets: int, squares: bool) -> Floats:
    """What the module's first lines say, written out for one series, one covariate and seasons of 7 and 21 steps."""
    rows: list[Floats] = []
    wanted: list[Floats] = []

    def level_at(step: int, known: Floats) -> float:
        return float(np.mean(known[step - 21 : step]))

    def scale_at(step: int) -> float:
        changes = np.abs(values[7:step] - values[: step - 7])
        return float(max(np.mean(changes[-min(126, len(changes)) :]), 0.01 * np.mean(changes)))

    def regressors(step: int, scale: float, known: Floats, overall: float, end: int) -> Floats:
        level, day, week = level_at(step, known), known[step - 7 : step], known[step - 21 : step - 14]
        ahead = [x[each] if each < end else x[each - 7] for each in range(step, step + 7)]
        sixths = [[0], [1], [2], [3], [4], [5, 6]]
        recent = np.mean(x[step - 21 : step])
        columns = [
            1.0,
            np.clip((level - overall) / scale, -20, 20),
            *(1.0 * (step // 7 % 3 == place) for place in (1, 2)),
            *np.arcsinh(0.3 * (day - level) / scale) / 0.3,
            *np.arcsinh(0.3 * (week - level) / scale) / 0.3,
            *(np.mean([ahead[each] for each in few]) - recent for few in sixths),
            *(np.mean([x[step - 7 + each] for each in few]) - recent for few in sixths),
            *(np.mean([ahead[each] ** 2 for each in few]) for few in sixths if squares),
        ]
        return np.array(columns, dtype=np.float64)

    for step in range(21 + cut % 7, cut - 6, 7):
        scale = scale_at(step)
        rows.append(regressors(step, scale, values, float(np.mean(values[:step])), len(x)))
        wanted.append(np.arcsinh(0.3 * (values[step : step + 7] - level_at(step, values)) / scale) / 0.3)
    width = 36 if squares else 30
    count = 2 * width + (len(rows) - 2 * width) // 3 * 3  # computed anew after weeks of three days
    zeros = np.sqrt(PENALTY) * np.eye(width)[1:]
    stacked = np.concatenate([rows[:count], zeros]), np.concatenate([wanted[:count], np.zeros((width - 1, 7))])
    coefficients = np.linalg.lstsq(*stacked, rcond=None)[0]
    known, scale, overall = values[:cut].copy(), scale_at(cut), float(np.mean(values[:cut]))
    for step in range(cut, cut + targets, 7):
        own = regressors(step, scale, known, overall, cut + targets)
        known = np.append(known, np.sinh(0.3 * (own @ coefficients)) / 0.3 * scale + level_at(step, known))
    return known[cut : cut + targets]


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize(("cut", "targets"), [(693, 7), (690, 17), (642, 4), (655, 21)])
def test_forecasts_are_those_of_the_regression_written_out(cut: int, targets: int, flag: bool) -> None:
    """Of a level that wanders, which a covariate that drifts moves, and of days of a week that differ."""
    random = np.random.default_rng(11)
    x: Floats = np.cumsum(random.normal(size=721)) / 10 + random.normal(size=721)
    if flag:
        x = (x > 0).astype(np.float64)
    values = np.cumsum(random.normal(size=700)) / 5 + x[:700] + np.resize(np.repeat([0, 2, -1], 7), 700)
    found = forecast(series_of(values, x[:, None]), np.array([cut]), targets)[0]
    assert_allclose(found, by_hand(values, x, cut, targets, squares=not flag), rtol=1e-4, atol=1e-4)


def test_a_series_too_short_for_a_cut_and_no_cut_at_all() -> None:
    """As where all series of a block are too short to be cut for training."""
    alone = series_of(np.zeros(20), np.zeros((20, 0)))
    assert forecast(alone, np.array([], dtype=np.int64), 7).shape == (0, 7)
    assert np.isnan(forecast(alone, np.array([5, 20]), 7)).all()


@pytest.mark.parametrize(("ahead", "targets"), [(0, 14), (3, 14), (14, 30), (5, 5)])
def test_covariates_that_end_before_the_horizon_are_those_of_the_day_before(ahead: int, targets: int) -> None:
    """As at cuts for training near the end. Also beside a longer series, where rows of zeros follow them."""
    random = np.random.default_rng(12)
    lengths = np.array([700, 1500])
    values, rows = random.normal(size=2200), 5 + random.normal(size=(2200 + 2 * ahead, 1))
    covariates = ScaledCovariates(rows, np.zeros((2200, 0)), np.zeros((2, 0)), ahead)
    cuts = np.arange(690, 701)
    beside = aligned(values, lengths, covariates, slice(0, 2), [7])
    found = regress_seasons(beside, np.zeros_like(cuts), cuts, targets)[:, 0]
    alone = aligned(values, lengths, covariates, slice(0, 1), [7])
    assert_array_equal(forecast(alone, cuts, targets), found)
    longer = rows[: 700 + ahead].copy()
    while len(longer) < 740:
        longer = np.append(longer, longer[-7:-6], axis=0)  # each is that of a day before
    expected = forecast(series_of(values[:700], longer, [7]), cuts[-1:], targets)
    first = np.arange(targets) < 7 * (1 + ahead // 7)  # later days have a mean of what stands in
    assert_allclose(found[-1][first], expected[0][first], rtol=1e-4, atol=1e-4)


def test_long_horizons_stay_near_the_history() -> None:
    """A year of days, by coefficients of walks, which may grow from week to week."""
    for seed in range(40):
        values = np.exp(np.cumsum(0.1 * np.random.default_rng(seed).normal(size=300)))
        found = forecast(series_of(values, np.zeros((300, 0)), [7]), np.array([300]), 365)
        assert np.abs(found - values.mean()).max() < 3 * np.ptp(values)


def test_a_day_with_a_single_missing_value_teaches_as_well() -> None:
    """The last value stands in for it: each day misses one, at any step but the first."""
    random = np.random.default_rng(13)
    values = np.kron(np.sin(np.arange(400)), np.ones(14)) + 0.1 * random.normal(size=5600)
    holed = values.copy()
    holed[np.arange(0, 5600, 14) + random.integers(1, 14, 400)] = np.nan
    cuts = np.arange(5012, 5500, 14)
    whole, with_holes = (forecast(series_of(each, np.zeros((5600, 0)), [14, 42]), cuts, 14) for each in (values, holed))
    actual = values[cuts[:, None] + np.arange(14)]
    assert np.abs(with_holes - actual).mean() < 1.2 * np.abs(whole - actual).mean()
