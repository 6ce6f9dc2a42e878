"""Features at each cut, from the values before it alone: seasonal indices, level, scale, experts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from stages.common.arrays import Bools, Floats, Floats32, Ints, Rows, chunks
from stages.normalize.covariates import ScaledCovariates
from stages.panel.ragged import blocks, left_aligned, starts
from stages.window.covariates import LARGEST, ahead_of, aligned, regressed_together, span_of
from stages.window.experts import EXPERTS, Context, last_values
from stages.window.params import Window
from stages.window.record import log_record, reach, record_origins
from stages.window.regression import regress
from stages.window.scale import local_scale
from stages.window.season_regression import regress_seasons
from stages.window.seasonality import indexed, seasonal_indices_at, year_of
from stages.window.smoothing import Smoothed, smooth
from stages.window.windows import Cuts, season_at, shortest_context
from stages.window.yearly import HARMONICS, course_at

CHUNK = 4096  # cuts computed at once
HELD = 4 * CHUNK  # cuts, the origins of records among them, whose experts are in memory at once


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
class SeriesTerms(Rows):
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
    cuts = _cuts_in_any_order(source, series, before)
    return replace(cuts, covariates=_covariates_ahead(source, series, before), static=_static(source, series))


def _cuts_in_any_order(source: Source, series: Ints, before: Ints) -> Cuts:
    """The cuts, in the order of the arguments, but for the covariates that networks read."""
    if not len(series):
        return _without_features(source, series, before, np.zeros((0, sum(source.index_seasons)), dtype=np.float32))
    if not len(source.values):  # a value that belongs to no series, to be read where there is none
        source = replace(source, values=np.zeros(1, dtype=np.float32))
    order = np.lexsort((before, series))
    at = series[order], before[order]
    parts = (part for block in blocks(source.lengths) for part in _cuts_of_block(source, block, *at))
    return Cuts.concat(list(parts)).take(np.argsort(order))


def _cuts_of_block(source: Source, block: slice, series: Ints, before: Ints) -> Iterator[Cuts]:
    """Those of the cuts that are of the series of a block, some at a time with the origins of their records.

    series, before: (K,) sorted
    """
    of_block = slice(*np.searchsorted(series, [block.start, block.stop]))
    series, before = series[of_block], before[of_block]
    owner, steps, is_origin = _with_origins(source, series - block.start, before)
    owner = owner + block.start
    width = int(before.max(initial=0)) + 1
    keys, wanted = owner * width + steps, series * width + before
    terms = _series_terms(source, block, owner, steps)
    for rows in chunks(len(keys), HELD):
        earliest = max(keys[rows.start] - reach(source.targets), owner[rows.start] * width)
        earlier = np.arange(np.searchsorted(keys, earliest), rows.start)  # among them origins of the first cuts
        held = np.concatenate([earlier[is_origin[earlier]], np.arange(rows.start, rows.stop)])
        computed = _compute(source, owner[held], steps[held], terms.take(held))
        wanted_here = slice(*np.searchsorted(wanted, [keys[rows.start], keys[rows.stop - 1] + 1]))
        cuts = computed.take(np.searchsorted(keys[held], wanted[wanted_here]))
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
            count += len(_with_origins(source, series[own] - block.start, before[own])[0])
    return count


def _with_origins(source: Source, series: Ints, before: Ints) -> tuple[Ints, Ints, Bools]:
    """Cuts and the origins of their records, each once and sorted: series, steps before, and which are origins."""
    is_cut, is_origin = np.zeros((2, series.max(initial=0) + 1, before.max(initial=0) + 1), dtype=np.bool_)
    is_cut[series, before] = True
    if source.settings.experts:
        is_origin[record_origins(series, before, source.targets, shortest_context(source.index_seasons))] = True
    owner, steps = np.nonzero(is_cut | is_origin)
    return owner, steps, is_origin[owner, steps]


def _without_features(source: Source, series: Ints, before: Ints, season: Floats32) -> Cuts:
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


def _compute(source: Source, series: Ints, before: Ints, terms: SeriesTerms) -> Cuts:
    """The cuts with features and experts, NaN for those that have no forecast, but without records."""
    cuts = _without_features(source, series, before, terms.indices)
    if source.settings.local_scaling == "none":
        return cuts
    parts = [_with_features(source, cuts.take(chunk), terms.take(chunk)) for chunk in chunks(len(cuts), CHUNK)]
    return Cuts.concat(parts)


def _series_terms(source: Source, block: slice, series: Ints, before: Ints) -> SeriesTerms:
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
    return SeriesTerms(indices, strength, course, _regressed(source, block, series, before))


def _regressed(source: Source, block: slice, series: Ints, before: Ints) -> Floats32:
    """(K, n, targets) forecasts by regressions at K cuts, sorted by series; none where these are no experts."""
    covariates = source.covariates if source.covariates and source.covariates.counts.of_time else None
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


def _with_features(source: Source, cuts: Cuts, terms: SeriesTerms) -> Cuts:
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
    context = Context(values, index_seasons, cuts, level, smoothed, targets, source.year, terms.course, terms.regressed)
    by_name = {name: EXPERTS[name](context) for name in source.settings.experts}
    forecasts = [forecast for each in by_name.values() for forecast in each]
    informed = np.repeat([name == "regression" for name in by_name], [len(each) for each in by_name.values()])
    features = [
        *_features(_latest(scaled), smoothed, cuts.scale, known.sum(axis=1)),
        *terms.strength.T,
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
