"""The test of the record: its limits, its quantiles, and how often it alarms on generated panels."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stages.record.alarm import COMMON, FREEDOM, OF_SERIES, RATE, Block, chance, judge
from stages.record.promise import Promise
from tests.bench.alarms import Kind, generated, in_time, record_of, shifted

ORIGINS = [12, 24, 36, 48, 60]


def promise(by_origin: list[float], series: float = 1.0) -> Promise:
    return Promise(np.ones(3), np.array(by_origin), pd.Series(dtype=float), series)


def table(*rows: tuple[int, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["version", "block", "promised_error", "promise"])


def test_the_probability_is_that_of_a_new_value_of_students_t() -> None:
    """Two origins whose logarithms are 0 and 0.4 have a variance of 0.08; the prior is that of ten series."""
    prior = COMMON**2 + OF_SERIES**2 / 10
    variance = (FREEDOM * prior + 0.08) / (FREEDOM + 1)
    expected = stats.t.sf(np.log(2) / np.sqrt(variance * 1.5), FREEDOM + 1)
    assert chance(2.0, promise([1.0, np.exp(0.4)], series=10)) == pytest.approx(expected)


def test_one_origin_or_none_leaves_the_prior() -> None:
    spread = np.sqrt((COMMON**2 + OF_SERIES**2) * 2)
    assert chance(2.0, promise([0.7])) == pytest.approx(stats.t.sf(np.log(2) / spread, FREEDOM))
    assert chance(2.0, promise([0.0])) == chance(2.0, promise([0.7]))


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=5), st.floats(0.01, 100), st.floats(1, 1000))
def test_larger_errors_and_more_series_make_it_less_probable(origins: list[float], ratio: float, series: float) -> None:
    here = chance(ratio, promise(origins, series))
    assert 0 <= chance(ratio * 1.1, promise(origins, series)) <= here <= 1
    assert chance(1 + ratio, promise(origins, 2 * series)) <= chance(1 + ratio, promise(origins, series))
    assert chance(1.0, promise(origins, series)) == pytest.approx(0.5)
    assert chance(0.0, promise(origins, series)) == 1


def test_a_block_is_the_mean_of_its_forecasts_and_rests_on_the_backtest_of_its_earliest_version() -> None:
    rows = table((0, 1, 3.0, 2.0), (1, 1, 5.0, 2.0), (1, 2, 1.0, 2.0), (2, 2, 1.0, 2.0))
    promises = [promise([1.0, 1.2]), promise([1.0, 5.0]), promise([1.0, 1.0])]
    first, second = judge(rows, promises, complete=2)
    assert (first.number, first.ratio, first.limit) == (1, 2.0, RATE / 2)
    assert (second.number, second.ratio, second.limit) == (2, 0.5, RATE / 6)
    assert first.p == chance(2.0, promises[0])
    assert second.p == chance(0.5, promises[1])


def test_looking_again_adds_no_test() -> None:
    """A later look has the blocks of an earlier one, as they were, and new ones; none that is not complete."""
    rows = table(*((k, k + 1, 2.0 + k, 1.0) for k in range(6)))
    promises = [promise([1.0, 1.1 + k]) for k in range(6)]
    looks = [judge(rows[rows["block"] <= complete + 1], promises, complete) for complete in range(7)]
    assert [len(look) for look in looks] == list(range(7))
    for earlier, later in pairwise(looks):
        assert later[:-1] == earlier


def test_all_blocks_together_have_the_rate() -> None:
    limits = [RATE / (k * (k + 1)) for k in range(1, 100_000)]
    assert sum(limits) == pytest.approx(RATE, rel=1e-4)
    (block,) = judge(table((0, 3, 1.0, 1.0)), [promise([1.0])], complete=3)
    assert block.limit == limits[2]


def test_very_small_probabilities_have_no_digits() -> None:
    assert [Block(1, 2.0, p, 0.025).p_text for p in (0.0123, 0.00001)] == ["p = 0.012", "p < 0.0001"]


def test_forecasts_without_a_promise_are_not_record_of() -> None:
    assert judge(table((0, 1, 0.0, 0.0)), [None], complete=1) == []
    (block,) = judge(table((0, 1, 0.0, 0.0), (1, 1, 3.0, 1.0)), [None, promise([1.0])], complete=1)
    assert block.ratio == 3.0


def test_generated_panels_alarm_after_a_shift_and_not_without() -> None:
    """A few of those of tests/bench/alarms.py, which counts more."""
    quiet, found = 0, 0
    for seed in range(10):
        random = np.random.default_rng([7, seed])
        values = generated(Kind(10, "common"), 36, random)
        quiet += any(block.alarm for block in record_of(values, ORIGINS))
        found += in_time(record_of(shifted(values, 0.5, 8), ORIGINS), 8)
    assert quiet <= 1
    assert found >= 9
