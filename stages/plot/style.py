"""The look of every figure, and saving it without a date or a version in the file."""

import io
import math
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from stages.common.paths import fresh_folder

# Okabe and Ito's colours, which colour-blind readers can tell apart.
ACTUAL, MODEL, NAIVE, OTHERS = "#000000", "#0072B2", "#E69F00", ["#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999"]

COLOURS = 256  # of a saved figure

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


def format_time_axis(ax: Axes, stamps: pd.Series) -> None:
    """Few ticks that do not overlap: short dates, or integer steps."""
    if pd.api.types.is_datetime64_any_dtype(stamps):
        locator = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Save as a PNG and close the figure; line drawings with a palette: a third of the size, no visible difference."""
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the font lacks letters of some names
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


def title_text(text: str, limit: int = 60) -> str:
    """`text` for a title: one line of printable characters, cut to `limit`, `$` not read as mathematics."""
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
    return (line if len(line) <= limit else line[: limit - 1] + "…").replace("$", r"\$")
