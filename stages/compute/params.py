"""The parameters of `compute`: where tasks run, how many at once, and how long training may take."""

from typing import Literal

from pydantic import model_validator

from stages.common.params import Auto, Name, Positive, Section, SmallCount


class Compute(Section):
    engine: Literal["local", "dask", "ray"]
    address: Name | None
    workers: Auto | SmallCount
    max_hours: Positive | None

    @model_validator(mode="after")
    def _clusters_have_an_address(self) -> "Compute":
        examples = {"dask": "tcp://host:8786", "ray": "host:6379"}
        if self.engine != "local" and self.address is None:
            raise ValueError(f"engine {self.engine} needs the address of its cluster, such as {examples[self.engine]}")
        return self

    def in_this_process(self) -> "Compute":
        """The same without other processes, for work that takes less time than these need to start."""
        return self.model_copy(update={"engine": "local", "workers": 1})
