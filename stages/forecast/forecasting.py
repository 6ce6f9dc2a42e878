"""Forecast a panel with a forecaster, a shard of its series after another, and the tables of that."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from stages.common.arrays import Floats, chunks
from stages.common.errors import UserError, counted, reworded, warn
from stages.normalize.histories import scaled_covariates
from stages.panel.panel import History, Panel
from stages.predict.baselines import BASELINES, NAIVE, cheapest, combinable
from stages.predict.checks import warn_of_history_left_out, warn_of_others
from stages.predict.evaluation import Evaluation
from stages.predict.forecaster import Forecaster
from stages.predict.forecasts import OriginForecast
from stages.predict.intervals import Limits
from stages.predict.params import COMBINATION
from stages.predict.scoring import mase_scales
from stages.predict.tables import forecast_table
from stages.predict.tasks import SHARD
from stages.window.cutting import warn_of_short_histories

FEW_SECONDS = 5.0  # of one core, for baselines that nothing needs
MANY_MINUTES = 2  # of one core, for those that the published forecast needs


@dataclass(frozen=True)
class Forecast:
    """The forecast of S series from the ends of their histories.

    model: the model's own, without its members
    points: (S, horizon) by method
    limits: lower and upper ones, each (levels, S, horizon), of the methods that have intervals
    """

    history: History
    model: OriginForecast
    points: dict[str, Floats]
    limits: dict[str, Limits]
    levels: list[int]

    def future(self) -> pd.DataFrame:
        """A table as reports/forecast.csv."""
        return forecast_table(self.points, self.limits, self.history.panel, self.levels)

    def evaluation(self) -> Evaluation:
        """The forecast with the actual values after the histories, of the series that have a history."""
        series, horizon = np.flatnonzero(self.model.has_history), self.model.point.shape[1]
        none = np.empty((len(series), 0))
        return Evaluation(
            history=self.history,
            series=series,
            actual=self.history.actual(horizon)[series],
            methods={name: point[series] for name, point in self.points.items()},
            member_errors=none,
            half_differences=none,
            limits={name: (lower[:, series], upper[:, series]) for name, (lower, upper) in self.limits.items()},
            losses={},
            mase_scale=mase_scales(self.history)[series],
            fallback=int(self.model.fallback[series].sum()),
        )


def forecast_panel(
    forecaster: Forecaster, panel: Panel, origin: int, steps: int, baselines: list[str]
) -> Iterator[Forecast]:
    """The forecasts of a panel's series from `origin` steps before their ends, a shard after another.

    steps: to forecast, as `checked_steps`
    baselines: those of `affordable_baselines`

    Raises UserError where no series has values before those, and where a logarithm is demanded of a value that is not
    positive.
    """
    history = panel.at(origin)
    if not history.lengths.any():
        raise UserError(f"no series has more than the {counted(origin, 'step')} that are forecast; use a longer file")
    warn_of_others(forecaster.trained_on, panel.ids)
    warn_of_history_left_out(panel.ds, forecaster.trained_until)
    ensemble, covariates = forecaster.ensemble, scaled_covariates(history, history.lengths, 0)
    warn_of_short_histories(history.flat, history.lengths, ensemble.seasons, covariates, ensemble.window)
    parts = list(chunks(len(panel.ids), SHARD))
    with tqdm(total=len(panel.ids), unit="series", desc="forecasts", leave=False, disable=None) as bar:
        for part in parts:
            history = (panel if len(parts) == 1 else panel.take(part)).at(origin)
            with reworded(_for_forecasts):
                model, points, limits = forecaster.forecast(history, baselines)
            yield Forecast(
                history=history,
                model=replace(model, point=model.point[:, :steps], members=model.members[:, :0]),
                points={name: point[:, :steps] for name, point in points.items()},
                limits={name: (lower[..., :steps], upper[..., :steps]) for name, (lower, upper) in limits.items()},
                levels=forecaster.levels,
            )
            bar.update(part.stop - part.start)


def checked_steps(forecaster: Forecaster, wanted: int | None) -> int:
    """The steps to forecast, the whole horizon for None. Raises UserError for more than that."""
    if wanted is None:
        return forecaster.horizon
    if not isinstance(wanted, int) or not 1 <= wanted <= forecaster.horizon:
        raise UserError(
            f"a horizon of {wanted}, but the forecaster was trained for {forecaster.horizon}; ask for 1 to "
            f"{forecaster.horizon} steps, or set backtest.horizon in params.yaml and train again"
        )
    return wanted


def affordable_baselines(forecaster: Forecaster, panel: Panel, all_of_them: bool = False) -> list[str]:
    """Of the baselines that the run forecast those that a panel affords, in their order.

    The yardstick and those that the published forecast needs in any case; then, the cheapest first, those that take
    FEW_SECONDS of one core together. Warns where the needed ones take minutes.
    """
    method = forecaster.method
    needed = {NAIVE, *(combinable(forecaster.baselines) if method == COMBINATION else [method])}
    costs = {name: BASELINES[name].cost(panel.lengths, panel.season_length) for name in forecaster.baselines}
    others = {name: cost for name, cost in costs.items() if name not in needed}
    chosen = needed | set(others if all_of_them else cheapest(others, FEW_SECONDS))
    minutes = sum(costs[name] for name in forecaster.baselines if name in needed) / 60
    if minutes >= MANY_MINUTES:
        warn(
            f"this forecaster publishes {method}, which takes about {minutes:,.0f} minutes for "
            f"{counted(len(panel.ids), 'series', 'series')}; one trained with predict.method: model takes seconds"
        )
    return [name for name in forecaster.baselines if name in chosen]


def _for_forecasts(message: str) -> str:
    """A message about a parameter, for someone who has a forecaster that was trained with it."""
    named = message.removeprefix("params.yaml: ")
    return message if named == message else f"{named} (in params.yaml, and train again), or leave the series out"
