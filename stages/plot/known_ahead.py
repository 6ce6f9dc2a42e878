"""Covariates known ahead, in strips below the plot of a forecast: on the same axis of time, the horizon included."""

from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from stages.common.arrays import Floats
from stages.common.errors import counted
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from stages.plot.covariates import rises
from stages.plot.results import PlotData
from stages.plot.scales import Scales
from stages.plot.style import fit_text

MOST_STRIPS = 3  # covariates drawn below a forecast
POINTS = 8  # of the letters in a strip
NAME_INCHES = (3.4, 0.8)  # of the name of a covariate above a strip in one of two columns, and beside categories
LINE = "#555555"
COLOURS, REST = ["#4C6A92", "#E0A458", "#9CC5A1"], "#CCCCCC"  # of frequent categories; of others and missing flags
CATEGORY_INCHES = 0.6  # of the name of a category
LEGEND: dict[str, Any] = {  # of categories: above the right end of a strip
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "borderaxespad": 0,
    "borderpad": 0.2,
    "handlelength": 1,
    "handletextpad": 0.4,
    "columnspacing": 1,
}


def drawn(covariates: Covariates | None, brought: dict[str, Any] | None) -> list[str]:
    """The covariates known ahead that are drawn: those that bring most, or the first where that was not measured.

    brought: the part `covariates` of reports/metrics.json, if it has one
    """
    names = list(covariates.columns_by_covariate(covariates.known_ahead)) if covariates else []
    bring = rises(brought) if brought else {}
    return sorted(names, key=lambda name: -bring.get(name, 0.0))[:MOST_STRIPS]


def with_known_ahead(data: PlotData, panel: Panel, names: list[str]) -> PlotData:
    """The same series, with the covariates `names`."""
    if not names:
        return data
    categories = categories_by_frequency(panel.covariates, names) if panel.covariates else {}
    series = {
        name: replace(each, known_ahead=known_ahead(panel, each.place - 1, each.future["ds"], names, categories))
        for name, each in data.series.items()
    }
    return replace(data, series=series)


def categories_by_frequency(covariates: Covariates, names: list[str]) -> dict[str, list[str]]:
    """Of each of some covariates that is a category the texts, the most frequent in the panel first."""
    places, found = covariates.columns_by_covariate(covariates.known_ahead), {}
    for name in names:
        if name in covariates.categories:
            counts = np.nansum(covariates.future_values[:, places[name]], axis=0)
            order = np.argsort(-counts, kind="stable").tolist()
            found[name] = [covariates.known_ahead[places[name][each]].removeprefix(f"{name}=") for each in order]
    return found


def known_ahead(
    panel: Panel, series: int, steps: pd.Series, names: list[str], categories: dict[str, list[str]]
) -> pd.DataFrame:
    """A column for each of the covariates of one series, by step: its own, and the `steps` to forecast (H,).

    Numbers, or categories, NaN where one is missing.

    categories: of `categories_by_frequency`
    """
    alone, covariates = panel.take(slice(series, series + 1)), panel.covariates
    assert covariates is not None
    table: dict[str, Any] = {}
    values = alone.at(0).future_covariates(len(steps))
    places = covariates.columns_by_covariate(covariates.known_ahead)
    for name in names:
        own = values[:, places[name]]
        if name in covariates.categories:
            written = [covariates.known_ahead[place].removeprefix(f"{name}=") for place in places[name]]
            table[name] = _categories(own, written).reorder_categories(categories[name])
        else:
            table[name] = own[:, 0]
    return pd.DataFrame(table, index=pd.Index(pd.concat([alone.ds, steps])))


def _categories(indicators: Floats, names: list[str]) -> pd.Categorical:
    """The category of each row of indicators (N, k); NaN for one that is missing, or that training has not seen."""
    codes = np.where((indicators == 1).any(axis=1), indicators.argmax(axis=1), -1)
    return pd.Categorical.from_codes(codes, names)


def draw_strips(ax: Axes, strips: list[Axes], scales: Scales, table: pd.DataFrame) -> None:
    """Each covariate of a table of `known_ahead` in one of the strips below a plot, at the steps that the plot has.

    The plot is finished: the names of its steps move below the strips.
    """
    if not strips:
        return
    first, last = scales.steps.iloc[[0, -1]]
    shown = table[(table.index >= first) & (table.index <= last)]
    for strip, name in zip(strips, table, strict=True):
        inches = NAME_INCHES[_is_category(shown[name])]
        strip.set_title(fit_text(name, inches, POINTS), fontsize=POINTS, pad=2)
        strip.set_axisbelow(True)
        _draw(strip, scales.x(shown.index.to_series()), shown[name])
        strip.tick_params(labelsize=POINTS)
    for above, below in pairwise([ax, *strips]):
        above.tick_params(axis="x", labelbottom=False, length=0)
        below.set_xlabel(above.get_xlabel())
        above.set_xlabel("")


def _draw(ax: Axes, x: Floats, values: pd.Series) -> None:
    """Numbers as steps, zeros and ones as blocks and missing ones in light grey, categories as named blocks."""
    edges, is_category = _edges(x), _is_category(values)
    if not is_category and not values.dropna().isin([0, 1]).all():
        ax.stairs(values, edges, baseline=None, color=LINE)
        ax.yaxis.set_major_locator(MaxNLocator(2))
        ax.ticklabel_format(axis="y", useOffset=False)
        return
    ax.set(ylim=(0, 1), yticks=[])
    if is_category:
        _draw_categories(ax, edges, values)
    else:
        ax.stairs(values.isna(), edges, fill=True, color=REST)
        ax.stairs(values.fillna(0), edges, fill=True, color=LINE)


def _is_category(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype)


def _edges(x: Floats) -> Floats:
    """(N + 1,) between the places of steps and around them."""
    middle = (x[1:] + x[:-1]) / 2
    if not len(middle):
        return np.array([x[0] - 0.5, x[0] + 0.5])
    return np.concatenate([[2 * x[0] - middle[0]], middle, [2 * x[-1] - middle[-1]]])


def _draw_categories(ax: Axes, edges: Floats, values: pd.Series) -> None:
    """A block for each run of the same category; the most frequent ones have colours and names, the rest is grey."""
    names = list(values.cat.categories)
    named, others = names[: len(COLOURS)], len(names) - len(COLOURS)
    colours = {**dict.fromkeys(names, REST), **dict(zip(named, COLOURS, strict=False))}
    first = 0
    for category, run in groupby(values.tolist()):
        end = first + len(list(run))
        if category in colours:
            ax.axvspan(edges[first], edges[end], color=colours[category], linewidth=0)
        first = end
    patches = [Patch(color=colours[name], label=fit_text(name, CATEGORY_INCHES, POINTS)) for name in named]
    if others > 0:
        patches.append(Patch(color=REST, label=counted(others, "other")))
    ax.legend(handles=patches, fontsize=POINTS, ncols=len(patches), **LEGEND)
