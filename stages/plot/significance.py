"""Paired, cluster-robust t-tests of two sets of scaled errors, which count training as chance too.

One test for everything: Student's t over clusters of errors that are correlated within and not across (Liang and Zeger
1986; Ibragimov and Müller 2010, who show that it also holds for few clusters). The steps of one forecast are no such
clusters: by four blocks of them, 8 of 28 pairs of seeds of the same model came out significant, and a bootstrap of
blocks erred more often still. So with fewer than five clusters there is no test.

Between clusters there is one thing in common: the networks. Trained again with another seed, they move the errors of
all series at once, and no spread between clusters shows that. The differences of half ensembles do (see
stages/predict/halves.py): the variance from training is added to that between clusters. What training moves in each
cluster alone is in both, so that the test errs on the safe side; to subtract it lets more false alarms pass than 5 %
where the errors of a few series vary much more than others'.
"""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from stages.common.arrays import Floats, Ints
from stages.plot.digits import significant
from stages.predict.params import COMBINATION, MODEL

PAIR = ["unique_id", "cutoff"]  # the columns by which two versions' errors are paired
SPLIT = "split_"  # begins the names of the columns with differences of half ensembles
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
    error: the standard error of the mean
    training_error: the part of it from training, the other part being from the data, and the squares of both adding up
        to its square; None where it is not known
    """

    mean: float
    lower: float
    upper: float
    p: float
    basis: str
    error: float
    training_error: float | None

    @property
    def significant(self) -> bool:
        return self.p < 1 - LEVEL

    @property
    def p_text(self) -> str:
        """For a sentence. The test's assumptions do not bear very small values, so these have no digits.

        Others have two, and beside 0.05 as many as tell on which side of it they lie.
        """
        if self.p < SMALL_P:
            return f"p < {SMALL_P}"
        texts = (f"{self.p:.{digits}g}" for digits in range(2, 9))
        return f"p = {next((text for text in texts if text != '0.05'), '0.05')}"

    @property
    def interval_text(self) -> str:
        """The confidence interval."""
        return f"{significant(self.lower, 3, sign='+')} to {significant(self.upper, 3, sign='+')}"

    @property
    def parts_text(self) -> str:
        """The standard error and its two parts, for a sentence."""
        if self.training_error is None:
            return f"standard error {significant(self.error, 2)}, without variation from training"
        from_data = sqrt(max(self.error**2 - self.training_error**2, 0.0))
        parts = f"{significant(from_data, 2)} from the data, {significant(self.training_error, 2)} from training"
        return f"standard error {significant(self.error, 2)}: {parts}"


def read_errors(source: Path | TextIO) -> pd.DataFrame:
    """A table by series and origin; ids and cutoffs are text, whatever they hold.

    Earlier versions call cutoffs `known_until`.
    """
    text = dict.fromkeys(["unique_id", "cutoff", "known_until"], str)
    return pd.read_csv(source, converters=text).rename(columns={"known_until": "cutoff"})


def paired_test(pairs: pd.DataFrame, first: str, second: str, horizon: int) -> PairedTest | None:
    """Test the mean difference of two columns of scaled errors; None with too few clusters.

    pairs: (P,) rows with the columns unique_id, origin, `first` and `second`; `split_1`, `split_2`, ...: for each split
        of the members, the difference of the half ensembles that is due to training; none where it is not known

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
    splits = pairs[split_columns(pairs)].dropna(axis=1).to_numpy(dtype=np.float64)
    return t_test(values, clusters, splits, f"{count} series" if many else f"{count} pairs of series and origin")


def compare_with_others(
    errors: pd.DataFrame, halves: pd.DataFrame, horizon: int, method: str = MODEL
) -> dict[str, PairedTest]:
    """Test one method's scaled errors minus each other's, by its name; no entry for one with too few clusters.

    errors: one row for each series and origin, as in reports/errors.csv
    halves: of the model, as in reports/half_ensembles.csv

    Where the model is not one of the two, nothing was trained. A combination moves less than the model in it: to count
    the model's variation in full errs on the safe side.
    """
    pairs = errors.merge(halves, how="left", on=PAIR)
    trained = {MODEL, COMBINATION}
    tests = {}
    for name in map(str, errors.columns.drop([*PAIR, "origin", method])):
        known = pairs if {name, method} & trained else pairs[errors.columns]
        tests[name] = paired_test(known, name, method, horizon)
    return {name: test for name, test in tests.items() if test is not None}


def split_columns(table: pd.DataFrame) -> list[str]:
    """The columns of a table that hold differences of half ensembles."""
    return [name for name in map(str, table.columns) if name.startswith(SPLIT)]


def t_test(values: Floats, clusters: Ints, splits: Floats, basis: str) -> PairedTest:
    """Student's t-test that the mean of `values` (P,) is 0, with correlated values within each of `clusters` (P,).

    splits: (P, K) for each of K splits, what training gives `values`; no columns where that is not known

    The variance of the mean is that between clusters, Liang and Zeger's (1986, V_R for a mean) times G / (G - 1) for G
    clusters, and that from training, the mean square of the K means of `splits`. Its degrees of freedom, from G - 1 and
    K, are Satterthwaite's (1946). With one value in each cluster and no splits, this is the ordinary paired t-test.
    """
    _, groups = np.unique(clusters, return_inverse=True)
    mean, count, known = float(values.mean()), int(groups.max()) + 1, splits.shape[1]
    sums = np.bincount(groups, weights=values - mean)
    between = count / (count - 1) * float((sums**2).sum()) / len(values) ** 2
    training = float((splits.mean(axis=0) ** 2).mean()) if known else 0.0
    training_error = sqrt(training) if known else None
    variance = between + training
    if variance == 0:
        return PairedTest(mean, mean, mean, float(mean == 0), basis, 0.0, training_error)
    freedom = variance**2 / (between**2 / (count - 1) + training**2 / max(known, 1))
    error = sqrt(variance)
    reach, p = float(stdtrit(freedom, (1 + LEVEL) / 2)) * error, 2 * float(stdtr(freedom, -abs(mean) / error))
    return PairedTest(mean, mean - reach, mean + reach, p, basis, error, training_error)
