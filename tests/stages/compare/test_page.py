"""The page of a comparison."""

import re
from dataclasses import replace
from typing import Any

import pytest

from stages.compare.comparison import Change, Comparison, MetricChange
from stages.compare.page import describe
from stages.plot.pages import render
from stages.plot.significance import PairedTest

TEST = PairedTest(-0.5, -0.7, -0.3, 0.001, "12 series", error=0.1, training_error=0.06)


def compared(**changes: object) -> Comparison:
    values: dict[str, object] = {
        "before": "main", "after": "work tree", "params": [], "data": [], "metrics": [], "incompatibilities": [],
        "seasonal_naive": None, "interval_points": None, "difference": None, "pairs": (5, 5, 6), "without_halves": [],
        "baselines": {}, **changes,
    }  # fmt: skip
    return Comparison(**values)  # type: ignore[arg-type]


def markdown(comparison: Comparison, reasons: list[str] | None = None) -> str:
    return render("compare.md", **describe(comparison, reasons or []))


def cells(page: str) -> list[list[str]]:
    """The cells of the rows that begin with a code span."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_versions_that_are_the_same_have_no_tables() -> None:
    page = markdown(compared())
    assert "No parameter changed." in page
    assert "The data did not change." in page
    assert "|" not in page


def test_changes_are_shown_as_they_are_written() -> None:
    params = [
        Change("predict.levels", [80], [80, 95]),
        Change("model.cell", "lstm", "a|b"),
        Change("ingest.series", None, "id"),
    ]
    assert cells(markdown(compared(params=params))) == [
        ["`predict.levels`", "`[80]`", "`[80, 95]`"],
        ["`model.cell`", "`lstm`", "`a\\|b`"],
        ["`ingest.series`", "-", "`id`"],
    ]


def test_metrics_show_difference_share_and_side() -> None:
    metrics = [
        MetricChange("model.mase", 0.5, 0.6, "mase", 0.2),
        MetricChange("skill", 0.5, 0.75, "skill", -0.25),
        MetricChange("model.bias", -2.0, -1.0, "bias"),
        MetricChange("evaluated.points", 0.0, 10.0),
        MetricChange("model.rmse", None, 1.0, "rmse"),
    ]
    assert cells(markdown(compared(metrics=metrics, difference=TEST))) == [
        ["`model.mase`", "0.5000", "0.6000", "+0.1000 (+20.0%)", "worse"],
        ["`skill`", "0.5000", "0.7500", "+0.2500", "better"],
        ["`model.bias`", "-2", "-1", "+1", ""],
        ["`evaluated.points`", "0", "10", "+10", ""],
        ["`model.rmse`", "-", "1", "", ""],
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"difference": replace(TEST, p=0.5)}, "the change of the scaled errors is not significant"),
        ({"difference": TEST, "data": [Change("md5", "0", "1")]}, "the data differ"),
        ({"incompatibilities": ["horizon 1 -> 2"], "data": [Change("md5", "0", "1")]}, "the tasks differ"),
        ({}, "the difference cannot be tested"),
    ],
)
def test_metrics_are_called_better_or_worse_only_where_the_verdict_is(changes: dict[str, Any], reason: str) -> None:
    page = markdown(compared(metrics=[MetricChange("model.mase", 0.5, 0.6, "mase", 0.2)], **changes))
    assert f"No metric is called better or worse: {reason}." in page
    share = "" if "incompatibilities" in changes else " (+20.0%)"  # of errors in another task
    assert ["`model.mase`", "0.5000", "0.6000", f"+0.1000{share}", ""] in cells(page)
    assert "worse |" not in page


def test_the_test_and_the_reasons_are_shown() -> None:
    page = markdown(compared(difference=TEST, baselines={"auto_ets": TEST}), ["model.mase 1 -> 2"])
    assert (
        "Difference -0.5000, 95 % CI -0.7000 to -0.3000, p = 0.001 (paired t-test over 12 series; "
        "standard error 0.10: 0.080 from the data, 0.060 from training).\n" in page
    )
    assert cells(page) == [["`auto_ets`", "-0.5000", "-0.7000 to -0.3000", "p = 0.001"]]
    assert page.rstrip().endswith("- model.mase 1 -> 2")


def test_a_test_without_variation_from_training_says_so() -> None:
    page = markdown(compared(difference=replace(TEST, training_error=None), without_halves=["main", "work tree"]))
    assert "12 series; standard error 0.10, without variation from training). Another seed may pass" in page
    assert "no half ensembles (reports/half_ensembles.csv) in main and work tree.\n" in page


def test_changed_values_alone_are_named() -> None:
    page = markdown(compared(data=[Change("md5", "0", "1")]))
    assert "Series, rows and steps are the same, values are not. 5 forecasts (of 5 and 6) have the same cutoff" in page
