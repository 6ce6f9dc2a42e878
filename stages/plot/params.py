"""The parameters of `plot`, bounded so that a figure stays readable and takes seconds and megabytes."""

from typing import Annotated

from pydantic import Field

from stages.common.params import Section


class Plot(Section):
    series: Annotated[int, Field(ge=1, le=24)]
    dpi: Annotated[int, Field(ge=30, le=300)]
