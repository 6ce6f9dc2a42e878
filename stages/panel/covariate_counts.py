"""How many covariates there are, by kind."""

from typing import NamedTuple


class CovariateCounts(NamedTuple):
    """How many columns of covariates there are: known ahead, of the past, and static ones."""

    future: int = 0
    past: int = 0
    static: int = 0

    @property
    def of_time(self) -> int:
        """How many change with time."""
        return self.future + self.past


NO_COVARIATES = CovariateCounts()
