"""The evaluation of one origin: series with a history, intervals from the errors of earlier origins."""

import numpy as np

from stages.predict.evaluation import evaluate, measure
from stages.predict.scoring import ScoredForecast, score
from tests.builders import panel_of
from tests.forecasts import constant_forecast

PANEL = panel_of([[0.0, 2.0, 0.0, 2.0, 1.0, 3.0, 4.0, 6.0], [5.0, 6.0], [1.0, 2.0, 1.0, 4.0, 1.0]])


def scored_at(origin: int, value: float) -> ScoredForecast:
    """Two steps from windows of two values, always `value`."""
    return score(constant_forecast(PANEL, origin, {0: value}, horizon=2), PANEL.at(origin))


def test_only_series_with_a_history_are_evaluated() -> None:
    baselines = {"seasonal_naive": np.array([[3.0, 3.0], [1.0, 1.0]])}
    evaluation = evaluate(scored_at(2, 7.0), [], PANEL.at(2), baselines, [80])
    assert evaluation.series.tolist() == [0, 2]
    assert evaluation.actual.tolist() == [[4, 6], [4, 1]]
    assert list(evaluation.methods) == ["model", "seasonal_naive"]
    assert evaluation.methods["model"].tolist() == [[7, 7], [7, 7]]
    assert evaluation.member_errors.tolist() == [[2], [4.5]]
    assert evaluation.lower.shape == evaluation.upper.shape == (1, 2, 2)
    np.testing.assert_allclose(evaluation.mase_scale, [9 / 5, 1])
    assert evaluation.fallback == 0


def test_intervals_rest_on_the_errors_of_earlier_origins_alone() -> None:
    """Errors of the origins 0 and 1, after the one that is evaluated, change nothing."""
    naive = {"seasonal_naive": np.full((2, 2), 1.0)}
    scored, history, earlier = scored_at(2, 7.0), PANEL.at(2), scored_at(4, 3.0)
    first, second = (
        evaluate(scored, [scored_at(0, value), scored_at(1, value), earlier], history, naive, [50])
        for value in (7.0, 1e6)
    )
    np.testing.assert_array_equal(first.lower, second.lower)
    np.testing.assert_array_equal(first.upper, second.upper)
    wider = evaluate(scored, [scored_at(4, 1e6)], history, naive, [50])
    assert (wider.upper > first.upper).all()


def test_a_fallback_is_counted_where_the_series_has_a_history() -> None:
    """At the origin 4 the third series has one value, too few for a window, and the second has none."""
    naive = {"seasonal_naive": np.full((2, 2), 1.0)}
    evaluation = evaluate(scored_at(4, 7.0), [], PANEL.at(4), naive, [])
    assert (evaluation.series.tolist(), evaluation.fallback) == ([0, 2], 1)
    assert measure([evaluation], [])["evaluated"] == {
        "origins": 1, "series": 2, "points": 4, "fallback": 1, "without_scale": 1,
    }  # fmt: skip


def test_without_origins_only_the_counts_are_measured() -> None:
    assert measure([], [80]) == {
        "evaluated": {"origins": 0, "series": 0, "points": 0, "fallback": 0, "without_scale": 0}
    }


def test_constant_series_have_no_scaled_metric_and_no_interval_and_are_counted() -> None:
    """Two seasons of one value, a series that varies, and one that is constant at the earlier origin alone."""
    panel = panel_of([[5.0] * 9, [1.0, 3.0, 2.0, 4.0, 1.0, 3.0, 2.0, 4.0, 1.0], [6.0] * 5 + [7.0, 6.0, 7.0, 6.0]])
    scored = {
        origin: score(constant_forecast(panel, origin, {0: 2.0}, horizon=2), panel.at(origin)) for origin in (2, 4)
    }
    naive = {"seasonal_naive": np.ones((3, 2))}
    evaluations = [evaluate(each, list(scored.values()), panel.at(o), naive, [80]) for o, each in scored.items()]
    assert np.isnan(evaluations[0].upper[0]).all(axis=1).tolist() == [True, False, False]
    assert np.isnan(evaluations[1].upper[0]).all(axis=1).tolist() == [True, False, True]
    metrics = measure(evaluations, [80])
    assert metrics["evaluated"] == {"origins": 2, "series": 3, "points": 12, "fallback": 0, "without_scale": 1}
    expected = np.mean([np.abs(e.actual[i] - e.methods["model"][i]).mean() / e.mase_scale[i] for e, i in
                        ((evaluations[0], 1), (evaluations[0], 2), (evaluations[1], 1))])  # fmt: skip
    assert metrics["model"]["mase"] == float(f"{expected:.6g}")


def test_a_panel_of_constants_has_no_scaled_metrics() -> None:
    panel = panel_of([[0.0] * 6, [3.5] * 6])
    scored = score(constant_forecast(panel, 2, {0: 1.0}, horizon=2), panel.at(2))
    metrics = measure([evaluate(scored, [], panel.at(2), {"seasonal_naive": scored.actual}, [80])], [80])
    assert metrics["model"] == {"smape": 0.0, "mape": 0.0, "mae": 0.0, "rmse": 0.0}
    assert metrics["evaluated"]["without_scale"] == 2
