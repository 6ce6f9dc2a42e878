"""Small inputs of the code under test: parameters, panels, windows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stages.common.arrays import Floats, Ints
from stages.common.params import Params, check_params
from stages.panel.panel import Panel
from stages.window.cutting import cut_at_ends, cut_windows
from stages.window.features import Source, compute_cuts
from stages.window.params import Window
from stages.window.windows import Cuts, Windows


def change(params: Params, **changes: object) -> Params:
    """`params` with `section__key=value` changes, validated."""
    values = params.dump()
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    return check_params(values)


def panel_of(series: Sequence[npt.ArrayLike], **fields: Any) -> Panel:
    """A panel of series named 0, 1, ..., without gaps, with integer steps; other `fields` as given."""
    values = [np.asarray(one, dtype=np.float64) for one in series]
    indptr = np.concatenate([[0], np.cumsum([len(one) for one in values])]).astype(np.int64)
    rows = int(indptr[-1])
    panel: dict[str, Any] = {
        "ids": [str(number) for number in range(len(values))],
        "indptr": indptr,
        "ds": pd.Series(range(rows)),
        "y": np.concatenate(values),
        "missing": np.zeros(rows, dtype=bool),
    }
    return Panel(**{**panel, **fields})


def right_aligned(flat: Floats, lengths: Ints) -> Floats:
    """Series of `lengths` (S,), one after another in `flat`, as (S, longest): right-aligned, NaN before."""
    width = int(lengths.max(initial=0))
    matrix = np.full((len(lengths), width), np.nan)
    matrix[np.arange(width) >= width - lengths[:, None]] = flat
    return matrix


def window_settings(**changes: object) -> Window:
    """All windows that need no padding, without local scaling and experts; or with `changes`."""
    plain = {
        "size": 6, "padding": False, "max_windows": 10**9, "local_scaling": "none", "experts": [], "output": "direct",
    }  # fmt: skip
    return Window.model_validate({**plain, **changes})


def cuts_at(
    values: npt.ArrayLike, before: list[int], seasons: Sequence[float], window: Window, targets: int = 4
) -> Cuts:
    """One series with these `values`, cut after `before` (K,) of them."""
    series, lengths = np.asarray(values, dtype=np.float32), np.array([np.size(values)])
    source = Source(series, lengths, seasons, targets, window)
    return compute_cuts(source, np.zeros(len(before), dtype=np.int64), np.array(before))


def plain_windows(values: npt.ArrayLike, lengths: npt.ArrayLike, size: int, targets: int) -> Windows:
    """All windows, by `window_settings`, of series of `lengths` (S,), one after another in `values` (V,)."""
    flat, lengths = np.asarray(values, dtype=np.float64), np.asarray(lengths, dtype=np.int64)
    return cut_windows(flat, lengths, [], window_settings(size=size), targets)


def plain_ends(values: npt.ArrayLike, lengths: npt.ArrayLike, size: int, targets: int) -> Windows:
    """The windows at the ends of such series."""
    flat, lengths = np.asarray(values, dtype=np.float64), np.asarray(lengths, dtype=np.int64)
    return cut_at_ends(flat, lengths, [], window_settings(size=size), targets)
