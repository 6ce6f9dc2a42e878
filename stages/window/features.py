"""Features at each cut, from the values before it alone: seasonal indices, level, scale, experts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from stages.common.arrays import Bools, Floats, Floats32, Ints, Rows, chunks
from stages.normalize.covariates import ScaledCovariates
from stages.panel.ragged import blocks, left_aligned, starts
from stages.window.covariates import ahead_of, aligned, regressed_together, span_of
from stages.window.experts import EXPERTS, Context, last_values
from stages.window.params import Window
from stages.window.record import log_record, reach, record_origins
from stages.window.regression import regress
from stages.window.season_regression import regress_seasons
from stages.window.seasonality import indexed, seasonal_indices_at, year_of
from stages.window.smoothing import Smoothed, smooth
from stages.window.windows import Cuts, season_at, shortest_context
from stages.window.yearly import HARMONICS, course_at

CHUNK = 4096  # cuts computed at once
LARGEST = 4.0  # features are clipped to it
HELD = 4 * CHUNK  # cuts, the origins of records among them, whose experts are in memory at once
SCALE_OF_CONSTANT = 1e-3  # in normalised units, of a history without any change
LEAST_SHARE = 0.01  # of the mean change of a longer history that a scale is at least
LONGER = 10  # times as long


@dataclass(frozen=True)
class Source:
    """What cuts are computed from.

    values: (V,) normalised histories of `lengths` (S,), one after another, NaN where a value is missing
    seasons: lengths of the seasons in the values
    targets: steps to forecast
    covariates: of the same steps, completed; None without any
    """

    values: Floats32
    lengths: Ints
    seasons: Sequence[float]
    targets: int
    settings: Window
    covariates: ScaledCovariates | None = None

    @property
    def index_seasons(self) -> list[int]:
        return indexed(self.seasons)

    @property
    def year(self) -> float | None:
        return year_of(self.seasons)


@dataclass(frozen=True)
class OfSeries(Rows):
    """Of K cuts what the steps of whole series give.

    indices: (K, P) those of all seasons, one after another
    strength: (K, seasons) of each
    course: (K, ...) coefficients of the course of the year, none where the year is no season, see yearly.py
    regressed: (K, n, targets) forecasts by regressions, see regression.py
    """

    indices: Floats32
    strength: Floats32
    course: Floats
    regressed: Floats32


def compute_cuts(source: Source, series: Ints, before: Ints) -> Cuts:
    """The cuts after `before` (K,) values of `series` (K,), with their features and the records of the experts."""
    cuts = _without_covariates(source, series, before)
    return replace(cuts, covariates=_covariates_ahead(source, series, before), static=_static(source, series))


def _without_covariates(source: Source, series: Ints, before: Ints) -> Cuts:
    """The cuts, but for the covariates that networks read."""
    if not len(series):
        return _bare(source, series, before, np.zeros((0, sum(source.index_seasons)), dtype=np.float32))
    if not len(source.values):  # a value that belongs to no series, to be read where there is none
        source = replace(source, values=np.zeros(1, dtype=np.float32))
    order = np.lexsort((before, series))
    at = series[order], before[order]
    parts = (part for block in blocks(source.lengths) for part in _with_records(source, block, *at))
    return Cuts.concat(list(parts)).take(np.argsort(order))


def _with_records(source: Source, block: slice, series: Ints, before: Ints) -> Iterator[Cuts]:
    """Those of the cuts that are of the series of a block, some at a time with the origins of their records.

    series, before: (K,) sorted
    """
    own = slice(*np.searchsorted(series, [block.start, block.stop]))
    series, before = series[own], before[own]
    owner, steps, is_origin = _and_origins(source, series - block.start, before)
    owner = owner + block.start
    width = int(before.max(initial=0)) + 1
    keys, wanted = owner * width + steps, series * width + before
    of_series = _of_series(source, block, owner, steps)
    for rows in chunks(len(keys), HELD):
        earliest = max(keys[rows.start] - reach(source.targets), owner[rows.start] * width)
        earlier = np.arange(np.searchsorted(keys, earliest), rows.start)  # among them origins of the first cuts
        held = np.concatenate([earlier[is_origin[earlier]], np.arange(rows.start, rows.stop)])
        own = slice(*np.searchsorted(wanted, [keys[rows.start], keys[rows.stop - 1] + 1]))
        computed = _compute(source, owner[held], steps[held], of_series.take(held))
        cuts = computed.take(np.searchsorted(keys[held], wanted[own]))
        if computed.experts.shape[1]:  # an expert's name may give none, as `year` of monthly values
            origins = computed.take(np.flatnonzero(is_origin[held]))
            record = log_record(cuts, origins, source.values, source.lengths, source.index_seasons)
            cuts = replace(cuts, record=record, experts=np.nan_to_num(cuts.experts))
        yield cuts


def count_computed(source: Source, series: Ints, before: Ints) -> int:
    """At how many cuts features and experts are computed for K cuts: at these, and at the origins of their records.

    series: (K,) of each cut, sorted; before: (K,) the steps before it
    """
    count = 0
    for block in blocks(source.lengths):
        own = slice(*np.searchsorted(series, [block.start, block.stop]))
        if own.stop > own.start:
            count += len(_and_origins(source, series[own] - block.start, before[own])[0])
    return count


def _and_origins(source: Source, series: Ints, before: Ints) -> tuple[Ints, Ints, Bools]:
    """Cuts and the origins of their records, each once and sorted: series, steps before, and which are origins."""
    is_cut, is_origin = np.zeros((2, series.max(initial=0) + 1, before.max(initial=0) + 1), dtype=np.bool_)
    is_cut[series, before] = True
    if source.settings.experts:
        is_origin[record_origins(series, before, source.targets, shortest_context(source.index_seasons))] = True
    owner, steps = np.nonzero(is_cut | is_origin)
    return owner, steps, is_origin[owner, steps]


def _bare(source: Source, series: Ints, before: Ints, season: Floats32) -> Cuts:
    """Cuts with their seasonal indices alone."""
    count = len(series)
    return Cuts(
        position=starts(source.lengths)[series] + before,
        series=series,
        before=before,
        after=np.minimum(source.lengths[series] - before, source.targets),
        season=season,
        level=np.zeros(count, dtype=np.float32),
        scale=np.ones(count, dtype=np.float32),
        experts=np.zeros((count, 0, source.targets), dtype=np.float32),
        record=np.zeros((count, 0), dtype=np.float32),
        informed=np.zeros((count, 0), dtype=np.float32),
        features=np.zeros((count, 0), dtype=np.float32),
        covariates=np.zeros((count, 0, source.targets), dtype=np.float32),
        static=np.zeros((count, 0), dtype=np.float32),
    )


def _covariates_ahead(source: Source, series: Ints, before: Ints) -> Floats32:
    """(K, F, targets) see `ahead_of`; none without covariates, and for a network that forecasts one step at once."""
    covariates = source.covariates
    if covariates is None or source.settings.output != "direct":
        return np.zeros((len(series), 0, source.targets), dtype=np.float32)
    return ahead_of(covariates, source.lengths, series, before, source.targets, span_of(source.index_seasons))


def _static(source: Source, series: Ints) -> Floats32:
    """(K, Q) the static covariates of the series of K cuts; none without any."""
    of = source.covariates
    static = of.static[series] if of else np.zeros((len(series), 0))
    return np.clip(static, -LARGEST, LARGEST).astype(np.float32)


def _compute(source: Source, series: Ints, before: Ints, of_series: OfSeries) -> Cuts:
    """The cuts with features and experts, NaN for those that have no forecast, but without records."""
    cuts = _bare(source, series, before, of_series.indices)
    if source.settings.local_scaling == "none":
        return cuts
    parts = [_with_features(source, cuts.take(chunk), of_series.take(chunk)) for chunk in chunks(len(cuts), CHUNK)]
    return Cuts.concat(parts)


def local_scale(values: Floats32, cuts: Cuts, season: int, steps: int) -> Floats32:
    """(K,) mean absolute change over a season in the last `steps` values before each cut.

    Over one step where the history is no longer than a season. MASE's denominator (Hyndman and Koehler 2006), local
    and in normalised units. A change that is missing counts as the mean of those known in a history that is LONGER, of
    which the scale is LEAST_SHARE at least. Where none of these is known, or all are 0, the mean change from a value to
    the next one that is known, over gaps; SCALE_OF_CONSTANT where there is no change.
    """
    steps = min(steps + season, int(cuts.before.max(initial=0)))
    history, known = last_values(values, cuts, steps)
    scale = np.zeros(len(cuts))
    for lag in (1, season):
        pairs = known[:, lag:] & known[:, :-lag]
        change = np.where(pairs, np.abs(history[:, lag:] - history[:, :-lag]), 0).sum(axis=1, dtype=np.float64)
        overall = _mean_change(values, cuts, lag, LONGER * steps)
        missing = np.clip(np.minimum(cuts.before, steps) - lag, 0, None) - pairs.sum(axis=1)
        missing = np.where(np.isnan(overall), 0, missing)
        change, count = change + missing * np.nan_to_num(overall), pairs.sum(axis=1) + missing
        local = np.maximum(change / np.maximum(count, 1), LEAST_SHARE * np.nan_to_num(overall))
        scale = np.where(count > 0, local, scale)
    without = np.flatnonzero(scale == 0)
    if len(without):
        scale[without] = _mean_change_over_gaps(values, cuts.take(without), LONGER * steps)
    return np.where(scale > 0, scale, SCALE_OF_CONSTANT).astype(np.float32)


def _mean_change_over_gaps(values: Floats32, cuts: Cuts, steps: int) -> Floats:
    """(K,) mean absolute change from a known value to the next one, in the last `steps` before each cut.

    0 where nothing is missing there, and where fewer than two values are known.
    """
    known = np.flatnonzero(~np.isnan(values))
    totals = np.concatenate([[0, 0], np.cumsum(np.abs(np.diff(values[known])), dtype=np.float64)])
    own = np.minimum(cuts.before, steps)
    first, end = np.searchsorted(known, cuts.position - own), np.searchsorted(known, cuts.position)
    count = end - first
    total = np.where(count > 1, totals[end] - totals[np.minimum(first + 1, end)], 0)
    mean: Floats = np.where(count < own, total / np.maximum(count - 1, 1), 0)
    return mean


def _mean_change(values: Floats32, cuts: Cuts, lag: int, steps: int) -> Floats:
    """(K,) mean absolute change over `lag` steps in the last `steps` before each cut; NaN where none is known."""
    first = cuts.position - np.minimum(cuts.before, steps)
    end = np.maximum(cuts.position - lag, first)
    begin = int(first.min(initial=len(values)))
    near = values[begin : int(cuts.position.max(initial=0))]
    changes = np.abs(near[lag:] - near[:-lag])
    known = ~np.isnan(changes)
    totals, counts = (
        np.concatenate([[0], np.cumsum(each, dtype=np.float64)]) for each in (np.where(known, changes, 0), known)
    )
    end, first = (np.minimum(each - begin, len(changes)) for each in (end, first))
    count = counts[end] - counts[first]
    return np.where(count > 0, (totals[end] - totals[first]) / np.maximum(count, 1), np.nan)


def _of_series(source: Source, block: slice, series: Ints, before: Ints) -> OfSeries:
    """Of K cuts of the series of a block."""
    indices = np.zeros((len(series), sum(source.index_seasons)), dtype=np.float32)
    strength = np.zeros((len(series), len(source.index_seasons)), dtype=np.float32)
    course = np.full((len(series), 2 + 2 * HARMONICS if source.year else 0), np.nan)
    if source.seasons:
        at = (series - block.start, before)
        matrix = left_aligned(source.values, source.lengths, block)
        start = 0
        for number, season in enumerate(source.index_seasons):
            found = seasonal_indices_at(matrix, season, *at)
            indices[:, start : start + season], strength[:, number], matrix = found
            start += season
        if source.year:
            course = course_at(matrix, source.year, *at)
    return OfSeries(indices, strength, course, _regressed(source, block, series, before))


def _regressed(source: Source, block: slice, series: Ints, before: Ints) -> Floats32:
    """(K, n, targets) forecasts by regressions at K cuts, sorted by series; none where these are no experts."""
    covariates = source.covariates if source.covariates and source.covariates.of_time else None
    if "regression" not in source.settings.experts or source.settings.local_scaling == "none":
        return np.zeros((len(series), 0, source.targets), dtype=np.float32)
    found = []
    with threadpool_limits(1, "blas"):  # any number of cores then gives the same sums
        for part in regressed_together(source.lengths[block], covariates, source.index_seasons):
            own = slice(block.start + part.start, block.start + part.stop)
            rows = slice(*np.searchsorted(series, [own.start, own.stop]))
            whole = aligned(source.values, source.lengths, covariates, own, source.index_seasons)
            at = (series[rows] - own.start, before[rows], source.targets)
            found.append(np.concatenate([regress(whole, *at), regress_seasons(whole, *at)], axis=1))
    return np.concatenate(found)


def _with_features(source: Source, cuts: Cuts, of_series: OfSeries) -> Cuts:
    """The cuts with level, scale, experts and features, from smoothing the last five seasons, at least 36 values."""
    values, targets, index_seasons = source.values, source.targets, source.index_seasons
    season = index_seasons[0] if index_seasons else 1
    steps = max(min(max(5 * season, 36), int(cuts.before.max())), 1)
    cuts = replace(cuts, scale=local_scale(values, cuts, season, max([6 * season, *index_seasons])))
    history, known = last_values(values, cuts, steps)
    recent = _recent_mean(values, index_seasons, cuts, max(season, 4))
    if not known.any(axis=1).all():
        recent = np.where(known.any(axis=1), recent, _last_known(values, cuts))
    deseasonalized = history - season_at(cuts.season, index_seasons, np.arange(-steps, 0))
    scaled = np.where(known, (deseasonalized - recent[:, None]) / cuts.scale[:, None], np.nan).astype(np.float32)
    smoothed = smooth(scaled, targets)
    level = (recent + smoothed.level * cuts.scale).astype(np.float32)
    context = Context(
        values, index_seasons, cuts, level, smoothed, targets, source.year, of_series.course, of_series.regressed
    )
    by_name = {name: EXPERTS[name](context) for name in source.settings.experts}
    forecasts = [forecast for each in by_name.values() for forecast in each]
    informed = np.repeat([name == "regression" for name in by_name], [len(each) for each in by_name.values()])
    features = [
        *_features(_latest(scaled), smoothed, cuts.scale, known.sum(axis=1)),
        *of_series.strength.T,
        *_features_of_year(context),
    ]
    return replace(
        cuts,
        level=level,
        experts=np.stack(forecasts, axis=1) if forecasts else cuts.experts,
        informed=np.tile(informed.astype(np.float32), (len(cuts), 1)),
        features=np.clip(np.stack(features, axis=1), -LARGEST, LARGEST).astype(np.float32),
    )


def _latest(scaled: Floats32) -> Floats32:
    """(K,) the last of the values (K, steps) that is known; 0 without one."""
    back = (~np.isnan(scaled[:, ::-1])).argmax(axis=1)
    latest: Floats32 = np.nan_to_num(scaled[np.arange(len(scaled)), scaled.shape[1] - 1 - back])
    return latest


def _last_known(values: Floats32, cuts: Cuts) -> Floats32:
    """(K,) the last known value of the series before each cut; 0 without one."""
    first = cuts.position - cuts.before
    begin = min(int(first.min()), len(values) - 1)
    near = values[begin : int(cuts.position.max()) + 1]
    known = np.where(np.isnan(near), -1, begin + np.arange(len(near)))
    row = np.maximum.accumulate(known)[cuts.position - 1 - begin]
    return np.where((row >= first) & (row < cuts.position), values[row], np.float32(0))


def _recent_mean(values: Floats32, seasons: list[int], cuts: Cuts, size: int) -> Floats32:
    """(K,) the mean of the last `size` values, seasonal indices removed."""
    history, known = last_values(values, cuts, size)
    deseasonalized = np.where(known, history - season_at(cuts.season, seasons, np.arange(-size, 0)), 0)
    means: Floats32 = (deseasonalized.sum(axis=1) / np.maximum(known.sum(axis=1), 1)).astype(np.float32)
    return means


def _features(last: Floats32, smoothed: Smoothed, scale: Floats32, length: Ints) -> list[Floats32]:
    """Features (K,): numbers around 0, distances in units of scale.

    last: (K,) the last known value less the recent mean, in units of scale
    length: (K,) the number of values smoothed
    """
    return [
        last - smoothed.level,
        smoothed.theta[:, -1] - smoothed.level,
        smoothed.holt[:, -1] - smoothed.level,
        np.log(smoothed.rmse + 0.01),
        np.log(scale) + 2.5,
        smoothed.alpha - 0.5,
        np.log(np.maximum(length, 1) / 20),
    ]


def _features_of_year(context: Context) -> list[Floats]:
    """Features (K,) of the year: its course over the horizon, and its distance from the level; 0 before it is found."""
    if context.year is None:
        return []
    ahead, lagged = context.course_of_year
    return [np.nan_to_num(each) for each in ((ahead - lagged)[:, -1], ahead[:, 0], ahead[:, -1])]
