"""The evaluation of one origin: series with a history, intervals from the errors of earlier origins."""

from dataclasses import replace

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.panel.panel import History
from stages.predict.evaluation import Evaluation, evaluate, measure
from stages.predict.intervals import calibrate
from stages.predict.methods import Methods, by_method
from stages.predict.scoring import ScoredForecast, score
from tests.builders import panel_of
from tests.forecasts import constant_forecast

PANEL = panel_of([[0.0, 2.0, 0.0, 2.0, 1.0, 3.0, 4.0, 6.0], [5.0, 6.0], [1.0, 2.0, 1.0, 4.0, 1.0]])


def scored_at(origin: int, value: float) -> ScoredForecast:
    """Two steps from windows of two values, always `value`."""
    return score(constant_forecast(PANEL, origin, {0: value}, horizon=2), PANEL.at(origin))


def evaluate_all(
    methods: Methods, histories: list[History], levels: list[int], limited: tuple[str, ...] = ("model",)
) -> list[Evaluation]:
    """Each origin, with intervals of the methods that are `limited`."""
    calibrations = {name: calibrate(methods[name], histories) for name in limited}
    return [evaluate(methods, place, history, calibrations, levels) for place, history in enumerate(histories)]


def evaluated(scored: list[ScoredForecast], levels: list[int], naive: float | Floats = 1.0) -> Evaluation:
    """The first of several origins; the seasonal naive forecast is `naive` throughout."""
    baselines = {"seasonal_naive": [np.full_like(each.forecast.point, naive) for each in scored]}
    histories = [PANEL.at(each.origin) for each in scored]
    return evaluate_all(by_method(scored, baselines, histories), histories, levels)[0]


def test_only_series_with_a_history_are_evaluated() -> None:
    evaluation = evaluated([scored_at(2, 7.0)], [80], naive=np.array([[3.0, 3.0], [9.0, 9.0], [1.0, 1.0]]))
    assert evaluation.series.tolist() == [0, 2]
    assert evaluation.actual.tolist() == [[4, 6], [4, 1]]
    assert list(evaluation.methods) == ["model", "seasonal_naive"]
    assert evaluation.methods["model"].tolist() == [[7, 7], [7, 7]]
    assert evaluation.methods["seasonal_naive"].tolist() == [[3, 3], [1, 1]]
    assert evaluation.member_errors.tolist() == [[2], [4.5]]
    assert [limit.shape for limit in evaluation.limits["model"]] == [(1, 2, 2)] * 2
    np.testing.assert_allclose(evaluation.mase_scale, [9 / 5, 1])
    assert evaluation.fallback == 0


def test_intervals_rest_on_the_errors_of_earlier_origins_alone() -> None:
    """Errors of the origins 0 and 1, after the one that is evaluated, change nothing."""
    first, second = (
        evaluated([scored_at(2, 7.0), scored_at(0, value), scored_at(1, value), scored_at(4, 3.0)], [50])
        for value in (7.0, 1e6)
    )
    np.testing.assert_array_equal(first.limits["model"], second.limits["model"])
    wider = evaluated([scored_at(2, 7.0), scored_at(4, 1e6)], [50])
    assert (wider.limits["model"][1][:, 1] > first.limits["model"][1][:, 1]).all()  # the first is intermittent


def test_a_fallback_is_counted_where_the_series_has_a_history() -> None:
    """At the origin 4 the third series has one value, too few for a window, and the second has none."""
    evaluation = evaluated([scored_at(4, 7.0)], [])
    assert (evaluation.series.tolist(), evaluation.fallback) == ([0, 2], 1)
    assert measure([evaluation], [])["evaluated"] == {
        "origins": 1, "series": 2, "forecasts": 2, "points": 4, "interval_points": 0, "fallback": 1, "without_scale": 1,
    }  # fmt: skip


def test_without_origins_only_the_counts_are_measured() -> None:
    counts = ["origins", "series", "forecasts", "points", "interval_points", "fallback", "without_scale"]
    assert measure([], [80]) == {"evaluated": dict.fromkeys(counts, 0)}


def test_constant_series_have_no_scaled_metric_and_no_interval_and_are_counted() -> None:
    """Two seasons of one value, a series that varies, and one that is constant at the earlier origin alone."""
    panel = panel_of([[5.0] * 9, [1.0, 3.0, 2.0, 4.0, 1.0, 3.0, 2.0, 4.0, 1.0], [6.0] * 5 + [7.0, 6.0, 7.0, 6.0]])
    histories = [panel.at(origin) for origin in (2, 4)]
    scored = [score(constant_forecast(panel, each.origin, {0: 2.0}, horizon=2), each) for each in histories]
    methods = by_method(scored, {"seasonal_naive": [np.ones((3, 2))] * 2}, histories)
    evaluations = evaluate_all(methods, histories, [80])
    uppers = [evaluation.limits["model"][1][0] for evaluation in evaluations]
    assert np.isnan(uppers[0]).all(axis=1).tolist() == [True, False, False]
    assert np.isnan(uppers[1]).all(axis=1).tolist() == [True, False, True]
    metrics = measure(evaluations, [80])
    assert metrics["evaluated"] == {
        "origins": 2, "series": 3, "forecasts": 6, "points": 12, "interval_points": 6, "fallback": 0,
        "without_scale": 1,
    }  # fmt: skip
    expected = np.mean([np.abs(e.actual[i] - e.methods["model"][i]).mean() / e.mase_scale[i] for e, i in
                        ((evaluations[0], 1), (evaluations[0], 2), (evaluations[1], 1))])  # fmt: skip
    assert metrics["model"]["mase"] == float(f"{expected:.6g}")


def test_a_panel_of_constants_has_no_scaled_metrics() -> None:
    panel = panel_of([[0.0] * 6, [3.5] * 6])
    scored = score(constant_forecast(panel, 2, {0: 1.0}, horizon=2), panel.at(2))
    methods = by_method([scored], {"seasonal_naive": [scored.actual]}, [panel.at(2)])
    metrics = measure(evaluate_all(methods, [panel.at(2)], [80]), [80])
    assert metrics["model"] == {"smape": 0.0, "mape": 0.0, "mae": 0.0, "rmse": 0.0, "bias": 0.0, "series_low_in_sum": 0}
    assert metrics["evaluated"]["without_scale"] == 2


def test_a_combination_is_measured_with_intervals_of_its_own() -> None:
    """Of forecasts 7, and 1 and 4, it is 4.75; its errors at the earlier origin are smaller than the model's."""
    scored = [scored_at(2, 7.0), scored_at(4, 30.0)]
    histories = [PANEL.at(each.origin) for each in scored]
    shape = scored[0].forecast.point.shape
    baselines = {name: [np.full(shape, value)] * 2 for name, value in {"auto_ets": 1.0, "auto_theta": 4.0}.items()}
    methods = by_method(scored, {"seasonal_naive": [np.ones(shape)] * 2, **baselines}, histories)
    evaluation = evaluate_all(methods, histories, [80], ("model", "combination"))[0]
    assert evaluation.methods["combination"].tolist() == [[4.75, 4.75], [4.75, 4.75]]
    widths = {name: upper - lower for name, (lower, upper) in evaluation.limits.items()}
    assert (widths["combination"] < widths["model"]).all()
    metrics = measure([evaluation], [80])
    assert set(metrics["baseline"]) == {"seasonal_naive", "auto_ets", "auto_theta"}
    assert metrics["combination"]["mae"] == np.abs(np.array([[4, 6], [4, 1]]) - 4.75).mean()
    assert "coverage_80" in metrics["combination"]
    assert not {"coverage_80", "crps"} & set(metrics["baseline"]["auto_ets"])


def test_series_whose_forecasts_sum_to_less_than_half_are_counted() -> None:
    """Over two origins: series 0 has 4 of 10, series 1 has 5 of 10, series 2 has 0 of 0, and series 3 is negative."""
    panel = panel_of([[1.0, 1, 5, 0, 5, 0], [1.0, 1, 5, 0, 5, 0], [0.0] * 6, [-1.0, -1, -2, -2, -2, -2]])
    forecasts = {2: [[2.0, 0], [3, 0], [0, 0], [-9, -9]], 4: [[1.0, 1], [2, 0], [0, 0], [-9, -9]]}
    scored = [
        score(replace(constant_forecast(panel, origin, {0: 1.0}, horizon=2), point=np.array(point)), panel.at(origin))
        for origin, point in forecasts.items()
    ]
    histories = [panel.at(each.origin) for each in scored]
    methods = by_method(scored, {"seasonal_naive": [each.actual for each in scored]}, histories)
    metrics = measure(evaluate_all(methods, histories, [80]), [80])
    assert metrics["model"]["series_low_in_sum"] == 1
    assert metrics["model"]["bias"] == pytest.approx((9 - 20 - 36 + 8) / 28, rel=1e-5)
    assert metrics["baseline"]["seasonal_naive"]["bias"] == 0


def test_crps_is_that_of_the_deciles_whatever_the_levels() -> None:
    """Twice the mean pinball loss of nine quantiles, over series, steps and origins, over the sum of the values."""
    scored = [scored_at(2, 7.0), scored_at(4, 3.0)]
    histories = [PANEL.at(each.origin) for each in scored]
    methods = by_method(scored, {"seasonal_naive": [np.ones((3, 2))] * 2}, histories)
    calibrations = calibrate(scored, histories)
    lost = size = 0.0
    for each, calibration in zip(scored, calibrations, strict=True):
        for decile in range(1, 10):
            quantile, p = calibration.quantile(each.forecast, decile / 10), decile / 10
            for y, q in zip(each.actual.ravel(), quantile.ravel(), strict=True):
                if np.isfinite(q) and np.isfinite(y):
                    lost += 2 / 9 * ((y - q) * p if y >= q else (q - y) * (1 - p))
                    size += abs(y) / 9
    for levels in ([], [50, 80]):
        metrics = measure(evaluate_all(methods, histories, levels), levels)
        np.testing.assert_allclose(metrics["model"]["crps"], lost / size, rtol=1e-5)


def test_the_median_is_not_moved_by_one_series_that_was_forecast_far_worse() -> None:
    """Scaled errors 1, 2 and 300."""
    histories, point = [PANEL.at(2)], np.zeros((1, 2))
    errors = [1.0, 2.0, 300.0]
    evaluations = [
        Evaluation(
            histories[0], np.array([0]), point + error, {"model": point, "seasonal_naive": point},
            np.empty((1, 0)), np.empty((1, 0)), {"model": (np.empty((0, 1, 2)),) * 2}, {}, np.ones(1), 0,
        )
        for error in errors
    ]  # fmt: skip
    metrics = measure(evaluations, [])["model"]
    assert (metrics["mase"], metrics["mase_median"]) == (101, 2)
