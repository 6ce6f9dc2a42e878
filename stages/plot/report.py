"""What the report of a run says: the answer, the tables behind it, and the series that its chart shows."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.panel.time_axis import TimeAxis
from stages.plot.figures import PlotData
from stages.plot.pages import Name, Table
from stages.plot.significance import Difference, margins

SHOWN_METRICS = ["mase", "smape", "mape", "mae", "rmse"]
EXTREMES = 3  # best and worst series shown, at most
MOST_STEPS = 1_000  # of a series in the chart

SECTIONS = {  # figures and their captions
    "Forecasts": {
        "backtest": "Forecasts made at each origin and for the future, with their intervals, beside what came.",
        "last_horizon": "The latest evaluation origin at larger scale, beside last season repeated.",
        "error_by_step": "Mean absolute scaled error by steps ahead, the model and each baseline.",
        "extremes": "The latest evaluation origin of the series that the model forecast worst and best.",
    },
    "Inside the network": {
        "inside": (
            "One network along the last window of a series. Each gate lies between 0, shut, and 1, open; a row is a "
            "unit. models/README.md explains what the gates do."
        ),
        "memory": (
            "How far back the forecast looks: the mean absolute gradient of the forecast by each input, on a "
            "logarithmic scale, where a straight fall is the vanishing gradient."
        ),
        "loss": "Training loss by epoch, mean over the members, one line for each origin.",
    },
}


@dataclass(frozen=True)
class RunResults:
    """All that a report is made of.

    best, worst: the model's mean scaled error by series
    decided: what the stages normalize, window and train decided from the data
    params: by section
    figures: files by name
    """

    metrics: dict[str, Any]
    errors: pd.DataFrame
    best: pd.Series
    worst: pd.Series
    drawn: PlotData
    time_axis: TimeAxis
    data: dict[str, Any]
    decided: dict[str, dict[str, Any]]
    params: dict[str, dict[str, Any]]
    figures: dict[str, Path]


def extremes(evaluation: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The mean scaled errors of the series that were forecast best and worst, the best and the worst first.

    None of a panel of one series; no series is in both.
    """
    by_origin = evaluation.groupby(["unique_id", "origin"], sort=False)["scaled_error"].mean()
    errors = by_origin.groupby("unique_id", sort=False).mean().dropna().sort_values(kind="stable")
    count = min(EXTREMES, len(errors) // 2)
    return errors.iloc[:count], errors.iloc[len(errors) - count :][::-1]


def describe(found: RunResults) -> dict[str, Any]:
    """What the pages show."""
    evaluated = "model" in found.metrics
    tested = margins(found.errors, found.params["backtest"]["horizon"]) if evaluated else {}
    return {
        "title": f"Forecast of {found.drawn.value}",
        "answer": answer(found.metrics, tested),
        "baselines": scoreboard(found.metrics, tested) if evaluated else None,
        "origins": by_origin(found.errors, found.metrics) if evaluated else None,
        "extremes": _extremes(found),
        "decided": decided(found),
        "data": Table(
            "What was read", ["fact", "value"], [[key, Name(each)] for key, each in found.data.items()], words=2
        ),
        "params": Table(
            "Parameters",
            ["parameter", "value"],
            [
                [f"{section}.{key}", Name(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]
                for section, values in found.params.items()
                for key, value in values.items()
            ],
            words=2,
        ),
        "chart": chart(found),
        "sections": {
            section: [
                {"name": name, "caption": caption, "source": _inline(found.figures[name])}
                for name, caption in captions.items()
                if name in found.figures
            ]
            for section, captions in SECTIONS.items()
        },
    }


def answer(metrics: dict[str, Any], tested: dict[str, Difference]) -> list[str]:
    """How good, against what, how sure: a sentence each."""
    counts = metrics["evaluated"]
    if "model" not in metrics:
        return ["No evaluation origins (backtest.origins is 0): how good this forecast is was not measured."]
    model, baselines = metrics["model"], metrics["baseline"]
    over = f"{counts['series']} series, {counts['origins']} origins, {counts['points']} values"
    if "mase" not in model:
        return [f"Over {over}: no scaled error, every history is constant or shorter than a season."]
    sentences = [f"MASE {model['mase']:.4g} over {over}."]
    others = {name: scores["mase"] for name, scores in baselines.items() if "mase" in scores}
    for name in dict.fromkeys(["seasonal_naive", min(others, key=lambda name: others[name])]):
        gap = model["mase"] - others[name]
        side = "less than" if gap < 0 else "more than" if gap > 0 else "the same as"
        share = f"{100 * abs(gap) / others[name]:.2g} % " if gap and others[name] else ""
        best = "" if name == "seasonal_naive" else ", the best other method"
        sentence = f"{share}{side} {name}{best} ({others[name]:.4g})"
        if name in tested:
            margin = tested[name]
            chance = "more than chance explains" if margin.significant else "no more than chance explains"
            sentence += (
                f", {chance} (difference {margin.mean:+.3g}, 95 % interval {margin.low:+.3g} to {margin.high:+.3g}, "
                f"{margin.p_text}; {margin.evidence})"
            )
        sentences.append(sentence[0].upper() + sentence[1:] + ".")
    held = [
        f"{name.removeprefix('coverage_')} % intervals held {value:.4g} % of what came"
        for name, value in model.items()
        if name.startswith("coverage_")
    ]
    if held:
        sentences.append("; ".join(held) + ".")
    if counts["fallback"]:
        sentences.append(
            f"{counts['fallback']} of the model's forecasts are seasonal naive: history too short for a window."
        )
    return sentences


def scoreboard(metrics: dict[str, Any], tested: dict[str, Difference]) -> Table:
    """The model among the baselines, best MASE first."""
    rows = sorted({"model": metrics["model"], **metrics["baseline"]}.items(), key=lambda row: row[1].get("mase", 1e9))
    cells = [
        [name, *(scores.get(metric) for metric in SHOWN_METRICS), _interval(tested.get(name))] for name, scores in rows
    ]
    headers = ["", *(metric.upper().replace("SMAPE", "sMAPE") for metric in SHOWN_METRICS), "model less it, 95 %"]
    return Table("Beside the baselines", headers, cells)


def by_origin(errors: pd.DataFrame, metrics: dict[str, Any]) -> Table:
    """MASE of each method at each origin."""
    methods = list(errors.columns.drop(["unique_id", "origin", "known_until"]))
    rows = []
    for held_back, origin_file in errors.groupby("origin", sort=False):
        ends = origin_file["known_until"].unique()
        known = ends[0] if len(ends) == 1 else f"{len(ends)} different steps"
        rows.append([held_back, Name(known), *(float(origin_file[method].mean()) for method in methods)])
    series = errors["unique_id"].nunique()
    note = ""
    if series < metrics["evaluated"]["series"]:
        note = f"Over the {series} series in reports/errors.csv, of {metrics['evaluated']['series']}."
    return Table("MASE by origin", ["held back", "known until", *methods], rows, words=2, note=note)


def decided(found: RunResults) -> Table:
    """What was decided from the data, and which parameter decides otherwise."""
    normalize, window, train = (found.decided[stage] for stage in ("normalize", "window", "train"))
    rows = [
        ["backtest.origins", f"held back {normalize['evaluation_origins'] or 'none'}"],
        ["backtest.calibration", f"held back {normalize['calibration_origins'] or 'none'}"],
        ["normalize.log", f"{normalize['series_logged']} series"],
        ["ingest.season_length", normalize["seasons"] or "no season that windows take off"],
        ["window.size", f"{window['sizes']}; {window['series_without_window']} series are too short for a window"],
        ["window.most", f"{window['windows']} windows"],
        ["train.epochs", f"{train['steps']} steps for each of {train['networks']} networks"],
        ["predict.baselines", f"left out {found.metrics['evaluated'].get('baselines_left_out', 'none')}"],
    ]
    return Table("Decided from the data", ["parameter that decides otherwise", "decided"], rows, words=2)


def chart(found: RunResults) -> dict[str, Any]:
    """Series, forecasts and intervals for the chart: the steps as the input writes them, values to eight digits."""
    drawn, levels = found.drawn, found.drawn.limits
    all_series = []
    for name, table in drawn.tables.items():
        actual = table["actual"].tail(MOST_STEPS)
        stamps = [*found.time_axis.format(actual["ds"]), *found.time_axis.format(table["future"]["ds"])]
        places = {stamp: place for place, stamp in enumerate([*actual["ds"], *table["future"]["ds"]])}
        forecasts = []
        for held_back, rows in [*table["evaluation"].groupby("origin", sort=False), (0, table["future"])]:
            rows = rows[rows["ds"].isin(places)]
            if rows.empty:
                continue
            forecasts.append(
                {
                    "origin": held_back,
                    "at": [places[stamp] for stamp in rows["ds"]],
                    "forecast": _digits(rows["forecast"]),
                    "limits": [[_digits(rows[f"lo-{level}"]), _digits(rows[f"hi-{level}"])] for level in levels],
                }
            )
        all_series.append(
            {"name": name, "note": _note(found, name), "ds": stamps, "y": _digits(actual["y"]), "forecasts": forecasts}
        )
    return {"value": drawn.value, "time": drawn.time, "levels": levels, "series": all_series}


def _extremes(found: RunResults) -> Table | None:
    if found.best.empty:
        return None
    rows = [["worst", Name(name), float(error)] for name, error in found.worst.items()]
    rows += [["best", Name(name), float(error)] for name, error in found.best.items()]
    return Table("Worst and best series", ["", "series", "scaled error"], rows, words=2)


def _note(found: RunResults, name: str) -> str:
    for kind, errors in (("worst", found.worst), ("best", found.best)):
        if name in errors.index:
            return f"among the {kind}: scaled error {errors[name]:.3g}"
    return ""


def _interval(margin: Difference | None) -> str:
    return "" if margin is None else f"{margin.low:+.3g} to {margin.high:+.3g}"


def _digits(values: pd.Series) -> list[float | None]:
    return [float(f"{value:.8g}") if np.isfinite(value) else None for value in values]


def _inline(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
