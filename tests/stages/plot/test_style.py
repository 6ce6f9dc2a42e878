"""Figures are the same bytes each time, and titles are plain text."""

from pathlib import Path

from stages.plot.style import plain, save, start


def test_the_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        figure, (axes,) = start(1)
        axes.plot([1, 2, 3])
        save(figure, tmp_path / name, dpi=50)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"Software" not in (tmp_path / "one.png").read_bytes()


def test_titles_are_one_short_line_without_mathematics() -> None:
    assert plain("a\n$x^2$  b") == r"a \$x^2\$ b"
    assert len(plain("x" * 10_000)) == 60
