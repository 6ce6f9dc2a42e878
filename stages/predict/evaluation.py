"""Forecasts of the evaluation origins beside what came next and the baselines: metrics and tables."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stages.panel.panel import Panel
from stages.predict.forecasts import OriginForecast
from stages.predict.metrics import coverage, interval_score, mean_known, scores, six_digits

Floats = npt.NDArray[np.float64]

MOST_ERRORS = 5_000  # rows of the table of scaled errors, which is in Git


@dataclass(frozen=True)
class Evaluation:
    """One evaluation origin, all arrays for the S series that have a history there.

    methods: (S, horizon) forecasts by name: `model`, then the baselines
    member_errors: (M, S) mean absolute error of each member
    low, high: (levels, S, horizon)
    scale: (S,) MASE's denominator
    """

    origin: OriginForecast
    series: npt.NDArray[np.int64]
    actual: Floats
    methods: dict[str, Floats]
    member_errors: Floats
    low: Floats
    high: Floats
    scale: Floats


def measure(evaluations: list[Evaluation], levels: list[int]) -> dict[str, Any]:
    """The contract's metrics; without evaluation origins only the counts."""
    counted = [evaluation.actual for evaluation in evaluations]
    measured: dict[str, Any] = {
        "evaluated": {
            "origins": len(evaluations),
            "series": len({int(i) for evaluation in evaluations for i in evaluation.series}),
            "points": int(sum((~np.isnan(actual)).sum() for actual in counted)),
            "fallback": int(sum(evaluation.origin.fallback[evaluation.series].sum() for evaluation in evaluations)),
        }
    }
    if not evaluations:
        return measured
    by_method = {name: _pooled(evaluations, name) for name in evaluations[0].methods}
    model = by_method.pop("model")
    members = [
        mean_known(np.concatenate([e.member_errors[m] / e.scale for e in evaluations]))
        for m in range(len(evaluations[0].member_errors))
    ]
    known = [each for each in members if each is not None]
    if len(known) > 1:
        model["mase_member_std"] = six_digits(float(np.std(known, ddof=1)))
    for row, level in enumerate(levels):
        covered = [coverage(e.actual, e.low[row], e.high[row]) for e in evaluations]
        width = [(e.high[row] - e.low[row]) / e.scale[:, None] for e in evaluations]
        model[f"coverage_{level}"] = mean_known(np.concatenate(covered))
        model[f"width_{level}"] = mean_known(np.concatenate(width))
        missed = [interval_score(e.actual, e.low[row], e.high[row], e.scale, level) for e in evaluations]
        model[f"msis_{level}"] = mean_known(np.concatenate(missed))
    measured["model"] = {name: value for name, value in model.items() if value is not None}
    measured["baseline"] = by_method
    if model.get("mase") is not None and by_method["seasonal_naive"].get("mase"):
        measured["skill"] = six_digits(1 - model["mase"] / by_method["seasonal_naive"]["mase"])
    return measured


def error_by_step(evaluations: list[Evaluation], horizon: int) -> pd.DataFrame:
    """Mean absolute error over MASE's scale, by step, one column for each method."""
    table = {"step": np.arange(1, horizon + 1)}
    for name in evaluations[0].methods if evaluations else ["model", "seasonal_naive"]:
        error = [np.abs(e.actual - e.methods[name]) / e.scale[:, None] for e in evaluations]
        stacked = np.concatenate(error) if error else np.full((1, horizon), np.nan)
        known = ~np.isnan(stacked)
        table[name] = np.where(known, stacked, 0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    return pd.DataFrame(table)


def scaled_errors(evaluations: list[Evaluation], panel: Panel) -> pd.DataFrame:
    """Each series' mean absolute error over MASE's scale, one row for each origin, one column for each method.

    `known_until` is the last step that a forecaster at the origin knew, by which two versions' rows can be paired
    whatever was appended since. Where there are more than `MOST_ERRORS` rows, whole series are left out, by the hash
    of their ids: other versions leave out the same ones.
    """
    frames = []
    for evaluation in evaluations:
        last = panel.indptr[1:][evaluation.series] - evaluation.origin.held_back - 1
        table = {
            "unique_id": np.array(panel.ids, dtype=object)[evaluation.series],
            "origin": evaluation.origin.held_back,
            "known_until": panel.time_axis.format(panel.ds.iloc[last]).to_numpy(),
        }
        for name, values in evaluation.methods.items():
            table[name] = scores(evaluation.actual, values, evaluation.scale)["mase"]
        frames.append(pd.DataFrame(table))
    columns = ["unique_id", "origin", "known_until", "model", "seasonal_naive"]
    errors = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    errors = errors[errors["model"].notna()]
    return errors[errors["unique_id"].isin(_drawn_by_hash(errors["unique_id"], MOST_ERRORS))]


def _drawn_by_hash(ids: pd.Series, most: int) -> list[str]:
    """The series whose ids' hashes are the smallest, as many as have at most `most` rows in all; one at least."""
    rows = ids.value_counts(sort=False)
    rows = rows.loc[sorted(rows.index, key=lambda name: hashlib.sha256(name.encode()).digest())]
    return list(rows.index[(rows.cumsum() <= most) | (np.arange(len(rows)) == 0)])


def evaluation_table(evaluations: list[Evaluation], panel: Panel, levels: list[int]) -> pd.DataFrame:
    """One row for each series, origin and step with a known value: what came, the model, its limits, the baselines.

    `scaled_error` is the model's absolute error over MASE's scale.
    """
    frames = []
    for evaluation in evaluations:
        horizon = evaluation.actual.shape[1]
        rows, _ = panel.after(evaluation.origin.held_back, horizon)
        table = {
            "unique_id": np.repeat(np.array(panel.ids, dtype=object)[evaluation.series], horizon),
            "origin": evaluation.origin.held_back,
            "step": np.tile(np.arange(1, horizon + 1), len(evaluation.series)),
            "ds": panel.time_axis.format(panel.ds.iloc[rows[evaluation.series].ravel()]).to_numpy(),
            "y": evaluation.actual.ravel(),
            "forecast": evaluation.methods["model"].ravel(),
        }
        for row, level in enumerate(levels):
            table[f"lo-{level}"], table[f"hi-{level}"] = evaluation.low[row].ravel(), evaluation.high[row].ravel()
        error = np.abs(evaluation.actual - evaluation.methods["model"]) / evaluation.scale[:, None]
        table["scaled_error"] = error.ravel()
        table.update({name: values.ravel() for name, values in evaluation.methods.items() if name != "model"})
        frames.append(pd.DataFrame(table))
    limits = [f"{end}-{level}" for level in levels for end in ("lo", "hi")]
    columns = ["unique_id", "origin", "step", "ds", "y", "forecast", *limits, "scaled_error"]
    merged = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return merged[merged["y"].notna()]


def first_series(table: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """The panel's first series where it was forecast: what came, and the latest forecast of it."""
    mine = table[table["unique_id"] == panel.ids[0]]
    in_time = mine.assign(time=mine["step"] - mine["origin"]).sort_values(["time", "step"]).drop_duplicates("time")
    return in_time[["ds", "y", "forecast"]].rename(columns={"y": "actual"})


def _pooled(evaluations: list[Evaluation], name: str) -> dict[str, Any]:
    each = [scores(e.actual, e.methods[name], e.scale) for e in evaluations]
    means = {metric: mean_known(np.concatenate([one[metric] for one in each])) for metric in each[0]}
    return {metric: value for metric, value in means.items() if value is not None}
