"""The inferred frequency of timestamps."""

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.ingest.frequency import check_frequency, infer_frequency

ALIASES = [
    "YS", "YE", "YS-APR", "QS", "QE", "QS-FEB", "MS", "ME", "BMS", "2MS", "6MS", "W-MON", "W-SUN", "2W-WED", "B", "D",
    "2D", "h", "6h", "30min", "7min", "min", "s", "500ms",
]  # fmt: skip


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_the_frequency_of_generated_timestamps_is_inferred(alias: str, zone: str | None) -> None:
    """pandas generates the timestamps; three months of them contain a change of the clocks."""
    timestamps = pd.date_range("2024-01-01", periods=120, freq=alias, tz=zone)
    assert infer_frequency(timestamps) == alias


@pytest.mark.parametrize("alias", ["MS", "W-MON", "B", "D", "h"])
def test_the_frequency_survives_few_gaps_but_not_many(alias: str) -> None:
    timestamps = pd.date_range("2024-01-01", periods=400, freq=alias)
    order = np.random.default_rng(0).permutation(400)
    assert infer_frequency(timestamps[np.sort(order[:300])]) == alias
    assert infer_frequency(timestamps[np.sort(order[:100])]) is None


def test_timestamps_without_a_frequency() -> None:
    assert infer_frequency(pd.DatetimeIndex(["2024-01-01"])) is None
    assert infer_frequency(pd.DatetimeIndex(["2024-01-15", "2024-02-15", "2024-03-15"])) is None


@pytest.mark.parametrize("alias", ["monthly", "", "0D", "-1D", "M", "H", "nan", "99999999999999999999D"])
def test_bad_aliases_are_refused(alias: str) -> None:
    with pytest.raises(UserError, match=f"ingest.frequency is '{alias}'"):
        check_frequency(alias)
