"""The configuration of a forecaster's folder: the type of every field, so that a damaged file is refused when read."""

from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from stages.common.errors import quoted
from stages.common.params import PositiveInt, Section
from stages.ingest.input_format import InputFormat
from stages.normalize.params import Normalize
from stages.predict.intervals import Calibration
from stages.predict.spread import PROBABILITIES, Typical
from stages.train.params import Model
from stages.window.params import Window

FORMAT = 6  # of the folder: a later one may hold other things

KINDS = 2  # of series that have scores of their own: those that are not intermittent, and those that are

Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class StoredTypical(Section):
    """A `Typical`; null for NaN, which JSON does not have."""

    change: Size | None
    reach: Size | None


class StoredCalibration(Section):
    """A `Calibration`; null for NaN."""

    scores: list[list[float | None]]
    growth: Share
    own: Share
    typical: StoredTypical

    @model_validator(mode="after")
    def _scores_rise(self) -> "StoredCalibration":
        if [len(scores) for scores in self.scores] != [len(PROBABILITIES)] * KINDS:
            raise ValueError(f"scores that are not {KINDS} times {len(PROBABILITIES)}")
        if any((np.diff(_with_nan(scores)) < 0).any() for scores in self.scores):
            raise ValueError("scores that fall")
        return self

    @classmethod
    def of(cls, calibration: Calibration) -> "StoredCalibration":
        typical = {name: _or_none(value) for name, value in vars(calibration.typical).items()}
        return cls(
            scores=[[_or_none(score) for score in scores] for scores in calibration.scores.tolist()],
            growth=calibration.growth,
            own=calibration.own,
            typical=StoredTypical(**typical),
        )

    def restored(self) -> Calibration:
        typical = _with_nan([self.typical.change, self.typical.reach]).tolist()
        scores = np.array([_with_nan(scores) for scores in self.scores])
        return Calibration(scores, self.growth, self.own, Typical(*typical))


class StoredNetworks(Section):
    """What `load_ensemble` needs besides the weights."""

    model: Model
    channels: PositiveInt
    covariates: Count
    past: Count
    static: Count
    features: Count
    experts: Count
    targets: PositiveInt


class Config(Section):
    """The file, see `Forecaster` for the fields."""

    format: int
    versions: dict[str, str]
    input: dict[str, Any]
    horizon: PositiveInt
    levels: list[int]
    method: str
    method_is_auto: bool
    baselines: list[str]
    members: PositiveInt
    normalize: Normalize
    window: Window
    seasons: list[Annotated[float, Field(gt=1)]]
    networks: StoredNetworks
    trained_until: int | str
    trained_on: list[str]
    intervals: dict[str, StoredCalibration]

    @model_validator(mode="after")
    def _fields_agree(self) -> "Config":
        if self.method not in self.intervals:
            raise ValueError(f"no intervals of {quoted(self.method)}")
        input_format = self.input_format
        if any(season % 1 == 0 and season not in input_format.season_lengths for season in self.seasons):
            raise ValueError("seasons that the input does not have")
        if isinstance(self.trained_until, str) and not _is_plain_time(self.trained_until):
            raise ValueError("trained_until is no time without a zone")
        if isinstance(self.trained_until, int) != (input_format.frequency is None):
            raise ValueError("trained_until is no step of the frequency")
        return self

    @property
    def input_format(self) -> InputFormat:
        """How the input is read. Raises ValueError for what is missing or wrong."""
        return InputFormat.load(self.input)

    @property
    def last_step(self) -> int | pd.Timestamp:
        """The last step of the training."""
        return self.trained_until if isinstance(self.trained_until, int) else pd.Timestamp(self.trained_until)


def _is_plain_time(text: str) -> bool:
    try:
        time = pd.Timestamp(text)
    except ValueError:
        return False
    return time is not pd.NaT and time.tz is None


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _with_nan(values: list[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values])
