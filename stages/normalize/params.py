"""The parameters of the backtest and of `normalize`."""

from typing import Annotated, Literal

from pydantic import Field

from stages.common.params import Auto, PositiveInt, Section

Log = Literal["auto", True, False]
Seasonal = Literal["none", "difference", "indices", "shrunk"]
Scale = Literal["none", "minmax", "standard", "robust", "mean"]


class Backtest(Section):
    horizon: PositiveInt
    origins: Auto | Annotated[int, Field(ge=0, le=10_000)]
    step: Auto | PositiveInt
    calibration: Auto | Annotated[int, Field(ge=0, le=10_000)]


class Normalize(Section):
    log: Log
    seasonal: Seasonal
    scale: Scale
