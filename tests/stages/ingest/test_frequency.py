"""The inferred frequency of timestamps, and its seasons."""

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.ingest.frequency import infer_frequency, offset_of, season_candidates, season_lengths

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
        offset_of(alias)


@pytest.mark.parametrize(
    ("frequency", "expected", "candidates"),
    [
        ("MS", [12], [12]),
        ("ME", [12], [12]),
        ("2MS", [6], [6]),
        ("5MS", [1], []),
        ("QS", [4], [4]),
        ("QE-DEC", [4], [4]),
        ("YS", [1], []),
        ("W-MON", [52], [52]),
        ("2W-MON", [26], [26]),
        ("D", [7], [7, 365]),
        ("B", [5], [5]),
        ("h", [24, 168], [24, 168]),
        ("6h", [4, 28], [4, 28]),
        ("30min", [48, 336], [48, 336]),
        ("15min", [96, 672], [4, 96, 672]),
        ("7min", [1], []),  # divides neither an hour nor a day
        ("min", [60], [60]),
        ("s", [60], [60]),
        (None, [1], []),
    ],
)
def test_seasons_of_a_frequency(frequency: str | None, expected: list[int], candidates: list[int]) -> None:
    assert season_lengths(frequency) == expected
    assert season_candidates(frequency, 1500) == candidates


def test_a_candidate_season_fits_twice_into_the_longest_series() -> None:
    assert season_candidates("D", 14) == [7]
    assert season_candidates("D", 13) == []
