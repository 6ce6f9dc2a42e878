"""Choose where histories are cut into windows: for training with a fair share for each series, or at their ends."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from stages.common.arrays import Bools, Floats, Ints
from stages.common.errors import UserError, counted, warn
from stages.normalize.covariates import ScaledCovariates
from stages.panel.covariate_counts import CovariateCounts
from stages.panel.ragged import starts
from stages.window.covariates import completed, past_steps, span_of, too_short
from stages.window.features import Source, compute_cuts
from stages.window.params import Window
from stages.window.record import ABSENT
from stages.window.seasonality import indexed
from stages.window.windows import Windows, known_before, min_length

LONGEST_WINDOW = 64  # steps: the largest `auto` size
FAIR_SHARE = 10  # most windows of one series, over the median of all series
RECENCY = 10  # horizons over which the probability that a window is drawn falls by e


def window_origin(history: dict[str, Any], settings: Window, horizon: int) -> tuple[Windows, dict[str, Any]]:
    """The windows of one origin, and a summary for the report. A task that any process can run.

    history: the arrays of `NormalizedHistories`, by name
    """
    seasons, covariates = history["seasons"].tolist(), ScaledCovariates.in_file(history)
    windows = cut_windows(history["values"], history["lengths"], seasons, settings, horizon, covariates)
    return windows, {
        "windows": len(windows.cuts),
        "size": windows.size,
        "longest": int(history["lengths"].max(initial=0)),
        "series_without_window": int(_without_window(windows).sum()),
    }


def _without_window(windows: Windows) -> Bools:
    """(S,) the series that have too few known values for a window at their ends."""
    known = known_before(windows.values, np.cumsum(windows.lengths), windows.lengths)
    return known < windows.min_length


def cut_windows(
    values: Floats,
    lengths: Ints,
    seasons: Sequence[float],
    settings: Window,
    horizon: int,
    covariates: ScaledCovariates | None = None,
) -> Windows:
    """Cut S series of `lengths` (S,), one after another in `values` (V,), into windows for training.

    values: NaN where one is missing
    seasons: lengths of the seasons in the values
    covariates: of the same steps; None without any
    """
    series, before = training_cuts(values, lengths, seasons, settings, horizon)
    return _windows_at(series, before, values, lengths, seasons, settings, horizon, covariates)


def training_cuts(
    values: Floats, lengths: Ints, seasons: Sequence[float], settings: Window, horizon: int
) -> tuple[Ints, Ints]:
    """The series of each cut for training (K,), and the steps before it (K,); the arguments are those of `cut_windows`.

    Of the cuts that `place_cuts` chooses those with enough known values before them, and one at least after them.
    """
    index_seasons, targets = indexed(seasons), _targets(settings, horizon)
    shortest = min_length(window_size(settings, index_seasons), settings.padding, index_seasons)
    placed = list(place_cuts(lengths, shortest, targets, settings.padding, settings.max_windows))
    series = np.repeat([number for number, _ in placed], [len(before) for _, before in placed]).astype(np.int64)
    before = np.concatenate([np.empty(0, dtype=np.int64), *(before for _, before in placed)])
    cut, after = starts(lengths)[series] + before, np.minimum(targets, lengths[series] - before)
    enough = known_before(values, cut, before) >= shortest
    enough &= known_before(values, cut + after, after) > 0
    return series[enough], before[enough]


def cut_at_ends(
    values: Floats,
    lengths: Ints,
    seasons: Sequence[float],
    settings: Window,
    horizon: int,
    covariates: ScaledCovariates | None = None,
) -> Windows:
    """The window at the end of each of S series, to forecast from; the arguments are those of `cut_windows`."""
    return _windows_at(np.arange(len(lengths)), lengths, values, lengths, seasons, settings, horizon, covariates)


def a_window(seasons: Sequence[float], settings: Window, horizon: int, counts: CovariateCounts) -> Windows:
    """The window at the end of a single value: in size, channels, features and experts as those of a run.

    Covariates change, since those that do not have no weights.
    """
    shapes = zip((1 + horizon, 1, 1), counts, strict=True)
    future, past, static = (np.arange(math.prod(shape), dtype=np.float64).reshape(shape) + 1 for shape in shapes)
    covariates = ScaledCovariates(future, past, static, ahead=horizon) if any(counts) else None
    return cut_at_ends(np.zeros(1), np.array([1]), seasons, settings, horizon, covariates)


def _windows_at(
    series: Ints,
    before: Ints,
    values: Floats,
    lengths: Ints,
    seasons: Sequence[float],
    settings: Window,
    horizon: int,
    covariates: ScaledCovariates | None,
) -> Windows:
    """The windows at the cuts after `before` (K,) values of `series` (K,)."""
    flat, targets, index_seasons = values.astype(np.float32), _targets(settings, horizon), indexed(seasons)
    covariates = completed(covariates, lengths, span_of(index_seasons)) if covariates else None
    none = np.zeros((len(flat), 0), dtype=np.float32)
    return Windows(
        targets=targets,
        size=window_size(settings, index_seasons),
        padding=settings.padding,
        values=flat,
        past=past_steps(covariates) if covariates and settings.output == "direct" else none,
        lengths=lengths,
        seasons=index_seasons,
        lags=(index_seasons or [1]) if settings.local_scaling == "smoothing" else [],
        cuts=compute_cuts(Source(flat, lengths, seasons, targets, settings, covariates), series, before),
    )


def _targets(settings: Window, horizon: int) -> int:
    """Steps that a network forecasts at once."""
    return horizon if settings.output == "direct" else 1


def bytes_of_cuts(
    lengths: Ints,
    seasons: Sequence[float],
    settings: Window,
    horizon: int,
    counts: CovariateCounts,
) -> int:
    """What the training cuts of series of `lengths` (S,) take at least, with the copy that leaves the task."""
    index_seasons = indexed(seasons)
    shortest = min_length(window_size(settings, index_seasons), settings.padding, index_seasons)
    placed = place_cuts(lengths, shortest, _targets(settings, horizon), settings.padding, settings.max_windows)
    cut = a_window(seasons, settings, horizon, counts).cuts  # as large as any other
    each: int = sum(array.nbytes for array in vars(cut).values())
    return 2 * sum(len(before) for _, before in placed) * each


def refuse_long_size(settings: Window, longest: int) -> None:
    """Raises UserError for a window longer than every history: each would be padded."""
    if settings.size != "auto" and longest and settings.size > longest:
        raise UserError(
            f"params.yaml: window.size {settings.size} is longer than every normalised history, of which the "
            f"longest has {longest} values; make it smaller"
        )


def refuse_no_windows(windows: Windows, horizon: int, origin: int) -> None:
    """Raises UserError where no history up to the latest training origin, `origin`, can be cut for training."""
    if len(windows.cuts):
        return
    early = f", {origin} steps before the end, where backtest.refit trains" if origin else ""
    if np.isnan(windows.values).any():
        problem = (
            f"no normalised history has {windows.min_length} known values and another in the {windows.targets} steps "
            f"after them{early}; use longer series, or make window.size or backtest.horizon smaller"
        )
    else:
        problem = (
            f"window.size {windows.size} and backtest.horizon {horizon} together are longer than every normalised "
            f"history (the longest has {int(windows.lengths.max(initial=0))} values{early}); make one smaller"
        )
    raise UserError(f"params.yaml: {problem}{', or set backtest.refit to 1' if early else ''}")


def warn_of_unused_covariates(counts: CovariateCounts, settings: Window) -> None:
    """Warn of covariates that change with time where nothing uses them: a network that forecasts one step has none."""
    if settings.output == "direct":
        return
    for names, count in (("future and ingest.holidays", counts.future), ("past", counts.past)):
        if count:
            warn(f"ingest.covariates.{names} are not used: they need window.output: direct")


def _regresses(settings: Window) -> bool:
    """Whether an expert uses covariates that change with time."""
    return settings.output == "direct" and settings.local_scaling == "smoothing" and "regression" in settings.experts


def warn_of_short_histories(
    values: Floats, lengths: Ints, seasons: Sequence[float], covariates: ScaledCovariates | None, settings: Window
) -> None:
    """Warn of series with too few values for a regression of their own on the covariates that change with time.

    values: (V,) of S series of `lengths` (S,), NaN where one is missing
    """
    if covariates is None or not covariates.counts.of_time or not _regresses(settings):
        return
    if count := int(too_short(values, lengths, covariates, indexed(seasons)).sum()):
        have, are = ("has", "is") if count == 1 else ("have", "are")
        warn(
            f"{count:,} of {counted(len(lengths), 'series', 'series')} {have} too few values for a regression on the "
            f"covariates, and {are} forecast without one; use longer histories, or fewer covariates"
        )


def refuse_no_experts(windows: Windows, experts: list[str]) -> None:
    """Raises UserError where experts are named, but none of them has a forecast at any cut."""
    if experts and not (windows.cuts.record < ABSENT).any():
        raise UserError(
            f"params.yaml: window.experts {experts}: none of them forecasts these series, which lack the season, the "
            "year, the zeros or the length that they need; add ses, or set it to []"
        )


def window_size(settings: Window, seasons: list[int]) -> int:
    """Steps of a window; `auto`: two seasons or a season and 12 steps, whichever is more, up to LONGEST_WINDOW."""
    if settings.size != "auto":
        return settings.size
    season = seasons[0] if seasons else 1
    return min(max(2 * season, season + 12), LONGEST_WINDOW)


def place_cuts(
    lengths: Ints, shortest: int, targets: int, padding: bool, max_windows: int
) -> Iterator[tuple[int, Ints]]:
    """Each series of `lengths` (S,) that is cut for training, with the number of values before each cut (K,).

    A cut needs `shortest` values before it and all `targets` after it, or with `padding` half of them. If there are
    more than `max_windows` such cuts, series share them out: each gives all it has or the same quota (of more than
    `max_windows` series, a random choice gives one each). No series ever gives more than FAIR_SHARE times the median.
    A series with more cuts than its quota gives a random sample, in which later cuts are more probable: by a factor
    of e for RECENCY horizons of `targets`.
    """
    needed = max(1, targets // 2) if padding else targets
    counts = np.maximum(lengths - needed - shortest + 1, 0)
    quota = _fair_quota(counts, max_windows)
    random = np.random.default_rng(0)
    chosen_series = np.flatnonzero(counts)
    if len(chosen_series) > max_windows:
        chosen_series = np.sort(random.choice(chosen_series, max_windows, replace=False))
    for series in chosen_series:
        before = np.arange(shortest, shortest + counts[series])
        if len(before) > quota:
            age = (before[-1] - before) / (RECENCY * targets)
            # A sample without replacement by the Gumbel-top-k trick (Kool, van Hoof and Welling 2019).
            chosen = np.argpartition(age - random.gumbel(size=len(before)), quota)[:quota]
            before = np.sort(before[chosen])
        yield int(series), before


def _fair_quota(counts: Ints, max_windows: int) -> int:
    """The most cuts that each series may give: all together up to `max_windows`, but each at least one."""
    counts = counts[counts > 0]
    if not len(counts):
        return 0
    low, high = 0, max(int(FAIR_SHARE * np.median(counts)), 1)
    if np.minimum(counts, high).sum() <= max_windows:
        return high
    while high - low > 1:  # bisection: `low` fits, `high` is too many
        middle = (low + high) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= max_windows else (low, middle)
    return max(low, 1)
