"""The experts, worked by hand and on series that they forecast without error."""

import numpy as np
import pytest

from stages.common.arrays import Floats, Floats32
from stages.window.experts import EXPERTS, last_values
from stages.window.features import Source, compute_cuts
from stages.window.params import Window
from stages.window.record import ABSENT
from stages.window.windows import Cuts, season_at
from tests.builders import cuts_at, window_settings

# Places among ALL experts, with one season: a seasonal mean of the last season, and of the last two.
SES, THETA, HOLT, LOWEST, MEDIAN, DEMAND, BY_PHASE, POOLED, PHASES, LAST_SEASON, LAST_TWO, DRIFT = range(12)


def with_experts(*experts: str) -> Window:
    return window_settings(padding=True, local_scaling="smoothing", experts=list(experts))


ALL = with_experts(*EXPERTS)


def forecasts(cuts: Cuts, season: int) -> Floats:
    """(K, E, targets) the experts in normalised units: scale, level and season given back."""
    steps = np.arange(cuts.experts.shape[2])
    component = season_at(cuts.season, [season] if season > 1 else [], steps) + np.zeros((len(cuts), len(steps)))
    whole = cuts.experts * cuts.scale[:, None, None] + cuts.level[:, None, None] + np.asarray(component)[..., None, :]
    return np.asarray(whole, dtype=np.float64)


def test_last_values_are_0_where_a_series_has_not_begun() -> None:
    values: Floats32 = np.arange(1, 8, dtype=np.float32)
    window = window_settings()
    cuts = compute_cuts(Source(values, np.array([3, 4]), [], 1, window), np.array([0, 1, 1]), np.array([2, 1, 4]))
    found, exists = last_values(values, cuts, 3)
    assert found.tolist() == [[0, 1, 2], [0, 0, 4], [5, 6, 7]]
    assert exists.tolist() == [[False, True, True], [False, False, True], [True, True, True]]


@pytest.mark.parametrize(("season", "cut"), [(4, 24), (4, 23), (12, 61), (12, 40)])
def test_seasonal_means_continue_a_purely_seasonal_series(season: int, cut: int) -> None:
    pattern = np.random.default_rng(season).normal(0, 5, season)
    values = np.resize(pattern, cut + 2 * season) + 20
    cuts = cuts_at(values, [cut], [season], ALL, targets=season + 3)
    (experts,) = forecasts(cuts, season)
    for expert in (LAST_SEASON, LAST_TWO):
        np.testing.assert_allclose(experts[expert], values[cut : cut + season + 3], atol=1e-3)


def test_the_mean_of_two_seasons_has_the_level_of_the_last() -> None:
    """Seasons 1, 3 (mean 2) and 13, 11 (mean 12): deviations -1, 1 and 1, -1; their mean is 0, 0."""
    (experts,) = forecasts(cuts_at([1.0, 3.0, 13.0, 11.0], [4], [2], ALL, targets=3), 2)
    np.testing.assert_allclose(experts[LAST_SEASON], [13, 11, 13], atol=1e-4)
    np.testing.assert_allclose(experts[LAST_TWO], [12, 12, 12], atol=1e-4)


def test_seasonal_drift_worked_by_hand() -> None:
    """Seasons 1, 3 and 2, 5: a growth of 1, 2, on average 1.5 for each season ahead."""
    (experts,) = forecasts(cuts_at([1.0, 3.0, 2.0, 5.0], [4], [2], ALL, targets=5), 2)
    np.testing.assert_allclose(experts[DRIFT], [3.5, 6.5, 5, 8, 6.5], atol=1e-4)


@pytest.mark.parametrize(("season", "cut"), [(4, 24), (12, 40)])
def test_seasonal_drift_continues_a_season_on_a_straight_line(season: int, cut: int) -> None:
    steps = np.arange(cut + 2 * season)
    values = np.resize(np.random.default_rng(season).normal(0, 5, season), len(steps)) + 20 + 0.7 * steps
    (experts,) = forecasts(cuts_at(values, [cut], [season], ALL, targets=2 * season), season)
    np.testing.assert_allclose(experts[DRIFT], values[cut : cut + 2 * season], atol=2e-3)


def test_seasonal_experts_are_the_level_before_their_seasons_are_complete() -> None:
    cuts = cuts_at(np.arange(1.0, 9.0), [3, 6, 8], [4], ALL)
    assert not cuts.experts[0, LAST_SEASON:].any()
    assert cuts.experts[1, LAST_SEASON].any()
    assert not cuts.experts[1, [LAST_TWO, DRIFT]].any()
    assert cuts.experts[2, LAST_TWO].any()
    assert cuts.experts[2, DRIFT].any()


def test_each_of_two_seasons_has_two_means_and_a_drift() -> None:
    cuts = cuts_at(np.random.default_rng(0).normal(0, 1, 60), [50], [4, 12], ALL)
    assert cuts.experts.shape == (1, 10 + 2 * (2 + 1), 4)  # with the regression of whole seasons
    assert cuts.season.shape == (1, 16)


def test_experts_are_in_the_order_of_the_parameter() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(1, 1, 30))
    whole = cuts_at(values, [30], [4], ALL)
    some = cuts_at(values, [30], [4], with_experts("holt", "ses"))
    np.testing.assert_array_equal(some.experts, whole.experts[:, [HOLT, SES]])
    assert not whole.experts[:, SES].any()
    assert cuts_at(values, [30], [4], with_experts()).experts.shape == (1, 0, 4)


def test_trends_go_up_where_the_series_does() -> None:
    experts = cuts_at(np.arange(40.0), [40], [], ALL).experts[0]
    for expert in (THETA, HOLT):
        assert (np.diff(experts[expert]) > 0).all()


def test_a_missing_value_counts_as_level_and_season_and_growth_is_over_known_pairs() -> None:
    """The last season is 13, missing, 15, 16, the one before 11, 12, missing, 14: they grow by 2 and 2."""
    values = np.array([1.0, 2.0, 3.0, 4.0, 11.0, 12.0, np.nan, 14.0, 13.0, np.nan, 15.0, 16.0])
    cuts = cuts_at(values, [12], [4], ALL, targets=4)
    (experts,) = forecasts(cuts, 4)
    expected = float(cuts.level[0] + cuts.season[0, 1])  # the missing step has the phase of the second after the cut
    np.testing.assert_allclose(experts[DRIFT], [15, expected + 2, 17, 18], atol=1e-4)
    np.testing.assert_allclose(experts[LAST_SEASON], [13, expected, 15, 16], atol=1e-4)


def test_intermittent_demand_has_its_lowest_value_and_its_median_and_no_other_series_has() -> None:
    demand = np.array([0.0, 0, 3, 0, 0, 0, 2, 0, 0, 5, 0, 0] * 2)
    (experts,) = forecasts(cuts_at(demand, [24], [], ALL), 1)
    np.testing.assert_allclose(experts[[LOWEST, MEDIAN]], 0, atol=1e-5)
    (often,) = forecasts(cuts_at([0.0, 3, 4, 0, 5, 6, 7, 8, 9], [9], [], ALL), 1)
    np.testing.assert_allclose(often[[LOWEST, MEDIAN], 0], [0, 5], atol=1e-4)
    rising = cuts_at(np.arange(24.0), [5, 24], [], ALL)  # once is not again, however short the history
    assert (rising.record[:, [LOWEST, MEDIAN, DEMAND]] == ABSENT).all()
    assert (rising.record[:, [SES, THETA, HOLT]] < ABSENT).all()


def test_the_median_of_each_phase_of_the_season_worked_by_hand() -> None:
    """Phases 4, 0, missing, 2, 5 and 0, 0, 0, 0, 9; the next step is of the second, without the last value."""
    values = np.array([4.0, 0, 0, 0, np.nan, 0, 2, 0, 5, 9])
    (after, before) = (forecasts(cuts_at(values, [cut], [2], ALL, targets=3), 2)[0] for cut in (10, 9))
    np.testing.assert_allclose(after[BY_PHASE], [3, 0, 3], atol=1e-4)
    np.testing.assert_allclose(before[BY_PHASE], [0, 3, 0], atol=1e-4)
    never = np.array([0.0, np.nan, 2, np.nan, 0, np.nan, 3, np.nan])  # its second phase: the median of all
    np.testing.assert_allclose(forecasts(cuts_at(never, [8], [2], ALL, targets=2), 2)[0, BY_PHASE], [1, 1], atol=1e-4)


def test_demand_is_worked_by_hand() -> None:
    """Of 0, 4, 0, 0 the share begins at 1/4 and the size at 4: only the share moves, a tenth of the way each step."""
    share = 0.25
    for sold in (0, 1, 0, 0):
        share += 0.1 * (sold - share)
    (experts,) = forecasts(cuts_at([0.0, 4, 0, 0], [4], [], ALL), 1)
    np.testing.assert_allclose(experts[DEMAND], share * 4, rtol=1e-5)


def test_the_year_goes_on_in_a_series_of_three_years() -> None:
    """A sine of 365.25 days on a week's pattern: both experts of the year follow it, no other does."""
    days = np.arange(1200)
    week = np.array([0.0, 1, 2, 1, 0, -2, -2])
    values = 10 * np.sin(2 * np.pi * days / 365.25) + week[days % 7]
    cuts = cuts_at(values, [1100], [7, 365.25], with_experts("ses", "year"), targets=60)
    (experts,) = forecasts(cuts, 7)
    actual = values[1100:1160]
    assert np.abs(experts[1:] - actual).max() < 0.5
    assert np.abs(experts[0] - actual).mean() > 2
    short = cuts_at(values, [700], [7, 365.25], with_experts("ses", "year"), targets=60)
    assert (short.record[0, 1:] == ABSENT).all()  # less than two years
