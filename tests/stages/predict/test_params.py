"""The parameters of `predict`: combinations that make no sense are refused before anything runs."""

import pytest

from stages.common.params import Params
from stages.predict.params import Predict
from tests.builders import change


@pytest.mark.parametrize("method", ["model", "combination", "seasonal_naive", "auto_ets"])
def test_a_method_that_is_forecast_can_be_published(default_params: Params, method: str) -> None:
    changed = change(default_params, predict__method=method, predict__baselines=["seasonal_naive", "auto_ets"])
    assert changed[Predict].method == method


@pytest.mark.parametrize(
    ("method", "baselines", "problem"),
    [
        ("auto_ets", ["seasonal_naive"], r"method is auto_ets, which baselines does not hold; add it there"),
        ("combination", ["seasonal_naive"], r"baselines holds no method to combine; add auto_theta there"),
        ("lstm", ["seasonal_naive"], r"predict\.method"),
        ("model", ["auto_ets"], r"baselines must hold seasonal_naive"),
    ],
)
def test_a_method_without_a_forecast_is_refused(
    default_params: Params, method: str, baselines: list[str], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        change(default_params, predict__method=method, predict__baselines=baselines)


@pytest.mark.parametrize(
    ("series", "baselines", "method"),
    [
        (1, ["seasonal_naive", "auto_ets"], "combination"),
        (8, ["seasonal_naive", "auto_ets"], "combination"),
        (9, ["seasonal_naive", "auto_ets"], "model"),
        (1, ["seasonal_naive"], "model"),
    ],
)
def test_few_series_have_the_combination_where_there_is_one(
    default_params: Params, series: int, baselines: list[str], method: str
) -> None:
    assert default_params[Predict].published(series, baselines, has_covariates=False) == method
    assert default_params[Predict].published(series, baselines, has_covariates=True) == "model"
    chosen = change(default_params, predict__method="auto_ets")[Predict]
    assert chosen.published(series, baselines, has_covariates=True) == "auto_ets"


@pytest.mark.parametrize(
    ("method", "needed"), [("model", None), ("auto_ets", "auto_ets"), ("combination", "auto_theta")]
)
def test_the_baseline_that_a_method_needs(default_params: Params, method: str, needed: str | None) -> None:
    assert change(default_params, predict__method=method)[Predict].needed_baseline == needed
