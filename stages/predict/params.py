"""The parameters of `predict`: levels of the prediction intervals, and the baselines."""

from typing import Annotated

from pydantic import Field, model_validator

from stages.common.params import Auto, OneOf, Section
from stages.predict.baselines import BASELINES


class Predict(Section):
    levels: list[Annotated[int, Field(gt=0, lt=100)]]
    baselines: Auto | list[Annotated[str, OneOf(BASELINES)]]

    @model_validator(mode="after")
    def _lists_make_sense(self) -> "Predict":
        if self.levels != sorted(set(self.levels)):
            raise ValueError(f"levels {self.levels} must be in increasing order, each once")
        if self.baselines != "auto" and (
            "seasonal_naive" not in self.baselines or len(set(self.baselines)) < len(self.baselines)
        ):
            raise ValueError("baselines must hold seasonal_naive, and each name once")
        return self
