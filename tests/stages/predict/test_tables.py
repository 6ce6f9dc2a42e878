"""The tables of predict: their rows and columns, and that the field's tools read them as they are."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from utilsforecast import losses
from utilsforecast.evaluation import evaluate as evaluate_losses

from stages.common.arrays import Floats
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.predict import tables
from stages.predict.evaluation import Evaluation, measure
from stages.predict.forecaster import Forecaster
from stages.predict.intervals import calibrate
from stages.predict.scoring import score
from stages.predict.tables import (
    backtest_table,
    error_by_step,
    error_table,
    evaluation_table,
    forecast_summary,
    forecast_table,
    half_ensemble_table,
    series_in_git,
    write_csv,
    write_evaluation,
)
from tests.builders import panel_of
from tests.forecasts import naive_forecast


def evaluated(
    panel: Panel, origin: int, model: Floats, scale: Floats, width: float | None = None, splits: int = 0
) -> Evaluation:
    """One origin of all series, the actual values those of the panel, a naive forecast of zeros.

    model: (S, horizon); width: half of it on each side of the model is the interval of 80 %; without it, none
    splits: of the members, whose halves differ by 1, 2, ... times the origin
    """
    series, history = np.arange(len(panel.ids)), panel.at(origin)
    margin = np.full((0 if width is None else 1, *model.shape), (width or 0.0) / 2)
    return Evaluation(
        history=history,
        series=series,
        actual=history.actual(model.shape[1]),
        methods={"model": model, "seasonal_naive": np.zeros_like(model)},
        member_errors=np.empty((len(series), 0)),
        half_differences=np.tile(origin * np.arange(1.0, splits + 1), (len(series), 1)),
        limits={"model": (model - margin, model + margin)},
        losses={},
        mase_scale=scale,
        fallback=0,
    )


@pytest.fixture
def panel() -> Panel:
    """Two series of four months, one beginning a month later."""
    stamps = pd.date_range("2020-01-01", periods=5, freq="MS")
    ds = pd.Series([*stamps[:4], *stamps[1:]])
    return Panel(["a", "b"], np.array([0, 4, 8]), ds, np.arange(8.0), np.zeros(8, dtype=bool), TimeAxis("MS", "%Y-%m"))


def test_errors_are_means_over_the_horizon_in_units_of_the_scale(panel: Panel) -> None:
    """Series a: actual values 2 and 3, forecasts 1 and 1, scale 3: (1 + 2) / 2 / 3. Series b has no scale."""
    table = error_table([evaluated(panel, 2, np.ones((2, 2)), np.array([3.0, np.nan]))], panel)
    assert table.to_dict("records") == [
        {"unique_id": "a", "cutoff": "2020-02", "origin": 2, "model": 0.5, "seasonal_naive": 2.5 / 3}
    ]


def test_half_ensembles_have_the_rows_of_the_errors_in_units_of_the_scale(panel: Panel) -> None:
    """At the origin 2 differences of 2 and 4, scale 4; at the origin 1 of 1 and 2, scale 2; series b has no scale."""
    scales = {2: np.array([4.0, np.nan]), 1: np.array([2.0, np.nan])}
    evaluations = [evaluated(panel, origin, np.ones((2, 2)), scale, splits=2) for origin, scale in scales.items()]
    table = half_ensemble_table(evaluations, panel)
    assert table.to_dict("records") == [
        {"unique_id": "a", "cutoff": "2020-02", "split_1": 0.5, "split_2": 1.0},
        {"unique_id": "a", "cutoff": "2020-03", "split_1": 0.5, "split_2": 1.0},
    ]


def test_a_single_member_has_no_half_ensembles(panel: Panel) -> None:
    table = half_ensemble_table([evaluated(panel, 2, np.ones((2, 2)), np.ones(2))], panel)
    assert list(table) == list(half_ensemble_table([], panel)) == ["unique_id", "cutoff", "split_1"]
    assert table.empty


def test_the_evaluation_has_a_row_for_each_step_with_an_actual_value(panel: Panel) -> None:
    """Of the two steps after the origin 1, only the first has an actual value."""
    ones = np.ones((2, 2))
    table = evaluation_table(
        [evaluated(panel, origin, ones, np.array([3.0, 1.0]), width=4.0) for origin in (2, 1)], panel, [80]
    )
    assert list(table) == [
        "unique_id", "cutoff", "ds", "step", "y", "model", "model-lo-80", "model-hi-80", "scaled_error",
        "seasonal_naive",
    ]  # fmt: skip
    assert table[["unique_id", "cutoff", "ds", "step", "y"]].to_numpy().tolist() == [
        ["a", "2020-02", "2020-03", 1, 2], ["a", "2020-02", "2020-04", 2, 3],
        ["b", "2020-03", "2020-04", 1, 6], ["b", "2020-03", "2020-05", 2, 7],
        ["a", "2020-03", "2020-04", 1, 3], ["b", "2020-04", "2020-05", 1, 7],
    ]  # fmt: skip
    assert table["scaled_error"].tolist() == [1 / 3, 2 / 3, 5, 6, 2 / 3, 6]
    assert table["model-lo-80"].tolist() == [-1] * 6
    assert table["model-hi-80"].tolist() == [3] * 6


def test_without_origins_there_are_columns_and_no_rows(panel: Panel) -> None:
    assert list(error_table([], panel)) == ["unique_id", "cutoff", "origin", "model", "seasonal_naive"]
    evaluation = evaluation_table([], panel, [80])
    assert list(evaluation) == [
        "unique_id", "cutoff", "ds", "step", "y", "model", "model-lo-80", "model-hi-80", "scaled_error",
    ]  # fmt: skip
    by_step = error_by_step([], 2)
    assert by_step["step"].tolist() == [1, 2]
    assert by_step[["model", "seasonal_naive"]].isna().all(axis=None)
    assert list(backtest_table(evaluation, panel)) == ["ds", "actual", "model"]
    assert not any(map(len, (error_table([], panel), evaluation, backtest_table(evaluation, panel))))


def test_a_large_panel_leaves_out_the_same_whole_series_in_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten series, room for seven rows: with one more series, those that stay are those of before, or the new one."""
    monkeypatch.setattr(tables, "MOST_ERRORS", 7)

    def kept(count: int) -> set[str]:
        panel = panel_of([np.arange(4.0)] * count)
        ones = np.ones((count, 2))
        evaluations = [evaluated(panel, origin, ones, np.ones(count), splits=1) for origin in (2, 1)]
        table, halves = error_table(evaluations, panel), half_ensemble_table(evaluations, panel)
        assert halves[["unique_id", "cutoff"]].equals(table[["unique_id", "cutoff"]])
        assert set(table["unique_id"]) <= set(np.array(panel.ids)[series_in_git(panel.ids)])
        assert series_in_git(panel.ids).sum() == 7
        assert (table["unique_id"].value_counts() == 2).all()
        order = table["unique_id"].drop_duplicates().tolist()
        assert order == sorted(order, key=int)
        return set(table["unique_id"])

    assert len(kept(10)) == 3
    assert len(kept(11) - kept(10)) <= 1


def test_the_whole_evaluation_is_parquet_and_of_a_large_panel_csv_has_some_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten series of three rows, of which eleven rows may be CSV: three whole series, also beside an eleventh one."""
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    ids = [f"s{number}" for number in range(11)]
    table = pd.DataFrame({"unique_id": np.repeat(ids, 3), "ds": "2020", "model": np.arange(33) / 7})
    write_evaluation(table[:30])
    pd.testing.assert_frame_equal(pd.read_csv("reports/evaluation.csv", dtype={"ds": str}), table[:30], rtol=1e-9)
    monkeypatch.setattr(tables, "MOST_IN_CSV", 11)
    kept = []
    for rows in (table[:30], table):
        write_evaluation(rows)
        pd.testing.assert_frame_equal(pd.read_parquet("reports/evaluation.parquet"), rows)
        found = pd.read_csv("reports/evaluation.csv", dtype={"ds": str})
        assert found["unique_id"].value_counts().tolist() == [3, 3, 3]
        kept.append(set(found["unique_id"]))
    assert len(kept[0] - kept[1]) <= 1  # the eleventh may take a place


def test_errors_by_step_are_means_over_series_and_origins(panel: Panel) -> None:
    """At step 1 errors of 1 and 5 at the origin 2, of 2 and 6 at the origin 1; at step 2 only those of the first."""
    evaluations = [evaluated(panel, origin, np.ones((2, 2)), np.ones(2)) for origin in (2, 1)]
    assert error_by_step(evaluations, 2).to_dict("list") == {
        "step": [1, 2],
        "model": [(1 + 5 + 2 + 6) / 4, (2 + 6) / 2],
        "seasonal_naive": [(2 + 6 + 3 + 7) / 4, (3 + 7) / 2],
    }


def test_the_backtest_is_the_latest_forecast_of_each_value_of_the_first_series(panel: Panel) -> None:
    """March is forecast from February alone, April from February and from March."""
    evaluations = [evaluated(panel, origin, np.full((2, 2), 10.0 * origin), np.ones(2)) for origin in (1, 2)]
    table = backtest_table(evaluation_table(evaluations, panel, []), panel)
    assert table.to_dict("list") == {"ds": ["2020-03", "2020-04"], "actual": [2, 3], "model": [20, 10]}


def test_the_forecast_is_in_the_order_of_the_input_and_follows_each_series() -> None:
    stamps = pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-01", "2023-11-01"]))
    y, filled = np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=bool)
    panel = Panel(["b", "a", "c"], np.array([0, 2, 3, 4]), stamps, y, filled, TimeAxis("MS", "%Y-%m"))
    final = naive_forecast(panel, 0)
    (calibration,) = calibrate([score(final, panel.at(0))], [panel.at(0)])
    limits = {"model": calibration.limits(final, [80])}
    points = {"model": final.point, "auto_ets": final.point + 1}
    table = forecast_table(points, limits, panel, [80])
    assert list(table) == ["unique_id", "ds", "model", "model-lo-80", "model-hi-80", "auto_ets"]
    assert table["unique_id"].tolist() == ["b"] * 3 + ["a"] * 3 + ["c"] * 3
    assert table["ds"].tolist() == [
        *["2024-03", "2024-04", "2024-05"], *["2024-02", "2024-03", "2024-04"], *["2023-12", "2024-01", "2024-02"],
    ]  # fmt: skip
    assert table["model"].tolist() == [2] * 3 + [3] * 3 + [4] * 3
    assert table["auto_ets"].tolist() == [3] * 3 + [4] * 3 + [5] * 3


def test_limits_stand_beside_their_method(panel: Panel) -> None:
    points = {name: np.full((2, 2), value) for value, name in enumerate(["model", "auto_ets", "combination"])}
    limits = {name: (points[name][None] - 1, points[name][None] + 1) for name in ("model", "combination")}
    table = forecast_table(points, limits, panel, [80])
    assert list(table)[2:] == [
        "model", "model-lo-80", "model-hi-80", "auto_ets", "combination", "combination-lo-80", "combination-hi-80",
    ]  # fmt: skip
    assert table["combination-lo-80"].tolist() == [1] * 4


def test_the_forecast_is_described(panel: Panel) -> None:
    names = ["model", "seasonal_naive", "auto_ets", "combination"]
    combined, alone = (
        cast(Forecaster, SimpleNamespace(method=method, horizon=3, levels=levels))
        for method, levels in (("combination", [80, 95]), ("model", []))
    )
    summary = forecast_summary(combined, names, panel, {0: 12, 3: 12, 24: 60}, 1, 0, ["price", "promo"])
    assert (summary["steps_since_training"], summary["most_steps_since_training"]) == (12, 36)
    assert summary["covariates_less_known"] == "price, promo"
    assert (summary["method"], summary["combination"], summary["levels"]) == (
        "combination",
        "model, auto_ets",
        "80, 95",
    )
    assert forecast_summary(alone, names[:2], panel, {0: 0}, 0, 0, [])["combination"] == "none"


def test_numbers_are_written_to_some_digits(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"id": ["a"], "value": [1 / 3]}), tmp_path / "table.csv", digits=4)
    assert (tmp_path / "table.csv").read_bytes() == b"id,value\na,0.3333\n"


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "Cc"]), max_size=6)
NUMBERS = st.one_of(st.floats(), st.floats(-1e3, 1e3), st.sampled_from([-0.0, 1e-5, 1e10, 12345678901.5, 0.1 + 0.2]))


@given(
    st.lists(st.tuples(TEXTS, NUMBERS, st.integers(-(10**12), 10**12), NUMBERS.filter(np.isfinite)), min_size=1),
    TEXTS,
    st.booleans(),
)
def test_the_bytes_are_those_of_pandas(rows: list[tuple[str, float, int, float]], name: str, header: bool) -> None:
    """Texts with commas, quotes and line ends; missing, tiny and large numbers; a chunk of rows after another."""
    table = pd.DataFrame(rows, columns=[f"{name} ", "gaps", "count", "whole"])
    for each in (table, pd.concat([table, table.assign(whole=np.nan)])):
        ours, theirs = io.StringIO(newline=""), io.StringIO(newline="")
        with patch("stages.predict.tables.WRITTEN", 2):
            write_csv(each, ours, digits=6, header=header)
        each.to_csv(theirs, index=False, float_format="%.6g", lineterminator="\n", header=header)
        assert ours.getvalue() == theirs.getvalue()


def test_losses_of_utilsforecast_read_the_evaluation_as_it_is(tmp_path: Path) -> None:
    """MAE and coverage of every series and origin, whose means are those of metrics.json; MASE with the histories."""
    random = np.random.default_rng(0)
    panel = panel_of([random.normal(50, 9, 30), random.normal(50, 9, 24)], season_lengths=(4,))
    history = [panel.at(origin).matrix() for origin in (3, 6)]
    scales = [np.nanmean(np.abs(values[:, 4:] - values[:, :-4]), axis=1) for values in history]
    evaluations = [
        evaluated(panel, origin, random.normal(50, 9, (2, 3)), scale, width=30.0)
        for origin, scale in zip((3, 6), scales, strict=True)
    ]
    metrics = measure(evaluations, [80])
    write_csv(evaluation_table(evaluations, panel, [80]), tmp_path / "evaluation.csv")
    table = pd.read_csv(tmp_path / "evaluation.csv")
    train = pd.DataFrame({"unique_id": [0] * 30 + [1] * 24, "ds": panel.ds, "y": panel.y})

    models = ["model", "seasonal_naive"]
    mae = losses.mae(table, models=models, id_col="unique_id", target_col="y")
    assert len(mae) == 2 * 2
    assert mae["model"].mean() == pytest.approx(metrics["model"]["mae"], rel=1e-5)
    kinds: list[Callable[..., Any]] = [losses.mae, losses.rmse, partial(losses.mase, seasonality=4)]
    found = evaluate_losses(table, metrics=kinds, models=models, train_df=train, agg_fn="mean")
    for kind, values in found.groupby("metric"):
        assert values["model"].mean() == pytest.approx(metrics["model"][kind], rel=1e-5)
        assert values["seasonal_naive"].mean() == pytest.approx(metrics["baseline"]["seasonal_naive"][kind], rel=1e-5)
    assert set(found["metric"]) == {"mae", "rmse", "mase"}
    covered = evaluate_losses(table, metrics=[losses.coverage], models=["model"], level=[80])
    assert 100 * covered["model"].mean() == pytest.approx(metrics["model"]["coverage_80"], rel=1e-5)
