"""What each covariate brings: how MASE rises where it is permuted, and where no covariate is known.

Permutation importance (Breiman, Random forests, 2001, section 10; Fisher, Rudin and Dominici, All models are wrong, but
many are useful, 2019). The regression on covariates is computed anew from what is left of them, as it is for every
forecast, and says what a covariate brings beside the others. The networks stay as they were trained: what they learned
of a covariate misleads them where it is permuted, and counts for nothing where it is missing.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from stages.common.arrays import Floats, Ints
from stages.compute.pool import Pool
from stages.panel.covariates import Covariates
from stages.panel.panel import History, Panel
from stages.panel.ragged import starts
from stages.predict.ensemble import Ensemble
from stages.predict.metrics import mase, pooled
from stages.predict.scoring import ScoredForecast
from stages.predict.tasks import Shard, few_origins

MOST_HISTORIES, FEWEST_HISTORIES = 1_000, 64  # forecast for each covariate: at most, and where there are so many
FEWEST_ORIGINS = 5  # of these histories, before some of the series are left out


def measure_covariates(
    panel: Panel,
    model: list[ScoredForecast],
    origins: list[int],
    parts: list[Shard],
    ensembles: dict[int, Ensemble],
    seed: int,
    pool: Pool,
) -> dict[str, Any]:
    """The part `covariates` of metrics.json; empty without covariates, and where no error has a scale.

    On at most so many histories that this takes no longer than the model's own forecasts, see `sample`.

    model: at all origins
    origins: those that are evaluated
    ensembles: that forecast from each origin
    seed: of the permutations
    """
    if panel.covariates is None or not origins:
        return {}
    names, series = list(panel.covariates.columns_by_covariate(panel.covariates.names)), len(panel.ids)
    origins, step = sample(series, origins, series * len(model) // (1 + len(names)))
    places = np.concatenate([np.arange(part.start, part.stop, step) for part, _ in parts])
    scored = {each.origin: each for each in model}
    actual = [scored[origin].actual[places] for origin in origins]
    scale = [scored[origin].mase_scale[places] for origin in origins]

    def over_all(points: list[Floats]) -> float | None:
        """MASE of forecasts (S, horizon) at each of the origins."""
        return pooled("mase", [mase(*each) for each in zip(actual, points, scale, strict=True)])

    own = over_all([scored[origin].forecast.point[places] for origin in origins])
    if own is None:
        return {}
    used = {origin: ensembles[origin] for origin in origins}
    found = _forecast(parts, step, used, [None, *names], seed, pool)
    count = sum(int(scored[origin].forecast.has_history[places].sum()) for origin in origins)
    permuted = {name: over_all(found[name]) for name in names}
    return {"forecasts": count, "model": own, "none": over_all(found[None]), "permuted": permuted}


def sample(series: int, origins: list[int], most: int) -> tuple[list[int], int]:
    """The origins, evenly chosen, and the step from one series to the next, with which few histories are forecast.

    `most` of them, but 64 where there are so many, and no more than 1,000. Origins are left out first, down to five.
    """
    most = min(max(most, FEWEST_HISTORIES), MOST_HISTORIES)
    count = min(len(origins), max(most // series, FEWEST_ORIGINS))
    chosen = np.linspace(0, len(origins) - 1, count).round().astype(int)
    return [origins[place] for place in chosen], ceil(series * count / most)


def _forecast(
    parts: list[Shard], step: int, ensembles: dict[int, Ensemble], names: list[str | None], seed: int, pool: Pool
) -> dict[str | None, list[Floats]]:
    """Forecasts (S, horizon) of every `step`-th series of the parts from each origin, by the covariate permuted.

    names: None for forecasts without any covariate
    """
    series = sum(len(range(part.start, part.stop, step)) for part, _ in parts)
    runs = list(few_origins(ensembles, series))
    arguments = [
        (panel, step, origins, ensembles[origins[0]], name, seed)
        for name in names
        for origins in runs
        for _, panel in parts
    ]
    results = pool.run(forecast_changed, arguments, bar="covariates")
    found: dict[str | None, dict[int, list[Floats]]] = {}
    for (_, _, origins, _, name, _), points in zip(arguments, results, strict=True):
        for origin, point in zip(origins, points, strict=True):
            found.setdefault(name, {}).setdefault(origin, []).append(point)
    return {name: [np.concatenate(at_origin[origin]) for origin in ensembles] for name, at_origin in found.items()}


def forecast_changed(
    panel: Panel, step: int, origins: list[int], ensemble: Ensemble, name: str | None, seed: int
) -> list[Floats]:
    """An ensemble's forecasts (S, horizon) of every `step`-th series from each of the origins.

    With the covariate `name` permuted; None: without any covariate.
    """
    change = Change(name, seed)
    changed = change.of_static(every(panel, step))
    return [each.point for each in ensemble.forecast([ChangedHistory(changed, origin, change) for origin in origins])]


@dataclass(frozen=True)
class Change:
    """One covariate in another order, or where `name` is None, every covariate missing; `seed`: of the order."""

    name: str | None
    seed: int

    def of(self, values: Floats, names: list[str], covariates: Covariates, lengths: Ints) -> Floats:
        """Columns `names` (N, k), whose rows are those of series of `lengths` (S,), changed within each series.

        Each value moves to another row, even of two rows. What is missing stays missing, and all indicators of a
        category change places together.
        """
        if self.name is None:
            return np.full_like(values, np.nan)
        columns = covariates.columns_by_covariate(names).get(self.name)
        if columns is None:
            return values
        random, order = np.random.default_rng(self.seed), np.arange(len(values))
        known = np.asarray(~np.isnan(values[:, columns]).any(axis=1))
        for first, length in zip(starts(lengths), lengths, strict=True):
            own = order[first : first + length][known[first : first + length]]
            shuffled = random.permutation(own)
            order[shuffled] = np.roll(shuffled, -1)  # one cycle: no place keeps its value
        changed = values.copy()
        changed[:, columns] = values[order][:, columns]
        return changed

    def of_static(self, panel: Panel) -> Panel:
        """The panel with its static covariates changed: between series."""
        of = _covariates(panel)
        static = self.of(of.static_values, of.static, of, np.array([len(panel.ids)]))
        return replace(panel, covariates=replace(of, static_values=static))


@dataclass(frozen=True)
class ChangedHistory(History):
    """A history with changed covariates of time: over its steps, and of those known ahead over the horizon too."""

    change: Change

    def future_covariates(self, horizon: int) -> Floats:
        """As of a history, but changed."""
        of, values = _covariates(self.panel), super().future_covariates(horizon)
        return self.change.of(values, of.known_ahead, of, self.lengths + horizon)

    def past_covariates(self) -> Floats:
        """As of a history, but changed."""
        of, values = _covariates(self.panel), super().past_covariates()
        return self.change.of(values, of.past, of, self.lengths)


def every(panel: Panel, step: int) -> Panel:
    """The panel of every `step`-th series, the first included."""
    if step == 1:
        return panel
    covariates = _covariates(panel)
    kept = np.arange(len(panel.ids)) % step == 0
    rows, future = np.repeat(kept, panel.lengths), np.repeat(kept, np.diff(covariates.indptr))
    return replace(
        panel,
        ids=panel.ids[::step],
        indptr=_ends(panel.lengths[kept]),
        ds=panel.ds[rows],
        y=panel.y[rows],
        missing=panel.missing[rows],
        covariates=replace(
            covariates,
            indptr=_ends(np.diff(covariates.indptr)[kept]),
            future_values=covariates.future_values[future],
            past_values=covariates.past_values[rows],
            static_values=covariates.static_values[kept],
        ),
    )


def _covariates(panel: Panel) -> Covariates:
    assert panel.covariates is not None
    return panel.covariates


def _ends(lengths: Ints) -> Ints:
    """(S + 1,) 0 and the ends of series of `lengths` (S,), one after another."""
    ends: Ints = np.concatenate([[0], np.cumsum(lengths)])
    return ends
