"""Two versions side by side: what changed in parameters, data and metrics, and whether that is more than chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stages.common.params import Compare
from stages.common.significance import Difference, margins, paired_difference
from stages.common.versions import Version

PAIR = ["unique_id", "known_until"]
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
    difference: of the model's scaled errors on what both versions forecast, tested; None with too little in common
    pairs: how many pairs of series and origin are in common, and how many each version has
    margins: for the second version, the model's scaled errors less each baseline's, tested
    """

    before: str
    after: str
    params: list[Change]
    data: list[Change]
    metrics: list[Change]
    difference: Difference | None
    pairs: tuple[int, int, int]
    margins: dict[str, Difference]

    @property
    def verdict(self) -> str:
        """One sentence."""
        common, first, second = self.pairs
        if not common:
            without = [name for name, count in ((self.before, first), (self.after, second)) if not count]
            reason = f"no errors by series in {' and '.join(without)}" if without else "no forecast in common"
            return f"Better or worse cannot be told from chance: {reason}."
        if self.difference is None:
            return f"Better or worse cannot be told from chance: {common} forecasts in common are too few."
        if self.difference.mean == self.difference.low == self.difference.high == 0:
            return "The model's errors are the same."
        side = "smaller" if self.difference.mean < 0 else "larger"
        chance = "by more than chance explains" if self.difference.beyond_chance else "no more than chance explains"
        return f"The model's scaled errors are {side} by {abs(self.difference.mean):.4g}, {chance}."


def compare(before: Version, after: Version) -> Comparison:
    """Everything that differs between two versions."""
    common = common_pairs(before, after)
    sizes = [0 if version.errors is None else len(version.errors) for version in (before, after)]
    by_step = None
    if len(common) == sizes[0] == sizes[1] and before.by_step is not None and after.by_step is not None:
        steps = after.by_step["model"] - before.by_step["model"]  # means over the very same forecasts
        by_step = steps.to_numpy(dtype=np.float64)
    horizon = _horizon(after)
    return Comparison(
        before=before.name,
        after=after.name,
        params=changes(before.params, after.params),
        data=changes(before.panel, after.panel),
        metrics=metric_changes(before.metrics, after.metrics),
        difference=paired_difference(common, "model_before", "model_after", horizon, by_step),
        pairs=(len(common), sizes[0], sizes[1]),
        margins={} if after.errors is None else margins(after.errors, after.by_step, horizon),
    )


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
        if name.startswith("model.") or before.get(name) != after.get(name)
    ]


def common_pairs(before: Version, after: Version) -> pd.DataFrame:
    """The scaled errors, `model_before` and `model_after`, of what both versions forecast from the same last step.

    None where the horizons differ: the errors would be means over different steps.
    """
    if before.errors is None or after.errors is None or _horizon(before) != _horizon(after):
        return pd.DataFrame(columns=[*PAIR, "origin", "model_before", "model_after"])
    first, second = (version.errors.drop_duplicates(PAIR) for version in (before, after))  # type: ignore[union-attr]
    return first[[*PAIR, "model"]].merge(second[[*PAIR, "origin", "model"]], on=PAIR, suffixes=("_before", "_after"))


def worse(comparison: Comparison, after: Version, tolerances: Compare) -> list[str]:
    """Why the second version is to be refused, a line for each reason; none where it is not."""
    reasons = []
    for change in comparison.metrics:
        section, _, name = change.name.partition(".")
        metric = name.split("_")[0]
        most = getattr(tolerances, metric, None) if section == "model" else None
        if most is None or change.worse_by is None or change.worse_by <= most:
            continue
        points = metric == "coverage"
        by = f"{change.worse_by:.3g} further from its level" if points else f"{change.worse_by:+.1%}"
        allowed = f"compare.{metric} allows {f'{most:g}' if points else f'{most:+.1%}'}"
        reasons.append(f"{change.name} {change.before:g} -> {change.after:g} ({by}; {allowed})")
    model, naive = after.metrics.get("model.mase"), after.metrics.get("baseline.seasonal_naive.mase")
    if model is not None and naive is not None and model > naive:
        reasons.append(f"model.mase {model:g} loses to the seasonal naive method's {naive:g}")
    return reasons


def _worse_by(name: str, before: Any, after: Any) -> float | None:
    metric = name.split(".")[-1]
    if not isinstance(before, (int, float)) or not isinstance(after, (int, float)):
        return None
    if metric.startswith("coverage_"):
        level = float(metric.removeprefix("coverage_"))
        return abs(after - level) - abs(before - level)
    if metric == "skill":
        return float(before - after)
    if metric.split("_")[0] in LOWER_IS_BETTER and metric != "mase_member_std" and before > 0:
        return float(after / before - 1)
    return None


def _horizon(version: Version) -> int:
    return int(version.params.get("backtest.horizon", 1))
