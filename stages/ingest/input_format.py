"""What a forecaster knows of its input, so that it reads new data as ingest read the data of its training."""

import json
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from stages.common.errors import UserError
from stages.common.params import PositiveInt
from stages.ingest.frequency import check_frequency, coarser_frequency
from stages.ingest.params import Ingest
from stages.panel.covariate_counts import CovariateCounts
from stages.panel.panel import Panel
from stages.panel.time_formats import check_format

NO_PATH = "-"
WITHOUT_COVARIATES: dict[str, Any] = {
    "covariates": {"future": [], "past": [], "static": []},
    "holidays": None,
}  # which earlier versions do not know


@dataclass(frozen=True)
class InputFormat:
    """How the input is read, and what was found in it.

    settings: the section `ingest`; its path is NO_PATH
    frequency, season_lengths, time_format: of the panel, declared or found; `frequency` is None for integer steps
    time, value: the panel's names of the columns `ds` and `y`
    regular: whether new data must have values at the steps of `frequency`, and not of a coarser one alone. False where
        the data of the training have not, or where that is declared by a frequency together with `missing: zero`
    categories: of each covariate that is a text; others are unknown
    """

    settings: Ingest
    frequency: str | None
    season_lengths: Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
    time_format: str | None
    time: str
    value: str
    regular: bool
    categories: dict[str, list[str]] = field(default_factory=dict)

    @property
    def covariate_counts(self) -> CovariateCounts:
        """How many columns of covariates a panel has."""
        declared = self.settings.covariates
        kinds = (declared.future, declared.past, declared.static)
        future, past, static = (sum(len(self.categories.get(name, [name])) for name in names) for names in kinds)
        return CovariateCounts(future + (self.settings.holidays is not None), past, static)

    @classmethod
    def of(cls, settings: Ingest, panel: Panel) -> "InputFormat":
        """The format of the input that `panel` was built from with `settings`."""
        axis = panel.time_axis
        declared_sparse = settings.frequency != "auto" and settings.missing == "zero"
        coarser = axis.frequency and coarser_frequency(panel.ds[~panel.missing], axis.frequency)
        return cls(
            settings=settings.model_copy(update={"path": NO_PATH}),
            frequency=axis.frequency,
            season_lengths=panel.season_lengths,
            time_format=axis.time_format,
            time=panel.time,
            value=panel.value,
            regular=not declared_sparse and not coarser,
            categories=panel.covariates.categories if panel.covariates else {},
        )

    def dump(self) -> dict[str, Any]:
        """The values for JSON, without any path; nothing of covariates where there are none, as in earlier versions."""
        declared, holidays = self.settings.covariates.columns, self.settings.holidays
        none = {name for name, some in (("covariates", declared), ("holidays", holidays)) if not some}
        values = {
            **asdict(self),
            "settings": self.settings.model_dump(mode="json", exclude={"path", *none}),
            "season_lengths": list(self.season_lengths),
        }
        return {name: value for name, value in values.items() if name != "categories" or declared}

    @classmethod
    def load(cls, values: dict[str, Any]) -> "InputFormat":
        """What `dump` returned. Raises ValueError, in one line, for what is missing or wrong."""
        try:
            whole = {**values, "settings": {**WITHOUT_COVARIATES, **values["settings"], "path": NO_PATH}}
            loaded = TypeAdapter(cls).validate_json(json.dumps(whole), strict=True)
            if (loaded.frequency is None) != (loaded.time_format is None):
                raise ValueError("a frequency without a time_format, or the other way round")
            if not set(loaded.categories) <= set(loaded.settings.covariates.columns):
                raise ValueError("categories of a column that is no covariate")
            if loaded.frequency is not None:
                check_frequency(loaded.frequency)
            for time_format in filter(None, (loaded.time_format, loaded.settings.time_format)):
                check_format(time_format)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except (KeyError, TypeError):
            raise ValueError("settings: missing, or not a group of parameters") from None
        except UserError as error:
            raise ValueError(str(error).removeprefix("params.yaml: ingest.")) from None
        return loaded
