"""Scores against values worked by hand, a field library, and published scores."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from utilsforecast import losses

from stages.predict import metrics
from stages.predict.baselines import seasonal_naive
from stages.predict.metrics import (
    DECILES,
    Metric,
    bias,
    coverage,
    crps,
    interval_scores,
    mae,
    metric_of,
    msis,
    overall_mean,
    point_scores,
    quantile_loss,
    seasonal_scale,
    six_digits,
    width,
)


def test_values_worked_by_hand() -> None:
    actual, forecast = np.array([[100.0, 200.0]]), np.array([[110.0, 160.0]])
    history = np.array([[np.nan, 1.0, 5.0, 3.0, 9.0]])  # seasonal differences of 2: 2, 4
    measured = point_scores(actual, forecast, seasonal_scale(history, 2))
    assert measured["mae"][0] == 25
    assert measured["mase"][0] == pytest.approx(25 / 3)
    assert measured["mape"][0] == pytest.approx((10 + 20) / 2)
    assert measured["smape"][0] == pytest.approx((200 * 10 / 210 + 200 * 40 / 360) / 2)
    assert measured["rmse"][0] == pytest.approx(np.sqrt((100 + 1600) / 2))


def test_published_scores_of_the_seasonal_naive_on_1960(airline: npt.NDArray[np.float64]) -> None:
    history, actual = airline[:-12], airline[-12:]
    forecast = seasonal_naive(history, 12, 12)
    measured = point_scores(actual[None], forecast[None], seasonal_scale(history[None], 12))
    assert round(measured["mape"][0], 2) == 9.99
    assert round(measured["mase"][0], 3) == 1.571


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 10))
def test_agrees_with_utilsforecast(seed: int, series: int, horizon: int) -> None:
    random = np.random.default_rng(seed)
    season, actual = 4, random.normal(50, 20, (series, horizon))
    forecast, history = random.normal(50, 20, (series, horizon)), random.normal(50, 20, (series, 12))
    measured = point_scores(actual, forecast, seasonal_scale(history, season))
    ids = np.repeat(np.arange(series), horizon)
    frame = pd.DataFrame({"unique_id": ids, "y": actual.ravel(), "model": forecast.ravel()})
    train = pd.DataFrame({"unique_id": np.repeat(np.arange(series), 12), "y": history.ravel()})
    expected = {
        "mae": losses.mae(frame, ["model"])["model"],
        "rmse": losses.rmse(frame, ["model"])["model"],
        "mape": 100 * losses.mape(frame, ["model"])["model"],
        "smape": 200 * losses.smape(frame, ["model"])["model"],
        "mase": losses.mase(frame, ["model"], season, train)["model"],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(measured[name], values, rtol=1e-9, err_msg=name)


def test_unknown_values_and_zeros_do_not_count() -> None:
    actual, forecast = np.array([[np.nan, 0.0, 10.0]]), np.array([[5.0, 0.0, 11.0]])
    measured = point_scores(actual, forecast, np.array([1.0]))
    assert measured["mae"][0] == 0.5
    assert measured["mape"][0] == pytest.approx(10)
    assert measured["smape"][0] == pytest.approx(200 / 21 / 2)


def test_a_series_that_repeats_has_no_scale() -> None:
    assert np.isnan(seasonal_scale(np.array([[1.0, 2.0, 1.0, 2.0]]), 2)).all()
    assert np.isnan(seasonal_scale(np.array([[np.nan, 2.0, 1.0]]), 2)).all()
    assert overall_mean([np.array([np.nan]), np.array([np.inf])]) is None


def test_coverage_counts_actual_values_inside_or_on_the_limits() -> None:
    actual = np.array([[1.0, 2.0, 3.0, np.nan]])
    lower, upper = np.full((1, 4), 1.0), np.full((1, 4), 2.0)
    assert coverage(actual, lower, upper, np.array([1.0]), 80)[0] == pytest.approx(200 / 3)


def test_width_is_in_units_of_the_scale_and_needs_no_actual_values() -> None:
    """Widths 2 and 4 over a scale of 2; an interval that is not known does not count."""
    actual, lower = np.array([[1.0, np.nan, 1.0]]), np.array([[0.0, 1.0, np.nan]])
    assert width(actual, lower, np.array([[2.0, 5.0, 9.0]]), np.array([2.0]), 80)[0] == 1.5


def test_interval_score_worked_by_hand() -> None:
    """80 %: a miss costs ten times its size. Widths 2, 2, 4; missed by 0, 0.5 above, 1 below; over a scale of 2."""
    actual = np.array([[1.0, 3.5, -1.0, np.nan]])
    limits = np.array([[0.0, 1.0, 0.0, 0.0]]), np.array([[2.0, 3.0, 4.0, 9.0]])
    assert msis(actual, *limits, np.array([2.0]), 80)[0] == pytest.approx((2 + 2 + 5 + 4 + 10) / 3 / 2)
    assert msis(actual, *limits, np.array([2.0]), 95)[0] == pytest.approx((2 + 2 + 20 + 4 + 40) / 3 / 2)


def test_interval_score_is_least_at_the_quantiles() -> None:
    """Gneiting and Raftery: the limits that do best on average are the 10 % and the 90 % quantile."""
    actual = np.linspace(0, 1, 1001)[None]

    def score(low: float, high: float) -> float:
        limits = np.full_like(actual, low), np.full_like(actual, high)
        return float(msis(actual, *limits, np.array([1.0]), 80)[0])

    assert score(0.1, 0.9) == min(score(low, high) for low in (0.05, 0.1, 0.15) for high in (0.85, 0.9, 0.95))


def test_quantile_loss_worked_by_hand() -> None:
    """Values above the quantile of 10 % cost a fifth of the distance, those below nine times as much."""
    found = quantile_loss(np.array([[7.0, 3.0, 5.0, np.nan]]), np.full((1, 4), 5.0), 0.1)
    np.testing.assert_allclose(found, [[0.4, 3.6, 0, np.nan]])
    np.testing.assert_allclose(quantile_loss(np.array([7.0, 3.0]), np.full(2, 5.0), 0.5), [2, 2])


def test_bias_is_the_share_by_which_forecasts_are_too_high_in_sum() -> None:
    """Of 10 and -10 + 20: forecasts 4 too low, and 1 too high; what is not known counts in neither sum."""
    unknown = np.nan
    actual = [np.array([[10.0, unknown]]), np.array([[-10.0, 20.0], [5.0, 5.0]])]
    forecasts = [np.array([[6.0, 99.0]]), np.array([[-9.0, 20.0], [unknown, unknown]])]
    assert bias(actual, forecasts) == pytest.approx(-3 / 40)
    assert bias([np.zeros((1, 2))], [np.ones((1, 2))]) is None


def test_crps_pools_sums_and_leaves_out_what_is_not_known() -> None:
    actual = [np.array([[10.0, -20.0], [5.0, np.nan]]), np.array([[1.0, 2.0]])]
    losses = [np.array([[1.0, 2.0], [np.nan, np.nan]]), np.array([[0.5, np.nan]])]
    assert crps(actual, losses) == pytest.approx(3.5 / 31, rel=1e-5)
    assert crps(actual, [np.full_like(each, np.nan) for each in losses]) is None
    assert crps([np.zeros((1, 2))], [np.ones((1, 2))]) is None


def test_agrees_with_utilsforecast_on_crps() -> None:
    random = np.random.default_rng(1)
    actual, point = random.normal(50, 9, 30), random.normal(50, 9, 30)
    quantiles = {p: point + 9 * stats.norm.ppf(p) for p in DECILES}
    frame = pd.DataFrame({"unique_id": 0, "ds": range(30), "y": actual, **{f"m-{p}": q for p, q in quantiles.items()}})
    models = {"m": [f"m-{p}" for p in DECILES]}
    expected = losses.scaled_crps(frame, models=models, quantiles=np.array(DECILES))["m"].iloc[0]
    loss = np.mean([quantile_loss(actual, quantiles[p], p) for p in DECILES], axis=0)
    assert crps([actual[None]], [loss[None]]) == pytest.approx(expected, rel=1e-5)


def test_agrees_with_utilsforecast_on_intervals() -> None:
    """Its mean interval score over the mean absolute seasonal difference of the history."""
    random = np.random.default_rng(0)
    actual, lower, history = random.normal(0, 1, (3, 8)), random.normal(-1, 0.3, (3, 8)), random.normal(0, 1, (3, 30))
    upper, scale = lower + random.uniform(0, 3, (3, 8)), seasonal_scale(history, 4)
    limits = {"m-lo-90": lower.ravel(), "m-hi-90": upper.ravel()}
    frame = pd.DataFrame({"unique_id": np.repeat(np.arange(3), 8), "y": actual.ravel(), "m": 0.0, **limits})
    measured = interval_scores(actual, lower, upper, scale, 90)
    np.testing.assert_allclose(measured["coverage_90"], 100 * losses.coverage(frame, ["m"], 90)["m"])
    np.testing.assert_allclose(measured["msis_90"], losses.winkler_score(frame, ["m"], 90)["m"] / scale)


def test_six_digits() -> None:
    assert (six_digits(1234567.0), six_digits(0.00012345678)) == (1234570, 0.000123457)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("model.mase", ("mase", None)),
        ("baseline.auto_theta_log.rmse", ("rmse", None)),
        ("model.coverage_80", ("coverage", 80)),
        ("skill", ("skill", None)),
        ("model.mase_member_std", None),
        ("model.mase_80", None),
        ("model.coverage", None),
        ("evaluated.points", None),
    ],
)
def test_keys_of_metrics_json_name_their_metric(key: str, expected: tuple[str, int | None] | None) -> None:
    assert metric_of(key) == expected


def test_a_metric_is_a_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metrics.METRICS, "half", Metric("half", "lower", "share", point=lambda *given: mae(*given) / 2))
    measured = point_scores(np.array([[3.0]]), np.array([[1.0]]), np.array([1.0]))
    assert list(measured) == ["mase", "mase_median", "smape", "mape", "mae", "rmse", "half"]
    assert measured["half"] == [1.0]
    assert metric_of("model.half") == ("half", None)
