"""What covariates bring, as bars and in a sentence: how MASE rises where one is permuted, or all are hidden."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from stages.common.errors import counted, listed, quoted
from stages.plot.digits import significant
from stages.plot.pages import MAX_NAME, shortened
from stages.plot.style import ACTUAL, QUIET, TICK_POINTS, fit_text, method_style, subplots
from stages.predict.params import MODEL

MOST_BARS = 12
MOST_NAMED = 5  # covariates, in a part of the sentence
NAME_INCHES = 2.6
BAR_INCHES, FRAME_INCHES = 0.3, 1.0  # the height of a bar's row, and of what is around all
ROOM = 0.14  # of the width of all bars, for the numbers at their ends
WITHOUT = "all hidden"  # the bar of all covariates hidden
SMALLEST = 0.05  # per cent, that a number shows
FEWEST_FORECASTS = 10  # that a covariate should be left out for
NOTICEABLE = 1.0  # per cent, by which a covariate must raise the error to be worth keeping


def rises(brought: dict[str, Any]) -> dict[str, float]:
    """By how many per cent of the model's MASE it rises where each covariate is permuted, the largest first.

    brought: the part `covariates` of reports/metrics.json
    """
    found = {name: _rise(brought, mase) for name, mase in brought["permuted"].items()}
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def _rise(brought: dict[str, Any], mase: float) -> float:
    return 100 * (mase / brought["model"] - 1) if brought["model"] else 0.0


def draw_covariates(brought: dict[str, Any]) -> Figure:
    """A bar for each covariate, the largest on top, the rest as a count; below them that of all covariates hidden."""
    of_each = list(rises(brought).items())
    shown, rest = of_each[:MOST_BARS], [rise for _, rise in of_each[MOST_BARS:]]
    rows = [(fit_text(name, NAME_INCHES, TICK_POINTS), rise, _per_cent(rise)) for name, rise in shown]
    if rest:
        rows.append((counted(len(rest), "other"), 0.0, f"at most {_per_cent(rest[0])}"))
    hidden = _rise(brought, brought["none"])
    labels, values, texts = zip(*rows, (WITHOUT, hidden, _per_cent(hidden)), strict=True)
    places = [*range(len(rows)), len(rows) + 0.5]  # the last one apart
    figure, (ax,) = subplots(1, height=FRAME_INCHES + BAR_INCHES * (len(rows) + 1))
    bars = ax.barh(places, values, height=0.7, color=[*[method_style(MODEL)["color"]] * len(rows), QUIET])
    ax.bar_label(bars, texts, padding=3, fontsize=TICK_POINTS)
    ax.set_yticks(places, labels)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.axvline(0, color=ACTUAL, linewidth=0.8)
    low, high = min(*values, 0.0), max(*values, NOTICEABLE)
    room = ROOM * (high - low)
    ax.set_xlim(low - room * (low < 0), high + room)
    ax.set_xlabel("rise of MASE where the covariate is permuted, or all are hidden, per cent")
    return figure


def reading(brought: dict[str, Any], written: Callable[[str], str] = quoted) -> str:
    """What the bars say: what each covariate brings, the largest rise first, and which are not worth keeping.

    written: how the name of a covariate is written
    """
    found, hidden = rises(brought), _rise(brought, brought["none"])
    bring = {name: rise for name, rise in found.items() if rise >= NOTICEABLE}
    them = "all of them" if len(found) > 1 else "it"
    together = f"ith {them} hidden, MASE {'rises' if hidden >= 0 else 'falls'} by {significant(abs(hidden), 2)} %"
    if not bring and hidden < NOTICEABLE:
        return f"No covariate lowers the error by 1 %: {_advice(brought['forecasts'], 'them')}."
    if not bring and len(found) == 1:
        return f"Permuting {written(shortened(next(iter(found)), MAX_NAME))} brings less than 1 %. W{together}."
    if not bring:
        return f"No covariate alone raises MASE by 1 %, since the others stand in for it; w{together}."
    named = {name: written(shortened(name, MAX_NAME)) for name in found}
    (name, rise), *rest = bring.items()
    raised = [f"{named[name]} raises MASE by {significant(rise, 2)} %"]
    raised += [f"{named[name]} by {significant(rise, 2)} %" for name, rise in rest]
    harmful = [named[name] for name, rise in found.items() if rise <= -NOTICEABLE]
    little = [named[name] for name, rise in found.items() if -NOTICEABLE < rise < NOTICEABLE]
    others = f"; {_first(little)} {'brings' if len(little) == 1 else 'bring'} less than 1 %" if little else ""
    if harmful:
        verb, them = ("lowers", "it") if len(harmful) == 1 else ("lower", "them")
        others += f"; {_first(harmful)} {verb} it: {_advice(brought['forecasts'], them)}"
    return f"Permuting {_first(raised)}{others}. W{together}."


def _advice(forecasts: int, them: str) -> str:
    """What to do with covariates without which the error is smaller."""
    if forecasts >= FEWEST_FORECASTS:
        return f"consider leaving {them} out"
    are = "is" if forecasts == 1 else "are"
    return f"{counted(forecasts, 'forecast')} {are} too few to leave {them} out for that"


def _first(texts: list[str]) -> str:
    """The first of several texts, and how many others there are."""
    shown, others = texts[:MOST_NAMED], len(texts) - MOST_NAMED
    return listed([*shown, counted(others, "other")] if others > 0 else shown)


def _per_cent(rise: float) -> str:
    return f"{rise:+,.1f} %" if abs(rise) >= SMALLEST else "0.0 %"
