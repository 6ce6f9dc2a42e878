"""The contents of the report: the headline, the tables behind it, and the figures with their captions."""

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd

from stages.plot.chart import chart
from stages.plot.pages import MAX_NAME, Name, Table, shortened
from stages.plot.results import PlotData, RunResults
from stages.plot.significance import PairedTest, compare_with_baselines
from stages.plot.style import shows_name
from stages.predict.metrics import METRICS, metric_of

CAPTIONS = {  # of figures, by section
    "Forecasts": {
        "backtest": (
            "Forecasts from each origin and of the future, with their intervals, and the latest actual values; filled "
            "values are dotted."
        ),
        "last_horizon": "The latest evaluation origin at larger scale, with the seasonal naive forecast.",
        "error_by_step": "Mean absolute scaled error by steps ahead, of the model and each baseline.",
        "extremes": (
            "The latest evaluation origin of the series that the model forecast worst and best, by the mean of their "
            "scaled errors over all origins."
        ),
    },
    "Inside the network": {
        "gates": (
            "One network over the last window of a series. Each gate is between 0 (closed) and 1 (open); a row is a "
            "unit. models/README.md explains what the gates do."
        ),
        "sensitivity": (
            "How far back the forecast looks: the mean absolute gradient of the forecast by each input, on a "
            "logarithmic scale, where a straight decline is the vanishing gradient."
        ),
        "loss": "Training loss by epoch, mean over the members, one line for each origin.",
    },
}


def describe(results: RunResults) -> dict[str, Any]:
    """What the templates `report.html` and `report.md` show."""
    evaluated = "model" in results.metrics
    horizon = results.params["backtest"]["horizon"]
    tests = compare_with_baselines(results.errors, results.halves, horizon) if evaluated else {}
    return {
        "title": f"Forecast of {shortened(results.plot_data.value, MAX_NAME)}",
        "headline": headline(results.metrics, tests),
        "leaderboard": leaderboard(results.metrics, tests) if evaluated else None,
        "origins": errors_by_origin(results.errors, results.metrics) if evaluated else None,
        "extremes": _extremes(results),
        "choices": choices(results),
        "input_data": _input_data(results),
        "params": _params(results),
        "chart": chart(results),
        "gates": results.gates,
        "sections": _sections(results.figures, _named_by_place(results.plot_data)),
    }


def headline(metrics: dict[str, Any], tests: dict[str, PairedTest]) -> list[str]:
    """How accurate the model is, compared with baselines, and how often its intervals hold: a sentence each."""
    counts = metrics["evaluated"]
    if "model" not in metrics:
        return ["No evaluation origins (backtest.origins is 0): the accuracy of this forecast was not measured."]
    if "mase" not in metrics["model"]:
        return [f"No scaled errors over {_extent(counts)}: every history is constant or no longer than a season."]
    return [
        f"MASE {metrics['model']['mase']:.4g} over {_extent(counts, counts['without_scale'])}.",
        *_against_baselines(metrics, tests),
        *_coverage(metrics["model"]),
        *_fallback(counts["fallback"]),
    ]


def _extent(counts: dict[str, Any], left_out: int = 0) -> str:
    """What was evaluated; `left_out` of the series have no scaled errors."""
    if left_out:
        return (
            f"{counts['series'] - left_out} of {counts['series']} series, {counts['origins']} origins; the history of "
            f"{left_out} is constant or no longer than a season, which gives no scale"
        )
    return f"{counts['series']} series, {counts['origins']} origins, {counts['points']} values"


def _against_baselines(metrics: dict[str, Any], tests: dict[str, PairedTest]) -> list[str]:
    """The model against the seasonal naive method, and against the best other method if that is another one."""
    model = metrics["model"]["mase"]
    others = {name: scores["mase"] for name, scores in metrics["baseline"].items() if "mase" in scores}
    best = min(others, key=lambda name: others[name])
    return [
        _against(model, name, others[name], name == best and best != "seasonal_naive", tests.get(name))
        for name in dict.fromkeys(["seasonal_naive", best])
    ]


def _against(model: float, name: str, other: float, is_best: bool, test: PairedTest | None) -> str:
    gap = model - other
    side = "lower than" if gap < 0 else "higher than" if gap > 0 else "the same as"
    share = f"{100 * abs(gap) / other:.2g} % " if gap and other else ""
    sentence = f"{share}{side} {name}{', the best other method' if is_best else ''} ({other:.4g})"
    if test:
        sentence += (
            f", {'statistically significant' if test.significant else 'not significant'} ({test.p_text}; difference "
            f"{test.mean:+.3g}, 95 % CI {test.lower:+.3g} to {test.upper:+.3g}; {test.basis}; {test.parts_text})"
        )
    return sentence[0].upper() + sentence[1:] + "."


def _coverage(model: dict[str, float]) -> list[str]:
    """How many of the actual values the intervals of each level covered."""
    keys = {key: metric_of(key) for key in model}
    parts = [
        f"{found[1]} % intervals covered {model[key]:.4g} % of the actual values"
        for key, found in keys.items()
        if found and found[0] == "coverage"
    ]
    return ["; ".join(parts) + "."] if parts else []


def _fallback(count: int) -> list[str]:
    if not count:
        return []
    return [f"{count} of the model's forecasts are seasonal naive ones: the history was too short for a window."]


def leaderboard(metrics: dict[str, Any], tests: dict[str, PairedTest]) -> Table:
    """The model among the baselines, the lowest MASE first."""
    rows = sorted({"model": metrics["model"], **metrics["baseline"]}.items(), key=lambda row: row[1].get("mase", 1e9))
    shown = {name: metric.label for name, metric in METRICS.items() if metric.point}
    cells = [[method, *(scores.get(name) for name in shown), _interval(tests.get(method))] for method, scores in rows]
    note = ""
    if tests:
        note = (
            "Difference: the model's mean scaled error minus the method's, negative where the model is better; an "
            "interval that excludes 0 is significant."
        )
    headers = ["", *shown.values(), "model minus method, 95 % CI"]
    return Table("Model and baselines", headers, cells, note=note)


def _interval(test: PairedTest | None) -> str:
    return f"{test.lower:+.3g} to {test.upper:+.3g}" if test else ""


def errors_by_origin(errors: pd.DataFrame, metrics: dict[str, Any]) -> Table:
    """MASE of each method at each origin."""
    methods = list(errors.columns.drop(["unique_id", "cutoff", "origin"]))
    rows = []
    for origin, at_origin in errors.groupby("origin", sort=False):
        cutoffs = at_origin["cutoff"].unique()
        cutoff = cutoffs[0] if len(cutoffs) == 1 else f"{len(cutoffs)} different cutoffs"
        rows.append([origin, Name(cutoff), *(float(at_origin[method].mean()) for method in methods)])
    series, note = errors["unique_id"].nunique(), ""
    if series < metrics["evaluated"]["series"]:
        note = f"Over the {series} series in reports/errors.csv, of {metrics['evaluated']['series']}."
    return Table("MASE by origin", ["origin, steps before the end", "cutoff", *methods], rows, words=2, note=note)


def choices(results: RunResults) -> Table:
    """What was chosen automatically, and the parameter that overrides it."""
    normalize, window, train = (results.summaries[stage] for stage in ("normalize", "window", "train"))
    rows = [
        ["backtest.origins", _steps_before_the_end(normalize["evaluation_origins"])],
        ["backtest.calibration_origins", _steps_before_the_end(normalize["calibration_origins"])],
        ["normalize.log", f"the logarithm of {normalize['series_logged']} series"],
        ["ingest.season_length", normalize["seasons"] or "no season that windows remove"],
        ["window.size", f"{window['size']}; {window['series_without_window']} series are too short for a window"],
        ["window.max_windows", f"{window['windows']} windows"],
        ["train.epochs", f"{train['steps']} steps for each of {train['networks']} networks"],
        ["predict.baselines", f"left out: {results.metrics['evaluated'].get('baselines_left_out', 'none')}"],
    ]
    return Table("Chosen automatically", ["parameter", "choice"], rows, words=2)


def _steps_before_the_end(origins: str) -> str:
    return f"{origins} steps before the end" if origins else "none"


def _extremes(results: RunResults) -> Table | None:
    if results.best.empty:
        return None
    rows = [
        [kind, Name(name), float(error)]
        for kind, errors in (("worst", results.worst), ("best", results.best))
        for name, error in errors.items()
    ]
    return Table("Worst and best series", ["", "series", "scaled error"], rows, words=2)


def _input_data(results: RunResults) -> Table:
    rows = [[key, Name(value)] for key, value in results.input_data.items()]
    return Table("Input data", ["property", "value"], rows, words=2, note=_doubts(results.input_data))


def _doubts(summary: dict[str, Any]) -> str:
    """What in the data makes forecasts doubtful: series that ended early, and long gaps that were filled."""
    doubts = []
    if summary["series_ended"]:
        doubts.append(
            f"{summary['series_ended']} series ended long before the last step; the forecast of such a series begins "
            "where it ends."
        )
    if summary["filled"]:
        doubts.append(
            f"{summary['filled']} missing values were filled, at most {summary['longest_filled']} in a row; no filled "
            "value is scored."
        )
    return " ".join(doubts)


def _params(results: RunResults) -> Table:
    rows = [
        [f"{section}.{key}", Name(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]
        for section, values in results.params.items()
        for key, value in values.items()
    ]
    return Table("Parameters", ["parameter", "value"], rows, words=2)


def _sections(figures: dict[str, Path], named_by_place: str) -> dict[str, list[dict[str, str]]]:
    """The figures that there are, by section: name, caption, and the file as a data URL."""
    notes = {"backtest": named_by_place}
    return {
        section: [
            {"name": name, "caption": caption + notes.get(name, ""), "source": _data_url(figures[name])}
            for name, caption in captions.items()
            if name in figures
        ]
        for section, captions in CAPTIONS.items()
    }


def _named_by_place(data: PlotData) -> str:
    """The names that figures replace by numbers: too long for them, or with letters that their font lacks."""
    names = [
        f"{series.place} is {shortened(name, MAX_NAME)}"
        for name, series in data.series.items()
        if len(data.series) > 1 and not shows_name(name)
    ]
    return f" Series by their places in the input: {'; '.join(names)}." if names else ""


def _data_url(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
