"""Evaluate the forecasts of the evaluation origins: intervals, baselines and metrics."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.panel.history import History
from stages.predict.intervals import half_widths_at, intervals
from stages.predict.metrics import coverage, interval_score, overall_mean, scores, six_digits
from stages.predict.scoring import ScoredForecast


@dataclass(frozen=True)
class Evaluation:
    """One evaluation origin, all arrays for the S series that have a history there.

    series: (S,) their places in the panel
    methods: (S, horizon) forecasts by name: `model`, then the baselines
    member_errors: (S, M) mean absolute error of each member
    lower, upper: (levels, S, horizon)
    mase_scale: (S,) MASE's denominator
    fallback: how many of the model's forecasts are seasonal naive ones
    """

    history: History
    series: Ints
    actual: Floats
    methods: dict[str, Floats]
    member_errors: Floats
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
        lower=lower[:, series],
        upper=upper[:, series],
        mase_scale=scored.mase_scale[series],
        fallback=int(forecast.fallback[series].sum()),
    )


def measure(evaluations: list[Evaluation], levels: list[int]) -> dict[str, Any]:
    """The contract's metrics; without evaluation origins only the counts."""
    counted = [evaluation.actual for evaluation in evaluations]
    measured: dict[str, Any] = {
        "evaluated": {
            "origins": len(evaluations),
            "series": len({int(i) for evaluation in evaluations for i in evaluation.series}),
            "points": int(sum((~np.isnan(actual)).sum() for actual in counted)),
            "fallback": sum(evaluation.fallback for evaluation in evaluations),
        }
    }
    if not evaluations:
        return measured
    by_method = {name: _pooled(evaluations, name) for name in evaluations[0].methods}
    model = by_method.pop("model")
    members = [
        overall_mean(np.concatenate([e.member_errors[:, m] / e.mase_scale for e in evaluations]))
        for m in range(evaluations[0].member_errors.shape[1])
    ]
    known = [each for each in members if each is not None]
    if len(known) > 1:
        model["mase_member_std"] = six_digits(float(np.std(known, ddof=1)))
    for row, level in enumerate(levels):
        covered = [coverage(e.actual, e.lower[row], e.upper[row]) for e in evaluations]
        width = [(e.upper[row] - e.lower[row]) / e.mase_scale[:, None] for e in evaluations]
        model[f"coverage_{level}"] = overall_mean(np.concatenate(covered))
        model[f"width_{level}"] = overall_mean(np.concatenate(width))
        missed = [interval_score(e.actual, e.lower[row], e.upper[row], e.mase_scale, level) for e in evaluations]
        model[f"msis_{level}"] = overall_mean(np.concatenate(missed))
    measured["model"] = {name: value for name, value in model.items() if value is not None}
    measured["baseline"] = by_method
    if model.get("mase") is not None and by_method["seasonal_naive"].get("mase"):
        measured["skill"] = six_digits(1 - model["mase"] / by_method["seasonal_naive"]["mase"])
    return measured


def _pooled(evaluations: list[Evaluation], name: str) -> dict[str, Any]:
    each = [scores(e.actual, e.methods[name], e.mase_scale) for e in evaluations]
    means = {metric: overall_mean(np.concatenate([one[metric] for one in each])) for metric in each[0]}
    return {metric: value for metric, value in means.items() if value is not None}
