"""Evaluate the forecasts of the evaluation origins: intervals, baselines and metrics."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.panel.panel import History
from stages.predict.intervals import half_widths_at, intervals
from stages.predict.metrics import interval_scores, overall_mean, point_scores, six_digits
from stages.predict.scoring import ScoredForecast


@dataclass(frozen=True)
class Evaluation:
    """One evaluation origin, all arrays for the S series that have a history there.

    series: (S,) their places in the panel
    methods: (S, horizon) forecasts by name: `model`, then the baselines
    member_errors: (S, M) mean absolute error of each member
    half_differences: (S, K) differences of the errors of half ensembles, for K splits of the members
    lower, upper: (levels, S, horizon)
    mase_scale: (S,) MASE's denominator
    fallback: how many of the model's forecasts are seasonal naive ones
    """

    history: History
    series: Ints
    actual: Floats
    methods: dict[str, Floats]
    member_errors: Floats
    half_differences: Floats
    lower: Floats
    upper: Floats
    mase_scale: Floats
    fallback: int


def evaluate(
    scored: ScoredForecast,
    backtest: list[ScoredForecast],
    history: History,
    baselines: dict[str, Floats],
    levels: list[int],
) -> Evaluation:
    """Evaluate the forecast of one origin, its intervals from the errors of the earlier origins in `backtest`.

    baselines: by name, (S, horizon) for the S series that have a history
    """
    forecast = scored.forecast
    lower, upper = intervals(forecast, half_widths_at(forecast, backtest, levels, history))
    series = np.flatnonzero(forecast.has_history)
    return Evaluation(
        history=history,
        series=series,
        actual=scored.actual[series],
        methods={"model": forecast.point[series], **baselines},
        member_errors=scored.member_errors[series],
        half_differences=scored.half_differences[series],
        lower=lower[:, series],
        upper=upper[:, series],
        mase_scale=scored.mase_scale[series],
        fallback=int(forecast.fallback[series].sum()),
    )


def measure(evaluations: list[Evaluation], levels: list[int]) -> dict[str, Any]:
    """The contents of metrics.json; without evaluation origins only the counts."""
    measured: dict[str, Any] = {"evaluated": _counts(evaluations)}
    if not evaluations:
        return measured
    by_method = {name: _point_metrics(evaluations, name) for name in evaluations[0].methods}
    model = by_method.pop("model") | _spread_of_members(evaluations) | _interval_metrics(evaluations, levels)
    measured |= {"model": model, "baseline": by_method}
    naive = by_method["seasonal_naive"].get("mase")
    if "mase" in model and naive:
        measured["skill"] = six_digits(1 - model["mase"] / naive)
    return measured


def _counts(evaluations: list[Evaluation]) -> dict[str, int]:
    return {
        "origins": len(evaluations),
        "series": len({int(i) for evaluation in evaluations for i in evaluation.series}),
        "points": int(sum((~np.isnan(evaluation.actual)).sum() for evaluation in evaluations)),
        "fallback": sum(evaluation.fallback for evaluation in evaluations),
        "without_scale": _without_scale(evaluations),
    }


def _without_scale(evaluations: list[Evaluation]) -> int:
    """The number of series that no scaled metric counts, since none of their histories has a scale."""
    scaled = {int(i) for e in evaluations for i in e.series[np.isfinite(e.mase_scale)]}
    return len({int(i) for e in evaluations for i in e.series} - scaled)


def _point_metrics(evaluations: list[Evaluation], method: str) -> dict[str, float]:
    return _pooled([point_scores(e.actual, e.methods[method], e.mase_scale) for e in evaluations])


def _interval_metrics(evaluations: list[Evaluation], levels: list[int]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for row, level in enumerate(levels):
        metrics |= _pooled(
            [interval_scores(e.actual, e.lower[row], e.upper[row], e.mase_scale, level) for e in evaluations]
        )
    return metrics


def _spread_of_members(evaluations: list[Evaluation]) -> dict[str, float]:
    """The standard deviation of the members' MASE; nothing where fewer than two have one."""
    members = range(evaluations[0].member_errors.shape[1])
    scores = [overall_mean([e.member_errors[:, member] / e.mase_scale for e in evaluations]) for member in members]
    known = [score for score in scores if score is not None]
    return {"mase_member_std": six_digits(float(np.std(known, ddof=1)))} if len(known) > 1 else {}


def _pooled(scores: list[dict[str, Floats]]) -> dict[str, float]:
    """The mean of each metric over series and origins, from its values (S,) at each origin; none without a value."""
    means = {name: overall_mean([each[name] for each in scores]) for name in scores[0]}
    return {name: value for name, value in means.items() if value is not None}
