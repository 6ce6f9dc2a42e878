"""The forecast as people read it, in a sentence and in a table: in the input's units, with the digits that matter."""

from typing import Any

import numpy as np
import pandas as pd

from stages.common.errors import counted
from stages.plot.digits import decimals, write
from stages.plot.pages import MAX_NAME, Name, Table, shortened
from stages.plot.results import RunResults, SeriesData
from stages.plot.verdict import LABELS
from stages.predict.params import MODEL

FEW = 6  # series in the table
MOST_STEPS = 24  # of a single one


def lead(results: RunResults) -> str:
    """The forecast in a sentence: of a single series its next step and its last one."""
    data = results.plot_data
    if results.forecast["series"] > 1:
        steps = counted(results.forecast["horizon"], "step")
        return f"The next {steps} of {results.forecast['series']:,} series."
    (series,) = data.series.values()
    parts = [
        f"{point} for {step}{f' ({data.levels[0]} % interval {limits[0]})' if any(limits[:1]) else ''}"
        for step, point, *limits in _cells(results, series, _ends(series))
    ]
    return f"{shortened(data.value, MAX_NAME)}: {', '.join(parts)}."


def forecast_table(results: RunResults) -> Table:
    """The next steps of a single series; of several the next step and the last one of the first of them."""
    data, horizon = results.plot_data, results.forecast["horizon"]
    by = f", by {LABELS[data.method]}" if data.method != MODEL else ""
    title = f"The next {counted(horizon, 'step') if horizon > 1 else 'step'}{by}"
    headers = ["forecast", *(f"{level} % interval" for level in data.levels)]
    if results.forecast["series"] == 1:
        (series,) = data.series.values()
        more = f"{counted(horizon - MOST_STEPS, 'more step')} in reports/forecast.csv." if horizon > MOST_STEPS else ""
        rows = _cells(results, series, series.future.head(MOST_STEPS))
        return Table(title, [Name(data.time), *headers], rows, words=1, note=more)
    narrow = 2 if data.levels else 1  # the forecast, and its narrowest interval
    rows = [
        [Name(name), *(cell for ends in _cells(results, series, _ends(series)) for cell in ends[: 1 + narrow])]
        for name, series in list(data.series.items())[:FEW]
    ]
    more = results.forecast["series"] - len(rows)
    note = f"{f'{more:,} more series, and the' if more else 'The'} steps between are in reports/forecast.csv."
    columns = ["next step", *headers[:narrow]] + (["last step", *headers[:narrow]] if horizon > 1 else [])
    return Table(title, ["series", *columns], rows, note=note)


def _ends(series: SeriesData) -> pd.DataFrame:
    """The next step of the forecast and the last one, which may be the same."""
    return series.future.iloc[[0, -1]].drop_duplicates("ds")


def _cells(results: RunResults, series: SeriesData, rows: pd.DataFrame) -> list[list[str]]:
    """For each of some rows of a series' forecast the step, the forecast, and the limits of each interval."""
    levels = results.plot_data.levels
    places = _decimals(series, levels)
    return [
        [Name(step), write(row["forecast"], places), *(_limits(row, level, places) for level in levels)]
        for step, (_, row) in zip(results.time_axis.format(rows["ds"]), rows.iterrows(), strict=True)
    ]


def _decimals(series: SeriesData, levels: list[int]) -> int:
    """The decimals that matter for a series' forecast: by its narrowest interval."""
    limits = [series.future[f"forecast-{end}-{level}"].to_numpy() for level in levels[:1] for end in ("hi", "lo")]
    widths = limits[0] - limits[1] if limits else np.full(1, np.nan)
    return decimals(series.actual["y"].to_numpy(), widths)


def _limits(row: "pd.Series[Any]", level: int, places: int) -> str:
    lower, upper = (row[f"forecast-{end}-{level}"] for end in ("lo", "hi"))
    return "" if np.isnan(lower + upper) else f"{write(lower, places)} to {write(upper, places)}"
