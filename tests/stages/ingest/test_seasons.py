"""The usual and the possible seasons of a frequency."""

import pytest

from stages.ingest.seasons import season_candidates, season_lengths


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
        ("D", [7], [7]),
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


def test_the_year_of_days_and_hours_is_no_candidate_since_it_needs_no_season() -> None:
    assert season_candidates("D", 4000) == [7]
    assert season_candidates("h", 100_000) == [24, 168]


def test_a_candidate_season_fits_twice_into_the_longest_series() -> None:
    assert season_candidates("D", 14) == [7]
    assert season_candidates("D", 13) == []
