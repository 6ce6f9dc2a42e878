"""What the backtest of a published version promised of its errors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.common.arrays import Floats


@dataclass(frozen=True)
class Promise:
    """The scaled errors of one method in a backtest.

    by_step: (H,) means by step ahead, over series and origins
    by_origin: (K,) means over the series
    by_series: by id, means over the origins relative to the panel's; one further origin counts as equal to the panel's,
        which shrinks them towards 1
    series: how many series of equal weight would average out as much as these (Kish 1965)
    """

    by_step: Floats
    by_origin: Floats
    by_series: pd.Series
    series: float


def promise_of(by_step: pd.DataFrame, errors: pd.DataFrame, method: str) -> Promise | None:
    """Read reports/error_by_step.csv and errors.csv; None where the method has no errors in them."""
    if method not in by_step or method not in errors:
        return None
    errors = errors[np.isfinite(errors[method])]
    steps = by_step.sort_values("step")[method].to_numpy(dtype=np.float64)
    if errors.empty or not np.isfinite(steps).all():
        return None
    groups, panel = errors.groupby("unique_id", sort=False)[method], float(errors[method].mean())
    relative = (groups.sum() / panel + 1) / (groups.count() + 1)
    by_origin = errors.groupby("origin")[method].mean().to_numpy()
    return Promise(steps, by_origin, relative, effective(groups.mean().to_numpy()))


def effective(weights: Floats) -> float:
    """The number of equal weights whose mean varies as much as that of these.

    >>> effective(np.array([2.0, 2.0, 2.0])), effective(np.array([1.0, 0.0]))
    (3.0, 1.0)
    """
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else float(len(weights))
