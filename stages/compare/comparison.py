"""Two versions side by side: what changed in parameters, data and metrics, and whether that is more than chance."""

from dataclasses import dataclass
from math import inf
from typing import Any

import pandas as pd

from stages.compare.params import Compare
from stages.compare.versions import Version
from stages.plot.significance import PAIR, Difference, margins, paired_difference

LOWER_IS_BETTER = ("mase", "smape", "mape", "mae", "rmse", "msis")


@dataclass(frozen=True)
class Change:
    """A value in both versions, None where one has none.

    worse_by: for a metric that has a direction, how much worse the second is: as a share of the first, for coverage
        in per cent of the values; None where that cannot be said
    """

    name: str
    before: Any
    after: Any
    worse_by: float | None = None


@dataclass(frozen=True)
class Comparison:
    """What `compare` finds.

    params, data: what changed
    metrics: the model's, and the others that changed
    incompatibilities: why scaled errors cannot be compared, if they cannot
    naive: the seasonal naive method's MASE in the second version
    difference: of the model's scaled errors on what both versions forecast, tested; None with too little in common
    pairs: how many pairs of series and origin are in common, and how many each version has
    margins: for the second version, the model's scaled errors less each baseline's, tested
    """

    before: str
    after: str
    params: list[Change]
    data: list[Change]
    metrics: list[Change]
    incompatibilities: list[str]
    naive: float | None
    difference: Difference | None
    pairs: tuple[int, int, int]
    margins: dict[str, Difference]

    @property
    def verdict(self) -> str:
        """One sentence."""
        common, first, second = self.pairs
        without = [name for name, count in ((self.before, first), (self.after, second)) if not count]
        if self.incompatibilities:
            return f"The versions are of different tasks: {', '.join(self.incompatibilities)}. Scaled errors do not compare."
        if not common:
            reason = f"no errors by series in {' and '.join(without)}" if without else "no forecast in common"
            return f"Better or worse cannot be told from chance: {reason}."
        if self.difference is None:
            return f"Better or worse cannot be told from chance: {common} forecasts in common are too few."
        if self.difference.mean == self.difference.low == self.difference.high == 0:
            return "The model's errors are the same."
        side = "smaller" if self.difference.mean < 0 else "larger"
        chance = "by more than chance explains" if self.difference.significant else "no more than chance explains"
        return f"The model's scaled errors are {side} by {abs(self.difference.mean):.4g}, {chance}."


def compare(before: Version, after: Version) -> Comparison:
    """Everything that differs between two versions."""
    common = common_pairs(before, after)
    return Comparison(
        before=before.name,
        after=after.name,
        params=changes(before.params, after.params),
        data=changes(before.panel, after.panel),
        metrics=metric_changes(before.metrics, after.metrics),
        incompatibilities=incompatibilities(before, after),
        naive=after.metrics.get("baseline.seasonal_naive.mase"),
        difference=paired_difference(common, "model_before", "model_after", after.horizon),
        pairs=(len(common), len(before.errors), len(after.errors)),
        margins=margins(after.errors, after.horizon),
    )


def incompatibilities(before: Version, after: Version) -> list[str]:
    """Why scaled errors of two versions cannot be compared, if they cannot: they are measured by other measures."""
    facts = {name: (before.panel.get(name), after.panel.get(name)) for name in ("frequency", "season_length")}
    facts["horizon"] = (before.horizon, after.horizon)
    return [
        f"{name} {first} -> {second}"
        for name, (first, second) in facts.items()
        if None not in (first, second) and first != second
    ]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """What differs, in the order of the second."""
    names = [*after, *(name for name in before if name not in after)]
    pairs = [Change(name, before.get(name), after.get(name)) for name in names]
    return [pair for pair in pairs if pair.before != pair.after]


def metric_changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The model's metrics, and the others that changed, each with how much worse it became."""
    names = [*after, *(name for name in before if name not in after)]
    return [
        Change(name, before.get(name), after.get(name), _worse_by(name, before.get(name), after.get(name)))
        for name in names
        if _of_model(name) or before.get(name) != after.get(name)
    ]


def common_pairs(before: Version, after: Version) -> pd.DataFrame:
    """The scaled errors, `model_before` and `model_after`, of what both versions forecast from the same last step.

    None where the errors are in other units.
    """
    first, second = (version.errors.drop_duplicates(PAIR) for version in (before, after))
    if incompatibilities(before, after):
        first = first.iloc[:0]
    return first[[*PAIR, "model"]].merge(second[[*PAIR, "origin", "model"]], on=PAIR, suffixes=("_before", "_after"))


def worse(comparison: Comparison, tolerances: Compare) -> list[str]:
    """Why the second version is to be refused, a line for each reason; none where it is not.

    What was measured before and is not now cannot pass for as good.
    """
    reasons = []
    model = {change.name.removeprefix("model."): change for change in comparison.metrics if _of_model(change.name)}
    for name, change in model.items():
        metric = name.split("_")[0]
        most = getattr(tolerances, metric, None) if name != "mase_member_std" else None
        if most is None or change.before is None:
            continue
        if change.after is None:
            reasons.append(f"{change.name} {change.before:g} -> not measured (compare.{metric}: null lets that pass)")
        elif change.worse_by is not None and change.worse_by > most:
            points = metric == "coverage"
            by = f"{change.worse_by:.3g} further from its level" if points else f"{change.worse_by:+.1%}"
            allowed = f"compare.{metric} allows {f'{most:g}' if points else f'{most:+.1%}'}"
            if comparison.incompatibilities:
                allowed += f"; another task: {', '.join(comparison.incompatibilities)}"
            reasons.append(f"{change.name} {change.before:g} -> {change.after:g} ({by}; {allowed})")
    mase = model["mase"].after if "mase" in model else None
    if mase is None:
        if tolerances.mase is not None and not any("not measured" in reason for reason in reasons):
            reasons.append("model.mase is not measured (backtest.origins 0?)")
    elif comparison.naive is not None and mase > comparison.naive:
        reasons.append(f"model.mase {mase:g} loses to the seasonal naive method's {comparison.naive:g}")
    return reasons


def _of_model(name: str) -> bool:
    return name.startswith("model.")


def _worse_by(name: str, before: float | None, after: float | None) -> float | None:
    metric = name.split(".")[-1]
    if before is None or after is None:
        return None
    if metric.startswith("coverage_"):
        level = float(metric.removeprefix("coverage_"))
        return abs(after - level) - abs(before - level)
    if metric == "skill":
        return before - after
    if metric.split("_")[0] in LOWER_IS_BETTER and metric != "mase_member_std":
        return after / before - 1 if before > 0 else (inf if after > 0 else 0.0)
    return None
