"""Forecasting as independent tasks: the model on shards of the panel, the baselines on a few series each."""

from pathlib import Path

import numpy as np

from stages.common.arrays import Bools, Floats, chunks
from stages.common.paths import origin_file, origins_in
from stages.compute.pool import Pool
from stages.compute.workers import FileArgument
from stages.normalize.normalizer import Normalizer
from stages.panel.panel import Panel
from stages.predict.baselines import forecast_baseline
from stages.predict.forecasts import forecast_origin
from stages.predict.scoring import ScoredForecast, score
from stages.train.network import Forecaster, load_networks
from stages.window.windows import Windows

Shard = tuple[slice, FileArgument[Panel]]  # a run of series, and their part of the panel

SHARD = 4096  # series in a task that forecasts by the model, and in what a worker reads
FEW_SERIES = 32  # in a task that forecasts by a baseline


def shards(panel: Panel, path: Path) -> list[Shard]:
    """The panel in the file `path`, in parts of SHARD series."""
    return [
        (series, FileArgument.at(path, Panel.read, *map(int, panel.indptr[[series.start, series.stop]])))
        for series in chunks(len(panel.ids), SHARD)
    ]


def forecast_origins(
    parts: list[Shard], halved: Bools, horizon: int, ensemble: int, folders: tuple[Path, Path, Path], pool: Pool
) -> list[ScoredForecast]:
    """The model's forecasts at every origin, scored, the final origin first. A task for each origin and shard.

    halved: (S,) the series whose half ensembles are scored too
    folders: of the normalizers, the windows and the networks
    """
    normalizers, windows, networks = folders
    arguments = []
    for origin in origins_in(normalizers):
        normalizer, ensemble_networks = Normalizer.read(normalizers, origin), load_networks(networks, origin)
        for series, panel in parts:
            ends = FileArgument.at(origin_file(windows, origin), Windows.read_ends, series.start, series.stop)
            of_origin = (origin, horizon, normalizer.take(series), ends, ensemble_networks, ensemble)
            arguments.append((panel, halved[series], *of_origin))
    by_origin: dict[int, list[ScoredForecast]] = {}
    for scored in pool.run(forecast_shard, arguments, bar="forecasts"):
        by_origin.setdefault(scored.origin, []).append(scored)
    return [ScoredForecast.concat(scored) for scored in by_origin.values()]


def forecast_shard(
    panel: Panel,
    halved: Bools,
    origin: int,
    horizon: int,
    normalizer: Normalizer,
    windows: Windows,
    networks: dict[int, Forecaster],
    ensemble: int,
) -> ScoredForecast:
    """The model's forecasts of a panel's series from one origin, scored."""
    history = panel.at(origin)
    return score(forecast_origin(history, horizon, normalizer, windows, networks, ensemble), history, halved)


def forecast_baselines(
    origins: list[int], parts: list[Shard], horizon: int, names: list[str], pool: Pool
) -> dict[str, list[Floats]]:
    """Forecasts (S, horizon) by baseline, at each of the origins; NaN for a series without a history there.

    A task for each baseline and few series, which does all origins.
    """
    arguments = [
        (name, panel, few, origins, horizon)
        for name in names
        for series, panel in parts
        for few in chunks(series.stop - series.start, FEW_SERIES)
    ]
    results = pool.run(forecast_few, arguments, bar="baselines")
    found: dict[str, list[Floats]] = {}
    for (name, *_), at_origins in zip(arguments, results, strict=True):
        found.setdefault(name, []).append(at_origins)
    return {name: list(np.concatenate(values, axis=1)) for name, values in found.items()}


def forecast_few(name: str, panel: Panel, few: slice, origins: list[int], horizon: int) -> Floats:
    """One baseline's forecasts (origins, S, horizon) of a few series."""
    season, histories = panel.season_length, [panel.take(few).at(origin) for origin in origins]
    return np.array(
        [
            [forecast_baseline(name, history.values(series), season, horizon) for series in range(few.stop - few.start)]
            for history in histories
        ]
    )
