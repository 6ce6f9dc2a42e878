"""The forecaster: what training leaves behind, complete in itself, as one folder that holds no pickle.

It forecasts any series of the same frequency, from their histories alone, without the pipeline and its parameters.
"""

import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError
from safetensors import SafetensorError

from stages.common.arrays import Floats
from stages.common.errors import UserError, quoted
from stages.common.params import PositiveInt
from stages.ingest.input_format import InputFormat
from stages.normalize.params import Normalize
from stages.panel.panel import History
from stages.predict.baselines import combinable, forecast_baseline
from stages.predict.ensemble import Ensemble
from stages.predict.forecasts import OriginForecast, is_flat
from stages.predict.intervals import Calibration, Limits
from stages.predict.methods import combine
from stages.predict.params import COMBINATION, FEW_SERIES, MODEL, Predict
from stages.predict.spread import PROBABILITIES, Typical
from stages.train.network import config_of, load_ensemble, save_ensemble
from stages.window.cutting import window_size
from stages.window.params import Window
from stages.window.seasonality import indexed

CONFIG, NETWORKS = "config.json", "networks.safetensors"
FORMAT = 2  # of the folder: a later one may hold other things
VERSIONS = ["torch", "numpy"]  # that decide the last digits of a forecast
COUNTS = TypeAdapter(list[PositiveInt])
SEASONS = TypeAdapter(list[Annotated[float, Field(gt=1)]])
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
        (model,), season = self.ensemble.forecast([history]), history.panel.season_length
        points = {MODEL: model.point}
        for name in baselines:
            forecasts = [
                forecast_baseline(name, history.completed.values(series), season, self.horizon)
                for series in range(len(history.panel.ids))
            ]
            points[name] = np.array(forecasts)
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
            "intervals": {name: _as_json(each) for name, each in self.calibrations.items()},
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
            until = config["trained_until"]
            calibrations = {name: _from_json(values) for name, values in config["intervals"].items()}
            if config["method"] not in calibrations:
                raise ValueError(f"no intervals of {config['method']}")
            if config["networks"]["targets"] not in (1, config["horizon"]):
                raise ValueError("networks of another horizon")
            Predict.model_validate({name: config[name] for name in ("method", "levels", "baselines")})
            counts = [config["horizon"], config["members"], *config["input"]["season_lengths"]]
            COUNTS.validate_python(counts, strict=True)
            SEASONS.validate_python(config["seasons"], strict=True)
            return cls(
                input_format=InputFormat.load(config["input"]),
                levels=config["levels"],
                method=config["method"],
                method_is_auto=config["method_is_auto"],
                baselines=config["baselines"],
                calibrations=calibrations,
                ensemble=Ensemble(
                    horizon=config["horizon"],
                    members=config["members"],
                    normalize=Normalize.model_validate(config["normalize"]),
                    window=Window.model_validate(config["window"]),
                    seasons=config["seasons"],
                    networks=load_ensemble(folder / NETWORKS, config["networks"]),
                ),
                trained_until=until if isinstance(until, int) else pd.Timestamp(until),
                trained_on=config["trained_on"],
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = error.filename or folder / NETWORKS  # which safetensors does not name
            raise UserError(f"{missing}: no such file, so {folder} holds no forecaster; {RESTORE}") from None
        except DAMAGE as error:
            raise UserError(f"{folder}: the forecaster is damaged: {_reason(error)}; {RESTORE}") from None


def last_step(history: History) -> int | pd.Timestamp:
    """The last step that any of S series has in its history, without a time zone."""
    return _plain(history.cutoffs(np.flatnonzero(history.lengths)).max())


def _reason(error: Exception) -> str:
    """What is wrong with a folder, in a line."""
    if isinstance(error, KeyError):
        return f"{CONFIG} has no {quoted(error.args[0])}"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return quoted(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return quoted(str(error))


def _plain(step: Any) -> int | pd.Timestamp:
    return step.tz_localize(None) if isinstance(step, pd.Timestamp) else int(step)


def _as_json(calibration: Calibration) -> dict[str, Any]:
    """Without NaN, which JSON does not have."""
    return {
        "scores": [None if np.isnan(score) else score for score in calibration.scores.tolist()],
        "growth": calibration.growth,
        "own": calibration.own,
        "typical": {name: None if np.isnan(value) else value for name, value in vars(calibration.typical).items()},
    }


def _from_json(values: dict[str, Any]) -> Calibration:
    """Raises ValueError for scores that are not (P,), or fall, and for a growth or a weight that is not in 0 to 1."""
    scores = np.array(values["scores"], dtype=np.float64)
    if scores.shape != PROBABILITIES.shape or (np.diff(scores) < 0).any():
        raise ValueError(f"scores that fall, or are not {len(PROBABILITIES)}")
    growth, own = float(values["growth"]), float(values["own"])
    if not (0 <= growth <= 1 and 0 <= own <= 1):
        raise ValueError("a growth or a weight that is not from 0 to 1")
    typical = {name: np.nan if value is None else value for name, value in values["typical"].items()}
    return Calibration(scores, growth, own, Typical(**typical))
