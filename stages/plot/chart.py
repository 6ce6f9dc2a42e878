"""The data of the report's interactive chart, and of the table beside it."""

from typing import Any

import numpy as np
import pandas as pd

from stages.plot.digits import decimals, significant
from stages.plot.pages import MAX_NAME, shortened
from stages.plot.results import SEASONS, RunResults, SeriesData

MOST_NUMBERS = 300_000  # after which only the series that figures show are added: about three megabytes
FIRST_SHOWN = 6  # horizons of history, or as many seasons as in figures; the rest comes with zooming out
FEWEST_SHOWN = 24  # steps of history
DIGITS = 10  # significant, at least, as in reports/forecast.csv
MOST_DIGITS = 17  # that a number can have


def chart(results: RunResults) -> dict[str, Any]:
    """Series, forecasts and intervals as forecasts.js reads them: steps as the input writes them.

    `left_out`: how many series of the panel are not in it.
    """
    data, series, numbers = results.charted, [], 0
    for name, each in data.series.items():
        if numbers < MOST_NUMBERS or name in results.plot_data.series:
            names = {"id": name, "name": shortened(name, MAX_NAME), "note": _note(results, name)}
            series.append({**names, **_chart_series(results, each)})
            numbers += _numbers(series[-1])
    left_out = int(results.input_data["series"]) - len(series)
    shown = {"time": data.time, "methods": [data.method], "levels": data.levels}
    return {**shown, "series": series, "left_out": max(left_out, 0)}


def _chart_series(results: RunResults, series: SeriesData) -> dict[str, Any]:
    """The steps' `labels`, the values `y` of the first of them, the positions of those that were `filled`, and
    forecasts with their positions `at`; `start`: the first step that is shown at first.

    `covariates`: those known ahead, each with a number at each step, or the place of a category. The future has no
    cutoff: it begins where the actual values end.
    """
    actual, levels = series.recent, results.charted.levels
    places = decimals(actual["y"].to_numpy(), widths(series.future, "forecast", levels))
    digits = _digits([actual["y"], series.future["forecast"]], places)
    steps = [*actual["ds"], *series.future["ds"]]
    positions = {step: position for position, step in enumerate(steps)}
    forecasts = []
    for cutoff, rows in [*series.evaluations(), (None, series.future)]:
        rows = rows[rows["ds"].isin(positions)]
        if not rows.empty:
            forecasts.append(
                {
                    "method": 0,
                    "cutoff": cutoff,
                    "at": [positions[step] for step in rows["ds"]],
                    "forecast": rounded(rows["forecast"], digits),
                    "intervals": [
                        [rounded(rows[f"forecast-{end}-{level}"], digits) for end in ("lo", "hi")] for level in levels
                    ],
                }
            )
    history = max(FIRST_SHOWN * len(series.future), FEWEST_SHOWN, SEASONS * series.season_lengths[0])
    written = [*results.time_axis.format(actual["ds"]), *results.time_axis.format(series.future["ds"])]
    return {
        "labels": written,
        "y": rounded(actual["y"], digits),
        "filled": np.flatnonzero(actual["filled"]).tolist(),
        "forecasts": forecasts,
        "decimals": places,
        "start": max(len(actual) - history, 0),
        "covariates": _covariates(series.known_ahead.reindex(steps)),
    }


def _covariates(known_ahead: pd.DataFrame) -> list[dict[str, Any]]:
    """The columns of a table of known_ahead.py, None for what is missing; of a category its place in `categories`."""
    return [{"name": shortened(str(name), MAX_NAME), **_written(column)} for name, column in known_ahead.items()]


def _written(column: pd.Series) -> dict[str, Any]:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return {"values": rounded(column, DIGITS)}
    names = [shortened(str(each), MAX_NAME) for each in column.cat.categories]
    return {"values": [code if code >= 0 else None for code in column.cat.codes.tolist()], "categories": names}


def widths(rows: pd.DataFrame, method: str, levels: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(H,) the widths of the narrowest of a method's intervals; empty where it has none."""
    if not levels:
        return np.zeros(0)
    lower, upper = (rows[f"{method}-{end}-{levels[0]}"] for end in ("lo", "hi"))
    return np.asarray(upper - lower, dtype=np.float64)


def _digits(columns: list[pd.Series], places: int) -> int:
    """The significant digits with which the largest of all values has one decimal more than `places`."""
    largest = max((float(np.fmax.reduce(np.abs(column), initial=0.0)) for column in columns), default=0.0)
    whole = int(np.floor(np.log10(largest))) + 1 if largest else 0
    return min(max(whole + places + 1, DIGITS), MOST_DIGITS)


def rounded(values: pd.Series, digits: int) -> list[float | None]:
    """Values to `digits` significant digits, None for one that is not known."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values]


def _numbers(series: dict[str, Any]) -> int:
    """How many numbers and texts a series brings."""
    steps = sum(len(each["at"]) * (2 + 2 * len(each["intervals"])) for each in series["forecasts"])
    covariates = len(series["labels"]) * len(series["covariates"])
    return len(series["labels"]) + len(series["y"]) + steps + covariates


def _note(results: RunResults, name: str) -> str:
    for kind, errors in (("worst", results.worst), ("best", results.best)):
        if name in errors.index:
            return f"among the {kind}: scaled error {significant(errors[name], 3)}"
    return ""
