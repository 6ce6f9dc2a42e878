"""Figures are the same bytes each time, and titles are plain text."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from stages.plot.style import fit_name, save, save_figures, subplots


def test_the_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        figure, (axes,) = subplots(1)
        axes.plot([1, 2, 3])
        save(figure, tmp_path / name, dpi=50)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"Software" not in (tmp_path / "one.png").read_bytes()


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
    assert fit_name("北京 shop", 3) == "3: □□ shop"
    assert fit_name("two\nlines", 3) == "3: two lines"
    cut = fit_name("the same beginning " * 20 + "17", 3)
    assert cut.startswith("3: the same beginning")
    assert cut.endswith("17")
    assert "…" in cut


def test_a_folder_of_figures_holds_these_and_no_older_ones(tmp_path: Path) -> None:
    (tmp_path / "older.png").touch()
    files = save_figures({"one": subplots(1)[0], "two": subplots(2)[0]}, tmp_path, dpi=30)
    assert files == {"one": tmp_path / "one.png", "two": tmp_path / "two.png"}
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
