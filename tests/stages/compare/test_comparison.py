"""Comparisons of two versions: what changed, in which direction, and what is worse than allowed."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.compare.comparison import (
    Change,
    Comparison,
    changes,
    common_pairs,
    compare,
    metric_changes,
    parameter_changes,
    worse,
)
from stages.compare.params import Compare, tolerance_fields
from stages.compare.versions import Version
from stages.predict.metrics import METRICS, Metric, mae

TOLERANCES = {"mase": 0.05, "smape": None, "rmse": None, "msis": 0.2, "coverage": 10.0}


def errors(model: list[float], first: int = 1) -> pd.DataFrame:
    """One series, forecast a month apart from month `first` on."""
    rows = [("a", f"2020-{first + i:02d}", 99 - i, error, 1.0) for i, error in enumerate(model)]
    return pd.DataFrame(rows, columns=["unique_id", "cutoff", "origin", "model", "seasonal_naive"])


def version(
    name: str,
    table: pd.DataFrame | None,
    metrics: dict[str, Any] | None = None,
    splits: list[list[float]] | None = None,
    seed: int = 0,
) -> Version:
    """splits: differences of half ensembles, a list for each split of the members; None: not known."""
    panel = {"rows": 20, "frequency": "MS", "season_length": 12}
    table = errors([]) if table is None else table
    columns = {f"split_{k}": split for k, split in enumerate(splits or [], start=1)}
    halves = table[["unique_id", "cutoff"]].assign(**columns) if splits else table[["unique_id", "cutoff"]].iloc[:0]
    return Version(name, {"train.seed": seed}, panel, metrics or {}, 1, table, halves)


def compared(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    return compare(version("before", errors([1.0]), before), version("after", errors([1.0]), after))


def test_changes_hold_changed_new_and_removed_values() -> None:
    found = changes({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4})
    assert [(each.name, each.before, each.after) for each in found] == [("b", 2, 5), ("d", None, 4), ("c", 3, None)]


def test_a_renamed_parameter_is_one_change_in_either_direction() -> None:
    """Two names of earlier versions, one with another value now; names that both versions share are as ever."""
    old = {"train.base_pull": 20.0, "window.most": 5, "model.cell": "lstm"}
    new = {"train.expert_pull": 20.0, "window.max_windows": 6, "model.cell": "lstm"}
    assert parameter_changes(old, new) == [
        Change("train.base_pull → train.expert_pull", 20.0, 20.0), Change("window.most → window.max_windows", 5, 6),
    ]  # fmt: skip
    assert [each.name for each in parameter_changes(new, old)] == [
        "train.expert_pull → train.base_pull", "window.max_windows → window.most",
    ]  # fmt: skip
    assert parameter_changes(old, old) == []
    assert parameter_changes({}, new | {"model.cell": None}) == [
        Change("train.expert_pull", None, 20.0), Change("window.max_windows", None, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "before", "after", "worse_by"),
    [
        ("model.mase", 0.5, 0.6, 0.2),
        ("model.msis_80", 2.0, 1.0, -0.5),
        ("model.coverage_80", 78.0, 86.0, 4.0),
        ("model.coverage_80", 96.0, 84.0, -12.0),
        ("skill", 0.5, 0.25, 0.25),
        ("model.width_80", 1.0, 2.0, None),
        ("model.mase_member_std", 1.0, 2.0, None),
        ("evaluated.points", 10, 20, None),
        ("model.mase", 0.0, 1.0, math.inf),
        ("model.mase", 0.0, 0.0, 0.0),
        ("model.mase", 1.0, None, None),
    ],
)
def test_each_metric_has_its_direction(
    name: str, before: float | None, after: float | None, worse_by: float | None
) -> None:
    (found,) = metric_changes({name: before}, {name: after})
    assert found.worse_by == (None if worse_by is None else pytest.approx(worse_by))


def test_metrics_of_the_model_are_shown_even_if_they_are_the_same() -> None:
    same = {"model.mase": 1.0, "baseline.seasonal_naive.mase": 2.0}
    assert [each.name for each in metric_changes(same, same)] == ["model.mase"]


def test_forecasts_are_paired_by_their_cutoff() -> None:
    """Two months were appended: three of the five origins of each have the same cutoff."""
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]))
    after = version("after", errors([3.5, 4.5, 5.5, 9.0, 9.0], first=3))
    pairs = common_pairs(before, after)
    assert pairs["cutoff"].tolist() == ["2020-03", "2020-04", "2020-05"]
    assert (pairs["model_after"] - pairs["model_before"]).tolist() == [0.5, 0.5, 0.5]
    found = compare(before, after)
    assert found.pairs == (3, 5, 5)
    assert "3 forecasts in common are too few" in found.verdict


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"horizon": 2}, "horizon 1 -> 2"),
        ({"panel": {"frequency": "MS", "season_length": 24}}, "season_length 12 -> 24"),
        ({"panel": {"frequency": "QS", "season_length": 12}}, "frequency MS -> QS"),
    ],
)
def test_errors_of_different_tasks_are_not_paired(other: dict[str, Any], words: str) -> None:
    """MASE's scale is a mean seasonal difference: with another season the same error has another value."""
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]))
    found = compare(before, replace(before, name="after", **other))
    assert found.pairs[0] == 0
    assert found.difference is None
    assert words in found.verdict


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ([-0.11, -0.09, -0.1, -0.12, -0.08], "smaller by 0.1000, statistically significant"),
        ([0.5, -0.4, 0.3, -0.2, 0.1], "larger by 0.06000, not significant"),
        ([0.0] * 5, "the same"),
    ],
)
def test_the_verdict_says_whether_a_change_is_significant(moved: list[float], words: str) -> None:
    base = [1.0, 2.0, 3.0, 4.0, 5.0]
    after = [error + change for error, change in zip(base, moved, strict=True)]
    assert words in compare(version("a", errors(base)), version("b", errors(after))).verdict


SMALLER = [0.9, 1.89, 2.91, 3.9, 4.9]  # by 0.1 than 1, 2, 3, 4, 5, without a doubt but for training


def test_training_that_moves_all_errors_as_much_explains_a_difference() -> None:
    """Half ensembles of each differ by 0.1 in all five forecasts, by both splits."""
    moved = [[0.1] * 5, [-0.1] * 5]
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]), splits=moved)
    after = version("after", errors(SMALLER), splits=[moved[1], moved[0]])
    found = compare(before, after)
    assert found.difference is not None
    assert found.difference.training_error == pytest.approx(0.2)
    assert "smaller by 0.1000, not significant" in found.verdict
    assert found.without_halves == []


def test_with_other_seeds_the_variances_from_training_add_up() -> None:
    """0.1 and 0.2 squared, by two splits and by three, of which some have the same signs."""
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]), splits=[[0.1] * 5, [-0.1] * 5])
    after = version("after", errors(SMALLER), splits=[[0.2] * 5, [-0.2] * 5, [0.2] * 5], seed=1)
    found = compare(before, after)
    assert found.difference is not None
    assert found.difference.training_error == pytest.approx(np.hypot(0.1, 0.2))
    assert len([name for name in common_pairs(before, after) if name.startswith("split_")]) == 5


def test_networks_that_are_the_same_add_nothing_to_the_test() -> None:
    """Their half ensembles differ by as much in both versions."""
    moved = [[0.1, 0.2, 0.3, 0.1, 0.5], [-0.1] * 5]
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]), splits=moved)
    found = compare(before, version("after", errors(SMALLER), splits=moved)).difference
    without = compare(before, version("after", errors(SMALLER))).difference
    assert found is not None
    assert without is not None
    assert (found.p, found.lower) == (without.p, without.lower)
    assert (found.training_error, without.training_error) == (0, None)
    assert compare(before, replace(before, name="after")).verdict == "The model's scaled errors are the same."


def test_half_ensembles_are_paired_by_cutoff_and_split() -> None:
    """Two months were appended, and members added: three forecasts and one split are in common."""
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]), splits=[[1.0, 2.0, 3.0, 4.0, 5.0]])
    after = version("after", errors([3.5, 4.5, 5.5], first=3), splits=[[3.5, 4.5, 6.0], [1.0, 1.0, 1.0]])
    pairs = common_pairs(before, after)
    assert pairs["split_1"].tolist() == [0.5, 0.5, 1.0]
    assert "split_2" not in pairs.dropna(axis=1)


@pytest.mark.parametrize(("first", "second"), [(None, [[0.1] * 5]), ([[0.1] * 5], None), (None, None)])
def test_versions_without_half_ensembles_are_tested_as_before_and_named(
    first: list[list[float]] | None, second: list[list[float]] | None
) -> None:
    before = version("before", errors([1.0, 2.0, 3.0, 4.0, 5.0]), splits=first)
    found = compare(before, version("after", errors(SMALLER), splits=second))
    assert found.difference is not None
    assert found.difference.training_error is None
    assert "statistically significant" in found.verdict
    names = [name for name, splits in [("before", first), ("after", second)] if splits is None]
    assert found.without_halves == names


def test_a_version_without_errors_is_named() -> None:
    assert "in old" in compare(version("old", None), version("new", errors([1.0]))).verdict


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        ({"model.mase": 1.0}, {"model.mase": 1.04}, []),
        ({"model.mase": 1.0}, {"model.mase": 1.06}, ["model.mase 1 -> 1.06 (+6.0%; compare.mase allows +5.0%)"]),
        ({"model.mase": 1.0, "model.rmse": 1.0}, {"model.mase": 1.0, "model.rmse": 9.0}, []),
        (
            {"model.mase": 1.0, "model.msis_95": 1.0},
            {"model.mase": 1.0, "model.msis_95": 1.3},
            ["model.msis_95 1 -> 1.3 (+30.0%; compare.msis allows +20.0%)"],
        ),
        (
            {"model.mase": 1.0, "model.coverage_80": 80.0},
            {"model.mase": 1.0, "model.coverage_80": 65.0},
            ["model.coverage_80 80 -> 65 (15 further from its level; compare.coverage allows 10)"],
        ),
        ({"model.mase": 3.0}, {"model.mase": 1.2, "baseline.seasonal_naive.mase": 1.1}, ["model.mase 1.2 loses"]),
        ({}, {"model.mase": 1.0, "baseline.seasonal_naive.mase": 1.0}, []),
        ({"model.mase": 0.0}, {"model.mase": 0.1}, ["model.mase 0 -> 0.1"]),
        ({"model.mase": 1.0}, {"model.mase": None}, ["model.mase 1 -> not measured"]),
        (
            {"model.mase": 1.0, "model.coverage_80": 57.0},
            {"model.mase": 1.0, "model.coverage_80": 58.0, "evaluated.interval_points": 120},
            ["model.coverage_80 is 58 over 120 values, 22 points below its level (compare.coverage allows 10)"],
        ),
        (
            {"model.mase": 1.0, "model.coverage_80": 57.0},
            {"model.mase": 1.0, "model.coverage_80": 58.0, "evaluated.interval_points": 99},
            [],
        ),
        ({"model.mase": 1.0, "model.coverage_80": 71.0}, {"model.mase": 1.0, "model.coverage_80": 70.0}, []),
        ({"model.mase": 1.0, "model.coverage_80": 80.0}, {"model.mase": 1.0}, ["model.coverage_80 80 -> not measured"]),
        ({}, {}, ["model.mase is not measured"]),
    ],
)
def test_reasons_to_reject_a_version(before: dict[str, Any], after: dict[str, Any], reasons: list[str]) -> None:
    found = worse(compared(before, after), TOLERANCES)
    assert len(found) == len(reasons)
    assert all(line.startswith(reason) for line, reason in zip(found, reasons, strict=True))


def test_a_new_metric_needs_a_row_of_the_table_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It then has a direction, a tolerance that is a parameter, and a reason to reject."""
    monkeypatch.setitem(METRICS, "wape", Metric("WAPE", "lower", "share", point=mae))
    before, after = {"model.mase": 1.0, "model.wape": 2.0}, {"model.mase": 1.0, "model.wape": 3.0}
    (reason,) = worse(compared(before, after), {"wape": 0.1})
    assert reason.startswith("model.wape 2 -> 3 (+50.0%; compare.wape allows +10.0%)")
    assert "wape" in tolerance_fields()


def test_a_tolerance_that_is_not_in_the_file_allows_any_change() -> None:
    assert Compare.model_validate({"mase": 0.1}).model_dump() == {
        "mase": 0.1, "smape": None, "mape": None, "mae": None, "rmse": None, "crps": None, "coverage": None,
        "msis": None,
    }  # fmt: skip


def test_of_methods_beside_the_model_the_mase_alone_is_listed() -> None:
    before = {"model.mase": 1.0, "combination.mase": 1.0, "combination.rmse": 9.0, "baseline.auto_ets.mase": 2.0}
    after = {"model.mase": 1.0, "combination.mase": 1.5, "combination.rmse": 8.0, "baseline.auto_ets.mase": 2.0}
    assert [change.name for change in metric_changes(before, after)] == ["model.mase", "combination.mase"]
