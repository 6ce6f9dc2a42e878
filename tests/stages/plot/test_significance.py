"""Paired tests: against statsmodels, and how often they err where there is nothing to find."""

import io

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from stages.plot.significance import margins, paired_difference, read_errors, t_test


def table(series: int, origins: list[int], difference: np.ndarray) -> pd.DataFrame:
    """Errors of `series` x `origins`, the second method's larger by `difference`."""
    pairs = pd.DataFrame(
        [(f"s{s}", origin) for s in range(series) for origin in origins], columns=["unique_id", "origin"]
    )
    return pairs.assign(first=1.0, second=1.0 + difference)


def test_one_value_in_each_unit_makes_it_the_paired_t_test() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    expected = stats.ttest_1samp(values, 0)
    found = t_test(values, np.arange(12), "")
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_units_of_several_values_have_the_variance_of_statsmodels() -> None:
    random = np.random.default_rng(1)
    units = np.repeat(np.arange(9), random.integers(1, 6, 9))
    values = random.normal(size=9)[units] + random.normal(size=len(units))
    fitted = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": units}, use_t=True)
    found = t_test(values, units, "")
    assert found.p == pytest.approx(float(fitted.pvalues[0]))
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int()[0]))


@pytest.mark.parametrize(
    ("series", "origins", "evidence"),
    [
        (10, [12, 24], "10 series"),
        (3, [12, 24], "6 pairs of series and origin"),
        (1, [12, 24, 36, 48, 60], "5 pairs of series and origin"),
    ],
)
def test_what_counts_as_one_unit_of_evidence(series: int, origins: list[int], evidence: str) -> None:
    pairs = table(series, origins, np.random.default_rng(2).normal(size=series * len(origins)))
    found = paired_difference(pairs, "first", "second", horizon=12)
    assert found is not None
    assert found.evidence == evidence


def test_origins_less_than_a_horizon_apart_are_no_evidence_each() -> None:
    """They are scored on the same values: 60 origins of one series a step apart are too few, 240 are seven units."""
    random = np.random.default_rng(3)
    few, many = (table(1, list(range(12, 12 + count)), random.normal(size=count)) for count in (60, 240))
    assert paired_difference(few, "first", "second", horizon=12) is None
    found = paired_difference(many, "first", "second", horizon=12)
    assert found is not None
    assert found.evidence == "7 pairs of series and origin"


def test_few_forecasts_tell_nothing() -> None:
    pairs = table(1, [12, 24, 36, 48], np.full(4, 0.5))
    assert paired_difference(pairs, "first", "second", 12) is None
    assert paired_difference(pairs.iloc[:0], "first", "second", 12) is None


@pytest.mark.parametrize("series", [1, 40])
def test_chance_alone_is_called_more_than_chance_in_one_case_of_twenty(series: int) -> None:
    """Of 2,000 comparisons without a difference; errors of a series hang together. Five standard errors are allowed."""
    random = np.random.default_rng(4)
    origins = [12, 24, 36, 48, 60]
    found = 0
    for _ in range(2_000):
        of_series = np.repeat(random.normal(size=series), len(origins)) if series > 1 else 0.0
        pairs = table(series, origins, of_series + random.normal(size=series * len(origins)))
        difference = paired_difference(pairs, "first", "second", 12)
        assert difference is not None
        found += difference.significant
    assert found / 2_000 == pytest.approx(0.05, abs=5 * np.sqrt(0.05 * 0.95 / 2_000))


def test_equal_errors_are_no_difference_and_a_constant_one_is_certain() -> None:
    same = t_test(np.zeros(5), np.arange(5), "")
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert t_test(np.full(5, 0.5), np.arange(5), "").p == 0


def test_what_is_not_known_is_left_out() -> None:
    """An id that looks like nothing is an id; an error that is not there is no error of 0."""
    rows = [
        f"{name},{origin},2020,{origin},{second}" for name in ("NA", "") for origin, second in [(1, 2), (2, ""), (3, 5)]
    ]
    table = read_errors(io.StringIO("\n".join(["unique_id,origin,known_until,model,auto_ets", *rows])))
    assert table["unique_id"].tolist() == ["NA"] * 3 + [""] * 3
    assert table["known_until"].tolist() == ["2020"] * 6
    assert paired_difference(table, "model", "auto_ets", 1) is None  # four are fewer than five


def test_margins_are_the_model_less_each_baseline() -> None:
    errors = pd.DataFrame({"unique_id": "a", "origin": [1, 2, 3, 4, 5], "known_until": list("abcde")})
    errors = errors.assign(model=[1.0, 2, 3, 4, 5], seasonal_naive=[2.0, 3, 4, 5, 6.5], auto_ets=[1.0, 2, 3, 4, 5])
    found = margins(errors, horizon=1)
    assert found["seasonal_naive"].mean == pytest.approx(-1.1)
    assert found["seasonal_naive"].significant
    assert found["auto_ets"].p == 1
