"""Whether one set of errors is smaller than another by more than chance, from what both were scored on.

One test for all: Student's t over units of evidence that hang together inside more than with one another (Liang and
Zeger 1986; Ibragimov and Müller 2010, who show it to hold for few units too). The steps of one forecast are no such
units: by four blocks of them, 8 of 28 pairs of seeds of the same model differed "by more than chance", and a bootstrap
of blocks erred more often still. So where there are fewer than five units, nothing is said.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PAIR = ["unique_id", "known_until"]  # by which two versions' errors are paired
LEVEL = 0.95  # of the interval around a difference
MANY_SERIES = 10  # from which on a series is one unit of evidence, however many origins it has
SMALL_P = 0.0001
LEAST_UNITS = 5
OVERLAPPING = 3  # horizons in a unit, where origins are less than one apart


@dataclass(frozen=True)
class Difference:
    """Mean of second errors minus first, negative where the second are smaller.

    low, high: its interval at 95 %
    p: probability of a difference at least as large if there were none
    evidence: what the test rests on, in words
    """

    mean: float
    low: float
    high: float
    p: float
    evidence: str

    @property
    def significant(self) -> bool:
        return self.p < 1 - LEVEL

    @property
    def p_text(self) -> str:
        """For a sentence: a p-value far below what its assumptions bear is only said to be small."""
        return f"p = {self.p:.2g}" if self.p >= SMALL_P else f"p < {SMALL_P}"


def read_errors(source: Path | TextIO) -> pd.DataFrame:
    """reports/errors.csv; ids and stamps are texts, whatever they look like."""
    return pd.read_csv(source, converters={"unique_id": str, "known_until": str})


def paired_difference(pairs: pd.DataFrame, first: str, second: str, horizon: int) -> Difference | None:
    """The mean difference of two columns of scaled errors, tested; None where there is too little to say.

    pairs: (P,) rows with the columns unique_id, origin, `first` and `second`

    A series is one unit where there are ten or more, else each of its origins is. Origins less than a horizon apart are
    scored on the same values: those within three horizons are then one unit, at which chance is called more than
    chance in 6 to 8 of 100 cases, not 5.
    """
    pairs = pairs.dropna(subset=[first, second])
    values = (pairs[second] - pairs[first]).to_numpy(dtype=np.float64)
    series, origins = pd.factorize(pairs["unique_id"])[0], pairs["origin"].to_numpy(dtype=np.int64)
    many = len(np.unique(series)) >= MANY_SERIES
    overlapping = (np.diff(np.unique(origins)) < horizon).any()
    blocks = origins // (OVERLAPPING * horizon if overlapping else horizon)
    units = series if many else pairs.assign(block=blocks).groupby(["unique_id", "block"]).ngroup().to_numpy()
    count = len(np.unique(units))
    if count < LEAST_UNITS:
        return None
    return t_test(values, units, f"{count} series" if many else f"{count} pairs of series and origin")


def margins(errors: pd.DataFrame, horizon: int) -> dict[str, Difference]:
    """The model's scaled errors less each baseline's, tested; no entry where there is too little to say.

    errors: one row for each series and origin, as in reports/errors.csv
    """
    tested = {
        str(name): paired_difference(errors, name, "model", horizon)
        for name in errors.columns.drop(["unique_id", "origin", "known_until", "model"])
    }
    return {name: difference for name, difference in tested.items() if difference is not None}


def t_test(values: Floats, units: Ints, evidence: str) -> Difference:
    """Student's t-test that the mean of `values` (P,) is 0, in which values of one of the `units` (P,) hang together.

    The variance is Liang and Zeger's (1986, V_R for a mean) times G / (G - 1), G the number of units; where each
    value is a unit it is the ordinary paired t-test.
    """
    sums = np.bincount(np.unique(units, return_inverse=True)[1], weights=values - values.mean())
    mean, count = float(values.mean()), len(sums)
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum()) / len(values))
    reach = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error)) if error else float(mean == 0)
    return Difference(mean, mean - reach, mean + reach, p, evidence)
