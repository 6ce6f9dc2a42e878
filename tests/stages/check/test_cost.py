"""What a run costs: the plan against what the stages themselves plan."""

import numpy as np
import pytest

from stages.check.cost import QUICK, describe_cost, plan_work
from stages.common.errors import UserError
from stages.common.params import Params
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest, Normalize
from stages.panel.panel import Panel
from stages.predict.baselines import BASELINES
from stages.train.cost import NetworkSize
from stages.train.params import Model, Train
from stages.window.cutting import cut_windows
from stages.window.params import Window
from tests.builders import change, panel_of


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Of 70, 60 and 20 steps with a season of 12."""
    random = np.random.default_rng(0)
    return panel_of([100 + random.normal(0, 5, length) for length in (70, 60, 20)], season_lengths=(12,))


def test_windows_steps_and_sizes_are_those_of_the_stages(panel: Panel, default_params: Params) -> None:
    params = change(default_params, backtest__horizon=6, backtest__origins=3, window__max_windows=40)
    origins = plan_origins(params[Backtest], panel)
    work = plan_work(panel, origins, params)
    seasons, windows = seasons_in_use(panel, params[Normalize]), []
    for origin in origins.all:
        _, histories = normalize(panel.at(origin), params[Normalize], seasons)
        windows.append(cut_windows(histories.values, histories.lengths, seasons, params[Window], 6))
    final = windows[0]
    size = NetworkSize.of(final, params[Model])
    assert (work.origins, work.windows, work.size) == (len(origins.all), len(final.cuts), final.size)
    assert work.steps == 100 * params[Train].batches_in_epoch(len(final.cuts))
    assert work.step_seconds == size.seconds(min(params[Train].batch_size, len(final.cuts)))
    assert work.values == sum(int(panel.at(origin).lengths.sum()) for origin in origins.all)
    assert work.baselines == list(BASELINES)


def test_a_quick_look_is_named_and_takes_less(panel: Panel, default_params: Params) -> None:
    work = plan_work(panel, plan_origins(default_params[Backtest], panel), default_params)
    assert work.seconds(QUICK, 2) < work.seconds(8, 2) < work.seconds(8, 1)
    quick = change(default_params, compute__workers=2, predict__baselines=["seasonal_naive"])
    lines = dict(describe_cost(panel, quick))
    assert "8 members x" in lines["training"]
    assert "on 2 cores" in lines["a run takes"]
    assert "dvc exp run -S train.members=2" in lines["quick look"]
    assert "quick look" not in dict(describe_cost(panel, change(default_params, train__members=2)))


def test_a_horizon_that_is_too_long_is_refused(panel: Panel, default_params: Params) -> None:
    with pytest.raises(UserError, match=r"backtest\.horizon 70 is no shorter"):
        describe_cost(panel, change(default_params, backtest__horizon=70))


def test_series_too_short_for_a_window_are_said(default_params: Params) -> None:
    long_windows = change(default_params, backtest__horizon=3, window__size=20, window__padding=False)
    *_, (name, text) = describe_cost(panel_of([np.arange(8.0)]), long_windows)
    assert (name, text.startswith("no series is long enough for a window")) == ("training", True)
