"""The forecaster: what training leaves behind, complete in itself, as one folder that holds no pickle.

It forecasts any series of the same frequency, from their histories alone, without the pipeline and its parameters.
"""

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError
from safetensors import SafetensorError

from stages.common.arrays import Floats
from stages.common.errors import UserError, quoted
from stages.ingest.input_format import InputFormat
from stages.panel.panel import History
from stages.predict.baselines import combinable
from stages.predict.config import FORMAT, Config, StoredCalibration
from stages.predict.ensemble import Ensemble
from stages.predict.forecasts import OriginForecast, forecast_by_baseline, is_flat
from stages.predict.intervals import Calibration, Limits
from stages.predict.methods import combine
from stages.predict.params import COMBINATION, FEW_SERIES, MODEL, Predict
from stages.train.network import config_of, load_ensemble, save_ensemble
from stages.window.cutting import window_size
from stages.window.seasonality import indexed

CONFIG, NETWORKS = "config.json", "networks.safetensors"
VERSIONS = ["torch", "numpy"]  # that decide the last digits of a forecast
DAMAGE = (ValueError, TypeError, KeyError, AttributeError, RuntimeError, ValidationError, SafetensorError)
RESTORE = "`dvc repro` trains one, `dvc checkout models/forecaster` or `dvc artifacts get` brings a trained one"


@dataclass(frozen=True)
class Forecaster:
    """An ensemble, and what turns its forecasts into the published ones.

    input_format: how the input is read, its frequency and seasons
    levels: of the intervals, per cent
    method: whose forecast is published
    method_is_auto: whether `predict.method` left that to the number of series
    baselines: names of those that the run forecast
    calibrations: of the final origin, by method that has intervals
    ensemble: of the last training origin
    trained_until: the last step that any series had there, without a time zone
    trained_on: the ids of the series, where they are few; empty where they are many
    """

    input_format: InputFormat
    levels: list[int]
    method: str
    method_is_auto: bool
    baselines: list[str]
    calibrations: dict[str, Calibration]
    ensemble: Ensemble
    trained_until: int | pd.Timestamp
    trained_on: list[str]

    @property
    def horizon(self) -> int:
        """Steps to forecast."""
        return self.ensemble.horizon

    def for_panel(self, series: int) -> "Forecaster":
        """The forecaster that publishes for so many series what `predict.method: auto` would of a combination."""
        is_combination = self.method_is_auto and self.method == COMBINATION
        return replace(self, method=MODEL) if is_combination and series > FEW_SERIES else self

    def forecast(
        self, history: History, baselines: list[str]
    ) -> tuple[OriginForecast, dict[str, Floats], dict[str, Limits]]:
        """Forecasts of S series from the ends of their histories.

        baselines: to be forecast, too; the combination is made where they hold all that it is made of

        returns: the model's forecast, each method's (S, horizon), and lower and upper limits (levels, S, horizon) of
            the methods that have intervals

        Raises UserError where a logarithm is demanded of a value that is not positive.
        """
        (model,) = self.ensemble.forecast([history])
        points = {MODEL: model.point}
        points |= {name: forecast_by_baseline(name, history, self.horizon) for name in baselines}
        combined = combinable(self.baselines)
        if combined and set(combined) <= set(baselines):
            points[COMBINATION] = combine(model.point, [points[name] for name in combined], is_flat(history))
        limits = {
            name: self.calibrations[name].limits(replace(model, point=point), self.levels)
            for name, point in points.items()
            if name in self.calibrations
        }
        return model, points, limits

    def trained_on_how_many(self, steps: pd.Series) -> int:
        """How many of the steps are not later than the training: forecasts of them are no test of the networks."""
        times = steps.dt.tz_localize(None) if isinstance(self.trained_until, pd.Timestamp) else steps
        return int((times <= self.trained_until).sum())

    def write(self, folder: Path) -> None:
        """Write the folder, which exists."""
        ensemble, until = self.ensemble, self.trained_until
        config = {
            "format": FORMAT,
            "versions": {name: version(name).split("+")[0] for name in VERSIONS},
            "input": self.input_format.dump(),
            "horizon": ensemble.horizon,
            "levels": self.levels,
            "method": self.method,
            "method_is_auto": self.method_is_auto,
            "baselines": self.baselines,
            "members": ensemble.members,
            "normalize": ensemble.normalize.model_dump(),
            "window": {**ensemble.window.model_dump(), "size": window_size(ensemble.window, indexed(ensemble.seasons))},
            "seasons": ensemble.seasons,
            "networks": config_of(ensemble.networks),
            "trained_until": until if isinstance(until, int) else until.isoformat(),
            "trained_on": self.trained_on,
            "intervals": {name: StoredCalibration.of(each).model_dump() for name, each in self.calibrations.items()},
        }
        (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        save_ensemble(ensemble.networks, folder / NETWORKS)

    @classmethod
    def read(cls, folder: Path) -> "Forecaster":
        """Read what `write` wrote. Raises UserError for a folder that holds no forecaster, or a damaged one."""
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            if config["format"] != FORMAT:
                raise UserError(
                    f"{folder / CONFIG}: a forecaster of format {quoted(config['format'])}, where this version of the "
                    f"code reads {FORMAT}; use the code of the version that trained it"
                )
            return cls._of(Config.model_validate(config), folder / NETWORKS)
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error.filename or folder / NETWORKS  # which safetensors does not name
            raise UserError(f"{missing}: no such file, so {folder} holds no forecaster; {RESTORE}") from None
        except DAMAGE as error:
            raise UserError(f"{folder}: the forecaster is damaged: {_reason(error)}; {RESTORE}") from None

    @classmethod
    def _of(cls, config: Config, networks: Path) -> "Forecaster":
        """The forecaster of a configuration and a file of networks. Raises ValueError where these do not fit."""
        Predict(method=config.method, levels=config.levels, baselines=config.baselines)
        ensemble = Ensemble(
            horizon=config.horizon,
            members=config.members,
            normalize=config.normalize,
            window=config.window,
            seasons=config.seasons,
            networks=load_ensemble(networks, config.networks.model_dump()),
            covariates=config.input_format.covariate_counts,
        )
        ensemble.check()
        return cls(
            input_format=config.input_format,
            levels=config.levels,
            method=config.method,
            method_is_auto=config.method_is_auto,
            baselines=config.baselines,
            calibrations={name: each.restored() for name, each in config.intervals.items()},
            ensemble=ensemble,
            trained_until=config.last_step,
            trained_on=config.trained_on,
        )


def last_step(history: History) -> int | pd.Timestamp:
    """The last step that any of S series has in its history, without a time zone."""
    return _plain(history.cutoffs(np.flatnonzero(history.lengths)).max())


def _reason(error: Exception) -> str:
    """What is wrong with a folder, in a line."""
    if isinstance(error, KeyError):
        return f"{CONFIG} has no {quoted(error.args[0])}"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        if first["type"] == "missing":
            return f"{CONFIG} has no {quoted(first['loc'][-1])}"
        problem = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
        return f"{quoted('.'.join(map(str, first['loc'])))}: {problem}" if first["loc"] else problem
    return quoted(str(error))


def _plain(step: Any) -> int | pd.Timestamp:
    return step.tz_localize(None) if isinstance(step, pd.Timestamp) else int(step)
