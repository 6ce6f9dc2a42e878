"""The parameters of `window`: the size of windows, their scaling, and the experts at each cut."""

from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from stages.common.params import Auto, OneOf, Params, PositiveInt, Section
from stages.normalize.params import Normalize
from stages.window.experts import EXPERTS

RENAMED_EXPERTS = {"patterns": "seasonal_mean", "growth": "seasonal_drift"}


class Window(Section):
    experts: list[Annotated[str, OneOf(EXPERTS, RENAMED_EXPERTS)]]
    size: Auto | PositiveInt
    padding: bool
    max_windows: PositiveInt
    local_scaling: Literal["none", "smoothing"]
    output: Literal["direct", "recursive"]

    RENAMED: ClassVar = {
        "bases": "window.experts",
        "most": "window.max_windows",
        "local": "window.local_scaling",
    }
    REMOVED: ClassVar = {"local_size": "a window's level is that of exponential smoothing, or none"}

    @model_validator(mode="after")
    def _experts_need_smoothing(self) -> "Window":
        if self.experts and self.local_scaling != "smoothing":
            raise ValueError(
                f"experts {self.experts} need local_scaling: smoothing; set local_scaling to it, or experts to []"
            )
        if len(set(self.experts)) < len(self.experts):
            raise ValueError(f"experts {self.experts} must hold each name once")
        return self

    def check_with(self, others: Params) -> None:
        per_cut = self.local_scaling == "smoothing" or self.padding or others[Normalize].seasonal == "shrunk"
        if self.output == "recursive" and per_cut:
            raise ValueError(
                "output recursive feeds a window its own forecasts, which needs window.local_scaling none, "
                "window.padding false and normalize.seasonal none; set these, or output direct"
            )
