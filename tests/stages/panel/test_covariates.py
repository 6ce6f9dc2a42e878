"""Covariates of a panel: those that a history sees, their file, and parts of both."""

import itertools
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.arrays import Floats
from stages.panel.covariates import Covariates
from stages.panel.filling import Filling
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from tests.builders import panel_of

NAN = np.nan
FILLINGS: list[Filling | None] = [None, "interpolate", "forward", "zero", "seasonal"]


def with_covariates(lengths: list[int], ahead: list[int], **changes: Any) -> Panel:
    """A panel of series of `lengths` with `ahead` steps after each end; every covariate of every row differs."""
    counts = np.add(lengths, ahead)
    rows, steps, series = int(counts.sum()), sum(lengths), len(lengths)
    covariates = Covariates(
        future=["price", "kind=a", "kind=b"],
        past=["visits", "rain"],
        static=["size"],
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        future_values=np.arange(3.0 * rows).reshape(rows, 3) + 100,
        past_values=-np.arange(2.0 * steps).reshape(steps, 2) - 1,
        static_values=np.arange(float(series))[:, None] + 0.5,
        categories={"kind": ["a", "b"]},
    )
    places = np.concatenate([np.arange(length) for length in lengths])
    ds = pd.Series(places + np.repeat(np.arange(series), lengths))
    return panel_of([np.arange(float(length)) for length in lengths], ds=ds, covariates=replace(covariates, **changes))


def covariates_of(panel: Panel) -> Covariates:
    assert panel.covariates is not None
    return panel.covariates


def assert_equal(panel: Panel, other: Panel) -> None:
    for name in vars(panel).keys() - {"covariates"}:
        np.testing.assert_array_equal(getattr(panel, name), getattr(other, name), err_msg=name)
    for name, value in vars(covariates_of(other)).items():
        np.testing.assert_array_equal(getattr(panel.covariates, name), value, err_msg=name)


def test_a_history_sees_its_steps_and_those_of_the_horizon_one_series_after_another() -> None:
    """Series of 3 and 1 steps, with 2 and 0 after their ends; price is 100, 103, ... in the file's order."""
    panel = with_covariates([3, 1], [2, 0])
    assert panel.at(0).future_covariates(2)[:, 0].tolist()[:5] == [100, 103, 106, 109, 112]
    np.testing.assert_array_equal(panel.at(0).future_covariates(2)[5:, 0], [115, NAN, NAN])
    np.testing.assert_array_equal(panel.at(0).future_covariates(4)[3:8, 0], [109, 112, NAN, NAN, 115])
    np.testing.assert_array_equal(panel.at(1).future_covariates(2)[:, 0], [100, 103, 106, 109, 115, NAN])
    np.testing.assert_array_equal(panel.at(2).future_covariates(2)[:, 0], [100, 103, 106, NAN, 115])
    np.testing.assert_array_equal(panel.at(9).future_covariates(1)[:, 0], [NAN, NAN])
    assert panel.at(1).past_covariates().tolist() == [[-1, -2], [-3, -4]]
    assert panel.at(9).past_covariates().shape == (0, 2)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Series of random lengths and steps after their ends, a third of whose covariates are missing."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    ahead = [draw(st.integers(0, 5)) for _ in lengths]
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    panel = with_covariates(lengths, ahead, filling=draw(st.sampled_from(FILLINGS)))
    covariates = covariates_of(panel)
    future, past = (
        np.where(random.random(values.shape) < 1 / 3, NAN, values)
        for values in (covariates.future_values, covariates.past_values)
    )
    covariates = replace(covariates, future_values=future, past_values=past)
    return replace(panel, covariates=covariates, season_lengths=(3,))


def poisoned(values: Floats, chosen: np.ndarray, random: np.random.Generator) -> Floats:
    """`values` with other numbers, or none, in the `chosen` rows, and none missing where one was."""
    other = np.where(random.random(values.shape) < 0.5, NAN, 1e9 * random.random(values.shape))
    return np.where(chosen[:, None], other, values)


@given(panels(), st.integers(0, 14), st.integers(1, 6), st.integers(0, 10**6))
def test_nothing_is_read_beyond_the_horizon_nor_past_covariates_beyond_the_origin(
    panel: Panel, origin: int, horizon: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    covariates = covariates_of(panel)
    place = np.concatenate([np.arange(count) for count in np.diff(covariates.indptr)])
    end = np.repeat(panel.lengths - origin, np.diff(covariates.indptr))
    beyond = place >= end + horizon
    past = (place >= end)[~covariates.ahead(panel.lengths)]
    other = replace(
        covariates,
        future_values=poisoned(covariates.future_values, beyond, random),
        past_values=poisoned(covariates.past_values, past, random),
    )
    history, changed = panel.at(origin), replace(panel, covariates=other).at(origin)
    assert history.future_covariates(horizon).tobytes() == changed.future_covariates(horizon).tobytes()
    assert history.past_covariates().tobytes() == changed.past_covariates().tobytes()
    assert history.future_covariates(horizon).shape == (history.lengths.sum() + horizon * len(panel.ids), 3)
    assert history.past_covariates().shape == (history.lengths.sum(), 2)


@given(panels(), st.integers(0, 14), st.integers(1, 6))
def test_what_a_history_sees_of_each_series_is_what_the_panel_has(panel: Panel, origin: int, horizon: int) -> None:
    """Looked up one by one."""
    covariates = replace(covariates_of(panel), filling=None)
    expected = []
    for series, length in enumerate(panel.lengths):
        own = covariates.future_values[covariates.indptr[series] : covariates.indptr[series + 1]]
        known = length - origin
        expected += [own[n] if 0 <= n < len(own) else np.full(3, NAN) for n in range(min(0, known), known + horizon)]
    seen = replace(panel, covariates=covariates).at(origin).future_covariates(horizon)
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize(
    ("filling", "expected"),
    [("interpolate", [1, 2, 3, NAN]), ("forward", [1, 1, 3, NAN]), ("zero", [1, 0, 3, NAN]), (None, [1, NAN, 3, NAN])],
)
def test_a_history_fills_gaps_between_the_values_that_it_holds(filling: Filling | None, expected: list[float]) -> None:
    """A gap that reaches to the end of what it holds stays, although the panel has a value after it."""
    values = np.array([1, NAN, 3, NAN, 5])[:, None] * [1, 1, 1]
    panel = with_covariates([3], [2], filling=filling, future_values=values)
    np.testing.assert_array_equal(panel.at(1).future_covariates(2)[:, 0], expected)


def on_days(panel: Panel, first: str = "2023-12-20") -> Panel:
    """The same series on days, with the holidays of Germany; series begin a day after one another."""
    places = panel.ds.to_numpy()
    ds = (pd.Timestamp(first) + pd.to_timedelta(places, "D")).to_series(index=range(len(places)))
    covariates = replace(covariates_of(panel), holidays="DE")
    return replace(panel, ds=ds, time_axis=TimeAxis("D", "%Y-%m-%d"), covariates=covariates)


def test_holidays_are_known_for_any_horizon_whatever_rows_the_input_has() -> None:
    """Series from 20 and 21 December on, of 5 days and 1: the 25th, the 26th and New Year's Day."""
    panel = on_days(with_covariates([5, 1], [1, 0]))
    seen = panel.at(0).future_covariates(9)
    assert seen.shape == (6 + 2 * 9, 4)
    assert seen[:, 3].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    without = replace(panel, covariates=replace(covariates_of(panel), holidays=None))
    np.testing.assert_array_equal(seen[:, :3], without.at(0).future_covariates(9))
    assert panel.at(3).future_covariates(4)[:, 3].tolist()[:6] == [0, 0, 0, 0, 0, 1]
    assert not np.isnan(panel.at(3).future_covariates(4)[:, 3]).any()
    assert panel.covariate_counts == (4, 2, 1)
    assert covariates_of(panel).known_ahead == ["price", "kind=a", "kind=b", "holiday"]


@given(panels(), st.integers(0, 14), st.integers(0, 40))
def test_holidays_stand_at_their_days(panel: Panel, origin: int, horizon: int) -> None:
    """Looked up one by one, of series that have a history."""
    history = on_days(panel).at(origin)
    holidays = {pd.Timestamp(day) for day in ("2023-12-25", "2023-12-26", "2024-01-01")}
    found = history.future_covariates(horizon)[:, -1]
    ends = np.cumsum(history.lengths + horizon)
    for series, (length, end) in enumerate(zip(history.lengths, ends, strict=True)):
        first = pd.Timestamp("2023-12-20") + pd.Timedelta(days=series)
        days = pd.date_range(first, periods=length + horizon)
        if length:
            assert found[end - length - horizon : end].tolist() == [float(day in holidays) for day in days]


def test_a_part_of_a_panel_has_the_covariates_of_its_series() -> None:
    panel = with_covariates([3, 1, 2], [2, 0, 4])
    part = panel.take(slice(1, 3))
    whole, own = panel.at(0).future_covariates(2), part.at(0).future_covariates(2)
    np.testing.assert_array_equal(own, whole[5:])
    np.testing.assert_array_equal(part.at(1).past_covariates(), panel.at(1).past_covariates()[2:])
    dated = on_days(panel)
    own = dated.take(slice(1, 3)).at(0).future_covariates(9)
    np.testing.assert_array_equal(own, dated.at(0).future_covariates(9)[12:])
    assert covariates_of(part).static_values.tolist() == [[1.5], [2.5]]


def test_reading_some_series_gives_those_of_the_whole_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file with row groups of 10."""
    panel = with_covariates([3, 1, 12, 2, 1, 6], [2, 0, 4, 11, 9, 0], filling="forward")
    monkeypatch.setattr(pd.DataFrame, "to_parquet", partialmethod(pd.DataFrame.to_parquet, row_group_size=10))
    panel.write(tmp_path / "panel.parquet")
    assert_equal(Panel.read(tmp_path / "panel.parquet"), panel)
    for first, end in itertools.combinations(range(7), 2):
        read = Panel.read(tmp_path / "panel.parquet", panel.indptr[first], panel.indptr[end])
        assert_equal(read, panel.take(slice(first, end)))


@pytest.mark.parametrize("kind", ["future", "past", "static"])
def test_one_kind_alone_survives_the_file(kind: str, tmp_path: Path) -> None:
    none = {"future": "future_values", "past": "past_values", "static": "static_values"}
    panel = with_covariates([3, 1], [2, 0] if kind == "future" else [0, 0])
    for other, values in none.items():
        if other != kind:
            empty = {other: [], values: getattr(panel.covariates, values)[:, :0]}
            panel = replace(panel, covariates=replace(covariates_of(panel), **empty))
    panel.write(tmp_path / "panel.parquet")
    assert_equal(Panel.read(tmp_path / "panel.parquet"), panel)


@pytest.mark.parametrize("columns", [3, 0])
def test_holidays_survive_the_file(columns: int, tmp_path: Path) -> None:
    """Also where they are all that is known ahead."""
    panel = on_days(with_covariates([3, 1], [2, 0] if columns else [0, 0]))
    covariates = covariates_of(panel)
    future, values = covariates.future[:columns], covariates.future_values[:, :columns]
    panel = replace(panel, covariates=replace(covariates, future=future, future_values=values))
    panel.write(tmp_path / "panel.parquet")
    read = Panel.read(tmp_path / "panel.parquet")
    assert_equal(read, panel)
    np.testing.assert_array_equal(read.at(1).future_covariates(9), panel.at(1).future_covariates(9))


@pytest.mark.parametrize(
    ("frequency", "ends", "after"),
    [
        ("h", "2024-10-27 01:00", ["2024-10-27 02:00+02:00", "2024-10-27 02:00+01:00"]),  # the clock repeats an hour
        ("MS", "2024-12-01", ["2025-01-01", "2025-02-01"]),
        ("W-MON", "2024-12-30", ["2025-01-06", "2025-01-13"]),
        ("B", "2024-12-31", ["2025-01-01", "2025-01-02"]),
    ],
)
def test_rows_after_the_end_have_the_next_steps(frequency: str, ends: str, after: list[str], tmp_path: Path) -> None:
    zone = "Europe/Berlin" if frequency == "h" else None
    steps = pd.date_range(end=pd.Timestamp(ends, tz=zone), periods=3, freq=frequency)
    panel = replace(with_covariates([3], [2]), ds=steps.to_series(index=range(3)))
    replace(panel, time_axis=TimeAxis(frequency, "%Y-%m-%d", zone)).write(tmp_path / "panel.parquet")
    table = pd.read_parquet(tmp_path / "panel.parquet")
    assert [time.isoformat(" ", "minutes").removesuffix(" 00:00") for time in table.loc[table["ahead"], "ds"]] == after
    assert table["ahead"].tolist() == [False] * 3 + [True] * 2
    assert table["future:kind=b"].tolist() == [102, 105, 108, 111, 114]
    assert table["static:size"].tolist() == [0.5] * 5
    np.testing.assert_array_equal(table["past:visits"], [-1, -3, -5, NAN, NAN])


def test_without_covariates_a_file_has_a_row_for_each_value_and_nothing_about_them(tmp_path: Path) -> None:
    panel = replace(with_covariates([3, 1], [2, 0]), covariates=None)
    panel.write(tmp_path / "panel.parquet")
    table = pd.read_parquet(tmp_path / "panel.parquet")
    assert list(table.columns) == ["unique_id", "ds", "y", "missing"]
    assert list(table.attrs) == ["time_axis", "names"]
    with_covariates([3, 1], [2, 0]).write(tmp_path / "known.parquet")
    assert "holidays" not in pd.read_parquet(tmp_path / "known.parquet").attrs["covariates"]
    assert Panel.read(tmp_path / "panel.parquet").covariates is None


def test_indicators_stand_for_the_column_of_their_category() -> None:
    """Also where another column has a name like theirs."""
    columns, categories = ["sky=no", "sky=warm", "price", "sky=cold"], {"sky": ["warm", "cold"]}
    covariates = replace(covariates_of(with_covariates([3], [0])), future=columns, categories=categories)
    assert covariates.columns_by_covariate(covariates.future) == {"sky=no": [0], "sky": [1, 3], "price": [2]}
    assert covariates.names == [*covariates.future, *covariates.past, *covariates.static]
