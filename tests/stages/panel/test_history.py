"""Histories of series of different lengths at an origin, and the actual values after it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.panel.panel import History, Panel
from tests.builders import panel_of

NAN = np.nan


@pytest.fixture
def panel() -> Panel:
    """Series of 4, 1 and 2 values; the last value was filled."""
    ds = pd.Series([0, 1, 2, 3, 5, 8, 9])
    return panel_of([[0, 1, 2, 3], [4], [5, 6]], ds=ds, missing=np.array([False] * 6 + [True]))


def test_histories_end_at_the_origin(panel: Panel) -> None:
    np.testing.assert_array_equal(panel.at(0).matrix(), [[0, 1, 2, 3], [NAN, NAN, NAN, 4], [NAN, NAN, 5, 6]])
    np.testing.assert_array_equal(panel.at(1).matrix(), [[0, 1, 2], [NAN] * 3, [NAN, NAN, 5]])
    assert panel.at(9).matrix().shape == (3, 0)
    assert panel.at(1).lengths.tolist() == [3, 0, 1]


@pytest.mark.parametrize("origin", [0, 1, 2, 9])
def test_the_history_of_one_series_and_the_last_values_of_all_are_those_of_the_matrix(
    panel: Panel, origin: int
) -> None:
    history = panel.at(origin)
    matrix = history.matrix()
    for series in range(3):
        known = matrix[series][~np.isnan(matrix[series])]
        assert history.values(series).tolist() == known.tolist()
        assert history.lengths[series] == len(known)
    for steps in (0, 1, 3, 6):
        expected = np.concatenate([np.full((3, 6), NAN), matrix], axis=1)[:, 6 + matrix.shape[1] - steps :]
        np.testing.assert_array_equal(history.last(steps), expected)
        np.testing.assert_array_equal(history.last(steps, slice(1, 3)), expected[1:])


@pytest.mark.parametrize("origin", [0, 1, 2])
def test_each_history_begins_where_its_series_does(panel: Panel, origin: int) -> None:
    history = panel.at(origin)
    for series, (first, length) in enumerate(zip(panel.indptr[:-1], history.lengths, strict=True)):
        assert panel.y[first : first + length].tolist() == history.values(series).tolist()


def test_blocks_together_are_the_panel(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.panel.ragged.BLOCK", 4)
    history = panel.at(0)
    parts = [history.matrix(block) for block in history.blocks()]
    assert [part.shape for part in parts] == [(1, 4), (2, 2)]
    np.testing.assert_array_equal(parts[0], [[0, 1, 2, 3]])
    np.testing.assert_array_equal(parts[1], [[NAN, 4], [5, 6]])


def test_filled_values_are_nan_where_given_ones_alone_are_asked_for(panel: Panel) -> None:
    np.testing.assert_array_equal(panel.at(0).last(2, given=True), [[2, 3], [NAN, 4], [5, NAN]])
    np.testing.assert_array_equal(panel.at(0).matrix(slice(2, 3), given=True), [[5, NAN]])


def test_cutoffs_are_the_last_steps_of_histories(panel: Panel) -> None:
    assert panel.at(0).cutoffs(np.array([0, 1, 2])).tolist() == [3, 5, 9]
    assert panel.at(1).cutoffs(np.array([2, 0])).tolist() == [8, 2]


def test_after_gives_the_rows_that_exist(panel: Panel) -> None:
    rows, exists = panel.at(2).after(3)
    assert exists.tolist() == [[True, True, False], [False, True, False], [True, True, False]]
    assert panel.y[rows][exists].tolist() == [2, 3, 4, 5, 6]


def test_actual_values_were_given_and_come_after_the_origin(panel: Panel) -> None:
    np.testing.assert_array_equal(panel.at(2).actual(3), [[2, 3, NAN], [NAN, 4, NAN], [5, NAN, NAN]])
    assert np.isnan(panel.at(0).actual(3)).all()


def test_a_history_that_ends_in_an_interpolated_gap_repeats_the_value_before_the_gap() -> None:
    filled = np.array([False, True, False, True, True, False])
    panel = panel_of([[1, 2, 3, 4, 5, 6]], missing=filled, interpolated=True)
    for origin, expected in enumerate([[1, 2, 3, 4, 5, 6], [1, 2, 3, 3, 3], [1, 2, 3, 3], [1, 2, 3], [1, 1], [1]]):
        assert panel.at(origin).values(0).tolist() == expected
        assert panel.at(origin).matrix().tolist() == [expected]
        assert replace(panel, interpolated=False).at(origin).values(0).tolist() == panel.y[: 6 - origin].tolist()


def before_the_origin(history: History) -> list[Any]:
    """All that a history gives but the values after its origin."""
    some = np.flatnonzero(history.lengths)
    return [
        history.lengths, history.cutoffs(some).tolist(), list(history.blocks()),
        *[history.values(series) for series in range(len(history.lengths))],
        *[history.matrix(given=given) for given in (False, True)],
        *[history.last(steps, given=given) for given in (False, True) for steps in (1, 7)],
    ]  # fmt: skip


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.integers(0, 10),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_only_after_and_actual_see_values_after_the_origin(
    lengths: list[int], origin: int, interpolated: bool, seed: int
) -> None:
    """Later values change, and with them those interpolated in a gap that ends after the origin."""
    random = np.random.default_rng(seed)
    series = [random.normal(size=length) for length in lengths]
    panel = panel_of(series, interpolated=interpolated)
    filled = random.random(len(panel.y)) < 0.4
    filled[panel.indptr[:-1]] = False
    later = np.zeros(len(panel.y), dtype=bool)
    open_gap = later.copy()
    for first, end in zip(panel.indptr[:-1], panel.indptr[1:], strict=True):
        cut = max(first, end - origin)
        later[cut:end] = True
        while cut > first and filled[cut - 1]:
            cut -= 1
            open_gap[cut] = True
    poisoned = later | open_gap if interpolated else later
    one = replace(panel, missing=filled)
    two = replace(
        panel,
        y=np.where(poisoned, random.normal(0, 1e9, len(panel.y)), panel.y),
        missing=np.where(later, random.random(len(panel.y)) < 0.4, filled),
    )
    for expected, found in zip(before_the_origin(one.at(origin)), before_the_origin(two.at(origin)), strict=True):
        np.testing.assert_array_equal(found, expected)
    rows, exists = two.at(origin).after(origin)
    assert sorted(rows[exists]) == np.flatnonzero(later).tolist()
    np.testing.assert_array_equal(
        two.at(origin).actual(origin)[exists], np.where(two.missing, np.nan, two.y)[rows[exists]]
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(1, 4))
def test_a_completed_history_has_a_value_at_every_step_and_none_from_after_its_origin(
    seed: int, origin: int, season: int
) -> None:
    random = np.random.default_rng(seed)
    one = np.where(random.random((2, 20)) < 0.5, np.nan, random.normal(size=(2, 20)))
    one[:, 0] = 1.0
    two = np.where(np.arange(20) >= 20 - origin, random.normal(size=(2, 20)), one)
    histories = [
        panel_of(list(each), missing=np.isnan(each).ravel(), season_lengths=(season,)).at(origin).completed
        for each in (one, two)
    ]
    assert np.isfinite(histories[0].matrix()).all()
    np.testing.assert_array_equal(histories[0].matrix(), histories[1].matrix())
    known = ~np.isnan(one[:, : 20 - origin])
    np.testing.assert_array_equal(histories[0].matrix()[known], one[:, : 20 - origin][known])


def test_a_panel_without_gaps_is_completed_by_itself(panel: Panel) -> None:
    assert panel.completed is panel
