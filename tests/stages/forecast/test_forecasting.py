"""Which baselines new data afford, by costs worked by hand; how many steps; shards that change nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.common.params import Params
from stages.forecast import forecasting
from stages.forecast.forecasting import affordable_baselines, checked_steps, forecast_panel
from stages.predict.baselines import BASELINES
from stages.predict.forecaster import Forecaster
from tests.builders import panel_of
from tests.forecasters import forecaster_for, seasonal_panel
from tests.raw_files import cases

ALL = list(BASELINES)
AS_CHEAP = ["seasonal_naive", "auto_theta", "auto_theta_log"]  # 2 x 0.2 ms for a value


@cases(
    ("values", "season", "method", "expected"),
    [
        # 0.2 + 0.2 + 1 + 10 + 10 ms for a value: 220 values take 4.7 s, 300 take 3.4 s without the last
        ("all", 220, 12, "model", ALL),
        ("the last is too slow", 300, 12, "model", [name for name in ALL if name != "auto_arima_log"]),
        ("both slow ones are", 3_000, 12, "model", ["seasonal_naive", "auto_ets", "auto_theta", "auto_theta_log"]),
        ("4.999 s are afforded", 12_460, 12, "model", AS_CHEAP),
        ("5.003 s are not", 12_470, 12, "model", ["seasonal_naive", "auto_theta"]),
        ("the yardstick alone", 30_000, 12, "model", ["seasonal_naive"]),
        ("what is published counts nothing", 12_460, 12, "auto_ets", ["seasonal_naive", "auto_ets", *AS_CHEAP[1:]]),
        ("a combination needs all", 10**6, 12, "combination", ALL),
        ("longer seasons, slower ARIMA", 200, 24, "model", [name for name in ALL if "arima" not in name]),
    ],
)  # fmt: skip
def test_affordable_baselines(
    forecaster: Forecaster, values: int, season: int, method: str, expected: list[str]
) -> None:
    """Series of ten values, whose squares add 0.3 % to the time of AutoTheta.

    AutoARIMA takes 2 ** 1.6 = 3.03 times as long for a season of 24: 200 values take 6.1 s.
    """
    panel = panel_of([np.zeros(10)] * (values // 10), season_lengths=(season,))
    ran = replace(forecaster, method=method, baselines=ALL)
    assert affordable_baselines(ran, panel) == expected
    assert affordable_baselines(ran, panel, all_of_them=True) == ALL


def test_a_published_forecast_that_takes_minutes_is_warned_of(
    forecaster: Forecaster, capsys: pytest.CaptureFixture[str]
) -> None:
    """AutoETS takes 1 ms for a value: 120,000 values take two minutes."""
    ran = replace(forecaster, method="auto_ets", baselines=["seasonal_naive", "auto_ets"])
    affordable_baselines(ran, panel_of([np.zeros(119_999)], season_lengths=(12,)))
    affordable_baselines(replace(ran, method="model"), panel_of([np.zeros(200_000)], season_lengths=(12,)))
    assert capsys.readouterr().err == ""
    affordable_baselines(ran, panel_of([np.zeros(60_000)] * 2, season_lengths=(12,)))
    assert capsys.readouterr().err == (
        "warning: this forecaster publishes auto_ets, which takes about 2 minutes for 2 series; one trained with "
        "predict.method: model takes seconds\n"
    )


def test_baselines_that_the_run_left_out_are_not_forecast(forecaster: Forecaster) -> None:
    assert affordable_baselines(forecaster, panel_of([np.zeros(9)]), all_of_them=True) == ["seasonal_naive"]


def test_steps(forecaster: Forecaster) -> None:
    assert [checked_steps(forecaster, wanted) for wanted in (None, 1, 2, 3)] == [3, 1, 2, 3]
    for wanted in (-1, 0, 4):
        with pytest.raises(UserError, match=f"a horizon of {wanted}, but the forecaster was trained for 3; ask for"):
            checked_steps(forecaster, wanted)


def test_fewer_steps_are_the_first_ones(forecaster: Forecaster) -> None:
    panel = seasonal_panel(60, 30)
    ((whole,), (first,)) = (list(forecast_panel(forecaster, panel, 0, steps, ["seasonal_naive"])) for steps in (3, 2))
    expected = whole.future().groupby("unique_id", sort=False).head(2).reset_index(drop=True)
    pd.testing.assert_frame_equal(first.future(), expected)


def test_shards_give_what_the_panel_gives(default_params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    """Series without a history at the origin, which a whole shard may have, are left out of the evaluation."""
    panel = seasonal_panel(60, 2, 3, 30, 5)
    forecaster = forecaster_for(panel, default_params, "combination", ("seasonal_naive", "auto_theta"))
    names = affordable_baselines(forecaster, panel)
    tables = []
    for size in (4096, 2, 1):
        monkeypatch.setattr(forecasting, "SHARD", size)
        shards = list(forecast_panel(forecaster, panel, 3, 3, names))
        assert len(shards) == {4096: 1, 2: 3, 1: 5}[size]
        assert sum(len(shard.evaluation().series) for shard in shards) == 3
        tables.append(pd.concat([shard.future() for shard in shards], ignore_index=True))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], rtol=1e-5)


def test_no_history_at_the_origin_is_refused(forecaster: Forecaster) -> None:
    with pytest.raises(UserError, match="no series has more than the 3 steps that are forecast; use a longer file"):
        next(forecast_panel(forecaster, seasonal_panel(3, 2), 3, 3, ["seasonal_naive"]))
