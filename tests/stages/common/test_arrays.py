"""Rows, chunks and means against loops over single rows and values."""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.arrays import Bools, Floats, Ints, Rows, changes_over_gaps, chunks, mean_known


@dataclass(frozen=True)
class Names(Rows):
    initials: Ints


@dataclass(frozen=True)
class Table(Rows):
    title: str
    number: Ints
    values: Floats
    names: Names
    marked: Bools = field(init=False)


def table(count: int, title: str = "rows") -> Table:
    """Rows 0, 1, ... with values (count, 2); `marked` is no argument of the constructor."""
    number = np.arange(count)
    rows = Table(title, number, np.stack([number, 10.0 * number], axis=1), Names(number + 100))
    object.__setattr__(rows, "marked", number % 3 == 0)
    return rows


def assert_rows(rows: Table, expected: list[int], title: str = "rows") -> None:
    """Every field has the rows of these numbers."""
    assert rows.title == title
    assert rows.number.tolist() == expected
    assert rows.values.tolist() == [[one, 10.0 * one] for one in expected]
    assert rows.names.initials.tolist() == [one + 100 for one in expected]
    assert rows.marked.tolist() == [one % 3 == 0 for one in expected]


@given(st.integers(1, 12), st.data())
def test_take_gives_those_rows_of_every_field(count: int, data: st.DataObject) -> None:
    whole = table(count)
    first, stop = sorted(data.draw(st.lists(st.integers(0, count), min_size=2, max_size=2)))
    assert_rows(whole.take(slice(first, stop)), list(range(first, stop)))
    indices = data.draw(st.lists(st.integers(0, count - 1)))
    assert_rows(whole.take(np.array(indices, dtype=np.int64)), indices)
    assert_rows(whole, list(range(count)))  # unchanged


@given(st.integers(1, 12), st.data())
def test_concat_undoes_take(count: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=4)))
    whole = table(count)
    parts = [whole.take(slice(*ends)) for ends in zip([0, *cuts], [*cuts, count], strict=True)]
    assert_rows(Table.concat(parts), list(range(count)))


def test_fields_common_to_all_rows_are_those_of_the_first_part() -> None:
    assert_rows(Table.concat([table(2, "first"), table(3, "second")]), [0, 1, 0, 1, 2], "first")


@given(st.integers(0, 100), st.integers(1, 30))
def test_chunks_cover_all_rows_in_order(count: int, size: int) -> None:
    parts = list(chunks(count, size))
    assert [row for part in parts for row in range(count)[part]] == list(range(count))
    assert [part.stop - part.start for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert all(1 <= part.stop - part.start <= size for part in parts)


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from([0, 1, -1]),
)
def test_means_leave_nan_out(values: list[list[float]], axis: int) -> None:
    means = mean_known(np.array(values), axis=axis, empty=-1.0)
    for mean, row in zip(means, np.moveaxis(np.array(values), axis, -1), strict=True):
        known = [value for value in row if not math.isnan(value)]
        assert mean == pytest.approx(sum(known) / len(known) if known else -1.0, rel=1e-12, abs=1e-9)


def test_the_mean_of_nothing_is_nan_by_default() -> None:
    np.testing.assert_array_equal(mean_known(np.array([[np.nan, np.nan], [1.0, 2.0]])), [np.nan, 1.5])
    assert np.isnan(mean_known(np.empty((1, 0)))).all()


@given(st.lists(st.lists(st.sampled_from([math.nan, 1.0, 4.0, 9.0]), min_size=7, max_size=7), min_size=1, max_size=4))
def test_changes_over_gaps_are_those_of_the_known_values_alone(rows: list[list[float]]) -> None:
    values = np.array(rows)
    changes = changes_over_gaps(values)
    assert changes.shape == values.shape
    for row, found in zip(values, changes, strict=True):
        known = np.flatnonzero(~np.isnan(row))
        assert np.flatnonzero(~np.isnan(found)).tolist() == known[1:].tolist()
        assert found[known[1:]].tolist() == np.diff(row[known]).tolist()
