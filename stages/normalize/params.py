"""The parameters of the backtest and of the `normalize` stage."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stages.common.params import Auto, PositiveInt, Section

Log = Auto | bool
Scale = Literal["mean", "minmax"]


class Backtest(Section):
    horizon: PositiveInt
    origins: Auto | Annotated[int, Field(ge=0, le=10_000)]
    step: Auto | PositiveInt
    calibration_origins: Auto | Annotated[int, Field(ge=0, le=10_000)]
    refit: PositiveInt | Literal["once"]

    RENAMED: ClassVar = {"calibration": "backtest.calibration_origins"}


class Normalize(Section):
    log: Log
    seasonal: Literal["none", "shrunk"]
    scale: Scale
