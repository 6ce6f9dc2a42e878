"""Labels of the axes, by the boxes in which matplotlib draws them."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from stages.plot.scales import Scales
from stages.plot.style import subplots

STEPS = {
    "months": pd.date_range("1949-01-01", periods=144, freq="MS"),
    "month ends": pd.date_range("2010-01-31", periods=12, freq="ME"),
    "quarters": pd.date_range("2001-03-31", periods=40, freq="QE"),
    "weeks": pd.date_range("2019-06-03", periods=104, freq="W-MON"),
    "days": pd.date_range("2020-12-24", periods=21, freq="D"),
    "days of years": pd.date_range("2020-11-30", periods=1_100, freq="D"),
    "business days": pd.date_range("2023-12-27", periods=30, freq="B"),
    "hours": pd.date_range("2024-02-27 05:00", periods=72, freq="h"),
    "hours of years": pd.date_range("2022-01-01", periods=20_000, freq="h"),
    "half hours of a zone": pd.date_range("2024-10-26", periods=96, freq="30min", tz="Europe/Berlin"),
    "seconds": pd.date_range("2024-02-27 23:59:30", periods=90, freq="s"),
    "years": pd.date_range("1891-12-31", periods=120, freq="YE"),
    "centuries": pd.date_range("1678-01-01", periods=8, freq="83YS"),
    "two months": pd.date_range("2020-12-31", periods=2, freq="ME"),
    "one month": pd.date_range("2020-05-31", periods=1, freq="ME"),
    "integers": range(1, 87),
    "negative integers": range(-1_100_000, -1_000_000, 500),
    "large integers": range(9 * 10**18, 9 * 10**18 + 60),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("panels", [1, 2])
@pytest.mark.parametrize("name", STEPS)
def test_labels_of_steps_do_not_overlap_and_are_inside_the_figure(name: str, panels: int) -> None:
    """There are at least two, of one step one."""
    steps = pd.Series(STEPS[name])
    figure, axes = subplots(panels)
    for ax in axes:
        scales = Scales.of(steps, [])
        ax.plot(scales.x(steps), np.arange(len(steps)) * 1e5)
        scales.label(ax, "time", "a value")
    figure.canvas.draw()
    for ax in axes:
        boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
        assert len(boxes) >= min(len(steps), 2)
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)
    plots = [box for ax in axes if (box := ax.get_tightbbox())]
    assert all(left.x1 < right.x0 for left, right in pairwise(plots))
    plt.close(figure)
