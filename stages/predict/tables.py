"""The tables that predict writes as CSV: the forecast, the evaluation, scaled errors and plot data."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from stages.common.arrays import Bools, Floats, Ints, chunks, mean_known
from stages.common.paths import EVALUATION, EVALUATION_CSV
from stages.panel.panel import Panel
from stages.predict.baselines import BASELINES, NAIVE, combinable
from stages.predict.evaluation import Evaluation
from stages.predict.forecaster import Forecaster
from stages.predict.intervals import Limits
from stages.predict.metrics import mase
from stages.predict.params import COMBINATION, MODEL

MOST_IN_CSV = 200_000  # rows of reports/evaluation.csv
WRITTEN = 2**16  # rows formatted at once
MOST_ERRORS = 5_000  # rows of a table by series and origin, or by step, which is in Git


def write_csv(table: pd.DataFrame, file: Path | TextIO, digits: int = 10, header: bool = True) -> None:
    """Write a table as CSV, numbers to `digits` significant digits, the bytes of pandas.

    A template formats whole rows: in a quarter of the time that pandas takes, value by value.
    """
    with file.open("w", encoding="utf-8", newline="") if isinstance(file, Path) else nullcontext(file) as opened:
        if header:
            opened.write(",".join(map(_field, table.columns)) + "\n")
        for rows in chunks(len(table), WRITTEN):
            formats, columns = zip(*(_formatted(table[name].iloc[rows], digits) for name in table), strict=True)
            template = ",".join(formats) + "\n"
            opened.write("".join([template % row for row in zip(*columns, strict=True)]))


def _formatted(column: pd.Series, digits: int) -> tuple[str, list[Any]]:
    """The format of the values of a column, and these; texts are quoted where CSV needs it, and missing ones empty."""
    if pd.api.types.is_float_dtype(column) and not column.isna().any():
        return f"%.{digits}g", column.tolist()
    if pd.api.types.is_integer_dtype(column):
        return "%d", column.tolist()
    distinct = column.dropna().unique().tolist()
    fields = {each: f"%.{digits}g" % each if isinstance(each, float) else _field(each) for each in distinct}
    return "%s", column.map(fields).fillna("").tolist()


def _field(value: object) -> str:
    """A value as a field of CSV."""
    text = str(value)
    if not any(special in text for special in ',"\r\n'):
        return text
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([text])
    return line.getvalue()[:-1]


def forecast_table(
    points: dict[str, Floats], limits: dict[str, Limits], panel: Panel, levels: list[int]
) -> pd.DataFrame:
    """reports/forecast.csv: each method's forecast of the future, in the input's order, units and time format.

    points: (S, horizon) by method
    limits: lower and upper ones, each (levels, S, horizon), of the methods that have intervals
    """
    horizon = points[MODEL].shape[1]
    last = panel.ds.iloc[panel.indptr[1:] - 1]
    axis = panel.time_axis
    steps = {step: axis.format(axis.next_steps(step, horizon)).to_numpy() for step in last.unique()}
    table = {
        "unique_id": np.repeat(np.array(panel.ids, dtype=object), horizon),
        "ds": np.concatenate([steps[step] for step in last]),
    }
    for name, point in points.items():
        table |= _columns(name, point, limits, levels)
    return pd.DataFrame(table)


def forecast_summary(
    forecaster: Forecaster,
    names: list[str],
    panel: Panel,
    trained_at: dict[int, int],
    short: int,
    wide: int,
    less_known: list[str],
) -> dict[str, Any]:
    """reports/forecast.json, which says how to read the forecast: flat.

    names: of all methods; the published one is the column of the forecast to use
    trained_at: for the final origin and each evaluation origin, its training origin
    short, wide: how many series are too short for the model, and how many have intervals that say little
    less_known: covariates of which more is missing over the horizon than there was at the evaluation origins
    """
    combined = [MODEL, *combinable([name for name in names if name in BASELINES])] if COMBINATION in names else []
    return {
        "method": forecaster.method,
        "combination": ", ".join(combined) or "none",
        "value": panel.value,
        "time": panel.time,
        "series": len(panel.ids),
        "horizon": forecaster.horizon,
        "levels": ", ".join(map(str, forecaster.levels)),
        "steps_since_training": trained_at[0],
        "most_steps_since_training": max(training_origin - origin for origin, training_origin in trained_at.items()),
        "series_too_short": short,
        "series_with_wide_intervals": wide,
        "covariates_less_known": ", ".join(less_known) or "none",
    }


def evaluation_table(evaluations: list[Evaluation], panel: Panel, levels: list[int]) -> pd.DataFrame:
    """reports/evaluation.parquet: a row for each series, evaluation origin and step with an actual value.

    `scaled_error` is the model's absolute error over MASE's scale. Methods that have intervals have their limits, too.
    """
    frames = []
    for evaluation in evaluations:
        horizon, series = evaluation.actual.shape[1], evaluation.series
        rows, _ = evaluation.history.after(horizon)
        cutoffs = panel.time_axis.format(evaluation.history.cutoffs(series)).to_numpy()
        error = np.abs(evaluation.actual - evaluation.methods[MODEL]) / evaluation.mase_scale[:, None]
        table = {
            "unique_id": np.repeat(np.array(panel.ids, dtype=object)[series], horizon),
            "cutoff": np.repeat(cutoffs, horizon),
            "ds": panel.time_axis.format(panel.ds.iloc[rows[series].ravel()]).to_numpy(),
            "step": np.tile(np.arange(1, horizon + 1), len(series)),
            "y": evaluation.actual.ravel(),
        }
        for name, values in evaluation.methods.items():
            table |= _columns(name, values, evaluation.limits, levels)
            if name == MODEL:
                table["scaled_error"] = error.ravel()
        frames.append(pd.DataFrame(table))
    columns = ["unique_id", "cutoff", "ds", "step", "y", MODEL, *_limit_columns(MODEL, levels), "scaled_error"]
    merged = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return merged[merged["y"].notna()]


def write_evaluation(table: pd.DataFrame) -> None:
    """Write a table of `evaluation_table` as Parquet, and as CSV: of more than MOST_IN_CSV rows some series there.

    Those by the hash of their ids, the same in every version.
    """
    table.to_parquet(EVALUATION, index=False)
    some = table["unique_id"].isin(_drawn_by_hash(table["unique_id"], MOST_IN_CSV))
    write_csv(table[some], EVALUATION_CSV)


def series_in_git(ids: list[str]) -> Bools:
    """(S,) the series that the tables by series and origin may hold, which are in Git: all but in a large panel."""
    drawn = np.zeros(len(ids), dtype=np.bool_)
    drawn[sorted(range(len(ids)), key=lambda series: _hash(ids[series]))[:MOST_ERRORS]] = True
    return drawn


def error_table(evaluations: list[Evaluation], panel: Panel) -> pd.DataFrame:
    """reports/errors.csv: the mean scaled error of each method, a row for each series and evaluation origin.

    `cutoff`, the last known step, pairs the rows of two versions, whatever was appended between them. Beyond
    MOST_ERRORS rows whole series are left out, by the hash of their ids, so that every version leaves out the same.
    """
    names = evaluations[0].methods if evaluations else [MODEL, NAIVE]
    scores = [
        {"origin": np.full(len(e.series), e.history.origin)}
        | {name: mase(e.actual, e.methods[name], e.mase_scale) for name in names}
        for e in evaluations
    ]
    return _by_series_and_origin(evaluations, panel, scores, ["origin", *names])


def half_ensemble_table(evaluations: list[Evaluation], panel: Panel) -> pd.DataFrame:
    """reports/half_ensembles.csv: differences of the scaled errors of half ensembles, a column for each split.

    The rows are those of reports/errors.csv; none if there is a single member, which has no halves.
    """
    splits = evaluations[0].half_differences.shape[1] if evaluations else 0
    names = [f"split_{k}" for k in range(1, max(splits, 1) + 1)]
    halved = evaluations if splits else []
    scores = [dict(zip(names, (e.half_differences / e.mase_scale[:, None]).T, strict=True)) for e in halved]
    return _by_series_and_origin(halved, panel, scores, names)


def error_by_step(evaluations: list[Evaluation], horizon: int) -> pd.DataFrame:
    """reports/error_by_step.csv: the mean scaled error by step, a column for each method."""
    table: dict[str, Floats | Ints] = {"step": np.arange(1, horizon + 1)}
    for name in evaluations[0].methods if evaluations else [MODEL, NAIVE]:
        errors = [np.abs(e.actual - e.methods[name]) / e.mase_scale[:, None] for e in evaluations]
        table[name] = mean_known(np.concatenate(errors) if errors else np.full((1, horizon), np.nan), axis=0)
    return pd.DataFrame(table)


def backtest_table(evaluation: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """reports/backtest.csv: actual values and the latest forecast of each, of the panel's first series.

    The last MOST_ERRORS of them.
    """
    first = evaluation[evaluation["unique_id"] == panel.ids[0]]
    first = first.assign(time=panel.time_axis.parse(first["ds"]))
    latest = first.sort_values(["time", "step"]).drop_duplicates("time").tail(MOST_ERRORS)
    return latest[["ds", "y", "model"]].rename(columns={"y": "actual"})


def _columns(name: str, point: Floats, limits: dict[str, Limits], levels: list[int]) -> dict[str, Floats]:
    """The columns of one method: its forecast, and its limits, if it has any."""
    both = [limit.ravel() for pair in zip(*limits[name], strict=True) for limit in pair] if name in limits else []
    names = _limit_columns(name, levels) if name in limits else []
    return {name: point.ravel(), **dict(zip(names, both, strict=True))}


def _limit_columns(name: str, levels: list[int]) -> list[str]:
    return [f"{name}-{end}-{level}" for level in levels for end in ("lo", "hi")]


def _by_series_and_origin(
    evaluations: list[Evaluation], panel: Panel, scores: Sequence[Mapping[str, Floats | Ints]], columns: list[str]
) -> pd.DataFrame:
    """A row for each series and evaluation origin where the model has a scaled error, with its `scores` (S,).

    At most MOST_ERRORS rows.
    """
    frames = [pd.DataFrame(columns=["unique_id", "cutoff", *columns])]
    for e, values in zip(evaluations, scores, strict=True):
        ids = np.array(panel.ids, dtype=object)[e.series]
        cutoffs = panel.time_axis.format(e.history.cutoffs(e.series)).to_numpy()
        scored = ~np.isnan(mase(e.actual, e.methods[MODEL], e.mase_scale))
        frames.append(pd.DataFrame({"unique_id": ids, "cutoff": cutoffs, **values})[scored])
    table = pd.concat(frames[1:] or frames)
    return table[table["unique_id"].isin(_drawn_by_hash(table["unique_id"], MOST_ERRORS))]


def _drawn_by_hash(ids: pd.Series, most: int) -> list[str]:
    """The series with the smallest hashes of their ids, as many as have at most `most` rows together; at least one."""
    rows = ids.value_counts(sort=False)
    rows = rows.loc[sorted(rows.index, key=_hash)]
    return list(rows.index[(rows.cumsum() <= most) | (np.arange(len(rows)) == 0)])


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
