"""Evaluate the forecasts of the evaluation origins: intervals, baselines and metrics."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.panel.panel import History
from stages.predict.baselines import NAIVE
from stages.predict.intervals import Calibration, Limits
from stages.predict.methods import Methods
from stages.predict.metrics import bias, crps, interval_scores, overall_mean, point_scores, pooled, six_digits
from stages.predict.params import COMBINATION, MODEL

LOW_SUM = 0.5  # of the actual values: forecasts that sum to less are said to


@dataclass(frozen=True)
class Evaluation:
    """One evaluation origin, all arrays for the S series that have a history there.

    series: (S,) their places in the panel
    methods: (S, horizon) forecasts by name: `model`, then the baselines, then their combination
    member_errors: (S, M) mean absolute error of each member
    half_differences: (S, K) differences of the errors of half ensembles, for K splits of the members
    limits: lower and upper limits, each (levels, S, horizon), of the methods that have intervals
    losses: (S, horizon) mean quantile losses of these methods
    mase_scale: (S,) MASE's denominator
    fallback: how many of the model's forecasts are seasonal naive ones
    """

    history: History
    series: Ints
    actual: Floats
    methods: dict[str, Floats]
    member_errors: Floats
    half_differences: Floats
    limits: dict[str, Limits]
    losses: dict[str, Floats]
    mase_scale: Floats
    fallback: int


def evaluate(
    methods: Methods, place: int, history: History, calibrations: dict[str, list[Calibration]], levels: list[int]
) -> Evaluation:
    """Evaluate the forecasts of one origin.

    place: of the origin in the lists of `methods`
    calibrations: of the methods that have intervals, at each origin
    """
    model = methods[MODEL][place]
    series = np.flatnonzero(model.forecast.has_history)
    forecasts = {name: methods[name][place].forecast.take(series) for name in calibrations}
    return Evaluation(
        history=history,
        series=series,
        actual=model.actual[series],
        methods={name: scored[place].forecast.point[series] for name, scored in methods.items()},
        member_errors=model.member_errors[series],
        half_differences=model.half_differences[series],
        limits={name: calibrations[name][place].limits(each, levels) for name, each in forecasts.items()},
        losses={name: calibrations[name][place].loss(each, model.actual[series]) for name, each in forecasts.items()},
        mase_scale=model.mase_scale[series],
        fallback=int(model.forecast.fallback[series].sum()),
    )


def measure(evaluations: list[Evaluation], levels: list[int]) -> dict[str, Any]:
    """The contents of metrics.json; without evaluation origins only the counts."""
    measured: dict[str, Any] = {"evaluated": _counts(evaluations)}
    if not evaluations:
        return measured
    by_method = {name: _metrics(evaluations, name, levels) for name in evaluations[0].methods}
    measured |= {MODEL: by_method.pop(MODEL) | _spread_of_members(evaluations)}
    if COMBINATION in by_method:
        measured[COMBINATION] = by_method.pop(COMBINATION)
    measured["baseline"] = by_method
    naive = by_method[NAIVE].get("mase")
    if "mase" in measured[MODEL] and naive:
        measured["skill"] = six_digits(1 - measured[MODEL]["mase"] / naive)
    return measured


def _counts(evaluations: list[Evaluation]) -> dict[str, int]:
    return {
        "origins": len(evaluations),
        "series": len({int(i) for evaluation in evaluations for i in evaluation.series}),
        "forecasts": sum(len(evaluation.series) for evaluation in evaluations),
        "points": int(sum((~np.isnan(evaluation.actual)).sum() for evaluation in evaluations)),
        "interval_points": int(sum(_with_limits(evaluation).sum() for evaluation in evaluations)),
        "fallback": sum(evaluation.fallback for evaluation in evaluations),
        "without_scale": _without_scale(evaluations),
    }


def _without_scale(evaluations: list[Evaluation]) -> int:
    """The number of series that no scaled metric counts, since none of their histories has a scale."""
    scaled = {int(i) for e in evaluations for i in e.series[np.isfinite(e.mase_scale)]}
    return len({int(i) for e in evaluations for i in e.series} - scaled)


def _with_limits(evaluation: Evaluation) -> Bools:
    """(S, horizon) whether an actual value has an interval of the model, and coverage counts it."""
    lower, upper = evaluation.limits[MODEL]
    known: Bools = np.isfinite(evaluation.actual) & np.isfinite(lower[:1] + upper[:1]).any(axis=0)
    return known


def _metrics(evaluations: list[Evaluation], method: str, levels: list[int]) -> dict[str, float]:
    """Every metric of one method, over series and origins."""
    metrics = _pooled([point_scores(e.actual, e.methods[method], e.mase_scale) for e in evaluations])
    in_sum = bias([e.actual for e in evaluations], [e.methods[method] for e in evaluations])
    metrics |= {} if in_sum is None else {"bias": in_sum, "series_low_in_sum": _low_in_sum(evaluations, method)}
    if method in evaluations[0].losses:
        score = crps([e.actual for e in evaluations], [e.losses[method] for e in evaluations])
        metrics |= {} if score is None else {"crps": score}
    for row, level in enumerate(levels if method in evaluations[0].limits else []):
        limits = [(e.limits[method][0][row], e.limits[method][1][row]) for e in evaluations]
        scores = [
            interval_scores(e.actual, *both, e.mase_scale, level) for e, both in zip(evaluations, limits, strict=True)
        ]
        metrics |= _pooled(scores)
    return metrics


def _low_in_sum(evaluations: list[Evaluation], method: str) -> int:
    """The number of series whose forecasts sum to less than LOW_SUM of the actual values, whose sum is positive."""
    sums: dict[int, Floats] = {}
    for each in evaluations:
        both = np.stack([each.actual, each.methods[method]], axis=-1)
        both = np.where(np.isfinite(both).all(axis=-1, keepdims=True), both, 0).sum(axis=1)
        for series, own in zip(each.series.tolist(), both, strict=True):
            sums[series] = sums.get(series, np.zeros(2)) + own
    return sum(bool(actual > 0 and forecast < LOW_SUM * actual) for actual, forecast in sums.values())


def _spread_of_members(evaluations: list[Evaluation]) -> dict[str, float]:
    """The standard deviation of the members' MASE; nothing where fewer than two have one."""
    members = range(evaluations[0].member_errors.shape[1])
    scores = [overall_mean([e.member_errors[:, member] / e.mase_scale for e in evaluations]) for member in members]
    known = [score for score in scores if score is not None]
    return {"mase_member_std": six_digits(float(np.std(known, ddof=1)))} if len(known) > 1 else {}


def _pooled(scores: list[dict[str, Floats]]) -> dict[str, float]:
    """Each metric over series and origins, from its values (S,) at each origin; none without a value."""
    values = {name: pooled(name, [each[name] for each in scores]) for name in scores[0]}
    return {name: value for name, value in values.items() if value is not None}
