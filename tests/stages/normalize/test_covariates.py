"""Covariates on a common footing: by hand, from the history alone, aligned with the values."""

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.normalize.covariates import ScaledCovariates, concat_covariates, scale_covariates
from stages.normalize.histories import normalize
from stages.normalize.params import Normalize
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from tests.builders import panel_of

NAN = np.nan


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)[:, None]


def scaled(future: Floats, lengths: list[int], kept: list[int], ahead: int) -> ScaledCovariates:
    """Those of future covariates; the past ones are the same in the histories."""
    first = np.cumsum([0, *lengths[:-1]]) + ahead * np.arange(len(lengths))
    own = np.concatenate([np.arange(start, start + length) for start, length in zip(first, lengths, strict=True)])
    static = np.zeros((len(lengths), 0))
    return scale_covariates(future, future[own], static, np.array(lengths), np.array(kept), ahead)


def test_by_hand() -> None:
    """Mean 4 and spread 2 of 2, 4, 4, 6 and so on: (4 + 0 + 0 + 4) / 4 = 2 is the variance."""
    found = scaled(column(2, 4, 4, 6, 7), [4], [4], 1)
    np.testing.assert_allclose(found.future, column(-2, 0, 0, 2, 3) / np.sqrt(2))
    np.testing.assert_allclose(found.past, column(-2, 0, 0, 2) / np.sqrt(2))


def test_steps_ahead_are_scaled_by_the_history_alone_and_lie_near_it() -> None:
    """From 2 to 6 with a spread of the root of two: 1 more at most."""
    one, two = (scaled(column(2, 4, 4, 6, *after), [4], [4], 2).future for after in ((10, 4), (-1e9, NAN)))
    np.testing.assert_array_equal(one[:4], two[:4])
    np.testing.assert_allclose(one[4:], column(2 / np.sqrt(2) + 1, 0))
    np.testing.assert_allclose(two[4:], column(-2 / np.sqrt(2) - 1, NAN))


def test_a_column_of_two_values_is_over_their_difference() -> None:
    """An event in one of four steps, and of ten, is 1 more than none; steps ahead as the others."""
    for count in (4, 10):
        values = column(*[0.0] * (count - 1), 1.0, NAN, 0.0, 1.0)
        future = scaled(values, [count + 1], [count + 1], 2).future
        np.testing.assert_allclose(future, values - 1 / count)


def test_missing_values_count_for_nothing_and_stay_missing() -> None:
    found = scaled(column(2, NAN, 4, 4, 6, NAN, 7), [6], [6], 1)
    np.testing.assert_allclose(found.future, column(-2, NAN, 0, 0, 2, NAN, 3) / np.sqrt(2))


@pytest.mark.parametrize(
    ("history", "ahead", "expected"),
    [
        ([7, 7, 7], [7, 7.07], [0, 0, 0, 0, 0.2]),  # a hundredth more, over a twentieth of the mean
        ([0.1, 0.1, 0.1], [0.1, 0.101], [0, 0, 0, 0, 0.2]),  # whose mean is rounded, and not 0.1
        ([0, 0, 0], [0.5, 1], [0, 0, 0, 0.5, 1]),  # in the column's own units
        ([NAN, 7, NAN], [7, 5], [NAN, 0, NAN, 0, -1]),
        ([NAN, NAN, NAN], [0.3, NAN], [NAN, NAN, NAN, 0.3, NAN]),  # neither mean nor spread
    ],
)
def test_a_constant_column_and_one_without_values(
    history: list[float], ahead: list[float], expected: list[float]
) -> None:
    found = scaled(column(*history, *ahead), [3], [3], 2)
    np.testing.assert_allclose(found.future, column(*expected), atol=1e-15)
    np.testing.assert_allclose(found.past, column(*expected[:3]), atol=1e-15)


def expected(known: Floats, values: Floats) -> Floats:
    """A column (n,), scaled by the values that are known of its history, in its order."""
    mean, spread = (known.mean(), known.std()) if len(known) else (0, 0)
    if len(set(known)) == 2:
        spread = np.ptp(known)
    if len(set(known)) == 1:
        mean, spread = known[0], 0
    spread = max(spread, 0.05 * abs(mean)) or 1
    scaled_values: Floats = (values - mean) / spread
    own = (known - mean) / spread
    beyond = 0 if set(known) == {0, 1} else 1
    return np.clip(scaled_values, own.min(initial=0) - beyond, own.max(initial=0) + beyond)


def test_each_series_and_each_column_has_a_scale_of_its_own() -> None:
    """Pandas' mean and spread of each; the series are of 5, 0 and 3 steps, with 2 ahead."""
    random = np.random.default_rng(0)
    values = random.normal([0, 100, -5], [1, 30, 0.1], (5 + 2 + 0 + 2 + 3 + 2, 3))
    values[random.random(values.shape) < 0.2] = NAN
    found = scaled(values, [5, 0, 3], [5, 0, 3], 2)
    parts = np.split(values, [7, 9])
    for part, of_part in zip(parts, np.split(found.future, [7, 9]), strict=True):
        own = part[:-2]
        known = [each[~np.isnan(each)] for each in own.T]
        np.testing.assert_allclose(of_part, np.stack(list(map(expected, known, part.T)), axis=1))
    np.testing.assert_allclose(found.past, np.concatenate([found.future[:5], found.future[9:12]]))


def test_dropped_leading_steps_leave_the_rest_aligned() -> None:
    """Also those of a whole series; what was dropped counts for no mean."""
    found = scaled(column(1e6, 2, 4, 4, 6, 7, 11, 12, 0.3, 1e6, 1e6, 5, 6), [5, 2, 3], [4, 0, 1], 1)
    np.testing.assert_allclose(found.future, [*column(-2, 0, 0, 2, 3) / np.sqrt(2), [0.3], [0], [1]])
    np.testing.assert_allclose(found.past, [*column(-2, 0, 0, 2) / np.sqrt(2), [0]])


def test_several_origins_are_concatenated() -> None:
    one = scaled(column(2, 4, 4, 6, 10), [4], [4], 1)
    both = concat_covariates([one, scaled(column(1, 3, 3), [2], [2], 1)])
    assert both
    assert both.ahead == 1
    np.testing.assert_allclose(both.future, [*one.future, [-0.5], [0.5], [0.5]])
    np.testing.assert_allclose(both.past, [*one.past, [-0.5], [0.5]])
    assert concat_covariates([None, None]) is None


def numbered(values: list[list[float]], after: int) -> Panel:
    """Covariates that are the number of each row: in the future one, steps `after` each series have theirs, too."""
    lengths = np.array([len(each) for each in values])
    totals = lengths + after
    covariates = Covariates(
        future=["number"],
        past=["past number"],
        static=[],
        indptr=np.concatenate([[0], np.cumsum(totals)]),
        future_values=np.concatenate([np.arange(total) for total in totals]).astype(float)[:, None],
        past_values=np.concatenate([np.arange(length) for length in lengths]).astype(float)[:, None],
        static_values=np.empty((len(values), 0)),
    )
    return panel_of(values, covariates=covariates)


@pytest.mark.parametrize("origin", [0, 1, 2, 4])
def test_normalised_covariates_are_those_of_the_steps_of_the_values(default_params: Params, origin: int) -> None:
    """Values and covariates are both the number of the step, the first of one series is missing, one begins late."""
    panel = numbered([[NAN, 1, 2, 3, 4, 5], [0, 1], [0, 1, 2, 3, 4, 5, 6]], after=3)
    settings = default_params[Normalize].model_copy(update={"log": False})
    _, histories = normalize(panel.at(origin), settings, [], ahead=3)
    covariates = histories.covariates
    assert covariates
    counts, first, begin = histories.lengths, 0, 0
    for series, count in enumerate(counts):
        numbers = np.arange(panel.lengths[series] - origin - count, panel.lengths[series] - origin + 3)
        wanted = expected(numbers[:count], numbers)
        steps = covariates.future[first : first + count + 3, 0]
        exists = numbers >= 0  # nothing is known before the series begins
        np.testing.assert_allclose(steps[exists], wanted[exists])
        assert np.isnan(steps[~exists]).all()
        np.testing.assert_allclose(covariates.past[begin : begin + count, 0], wanted[:count])
        first, begin = first + count + 3, begin + count
    assert (first, begin) == (len(covariates.future), len(covariates.past))
    assert not np.isnan(histories.values).any()


def test_an_origin_knows_nothing_of_what_comes_after_its_horizon(default_params: Params) -> None:
    """Past covariates after the origin, future ones after the horizon: not a number changes."""
    panel = numbered([[3.0, 1, 4, 1, 5, 9], [2.0, 7, 1, 8, 2, 8, 1]], after=2)
    assert panel.covariates
    before = normalize(panel.at(4), default_params[Normalize], [], ahead=2)[1].covariates
    panel.covariates.future_values[[4, 5, 6, 7, 8 + 5, 8 + 6, 8 + 8]] = 1e9
    panel.covariates.past_values[[2, 3, 4, 5, 6 + 3, 6 + 6]] = NAN
    after = normalize(panel.at(4), default_params[Normalize], [], ahead=2)[1].covariates
    assert before
    assert after
    np.testing.assert_array_equal(after.future, before.future)
    np.testing.assert_array_equal(after.past, before.past)
    panel.covariates.future_values[3] = -1e9
    within = normalize(panel.at(4), default_params[Normalize], [], ahead=2)[1].covariates
    assert within
    assert (within.future != before.future).sum() == 1


def test_without_covariates_there_is_none(default_params: Params) -> None:
    assert normalize(panel_of([[1, 2, 3]]).at(0), default_params[Normalize], [])[1].covariates is None


def test_static_covariates_are_small_numbers_whatever_their_size() -> None:
    """asinh(x) / 3: 0 for what is missing, and for 1e6 about 4.8."""
    lengths = np.array([2, 2, 2])
    static = np.array([[0.0, 1.0], [np.nan, 0.0], [1e6, -1.0]])
    found = scale_covariates(np.zeros((6, 0)), np.zeros((6, 0)), static, lengths, lengths, 0).static
    np.testing.assert_allclose(found.ravel(), [0.0, 0.29379, 0.0, 0.0, 4.83622, -0.29379], rtol=1e-4)


def test_a_small_change_of_a_steady_price_is_small_in_any_unit() -> None:
    """Pounds or pence, and a price that moved by a penny once: a fall by 1 % is a fifth of the least spread."""
    for history in ([10.0] * 8, [10.0] * 7 + [10.01]):
        for unit in (1, 100):
            future = scaled(column(*history, 9.9) * unit, [8], [8], 1).future
            assert future[-1, 0] == pytest.approx(-0.2, abs=0.01)
