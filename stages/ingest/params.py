"""The parameters in section `ingest` of params.yaml."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from stages.common.errors import quoted
from stages.common.params import Name, OneOrMore, PositiveInt, Section
from stages.panel.calendars import HOLIDAY, check_calendar
from stages.panel.filling import Filling

Missing = Literal["error", "keep", Filling]


def _is_named(name: str) -> str:
    if not name.strip():
        raise ValueError(f"{quoted(name)} is not a name; a first column without one is called index")
    return name


Column = Annotated[str, AfterValidator(_is_named)]
Columns = Annotated[list[Column], Field(min_length=1)]


class Covariates(Section):
    """The columns of each kind."""

    future: list[Column]
    past: list[Column]
    static: list[Column]

    @property
    def columns(self) -> list[str]:
        return [*self.future, *self.past, *self.static]


class Ingest(Section):
    path: Name
    series: Column | Columns | None
    time: Column | Columns
    value: Column | Columns | None
    covariates: Covariates
    holidays: Annotated[str, AfterValidator(check_calendar)] | None
    decimal: Literal[".", ","]
    thousands: Literal[",", ".", " ", "\u00a0", "\u202f", "'", "_"] | None
    none: list[str | int | float]
    time_format: Name | None
    time_zone: Name | None
    frequency: Name | None
    season_length: Annotated[list[PositiveInt], Field(min_length=1), OneOrMore] | None
    missing: Missing
    ended_after: Annotated[int, Field(ge=0, le=10**9)] | None
    max_gigabytes: Annotated[float, Field(gt=0, le=1e6)]

    @property
    def series_columns(self) -> list[str]:
        return _listed(self.series)

    @property
    def time_columns(self) -> list[str]:
        return _listed(self.time)

    @model_validator(mode="after")
    def _season_lengths_ascend(self) -> "Ingest":
        if self.season_length is not None and self.season_length != sorted(set(self.season_length)):
            raise ValueError(f"season_length {self.season_length} must be in rising order, without duplicates")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> "Ingest":
        named = [*self.series_columns, *self.time_columns, *_listed(self.value)]
        if len(set(named)) < len(named):
            raise ValueError(f"series, time and value name the same column in {quoted(named)}; name different ones")
        return self

    @model_validator(mode="after")
    def _covariates_are_other_columns(self) -> "Ingest":
        covariates = self.covariates.columns
        if twice := [name for name in covariates if covariates.count(name) > 1]:
            raise ValueError(f"covariates names the column {quoted(twice[0])} twice; remove one of them")
        taken = {*self.series_columns, *self.time_columns, *_listed(self.value)}
        if used := [name for name in covariates if name in taken]:
            raise ValueError(
                f"covariates names {quoted(used[0])}, which series, time or value names too; remove it from one of them"
            )
        if self.covariates.static and not isinstance(self.value, str):
            raise ValueError(
                f"covariates.static names {quoted(self.covariates.static[0])}, but a wide file has no column with one "
                "value for each series; remove it, or bring the file into the long form"
            )
        return self

    @model_validator(mode="after")
    def _no_column_is_called_as_holidays_are(self) -> "Ingest":
        if self.holidays and HOLIDAY in self.covariates.columns:
            raise ValueError(
                f"holidays makes a covariate {quoted(HOLIDAY)}, which covariates names too; remove it there, or set "
                "holidays to null"
            )
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


def _listed(names: str | list[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else names or []
