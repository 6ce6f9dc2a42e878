"""The report's sentence on forecasts that were published earlier."""

from dataclasses import replace
from typing import Any

from stages.plot.pages import render
from stages.plot.published import published
from stages.plot.report import describe
from stages.plot.results import RunResults

RECORD: dict[str, Any] = {
    "since": "1960-06", "until": "1961-05", "versions": 12, "values": 78, "mase": 0.4731, "promised": 0.4102,
    "seasonal_naive": 1.312, "alarm": False, "alarm_rate": 0.05, "worst_series": [], "lost_versions": 0,
}  # fmt: skip
NAIVE = "repeating the last year"
SENTENCE = (
    "Forecasts published since 1960-06 missed by 0.47 on average (MASE of 78 values up to 1961-05); the backtest "
    "promised 0.41."
)


def test_one_sentence_in_both_reports(results: RunResults) -> None:
    assert published(RECORD, NAIVE) == [SENTENCE]
    content = describe(replace(results, record=RECORD))
    for template in ("report.md", "report.html"):
        assert render(template, **content).count(SENTENCE) == 1


def test_nothing_without_a_scored_forecast(results: RunResults) -> None:
    assert published({"versions": 0}, NAIVE) == []
    assert published({**RECORD, "mase": None}, NAIVE) == []
    assert "published since" not in render("report.md", **describe(results))


def test_without_a_promise_it_names_the_seasonal_naive_method() -> None:
    (sentence,) = published({**RECORD, "promised": None}, NAIVE)
    assert sentence.endswith("on average (MASE of 78 values up to 1961-05); repeating the last year missed by 1.3.")


def test_an_alarm_is_said_with_its_rate() -> None:
    (sentence,) = published({**RECORD, "alarm": True}, NAIVE)
    assert sentence.startswith(SENTENCE)
    assert "significantly larger than promised (without a change, one record in 20 says so)" in sentence
