"""The look of every figure, text that fits into it, and saving it without a date or a version in the file."""

import functools
import io
import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from PIL import Image

from stages.common.paths import fresh_folder

# Okabe and Ito's colours, which colour-blind readers can tell apart.
ACTUAL, MODEL, NAIVE, OTHERS = "#000000", "#0072B2", "#E69F00", ["#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999"]

FILLED = "#888888"  # of values that the input did not have
COLOURS = 256  # of a saved figure
FONT = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same
NO_GLYPH = "\u25a1"  # a box for a letter that the font lacks, and for a control character
POINTS = 72  # in an inch
NAME_INCHES = 3.9  # the width of a series' name above one of two columns
MOST_LETTERS = 1_000  # of which a figure is wide enough for none

STYLE: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
}


def subplots(panels: int, width: float = 9.0, height: float = 4.2, columns: int = 2) -> tuple[Figure, list[Axes]]:
    """A figure of `panels` plots in up to `columns` columns; sizes in inches."""
    mpl.use("Agg")
    plt.style.use(["default", STYLE])
    columns = min(columns, panels)
    rows = math.ceil(panels / columns)
    height = height if rows == 1 else rows * (2.8 if columns > 1 else 2.2)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for spare in axes.flat[panels:]:
        spare.set_axis_off()
    return figure, list(axes.flat[:panels])


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Save as a PNG and close the figure; line drawings with a palette: a third of the size, no visible difference."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=dpi, format="png")
    plt.close(figure)
    image = Image.open(drawn).convert("RGB")
    if not any(ax.images for ax in figure.axes):  # a heat map has more colours than a palette holds
        image = image.quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, format="png", optimize=True)


def save_figures(figures: dict[str, Figure], folder: Path, dpi: int) -> dict[str, Path]:
    """The files that `folder` then holds, one for each figure and no others, by name."""
    fresh_folder(folder)
    files = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save(figure, files[name], dpi)
    return files


def fit_text(text: str, inches: float, points: float = 12) -> str:
    """`text` for a figure: one line of letters that the font has, cut in the middle to a width, `$` no mathematics.

    points: the size of the letters, by default that of titles
    """
    return _cut(one_line(text), inches * POINTS / points).replace("$", r"\$")


def fit_name(name: str, place: int) -> str:
    """The name of a series for the title of one of two columns, with its place in the input if it does not fit."""
    return fit_text(name if shows_name(name) else f"{place}: {name}", NAME_INCHES)


def shows_name(name: str) -> bool:
    """Whether a title shows the name of a series as it is."""
    return fit_text(name, NAME_INCHES).replace(r"\$", "$") == name


def one_line(text: str) -> str:
    """`text` as one line of letters that the figures' font has."""
    letters = _font().get_charmap()
    return "".join(
        letter if letter.isprintable() and ord(letter) in letters else NO_GLYPH for letter in " ".join(text.split())
    )


def _cut(line: str, width: float) -> str:
    """`line` in `width` times the size of its letters: two thirds of the room for its beginning, one for its end."""
    if sum(map(_advance, line[:MOST_LETTERS])) <= width and len(line) <= MOST_LETTERS:
        return line
    width -= _advance("…")
    head, tail = (_that_fit(letters, share * width / 3) for letters, share in ((line, 2), (line[::-1], 1)))
    return f"{line[:head]}…{line[len(line) - tail :]}"


def _that_fit(letters: str, width: float) -> int:
    """How many of the first letters fit into `width`."""
    total = 0.0
    for count, letter in enumerate(letters):
        total += _advance(letter)
        if total > width:
            return count
    return len(letters)


@functools.cache
def _advance(letter: str) -> float:
    """The width of a letter, in sizes of the font."""
    font = _font()
    font.set_size(POINTS, POINTS)
    return font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 2**16 / POINTS


def _font() -> FT2Font:
    return get_font(findfont(FONT))
