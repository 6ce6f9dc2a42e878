"""Whether the errors of published forecasts are larger than their backtests promised: one test over the whole record.

Steps are tested in blocks of a horizon, the longest that was published and six steps at least, counted from the first
cutoff. A block is tested once, when it is complete, so looking every day is no further test; blocks share the rate of
false alarms, 5 % over a record without end: block k is tested at 5 % / (k (k + 1)), which add up to 5 % (Bonferroni; a
spending sequence as in Foster and Stine 2008).

What is tested is the logarithm of the block's mean error over what was promised for the same forecasts. How much that
varies by chance is read from the backtest that the block's earliest version was published with, before anything in the
block was known: the variance of the logarithms of its origins' mean errors. Origins are few, so this variance is shrunk
towards a prior one, as of so many further origins (Smyth 2004), and the quantile is Student's t of a new value, whose
error adds that of the mean over the origins (Gelman et al. 2013, section 3.2). `python -m tests.bench.alarms` measures
the rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import pandas as pd
from scipy.special import stdtr

from stages.plot.significance import SMALL_P
from stages.record.promise import Promise

RATE = 0.05  # of records without a change, those that ever alarm
COMMON = 0.15  # prior standard deviation of the logarithm of a panel's mean error from origin to origin
OF_SERIES = 0.4  # and of one series' error beyond that, which averages out over many
SHORTEST_BLOCK = 6  # steps: the mean error of fewer varies too much for the quantile of a normal logarithm
FREEDOM = 6  # further origins that the prior counts for


@dataclass(frozen=True)
class Block:
    """The test of one block of steps.

    number: from 1 on
    ratio: mean error over mean promise, of the same forecasts
    p: the probability of such a ratio, or a larger one, if the errors are as in the backtest
    limit: below which p alarms
    """

    number: int
    ratio: float
    p: float
    limit: float

    @property
    def alarm(self) -> bool:
        return self.p < self.limit

    @property
    def p_text(self) -> str:
        """For people. The test's assumptions do not bear very small values, so these have no digits."""
        return f"p = {self.p:.2g}" if self.p >= SMALL_P else f"p < {SMALL_P}"


def judge(forecasts: pd.DataFrame, promises: Sequence[Promise | None], complete: int) -> list[Block]:
    """Test each block that is complete and has forecasts with a promise.

    forecasts: rows with the columns `version` (its place in `promises`, the oldest first), `block` (from 1 on), and
        sums over forecasts that have a promise: of scaled errors in `promised_error`, of the promises in `promise`
    complete: how many blocks are
    """
    tested = forecasts[(forecasts["block"] <= complete) & (forecasts["promise"] > 0)]
    blocks = []
    for number, block in tested.groupby("block"):
        promise = promises[int(block["version"].min())]
        if promise:
            ratio = float(block["promised_error"].sum() / block["promise"].sum())
            blocks.append(Block(int(number), ratio, chance(ratio, promise), RATE / (number * (number + 1))))
    return blocks


def chance(ratio: float, promise: Promise) -> float:
    """The probability of a mean error of `ratio` times the promise, or more, if errors are as in the backtest."""
    if ratio <= 0:
        return 1.0
    origins = promise.by_origin[promise.by_origin > 0]
    prior = COMMON**2 + OF_SERIES**2 / promise.series
    known = max(len(origins) - 1, 0)
    spread = float(np.log(origins).var(ddof=1)) if known else 0.0
    variance = (FREEDOM * prior + known * spread) / (FREEDOM + known)
    scale = sqrt(variance * (1 + 1 / max(len(origins), 1)))
    return float(stdtr(FREEDOM + known, -log(ratio) / scale))
