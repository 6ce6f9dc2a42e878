"""What a run costs: the plan against what the stages themselves plan."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.check.cost import QUICK, START, describe_cost, plan_work, windows_like_those
from stages.common.arrays import Floats
from stages.common.errors import UserError
from stages.common.params import Params
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.origins import plan_origins
from stages.normalize.params import Backtest, Normalize
from stages.panel.covariates import Covariates
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


@pytest.mark.parametrize(
    ("refit", "training"), [(1, [0, 6, 12, 18, 24, 30]), (2, [0, 6, 18, 30]), (4, [0, 6, 30]), ("once", [30])]
)
def test_windows_steps_and_sizes_are_those_of_the_stages(
    panel: Panel, default_params: Params, refit: int | str, training: list[int]
) -> None:
    params = change(
        default_params,
        backtest__horizon=6,
        backtest__origins=3,
        backtest__calibration_origins=2,
        backtest__refit=refit,
        window__max_windows=40,
    )
    origins = plan_origins(params[Backtest], panel)
    assert origins.all == [0, 6, 12, 18, 24, 30]
    work = plan_work(panel, origins, params)
    seasons, windows = seasons_in_use(panel, params[Normalize]), []
    for origin in training:
        _, histories = normalize(panel.at(origin), params[Normalize], seasons)
        windows.append(cut_windows(histories.values, histories.lengths, seasons, params[Window], 6))
    latest = windows[0]
    size = NetworkSize.of(latest, params[Model])
    assert (work.training_origins, work.latest) == (len(training), training[0])
    assert (work.windows, work.size) == (len(latest.cuts), latest.size)
    assert work.steps == (30 + 15 * (len(training) - 1)) * params[Train].batches_in_epoch(len(latest.cuts))
    assert work.step_seconds == size.seconds(min(params[Train].batch_of(len(latest.cuts)), len(latest.cuts)))
    assert work.lengths.sum() == sum(int(panel.at(origin).lengths.sum()) for origin in origins.all)
    assert work.baselines == list(BASELINES)


@pytest.mark.parametrize(("update_epochs", "steps"), [(15, 88 + 2 * 15), (None, 88 + 108 + 128)])
def test_steps_are_those_of_all_origins(default_params: Params, update_epochs: int | None, steps: int) -> None:
    """At 100, 120 and 140 steps, cuts after each of 3 to half a horizon before the end: 88, 108 and 128 windows.

    Three times each are as many batches of three, of which an epoch has one.
    """
    changes = {"train__update_epochs": update_epochs, "train__batch_size": 3, "train__steps_per_epoch": 1}
    params = change(
        default_params, **changes, backtest__horizon=20, backtest__origins=1, backtest__calibration_origins=1
    )
    panel = panel_of([np.arange(140.0)])
    work = plan_work(panel, plan_origins(params[Backtest], panel), params)
    assert work.steps == steps
    seconds = replace(work, cuts=0, step_seconds=1.0, baselines=[]).seconds(1, 100) - START
    assert seconds == pytest.approx(steps if update_epochs else steps / 3)


def test_training_that_would_be_refused_is_named(panel: Panel, default_params: Params) -> None:
    assert "too long" not in dict(describe_cost(panel, default_params))
    lines = dict(describe_cost(panel, change(default_params, train__update_epochs=10**9)))
    assert "`train` will refuse to take more than compute.max_hours (24): set " in lines["too long"]


def test_features_are_counted_at_cuts_and_at_the_origins_of_their_records(default_params: Params) -> None:
    """Worked by hand: 100 steps, a horizon of 12, which is the distance of records' origins, and windows of 3 values.

    For training a cut after each of 3 to 94 steps, the origins of records among them; at the end one cut, and the six
    origins before it. The same at the origin 12 steps before.
    """
    once = change(default_params, backtest__origins=1, backtest__calibration_origins=0)
    panel = panel_of([np.arange(100.0)])
    work = plan_work(panel, plan_origins(once[Backtest], panel), once)
    assert work.cuts == (94 - 2) + (82 - 2) + 7 + 7
    plain, priced = (replace(work, cut_seconds=seconds).seconds(8, 1) for seconds in (0.0, 2.0))
    assert priced - plain == pytest.approx(2 * work.cuts)


@pytest.mark.parametrize(
    ("refit", "networks", "windows"),
    [
        (1, "8 members x 8 training origins, 270 steps of", "at the final origin"),
        (3, "8 members x 4 training origins, 150 steps of", "at the final origin"),
        (
            "once",
            "8 members x 1 training origin, 60 steps of",
            "at the last training origin, 84 steps before the end (backtest.refit)",
        ),
    ],
)
def test_the_networks_of_the_airline_passengers(
    airline: Floats, default_params: Params, refit: int | str, networks: str, windows: str
) -> None:
    """At 0, 12, 24, ..., 84; at 84, 48, 12 and 0; at 84. Two batches in an epoch."""
    panel, params = panel_of([airline], season_lengths=(12,)), change(default_params, backtest__refit=refit)
    lines = dict(describe_cost(panel, params))
    assert lines["origins"] == "8: 5 to evaluate, 2 to calibrate intervals, 1 final"
    assert lines["training"].startswith(networks)
    assert lines["windows"].endswith(f" of 24 steps {windows}")


def test_a_quick_look_is_named_and_takes_less(panel: Panel, default_params: Params) -> None:
    work = plan_work(panel, plan_origins(default_params[Backtest], panel), default_params)
    assert work.seconds(QUICK, 2) < work.seconds(8, 2) < work.seconds(8, 1)
    quick = change(default_params, compute__workers=2, train__epochs=4000, predict__baselines=["seasonal_naive"])
    lines = dict(describe_cost(panel, quick))
    assert "8 members x" in lines["training"]
    assert "on 2 cores" in lines["a run takes"]
    assert "dvc exp run -S train.members=2" in lines["quick look"]
    assert "quick look" not in dict(describe_cost(panel, change(default_params, train__members=2)))


def test_networks_that_start_anew_are_independent_of_each_other(panel: Panel, default_params: Params) -> None:
    """One member at six training origins: a core each, or all of them on one, as where they go on from each other."""
    alone = change(default_params, train__members=1, predict__baselines=["seasonal_naive"], backtest__horizon=6)
    origins = plan_origins(alone[Backtest], panel)
    in_turn, anew = (
        replace(plan_work(panel, origins, change(alone, train__update_epochs=epochs)), cuts=0, step_seconds=1.0)
        for epochs in (30, None)
    )
    seconds = 30 * in_turn.training_origins * alone[Train].batches_in_epoch(in_turn.windows)
    for work, cores, taken in ((in_turn, 1, seconds), (in_turn, 100, seconds), (anew, 1, seconds)):
        assert work.seconds(1, cores) - START == pytest.approx(taken)
    assert anew.seconds(1, 100) - START == pytest.approx(seconds / in_turn.training_origins)


def test_a_logarithm_of_values_that_have_none_is_refused_as_the_run_would(panel: Panel, default_params: Params) -> None:
    logged = change(default_params, normalize__log=True)
    assert describe_cost(panel, logged)
    negative = replace(panel, y=np.where(np.arange(len(panel.y)) == 3, -1.0, panel.y))
    with pytest.raises(UserError, match=r"normalize\.log is true, but series"):
        describe_cost(negative, logged)


def test_a_horizon_that_is_too_long_is_refused(panel: Panel, default_params: Params) -> None:
    with pytest.raises(UserError, match=r"backtest\.horizon 70 is no shorter"):
        describe_cost(panel, change(default_params, backtest__horizon=70))


def test_series_too_short_for_a_window_are_said(default_params: Params) -> None:
    long_windows = change(default_params, backtest__horizon=3, window__size=20, window__padding=False)
    *_, (name, text) = describe_cost(panel_of([np.arange(8.0)]), long_windows)
    assert (name, text.startswith("no series has enough values for a window")) == ("training", True)
    origins = {"backtest__origins": 3, "backtest__calibration_origins": 0}
    early = change(long_windows, window__size=15, backtest__refit="once", **origins)
    *_, (name, text) = describe_cost(panel_of([np.arange(22.0)]), early)
    assert name == "training"
    assert "the horizon at the last training origin, 9 steps before the end (backtest.refit); `window` will" in text


def test_windows_are_counted_by_known_values(default_params: Params) -> None:
    """Of the panel with seven of ten values missing, as many as are cut, at each training origin."""
    random = np.random.default_rng(1)
    values = [
        np.where(random.random(length) < 0.7, np.nan, 100 + random.normal(size=length)) for length in (90, 60, 30)
    ]
    for each in values:
        each[[0, -1]] = 100
    params = change(default_params, backtest__horizon=6, backtest__origins=3, backtest__calibration_origins=2)
    panel = panel_of(values, missing=np.isnan(np.concatenate(values)), season_lengths=(12,))
    work = plan_work(panel, plan_origins(params[Backtest], panel), params)
    seasons = seasons_in_use(panel, params[Normalize])
    counts = {}
    for origin in (0, 6, 12, 18, 24, 30):
        _, histories = normalize(panel.at(origin), params[Normalize], seasons)
        counts[origin] = len(cut_windows(histories.values, histories.lengths, seasons, params[Window], 6).cuts)
    assert work.windows == counts[0] < len(cut_windows(np.zeros(180), panel.lengths, seasons, params[Window], 6).cuts)
    assert work.training_origins == sum(count > 0 for count in counts.values())
    few = [int((~np.isnan(each)).sum()) < 13 for each in values]  # a season and one
    assert work.without_window == sum(few) == 1
    text = dict(describe_cost(panel, params))["windows"]
    assert text.endswith("at the final origin; 1 series has too few values for one: the last season is its forecast")


def test_gaps_that_leave_no_window_are_said(default_params: Params) -> None:
    values = np.where(np.arange(60) % 6 == 0, 5.0, np.nan)[:55]
    panel = panel_of([values], missing=np.isnan(values), season_lengths=(12,))
    *_, (name, text) = describe_cost(panel, default_params)
    assert (name, text.startswith("no series has enough values for a window")) == ("training", True)


@pytest.mark.parametrize(
    ("experts", "season", "refused"),
    [(["year"], 12, True), (["seasonal_mean"], 1, True), (["year", "ses"], 12, False), ([], 12, False)],
)
def test_experts_that_cannot_forecast_such_series_are_said(
    panel: Panel, default_params: Params, experts: list[str], season: int, refused: bool
) -> None:
    lines = dict(
        describe_cost(replace(panel, season_lengths=(season,)), change(default_params, window__experts=experts))
    )
    assert lines["training"].startswith(f"none of the experts {experts} forecasts") == refused


def with_price(panel: Panel) -> Panel:
    covariates = Covariates(["price"], [], [], panel.indptr, np.ones((150, 1)), np.empty((150, 0)), np.empty((3, 0)))
    return replace(panel, ds=pd.Series(range(150)), covariates=covariates)


def test_a_future_covariate_that_is_missing_is_refused_as_in_a_run(panel: Panel, default_params: Params) -> None:
    strict = change(default_params, backtest__horizon=6, ingest__missing="error")
    with pytest.raises(UserError, match="series '0' has no value of the future covariate 'price' from 70 to 75"):
        describe_cost(with_price(panel), strict)
    describe_cost(panel, strict)


def test_the_network_of_a_panel_with_covariates_has_the_size_of_the_one_that_is_trained(
    panel: Panel, default_params: Params
) -> None:
    random = np.random.default_rng(1)
    future, past, static = (random.normal(size=shape) for shape in ((150 + 3 * 6, 2), (150, 1), (3, 2)))
    ends = panel.indptr + 6 * np.arange(4)
    covariates = Covariates(["price", "rain"], ["visits"], ["north", "size"], ends, future, past, static)
    panel = replace(panel, covariates=covariates, ds=pd.Series(range(150)))
    params = change(default_params, backtest__horizon=6)
    seasons = seasons_in_use(panel, params[Normalize])
    _, histories = normalize(panel.at(0), params[Normalize], seasons)
    cut = cut_windows(histories.values, histories.lengths, seasons, params[Window], 6, histories.covariates)
    priced = NetworkSize.of(windows_like_those(panel, params), params[Model])
    assert priced == NetworkSize.of(cut, params[Model])
    assert (priced.varying, len(cut.varying["past"]), len(cut.varying["static"])) == (2, 1, 2)


def test_covariates_that_are_not_used_are_warned_of_as_in_a_run(
    panel: Panel, default_params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    describe_cost(with_price(panel), default_params)
    assert "1 of 3 series has too few values for a regression" in capsys.readouterr().err
    describe_cost(
        with_price(panel),
        change(
            default_params,
            window__output="recursive",
            window__experts=[],
            window__local_scaling="none",
            window__padding=False,
            normalize__seasonal="none",
        ),
    )
    assert "are not used: they need window.output: direct" in capsys.readouterr().err
