"""The results of a run that the figures and the report show, and how they are read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis

EXTREMES = 3  # best and worst series, at most


@dataclass(frozen=True)
class SeriesData:
    """One series: its actual values, and its rows of the forecasts.

    actual: ds, y
    evaluation: of reports/evaluation.csv, the latest origin first
    future: of reports/forecast.csv
    """

    actual: pd.DataFrame
    evaluation: pd.DataFrame
    future: pd.DataFrame

    def evaluations(self) -> list[tuple[str, pd.DataFrame]]:
        """The cutoff and the rows of each evaluation origin, the latest first."""
        return [(str(cutoff), rows) for cutoff, rows in self.evaluation.groupby("cutoff", sort=False)]


@dataclass(frozen=True)
class PlotData:
    """The series that are drawn, by id.

    levels: those of the prediction intervals, per cent, rising
    time, value: what the input calls its time and its values
    """

    series: dict[str, SeriesData]
    levels: list[int]
    time: str
    value: str


@dataclass(frozen=True)
class RunResults:
    """Everything that a report is made of.

    errors: reports/errors.csv
    best, worst: the model's mean scaled error by series
    input_data: the path of the raw data, and reports/panel.json
    summaries: what the stages normalize, window and train report of themselves, by stage
    params: by section
    figures: files by name
    """

    metrics: dict[str, Any]
    errors: pd.DataFrame
    best: pd.Series
    worst: pd.Series
    plot_data: PlotData
    time_axis: TimeAxis
    input_data: dict[str, Any]
    summaries: dict[str, dict[str, Any]]
    params: dict[str, dict[str, Any]]
    figures: dict[str, Path]


def read_forecasts(path: Path, time_axis: TimeAxis) -> pd.DataFrame:
    """A table of forecasts with its steps `ds` as the panel has them; ids and cutoffs are text, whatever they hold."""
    text = ["unique_id", "cutoff", "ds"]
    numbers = pd.read_csv(path, nrows=0).columns.difference(text)
    table = pd.read_csv(
        path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={name: [""] for name in numbers}
    )
    return table.assign(ds=time_axis.parse(table["ds"]))


def read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def select_series(panel: Panel, evaluation: pd.DataFrame, future: pd.DataFrame, ids: list[str]) -> PlotData:
    """The actual values and forecasts of the series `ids`, in that order."""
    positions = {name: position for position, name in enumerate(panel.ids)}
    evaluations, futures = (
        dict(list(table[table["unique_id"].isin(ids)].groupby("unique_id"))) for table in (evaluation, future)
    )
    series = {}
    for name in ids:
        rows = slice(panel.indptr[positions[name]], panel.indptr[positions[name] + 1])
        series[name] = SeriesData(
            actual=pd.DataFrame({"ds": panel.ds.iloc[rows], "y": panel.y[rows]}),
            evaluation=evaluations.get(name, evaluation.iloc[:0]),
            future=futures[name],
        )
    lower = "model-lo-"
    levels = [int(column.removeprefix(lower)) for column in map(str, future) if column.startswith(lower)]
    return PlotData(series, levels, panel.time, panel.value)


def extremes(evaluation: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The mean scaled errors of the series that were forecast best and worst, the best and the worst first.

    Each series' error is the mean over its origins of the means over their steps. No series is in both; a panel of one
    series has neither. A series without any error does not change, as a dead sensor: it is left out.
    """
    by_origin = evaluation.groupby(["unique_id", "cutoff"], sort=False)["scaled_error"].mean()
    errors = by_origin.groupby("unique_id", sort=False).mean().dropna().sort_values(kind="stable")
    errors = errors[errors > 0]
    count = min(EXTREMES, len(errors) // 2)
    return errors.iloc[:count], errors.iloc[len(errors) - count :][::-1]
