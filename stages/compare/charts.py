"""The data of the page's charts: both versions' forecasts, and their errors by steps ahead."""

from typing import Any

import numpy as np
import pandas as pd

from stages.common.arrays import Floats
from stages.compare.versions import Forecasts
from stages.plot.digits import column_decimals, decimals
from stages.plot.pages import MAX_NAME, shortened
from stages.predict.params import shown_levels

MOST_SERIES = 50  # that both versions forecast, the first of them
DIGITS = 10
HORIZONS_BEFORE = 2  # of the steps before the common origin that are shown at first


def draw(before: Forecasts, after: Forecasts) -> dict[str, Any]:
    """What `compare.html` shows beside the tables: `chart` and `steps`, None without data, and why, in `absent`."""
    chart, steps = forecast_chart(before, after), step_chart(before, after)
    absent = [
        f"{version.name} has no {path.as_posix()} here: no chart of it. `dvc pull`, or run that version."
        for version in (before, after)
        for path in version.missing
    ]
    if chart is None and not absent:
        absent.append("No chart of the forecasts: the versions forecast no series in common.")
    return {"chart": chart, "steps": steps, "absent": absent}


def step_chart(before: Forecasts, after: Forecasts) -> dict[str, Any] | None:
    """The model's error by steps ahead, as steps.js reads it."""
    if before.by_step.empty or after.by_step.empty:
        return None
    by_step = before.by_step[["step", "model"]].merge(after.by_step[["step", "model"]], how="outer", on="step")
    values = by_step.drop(columns="step").to_numpy(dtype=np.float64)
    lines = [
        {"name": name, "values": _rounded(column)}
        for name, column in zip((before.name, after.name), values.T, strict=True)
    ]
    labels = [str(int(step)) for step in by_step["step"]]
    return {"labels": labels, "lines": lines, "decimals": column_decimals(values.ravel())}


def forecast_chart(before: Forecasts, after: Forecasts) -> dict[str, Any] | None:
    """Both versions' forecasts of the future and from the last evaluation origin in common, as forecasts.js reads them.

    None where one has no forecasts, or where there is no series in common.
    """
    if before.forecast.empty or after.forecast.empty:
        return None
    versions = [(before, _method(before)), (after, _method(after))]
    common = set(_levels(*versions[0])) & set(_levels(*versions[1]))
    levels = shown_levels(common)[:1]  # more areas would hide each other
    both = set(before.forecast["unique_id"])
    ids = [name for name in after.forecast["unique_id"].unique() if name in both][:MOST_SERIES]
    series = [_series(versions, name, levels) for name in ids]
    shown = {"time": "", "methods": [before.name, after.name], "levels": levels}
    return {**shown, "series": series} if series else None


def _method(version: Forecasts) -> str:
    """Whose forecast the version shows: the first column after the id and the step."""
    return str(version.forecast.columns[2])


def _levels(version: Forecasts, method: str) -> list[int]:
    lower = f"{method}-lo-"
    return [int(name.removeprefix(lower)) for name in map(str, version.forecast) if name.startswith(lower)]


def _series(versions: list[tuple[Forecasts, str]], name: str, levels: list[int]) -> dict[str, Any]:
    futures = [version.forecast[version.forecast["unique_id"] == name] for version, _ in versions]
    pasts = [_evaluation(version, name) for version, _ in versions]
    order = merged(*(_steps(past, future) for past, future in zip(pasts, futures, strict=True)))
    positions = {step: position for position, step in enumerate(order)}
    actual = {step: y for past in pasts for step, y in zip(past["ds"], past["y"], strict=True)}
    known = max((positions[step] for step in actual), default=-1)
    cutoff = last_in_common(*pasts)
    forecasts: list[dict[str, Any]] = []
    for place, ((_, method), past, future) in enumerate(zip(versions, pasts, futures, strict=True)):
        for at, rows in ((cutoff, past[past["cutoff"] == cutoff]), (None, future)):
            if not rows.empty and method in rows:
                columns = [[f"{method}-{end}-{level}" for end in ("lo", "hi")] for level in levels]
                forecasts.append(
                    {
                        "method": place,
                        "cutoff": at,
                        "at": [positions[step] for step in rows["ds"]],
                        "forecast": _rounded(rows[method]),
                        "intervals": [[_rounded(rows[column]) for column in pair] for pair in columns],
                    }
                )
    limits = [futures[1][f"{versions[1][1]}-{end}-{levels[0]}"] for end in ("lo", "hi")] if levels else []
    widths = (limits[1] - limits[0]).to_numpy() if limits else np.zeros(0)
    first = min((min(each["at"]) for each in forecasts), default=0)
    return {
        "id": name,
        "name": shortened(name, MAX_NAME),
        "note": "",
        "labels": order,
        "y": _rounded([actual.get(step, np.nan) for step in order[: known + 1]]),
        "filled": [],
        "forecasts": forecasts,
        "decimals": decimals(np.array(list(actual.values()), dtype=np.float64), widths),
        "start": max(first - HORIZONS_BEFORE * len(futures[1]), 0),
    }


def _evaluation(version: Forecasts, name: str) -> pd.DataFrame:
    if version.evaluation.empty:
        return pd.DataFrame({"cutoff": [], "ds": [], "y": []})
    return version.evaluation[version.evaluation["unique_id"] == name]


def _steps(past: pd.DataFrame, future: pd.DataFrame) -> list[str]:
    """The steps of one version in order: of its origins, of which the table has the latest first, and the future."""
    origins = [rows["ds"] for _, rows in past.groupby("cutoff", sort=False)]
    return list(dict.fromkeys(step for steps in [*reversed(origins), future["ds"]] for step in steps))


def last_in_common(before: pd.DataFrame, after: pd.DataFrame) -> str | None:
    """The latest cutoff from which both versions forecast; None where there is none."""
    common = set(before["cutoff"])
    return next((str(cutoff) for cutoff in after["cutoff"] if cutoff in common), None)


def merged(first: list[str], second: list[str]) -> list[str]:
    """All steps of two lists in an order that both agree with; the second's come last where they share none.

    >>> merged(["1", "2", "4"], ["2", "3", "4", "5"])
    ['1', '2', '3', '4', '5']
    """
    places = {step: place for place, step in enumerate(second)}
    steps, done = [], 0
    for step in first:
        if places.get(step, -1) >= done:
            steps += second[done : places[step]]
            done = places[step] + 1
        steps.append(step)
    return list(dict.fromkeys(steps + second[done:]))


def _rounded(values: pd.Series | Floats | list[float]) -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values]
