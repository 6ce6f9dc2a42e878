"""Normalised histories of an origin, one series after another, with where their rows are in the panel."""

from dataclasses import dataclass

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.normalize.normalizer import Normalizer
from stages.normalize.params import Normalize
from stages.panel.history import History
from stages.panel.panel import Panel


@dataclass(frozen=True)
class NormalizedHistories:
    """The normalised histories of S series.

    values: (V,) one series after another
    lengths: (S,)
    first_rows: (S,) the row of the panel at which each begins
    seasons: lengths of the seasons in the values
    """

    values: Floats
    lengths: Ints
    first_rows: Ints
    seasons: Ints


def normalize(history: History, settings: Normalize) -> tuple[Normalizer, NormalizedHistories]:
    """The normalizer fitted to what one origin may know, and that history normalised."""
    panel = history.panel
    normalizers, values = [], []
    for block in history.blocks():
        matrix = history.matrix(block)
        normalizer = Normalizer(settings.log, settings.scale).fit(matrix, panel.ids[block])
        normalised = normalizer.transform(matrix)
        normalizers.append(normalizer)
        values.append(normalised[~np.isnan(normalised)])
    seasons = np.array(seasons_in_use(panel, settings), dtype=np.int64)
    histories = NormalizedHistories(np.concatenate(values), history.lengths, history.first_rows, seasons)
    return Normalizer.concat(normalizers), histories


def seasons_in_use(panel: Panel, settings: Normalize) -> list[int]:
    """The seasons that each window removes by its own seasonal indices: those that half the series hold twice."""
    if settings.seasonal != "shrunk":
        return []
    half = np.median(panel.lengths)
    return [season for season in panel.season_lengths if season > 1 and 2 * season < half]
