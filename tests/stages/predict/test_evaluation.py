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
    assert measure([evaluation], [])["evaluated"] == {"origins": 1, "series": 2, "points": 4, "fallback": 1}


def test_without_origins_only_the_counts_are_measured() -> None:
    assert measure([], [80]) == {"evaluated": {"origins": 0, "series": 0, "points": 0, "fallback": 0}}
