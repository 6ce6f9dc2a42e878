"""The look of every figure, text that fits into it, and saving it without a date or a version in the file."""

import functools
import io
import math
import zlib
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from PIL import Image

from stages.common.paths import fresh_folder

ACTUAL = "#000000"
FILLED = "#888888"  # of values that the input did not have
QUIET = "#999999"  # of what is there to compare with

# Each method has one colour in every figure: Okabe and Ito's, which colour-blind readers can tell apart. A method on
# logarithms has the colour of its plain twin, and is dashed.
METHOD_COLOURS = {
    "model": "#0072B2",
    "seasonal_naive": "#E69F00",
    "auto_ets": "#009E73",
    "auto_theta": "#CC79A7",
    "auto_arima": "#D55E00",
    "combination": "#56B4E9",
}
SPARE_COLOURS = ["#7F3C8D", "#8C564B", "#6B8E23", "#3B3B98"]  # of methods that the table lacks
LOG_TWIN = "_log"  # ends the name of a method on logarithms

COLOURS = 256  # of a saved figure
FONT = "DejaVu Sans"  # comes with matplotlib, so that every machine draws the same
CUT = "…"  # for what is left out of a text: too much for its place, or letters that the font lacks
ROOM = "worst: "  # what may stand before a name
POINTS = 72  # in an inch
PLOT_INCHES, STRIP_INCHES = 2.0, 0.5  # the heights of a plot and of a thin one below it
NAME_INCHES = 3.9  # the width of a series' name above one of two columns
TITLE_POINTS, LEGEND_POINTS, TICK_POINTS = 10, 9, 9
LEGEND_KEY = 0.75  # inches that a legend needs beside each of its texts
BREAKS = " /_-.,:;"  # after which a name goes on in a second line
MOST_LETTERS = 1_000  # of which a figure is wide enough for none

STYLE: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE_POINTS,
    "xtick.labelsize": TICK_POINTS,
    "ytick.labelsize": TICK_POINTS,
    "legend.fontsize": LEGEND_POINTS,
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


def split_below(figure: Figure, axes: list[Axes], count: int) -> list[list[Axes]]:
    """`count` thin plots below each one of a figure, on the same axis of time; the figure grows by them."""
    if not count:
        return [[] for _ in axes]
    rows = len({ax.get_position().y0 for ax in axes})
    below = []
    for ax in axes:
        spec = ax.get_subplotspec()
        assert spec is not None
        parts = spec.subgridspec(1 + count, 1, height_ratios=[PLOT_INCHES, *[STRIP_INCHES] * count])
        ax.set_subplotspec(parts[0])
        below.append([figure.add_subplot(parts[1 + place], sharex=ax) for place in range(count)])
    figure.set_figheight(figure.get_figheight() + rows * count * STRIP_INCHES)
    return below


def axes_inches(ax: Axes) -> float:
    """The width of a plot, less than it gets once the figure is laid out."""
    return float(ax.get_position().width * ax.get_figure(root=True).get_figwidth())  # type: ignore[union-attr]


def as_png(figure: Figure, dpi: int) -> bytes:
    """A figure as a PNG, and close it; line drawings with a palette: a third of the size, no visible difference."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    plt.close(figure)
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).convert("RGB")
    if not any(ax.images for ax in figure.axes):  # a heat map has more colours than a palette holds
        image = image.quantize(COLOURS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, format="png", optimize=True)
    return file.getvalue()


def as_images(figures: dict[str, Figure], dpi: int) -> dict[str, bytes]:
    """Each figure as a PNG, by name."""
    return {name: as_png(figure, dpi) for name, figure in figures.items()}


def write_images(images: dict[str, bytes], folder: Path) -> dict[str, Path]:
    """The files that `folder` then holds, one for each image and no others, by name."""
    fresh_folder(folder)
    files = {name: folder / f"{name}.png" for name in images}
    for name, content in images.items():
        files[name].write_bytes(content)
    return files


def method_style(method: str) -> dict[str, Any]:
    """The colour and the dashes of a method's lines: always the same for its name."""
    plain = method.removesuffix(LOG_TWIN)
    spare = SPARE_COLOURS[zlib.crc32(plain.encode()) % len(SPARE_COLOURS)]
    return {"color": METHOD_COLOURS.get(plain, spare), "linestyle": "-" if plain == method else "--"}


def draw_legend(figure: Figure) -> None:
    """One legend, above the plots, of what any of them shows."""
    found: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        columns = _legend_columns([text_width(label, LEGEND_POINTS) for label in found], figure.get_figwidth())
        figure.legend(found.values(), found.keys(), loc="outside upper left", ncols=columns)


def _legend_columns(widths: list[float], room: float) -> int:
    """The most columns of labels with these widths that fit; all in inches. The first columns are the longer ones."""
    for columns in range(len(widths), 1, -1):
        if sum(max(column) + LEGEND_KEY for column in np.array_split(widths, columns)) <= room:
            return columns
    return 1


def fit_text(text: str, inches: float, points: float = TITLE_POINTS) -> str:
    """`text` for a figure: one line of letters that the font has, cut in the middle to a width, `$` no mathematics.

    points: the size of the letters, by default that of titles
    """
    return _plain(_cut(one_line(text), inches * POINTS / points))


def wrap_text(text: str, inches: float) -> str:
    """`text` as in `fit_text` for a title, in two lines where one is too short, and cut only where two are."""
    width = inches * POINTS / TITLE_POINTS
    return _plain("\n".join(_cut(line, width) for line in _two_lines(one_line(text), width)))


def fit_name(name: str, place: int, prefix: str = "") -> str:
    """The name of a series for the title of one of two columns, with its place in the input if it does not fit."""
    return wrap_text(prefix + (name if shows_name(name) else f"{place}: {name}"), NAME_INCHES)


def shows_name(name: str) -> bool:
    """Whether a title of two lines shows the name of a series as it is, even after a short prefix."""
    width = NAME_INCHES * POINTS / TITLE_POINTS
    return one_line(name) == name and all(_fits(line, width) for line in _two_lines(ROOM + name, width))


def one_line(text: str) -> str:
    """`text` as one line of letters that the figures' font has; `…` for those that it lacks."""
    letters = _font().get_charmap()
    return "".join(
        letter
        for known, run in groupby(" ".join(text.split()), lambda each: each.isprintable() and ord(each) in letters)
        for letter in (run if known else CUT)
    )


def text_width(text: str, points: float) -> float:
    """The width in inches of the widest line of a text whose letters the font has."""
    return max(sum(map(_advance, line)) for line in text.split("\n")) * points / POINTS


def _plain(text: str) -> str:
    """`text` without mathematics."""
    return text.replace("$", r"\$")


def _two_lines(line: str, width: float) -> list[str]:
    """`line`, or two where it does not fit; the first is full, or ends between words."""
    if _fits(line, width):
        return [line]
    most = _that_fit(line, width)
    breaks = [place + 1 for place in range(most // 2, most) if line[place] in BREAKS]
    end = breaks[-1] if breaks else most
    return [line[:end].rstrip(), line[end:].lstrip()]


def _fits(line: str, width: float) -> bool:
    return len(line) <= MOST_LETTERS and sum(map(_advance, line)) <= width


def _cut(line: str, width: float) -> str:
    """`line` in `width` times the size of its letters: two thirds of the room for its beginning, one for its end."""
    if _fits(line, width):
        return line
    width -= _advance(CUT)
    head, tail = (_that_fit(letters, share * width / 3) for letters, share in ((line, 2), (line[::-1], 1)))
    return f"{line[:head]}{CUT}{line[len(line) - tail :]}"


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
