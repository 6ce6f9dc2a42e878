"""The parameters of `plot`."""

from typing import Annotated

from pydantic import Field

from stages.common.params import Section, SmallCount


class Plot(Section):
    series: SmallCount
    dpi: Annotated[int, Field(ge=30, le=600)]
