"""Forecasters of monthly series without training: their networks forecast about as their experts."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from stages.common.arrays import Floats
from stages.common.params import Params
from stages.ingest.input_format import InputFormat
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.predict.ensemble import Ensemble
from stages.predict.forecaster import Forecaster, last_step
from stages.predict.intervals import Calibration
from stages.predict.params import COMBINATION
from stages.predict.spread import PROBABILITIES, Typical
from stages.train.batches import Batches
from stages.train.network import Network
from stages.train.params import Model
from stages.window.cutting import cut_at_ends
from stages.window.params import Window
from tests.published import monthly
from tests.raw_files import settings

LONG: dict[str, Any] = {"series": "unique_id", "time": "ds", "value": "y", "frequency": "MS", "season_length": 12}


def seasonal(length: int, level: float = 100, seed: int = 0) -> Floats:
    """Monthly values with a season and noise."""
    season = 1 + 0.3 * np.sin(np.arange(length) * np.pi / 6)
    noise = np.random.default_rng(seed).normal(0, 0.03, length)
    return np.asarray((level * (season + noise)).round(2))


def seasonal_panel(*lengths: int) -> Panel:
    """Series of these lengths that end in the same month."""
    return monthly([seasonal(length, 100 * (place + 1), place) for place, length in enumerate(lengths)], 12)


def frame_of(panel: Panel) -> pd.DataFrame:
    """unique_id, ds and y, times as text in the panel's format."""
    ids = np.repeat(panel.ids, panel.lengths)
    return pd.DataFrame({"unique_id": ids, "ds": panel.time_axis.format(panel.ds).to_numpy(), "y": panel.y})


def ensemble_for(panel: Panel, params: Params, horizon: int = 3, members: int = 2) -> Ensemble:
    """An ensemble for series like those of `panel`."""
    normalization, window = params[Normalize], params[Window]
    seasons = seasons_in_use(panel, normalization)
    _, histories = normalize(panel.at(0), normalization, seasons)
    batches = Batches(cut_at_ends(histories.values, histories.lengths, seasons, window, horizon))
    torch.manual_seed(0)
    networks = {member: Network.of(params[Model], batches) for member in range(members)}
    return Ensemble(horizon, members, normalization, window, seasons, networks)


def forecaster_for(
    panel: Panel, params: Params, method: str = "model", baselines: tuple[str, ...] = ("seasonal_naive",), **more: Any
) -> Forecaster:
    """A forecaster for series like those of `panel`, whose 80 % intervals are a mean change wide to each side."""
    ensemble = ensemble_for(panel, params, **more)
    names = dict.fromkeys(["model", COMBINATION, method])  # those of `with_intervals`
    scores = np.stack([(PROBABILITIES - 0.5) / 0.4] * 2)
    return Forecaster(
        input_format=InputFormat.of(settings(**LONG), panel),
        levels=[80, 95],
        method=method,
        method_is_auto=True,
        baselines=list(baselines),
        calibrations={name: Calibration(scores, 0.5, 0.0, Typical(change=0.1, reach=0.5)) for name in names},
        ensemble=ensemble,
        trained_until=last_step(panel.at(0)),
        trained_on=[],
    )
