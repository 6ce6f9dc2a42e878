"""Bars in their order, with their numbers, and sentences that say what they mean."""

from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.plot.covariates import MOST_BARS, draw_covariates, reading, rises


def brought(none: float, **permuted: float) -> dict[str, Any]:
    return {"forecasts": 10, "model": 0.5, "none": none, "permuted": permuted}


def rows(figure: Figure) -> dict[str, tuple[float, str]]:
    """Of each bar from the top: its name, its length, and the text at its end, which stands beside it."""
    (ax,) = figure.axes
    figure.canvas.draw()
    drawn = {}
    names = [label.get_text() for label in ax.get_yticklabels()]
    bars = [each for each in ax.patches if isinstance(each, Rectangle)]
    for name, bar, text in zip(names, bars, ax.texts, strict=True):
        drawn[bar.get_window_extent().y0] = (name, bar.get_width(), text.get_text())
        assert abs(text.get_window_extent().y0 - bar.get_window_extent().y0) < 10
        assert not text.get_window_extent().overlaps(bar.get_window_extent()) or not bar.get_width()
    return {name: (width, text) for _, (name, width, text) in sorted(drawn.items(), reverse=True)}


def inside(ax: Axes) -> bool:
    return all(text.get_window_extent().x1 <= ax.get_window_extent().x1 for text in ax.texts)


def test_the_largest_rise_is_on_top_and_that_without_any_at_the_end() -> None:
    """A permutation that lowers the error is a bar to the left; names are no mathematics."""
    figure = draw_covariates(brought(0.75, noise=0.4999, **{"$p$": 0.6}, week=0.45, size=0.5))
    found = rows(figure)
    assert list(found) == [r"\$p\$", "size", "noise", "week", "all hidden"]
    assert [text for _, text in found.values()] == ["+20.0 %", "0.0 %", "0.0 %", "-10.0 %", "+50.0 %"]
    assert [width for width, _ in found.values()] == pytest.approx([20, 0, -0.02, -10, 50])
    assert inside(figure.axes[0])
    plt.close("all")


def test_of_many_covariates_the_rest_is_a_count() -> None:
    figure = draw_covariates(brought(0.5, **{f"c{place}": 0.6 - place / 1000 for place in range(MOST_BARS + 3)}))
    found = rows(figure)
    assert list(found)[-3:] == [f"c{MOST_BARS - 1}", "3 others", "all hidden"]
    assert found["3 others"] == (0, f"at most +{20 - MOST_BARS / 5:.1f} %")
    plt.close("all")


def test_bars_of_noise_do_not_fill_the_figure() -> None:
    (ax,) = draw_covariates(brought(0.50001, price=0.50002)).axes
    assert ax.get_xlim()[1] > 1
    plt.close("all")


def test_rises_are_shares_of_the_models_error() -> None:
    assert rises(brought(1, a=0.5, b=0.6, c=0.4)) == pytest.approx({"b": 20, "a": 0, "c": -20})
    assert rises({**brought(0.1, a=0.1), "model": 0.0}) == {"a": 0}


def test_few_forecasts_are_no_reason_to_leave_a_covariate_out() -> None:
    few = {**brought(0.9, a=0.71, b=0.4), "forecasts": 9}
    assert "'b' lowers it: 9 forecasts are too few to leave it out for that. With" in reading(few)
    one = {**brought(0.5, a=0.5, b=0.4), "forecasts": 1}
    assert reading(one).endswith("by 1 %: 1 forecast is too few to leave them out for that.")


@pytest.mark.parametrize(
    ("none", "permuted", "expected"),
    [
        (
            0.9,
            {"a": 0.5, "b": 0.71},
            "Permuting 'b' raises MASE by 42 %; 'a' brings less than 1 %. With all of them hidden, MASE rises by 80 %.",
        ),
        (
            0.9,
            {"size": 0.502, "promo": 0.675, "price": 0.75, "sky": 0.49, "week": 0.505},
            "Permuting 'price' raises MASE by 50 %, 'promo' by 35 % and 'week' by 1.0 %; 'size' brings less than 1 "
            "%; 'sky' lowers it: consider leaving it out. With all of them hidden, MASE rises by 80 %.",
        ),
        (
            0.9,
            {f"{{{place}}}": 0.6 + place / 20 for place in range(7)},
            "Permuting '{6}' raises MASE by 80 %, '{5}' by 70 %, '{4}' by 60 %, '{3}' by 50 %, '{2}' by 40 % and 2 "
            "others. With all of them hidden, MASE rises by 80 %.",
        ),
        (0.45, {"b": 0.71}, "Permuting 'b' raises MASE by 42 %. With it hidden, MASE falls by 10 %."),
        (0.6, {"b": 0.501}, "Permuting 'b' brings less than 1 %. With it hidden, MASE rises by 20 %."),
        (
            0.6,
            {"a": 0.5, "b": 0.501},
            "No covariate alone raises MASE by 1 %, since the others stand in for it; with all of them hidden, MASE "
            "rises by 20 %.",
        ),
        (0.502, {"a": 0.502, "b": 0.4}, "No covariate lowers the error by 1 %: consider leaving them out."),
    ],
)
def test_the_sentence_says_what_to_make_of_it(none: float, permuted: dict[str, float], expected: str) -> None:
    assert reading(brought(none, **permuted)) == expected
