"""Paired, cluster-robust t-tests of two sets of scaled errors.

One test for everything: Student's t over clusters of errors that are correlated within and not across (Liang and Zeger
1986; Ibragimov and Müller 2010, who show that it also holds for few clusters). The steps of one forecast are no such
clusters: by four blocks of them, 8 of 28 pairs of seeds of the same model came out significant, and a bootstrap of
blocks erred more often still. So with fewer than five clusters there is no test.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from stages.common.arrays import Floats, Ints

PAIR = ["unique_id", "cutoff"]  # the columns by which two versions' errors are paired
LEVEL = 0.95  # of the confidence interval
MANY_SERIES = 10  # from this many on a series is one cluster, however many origins it has
SMALL_P = 0.0001
MIN_CLUSTERS = 5
OVERLAPPING = 3  # horizons in a cluster, where origins are less than one horizon apart


@dataclass(frozen=True)
class PairedTest:
    """The mean of second errors minus first, negative where the second are smaller, and its test against 0.

    lower, upper: the 95 % confidence interval of the mean
    p: the probability of a difference at least as large if there were none
    basis: the clusters that the test rests on, in words
    """

    mean: float
    lower: float
    upper: float
    p: float
    basis: str

    @property
    def significant(self) -> bool:
        return self.p < 1 - LEVEL

    @property
    def p_text(self) -> str:
        """For a sentence. The test's assumptions do not bear very small values, so these have no digits."""
        return f"p = {self.p:.2g}" if self.p >= SMALL_P else f"p < {SMALL_P}"


def read_errors(source: Path | TextIO) -> pd.DataFrame:
    """reports/errors.csv; ids and cutoffs are text, whatever they hold. Earlier versions call cutoffs `known_until`."""
    text = dict.fromkeys(["unique_id", "cutoff", "known_until"], str)
    return pd.read_csv(source, converters=text).rename(columns={"known_until": "cutoff"})


def paired_test(pairs: pd.DataFrame, first: str, second: str, horizon: int) -> PairedTest | None:
    """Test the mean difference of two columns of scaled errors; None with too few clusters.

    pairs: (P,) rows with the columns unique_id, origin, `first` and `second`

    With ten series or more a series is a cluster, else each of its origins is. Origins less than a horizon apart are
    scored on the same values: those within three horizons are then one cluster, with which 6 to 8 of 100 differences
    that are none come out significant, not 5.
    """
    pairs = pairs.dropna(subset=[first, second])
    values = (pairs[second] - pairs[first]).to_numpy(dtype=np.float64)
    series, origins = pd.factorize(pairs["unique_id"])[0], pairs["origin"].to_numpy(dtype=np.int64)
    many = len(np.unique(series)) >= MANY_SERIES
    overlapping = (np.diff(np.unique(origins)) < horizon).any()
    blocks = origins // (OVERLAPPING * horizon if overlapping else horizon)
    clusters = series if many else pairs.assign(block=blocks).groupby(["unique_id", "block"]).ngroup().to_numpy()
    count = len(np.unique(clusters))
    if count < MIN_CLUSTERS:
        return None
    return t_test(values, clusters, f"{count} series" if many else f"{count} pairs of series and origin")


def compare_with_baselines(errors: pd.DataFrame, horizon: int) -> dict[str, PairedTest]:
    """Test the model's scaled errors minus each baseline's; no entry for one with too few clusters.

    errors: one row for each series and origin, as in reports/errors.csv
    """
    tests = {
        str(name): paired_test(errors, name, "model", horizon)
        for name in errors.columns.drop(["unique_id", "cutoff", "origin", "model"])
    }
    return {name: test for name, test in tests.items() if test is not None}


def t_test(values: Floats, clusters: Ints, basis: str) -> PairedTest:
    """Student's t-test that the mean of `values` (P,) is 0, with correlated values within each of `clusters` (P,).

    The variance is Liang and Zeger's (1986, V_R for a mean) times G / (G - 1), G the number of clusters; where each
    value is a cluster it is the ordinary paired t-test.
    """
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=values - values.mean())
    mean, count = float(values.mean()), len(sums)
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum()) / len(values))
    reach = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error)) if error else float(mean == 0)
    return PairedTest(mean, mean - reach, mean + reach, p, basis)
