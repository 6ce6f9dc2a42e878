"""The forecasts of every method, and their combination, worked by hand."""

import numpy as np

from stages.predict.methods import Methods, by_method, combine, with_intervals
from stages.predict.scoring import score
from tests.builders import panel_of
from tests.forecasts import constant_forecast

PANEL = panel_of([np.arange(1.0, 13.0), np.full(12, 5.0)])


def test_a_combination_is_the_mean_of_the_model_and_the_median_of_the_others_at_each_step() -> None:
    model = np.array([[1.0, 9.0], [5.0, 5.0]])
    others = [np.array([[2.0, 7.0], [6.0, 6.0]]), np.array([[5.0, 8.0]] * 2), np.array([[3.0, 1e9], [9.0, 7.0]])]
    assert combine(model, others, np.array([False, False])).tolist() == [[2, 8.5], [5.5, 6]]
    assert combine(model, others[:1], np.array([False, False])).tolist() == [[1.5, 8], [5.5, 5.5]]
    assert combine(model, others, np.array([False, True])).tolist() == [[2, 8.5], [5, 5]]


def test_the_combination_leaves_out_the_yardstick_and_leaves_the_model_as_it_is() -> None:
    """At two origins; the second series does not change and is forecast to stay as it is."""
    histories = [PANEL.at(origin) for origin in (0, 3)]
    scored = [score(constant_forecast(PANEL, each.origin, {0: 8.0}), each) for each in histories]
    fitted = {"seasonal_naive": [np.zeros((2, 3))] * 2, "auto_ets": [np.full((2, 3), 6.0), np.full((2, 3), 4.0)]}
    methods = by_method(scored, fitted, histories)
    assert list(methods) == ["model", "seasonal_naive", "auto_ets", "combination"]
    assert methods["model"] is scored
    assert [each.forecast.point.tolist() for each in methods["combination"]] == [
        [[7] * 3, [5] * 3], [[6] * 3, [5] * 3],
    ]  # fmt: skip
    for each, model in zip(methods["auto_ets"], scored, strict=True):
        assert (each.origin, each.actual) == (model.origin, model.actual)
        assert not each.forecast.fallback.any()


def test_there_is_no_combination_without_another_method_than_the_yardstick() -> None:
    history = PANEL.at(0)
    scored = [score(constant_forecast(PANEL, 0, {0: 8.0}), history)]
    methods = by_method(scored, {"seasonal_naive": [np.zeros((2, 3))]}, [history])
    assert list(methods) == ["model", "seasonal_naive"]


def test_the_published_method_has_intervals_too() -> None:
    methods: Methods = {name: [] for name in ["model", "seasonal_naive", "auto_ets", "combination"]}
    assert with_intervals("model", methods) == ["model", "combination"]
    assert with_intervals("auto_ets", methods) == ["model", "auto_ets", "combination"]
