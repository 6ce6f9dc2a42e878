"""The parameters in section `ingest` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.common.errors import quoted
from stages.common.params import Name, OneOrMore, Positive, PositiveInt, Section

Filling = Literal["interpolate", "forward", "zero", "seasonal"]
Missing = Literal["error", Filling]


class Ingest(Section):
    path: Name
    series: Name | None
    time: Name
    value: Name | Annotated[list[Name], Field(min_length=1)] | None
    decimal: Literal[".", ","]
    thousands: Literal[",", ".", " ", "\u00a0", "\u202f", "'", "_"] | None
    time_format: Name | None
    time_zone: Name | None
    frequency: Name | None
    season_length: Annotated[list[PositiveInt], Field(min_length=1), OneOrMore] | None
    missing: Missing
    ended_after: Annotated[int, Field(ge=0, le=10**9)] | None
    max_gigabytes: Positive

    @model_validator(mode="after")
    def _season_lengths_ascend(self) -> "Ingest":
        if self.season_length is not None and self.season_length != sorted(set(self.season_length)):
            raise ValueError(f"season_length {self.season_length} must be in rising order, without duplicates")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> "Ingest":
        values = self.value if isinstance(self.value, list) else [self.value]
        named = [name for name in (self.series, self.time, *values) if name is not None]
        if len(set(named)) < len(named):
            raise ValueError(f"series, time and value name the same column in {quoted(named)}; name different ones")
        return self

    @model_validator(mode="after")
    def _long_or_wide(self) -> "Ingest":
        if self.series is not None and not isinstance(self.value, str):
            raise ValueError(
                "series goes with one column of values; set series to null for a wide file, or value to that column"
            )
        return self

    @model_validator(mode="after")
    def _separators_differ(self) -> "Ingest":
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; correct one of them")
        return self

    @model_validator(mode="after")
    def _formats_need_dates(self) -> "Ingest":
        if self.frequency is None and (self.time_format or self.time_zone):
            raise ValueError("time_format and time_zone go with dates; set them to null, or frequency to auto")
        return self
