"""The data of the report's interactive chart."""

from typing import Any

import numpy as np
import pandas as pd

from stages.plot.pages import MAX_NAME, shortened
from stages.plot.results import RunResults, SeriesData


def chart(results: RunResults) -> dict[str, Any]:
    """Series, forecasts and intervals as chart.js reads them: steps as the input writes them, eight-digit values."""
    data = results.plot_data
    series = [
        {"name": shortened(name, MAX_NAME), "note": _note(results, name), **_chart_series(results, each)}
        for name, each in data.series.items()
    ]
    return {"levels": data.levels, "series": series}


def _chart_series(results: RunResults, series: SeriesData) -> dict[str, Any]:
    """The steps `ds`, the values `y` of the first of them, the positions in `ds` of those that were `filled`, and
    forecasts with their positions `at`.

    The future has no cutoff: it begins where the actual values end.
    """
    actual, levels = series.recent, results.plot_data.levels
    steps = [*actual["ds"], *series.future["ds"]]
    positions = {step: position for position, step in enumerate(steps)}
    forecasts = []
    for cutoff, rows in [*series.evaluations(), (None, series.future)]:
        rows = rows[rows["ds"].isin(positions)]
        if not rows.empty:
            forecasts.append(
                {
                    "cutoff": cutoff,
                    "at": [positions[step] for step in rows["ds"]],
                    "forecast": _eight_digits(rows["forecast"]),
                    "intervals": [
                        [_eight_digits(rows[f"forecast-{end}-{level}"]) for end in ("lo", "hi")] for level in levels
                    ],
                }
            )
    written = [*results.time_axis.format(actual["ds"]), *results.time_axis.format(series.future["ds"])]
    filled = np.flatnonzero(actual["filled"]).tolist()
    return {"ds": written, "y": _eight_digits(actual["y"]), "filled": filled, "forecasts": forecasts}


def _note(results: RunResults, name: str) -> str:
    for kind, errors in (("worst", results.worst), ("best", results.best)):
        if name in errors.index:
            return f"among the {kind}: scaled error {errors[name]:.3g}"
    return ""


def _eight_digits(values: pd.Series) -> list[float | None]:
    return [float(f"{value:.8g}") if np.isfinite(value) else None for value in values]
