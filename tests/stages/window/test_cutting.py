"""Where windows are cut: every place that can be, none across a series, a fair share for each series; at ends."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stages.common.arrays import Ints
from stages.common.errors import UserError
from stages.normalize.covariates import ScaledCovariates
from stages.panel.covariate_counts import NO_COVARIATES, CovariateCounts
from stages.train.batches import Batches
from stages.window.cutting import (
    bytes_of_cuts,
    cut_at_ends,
    cut_windows,
    place_cuts,
    refuse_long_size,
    refuse_no_experts,
    refuse_no_windows,
    warn_of_short_histories,
    warn_of_unused_covariates,
    window_origin,
    window_size,
)
from stages.window.experts import EXPERTS
from stages.window.record import ABSENT
from tests.builders import plain_ends, plain_windows, window_settings

LEARNED = ("season", "level", "scale", "experts", "record", "features")  # of a cut, from the values before it
SCALED = window_settings(size="auto", padding=True, local_scaling="smoothing", experts=list(EXPERTS))


def assume_fair(series: list[int]) -> None:
    """Leave out panels in which a series, named once for each of its windows, has more than ten times the median."""
    counts = np.unique(series, return_counts=True)[1]
    assume(not len(counts) or counts.max() <= 10 * np.median(counts))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 8), st.integers(1, 5))
def test_windows_are_all_and_only_those_inside_a_series(lengths: list[int], size: int, targets: int) -> None:
    windows = plain_windows(np.arange(sum(lengths)), lengths, size, targets)
    training, ends = windows.cuts, plain_ends(np.arange(sum(lengths)), lengths, size, targets).cuts
    owner = np.repeat(np.arange(len(lengths)), lengths)
    expected = [cut for cut in range(size, len(owner) - targets + 1) if owner[cut - size] == owner[cut + targets - 1]]
    assume_fair([owner[cut] for cut in expected])
    assert (training.before >= size).all()
    assert training.position.tolist() == expected
    assert training.series.tolist() == [owner[cut] for cut in expected]
    assert (training.after == targets).all()
    for series, length in enumerate(lengths):
        end = ends.position[series]
        assert windows.values[end - length : end].tolist() == np.flatnonzero(owner == series).tolist()
    assert (ends.series.tolist(), ends.before.tolist()) == (list(range(len(lengths))), lengths)
    assert not ends.after.any()


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.integers(1, 12),
    st.integers(1, 7),
    st.sampled_from([[], [4]]),
    st.sampled_from(["smoothing", "none"]),
)
def test_padded_windows_need_a_season_and_one_before_and_half_the_targets_after(
    lengths: list[int], size: int, targets: int, seasons: list[int], local_scaling: str
) -> None:
    settings = window_settings(size=size, padding=True, local_scaling=local_scaling)
    windows = cut_windows(np.arange(sum(lengths), dtype=float), np.array(lengths), seasons, settings, targets)
    shortest = min(size, 5 if seasons else 3)
    assert windows.min_length == shortest
    expected = []
    owner = np.repeat(np.arange(len(lengths)), lengths)
    for cut in range(1, len(owner)):
        before = int((owner[:cut] == owner[cut]).sum())
        after = int((owner[cut : cut + targets] == owner[cut]).sum())
        if before >= shortest and after >= max(1, targets // 2):
            expected.append((cut, owner[cut], before, after))
    assume_fair([series for _, series, _, _ in expected])
    cuts = windows.cuts
    assert list(zip(cuts.position, cuts.series, cuts.before, cuts.after, strict=True)) == expected


@pytest.mark.parametrize(("output", "targets"), [("direct", 12), ("recursive", 1)])
def test_the_targets_are_the_horizon_or_one_step(output: str, targets: int) -> None:
    windows = cut_windows(np.zeros(40), np.array([40]), [], window_settings(output=output), 12)
    assert windows.targets == targets
    assert len(windows.cuts) == 40 - 6 - targets + 1


@pytest.mark.parametrize(
    ("local_scaling", "seasons", "lags"),
    [("none", [4], []), ("smoothing", [4, 12], [4, 12]), ("smoothing", [], [1])],
)
def test_local_scaling_adds_differences_over_each_season_or_one_step(
    local_scaling: str, seasons: list[int], lags: list[int]
) -> None:
    settings = window_settings(local_scaling=local_scaling)
    assert cut_windows(np.arange(40.0), np.array([40]), seasons, settings, 3).lags == lags


@pytest.mark.parametrize(
    ("seasons", "size"),
    [
        ([12], 24),  # months
        ([4], 16),  # quarters
        ([7], 19),  # days
        ([24, 168], 48),  # hours
        ([52], 64),  # weeks: no longer than 64
        ([96, 672], 64),  # quarters of an hour
        ([], 13),
    ],
)
def test_the_automatic_size_is_two_seasons_or_a_season_and_twelve(seasons: list[int], size: int) -> None:
    assert window_size(window_settings(size="auto"), seasons) == size
    assert window_size(window_settings(size=9), seasons) == 9


@pytest.mark.parametrize(
    ("size", "longest", "refused"), [(31, 30, True), (30, 30, False), (31, 0, False), ("auto", 1, False)]
)
def test_a_window_longer_than_every_history_is_refused(size: int | str, longest: int, refused: bool) -> None:
    settings = window_settings(size=size)
    if not refused:
        refuse_long_size(settings, longest)
        return
    with pytest.raises(UserError, match=f"window.size {size} .* {longest} values"):
        refuse_long_size(settings, longest)


@pytest.mark.parametrize("seasons", [[], [4, 12], [7, 20.5]])
@pytest.mark.parametrize("changes", [{}, {"output": "recursive", "experts": ["theta"]}, {"experts": []}])
def test_the_bytes_of_cuts_are_twice_those_of_all_their_arrays(seasons: list[float], changes: dict[str, Any]) -> None:
    settings, lengths = SCALED.model_copy(update=changes), np.array([50, 2, 30])
    cuts = cut_windows(np.random.default_rng(0).normal(size=82), lengths, seasons, settings, horizon=3).cuts
    found, none = (bytes_of_cuts(each, seasons, settings, 3, NO_COVARIATES) for each in (lengths, np.array([2, 0])))
    assert found == 2 * sum(each.nbytes for each in vars(cuts).values())
    assert not none


@pytest.mark.parametrize(
    ("missing", "origin", "words"),
    [
        (0, 0, "window.size 6 and backtest.horizon 12 together are longer than every normalised history (the longest "
         "has 15 values); make one smaller"),
        (0, 24, "has 15 values, 24 steps before the end, where backtest.refit trains); make one smaller, or set "
         "backtest.refit to 1"),
        (10, 0, "no normalised history has 6 known values and another in the 12 steps after them; use longer series, "
         "or make window.size or backtest.horizon smaller"),
    ],
)  # fmt: skip
def test_histories_that_cannot_be_cut_are_refused(missing: int, origin: int, words: str) -> None:
    values = np.ones(15)
    values[1 : missing + 1] = np.nan
    windows = cut_windows(values, np.array([15]), [], window_settings(), 12)
    with pytest.raises(UserError, match=re.escape(words) + "$"):
        refuse_no_windows(windows, 12, origin)


def cuts_by_series(lengths: list[int], max_windows: int, targets: int = 2) -> dict[int, Ints]:
    """Where series are cut for padded windows that need three values."""
    return dict(place_cuts(np.array(lengths), 3, targets, True, max_windows))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30), st.integers(1, 400))
def test_every_series_gives_windows_and_none_more_than_its_share(lengths: list[int], max_windows: int) -> None:
    everything, chosen = cuts_by_series(lengths, 10**9), cuts_by_series(lengths, max_windows)
    assert everything.keys() == {i for i, length in enumerate(lengths) if length >= 4}
    assert chosen.keys() <= everything.keys()
    assert len(chosen) == min(len(everything), max_windows)
    counts = [len(before) for before in chosen.values()]
    assert sum(counts) <= max_windows
    for series, before in chosen.items():
        assert len(before) >= 1
        assert (np.diff(before) > 0).all()
        assert set(before) <= set(range(3, lengths[series]))
    quotas = {len(before) for series, before in chosen.items() if len(before) < len(everything[series])}
    assert len(quotas) <= 1  # every series that does not give all its cuts gives the same number
    assert all(count <= quota for count in counts for quota in quotas)


def test_of_more_series_than_windows_any_may_give_none() -> None:
    chosen = cuts_by_series([20] * 1000, 100)
    assert len(chosen) == 100
    assert np.histogram(list(chosen), bins=4, range=(0, 1000))[0].min() > 10


def test_no_series_gives_more_than_ten_times_the_median() -> None:
    lengths = [13] * 9 + [100_000]  # ten cuts each, and very many
    counts = [len(before) for before in cuts_by_series(lengths, 10**9).values()]
    assert counts == [10] * 9 + [100]


def test_as_many_windows_as_allowed_are_used() -> None:
    lengths = [13] * 10 + [103] * 10  # ten cuts each, then a hundred each
    counts = [len(before) for before in cuts_by_series(lengths, 400).values()]
    assert counts == [10] * 10 + [30] * 10


def test_the_same_cuts_are_drawn_every_time() -> None:
    one, two = (cuts_by_series([500, 50, 300], 200) for _ in range(2))
    for series, before in one.items():
        np.testing.assert_array_equal(before, two[series])


def test_later_cuts_are_drawn_more_often() -> None:
    """Of 20 horizons, the last ten are e times as probable as the first ten, while few of all are drawn."""
    targets, length = 10, 200 + 3
    drawn = cuts_by_series([length] * 3000, 3000 * 4, targets)
    before = np.concatenate(list(drawn.values()))
    assert len(before) == 3000 * 4
    oldest, middle, newest = np.histogram(before, bins=[3, 50, 148, 198])[0]
    assert oldest / 47 < middle / 98 < newest / 50
    assert (before >= 101).sum() / (before < 101).sum() == pytest.approx(math.e, rel=0.1)


@pytest.mark.parametrize("local_scaling", ["none", "smoothing"])
@pytest.mark.parametrize("lengths", [[3, 0], [0, 0]])
def test_no_series_long_enough_gives_no_windows(local_scaling: str, lengths: list[int]) -> None:
    settings = window_settings(size=4, local_scaling=local_scaling)
    training, ends = (
        cut(np.arange(float(sum(lengths))), np.array(lengths), [], settings, 1).cuts
        for cut in (cut_windows, cut_at_ends)
    )
    assert len(training) == 0
    assert training.level.shape == (0,)
    assert ends.before.tolist() == lengths
    assert np.isfinite(ends.level).all()


def test_the_task_of_an_origin_gives_its_windows_and_a_summary() -> None:
    values, lengths = np.random.default_rng(0).normal(size=50), np.array([30, 3, 17])
    history = {"values": values, "lengths": lengths, "seasons": np.array([4])}
    settings = window_settings(size="auto", padding=True)
    windows, summary = window_origin(history, settings, 2)
    expected = cut_windows(values, lengths, [4], settings, 2)
    np.testing.assert_array_equal(windows.cuts.position, expected.cuts.position)
    # of each series, cuts from its fifth value to the one before its last
    assert summary == {"windows": 25 + 12, "size": 16, "longest": 30, "series_without_window": 1}


def test_a_series_of_few_known_values_has_no_window() -> None:
    """A season and one are needed at its end, as the window at the end of each series says."""
    values = np.ones(40)
    values[10:15], values[21:28] = np.nan, np.nan  # known: 5 of the first 10, 10, 3 of the last 10
    lengths, settings = np.array([10, 10, 10, 10]), window_settings(size="auto", padding=True)
    values[1:4] = np.nan
    history = {"values": values, "lengths": lengths, "seasons": np.array([4.0])}
    ends = cut_at_ends(values, lengths, [4], settings, 2)
    assert ends.enough.tolist() == [True, True, False, True]
    assert window_origin(history, settings, 2)[1]["series_without_window"] == 1


def test_a_window_without_any_expert_that_forecasts_is_refused() -> None:
    """Noise has no lowest value that recurs, a trend without a season no seasonal mean."""
    values = np.random.default_rng(0).normal(size=60)
    values[:30] = np.resize([0.0, 0.0, 1.0], 30)
    settings = window_settings(size=11, local_scaling="smoothing", experts=["demand"])  # of ten values one recurs
    for rows, lengths, refused in ((slice(30, 60), [30], True), (slice(0, 60), [30, 30], False)):
        windows = cut_windows(values[rows], np.array(lengths), [], settings, 2)
        assert np.isfinite(windows.cuts.experts).all()
        if refused:
            with pytest.raises(UserError, match=r"window\.experts \['demand'\]: none of them forecasts these series"):
                refuse_no_experts(windows, settings.experts)
        else:
            refuse_no_experts(windows, settings.experts)
    for name in ("year", "seasonal_mean", "seasonal_drift"):
        without = window_settings(local_scaling="smoothing", experts=[name])
        windows = cut_windows(values, np.array([60]), [], without, 2)
        with pytest.raises(UserError, match="add ses"):
            refuse_no_experts(windows, [name])
    refuse_no_experts(cut_windows(values, np.array([60]), [], window_settings(), 2), [])


def test_a_cut_at_which_no_expert_forecasts_has_the_level() -> None:
    """Of two series one has a recurring lowest value; the other's experts are the level, with equal weights."""
    zeros, noise = np.resize([0.0, 0.0, 1.0], 40), np.random.default_rng(0).normal(size=40)
    settings = window_settings(local_scaling="smoothing", experts=["demand"], padding=True)
    ends = cut_at_ends(np.concatenate([zeros, noise]), np.array([40, 40]), [], settings, 3)
    assert (ends.cuts.record[0] < ABSENT).all()
    assert (ends.cuts.record[1] == ABSENT).all()
    assert ends.cuts.experts[0].any()
    assert not ends.cuts.experts[1].any()
    assert not Batches(ends).expert_mean[1].any()


@pytest.mark.parametrize("seasons", [[], [4], [4, 12]])
@pytest.mark.parametrize("output", ["direct", "recursive"])
def test_the_cut_at_an_end_is_the_training_cut_there_once_more_values_follow(seasons: list[int], output: str) -> None:
    """Three series that went on for a horizon, and what they were before it."""
    settings = SCALED.model_copy(update={"output": output})
    random, before = np.random.default_rng(0), [60, 100, 31]
    longer = [random.normal(size=length + 6) + np.resize([3.0, -1.0, 0.0, -2.0], length + 6) for length in before]
    training = cut_windows(np.concatenate(longer), np.array(before) + 6, seasons, settings, 6).cuts
    there = training.take(np.flatnonzero(training.before == np.array(before)[training.series]))
    ended = cut_at_ends(np.concatenate([each[:-6] for each in longer]), np.array(before), seasons, settings, 6)
    assert there.series.tolist() == ended.cuts.series.tolist() == [0, 1, 2]
    assert ended.cuts.position.tolist() == np.cumsum(before).tolist()
    assert ended.lengths.tolist() == ended.cuts.before.tolist() == before
    assert ended.targets == (6 if output == "direct" else 1)
    for name in LEARNED:
        np.testing.assert_allclose(getattr(ended.cuts, name), getattr(there, name), rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("seasons", [[], [4], [4, 20.5]])
def test_the_window_at_an_end_depends_on_no_other_series(seasons: list[float]) -> None:
    """Long, short and empty series, a long gap in one of the long ones."""
    random, lengths = np.random.default_rng(0), np.array([900, 30, 0, 900, 2])
    values = [random.normal(size=length).cumsum() + np.resize([3.0, -1.0, 0.0, -2.0], length) for length in lengths]
    values[3][100:260] = np.nan
    values[1][random.random(30) < 0.2] = np.nan
    whole = cut_at_ends(np.concatenate(values), lengths, seasons, SCALED, 5)
    for number, own in enumerate(values):
        alone, of_panel = (
            cut_at_ends(own, lengths[[number]], seasons, SCALED, 5),
            whole.at_ends_of(slice(number, number + 1)),
        )
        np.testing.assert_array_equal(of_panel.values, alone.values)
        for name in ("position", "series", "before", "after"):
            np.testing.assert_array_equal(getattr(of_panel.cuts, name), getattr(alone.cuts, name), err_msg=name)
        for name in LEARNED:
            one, other = (getattr(each.cuts, name) for each in (alone, of_panel))
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4, err_msg=name)


def test_a_cut_needs_known_values_before_it_and_a_known_target() -> None:
    values = np.arange(13.0)
    values[[1, 7, 8, 9]] = np.nan
    cuts = cut_windows(values, np.array([5, 8]), [], window_settings(size=2, padding=False, output="direct"), 2).cuts
    assert cuts.series.tolist() == [0, 1, 1, 1]
    assert cuts.before.tolist() == [3, 4, 5, 6]  # not 2, before which one value is known, nor 2 and 3 before the gap


def test_a_long_gap_is_bridged_by_the_values_before_it() -> None:
    values = np.concatenate([200 + np.tile([1.0, 2.0, 4.0, 3.0], 30), np.full(600, np.nan)])
    cuts = cut_at_ends(values, np.array([720]), [4], SCALED, 4).cuts
    np.testing.assert_allclose(cuts.level[0] + cuts.season[0], values[:4], atol=1)


@pytest.mark.parametrize(
    ("counts", "changes", "unused"),
    [
        ((1, 1, 0), {}, []),
        ((1, 1, 0), {"experts": ["ses"]}, []),  # the network reads them
        ((1, 1, 0), {"output": "recursive"}, ["future and ingest.holidays", "past"]),
        ((0, 1, 0), {"output": "recursive"}, ["past"]),
        ((0, 0, 2), {"output": "recursive"}, []),  # static ones are features
    ],
)
def test_covariates_that_nothing_uses_are_warned_of(
    counts: tuple[int, int, int], changes: dict[str, Any], unused: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_unused_covariates(CovariateCounts(*counts), SCALED.model_copy(update=changes))
    said = [f"warning: ingest.covariates.{each} are not used: they need window.output: direct" for each in unused]
    assert capsys.readouterr().err.splitlines() == said


def test_series_too_short_for_the_regression_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 14 regressors with a season of 4: 8 values scale, and 28 follow; constant covariates count for nothing."""
    random, lengths = np.random.default_rng(0), np.array([36, 31, 0, 36])
    values, changing = random.normal(size=103), np.where(np.arange(103) < 67, random.normal(size=103), 0)
    past, none = np.stack([changing, np.zeros(103)], axis=1), np.zeros((103, 0))
    covariates = ScaledCovariates(changing[:, None], past, np.zeros((4, 0)), ahead=0)
    static = ScaledCovariates(none, none, np.ones((4, 3)), ahead=0)
    for of, settings in ((static, SCALED), (None, SCALED), (covariates, SCALED.model_copy(update={"experts": []}))):
        warn_of_short_histories(values, lengths, [4.0, 365.25], of, settings)
    assert capsys.readouterr().err == ""
    warn_of_short_histories(values, lengths, [4.0, 365.25], covariates, SCALED)
    assert "2 of 4 series have too few values for a regression on the covariates" in capsys.readouterr().err
