"""What a backtest promised, by hand."""

import numpy as np
import pandas as pd
import pytest

from stages.record.promise import effective, promise_of

BY_STEP = pd.DataFrame({"step": [2.0, 1], "model": [3.0, 1], "auto_ets": [np.nan, np.nan]})
ERRORS = pd.DataFrame(
    {
        "unique_id": ["a", "b", "a", "b"],
        "cutoff": "x",
        "origin": [1, 1, 2, 2],
        "model": [1.0, 3, 2, 6],
        "auto_ets": 1.0,
    }
)


def test_a_promise_by_step_origin_and_series() -> None:
    promise = promise_of(BY_STEP, ERRORS, "model")
    assert promise is not None
    assert promise.by_step.tolist() == [1.0, 3.0]
    assert promise.by_origin.tolist() == [2.0, 4.0]
    assert promise.by_series.to_dict() == pytest.approx({"a": (1 / 3 + 2 / 3 + 1) / 3, "b": (1 + 2 + 1) / 3})
    assert promise.series == pytest.approx((1.5 + 4.5) ** 2 / (1.5**2 + 4.5**2))


def test_a_version_without_errors_of_the_method_promises_nothing() -> None:
    assert promise_of(BY_STEP, ERRORS, "combination") is None
    assert promise_of(BY_STEP, ERRORS, "auto_ets") is None
    assert promise_of(BY_STEP, ERRORS.assign(model=np.nan), "model") is None
    assert promise_of(BY_STEP, ERRORS.iloc[:0], "model") is None


def test_series_of_one_weight_count_in_full_and_one_large_one_for_itself() -> None:
    assert effective(np.ones(7)) == pytest.approx(7)
    assert effective(np.array([1e9, 1, 1])) == pytest.approx(1)
    assert effective(np.zeros(3)) == 3
