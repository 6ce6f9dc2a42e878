"""Write the forecast, a shard after another, and say in a line what was forecast and how good it was."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from stages.common.errors import UserError, counted, warn
from stages.forecast.forecasting import Forecast
from stages.plot.digits import significant
from stages.predict.baselines import NAIVE
from stages.predict.checks import warn_of_fallback, warn_of_wide_intervals
from stages.predict.evaluation import Evaluation, measure
from stages.predict.forecaster import Forecaster
from stages.predict.forecasts import OriginForecast
from stages.predict.intervals import Limits
from stages.predict.params import COMBINATION, MODEL, shown_levels
from stages.predict.tables import evaluation_table, write_csv


@dataclass(frozen=True)
class Doubts:
    """What the warnings of a forecast need of a shard: its ids, the model's forecast, and the published limits."""

    ids: list[str]
    model: OriginForecast
    limits: Limits

    @classmethod
    def of(cls, shard: Forecast, method: str) -> "Doubts":
        return cls(shard.history.panel.ids, shard.model, shard.limits[method])

    @property
    def steps(self) -> int:
        """Forecast of each series."""
        return int(self.model.point.shape[1])

    @staticmethod
    def warn(shards: list["Doubts"]) -> None:
        """Warn of series that are too short for the model, and of intervals that say little."""
        ids = [name for each in shards for name in each.ids]
        model = OriginForecast.concat([each.model for each in shards])
        lower, upper = (np.concatenate([each.limits[end] for each in shards], axis=1) for end in (0, 1))
        warn_of_fallback(model, ids)
        warn_of_wide_intervals(model, lower, upper, ids)


def refuse_overwriting(file: Path, out: Path | None) -> None:
    """Raises UserError where the forecast would replace the data."""
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise UserError(f"--out {out} is FILE itself, which the forecast would replace; name another file")


def write_future(shards: Iterable[Forecast], forecaster: Forecaster, out: Path | None) -> list[str]:
    """Write the forecasts, as reports/forecast.csv, and warn of those that say little; returns what was written."""
    kept = []

    def tables() -> Iterator[pd.DataFrame]:
        for shard in shards:
            kept.append(Doubts.of(shard, forecaster.method))
            yield shard.future()

    _write(tables(), out)
    Doubts.warn(kept)
    return [f"{counted(sum(len(each.ids) for each in kept), 'series', 'series')} x {counted(kept[0].steps, 'step')}"]


def write_evaluation(shards: Iterable[Forecast], forecaster: Forecaster, out: Path | None) -> list[str]:
    """Write the forecasts with the actual values, as reports/evaluation.csv; returns their scores, in words."""
    evaluations: list[Evaluation] = []
    kept: list[tuple[OriginForecast, list[str]]] = []

    def tables() -> Iterator[pd.DataFrame]:
        for shard in shards:
            evaluation = shard.evaluation()
            evaluations.append(evaluation)
            kept.append((shard.model.take(evaluation.series), [shard.history.panel.ids[i] for i in evaluation.series]))
            yield evaluation_table([evaluation], shard.history.panel, forecaster.levels)

    _write(tables(), out)
    ids = [name for _, names in kept for name in names]
    warn_of_fallback(OriginForecast.concat([model for model, _ in kept]), ids)
    _warn_of_known_values(evaluations, forecaster)
    everything = sum(len(each.history.panel.ids) for each in evaluations)
    short = f" of {everything:,}, the others have too few values" if len(ids) < everything else ""
    steps = counted(evaluations[0].actual.shape[1], "step")
    return [f"{counted(len(ids), 'series', 'series')}{short} x {steps}", *scores_in_words(evaluations, forecaster)]


def _warn_of_known_values(evaluations: list[Evaluation], forecaster: Forecaster) -> None:
    """Warn of scores of values that the training knew."""
    steps = pd.concat([_scored_steps(each) for each in evaluations])
    if known := forecaster.trained_on_how_many(steps):
        (until,) = evaluations[0].history.panel.time_axis.format(pd.Series([forecaster.trained_until]))
        warn(
            f"{known:,} of the {len(steps):,} values are not later than {until}, up to which the networks were "
            "trained: their scores say little; use a file with later values, or a smaller --horizon"
        )


def _scored_steps(evaluation: Evaluation) -> pd.Series:
    """The `ds` of all actual values, of which none is missing."""
    rows, _ = evaluation.history.after(evaluation.actual.shape[1])
    return evaluation.history.panel.ds.iloc[rows[evaluation.series][~np.isnan(evaluation.actual)]]


def scores_in_words(evaluations: list[Evaluation], forecaster: Forecaster) -> list[str]:
    """MASE of the published method and of the seasonal naive one, and the coverage of the intervals."""
    measured = measure(evaluations, forecaster.levels)
    by_name = {MODEL: measured[MODEL], COMBINATION: measured.get(COMBINATION, {}), **measured["baseline"]}
    scores, naive = by_name[forecaster.method], by_name[NAIVE]
    parts = [f"MASE {significant(scores['mase'])}"] if "mase" in scores else ["no scale for MASE"]
    if "mase" in naive:
        parts[0] += f" ({NAIVE} {significant(naive['mase'])})"
    shown = shown_levels(forecaster.levels)
    covered = {level: scores[f"coverage_{level}"] for level in shown if f"coverage_{level}" in scores}
    return parts + [f"{level} % intervals cover {significant(share)} %" for level, share in covered.items()]


def _write(tables: Iterable[pd.DataFrame], out: Path | None) -> None:
    with _opened(out) as file:
        for number, table in enumerate(tables):
            write_csv(table, file, header=not number)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """stdout, or a file that appears under its name once it is whole; a device or a pipe is written as it is.

    Raises UserError where it cannot be written.
    """
    if out is None:
        yield sys.stdout
        return
    whole = Path(os.path.realpath(out))  # the file, not a link to it
    unfinished = out if out.exists() and not out.is_file() else whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        if unfinished != out:
            unfinished.replace(whole)
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror or error}; name another file") from None
    finally:
        if unfinished != out:
            with suppress(OSError):  # it is in place, or could not be opened
                unfinished.unlink()
