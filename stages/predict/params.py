"""The parameters of `predict`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.params import Auto, Section

Baseline = Literal["seasonal_naive", "auto_ets", "auto_theta", "auto_arima", "auto_theta_log", "auto_arima_log"]


class Predict(Section):
    levels: list[Annotated[int, Field(gt=0, lt=100)]]
    baselines: Auto | list[Baseline]

    @model_validator(mode="after")
    def _lists_make_sense(self) -> "Predict":
        if self.levels != sorted(set(self.levels)):
            raise ValueError(f"levels {self.levels} must be in rising order, each once")
        if self.baselines != "auto" and (
            "seasonal_naive" not in self.baselines or len(set(self.baselines)) < len(self.baselines)
        ):
            raise ValueError("baselines must hold seasonal_naive, and each name once")
        return self
