"""What is known at a cut: nothing of what comes after it, and what is known by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from stages.window import smoothing
from stages.window.features import know, local_scale
from stages.window.windows import Cuts, season_of
from tests.builders import window_settings

Floats = npt.NDArray[np.float64]
EVERYTHING: dict[str, Any] = {
    "local": "smoothing",
    "padding": True,
    "bases": ["ses", "theta", "holt", "patterns", "growth"],
}
# Where the bases of EVERYTHING stand, with one season: its pattern is the last's, and the mean of the last two.
SES, THETA, HOLT, LAST_SEASON, LAST_TWO, GROWTH = range(6)


def know_at(values: npt.ArrayLike, cuts: list[int], seasons: list[int], targets: int = 4, **settings: object) -> Cuts:
    """What is known of one series after `cuts` of its values."""
    one = np.asarray(values, dtype=np.float32)
    series = np.zeros(len(cuts), dtype=np.int64)
    window = window_settings(**(settings or EVERYTHING))
    return know(one, np.array([len(one)]), seasons, series, np.array(cuts, dtype=np.int64), targets, window)


def forecasts(cuts: Cuts, season: int) -> npt.NDArray[np.float64]:
    """(K, B, targets) the bases in the units of the values: level and season are given back."""
    steps = np.arange(cuts.bases.shape[2])
    seasonal = season_of(cuts.season, [season] if season > 1 else [], steps)
    whole = cuts.bases * cuts.scale[:, None, None] + cuts.levels[:, :, None] + np.asarray(seasonal)[..., None, :]
    return np.asarray(whole, dtype=np.float64)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.sampled_from([[], [4], [3, 12]]),
    st.sampled_from(["smoothing", "mean", "last", "none"]),
)
def test_nothing_that_comes_after_a_cut_changes_what_is_known_there(
    seed: int, lengths: list[int], seasons: list[int], local: str
) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, sum(lengths)) + np.resize(random.normal(0, 2, 12), sum(lengths))
    before = np.array([random.integers(1, length + 1) for length in lengths])
    after = np.concatenate([np.arange(length) >= cut for length, cut in zip(lengths, before, strict=True)])
    changed = np.where(after, 10.0 ** random.integers(-3, 9), values)
    settings = (
        window_settings(**EVERYTHING) if local == "smoothing" else window_settings(local=local, local_size=[0, 3])
    )
    one, two = (
        know(each.astype(np.float32), np.array(lengths), seasons, np.arange(len(lengths)), before, 5, settings)
        for each in (values, changed)
    )
    for name, known in vars(one).items():
        np.testing.assert_array_equal(getattr(two, name), known, err_msg=name)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 60), min_size=2, max_size=5), st.sampled_from([[], [4]]))
def test_other_series_and_cuts_change_nothing(seed: int, lengths: list[int], seasons: list[int]) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, sum(lengths)) + np.resize(random.normal(0, 2, 4), sum(lengths))
    series = random.integers(0, len(lengths), 6)
    before = np.array([random.integers(1, lengths[i] + 1) for i in series])
    whole = know(
        values.astype(np.float32), np.array(lengths), seasons, series, before, 5, window_settings(**EVERYTHING)
    )
    for place, (number, cut) in enumerate(zip(series, before, strict=True)):
        start = sum(lengths[:number])
        alone = know_at(values[start : start + cut], [cut], seasons, 5)
        for name in ("season", "levels", "scale", "bases", "features"):
            np.testing.assert_allclose(
                getattr(whole, name)[[place]], getattr(alone, name), rtol=1e-3, atol=1e-3, err_msg=name
            )


def test_where_the_cuts_are() -> None:
    lengths = np.array([5, 0, 7])
    settings = window_settings(local="none")
    cuts = know(np.zeros(12, dtype=np.float32), lengths, [], np.array([0, 2, 2]), np.array([4, 2, 7]), 3, settings)
    assert cuts.position.tolist() == [4, 7, 12]
    assert cuts.after.tolist() == [1, 3, 0]


@pytest.mark.parametrize(
    ("values", "season", "steps", "expected"),
    [
        ([1.0, 3.0, 2.0, 6.0], 2, 12, 2.0),  # changes over a season: 1, 3
        ([1.0, 3.0, 2.0, 6.0], 4, 12, (2 + 1 + 4) / 3),  # not one season is known: over one step
        ([1.0, 3.0, 2.0, 6.0], 1, 12, (2 + 1 + 4) / 3),
        ([9.0, 0.0, 0.0, 1.0, 3.0, 2.0, 6.0], 2, 2, 2.0),  # the last two changes alone
        ([5.0], 2, 12, 1e-3),
        ([5.0, 5.0, 5.0], 2, 12, 1e-3),
    ],
)
def test_local_scale_worked_by_hand(values: list[float], season: int, steps: int, expected: float) -> None:
    cuts = know_at(values, [len(values)], [], local="none")
    scale = local_scale(np.array(values, dtype=np.float32), cuts, season, steps)
    assert scale.tolist() == pytest.approx([expected], rel=1e-6)


def test_levels_worked_by_hand() -> None:
    """The mean of the last 0, 1 and 3 values; of a purely seasonal series less its season."""
    values = [1.0, 2.0, 6.0, 4.0]
    assert know_at(values, [3, 4], [], local="mean", local_size=[0, 1, 3]).levels.tolist() == [[0, 6, 3], [0, 4, 4]]
    assert know_at(values, [3, 4], [], local="last").levels.tolist() == [[6], [4]]
    assert know_at(values, [3, 4], [], local="none").levels.tolist() == [[0], [0]]
    seasonal = np.tile([10.0, 14.0, 9.0, 7.0], 6)  # mean 10
    known = know_at(seasonal, [21, 23], [4], local="mean", local_size=[1, 3])
    np.testing.assert_allclose(known.levels, 10, atol=1e-3)
    np.testing.assert_allclose(known.season[0], [4, -1, -3, 0], atol=1e-3)


@pytest.mark.parametrize("alpha", [0.2, 0.9])
def test_the_level_is_simple_exponential_smoothing_of_the_last_36_values(
    alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoothing, "ALPHAS", np.array([alpha], dtype=np.float32))
    values = 5 + np.cumsum(np.random.default_rng(1).normal(0, 1, 80))
    for cut in (20, 70):
        last = values[max(cut - 36, 0) : cut]
        model = SimpleExpSmoothing(last, initialization_method="known", initial_level=last[0])
        expected = model.fit(smoothing_level=alpha, optimized=False).forecast(1)[0]
        assert know_at(values, [cut], []).levels[0, 0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("season", "cut"), [(4, 24), (4, 23), (12, 61), (12, 40)])
def test_patterns_repeat_the_last_season_of_a_purely_seasonal_series(season: int, cut: int) -> None:
    pattern = np.random.default_rng(season).normal(0, 5, season)
    values = np.resize(pattern, cut + 2 * season) + 20
    known = know_at(values, [cut], [season], targets=season + 3)
    (bases,) = forecasts(known, season)
    for base in (LAST_SEASON, LAST_TWO):
        np.testing.assert_allclose(bases[base], values[cut : cut + season + 3], atol=1e-3)


def test_the_pattern_of_two_seasons_is_their_mean_on_the_level_of_the_last() -> None:
    """Seasons 1, 3 (mean 2) and 13, 11 (mean 12): deviations -1, 1 and 1, -1; their mean is 0, 0."""
    (bases,) = forecasts(know_at([1.0, 3.0, 13.0, 11.0], [4], [2], targets=3), 2)
    np.testing.assert_allclose(bases[LAST_SEASON], [13, 11, 13], atol=1e-4)
    np.testing.assert_allclose(bases[LAST_TWO], [12, 12, 12], atol=1e-4)


def test_growth_worked_by_hand() -> None:
    """Seasons 1, 3 and 2, 5: a growth of 1, 2, on average 1.5 for each season ahead."""
    (bases,) = forecasts(know_at([1.0, 3.0, 2.0, 5.0], [4], [2], targets=5), 2)
    np.testing.assert_allclose(bases[GROWTH], [3.5, 6.5, 5, 8, 6.5], atol=1e-4)


@pytest.mark.parametrize(("season", "cut"), [(4, 24), (12, 40)])
def test_a_season_on_a_straight_line_grows_on(season: int, cut: int) -> None:
    steps = np.arange(cut + 2 * season)
    values = np.resize(np.random.default_rng(season).normal(0, 5, season), len(steps)) + 20 + 0.7 * steps
    (bases,) = forecasts(know_at(values, [cut], [season], targets=2 * season), season)
    np.testing.assert_allclose(bases[GROWTH], values[cut : cut + 2 * season], atol=2e-3)


def test_a_season_that_is_not_known_whole_has_the_level_for_a_pattern() -> None:
    known = know_at(np.arange(1.0, 9.0), [3, 6, 8], [4])
    assert not known.bases[0, LAST_SEASON:].any()
    assert known.bases[1, LAST_SEASON].any()
    assert not known.bases[1, [LAST_TWO, GROWTH]].any()
    assert known.bases[2, LAST_TWO].any()
    assert known.bases[2, GROWTH].any()


def test_two_seasons_have_two_patterns_and_a_growth_each() -> None:
    known = know_at(np.random.default_rng(0).normal(0, 1, 60), [50], [4, 12])
    assert known.bases.shape == (1, 3 + 2 * (2 + 1), 4)
    assert known.season.shape == (1, 16)


def test_bases_are_in_the_order_they_are_named_in() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(1, 1, 30))
    whole = know_at(values, [30], [4])
    some = know_at(values, [30], [4], local="smoothing", bases=["holt", "ses"])
    np.testing.assert_array_equal(some.bases, whole.bases[:, [HOLT, SES]])
    assert not whole.bases[:, SES].any()
    assert know_at(values, [30], [4], local="smoothing", bases=[]).bases.shape == (1, 0, 4)


def test_trends_go_up_where_the_series_does() -> None:
    bases = know_at(np.arange(40.0), [40], []).bases[0]
    for base in (THETA, HOLT):
        assert (np.diff(bases[base]) > 0).all()


@pytest.mark.parametrize("seasons", [[], [4], [4, 12]])
@pytest.mark.parametrize(
    "values", [[7.0] * 60, [0.0] * 60, [5.0], [0.0], [1.0, 2.0], [0.0] * 59 + [1.0], [1e-30] * 30, [-3e8] * 30]
)
def test_dull_and_short_series_are_known_in_finite_numbers(values: list[float], seasons: list[int]) -> None:
    cuts = list(range(1, len(values) + 1))
    known = know_at(values, cuts, seasons)
    for name, each in vars(known).items():
        assert np.isfinite(each).all(), name
    assert (known.scale > 0).all()
    assert np.abs(known.features).max() <= 4
    assert known.features.shape == (len(values), 7 + len(seasons))
    if len(set(values)) == 1:
        np.testing.assert_allclose(known.levels, values[0], rtol=1e-5)
        np.testing.assert_allclose(known.bases, 0, atol=1e-3)
        np.testing.assert_allclose(known.season, 0)


@given(st.integers(0, 2**32 - 1), st.floats(-50, 50), st.floats(0.01, 100))
def test_what_is_known_moves_with_the_units(seed: int, shift: float, factor: float) -> None:
    """The values times a factor, and all moved: the same bases, the level and scale in the new units."""
    values = np.random.default_rng(seed).normal(0, 1, 40).cumsum()
    one, two = know_at(values, [40], []), know_at(factor * (values + shift), [40], [])
    np.testing.assert_allclose(two.scale, factor * one.scale, rtol=1e-2)
    np.testing.assert_allclose(two.levels, factor * (one.levels + shift), rtol=1e-2, atol=1e-2 * factor)
    np.testing.assert_allclose(two.bases, one.bases, atol=0.02)
