"""The parameters of `predict`: whose forecast is published, levels of the prediction intervals, the baselines."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from stages.common.params import Auto, OneOf, Section
from stages.predict.baselines import BASELINES, NAIVE, combinable

MODEL, COMBINATION = "model", "combination"

SHOWN_LEVELS = 2  # of the intervals, the largest: what more limits say is in the tables
FEW_SERIES = 8  # up to which the combination was measured to be more accurate than the model alone
CHEAPEST = "auto_theta"  # of the methods that a combination can be made of


def shown_levels(levels: Iterable[int]) -> list[int]:
    """The levels, rising, whose intervals figures, charts, tables of a report and sentences show."""
    return sorted(levels)[-SHOWN_LEVELS:]


class Predict(Section):
    method: Auto | Annotated[str, OneOf([MODEL, COMBINATION, *BASELINES])]
    levels: list[Annotated[int, Field(gt=0, lt=100)]]
    baselines: Auto | list[Annotated[str, OneOf(BASELINES)]]

    @model_validator(mode="after")
    def _lists_make_sense(self) -> "Predict":
        if self.levels != sorted(set(self.levels)):
            raise ValueError(f"levels {self.levels} must be in increasing order, each once")
        if self.baselines == "auto":
            return self
        if NAIVE not in self.baselines or len(set(self.baselines)) < len(self.baselines):
            raise ValueError(f"baselines must hold {NAIVE}, and each name once")
        if self.method in BASELINES and self.method not in self.baselines:
            raise ValueError(f"method is {self.method}, which baselines does not hold; add it there")
        if self.method == COMBINATION and not combinable(self.baselines):
            raise ValueError(f"method is {COMBINATION}, but baselines holds no method to combine; add auto_theta there")
        return self

    def published(self, series: int, baselines: list[str], has_covariates: bool) -> str:
        """Whose forecast is published, of a panel of so many series; `auto`: the combination for a few.

        has_covariates: that change with time, which no baseline knows: then the model alone
        """
        if self.method != "auto":
            return self.method
        return COMBINATION if series <= FEW_SERIES and combinable(baselines) and not has_covariates else MODEL

    @property
    def needed_baseline(self) -> str | None:
        """The baseline without which `method` has no forecast."""
        return CHEAPEST if self.method == COMBINATION else self.method if self.method in BASELINES else None
