"""Measure the longest gap of a panel, and say which gaps are long."""

import numpy as np

from stages.panel.panel import Panel

MIN_STRETCH = 10  # steps


def longest_gap(panel: Panel) -> tuple[int, int]:
    """The row at which the longest gap begins, and its steps; 0 and 0 without gaps. A gap lies within one series."""
    edges = np.diff(np.concatenate([[0], panel.missing.astype(np.int8), [0]]))
    begins = np.flatnonzero(edges == 1)
    if not len(begins):
        return 0, 0
    lengths = np.flatnonzero(edges == -1) - begins
    return int(begins[lengths.argmax()]), int(lengths.max())


def long_stretch(panel: Panel) -> int:
    """The steps beyond which a gap, or the time since a series ended, is long: the longest season, 10 at least."""
    return max(MIN_STRETCH, panel.season_lengths[-1])
