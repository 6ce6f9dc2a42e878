"""Figures are the same bytes each time, and titles are plain text."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from stages.plot.style import (
    METHOD_COLOURS,
    as_images,
    as_png,
    draw_legend,
    fit_name,
    method_style,
    shows_name,
    subplots,
    write_images,
)


def test_the_same_figure_is_the_same_bytes() -> None:
    images = []
    for _ in range(2):
        figure, (axes,) = subplots(1)
        axes.plot([1, 2, 3])
        images.append(as_png(figure, dpi=50))
    assert images[0] == images[1]
    assert images[0].startswith(b"\x89PNG")
    assert b"Software" not in images[0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name",
    [
        "plain", "W" * 500, "i" * 500, "x" * 4_990 + "tail of it", "🙂" * 99, "$x^2$ $", "\\$", "a_b^c{d}\\alpha",
        "%s %d", "<b>&amp;</b>", "two\nlines", "\x1b[31m", "", " ", "北京市朝阳区", "مرحبا بالعالم", "שלום", "हिन्दी",
        "🙂\ufe0f", "e\u0301",
    ],
)  # fmt: skip
def test_any_name_fits_above_its_plot_and_is_drawn_without_a_warning(name: str) -> None:
    """Its width as matplotlib measures it, and warnings are errors."""
    figure, (axes, _) = subplots(2)
    title = axes.set_title(fit_name(name, 12_345))
    figure.canvas.draw()
    assert title.get_window_extent().width / figure.dpi < 4.1
    plt.close(figure)


def test_a_name_that_does_not_show_as_it_is_has_its_place() -> None:
    assert fit_name("$a$ b_c", 3) == r"\$a\$ b_c"
    assert fit_name("北京 shop", 3) == "3: … shop"
    assert fit_name("two\nlines", 3) == "3: two lines"
    cut = fit_name("the same beginning " * 20 + "17", 3)
    assert cut.startswith("3: the same beginning")
    assert cut.endswith("17")
    assert "…" in cut


def test_a_long_name_has_two_lines_broken_between_words() -> None:
    name = "Manufacturing durable goods, all employees, thousands"
    assert shows_name(name)
    assert fit_name(name, 3, "worst: ") == "worst: Manufacturing durable goods, all employees,\nthousands"
    assert fit_name("x" * 60, 3).replace("\n", "") == "x" * 60


def test_each_method_has_one_look_and_twins_share_their_colour() -> None:
    looks = [method_style(name) for name in METHOD_COLOURS]
    assert len({look["color"] for look in looks}) == len(looks)
    assert method_style("auto_theta_log") == {**method_style("auto_theta"), "linestyle": "--"}
    assert method_style("my_method") == method_style("my_method")
    assert method_style("my_method")["color"] not in METHOD_COLOURS.values()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 5, 8, 9, 30])
def test_a_legend_is_above_the_plots_and_inside_the_figure(count: int) -> None:
    figure, axes = subplots(2)
    for ax in axes:
        for number in range(count):
            ax.plot([0, 1], [0, number], label=f"method {number}{'!' * number}")
    draw_legend(figure)
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert len(figure.legends[0].get_texts()) == count
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert box.y0 >= max(ax.get_window_extent().y1 for ax in axes)
    plt.close(figure)


def test_a_folder_of_figures_holds_these_and_no_older_ones(tmp_path: Path) -> None:
    (tmp_path / "older.png").touch()
    images = as_images({"one": subplots(1)[0], "two": subplots(2)[0]}, dpi=30)
    files = write_images(images, tmp_path)
    assert files == {"one": tmp_path / "one.png", "two": tmp_path / "two.png"}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        f"{name}.png": image for name, image in images.items()
    }
