"""The table of scaled errors that two versions are paired by."""

import numpy as np
import pandas as pd
import pytest

from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.predict import evaluation
from stages.predict.evaluation import Evaluation, evaluation_table, scaled_errors
from stages.predict.forecasts import OriginForecast


def evaluated(panel: Panel, held_back: int, model: np.ndarray, scale: np.ndarray) -> Evaluation:
    """One origin of two steps, the actual values those of the panel, a naive forecast of zeros."""
    series = np.arange(len(panel.ids))
    rows, _ = panel.after(held_back, 2)
    none = np.empty((0, len(series), 2))
    origin = OriginForecast.__new__(OriginForecast)
    object.__setattr__(origin, "held_back", held_back)
    methods = {"model": model, "seasonal_naive": np.zeros_like(model)}
    return Evaluation(origin, series, panel.y[rows], methods, np.empty((0, len(series))), none, none, scale)


@pytest.fixture
def panel() -> Panel:
    """Two series of four months, one beginning a month later."""
    stamps = pd.date_range("2020-01-01", periods=5, freq="MS")
    ds = pd.Series([*stamps[:4], *stamps[1:]])
    return Panel(["a", "b"], np.array([0, 4, 8]), ds, np.arange(8.0), np.zeros(8, dtype=bool), TimeAxis("MS", "%Y-%m"))


def test_errors_are_means_over_the_horizon_in_units_of_the_scale(panel: Panel) -> None:
    """Series a: 2 and 3 came, 1 and 1 were forecast, scale 3: (1 + 2) / 2 / 3. Series b has no scale."""
    table = scaled_errors([evaluated(panel, 2, np.ones((2, 2)), np.array([3.0, np.nan]))], panel)
    assert table.to_dict("records") == [
        {"unique_id": "a", "origin": 2, "known_until": "2020-02", "model": 0.5, "seasonal_naive": 2.5 / 3}
    ]


def test_the_table_of_forecasts_holds_the_same_error_by_step(panel: Panel) -> None:
    table = evaluation_table([evaluated(panel, 2, np.ones((2, 2)), np.array([3.0, 1.0]))], panel, [])
    assert table["scaled_error"].tolist() == [1 / 3, 2 / 3, 5, 6]


def test_without_origins_there_are_columns_and_no_rows(panel: Panel) -> None:
    assert list(scaled_errors([], panel)) == ["unique_id", "origin", "known_until", "model", "seasonal_naive"]


def test_a_large_panel_leaves_out_the_same_whole_series_in_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten series, room for seven rows: with one more series, those that stay are those of before, or the new one."""
    monkeypatch.setattr(evaluation, "MOST_ERRORS", 7)

    def kept(count: int) -> set[str]:
        ids = [f"s{i}" for i in range(count)]
        rows = np.arange(4 * count)
        panel = Panel(
            ids, 4 * np.arange(count + 1), pd.Series(rows), np.arange(4.0 * count), np.zeros(4 * count, dtype=bool)
        )
        ones = np.ones((count, 2))
        table = scaled_errors([evaluated(panel, back, ones, np.ones(count)) for back in (2, 1)], panel)
        assert (table["unique_id"].value_counts() == 2).all()
        assert table["unique_id"].drop_duplicates().tolist() == sorted(table["unique_id"].unique())
        return set(table["unique_id"])

    assert len(kept(10)) == 3
    assert len(kept(11) - kept(10)) <= 1
