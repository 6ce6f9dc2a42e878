"""The page's sentences, tables and chart."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.plot.pages import render
from stages.record.page import alarm_sentence, as_json, describe
from stages.record.promise import Promise
from stages.record.record import Record, Scored
from tests.published import MONTHS, months
from tests.stages.conftest import OpenPage

LABELS = list(MONTHS.format(months(60)))
HOSTILE = "</script><img src=x onerror=\"document.title='run'\"><b>'`|"


def scored(cutoff: int, error: float, steps: int = 3, promise: Promise | None = None, name: str = "abc1234") -> Scored:
    """A version of one series whose error is the same at each step; it promised 1."""
    counts = {"values": 1, "scaled": 1, "naive": 2.0, "promised": int(promise is not None)}
    promised = {"promise": float(promise is not None), "promised_error": error * (promise is not None)}
    covered = {"covered_80": 1.0, "limited_80": 1}
    place = range(cutoff + 1, cutoff + 1 + steps)
    sums = pd.DataFrame({"place": place, "error": error, **counts, **promised, **covered})
    series = pd.DataFrame({"error": [error, 1.0], "promise": [1.0, 1.0], "count": 1}, index=[HOSTILE, "calm"])
    return Scored(name, "model", cutoff, steps, promise, sums, series)


PROMISE = Promise(np.ones(3), np.array([0.9, 1.1]), pd.Series(dtype=float), 1.0)


def record(*versions: Scored, **fields: Any) -> Record:
    last = max((version.cutoff + version.horizon for version in versions), default=1)
    return replace(Record(list(versions), LABELS[: last + 1], 0, 0, []), **fields)


def test_the_alarm_in_a_sentence() -> None:
    calm = record(scored(4, 1.0, promise=PROMISE))
    assert alarm_sentence(calm) == (
        "No alarm: errors are not significantly larger than promised; one record in 20 without a change alarms, "
        "however often you look."
    )
    loud = record(scored(4, 1.0, promise=PROMISE), scored(7, 30.0, promise=PROMISE))
    (_, block) = loud.blocks
    assert alarm_sentence(loud).startswith(
        "Alarm: errors are significantly larger than promised, 30 times the promise in 2020-09 to 2020-11 "
        f"({block.p_text}, limit 0.0083); one record in 20"
    )


def test_why_there_is_no_test() -> None:
    assert "no version has a backtest" in alarm_sentence(record(scored(4, 1.0)))
    early = record(scored(4, 1.0, promise=PROMISE), labels=LABELS[:7])
    assert alarm_sentence(early) == "Not tested yet: 2 of the 3 steps of the first block have actual values."


def test_versions_that_are_not_scored_are_counted_or_named() -> None:
    content = describe(record(scored(4, 1.0), waiting=3, others=1, lost=[("v1 (abc)", "gone; `dvc fetch`")]))
    assert content["notes"] == [
        "3 versions have no actual value yet.",
        "1 version forecasts other series or steps than data/panel.parquet has, and is not scored.",
    ]
    assert content["tables"][-1].rows == [["v1 (abc)", "gone; `dvc fetch`"]]
    assert "| `v1 (abc)` | `gone; 'dvc fetch'` |" in render("record.md", **content)


def test_without_a_scored_version_the_page_says_so() -> None:
    content = describe(record(waiting=1))
    assert render("record.md", **content) == (
        "## The record\n\nNo published forecast has been scored.\n1 version has no actual value yet.\n"
    )
    assert as_json(record(waiting=1)) == {"versions": 0, "waiting_versions": 1, "other_versions": 0, "lost": []}


def test_tables_stay_short() -> None:
    """Of many versions the latest, of many steps a row for each block."""
    versions = [scored(cutoff, 1.0, steps=12, promise=PROMISE) for cutoff in range(4, 34)]
    by_version, by_date, tests, _ = describe(record(*versions, scored(34, 2.0, 12)))["tables"]
    assert len(by_version.rows) == 24
    assert by_version.note.endswith(". 7 earlier versions not shown; --json has all.")
    assert by_version.rows[-1][:6] == ["abc1234", "2022-11", "model", 12, 2.0, None]
    assert [row[0] for row in by_date.rows] == [
        "2020-06 to 2021-05", "2021-06 to 2022-05", "2022-06 to 2023-05", "2023-06 to 2023-11",
    ]  # fmt: skip
    assert [row[0] for row in tests.rows] == [row[0] for row in by_date.rows[:3]]


def test_the_json_has_everything() -> None:
    versions = [scored(cutoff, 3.0, promise=PROMISE) for cutoff in range(4, 34)]
    content = as_json(record(*versions))
    assert len(content["by_version"]) == 30
    assert content["by_version"][0] == {
        "version": "abc1234", "cutoff": "2020-05", "method": "model", "values": 3, "mase": 3.0, "promised": 1.0,
        "seasonal_naive": 2.0, "coverage_80": 100.0,
    }  # fmt: skip
    assert content["by_step"][0]["ds"] == "2020-06"
    assert content["worst"] == [{"unique_id": HOSTILE, "error": 3.0, "promise": 1.0, "ratio": 3.0}]
    assert content["blocks"][0]["ratio"] == 3.0


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_opens_with_a_chart_and_no_sideways_scrolling(open_page: OpenPage, width: int) -> None:
    content = describe(record(scored(4, 1.0, promise=PROMISE, name=HOSTILE), scored(7, 30.0, promise=PROMISE)))
    page = open_page(render("record.html", **content), width)
    assert page.title() == "Forecasts published since 2020-05"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#steps .chart svg path").count() >= 2
    legend = page.locator("#steps .legend").inner_text()
    assert "published forecasts" in legend
    assert "promised by their backtests" in legend
    assert page.locator("section table").count() == 4
