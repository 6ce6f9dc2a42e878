"""Figures are the same bytes each time, and titles are plain text."""

from pathlib import Path

from stages.plot.style import save, save_figures, subplots, title_text


def test_the_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        figure, (axes,) = subplots(1)
        axes.plot([1, 2, 3])
        save(figure, tmp_path / name, dpi=50)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"Software" not in (tmp_path / "one.png").read_bytes()


def test_titles_are_one_short_line_without_mathematics() -> None:
    assert title_text("a\n$x^2$  b") == r"a \$x^2\$ b"
    assert len(title_text("x" * 10_000)) == 60


def test_a_folder_of_figures_holds_these_and_no_older_ones(tmp_path: Path) -> None:
    (tmp_path / "older.png").touch()
    files = save_figures({"one": subplots(1)[0], "two": subplots(2)[0]}, tmp_path, dpi=30)
    assert files == {"one": tmp_path / "one.png", "two": tmp_path / "two.png"}
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
