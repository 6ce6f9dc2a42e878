"""The calendars of public holidays: those of the package `holidays`, imported only where one is asked for."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from stages.common.errors import quoted

HOLIDAY = "holiday"  # the name of the covariate that they make
MOST_NAMED = 20  # subdivisions in a message


def check_calendar(code: str) -> str:
    """The code of a calendar: a country, `DE`, or a subdivision, `US-CA`. Raises ValueError for an unknown one."""
    from holidays import list_supported_countries

    known = list_supported_countries()
    country, dash, subdivision = code.partition("-")
    if country not in known:
        upper = country.upper()
        raise ValueError(
            f"{quoted(country)} is not a country of the package holidays; "
            + (
                f"did you mean {upper}?"
                if upper in known
                else "write its ISO code, such as DE, or GB-ENG for a part of it"
            )
        )
    parts = known[country]
    if dash and subdivision not in parts:
        listed = ", ".join(parts[:MOST_NAMED]) + ", ..." * (len(parts) > MOST_NAMED)
        raise ValueError(
            f"{quoted(subdivision)} is not a part of {country} in the package holidays; "
            + (f"write {country} alone, or with one of {listed}" if parts else f"write {country} alone")
        )
    return code


@lru_cache
def calendar(code: str, first: int, last: int) -> npt.NDArray[np.datetime64]:
    """The holidays of the years from `first` to `last`, in the order of time; none where the package knows none."""
    from holidays import country_holidays

    country, _, subdivision = code.partition("-")
    days = country_holidays(country, subdiv=subdivision or None, years=range(first, last + 1))
    return np.array(sorted(days), dtype="datetime64[D]")
