"""Small inputs of the code under test: parameters, panels, windows."""

import numpy as np
import numpy.typing as npt

from stages.common.params import Params, check_params
from stages.window.cutting import cut_windows
from stages.window.params import Window
from stages.window.windows import Windows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def right_aligned(flat: Floats, lengths: Ints) -> Floats:
    """Series of `lengths` (S,) that stand one after another in `flat`, as (S, longest), right-aligned, NaN before."""
    width = int(lengths.max(initial=0))
    matrix = np.full((len(lengths), width), np.nan)
    matrix[np.arange(width) >= width - lengths[:, None]] = flat
    return matrix


def window_settings(**changes: object) -> Window:
    """Every whole window, no local scaling, no experts; or what `changes` say."""
    plain = {
        "size": 6, "padding": False, "max_windows": 10**9, "local_scaling": "none", "experts": [], "output": "direct",
    }  # fmt: skip
    return Window.model_validate({**plain, **changes})


def plain_windows(values: Floats, lengths: Ints, size: int, targets: int) -> Windows:
    """All whole windows of series that follow one another, without local scaling."""
    return cut_windows(values, lengths, [], window_settings(size=size), targets)


def change(params: Params, **changes: object) -> Params:
    """`params` with `section__key=value` changes, validated."""
    values = params.dump()
    for name, value in changes.items():
        section, key = name.split("__")
        values[section][key] = value
    return check_params(values)
