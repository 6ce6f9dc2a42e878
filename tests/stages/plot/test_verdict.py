"""The verdict states good and bad results alike, and says what follows."""

from typing import Any

import pytest

from stages.plot.significance import PairedTest
from stages.plot.verdict import headline as verdict_and_numbers

COUNTS = {
    "origins": 2, "series": 3, "forecasts": 6, "points": 36, "interval_points": 36, "fallback": 0, "without_scale": 0,
}  # fmt: skip
FORECAST = {
    "method": "model",
    "series": 3,
    "series_too_short": 0,
    "series_with_wide_intervals": 0,
    "covariates_less_known": "none",
    "steps_since_training": 0,
    "most_steps_since_training": 0,
}
NAIVE = "repeating the last year"


def headline(measured: dict[str, Any], forecast: dict[str, Any], tests: dict[str, PairedTest], naive: str) -> list[str]:
    """The verdict, and the numbers after it."""
    verdict, numbers = verdict_and_numbers(measured, forecast, tests, naive)
    return [*verdict, *numbers]


def metrics(model: float, naive: float, other: float, **more: float) -> dict[str, Any]:
    return {
        "evaluated": COUNTS,
        "model": {"mase": model, "coverage_80": 77.0, **more},
        "baseline": {"seasonal_naive": {"mase": naive}, "auto_ets": {"mase": other}},
    }


def sure(gap: float) -> PairedTest:
    return PairedTest(gap, gap - 0.2, gap + 0.2, 0.001, "12 series", 0.1, 0.06)


def unsure(gap: float) -> PairedTest:
    return PairedTest(gap, gap - 0.9, gap + 0.9, 0.3, "12 series", 0.1, None)


def test_the_verdict_comes_first_and_the_numbers_after_it() -> None:
    tests = {"seasonal_naive": sure(-0.5), "auto_ets": unsure(-0.1)}
    verdict, first, naive, other, covered = headline(metrics(0.5, 1.0, 0.625), FORECAST, tests, NAIVE)
    assert verdict == (
        "Better than repeating the last year: yes, significantly (50 % smaller errors). "
        "Better than AutoETS: not shown (20 % smaller errors, which chance may explain)."
    )
    assert first == "MASE of the model 0.5000 over 3 series, 2 origins, 36 values."
    assert naive == (
        "50 % lower than seasonal_naive (1), statistically significant "
        "(p = 0.001; difference -0.500, 95 % CI -0.700 to -0.300; 12 series; "
        "standard error 0.10: 0.080 from the data, 0.060 from training)."
    )
    assert other.startswith("20 % lower than auto_ets (0.6250), not significant (p = 0.3;")
    assert covered == "80 % intervals covered 77 % of the actual values."


@pytest.mark.parametrize(
    ("gap", "test", "answer"),
    [
        (-0.5, sure(-0.5), "yes, significantly (50 % smaller errors)"),
        (-0.5, sure(0.5), "not shown (50 % smaller errors, which chance may explain)"),
        (-0.5, unsure(-0.5), "not shown (50 % smaller errors, which chance may explain)"),
        (-0.5, None, "not shown (50 % smaller errors, too few forecasts for a test)"),
        (0.5, sure(0.5), "no (50 % larger errors, significantly)"),
        (0.5, sure(-0.5), "no (50 % larger errors, which chance may explain)"),
        (0.5, unsure(0.5), "no (50 % larger errors, which chance may explain)"),
        (0.5, None, "no (50 % larger errors)"),
        (0.0, None, "no, the same"),
    ],
)
def test_each_answer(gap: float, test: PairedTest | None, answer: str) -> None:
    tests = {"seasonal_naive": test} if test else {}
    first, *_ = headline(metrics(1.0 + gap, 1.0, 2.0), FORECAST, tests, NAIVE)
    assert first == f"Better than repeating the last year: {answer}."


def test_methods_that_know_less_are_said_to() -> None:
    told = "The classical methods know no covariates."
    assert headline({**metrics(0.5, 1, 0.6), "covariates": {"none": 0.7}}, FORECAST, {}, NAIVE)[1] == told
    assert told not in headline(metrics(0.5, 1, 0.6), FORECAST, {}, NAIVE)


def test_a_loss_says_which_method_was_best_and_how_to_take_it() -> None:
    tests = {"seasonal_naive": sure(-0.5), "auto_ets": sure(0.242)}
    verdict, best, *_ = headline(metrics(0.474, 1.0, 0.232), FORECAST, tests, NAIVE)
    assert verdict.endswith("Better than AutoETS: no (104 % larger errors, significantly).")
    assert best == (
        "AutoETS was better at the evaluation origins (MASE 0.2320, significantly better). To publish that forecast, "
        "set predict.method to auto_ets in params.yaml and run dvc repro."
    )


def test_a_combination_that_is_best_is_named() -> None:
    measured = {**metrics(0.5, 1.0, 0.6), "combination": {"mase": 0.4}}
    verdict, best, *_ = headline(measured, FORECAST, {}, NAIVE)
    assert "Better than AutoETS" in verdict
    assert best.startswith("The combination was better at the evaluation origins (MASE 0.4000, too few for a test).")
    assert "predict.method to combination" in best


def test_the_verdict_is_on_the_published_method() -> None:
    measured = {**metrics(0.5, 1.0, 0.6), "combination": {"mase": 0.4, "coverage_80": 50.0}}
    published = {**FORECAST, "method": "combination"}
    verdict, warning, first, *_ = headline(measured, published, {"seasonal_naive": sure(-0.6)}, NAIVE)
    assert verdict.startswith(
        "The combination: better than repeating the last year: yes, significantly (60 % smaller errors)."
    )
    assert warning.startswith("Warning: the 80 % intervals covered 50 % of the actual values (36 values, all series")
    assert first.startswith("MASE of the combination 0.4000 over")
    verdict, *_ = headline(measured, {**FORECAST, "method": "seasonal_naive"}, {}, NAIVE)
    assert verdict == "Seasonal naive: better than AutoETS: no (67 % larger errors)."


def test_of_many_levels_the_coverage_of_the_two_largest_is_told() -> None:
    covered = {f"coverage_{level}": level - 9.0 for level in (95, 80, 60, 20)}
    text = " ".join(headline(metrics(0.5, 1.0, 0.6, **covered), FORECAST, {}, NAIVE))
    assert "80 % intervals covered 71 %" in text
    assert "95 % intervals covered 86 %" in text
    assert "60 % intervals" not in text
    assert "20 % intervals" not in text


@pytest.mark.parametrize(("coverage", "warned"), [(57.0, True), (74.9, True), (75.0, False), (93.0, False)])
def test_intervals_that_fail_say_so_in_the_first_lines(coverage: float, warned: bool) -> None:
    _, second, *_ = headline(metrics(0.5, 1.0, 0.6, coverage_80=coverage), FORECAST, {}, NAIVE)
    assert second.startswith("Warning: the 80 % intervals covered") == warned
    assert f"covered {coverage:.0f} % of the actual values (36 values" in second or not warned


@pytest.mark.parametrize(
    ("bias", "said"),
    [
        (-0.7, "lower than the actual values by 70 %"),
        (0.123, "higher than the actual values by 12 %"),
        (0.09, None),
        (-0.09, None),
    ],
)
def test_forecasts_that_are_far_off_in_sum_are_named(bias: float, said: str | None) -> None:
    verdict, _ = verdict_and_numbers(metrics(0.5, 1.0, 0.625, bias=bias), FORECAST, {}, NAIVE)
    assert [line for line in verdict if line.startswith("In sum")] == (
        [f"In sum, the forecasts were {said} of these."] if said else []
    )


def test_series_whose_sums_are_low_are_counted_and_a_nearer_method_is_named() -> None:
    measured = metrics(0.5, 1.0, 0.625, bias=-0.05, series_low_in_sum=2)
    measured["baseline"]["auto_ets"]["bias"] = 0.021
    (line,) = (line for line in verdict_and_numbers(measured, FORECAST, {}, NAIVE)[0] if "sum to" in line)
    assert line.startswith(
        "The forecasts of 2 of 3 series sum to less than half of the actual values: each is near the"
    )
    assert line.endswith("Do not add them up to a total. The sum of AutoETS was nearer (+2.1 %).")
    measured["baseline"]["auto_ets"]["bias"] = -0.04
    assert not any("nearer" in line for line in verdict_and_numbers(measured, FORECAST, {}, NAIVE)[0])


def test_a_mean_that_rests_on_a_few_series_is_said() -> None:
    _, second, *_ = headline(metrics(5.0, 9.0, 8.0, mase_median=0.8), FORECAST, {}, NAIVE)
    assert second == "A few series dominate the mean; see the worst series. The median MASE is 0.8000."
    single = {**metrics(5.0, 9.0, 8.0, mase_median=0.8), "evaluated": {**COUNTS, "series": 1}}
    assert "A few origins dominate the mean. The median MASE is 0.8000." in headline(single, FORECAST, {}, NAIVE)
    assert not any("dominate" in line for line in headline(metrics(1.5, 9, 8, mase_median=0.8), FORECAST, {}, NAIVE))


def test_what_the_run_warned_of_is_repeated() -> None:
    doubtful = {**FORECAST, "series_too_short": 2, "series_with_wide_intervals": 1}
    _, short, wide, *_ = headline(metrics(0.5, 1.0, 0.6), doubtful, {}, NAIVE)
    assert short.startswith("2 of 3 series are too short for the model, whose forecast then repeats the last season")
    assert wide.startswith("1 of 3 series has intervals that reach further beyond the history")
    old = headline(
        metrics(0.5, 1.0, 0.6), {**FORECAST, "steps_since_training": 84, "most_steps_since_training": 84}, {}, NAIVE
    )
    assert any("trained 84 steps before the end of the data (backtest.refit)" in line for line in old)
    assert not any("evaluation origins the networks" in line for line in old)
    seldom = headline(metrics(0.5, 1.0, 0.6), {**FORECAST, "most_steps_since_training": 24}, {}, NAIVE)
    assert any("At the evaluation origins the networks were up to 24 steps old" in line for line in seldom)
    unknown = headline(metrics(0.5, 1, 0.6), {**FORECAST, "covariates_less_known": "price, promo"}, {}, NAIVE)
    assert any("origins (price, promo): the errors ahead may be larger" in line for line in unknown)
    assert not any("More of the covariates" in line for line in headline(metrics(0.5, 1, 0.6), FORECAST, {}, NAIVE))
    measured = {**metrics(0.5, 1.0, 0.6), "combination": {"mase": 0.4}}
    combined = headline(measured, {**doubtful, "method": "combination"}, {}, NAIVE)
    assert any("whose part in the combination then repeats" in line for line in combined)
    classical = headline(metrics(0.5, 1.0, 0.4), {**doubtful, "method": "auto_ets"}, {}, NAIVE)
    assert not any("too short" in line for line in classical)


def test_a_perfect_baseline_is_no_equal() -> None:
    assert "Higher than seasonal_naive (0)." in headline(metrics(0.7, 0.0, 0.9), FORECAST, {}, NAIVE)


def test_large_shares_have_no_exponent() -> None:
    assert any(line.startswith("1,400 % higher than") for line in headline(metrics(1.5, 0.1, 2.0), FORECAST, {}, NAIVE))


def test_without_origins_nothing_is_claimed() -> None:
    (sentence,) = headline({"evaluated": {**COUNTS, "origins": 0}}, FORECAST, {}, NAIVE)
    assert "not measured" in sentence


def test_forecasts_by_the_seasonal_naive_method_are_counted() -> None:
    measured = {**metrics(0.5, 1.0, 0.625), "evaluated": {**COUNTS, "fallback": 2}}
    *_, last = headline(measured, FORECAST, {}, NAIVE)
    assert last.startswith("2 of the model's forecasts are seasonal naive: ")


def test_series_without_a_scale_are_left_out_of_the_count() -> None:
    measured = {**metrics(0.5, 1.0, 0.625), "evaluated": {**COUNTS, "without_scale": 2, "origins": 1}}
    _, first, *_ = headline(measured, FORECAST, {}, NAIVE)
    assert first == (
        "MASE of the model 0.5000 over 1 of 3 series, 1 origin; the history of 2 is constant, or has no two "
        "values a season apart, which gives no scale."
    )
    nothing = {"evaluated": {**COUNTS, "without_scale": 3}, "model": {"smape": 0.0}, "baseline": {}}
    (only,) = headline(nothing, FORECAST, {}, NAIVE)
    assert only.startswith("No scaled errors over 3 series, 2 origins, 36 values: ")


def test_a_model_that_never_forecast_is_not_judged() -> None:
    measured = {**metrics(1.0, 1.0, 0.9), "evaluated": {**COUNTS, "fallback": 6}}
    (only,) = headline(measured, FORECAST, {}, NAIVE)
    assert only.startswith("The model was not evaluated: ")


def test_a_method_that_is_significantly_better_goes_before_one_that_may_be_better_by_chance() -> None:
    measured = {**metrics(0.95, 1.0, 0.88), "combination": {"mase": 0.89}}
    tests = {"auto_ets": unsure(0.07), "combination": sure(0.06)}
    _, better, *_ = headline(measured, FORECAST, tests, NAIVE)
    assert better.startswith("The combination was better at the evaluation origins (MASE 0.8900, significantly better)")


def test_there_may_be_nothing_to_compare_with() -> None:
    measured = {**metrics(0.5, 1.0, 1.0), "baseline": {"seasonal_naive": {"mase": 1.0}}}
    verdict, *_ = headline(measured, {**FORECAST, "method": "seasonal_naive"}, {}, NAIVE)
    assert verdict == "Seasonal naive: there is no classical method to compare it with."
