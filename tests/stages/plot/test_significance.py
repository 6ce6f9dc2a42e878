"""Paired tests: against SciPy and statsmodels, by hand, and how often they err where there is no difference."""

import io

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from stages.common.arrays import Floats
from stages.plot.significance import PairedTest, compare_with_others, paired_test, read_errors, t_test
from stages.predict.halves import split_members

NO_HALVES = pd.DataFrame(columns=["unique_id", "cutoff", "split_1"])


def not_known(values: Floats) -> Floats:
    """No splits of the members."""
    return np.empty((len(values), 0))


def table(series: int, origins: list[int], difference: np.ndarray) -> pd.DataFrame:
    """Errors of `series` x `origins`, the second method's larger by `difference`."""
    pairs = pd.DataFrame(
        [(f"s{s}", origin) for s in range(series) for origin in origins], columns=["unique_id", "origin"]
    )
    return pairs.assign(first=1.0, second=1.0 + difference)


def test_with_one_value_in_each_cluster_it_is_the_paired_t_test() -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    expected = stats.ttest_1samp(values, 0)
    found = t_test(values, np.arange(12), not_known(values), "")
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_clusters_of_several_values_have_the_variance_of_statsmodels() -> None:
    random = np.random.default_rng(1)
    clusters = np.repeat(np.arange(9), random.integers(1, 6, 9))
    values = random.normal(size=9)[clusters] + random.normal(size=len(clusters))
    fitted = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    found = t_test(values, clusters, not_known(values), "")
    assert found.p == pytest.approx(float(fitted.pvalues[0]))
    assert (found.lower, found.upper) == pytest.approx(tuple(fitted.conf_int()[0]))


@pytest.mark.parametrize(
    ("series", "origins", "basis"),
    [
        (10, [12, 24], "10 series"),
        (3, [12, 24], "6 pairs of series and origin"),
        (1, [12, 24, 36, 48, 60], "5 pairs of series and origin"),
    ],
)
def test_a_cluster_is_a_series_or_an_origin_of_one(series: int, origins: list[int], basis: str) -> None:
    pairs = table(series, origins, np.random.default_rng(2).normal(size=series * len(origins)))
    found = paired_test(pairs, "first", "second", horizon=12)
    assert found is not None
    assert found.basis == basis


def test_origins_less_than_a_horizon_apart_share_clusters() -> None:
    """They are scored on the same values: of one series a step apart, 60 origins are too few and 240 make seven."""
    random = np.random.default_rng(3)
    few, many = (table(1, list(range(12, 12 + count)), random.normal(size=count)) for count in (60, 240))
    assert paired_test(few, "first", "second", horizon=12) is None
    found = paired_test(many, "first", "second", horizon=12)
    assert found is not None
    assert found.basis == "7 pairs of series and origin"


def test_few_forecasts_are_not_tested() -> None:
    pairs = table(1, [12, 24, 36, 48], np.full(4, 0.5))
    assert paired_test(pairs, "first", "second", 12) is None
    assert paired_test(pairs.iloc[:0], "first", "second", 12) is None


@pytest.mark.parametrize("series", [1, 40])
def test_one_of_twenty_tests_without_a_difference_is_significant(series: int) -> None:
    """Of 1,000, within five standard errors; the errors of a series are correlated."""
    random = np.random.default_rng(4)
    origins = [12, 24, 36, 48, 60]
    found = 0
    for _ in range(1_000):
        of_series = np.repeat(random.normal(size=series), len(origins)) if series > 1 else 0.0
        pairs = table(series, origins, of_series + random.normal(size=series * len(origins)))
        difference = paired_test(pairs, "first", "second", 12)
        assert difference is not None
        found += difference.significant
    assert found / 1_000 == pytest.approx(0.05, abs=5 * np.sqrt(0.05 * 0.95 / 1_000))


def test_equal_errors_have_p_1_and_a_constant_difference_has_p_0() -> None:
    for splits in (np.empty((5, 0)), np.zeros((5, 7))):
        same = t_test(np.zeros(5), np.arange(5), splits, "")
        assert (same.mean, same.lower, same.upper, same.p) == (0, 0, 0, 1)
        assert t_test(np.full(5, 0.5), np.arange(5), splits, "").p == 0


def test_missing_errors_are_left_out_and_ids_are_text() -> None:
    """An id that looks like a missing value is an id; a missing error is no error of 0."""
    rows = [
        f"{name},{origin},2020,{origin},{second}" for name in ("NA", "") for origin, second in [(1, 2), (2, ""), (3, 5)]
    ]
    table = read_errors(io.StringIO("\n".join(["unique_id,origin,cutoff,model,auto_ets", *rows])))
    assert table["unique_id"].tolist() == ["NA"] * 3 + [""] * 3
    assert table["cutoff"].tolist() == ["2020"] * 6
    assert paired_test(table, "model", "auto_ets", 1) is None  # four are fewer than five


def test_a_table_of_an_earlier_version_has_cutoffs_too() -> None:
    table = read_errors(io.StringIO("unique_id,origin,known_until,model\na,12,01,0.5\n"))
    assert table.to_dict("list") == {"unique_id": ["a"], "origin": [12], "cutoff": ["01"], "model": [0.5]}


def test_baselines_are_subtracted_from_the_model() -> None:
    errors = pd.DataFrame({"unique_id": "a", "origin": [1, 2, 3, 4, 5], "cutoff": list("abcde")})
    errors = errors.assign(model=[1.0, 2, 3, 4, 5], seasonal_naive=[2.0, 3, 4, 5, 6.5], auto_ets=[1.0, 2, 3, 4, 5])
    found = compare_with_others(errors, NO_HALVES, horizon=1)
    assert found["seasonal_naive"].mean == pytest.approx(-1.1)
    assert found["seasonal_naive"].significant
    assert found["auto_ets"].p == 1


def test_the_variance_from_training_is_added_to_that_between_clusters() -> None:
    """By hand: four clusters of one, -1, 1, -1 and 3, whose variance of the mean is 11 / 12; one split moves all by 2.

    So 4 from training; degrees of freedom by Satterthwaite; the whole standard error is the root of the sum of both.
    """
    values, between, training = np.array([-1.0, 1, -1, 3]), 11 / 12, 4.0
    found = t_test(values, np.arange(4), np.full((4, 1), 2.0), "")
    freedom = (between + training) ** 2 / (between**2 / 3 + training**2 / 1)
    assert found.error == pytest.approx(np.sqrt(between + training))
    assert found.training_error == pytest.approx(2)
    assert found.p == pytest.approx(2 * stats.t.sf(0.5 / found.error, freedom))
    assert found.upper == pytest.approx(0.5 + stats.t.ppf(0.975, freedom) * found.error)
    assert found.parts_text == "standard error 2.2: 0.96 from the data, 2 from training"


def test_the_variance_from_training_is_the_mean_square_of_the_splits_means() -> None:
    """Means of 1, 0 and 2: 5 / 3."""
    splits = np.array([[1.0, 3.0, 2.0], [1.0, -3.0, 2.0]]).repeat(3, axis=0)
    found = t_test(np.arange(6.0), np.arange(6), splits, "")
    assert found.training_error == pytest.approx(np.sqrt(5 / 3))
    without = t_test(np.arange(6.0), np.arange(6), not_known(splits), "")
    assert found.error == pytest.approx(np.hypot(without.error, np.sqrt(5 / 3)))
    assert without.parts_text == "standard error 0.76, without variation from training"


def two_trainings(
    random: np.random.Generator, series: int, origins: int, common: float, own: float
) -> tuple[Floats, Floats]:
    """Differences (P,) of the errors of two trainings of eight members, and (P, 7) of their halves.

    common, own: standard deviation of an ensemble's error from training, in all series of an origin and in each pair
    """
    in_common = common * random.normal(size=(8, 1, origins)) + own * random.normal(size=(8, series, origins))
    members = (np.sqrt(2) * np.sqrt(8) * in_common).reshape(8, -1)
    return members.mean(axis=0), members.T @ np.where(split_members(8), 1, -1).T / 8


@pytest.mark.parametrize(
    ("series", "origins", "common", "own", "before"),
    [
        (40, 3, 0.01, 0.05, 0.2),
        (40, 3, 0.05, 0.01, 0.7),
        (40, 3, 0, 0.05, 0),
        (3, 2, 0.02, 0.05, 0),
        (1, 5, 0, 0.05, 0),
    ],
)
def test_one_of_twenty_other_seeds_is_significant(
    series: int, origins: int, common: float, own: float, before: float
) -> None:
    """At most, of 2,000 within five standard errors; `before` more, without half ensembles."""
    random = np.random.default_rng(5)
    clusters = np.arange(series).repeat(origins) if series >= 10 else np.arange(series * origins)
    found = []
    for _ in range(1_000):
        values, splits = two_trainings(random, series, origins, common, own)
        found.append([t_test(values, clusters, known, "").significant for known in (splits, not_known(values))])
    with_halves, without = np.mean(found, axis=0)
    assert with_halves < 0.05 + 5 * np.sqrt(0.05 * 0.95 / 1_000)
    assert without > before


def test_half_ensembles_are_those_of_the_model_in_the_tests_against_baselines() -> None:
    """They move all five pairs by 1: a difference of -1.1 that is significant without them is not with them."""
    errors = pd.DataFrame({"unique_id": "a", "origin": [1, 2, 3, 4, 5], "cutoff": list("abcde")})
    errors = errors.assign(model=[1.0, 2, 3, 4, 5], seasonal_naive=[2.0, 3, 4, 5, 6.5])
    halves = errors[["unique_id", "cutoff"]].assign(split_1=1.0, split_2=-1.0)
    found = compare_with_others(errors, halves.iloc[::-1], horizon=1)["seasonal_naive"]
    assert not found.significant
    assert found.training_error == pytest.approx(1)


def test_half_ensembles_of_some_pairs_alone_do_not_count() -> None:
    errors = pd.DataFrame({"unique_id": "a", "origin": [1, 2, 3, 4, 5], "cutoff": list("abcde")})
    errors = errors.assign(model=[1.0, 2, 3, 4, 5], seasonal_naive=[2.0, 3, 4, 5, 6.5])
    halves = errors[["unique_id", "cutoff"]].assign(split_1=1.0).iloc[:4]
    assert compare_with_others(errors, halves, horizon=1)["seasonal_naive"].training_error is None


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.21049, "p = 0.21"),
        (0.0503, "p = 0.0503"),
        (0.04951, "p = 0.0495"),
        (0.050004, "p = 0.050004"),
        (0.05, "p = 0.05"),
        (0.00002, "p < 0.0001"),
    ],
)
def test_a_probability_beside_the_limit_has_more_digits(p: float, text: str) -> None:
    """Else "not significant (p = 0.05)" and "significant (p = 0.05)" would both be read."""
    assert PairedTest(0.0, -1.0, 1.0, p, "", 1.0, None).p_text == text
