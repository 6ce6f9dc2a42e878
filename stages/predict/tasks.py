"""Forecasting as independent tasks: the model on shards of the panel, the baselines on a few series each."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stages.common.arrays import Bools, Floats, chunks
from stages.common.paths import PANEL
from stages.compute.pool import Pool
from stages.compute.workers import FileArgument
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest
from stages.panel.panel import Panel
from stages.predict.baselines import BASELINES, choose_baselines
from stages.predict.forecasts import forecast_by_baseline
from stages.predict.params import Predict
from stages.predict.scoring import ScoredForecast, score

if TYPE_CHECKING:  # workers of baselines need no torch
    from stages.predict.ensemble import Ensemble

Shard = tuple[slice, FileArgument[Panel]]  # a run of series, and their part of the panel
Baselines = Callable[[], dict[str, list[Floats]]]  # waits for forecasts (S, horizon) by baseline, at each origin

SHARD = 4096  # series in a task that forecasts by the model, and in what a worker reads
FEW_SERIES = 32  # in a task that forecasts by a baseline
FEW_HISTORIES = 64  # of several origins, in a task that forecasts by the model


def shards(panel: Panel, path: Path) -> list[Shard]:
    """The panel in the file `path`, in parts of SHARD series."""
    return [
        (series, FileArgument.at(path, Panel.read, *map(int, panel.indptr[[series.start, series.stop]])))
        for series in chunks(len(panel.ids), SHARD)
    ]


def within_reach(backtest: Backtest, panel: Panel) -> dict[int, int]:
    """For each origin at which the longest series has a history, that whose networks forecast it; see `trained_at`."""
    return plan_origins(backtest, panel).within(int(panel.lengths.max())).trained_at(backtest.refit)


def begin_baselines(panel: Panel, backtest: Backtest, settings: Predict, pool: Pool) -> Baselines:
    """Choose the baselines of the panel in the file PANEL and begin their forecasts at every origin; needs no torch."""
    origins = list(within_reach(backtest, panel))
    names = choose_baselines(settings.baselines, [panel.at(origin) for origin in origins], settings.needed_baseline)
    return pool.begin(lambda: forecast_baselines(origins, shards(panel, PANEL), backtest.horizon, names, pool))


def forecast_origins(
    parts: list[Shard], halved: Bools, ensembles: dict[int, "Ensemble"], pool: Pool
) -> list[ScoredForecast]:
    """The model's forecasts at every origin, scored, the final origin first.

    A task for each shard and, of a small panel, few origins with the same ensemble; the final origin stands alone. The
    tasks of a panel that takes less time than workers to import torch are done here.

    halved: (S,) the series whose half ensembles are scored too
    ensembles: that forecast from each origin
    """
    series = sum(part.stop - part.start for part, _ in parts)
    arguments = [
        (panel, halved[part], origins, ensembles[origins[0]])
        for origins in few_origins(ensembles, series)
        for part, panel in parts
    ]
    by_origin: dict[int, list[ScoredForecast]] = {}
    for at_origins in pool.run(forecast_shard, arguments, bar="forecasts"):
        for scored in at_origins:
            by_origin.setdefault(scored.origin, []).append(scored)
    return [ScoredForecast.concat(by_origin[origin]) for origin in ensembles]


def few_origins(ensembles: dict[int, "Ensemble"], series: int) -> Iterator[list[int]]:
    """Runs of origins with the same ensemble, which are few histories of so many series; the final origin is alone."""
    for _, group in groupby(ensembles, key=lambda origin: (origin > 0, id(ensembles[origin]))):
        run = list(group)
        for few in chunks(len(run), max(1, FEW_HISTORIES // series)):
            yield run[few]


def forecast_shard(panel: Panel, halved: Bools, origins: list[int], ensemble: "Ensemble") -> list[ScoredForecast]:
    """An ensemble's forecasts of a panel's series from each of the origins, scored."""
    histories = [panel.at(origin) for origin in origins]
    forecasts = ensemble.forecast(histories)
    return [score(forecast, history, halved) for forecast, history in zip(forecasts, histories, strict=True)]


def forecast_baselines(
    origins: list[int], parts: list[Shard], horizon: int, names: list[str], pool: Pool
) -> dict[str, list[Floats]]:
    """Forecasts (S, horizon) by baseline, at each of the origins; NaN for a series without a history there.

    A task for each baseline and few series, which does all origins; of a panel of few series, one. The slowest first.
    """
    series = sum(part.stop - part.start for part, _ in parts)
    tasks = [
        (name, at, part, panel, few)
        for name in sorted(names, key=lambda name: -BASELINES[name].seconds)
        for at in chunks(len(origins), 1 if series <= FEW_SERIES else len(origins))
        for part, panel in parts
        for few in chunks(part.stop - part.start, FEW_SERIES)
    ]
    arguments = [(name, panel, few, origins[at], horizon) for name, at, _, panel, few in tasks]
    found = {name: np.empty((len(origins), series, horizon)) for name in names}
    results = pool.run(forecast_few, arguments, bar="baselines")
    for (name, at, part, _, few), forecasts in zip(tasks, results, strict=True):
        found[name][at, part.start + few.start : part.start + few.stop] = forecasts
    return {name: list(forecasts) for name, forecasts in found.items()}


def forecast_few(name: str, panel: Panel, few: slice, origins: list[int], horizon: int) -> Floats:
    """One baseline's forecasts (origins, S, horizon) of a few series."""
    own = panel.take(few)
    return np.array([forecast_by_baseline(name, own.at(origin), horizon) for origin in origins])
