"""Forecast with a trained forecaster from Python: `load(folder).predict(frame)`."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages.forecast.loaded import Loaded


def load(folder: str | Path) -> "Loaded":
    """The forecaster in `folder`, such as models/forecaster. Raises UserError where there is none."""
    from stages.forecast.loaded import Loaded  # here: `python -m stages.forecast --help` needs no torch

    return Loaded.read(Path(folder))
