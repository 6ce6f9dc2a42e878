"""The scale of intervals: changes worked by hand, shrinkage towards the panel, bounds; the same in any unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from stages.common.arrays import Floats
from stages.predict.spread import MOST_OF_QUARTILE, Spread, Typical, _winsorised
from tests.builders import panel_of

UNKNOWN = np.nan


def spread_of(*series: list[float], seasons: tuple[int, ...] = (1,), origin: int = 0) -> Spread:
    return Spread.of(panel_of(series, season_lengths=seasons).at(origin))


def unit_of(spread: Spread) -> Floats:
    """The units of series that are a panel of their own."""
    return spread.unit(spread.typical(np.full((len(spread.change), 1), np.nan)), 0.0, 1)[:, 0]


def test_the_interval_scale_worked_by_hand() -> None:
    """Over the largest absolute value; log(1 + that) where no value was negative, and 0 for what falls below 0."""
    spread = spread_of([1.0, 4.0], [-5.0, 2.0])
    scaled = spread.to_interval_scale(np.array([[4.0, 12.0, 0.0, -3.0], [4.0, 12.0, 0.0, -3.0]]))
    assert_allclose(scaled, [[np.log(2), np.log(4), 0, 0], [0.8, 2.4, 0, -0.6]])
    assert_allclose(spread.from_interval_scale(scaled), [[4, 12, 0, 0], [4, 12, 0, -3]], atol=1e-12)


@pytest.mark.parametrize(
    ("series", "seasons", "expected", "count"),
    [
        ([-9.0, 6.0, -8.0, 10.0, -9.0, 6.0], (2,), [1, 4, 1, 4], 4),
        ([-10.0, 5.0, 8.0], (4,), [15, 3], 2),  # no longer than a season: from step to step
        ([-10.0, 5.0, 8.0], (2,), [18], 1),  # a single change is no trend
        ([*[-100.0, 100.0] * 3, *[20.0, -20.0] * 7], (1,), None, 19),  # whole history and last six seasons count alike
        ([*[20.0, -20.0] * 30, *[-100.0, 100.0] * 3], (1,), None, 65),  # also where these change more
    ],
)
def test_the_mean_change_worked_by_hand(
    series: list[float], seasons: tuple[int, ...], expected: list[float] | None, count: int
) -> None:
    spread = spread_of(series, seasons=seasons)
    values = np.array(series) / np.abs(series).max()
    if expected is None:
        changes = np.abs(np.diff(values))
        assert_allclose(spread.change, [np.sqrt(changes.mean() * changes[-6:].mean())])
    else:
        assert_allclose(spread.change, [np.mean(expected) / np.abs(series).max()])
    assert spread.changes.tolist() == [count]


def test_a_steady_trend_is_hardly_a_change() -> None:
    """Steps of 10 with errors of 1, -1, ...: changes 12 and 8, with a deviation of 2; not more than twice that."""
    steps = [-200.0 + 10 * t + (-1) ** t for t in range(41)]
    assert_allclose(spread_of(steps).change * 201, [2 * 2])
    exact = [-200.0 + 10 * t for t in range(40)]
    assert_allclose(spread_of(exact).change * 190, [10 / 10])  # at least a tenth of the changes


def test_a_false_value_hardly_widens_the_unit() -> None:
    """Changes of 1, and two of a million, which count as ten, and not lately; values that are 0 throughout stay so."""
    values = [-1.0, 0.0] * 10 + [-1e6] + [-1.0, 0.0] * 10
    assert_allclose(spread_of(values).change * 1e6, [np.sqrt((38 + 2 * 10) / 40)], rtol=0.02)
    assert spread_of([0.0] * 5, [1.0]).change.tolist() == [0, 0]


def test_the_change_is_that_of_the_origin() -> None:
    assert_allclose(spread_of([-4.0, 4.0, -4.0, 1e9, -1e9], origin=2).change, [2])
    assert spread_of([-4.0, 4.0, -4.0, 1e9], [3.0], origin=1).changes.tolist() == [2, 0]


def test_blocks_and_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    series = [[4.0, 2.0, 3.0, -9.0, 0.0], [7.0, 8.0, 9.0, 1.0], [5.0]]
    whole = spread_of(*series)
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 3)  # a block for each series
    again = spread_of(*series)
    for name, value in vars(whole).items():
        assert_array_equal(getattr(again, name), value)
    assert whole.smallest.tolist() == [-9, 1, 5]
    assert whole.largest.tolist() == [4, 9, 5]


def test_the_fewer_changes_the_more_the_unit_is_that_of_the_panel() -> None:
    """One change typical of the panel is added to those of each history: the median mean change, 0.6. In logarithms."""
    spread = spread_of([-10.0, 10.0, -10.0], [-10.0, -4.0], [10.0, 8.0, 10.0, 8.0, -10.0], [-50.0])
    own: list[float] = [2.0, 0.6, (0.2 * 3 + 1.8) / 4]  # relative to the largest value
    assert_allclose(spread.change[:3], own)
    assert_allclose(unit_of(spread), [(2 * 2 * 0.6) ** (1 / 3), 0.6, 0.6, 0.6])


def test_a_series_that_varies_far_less_than_the_others_of_its_panel_keeps_its_unit() -> None:
    """A hundred changes of 3 in a million beside series that change by their own size: 3 within a factor of 1.2."""
    quiet = [1e6 + 1.5 * (-1) ** step for step in range(101)]
    units = unit_of(spread_of(quiet, [-4.0, 4.0] * 20, [-5.0, 5.0] * 20))
    assert 3 / 1.2 < 2e6 * units[0] < 3 * 1.2  # the derivative of log(1 + x) at 1 is a half


def test_a_constant_history_has_no_unit() -> None:
    assert_array_equal(unit_of(spread_of([3.0, 3.0, 3.0], [0.0, 0.0], [-1.0, 1.0], [7.0])), [UNKNOWN, UNKNOWN, 2, 2])
    assert_array_equal(unit_of(spread_of([3.0, 3.0], [8.0])), [UNKNOWN, UNKNOWN])
    assert np.isnan(unit_of(spread_of([0.0, 5.0, 0.0, 5.0, 0.0], seasons=(2,)))).all()  # it repeats


def test_bounds_worked_by_hand() -> None:
    """History and forecast from -10 to 14 and from 4 to 10; the second could reach below 0, and was never there."""
    spread = spread_of([-10.0, 10.0, -10.0, 10.0], [4.0, 10.0, 5.0, 10.0])
    point = np.array([[0.0, 14.0], [6.0, 7.0]])
    lowest, highest = spread.bounds(point, spread.typical(point))
    reach = [2 * (2.4**3 * 0.6) ** 0.25 * 10, 2 * 0.6 * 10]  # one more that is as the lower median, 0.6
    assert_allclose(lowest, [[-10 - reach[0]], [0.0]])
    assert_allclose(highest, [[14 + reach[0]], [10 + reach[1]]])


def test_what_is_typical_worked_by_hand() -> None:
    """The lower medians over the histories that change: of 2, log 2 - log 1.4 and 2, and of 24 / 10, 6 / 10 and 2."""
    spread = spread_of([-10.0, 10.0, -10.0, 10.0], [4.0, 10.0, 4.0, 10.0], [7.0] * 4, [-10.0, 10.0, -10.0, 10.0], [5.0])
    point = np.array([[0.0, 14.0], [6.0, 7.0], [9e9, 0.0], [0.0, 0.0], [9e9, 0.0]])

    def typical(series: slice) -> list[float]:
        of_some = spread.take(series).typical(point[series])
        return [of_some.change, of_some.reach]

    assert_allclose(typical(slice(0, 5)), [2, 2])
    assert_allclose(typical(slice(0, 2)), [np.log(2 / 1.4), 0.6])
    assert_array_equal(typical(slice(2, 3)), [UNKNOWN, UNKNOWN])


def test_a_series_that_is_alone_is_measured_by_what_is_typical_of_another_panel() -> None:
    """With one change of its own, 2, and one that is typical, 8; a reach of 2 times its size, and of 8 times."""
    spread = spread_of([-10.0, 10.0])
    assert_allclose(spread.unit(Typical(8.0, 8.0), 0.5, 4), [[4, 4 * 2**0.5, 4 * 3**0.5, 8]])
    lowest, highest = spread.bounds(np.array([[0.0]]), Typical(8.0, 8.0))
    assert_allclose([lowest, highest], [[[-10 - 80]], [[10 + 80]]])


def test_the_own_values_of_an_intermittent_series_count_half_after_a_season() -> None:
    """Twelve steps where there is no season: of 48 values the last 12, all 5, weigh 8 / 15; half of the rest are 0."""
    spread = spread_of([*[9.0, 0.0] * 18, *[5.0] * 12], [-1.0, 0.0] * 5, [3.0, 4.0] * 9)
    assert spread.intermittent.tolist() == [True, False, False]
    found = np.array([spread.recent(p)[0] for p in (0.01, 0.2, 0.4, 0.5, 0.6, 0.8, 0.99)])
    assert_allclose(found, [0, 0, 5, 5, 5, 9, 9], atol=1e-9)
    assert np.isnan(spread.recent(0.5)[1:]).all()
    assert 5 < spread.recent(0.75)[0] < spread.recent(0.76)[0] < spread.recent(0.77)[0] <= 9


values = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))


@given(st.lists(st.lists(values, min_size=1, max_size=9), min_size=1, max_size=5), st.sampled_from([1e-3, 7.0, 4096.0]))
def test_the_unit_is_the_same_in_any_unit_of_the_values(panel: list[list[float]], factor: float) -> None:
    def scaled(by: float) -> Floats:
        return unit_of(spread_of(*[[by * value for value in series] for series in panel], seasons=(2,)))

    assert_allclose(scaled(factor), scaled(1.0), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("before", [84, 400])
def test_a_jump_that_lasts_counts_in_full_and_one_false_value_does_not(before: int) -> None:
    """A season of 12 after the jump: its seasonal changes are log 2 less log 1.1; those of the false value are two."""
    noise = 10 + 0.01 * np.random.default_rng(0).standard_normal(before)
    jumped = np.concatenate([noise, np.full(12, 100.0)])
    spike = np.concatenate([noise, np.full(12, 10.0)])
    spike[20] = 100.0
    changes = Spread.of(panel_of([jumped.tolist(), spike.tolist()], season_lengths=(12,)).at(0)).change
    assert_allclose(changes[0], 12 / np.sqrt(72 * before) * np.log(2 / 1.1), rtol=0.04)
    assert changes[1] < 0.01


@pytest.mark.parametrize("factor", [0.01, 0.1])
def test_limits_of_a_series_that_has_fallen_are_of_its_new_size(factor: float) -> None:
    """It fell three years ago: three units above its level is less than ten times that."""
    months = (1 + 0.2 * np.sin(np.arange(130) * np.pi / 6)) * 1.05 ** np.random.default_rng(0).standard_normal((9, 130))
    months[0, -36:] *= factor
    spread = Spread.of(panel_of(months.tolist(), season_lengths=(12,)).at(0))
    level = months[:, -12:].mean(axis=1, keepdims=True)
    unit = spread.unit(spread.typical(level), 0.0, 1)
    limits = spread.from_interval_scale(spread.to_interval_scale(level) + 3 * unit) / level
    assert 1.3 < limits[0, 0] < 10
    assert (limits[1:] < 1.5).all()


def test_the_size_is_that_of_the_last_two_seasons_or_of_all_where_these_are_0() -> None:
    sizes = spread_of([9.0, *[1.0, -2.0] * 12], [9.0, *[0.0] * 24], [np.nan, 0.0], seasons=(3,)).size
    assert sizes.tolist() == [2, 9, 1]
    assert spread_of([9.0, *[1.0] * 39], seasons=(20,)).size.tolist() == [9]


def test_missing_values_count_for_nothing() -> None:
    """Over two steps, changes from 2 to 4, from 6 to 10, and from 10 to -1."""
    values = np.array([2.0, np.nan, 4.0, 6.0, np.nan, 10.0, np.nan, -1.0])
    spread = Spread.of(panel_of([values], missing=np.isnan(values), season_lengths=(2,)).at(0))
    assert (spread.smallest.tolist(), spread.largest.tolist()) == ([-1], [10])
    assert spread.changes.tolist() == [3]


@pytest.mark.parametrize("season", [1, 5])
def test_where_no_change_is_known_those_over_gaps_count(season: int) -> None:
    """Every third value: 1, 2, 4, of which the largest is 4; with one more that equals the one before it."""
    values = [1, np.nan, np.nan, 2, np.nan, np.nan, 4]
    spread = spread_of(values, [*values[:4], 2, np.nan, 4], seasons=(season,))
    assert spread.changes.tolist() == [2, 3]
    assert_allclose(spread.change[0], spread_of([1, 2, 4]).change[0])
    assert_allclose(spread.change[1], spread_of([1, 2, 2, 4]).change[0])


@pytest.mark.parametrize(("length", "has_unit"), [(14, True), (15, True), (16, False), (40, False)])
def test_equal_values_a_season_apart_are_a_pattern_once_every_phase_has_two(length: int, has_unit: bool) -> None:
    values = np.resize([0.0, 0, 0, 10, 0, 0, 0, 5], length)
    assert (spread_of(values.tolist(), seasons=(8,)).change > 0).tolist() == [has_unit]


def test_phases_worked_by_hand() -> None:
    """Changes over a season of two: -3, 1, 3, -1, none, 1, with the trend 0.2; the phase of the threes is next.

    Distances 3.2 and 2.8, and 0.8, 1.2 and 0.8, their mean 1.76; 20 more of the mean.
    """
    series = [0.0, 0.0, -3.0, 1.0, 0.0, 0.0, UNKNOWN, 1.0]
    found = spread_of(series, [1.0, 1.0, 1.0], [3.0], seasons=(2,)).phases
    assert_allclose(found[0], [(6 / 1.76 + 20) / 22, (2.8 / 1.76 + 20) / 23])
    assert_array_equal(found[1:], 1)


@pytest.mark.parametrize("end", [0, 1, 2, 3])
def test_the_unit_of_a_step_is_that_of_its_phase(end: int) -> None:
    """Noise ten times larger in the third of four phases: 60 changes of each count, and 20 more of the mean."""
    sizes = np.tile([1.0, 1.0, 10.0, 1.0], 300)[: 1200 - end]
    spread = spread_of(list(np.random.default_rng(1).normal(size=len(sizes)) * sizes), seasons=(4,))
    unit = spread.unit(Typical(1.0, 1.0), 0.0, 8)[0]
    large = (len(sizes) + np.arange(8)) % 4 == 2
    expected = (60 * 10 / 3.25 + 20) / (60 / 3.25 + 20)
    assert_allclose(unit[large] / unit[~large].mean(), expected, rtol=0.2)
    assert_allclose(unit[:4].mean(), spread.mean_unit(Typical(1.0, 1.0))[0, 0])


@pytest.mark.parametrize(
    ("odd", "most"),
    [
        ({100: 1e6}, 1.2),  # a false value
        (dict.fromkeys(range(4, 800, 7), 30.0), 1.2),  # noisy until long ago
    ],
)
def test_what_is_odd_or_long_past_hardly_widens_a_phase(odd: dict[int, float], most: float) -> None:
    noise = np.random.default_rng(2).normal(size=1400)
    for place, factor in odd.items():
        noise[place] *= factor
    assert spread_of(list(noise), seasons=(7,)).phases.max() < most


def test_a_trend_does_not_hide_a_noisy_phase() -> None:
    noise = np.random.default_rng(2).normal(size=700) * np.tile([1.0, 1, 1, 1, 1, 1, 6], 100)
    trend = 4.0 * np.arange(700) - 2000
    without, with_trend = spread_of(list(noise), list(noise + trend), seasons=(7,)).phases
    assert_allclose(with_trend, without, rtol=0.05)
    assert without[6] > 2 * without[:6].max()


def test_a_phase_without_a_change_keeps_a_quarter_of_the_unit() -> None:
    """Closed on every seventh day: an error there is not counted as enormous."""
    values = np.abs(np.random.default_rng(2).normal(100, 10, size=7000))
    values[6::7] = 0
    assert_allclose(spread_of(list(values), seasons=(7,)).phases[0, 6], 20 / 80, rtol=0.05)


def test_without_a_season_all_steps_have_one_unit() -> None:
    assert_array_equal(spread_of([1.0, 5.0, 2.0]).phases, [[1.0]])
    assert_array_equal(spread_of([1.0, 5.0, 2.0], seasons=(4,)).phases, [[1.0] * 4])


def test_an_intermittent_series_in_a_gap_longer_than_what_counts_has_no_values_of_its_own() -> None:
    values = np.concatenate([np.tile([0.0, 0, 3], 40), np.full(100, np.nan), np.ones(5)])
    panel = panel_of([values], season_lengths=(7,), missing=np.isnan(values))
    assert not Spread.of(panel.at(5)).intermittent.any()
    assert Spread.of(panel.at(0)).intermittent.all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 60])
def test_the_two_largest_changes_are_limited_by_the_third_quartile_of_numpy(count: int) -> None:
    random = np.random.default_rng(count)
    changes = random.standard_t(1, (50, count))
    changes[random.random(changes.shape) < 0.3] = np.nan
    changes[random.random(changes.shape) < 0.3] = 0
    changes[:2] = np.array([0, np.nan])[:, None]
    for own, limited in zip(changes, _winsorised(changes), strict=True):
        sizes = np.sort(np.abs(own[np.isfinite(own) & (own != 0)]))
        if len(sizes):
            limit = max(MOST_OF_QUARTILE * np.quantile(sizes, 0.75), sizes[-3] if len(sizes) > 2 else 0)
            own = np.clip(own, -limit, limit)
        assert_allclose(limited, own, rtol=1e-12)
