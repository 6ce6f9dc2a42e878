"""The contents of the report: the forecast, the verdict, the tables behind it, and the figures with their captions."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from stages.common.errors import counted
from stages.plot.chart import chart
from stages.plot.covariates import reading
from stages.plot.forecast_table import forecast_table, lead
from stages.plot.known_ahead import MOST_STRIPS
from stages.plot.pages import MAX_NAME, Name, Table, code_span, shortened
from stages.plot.published import published
from stages.plot.results import PlotData, RunResults
from stages.plot.significance import PairedTest, compare_with_others
from stages.plot.style import shows_name
from stages.plot.verdict import LABELS, all_scores, headline, repeating
from stages.predict.metrics import METRICS
from stages.predict.params import MODEL

MOST_ORIGINS = 24  # in the table by origin

CAPTIONS = {  # of figures, by section
    "Forecasts": {
        "backtest": (
            "Forecasts with their intervals, of the future and from origins whose forecasts do not overlap; "
            "numbers above a plot, where they have room, count the steps from an origin to the end of the data. Actual "
            "values are those of the last ten horizons, or of two seasons; filled ones are dotted. An interval that "
            "reaches further beyond the values than these are apart is cut."
        ),
        "last_horizon": (
            "The latest evaluation origin at larger scale, with the seasonal naive forecast and two horizons before it."
        ),
        "error_by_step": (
            "Mean absolute scaled error by steps ahead, of each method; one that is far above the others "
            "is cut, with its largest error beside its name."
        ),
        "extremes": (
            "The series that the model forecast worst and best, by the mean of their scaled errors over all origins, "
            "each at the origin with the largest error."
        ),
    },
    "What the covariates bring": {
        "covariates": (
            "How much MASE at the evaluation origins rises where one covariate is permuted: its values change places "
            "in time within each series, or between series if they are static. The regression on covariates is "
            "computed anew; the networks stay as they are, so that what they learned of it misleads them. All hidden: "
            "all covariates hidden from the same networks."
        ),
    },
    "Inside the network": {
        "gates": (
            "One network over the last window of a series. Each gate is between 0 (closed) and 1 (open); a row is a "
            "unit, sorted by the first gate. models/README.md explains what the gates do."
        ),
        "sensitivity": (
            "How far back the forecast looks: the mean absolute gradient of the forecast by each input, on a "
            "logarithmic scale, where a straight decline is the vanishing gradient; less than 1e-10 of the "
            "largest is cut."
        ),
        "loss": (
            "Training loss by epoch, mean over the members, at each training origin. At all but the earliest the "
            "networks go on from those of the origin before, unless train.update_epochs is null."
        ),
    },
}


def describe(results: RunResults) -> dict[str, Any]:
    """What the templates `report.html` and `report.md` show."""
    evaluated = MODEL in results.metrics
    method, horizon = results.plot_data.method, results.params["backtest"]["horizon"]
    tests = compare_with_others(results.errors, results.halves, horizon, method) if evaluated else {}
    naive = repeating(results.season_length, results.time_axis.frequency)
    value = shortened(results.plot_data.value, MAX_NAME)
    verdict, numbers = headline(results.metrics, results.forecast, tests, naive)
    verdict += published(results.record, naive) + _ending(results.input_data)
    return {
        "title": f"Forecast of {value}",
        "value": value,
        "method": method,
        "lead": lead(results),
        "verdict": verdict,
        "numbers": numbers,
        "forecast": forecast_table(results),
        "leaderboard": leaderboard(results.metrics, tests, method) if evaluated else None,
        "origins": errors_by_origin(results.errors, results.metrics) if evaluated else None,
        "extremes": _extremes(results),
        "choices": choices(results),
        "input_data": _input_data(results),
        "params": _params(results),
        "covariates": reading(brought, code_span) if (brought := results.metrics.get("covariates")) else "",
        "chart": chart(results),
        "gates": results.gates,
        "sections": _sections(
            results.figures,
            {
                "backtest": ("", _strips(results.plot_data) + _named_by_place(results.plot_data)),
                "covariates": _what_covariates_bring(results.metrics),
            },
        ),
    }


def leaderboard(metrics: dict[str, Any], tests: dict[str, PairedTest], method: str) -> Table:
    """The methods with their metrics, the lowest MASE first."""
    rows = sorted(all_scores(metrics).items(), key=lambda row: row[1].get("mase", 1e9))
    several, scored = metrics["evaluated"]["series"] > 1, any("crps" in scores for _, scores in rows)
    shown = {
        name: metric.label
        for name, metric in METRICS.items()
        if (metric.point and (several or name != "mase_median")) or (name == "crps" and scored)
    }
    intervals = {name: test.interval_text for name, test in tests.items()}
    cells = [[name, *(scores.get(key) for key in shown), intervals.get(name, "")] for name, scores in rows]
    notes = []
    if tests:
        notes.append(
            f"Last column: the mean scaled error of {LABELS[method]} minus the method's, negative where it is smaller; "
            "an interval that excludes 0 is significant."
        )
    if several:
        notes.append("MAE and RMSE are means over series in the input's units: series with large values dominate them.")
    headers = ["", *shown.values(), f"{method} minus method, 95 % CI"]
    return Table("Methods compared", headers, cells, note=" ".join(notes), marked=method)


def errors_by_origin(errors: pd.DataFrame, metrics: dict[str, Any]) -> Table:
    """MASE of each method at each origin."""
    methods = list(errors.columns.drop(["unique_id", "cutoff", "origin"]))
    rows = []
    by_origin = list(errors.groupby("origin", sort=False))
    for origin, at_origin in by_origin[:MOST_ORIGINS]:
        cutoffs = at_origin["cutoff"].unique()
        others = f" (and {counted(len(cutoffs) - 1, 'other')})" if len(cutoffs) > 1 else ""
        cutoff = at_origin["cutoff"].mode()[0] + others
        rows.append([origin, Name(cutoff), *(float(at_origin[method].mean()) for method in methods)])
    series, note = errors["unique_id"].nunique(), ""
    if series < metrics["evaluated"]["series"]:
        note = f"Over the {series} series in reports/errors.csv, of {metrics['evaluated']['series']}."
    if len(by_origin) > MOST_ORIGINS:
        note = f"{note} The latest {MOST_ORIGINS} of {len(by_origin)} origins; all are in reports/errors.csv.".strip()
    return Table("MASE by origin", ["origin, steps before the end", "cutoff", *methods], rows, words=2, note=note)


def choices(results: RunResults) -> Table:
    """What parameters that may be left to the data came to in this run, whoever chose."""
    normalize, window, train = (results.summaries[stage] for stage in ("normalize", "window", "train"))
    came_to = {
        "backtest.origins": _steps_before_the_end(normalize["evaluation_origins"]),
        "backtest.calibration_origins": _steps_before_the_end(normalize["calibration_origins"]),
        "backtest.refit": _refit(normalize),
        "normalize.log": f"the logarithm of {normalize['series_logged']} series",
        "ingest.season_length": normalize["seasons"],
        "window.size": f"{window['size']}; {window['series_without_window']} series are too short for a window",
        "window.max_windows": f"{window['windows']} windows",
        "train.epochs": f"{train['epochs']} at the earliest of {counted(train['origins'], 'training origin')}",
        "train.batch_size": f"{train['batch_size']} windows",
        "predict.method": f"{results.plot_data.method} is published",
        "predict.baselines": _left_out(results.metrics["evaluated"].get("baselines_left_out")),
    }
    given = dict(_given(results))
    rows = [[name, given[name], choice] for name, choice in came_to.items()]
    return Table("Choices", ["parameter", "in params.yaml", "in this run"], rows, words=3)


def _left_out(names: str | None) -> str:
    """The note on baselines that `auto` did not choose."""
    return f"without {names}: too slow for these data, or the same as without logarithms" if names else "all"


def _refit(normalize: dict[str, Any]) -> str:
    """Where networks were trained."""
    last = normalize["last_training_origin"]
    where = f"the last one {counted(last, 'step')} before the end" if last else "one of them the end of the data"
    return f"networks trained at {counted(normalize['training_origins'], 'origin')}, {where}"


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
    return Table(
        "Input data",
        ["property", "value"],
        rows,
        words=2,
        note=_doubts(results.input_data, results.params["ingest"]["ended_after"]),
    )


def _ending(summary: dict[str, Any]) -> list[str]:
    """A sentence where series end on different dates."""
    earlier = summary["series_ending_earlier"]
    if not earlier:
        return []
    what = "ends before the last step; its forecast begins" if earlier == 1 else "end early; their forecasts begin"
    return [f"{earlier:,} of {summary['series']:,} series {what} there (ingest.ended_after leaves out what has ended)."]


def _doubts(summary: dict[str, Any], ended_after: int | None) -> str:
    """What in the data makes forecasts doubtful: series that ended early, and missing values."""
    doubts = []
    if ended := summary["series_ended"]:
        doubts.append(
            f"{ended:,} series ended long before the last step: {'kept' if ended_after is None else 'left out'}."
        )
    if count := summary["missing"]:
        how = "filled; no filled value is scored" if summary["filled"] else "left out of training and scores"
        doubts.append(f"{counted(count, 'missing value')}, at most {summary['longest_gap']:,} in a row, {how}.")
    return " ".join(doubts)


def _params(results: RunResults) -> Table:
    return Table("Parameters", ["parameter", "value"], [[*each] for each in _given(results)], words=2)


def _given(results: RunResults) -> Iterator[tuple[str, Name]]:
    """Each parameter, and its value as params.yaml writes it."""
    for section, values in results.params.items():
        for key, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{section}.{key}", Name(text)


def _sections(figures: dict[str, Path], notes: dict[str, tuple[str, str]]) -> dict[str, list[dict[str, str]]]:
    """The figures that there are, by section: name, caption, and the file as a data URL.

    notes: what comes before and after the caption of a figure
    """
    return {
        section: [
            {"name": name, "caption": caption.join(notes.get(name, ("", ""))), "source": _data_url(figures[name])}
            for name, caption in captions.items()
            if name in figures
        ]
        for section, captions in CAPTIONS.items()
    }


def _strips(data: PlotData) -> str:
    """The note on the covariates below forecasts; empty without any."""
    names = next(iter(data.series.values())).known_ahead.columns
    few = f"at most {MOST_STRIPS}, those that bring most" if len(names) == MOST_STRIPS else "also over the horizon"
    return f" Below each plot: the covariates known ahead, {few}." if len(names) else ""


def _what_covariates_bring(metrics: dict[str, Any]) -> tuple[str, str]:
    """What the bars say, and what they are measured on; empty where there are none."""
    brought = metrics.get("covariates")
    if not brought:
        return "", ""
    every, some = metrics["evaluated"]["forecasts"], brought["forecasts"]
    of_all = f"{some:,} of {every:,} forecasts, evenly chosen" if some < every else counted(every, "forecast")
    return f"{reading(brought)} ", f" Measured on {of_all}."


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
