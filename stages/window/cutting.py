"""Choose the cuts of an origin's histories: where windows for training end, fairly between series."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.common.errors import UserError
from stages.window.features import compute_cuts
from stages.window.params import Window
from stages.window.windows import Windows, min_length

LONGEST_WINDOW = 64  # steps that `auto` goes up to
FAIR_SHARE = 10  # no series gives more windows than this many times the median
RECENCY = 10  # horizons over which the share of windows drawn from a long series falls by e


def window_origin(history: dict[str, Any], settings: Window, horizon: int) -> tuple[Windows, dict[str, Any]]:
    """The windows of one origin, and what was chosen, for the report. A task that any process can do."""
    windows = cut_windows(history["values"], history["lengths"], history["seasons"].tolist(), settings, horizon)
    return windows, {
        "windows": len(windows.training),
        "size": windows.size,
        "longest": int(history["lengths"].max(initial=0)),
        "series_without_window": int((windows.ends.before < windows.min_length).sum()),
    }


def cut_windows(values: Floats, lengths: Ints, seasons: list[int], settings: Window, horizon: int) -> Windows:
    """The windows of S series of `lengths` (S,), one after another in `values` (V,)."""
    size = window_size(settings, seasons)
    targets = horizon if settings.output == "direct" else 1
    shortest = min_length(size, settings.padding, seasons)
    placed = list(place_cuts(lengths, shortest, targets, settings.padding, settings.max_windows))
    series = np.repeat([number for number, _ in placed], [len(before) for _, before in placed]).astype(np.int64)
    before = np.concatenate([np.empty(0, dtype=np.int64), *(before for _, before in placed)])
    flat = values.astype(np.float32)
    return Windows(
        targets=targets,
        size=size,
        padding=settings.padding,
        values=flat,
        seasons=seasons,
        lags=(seasons or [1]) if settings.local_scaling == "smoothing" else [],
        training=compute_cuts(flat, lengths, seasons, series, before, targets, settings),
        ends=compute_cuts(flat, lengths, seasons, np.arange(len(lengths)), lengths, targets, settings),
    )


def refuse_long_size(settings: Window, longest: int) -> None:
    """Raises UserError for a window longer than every history, of which all would be padding."""
    if settings.size != "auto" and longest and settings.size > longest:
        raise UserError(
            f"params.yaml: window.size {settings.size} is longer than every normalised history, of which the "
            f"longest has {longest} values; make it smaller"
        )


def window_size(settings: Window, seasons: list[int]) -> int:
    """How many steps a window has; `auto`: two seasons, a season and twelve steps at least, 64 at most."""
    if settings.size != "auto":
        return settings.size
    season = seasons[0] if seasons else 1
    return min(max(2 * season, season + 12), LONGEST_WINDOW)


def place_cuts(lengths: Ints, shortest: int, targets: int, padding: bool, most: int) -> Iterator[tuple[int, Ints]]:
    """For each series of `lengths` (S,), after how many of its values it is cut for training.

    Everywhere with `shortest` values before the cut and all `targets` after it, or with `padding` half of them. Where
    all series together have more than `most` cuts, each gives the same number or all that it has (of more than `most`
    series some give none), and none ever more than FAIR_SHARE times the median. They are drawn at random, later ones
    more often: their share falls by e over RECENCY horizons of `targets`.
    """
    needed = max(1, targets // 2) if padding else targets
    counts = np.maximum(lengths - needed - shortest + 1, 0)
    quota = _fair_quota(counts, most)
    random = np.random.default_rng(0)
    giving = np.flatnonzero(counts)
    if len(giving) > most:
        giving = np.sort(random.choice(giving, most, replace=False))
    for series in giving:
        before = np.arange(shortest, shortest + counts[series])
        if len(before) > quota:
            age = (before[-1] - before) / (RECENCY * targets)
            chosen = np.argpartition(age - random.gumbel(size=len(before)), quota)[:quota]
            before = np.sort(before[chosen])
        yield int(series), before


def _fair_quota(counts: Ints, most: int) -> int:
    """The largest number of windows a series may give so that all together give `most` at most; at least one."""
    some = counts[counts > 0]
    if not len(some):
        return 0
    fair = int(FAIR_SHARE * np.median(some))
    below, above = 0, max(fair, 1)
    if np.minimum(some, above).sum() <= most:
        return above
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if np.minimum(some, middle).sum() <= most else (below, middle)
    return max(below, 1)
