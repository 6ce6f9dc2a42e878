"""Compare two versions: what changed, whether the model became better, and whether it is worse than allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import pandas as pd

from stages.common.params import SECTIONS, schema_of
from stages.compare.versions import Version
from stages.plot.digits import significant
from stages.plot.significance import PAIR, PairedTest, compare_with_others, paired_test
from stages.predict.metrics import METRICS, metric_of

ENOUGH_VALUES = 100  # that coverage rests on, before the gate calls it too low
OTHERS = ("baseline.", "combination.", "covariates.")  # begin the metrics of other forecasts than the model's own
SUFFIXES = ("_before", "_after")  # of columns that both versions have


@dataclass(frozen=True)
class Change:
    """A value in both versions; None in one that does not have it.

    name: in the second version; with an arrow after the one in the first, where a parameter was renamed
    """

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class MetricChange(Change):
    """A key of metrics.json in both versions.

    metric: its name in METRICS; None for a count and the like
    worse_by: how much worse the second is, negative where it is better: as a share of the first or in percentage
        points, by the metric's tolerance; None without a direction, or where a version has no value
    """

    metric: str | None = None
    worse_by: float | None = None

    @property
    def of_model(self) -> bool:
        return self.name.startswith("model.")


@dataclass(frozen=True)
class Comparison:
    """What `compare` finds.

    params, data: what changed
    metrics: all of the model's, and the others that changed
    incompatibilities: why the scaled errors are not comparable, if they are not
    seasonal_naive: the seasonal naive method's MASE in the second version
    interval_points: how many actual values the coverage in the second version rests on
    difference: of the model's scaled errors, second version minus first; None with too few in common for a test
    pairs: how many pairs of series and origin are in common, and how many each version has
    without_halves: the versions that do not tell their variation from training, with which there is none in the test
    baselines: for the second version, the model's scaled errors minus each baseline's
    """

    before: str
    after: str
    params: list[Change]
    data: list[Change]
    metrics: list[MetricChange]
    incompatibilities: list[str]
    seasonal_naive: float | None
    interval_points: float | None
    difference: PairedTest | None
    pairs: tuple[int, int, int]
    without_halves: list[str]
    baselines: dict[str, PairedTest]

    @property
    def verdict(self) -> str:
        """One sentence."""
        common, first, second = self.pairs
        without = [name for name, count in ((self.before, first), (self.after, second)) if not count]
        if self.incompatibilities:
            return f"Scaled errors are not comparable, the tasks differ: {', '.join(self.incompatibilities)}."
        if not common:
            reason = f"no errors by series in {' and '.join(without)}" if without else "no forecast in common"
            return f"Whether the model became better cannot be tested: {reason}."
        if self.difference is None:
            return f"Whether the model became better cannot be tested: {common} forecasts in common are too few."
        if self.difference.mean == self.difference.lower == self.difference.upper == 0:
            return "The model's scaled errors are the same."
        side = "smaller" if self.difference.mean < 0 else "larger"
        by = significant(abs(self.difference.mean))
        return f"The model's scaled errors are {side} by {by}, {self._significance}."

    @property
    def _significance(self) -> str:
        return "statistically significant" if self.difference and self.difference.significant else "not significant"

    @property
    def unmarked(self) -> str:
        """Why no metric is called better or worse: only a significant change of the errors on the same data is one."""
        if self.incompatibilities:
            return "the tasks differ"
        if any(None not in (change.before, change.after) for change in self.data):
            return "the data differ"
        if self.difference is None:
            return "the difference cannot be tested"
        return "" if self.difference.significant else "the change of the scaled errors is not significant"


def compare(before: Version, after: Version) -> Comparison:
    """Everything that differs between two versions."""
    common = common_pairs(before, after)
    return Comparison(
        before=before.name,
        after=after.name,
        params=parameter_changes(before.params, after.params),
        data=changes(before.panel, after.panel),
        metrics=metric_changes(before.metrics, after.metrics),
        incompatibilities=incompatibilities(before, after),
        seasonal_naive=after.metrics.get("baseline.seasonal_naive.mase"),
        interval_points=after.metrics.get("evaluated.interval_points"),
        difference=paired_test(common, "model_before", "model_after", after.horizon),
        pairs=(len(common), len(before.errors), len(after.errors)),
        without_halves=[version.name for version in (before, after) if _lacks_halves(version)],
        baselines=compare_with_others(after.errors, after.halves, after.horizon),
    )


def _lacks_halves(version: Version) -> bool:
    """Whether half ensembles are not known for all errors of a version."""
    known = version.errors[PAIR].merge(version.halves[PAIR]) if not version.halves.empty else version.halves
    return len(known.drop_duplicates()) < len(version.errors[PAIR].drop_duplicates())


def incompatibilities(before: Version, after: Version) -> list[str]:
    """Why the scaled errors of two versions are not comparable, if they are not: their scale or horizon differs."""
    facts = {name: (before.panel.get(name), after.panel.get(name)) for name in ("frequency", "season_length")}
    facts["horizon"] = (before.horizon, after.horizon)
    return [
        f"{name} {first} -> {second}"
        for name, (first, second) in facts.items()
        if None not in (first, second) and first != second
    ]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The values that differ, in the order of the second version."""
    pairs = [Change(name, before.get(name), after.get(name)) for name in _names(before, after)]
    return [pair for pair in pairs if pair.before != pair.after]


def parameter_changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """`changes` of parameters; one that was renamed is one change, also where it kept its value.

    Old names are those of the sections' RENAMED, in either version.
    """
    new = {f"{section}.{old}": name for section in SECTIONS for old, name in schema_of(section).RENAMED.items()}
    first, second = ({new.get(name, name): (name, value) for name, value in each.items()} for each in (before, after))
    found = []
    for name in _names(first, second):
        (was, old), (now, value) = (each.get(name, ("", None)) for each in (first, second))
        renaming = was != now and "" not in (was, now)
        if renaming or old != value:
            found.append(Change(f"{was} → {now}" if renaming else now or was, old, value))
    return found


def metric_changes(before: dict[str, Any], after: dict[str, Any]) -> list[MetricChange]:
    """The model's metrics, and the others that changed; of another method its MASE alone."""
    names = [name for name in _names(before, after) if not name.startswith(OTHERS) or name.endswith(".mase")]
    pairs = [_metric_change(name, before.get(name), after.get(name)) for name in names]
    return [pair for pair in pairs if pair.of_model or pair.before != pair.after]


def common_pairs(before: Version, after: Version) -> pd.DataFrame:
    """The scaled errors, `model_before` and `model_after`, of what both versions forecast from the same cutoff.

    No rows where the errors are not comparable. With them, what training alone gives their difference.
    """
    first, second = (version.errors.drop_duplicates(PAIR) for version in (before, after))
    if incompatibilities(before, after):
        first = first.iloc[:0]
    pairs = first[[*PAIR, "model"]].merge(second[[*PAIR, "origin", "model"]], on=PAIR, suffixes=SUFFIXES)
    return pairs.merge(differences_from_training(before, after), how="left", on=PAIR)


def differences_from_training(before: Version, after: Version) -> pd.DataFrame:
    """By pair, what training alone gives the difference of two versions' errors: a column for each split of members.

    With the same seed and number of members, those of the same place belong together: a column is the second version's
    difference of half ensembles minus the first's, 0 where the networks are the same. Otherwise the columns are those
    of both versions, in proportions with which the variances of the two add up. No rows where one version has none.
    """
    first, second = (version.halves.drop_duplicates(PAIR).set_index(PAIR) for version in (before, after))
    if first.empty or second.empty:
        return pd.DataFrame(columns=PAIR)
    if all(before.params.get(name) == after.params.get(name) for name in ("train.seed", "train.members")):
        return (second - first).reset_index()
    splits = first.shape[1] + second.shape[1]
    shares = [
        (table * sqrt(splits / table.shape[1])).add_suffix(suffix)
        for table, suffix in zip((first, second), SUFFIXES, strict=True)
    ]
    return pd.concat(shares, axis=1, join="inner").reset_index()


def worse(comparison: Comparison, tolerances: Mapping[str, float | None]) -> list[str]:
    """Reasons to reject the second version; empty if there are none.

    tolerances: by metric, as in the `compare` section

    A metric that is no longer measured cannot pass for as good as before.
    """
    reasons = [
        reason
        for change in comparison.metrics
        if change.of_model and change.metric
        for reason in _beyond_tolerance(change, change.metric, tolerances.get(change.metric), comparison)
    ]
    reasons += _narrow_intervals(comparison, tolerances.get("coverage"))
    mase = next((change.after for change in comparison.metrics if change.name == "model.mase"), None)
    if mase is not None:
        return reasons + _against_seasonal_naive(mase, comparison.seasonal_naive)
    if tolerances.get("mase") is not None and not any("not measured" in reason for reason in reasons):
        reasons.append("model.mase is not measured (backtest.origins 0?)")
    return reasons


def _beyond_tolerance(change: MetricChange, metric: str, tolerance: float | None, comparison: Comparison) -> list[str]:
    """The reason for rejection in one change of a metric, if it is one."""
    if tolerance is None or change.before is None:
        return []
    if change.after is None:
        return [f"{change.name} {change.before:g} -> not measured (compare.{metric}: null lets that pass)"]
    if change.worse_by is None or change.worse_by <= tolerance:
        return []
    if METRICS[metric].tolerance == "points":
        by, allowed = f"{significant(change.worse_by, 3)} further from its level", f"{tolerance:g}"
    else:
        by, allowed = f"{change.worse_by:+.1%}", f"{tolerance:+.1%}"
    tasks = "; the tasks differ: " + ", ".join(comparison.incompatibilities) if comparison.incompatibilities else ""
    return [f"{change.name} {change.before:g} -> {change.after:g} ({by}; compare.{metric} allows {allowed}{tasks})"]


def _narrow_intervals(comparison: Comparison, tolerance: float | None) -> list[str]:
    """A reason for each level whose intervals cover too few of many actual values, and already did before."""
    points = comparison.interval_points or 0
    if tolerance is None or points < ENOUGH_VALUES:
        return []
    reasons = []
    for change in comparison.metrics:
        metric, level = metric_of(change.name) or (None, None)
        if not change.of_model or metric != "coverage" or level is None or change.after is None:
            continue
        became_worse = change.worse_by is not None and change.worse_by > tolerance
        if change.after < level - tolerance and not became_worse:
            below = significant(level - change.after, 3)
            reasons.append(
                f"{change.name} is {change.after:g} over {points:g} values, {below} points below its level "
                f"(compare.coverage allows {tolerance:g})"
            )
    return reasons


def _against_seasonal_naive(mase: float, seasonal_naive: float | None) -> list[str]:
    if seasonal_naive is None or mase <= seasonal_naive:
        return []
    return [f"model.mase {mase:g} loses to the seasonal naive method's {seasonal_naive:g}"]


def _names(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [*after, *(name for name in before if name not in after)]


def _metric_change(name: str, before: float | None, after: float | None) -> MetricChange:
    metric, level = metric_of(name) or (None, None)
    if metric is None or before is None or after is None:
        return MetricChange(name, before, after, metric)
    return MetricChange(name, before, after, metric, _worse_by(metric, level, before, after))


def _worse_by(metric: str, level: int | None, before: float, after: float) -> float | None:
    """How much worse `after` is, see `MetricChange`."""
    direction = METRICS[metric].direction
    if direction is None:
        return None
    if direction == "level" and level is not None:  # the distance to it is better if lower
        before, after = abs(before - level), abs(after - level)
    if METRICS[metric].tolerance == "share":
        rise = after / before - 1 if before > 0 else (inf if after > 0 else 0.0)
    else:
        rise = after - before
    return -rise if direction == "higher" else rise
