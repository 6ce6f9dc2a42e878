"""Stage 5, predict: networks, normalizer, panel -> the future, the evaluation, metrics against the baselines."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from stages.common.errors import quoted, run, warn
from stages.common.params import read_params
from stages.common.paths import (
    BACKTEST,
    ERROR_BY_STEP,
    ERRORS,
    EVALUATION,
    FORECAST,
    METRICS,
    NETWORKS,
    NORMALIZERS,
    PANEL,
    WINDOWS,
    origin_file,
    origins_in,
)
from stages.compute.pool import Pool, open_pool
from stages.compute.workers import FileArgument
from stages.normalize.normalizer import Normalizer
from stages.normalize.origins import plan_origins
from stages.panel.panel import Panel
from stages.predict.baselines import MOST_VALUES, choose_baselines, forecast_baseline
from stages.predict.evaluation import Evaluation, error_by_step, evaluation_table, first_series, measure, scaled_errors
from stages.predict.forecasts import OriginForecast, forecast_origin
from stages.predict.params import Baseline, Predict
from stages.train.network import load_networks
from stages.window.windows import Windows

Floats = npt.NDArray[np.float64]

Shard = tuple[slice, FileArgument[Panel]]  # some of the series, and their panel

SHARD = 4096  # series of a forecasting task, and of what a worker reads
FEW = 32  # series of a baseline's task


def main() -> None:
    params = read_params()
    panel = Panel.read(PANEL)
    settings, horizon = params.predict, params.backtest.horizon
    planned = plan_origins(params.backtest, panel)

    parts = shards(panel, PANEL)
    with open_pool(params.compute) as pool:
        origins = forecast_origins(parts, horizon, params.train.members, pool)
        in_reach = [origin for origin in origins if origin.has_history.any()]
        scored = [origin for origin in in_reach if origin.held_back in planned.evaluation]
        warn_of_reach(len(planned.evaluation) - len(scored))
        values = sum(int(panel.history_lengths(origin.held_back).sum()) for origin in scored)
        names = choose_baselines(settings.baselines, values)
        baselines = forecast_baselines([origin.held_back for origin in scored], parts, horizon, names, pool)
    evaluations = [evaluate(origin, in_reach, panel, baselines[origin.held_back], settings) for origin in scored]

    metrics = measure(evaluations, settings.levels)
    left_out = [name for name in MOST_VALUES if settings.baselines == "auto" and name not in names]
    if left_out:
        metrics["evaluated"]["baselines_left_out"] = ", ".join(left_out)
    METRICS.write_text(json.dumps(metrics, indent=2) + "\n")
    write_csv(error_by_step(evaluations, horizon), ERROR_BY_STEP)
    write_csv(scaled_errors(evaluations, panel), ERRORS, digits=6)
    table = evaluation_table(evaluations, panel, settings.levels)
    write_csv(table, EVALUATION)
    write_csv(first_series(table, panel), BACKTEST)
    write_csv(future(in_reach, panel, settings.levels), FORECAST)
    warn_of_fallback(origins[0], panel)


def shards(panel: Panel, file: Path) -> list[Shard]:
    """The panel, which stands in `file`, by runs of SHARD series."""
    return [
        (series, FileArgument.at(file, Panel.read, *map(int, panel.indptr[[series.start, series.stop]])))
        for series in runs(len(panel.ids), SHARD)
    ]


def runs(series: int, size: int) -> list[slice]:
    """Runs of `size` series, whatever the number of workers: bytes can hang on what is computed together."""
    return [slice(first, min(first + size, series)) for first in range(0, series, size)]


def forecast_origins(parts: list[Shard], horizon: int, ensemble: int, pool: Pool) -> list[OriginForecast]:
    """The forecasts of every origin, the live one first; a task for each origin and shard."""
    tasks, arguments = [], []
    for held_back in origins_in(NORMALIZERS):
        normalizer, networks = Normalizer.read(NORMALIZERS, held_back), load_networks(NETWORKS, held_back)
        for series, panel in parts:
            windows = FileArgument.at(origin_file(WINDOWS, held_back), Windows.read_ends, series.start, series.stop)
            tasks.append(held_back)
            arguments.append((panel, held_back, horizon, normalizer.of(series), windows, networks, ensemble))
    by_origin: dict[int, list[OriginForecast]] = {}
    for held_back, part in zip(tasks, pool.run(forecast_origin, arguments), strict=True):
        by_origin.setdefault(held_back, []).append(part)
    return [OriginForecast.joined(each) for each in by_origin.values()]


def forecast_baselines(
    origins: list[int], parts: list[Shard], horizon: int, names: list[Baseline], pool: Pool
) -> dict[int, dict[str, Floats]]:
    """Forecasts (S, horizon) by origin and baseline, for the S series that have a history there.

    A task for each baseline and few series does all the origins.
    """
    tasks, arguments = [], []
    for name in names:
        for series, panel in parts:
            for few in runs(series.stop - series.start, FEW):
                tasks.append(name)
                arguments.append((name, panel, few, origins, horizon))
    found: dict[int, dict[str, list[Floats]]] = {held_back: {} for held_back in origins}
    for name, by_origin in zip(tasks, pool.run(forecast_few, arguments), strict=True):
        for held_back, values in zip(origins, by_origin, strict=True):
            found[held_back].setdefault(name, []).append(values)
    return {
        held_back: {name: np.concatenate(values) for name, values in by_name.items()}
        for held_back, by_name in found.items()
    }


def forecast_few(name: Baseline, panel: Panel, few: slice, origins: list[int], horizon: int) -> list[Floats]:
    """One baseline's forecasts (S, horizon) at each origin, for those of a few series with a history there; a task."""
    panel, forecasts = panel.part(few), []
    for held_back in origins:
        histories = [
            panel.history(int(series), held_back) for series in np.flatnonzero(panel.history_lengths(held_back))
        ]
        each = [forecast_baseline(name, history, panel.season_length, horizon) for history in histories]
        forecasts.append(np.array(each).reshape(-1, horizon))
    return forecasts


def evaluate(
    origin: OriginForecast,
    origins: list[OriginForecast],
    panel: Panel,
    baselines: dict[str, Floats],
    settings: Predict,
) -> Evaluation:
    """The forecasts of one evaluation origin, its limits calibrated on the origins before it."""
    earlier = [other for other in origins if other.held_back > origin.held_back]
    low, high = origin.limits(earlier, settings.levels, panel)
    series = np.flatnonzero(origin.has_history)
    return Evaluation(
        origin=origin,
        series=series,
        actual=origin.actual[series],
        methods={"model": origin.point[series], **baselines},
        member_errors=origin.member_errors[:, series],
        low=low[:, series],
        high=high[:, series],
        scale=origin.scale[series],
    )


def future(origins: list[OriginForecast], panel: Panel, levels: list[int]) -> pd.DataFrame:
    """The forecast from the live origin and its limits, in the input's order, units and time format."""
    live, earlier = origins[0], origins[1:]
    low, high = live.limits(earlier, levels, panel)
    horizon = live.point.shape[1]
    last = panel.ds.iloc[panel.indptr[1:] - 1]
    stamps = {
        stamp: panel.time_axis.format(panel.time_axis.next_steps(stamp, horizon)).to_numpy() for stamp in last.unique()
    }
    table = {
        "unique_id": np.repeat(np.array(panel.ids, dtype=object), horizon),
        "ds": np.concatenate([stamps[stamp] for stamp in last]),
        "forecast": live.point.ravel(),
    }
    for row, level in enumerate(levels):
        table[f"lo-{level}"], table[f"hi-{level}"] = low[row].ravel(), high[row].ravel()
    return pd.DataFrame(table)


def write_csv(table: pd.DataFrame, path: Path, digits: int = 10) -> None:
    table.to_csv(path, index=False, float_format=f"%.{digits}g", lineterminator="\n")


def warn_of_reach(missing: int) -> None:
    if missing:
        warn(
            f"{missing} evaluation origins lie before the first value of every series and are left out; "
            "make backtest.origins or backtest.step smaller"
        )


def warn_of_fallback(live: OriginForecast, panel: Panel) -> None:
    names = [quoted(name) for name, fallback in zip(panel.ids, live.fallback, strict=True) if fallback]
    if names:
        few = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        warn(
            f"{len(names)} of {len(panel.ids)} series are too short for a window and are forecast by seasonal naive "
            f"({few}); make window.size smaller to include them"
        )


if __name__ == "__main__":
    run(main)
