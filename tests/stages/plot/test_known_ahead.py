"""Strips below forecasts have the covariates known ahead, at the places of their steps, over the horizon too."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle, StepPatch

from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from stages.plot.figures import draw_backtest
from stages.plot.known_ahead import categories_by_frequency, drawn, known_ahead, with_known_ahead
from stages.plot.results import PlotData, select_series
from tests.builders import panel_of

NAMES = ["price", "promo", "sky"]
PRICE = [10.0, 11, 12, 13, 14, 15]
PROMO = [0.0, 1, 1, 0, np.nan, 1]


@pytest.fixture
def panel() -> Panel:
    """Two series of four steps with covariates for two more, the second without any; three kinds of sky."""
    sky = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [np.nan] * 3, [0, 0, 0], [0, 0, 1]])
    covariates = Covariates(
        future=["price", "sky=rain", "sky=sun", "sky=snow", "promo"],
        past=["stock"],
        static=[],
        indptr=np.array([0, 6, 10]),
        future_values=np.vstack([np.column_stack([PRICE, sky, PROMO]), np.tile([5.0, 0, 1, 0, 0], (4, 1))]),
        past_values=np.zeros((8, 1)),
        static_values=np.empty((2, 0)),
        categories={"sky": ["rain", "sun", "snow"]},
    )
    return panel_of([[1, 2, 3, 4], [5, 6, 7, 8]], ds=pd.Series([0, 1, 2, 3] * 2), covariates=covariates)


@pytest.fixture
def data(panel: Panel) -> PlotData:
    rows = pd.DataFrame({"unique_id": ["0", "0", "1", "1"], "ds": [4, 5] * 2, "forecast": 6.0})
    evaluation = pd.DataFrame({"unique_id": [], "cutoff": [], "ds": [], "step": [], "y": [], "forecast": []})
    return with_known_ahead(select_series(panel, evaluation, rows, "model", panel.ids), panel, NAMES)


def test_a_table_has_the_steps_of_the_series_and_of_the_horizon(panel: Panel) -> None:
    """A missing category is none, and neither is one that training has not seen; the most frequent comes first."""
    assert panel.covariates
    categories = categories_by_frequency(panel.covariates, NAMES)
    table = known_ahead(panel, 0, pd.Series([4, 5]), NAMES, categories)
    assert table.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert table["price"].tolist() == PRICE
    np.testing.assert_array_equal(table["promo"], PROMO)
    assert table["sky"].astype(object).fillna("").tolist() == ["rain", "sun", "sun", "", "", "snow"]
    assert list(table["sky"].cat.categories) == ["sun", "rain", "snow"]
    np.testing.assert_array_equal(
        known_ahead(panel, 1, pd.Series([4, 5]), ["price"], {})["price"], [*[5.0] * 4, *[np.nan] * 2]
    )


def test_the_covariates_that_bring_most_are_drawn(panel: Panel) -> None:
    brought = {"model": 1.0, "permuted": {"price": 1.1, "sky": 1.3, "promo": 1.2, "stock": 2.0}}
    assert drawn(panel.covariates, brought) == ["sky", "promo", "price"]
    assert drawn(panel.covariates, None) == ["price", "sky", "promo"]
    assert drawn(None, None) == []


def boxes(ax: Axes) -> list[list[float]]:
    """The first and the last place of each block."""
    return [[each.get_x(), each.get_x() + each.get_width()] for each in ax.patches if isinstance(each, Rectangle)]


def test_strips_lie_below_their_plots_on_the_same_axis_of_time(data: PlotData) -> None:
    """Numbers are steps, zeros and ones blocks, and categories blocks in colours that a legend names."""
    figure = draw_backtest(data)
    figure.canvas.draw()
    first, second, *strips = figure.axes
    assert len(strips) == 6
    for ax, below in ((first, strips[:3]), (second, strips[3:])):
        assert [strip.get_title(loc="left") for strip in below] == NAMES
        for above, strip in zip((ax, *below), below, strict=False):
            over, under = above.get_window_extent(), strip.get_window_extent()
            assert under.y1 < over.y0
            assert (under.x0, under.x1) == pytest.approx((over.x0, over.x1))
            assert strip.get_xlim() == ax.get_xlim()
        shown = [each.get_xlabel() for each in (ax, *below)]
        assert shown == ["", "", "", "ds"]
        assert ax.get_window_extent().height > 2 * below[0].get_window_extent().height
    price, promo, sky = strips[:3]
    (line,), (missing, blocks) = ([each for each in ax.patches if isinstance(each, StepPatch)] for ax in (price, promo))
    values, edges, _ = line.get_data()
    assert values.tolist() == PRICE
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert blocks.get_data()[0].tolist() == [0, 1, 1, 0, 0, 1]
    assert missing.get_data()[0].tolist() == [0, 0, 0, 0, 1, 0]
    assert missing.get_facecolor() != blocks.get_facecolor()
    assert boxes(sky) == [[-0.5, 0.5], [0.5, 2.5], [4.5, 5.5]]
    legends = [ax.get_legend() for ax in (sky, strips[5])]
    for legend in legends:
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["sun", "rain", "snow"]
    plt.close("all")


def test_rare_categories_are_grey_and_counted(data: PlotData, panel: Panel) -> None:
    """Of a covariate with a name that tables of forecasts use."""
    covariates = panel.covariates
    assert covariates is not None
    names = [f"k{place}" for place in range(6)]
    many = replace(
        covariates,
        future=[f"ds={name}" for name in names],
        future_values=np.vstack([np.eye(6), np.eye(6)[:4]]),
        categories={"ds": names},
    )
    figure = draw_backtest(with_known_ahead(data, replace(panel, covariates=many), ["ds"]))
    strip = figure.axes[2]
    legend = strip.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["k0", "k1", "k2", "3 others"]
    assert len({each.get_facecolor() for each in strip.patches}) == 4
    plt.close("all")


def test_without_covariates_there_are_no_strips(data: PlotData, panel: Panel) -> None:
    bare = {name: replace(each, known_ahead=pd.DataFrame()) for name, each in data.series.items()}
    figure = draw_backtest(with_known_ahead(replace(data, series=bare), replace(panel, covariates=None), []))
    assert len(figure.axes) == 2
    assert all(ax.get_xlabel() == "ds" for ax in figure.axes)
    plt.close("all")
