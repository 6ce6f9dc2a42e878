"""Write the forecast, a shard after another, and say in a line what was forecast and how good it was."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from stages.common.errors import UserError, warn
from stages.forecast.forecasting import Forecast
from stages.plot.digits import significant
from stages.predict.baselines import NAIVE
from stages.predict.checks import warn_of_fallback, warn_of_wide_intervals
from stages.predict.evaluation import Evaluation, measure
from stages.predict.forecaster import Forecaster
from stages.predict.forecasts import OriginForecast
from stages.predict.params import COMBINATION, MODEL
from stages.predict.tables import evaluation_table, write_csv


def refuse_overwriting(file: Path, out: Path | None) -> None:
    """Raises UserError where the forecast would replace the data."""
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise UserError(f"--out {out} is FILE itself, which the forecast would replace; name another file")


def write_future(shards: Iterable[Forecast], forecaster: Forecaster, out: Path | None) -> list[str]:
    """Write the forecasts, as reports/forecast.csv, and warn of those that say little. They have no scores."""
    kept = []

    def tables() -> Iterator[pd.DataFrame]:
        for shard in shards:
            kept.append((shard.history.panel.ids, shard.model, shard.limits[forecaster.method]))
            yield shard.future()

    _write(tables(), out)
    ids = [name for names, _, _ in kept for name in names]
    model = OriginForecast.concat([each for _, each, _ in kept])
    lower, upper = (np.concatenate([limits[end] for _, _, limits in kept], axis=1) for end in (0, 1))
    warn_of_fallback(model, ids)
    warn_of_wide_intervals(model, lower, upper, ids)
    return []


def write_evaluation(shards: Iterable[Forecast], forecaster: Forecaster, out: Path | None) -> list[str]:
    """Write the forecasts with the actual values, as reports/evaluation.csv; returns their scores, in words."""
    evaluations: list[Evaluation] = []

    def tables() -> Iterator[pd.DataFrame]:
        for shard in shards:
            evaluations.append(shard.evaluation())
            yield evaluation_table([evaluations[-1]], shard.history.panel, forecaster.levels)

    _write(tables(), out)
    if any(forecaster.was_trained_on(_scored_steps(each)) for each in evaluations if len(each.series)):
        (until,) = evaluations[0].history.panel.time_axis.format(pd.Series([forecaster.trained_until]))
        warn(
            f"the networks were trained on values up to {until}; the scores of forecasts of these say little: "
            "use a file with later ones"
        )
    return scores_in_words(evaluations, forecaster)


def _scored_steps(evaluation: Evaluation) -> pd.Series:
    """The `ds` of all actual values."""
    rows, exists = evaluation.history.after(evaluation.actual.shape[1])
    return evaluation.history.panel.ds.iloc[rows[exists]]


def scores_in_words(evaluations: list[Evaluation], forecaster: Forecaster) -> list[str]:
    """MASE of the published method and of the seasonal naive one, and the coverage of the intervals."""
    measured = measure(evaluations, forecaster.levels)
    by_name = {MODEL: measured[MODEL], COMBINATION: measured.get(COMBINATION, {}), **measured["baseline"]}
    scores, naive = by_name[forecaster.method], by_name[NAIVE]
    parts = [f"MASE {significant(scores['mase'])}"] if "mase" in scores else ["no scale for MASE"]
    if "mase" in naive:
        parts[0] += f" ({NAIVE} {significant(naive['mase'])})"
    covered = {level: scores[f"coverage_{level}"] for level in forecaster.levels if f"coverage_{level}" in scores}
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
