"""The results of a run that the figures and the report show, and how they are read."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.predict.params import shown_levels

EXTREMES = 3  # best and worst series, at most
MAX_STEPS = 1_000  # of a series, the latest, that the chart shows beside its forecasts; it can zoom
HORIZONS, SEASONS = 10, 2  # that figures show of a series beside its forecasts, whichever is longer
HORIZONS_BEFORE = 2  # that figures show of a series before a single origin
MAX_ORIGINS = 50  # whose forecasts are shown, evenly spread
MAX_CHARTED = 300  # series, the first, that the interactive chart has beside the worst and the best

Value = TypeVar("Value")


@dataclass(frozen=True)
class SeriesData:
    """One series: its actual values, and its rows of the forecasts.

    place: in the input, from 1
    actual: ds, y (NaN where a value is missing), filled (whether y fills a gap of the input)
    evaluation: of reports/evaluation.parquet, the latest origin first
    future: of reports/forecast.csv
    season_lengths: steps in each season, the shortest first
    known_ahead: covariates by step, of `actual` and of `future`, see known_ahead.py

    In both, `forecast`, `forecast-lo-80` and so on are the columns of the method whose forecast is shown.
    """

    place: int
    actual: pd.DataFrame
    evaluation: pd.DataFrame
    future: pd.DataFrame
    season_lengths: tuple[int, ...] = (1,)
    known_ahead: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def recent(self) -> pd.DataFrame:
        """The last rows of `actual`, which the chart shows beside forecasts."""
        return self.actual.tail(MAX_STEPS)

    @property
    def closing(self) -> pd.DataFrame:
        """The last rows of `actual`, which figures show beside forecasts: ten horizons or two seasons."""
        return self.recent.tail(max(HORIZONS * len(self.future), SEASONS * self.season_lengths[0]))

    def evaluations(self) -> list[tuple[str, pd.DataFrame]]:
        """The cutoff and the rows of each evaluation origin, the latest first; some of many, of steps in `recent`."""
        shown = self.evaluation[self.evaluation["ds"] >= self.recent["ds"].iloc[0]]
        return spread([(str(cutoff), rows) for cutoff, rows in shown.groupby("cutoff", sort=False)], MAX_ORIGINS)

    def separate_evaluations(self) -> list[tuple[int, pd.DataFrame]]:
        """The origin, in steps before the end, and the rows of evaluation origins in `closing`, the latest first.

        Only those whose forecasts do not overlap: each ends before the one that was taken before it begins.
        """
        taken: list[tuple[int, pd.DataFrame]] = []
        for _, rows in self.evaluation.groupby("cutoff", sort=False):
            first, last = rows["ds"].iloc[[0, -1]]
            if first >= self.closing["ds"].iloc[0] and (not taken or last < taken[-1][1]["ds"].iloc[0]):
                taken.append((self.origin_of(rows), rows))
        return spread(taken, MAX_ORIGINS)

    def hardest_evaluation(self) -> pd.DataFrame:
        """The rows of the evaluation origin with the largest mean scaled error."""
        errors = self.evaluation.groupby("cutoff", sort=False)["scaled_error"].mean()
        return self.evaluation[self.evaluation["cutoff"] == errors.idxmax()]

    def around(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of `actual` from some horizons before an evaluation origin to the last of its `rows`."""
        begin = len(self.actual) - self.origin_of(rows) - HORIZONS_BEFORE * len(self.future)
        shown = self.actual.iloc[max(begin, 0) :]
        return shown[shown["ds"] <= rows["ds"].iloc[-1]]

    def origin_of(self, rows: pd.DataFrame) -> int:
        """The origin of an evaluation, in steps before the end, by its rows: one for each step that has a value."""
        return int((self.actual["ds"] >= rows["ds"].iloc[0]).sum()) + int(rows["step"].iloc[0]) - 1


@dataclass(frozen=True)
class PlotData:
    """The series that are drawn, by id.

    method: whose forecast is shown: the model, a baseline or their combination
    levels: those of the prediction intervals that are shown, per cent, rising
    time, value: what the input calls its time and its values
    """

    series: dict[str, SeriesData]
    method: str
    levels: list[int]
    time: str
    value: str


@dataclass(frozen=True)
class RunResults:
    """Everything that a report is made of.

    forecast: reports/forecast.json
    record: reports/record.json
    errors: reports/errors.csv
    halves: reports/half_ensembles.csv
    best, worst: the model's mean scaled error by series
    plot_data, charted: the series in figures, and in the interactive chart
    gates: the data of the interactive panel of gates; None where there are none
    season_length: of the seasonal naive method, in steps
    input_data: the path of the raw data, and reports/panel.json
    summaries: what the stages normalize, window and train report of themselves, by stage
    params: by section
    figures: files by name
    """

    metrics: dict[str, Any]
    forecast: dict[str, Any]
    record: dict[str, Any]
    errors: pd.DataFrame
    halves: pd.DataFrame
    best: pd.Series
    worst: pd.Series
    plot_data: PlotData
    charted: PlotData
    gates: dict[str, Any] | None
    time_axis: TimeAxis
    season_length: int
    input_data: dict[str, Any]
    summaries: dict[str, dict[str, Any]]
    params: dict[str, dict[str, Any]]
    figures: dict[str, Path]


def read_forecasts(path: Path, time_axis: TimeAxis, method: str) -> pd.DataFrame:
    """A table of forecasts with its steps `ds` as the panel has them; ids and cutoffs are text, whatever they hold.

    The columns of `method` are there twice, also as `forecast`, `forecast-lo-80` and so on.
    """
    table = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    shown = {
        "forecast" + name.removeprefix(method): table[name]
        for name in map(str, table)
        if name == method or name.startswith((f"{method}-lo-", f"{method}-hi-"))
    }
    return pd.concat([table.assign(ds=time_axis.parse(table["ds"])), pd.DataFrame(shown, table.index)], axis=1)


def _read_csv(path: Path) -> pd.DataFrame:
    text = ["unique_id", "cutoff", "ds"]
    numbers = pd.read_csv(path, nrows=0).columns.difference(text)
    return pd.read_csv(
        path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={name: [""] for name in numbers}
    )


def read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def select_series(
    panel: Panel, evaluation: pd.DataFrame, future: pd.DataFrame, method: str, ids: list[str]
) -> PlotData:
    """The actual values and the forecasts by `method` of the series `ids`, in that order."""
    positions = {name: position for position, name in enumerate(panel.ids)}
    evaluations, futures = (
        dict(list(table[table["unique_id"].isin(ids)].groupby("unique_id"))) for table in (evaluation, future)
    )
    series = {}
    for name in ids:
        rows = slice(panel.indptr[positions[name]], panel.indptr[positions[name] + 1])
        y = panel.y[rows]
        filled = panel.missing[rows] & ~np.isnan(y)
        series[name] = SeriesData(
            place=positions[name] + 1,
            actual=pd.DataFrame({"ds": panel.ds.iloc[rows], "y": y, "filled": filled}),
            evaluation=evaluations.get(name, evaluation.iloc[:0]),
            future=futures[name],
            season_lengths=panel.season_lengths,
        )
    lower = "forecast-lo-"
    levels = [int(column.removeprefix(lower)) for column in map(str, future) if column.startswith(lower)]
    return PlotData(series, method, shown_levels(levels), panel.time, panel.value)


def spread(values: list[Value], most: int) -> list[Value]:
    """The values, or `most` of them, evenly spread, the first and the last included."""
    if len(values) <= most:
        return values
    return [values[position] for position in np.linspace(0, len(values) - 1, most).round().astype(int)]


def extremes(panel: Panel, evaluation: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The mean scaled errors of the series that were forecast best and worst, the best and the worst first.

    Each series' error is the mean over its origins of the means over their steps. No series is in both; a panel of one
    series has neither. Series without a scaled error, and those that did not change, are in neither.
    """
    by_origin = evaluation.groupby(["unique_id", "cutoff"], sort=False)["scaled_error"].mean()
    errors = by_origin.groupby("unique_id", sort=False).mean().dropna()
    errors = errors[errors.index.isin(_changing(panel, evaluation))].sort_values(kind="stable")
    count = min(EXTREMES, len(errors) // 2)
    return errors.iloc[:count], errors.iloc[len(errors) - count :][::-1]


def _changing(panel: Panel, evaluation: pd.DataFrame) -> list[str]:
    """The series with two different values where they were evaluated, or in the season before: no dead sensors."""
    evaluated = evaluation.groupby("unique_id", sort=False)["ds"].nunique()
    changing = []
    for name, first, end in zip(panel.ids, panel.indptr[:-1], panel.indptr[1:], strict=True):
        seen = panel.y[max(first, end - evaluated.get(name, 0) - panel.season_length) : end]
        if (seen != seen[-1])[~np.isnan(seen)].any():
            changing.append(name)
    return changing
