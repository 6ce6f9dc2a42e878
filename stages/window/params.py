"""The parameters of `window`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.params import Auto, OneOrMore, PositiveInt, Section

Local = Literal["none", "last", "mean", "smoothing"]
Base = Literal["ses", "theta", "holt", "patterns", "growth"]


class Window(Section):
    size: Auto | Annotated[list[PositiveInt], Field(min_length=1), OneOrMore]
    padding: bool
    most: PositiveInt
    local: Local
    local_size: Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(min_length=1), OneOrMore]
    bases: list[Base]

    @model_validator(mode="after")
    def _local_within_window(self) -> "Window":
        if self.local == "mean" and self.size != "auto" and max(self.local_size) > min(self.size):
            raise ValueError(f"local_size {max(self.local_size)} is longer than size {min(self.size)}; make it shorter")
        if self.bases and self.local != "smoothing":
            raise ValueError(f"bases {self.bases} come with local: smoothing; set local to it, or bases to []")
        if len(set(self.bases)) < len(self.bases):
            raise ValueError(f"bases {self.bases} must hold each name once")
        return self
