"""The verdict of a run: whether the published forecast is better than others, whether its intervals hold, in sentences.

First what a reader who knows no statistics needs, then the numbers behind it.
"""

from typing import Any

from stages.common.errors import counted
from stages.plot.digits import significant
from stages.plot.significance import PairedTest
from stages.plot.words import period_in_words
from stages.predict.baselines import BASELINES, NAIVE
from stages.predict.metrics import LOW_COVERAGE, metric_of
from stages.predict.params import COMBINATION, MODEL, shown_levels

LABELS = {MODEL: "the model", COMBINATION: "the combination", **{name: each.label for name, each in BASELINES.items()}}
WITHOUT_SCALE = "is constant, or has no two values a season apart"
LARGE_BIAS = 0.1  # share of the actual values by which forecasts are off in sum: from here on it is said
SPREAD_OUT = 2  # times the median MASE: from here on a mean is said to rest on a few series


def headline(
    metrics: dict[str, Any], forecast: dict[str, Any], tests: dict[str, PairedTest], naive: str
) -> tuple[list[str], list[str]]:
    """Sentences: the verdict, with which method was best, how to take it, and doubts; and the numbers.

    metrics: reports/metrics.json; forecast: reports/forecast.json
    tests: by method, of the published method's scaled errors minus that method's
    naive: what the seasonal naive method does, in words
    """
    counts, method = metrics["evaluated"], forecast["method"]
    if MODEL not in metrics:
        unknown = "No evaluation origins (backtest.origins is 0): the accuracy of this forecast was not measured."
        return [unknown, *_doubts(forecast)], []
    scores = all_scores(metrics)[method]
    if method == MODEL and counts["fallback"] == counts["forecasts"]:
        unknown = "The model was not evaluated: at the evaluation origins every history was too short for a window."
        return [unknown, *_doubts(forecast)], []
    if "mase" not in scores:
        unknown = f"No scaled errors over {_extent(counts)}: every history {WITHOUT_SCALE}."
        return [unknown, *_doubts(forecast)], []
    others = {name: each["mase"] for name, each in all_scores(metrics).items() if name != method and "mase" in each}
    rivals = [name for name in others if name in metrics["baseline"]]
    best = min(rivals, key=lambda name: others[name], default=NAIVE)
    compared = [name for name in dict.fromkeys([NAIVE, best]) if name in rivals]
    verdict = [
        _verdict(method, compared, scores["mase"], others, tests, naive),
        *_known_to_one(metrics),
        *_failing_intervals(scores, counts),
        *_best(scores["mase"], others, tests),
        *_dominated(scores, counts["series"]),
        *_sums(scores, {name: each for name, each in all_scores(metrics).items() if name != method}, counts["series"]),
        *_doubts(forecast),
    ]
    numbers = [
        f"MASE of {LABELS[method]} {significant(scores['mase'])} over {_extent(counts, counts['without_scale'])}.",
        *(_against(scores["mase"], name, others[name], tests.get(name)) for name in compared),
        *_coverage(scores),
        *_fallback(counts["fallback"]),
    ]
    return verdict, numbers


def all_scores(metrics: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The metrics of every method, by its name."""
    named: dict[str, dict[str, float]] = {name: metrics[name] for name in (MODEL, COMBINATION) if name in metrics}
    return {**named, **metrics["baseline"]}


def repeating(season_length: int, frequency: str | None) -> str:
    """What the seasonal naive method does.

    >>> repeating(12, "MS"), repeating(7, "D"), repeating(1, None), repeating(9, None)
    ('repeating the last year', 'repeating the last week', 'repeating the last value', 'repeating the last 9 steps')
    """
    if season_length == 1:
        return "repeating the last value"
    return f"repeating the last {period_in_words(season_length, frequency) or f'{season_length} steps'}"


def _verdict(
    method: str, compared: list[str], mase: float, others: dict[str, float], tests: dict[str, PairedTest], naive: str
) -> str:
    """Better than repeating the last year: yes, significantly. Better than AutoTheta: not shown."""
    if not compared:
        return f"{_sentence(LABELS[method])}: there is no classical method to compare it with."
    subject = "Better" if method == MODEL else f"{_sentence(LABELS[method])}: better"
    answers = [
        f"{'Better' if place else subject} than {naive if name == NAIVE else LABELS[name]}: "
        f"{_answer(mase, others[name], tests.get(name))}."
        for place, name in enumerate(compared)
    ]
    return " ".join(answers)


def _known_to_one(metrics: dict[str, Any]) -> list[str]:
    """That the methods do not know the same, where there are covariates."""
    return ["The classical methods know no covariates."] if "covariates" in metrics else []


def _answer(mase: float, other: float, test: PairedTest | None) -> str:
    """Whether `mase` is better than another method's, and by how much."""
    share = _share(mase, other)
    if mase < other:
        if _is_clear(mase - other, test):
            return f"yes, significantly ({share} smaller errors)"
        why = "which chance may explain" if test else "too few forecasts for a test"
        return f"not shown ({share} smaller errors, {why})"
    if mase == other:
        return "no, the same"
    clear = ", significantly" if _is_clear(mase - other, test) else ", which chance may explain" if test else ""
    return f"no ({share} larger errors{clear})" if share else "no"


def _is_clear(gap: float, test: PairedTest | None) -> bool:
    """Whether a test calls a gap significant; not where its sample of the series has a gap of the other sign."""
    return test is not None and test.significant and (test.mean < 0) == (gap < 0)


def _share(mase: float, other: float) -> str:
    """The gap as a share of the other method's error; empty where that is 0."""
    return f"{significant(100 * abs(mase - other) / other, 2)} %" if other else ""


def _failing_intervals(scores: dict[str, float], counts: dict[str, Any]) -> list[str]:
    """A warning for each level whose intervals covered far fewer of the actual values than they should."""
    return [
        f"Warning: the {level} % intervals covered {significant(scores[key], 2)} % of the actual values "
        f"({counted(counts['interval_points'], 'value')}, all series with the same weight); take them for too narrow."
        for key, level in _coverages(scores)
        if scores[key] < level - LOW_COVERAGE
    ]


def _best(mase: float, others: dict[str, float], tests: dict[str, PairedTest]) -> list[str]:
    """Which method was best, if another than the published one was, and how to publish its forecast.

    A method that is significantly better goes before one that is better by more and not significantly.
    """
    better = [name for name in others if others[name] < mase]
    if not better:
        return []
    clear = [name for name in better if _is_clear(mase - others[name], tests.get(name))]
    best = min(clear or better, key=lambda name: others[name])
    how = "significantly better" if clear else "not significantly better" if best in tests else "too few for a test"
    return [
        f"{_sentence(LABELS[best])} was better at the evaluation origins (MASE {significant(others[best])}, {how}). To "
        f"publish that forecast, set predict.method to {best} in params.yaml and run dvc repro."
    ]


def _dominated(scores: dict[str, float], series: int) -> list[str]:
    median = scores.get("mase_median", 0.0)
    if scores["mase"] <= SPREAD_OUT * median or not median:
        return []
    few = "series dominate the mean; see the worst series" if series > 1 else "origins dominate the mean"
    return [f"A few {few}. The median MASE is {significant(median)}."]


def _sums(scores: dict[str, float], others: dict[str, dict[str, float]], series: int) -> list[str]:
    """By how much the sum of the forecasts differs from that of the actual values, and of how many series it is low."""
    bias, low = scores.get("bias", 0.0), int(scores.get("series_low_in_sum", 0))
    said = []
    if abs(bias) >= LARGE_BIAS:
        said.append(
            f"In sum, the forecasts were {'lower' if bias < 0 else 'higher'} than the actual values by "
            f"{significant(100 * abs(bias), 2)} % of these."
        )
    if low:
        of = f"{low:,} of {counted(series, 'series', 'series')}" if series > 1 else "this series"
        said.append(
            f"The forecasts of {of} sum to less than half of the actual values: each is near the median of what may "
            "come, which is below the mean where many values are 0. Do not add them up to a total."
        )
    known = {name: each["bias"] for name, each in others.items() if "bias" in each}
    nearest = min(known, key=lambda name: abs(known[name]), default=None)
    if said and nearest and abs(known[nearest]) < abs(bias) / 2:
        sign = significant(100 * known[nearest], 2, sign="+")
        said.append(f"The sum of {LABELS[nearest]} was nearer ({sign} %).")
    return [" ".join(said)] if said else []


def _doubts(forecast: dict[str, Any]) -> list[str]:
    """What to mind: series that the model does not forecast, intervals that say little, training long ago."""
    doubts, method, of = [], forecast["method"], f"of {forecast['series']:,} series"
    if (short := forecast["series_too_short"]) and method in (MODEL, COMBINATION):
        forecasts = "forecast" if method == MODEL else "part in the combination"
        doubts.append(
            f"{short:,} {of} {_are(short)} too short for the model, whose {forecasts} then repeats the last season or "
            "value."
        )
    if wide := forecast["series_with_wide_intervals"]:
        doubts.append(
            f"{wide:,} {of} {'has' if wide == 1 else 'have'} intervals that reach further beyond the history than its "
            "smallest and largest value are apart."
        )
    if (less_known := forecast["covariates_less_known"]) != "none":
        doubts.append(
            "More of the covariates is missing over the steps to forecast than was at the evaluation origins "
            f"({less_known}): the errors ahead may be larger than those measured."
        )
    if steps := forecast["steps_since_training"]:
        doubts.append(
            f"The networks were trained {counted(steps, 'step')} before the end of the data (backtest.refit), and have "
            "learned from no later value."
        )
    if (oldest := forecast["most_steps_since_training"]) > steps:
        doubts.append(
            f"At the evaluation origins the networks were up to {counted(oldest, 'step')} old (backtest.refit): the "
            "errors of newer ones may be smaller."
        )
    return doubts


def _are(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _extent(counts: dict[str, Any], left_out: int = 0) -> str:
    """What was evaluated; `left_out` of the series have no scaled errors."""
    origins = counted(counts["origins"], "origin")
    if left_out:
        scaled = counts["series"] - left_out
        return (
            f"{scaled:,} of {counts['series']:,} series, {origins}; the history of {left_out:,} "
            f"{WITHOUT_SCALE}, which gives no scale"
        )
    return f"{counts['series']:,} series, {origins}, {counted(counts['points'], 'value')}"


def _against(mase: float, name: str, other: float, test: PairedTest | None) -> str:
    side = "lower than" if mase < other else "higher than" if mase > other else "the same as"
    share = f"{_share(mase, other)} " if mase != other and other else ""
    sentence = f"{share}{side} {name} ({significant(other)})"
    if test:
        clear = "statistically significant" if _is_clear(mase - other, test) else "not significant"
        mean = significant(test.mean, 3, sign="+")
        sentence += f", {clear} ({test.p_text}; difference {mean}, 95 % CI {test.interval_text}; "
        sentence += f"{test.basis}; {test.parts_text})"
    return f"{_sentence(sentence)}."


def _coverage(scores: dict[str, float]) -> list[str]:
    """How many of the actual values the intervals of each level covered."""
    parts = [
        f"{level} % intervals covered {significant(scores[key], 2)} % of the actual values"
        for key, level in _coverages(scores)
    ]
    return ["; ".join(parts) + "."] if parts else []


def _coverages(scores: dict[str, float]) -> list[tuple[str, int]]:
    """The keys of coverages, and the levels of their intervals, of those that are shown."""
    found = {key: metric_of(key) for key in scores}
    levels = {each[1]: key for key, each in found.items() if each and each[0] == "coverage" and each[1]}
    return [(levels[level], level) for level in shown_levels(levels)]


def _fallback(forecasts: int) -> list[str]:
    if not forecasts:
        return []
    reason = "the history was too short for a window"
    return [f"{forecasts:,} of the model's forecasts {_are(forecasts)} seasonal naive: {reason}."]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
