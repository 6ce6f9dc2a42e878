"""The command in models/README.md sets the tutorial's recipe, and with it the pipeline gives the tutorial's results."""

import itertools
import re
import shlex
from typing import Any

import numpy as np
import pytest

from stages.common.arrays import Floats
from stages.common.params import Params, read_params
from stages.normalize.histories import normalize, seasons_in_use
from stages.normalize.params import Backtest, Normalize
from stages.predict.ensemble import Ensemble
from stages.train.params import Model, Train
from stages.train.training import Epoch, train_network
from stages.window.cutting import cut_windows
from stages.window.params import Window
from tests.bench.tutorial import Tutorial, run_tutorial
from tests.builders import panel_of
from tests.projects import ROOT, here, make_project


def readme_settings() -> list[str]:
    """The `section.key=value` settings of the one command for the tutorial in models/README.md."""
    page = (ROOT / "models/README.md").read_text()
    (command,) = re.findall(r"```\n(dvc exp run -n tutorial.*?)```", page, flags=re.DOTALL)
    words = shlex.split(command.replace("\\\n", " "))
    return [setting for option, setting in itertools.pairwise(words) if option == "-S"]


@pytest.fixture(scope="module")
def tutorial_params(tmp_path_factory: pytest.TempPathFactory) -> Params:
    """params.yaml after the README's command, run as it is but for one epoch, small figures and no slow baselines."""
    folder = make_project(tmp_path_factory.mktemp("tutorial"))
    shorter = ["train.epochs=1", "predict.baselines=[seasonal_naive]", "plot.dpi=40"]
    settings = [word for setting in [*readme_settings(), *shorter] for word in ("-S", setting)]
    here("dvc", "exp", "run", "-n", "tutorial", *settings, cwd=folder)
    return read_params(folder / "params.yaml")


def run_ours(values: Floats, params: Params, **changes: Any) -> tuple[list[Epoch], Floats]:
    """The losses and the forecast of the last 12 values."""
    horizon = params[Backtest].horizon
    history = panel_of([values], season_lengths=(12,)).at(horizon)
    seasons = seasons_in_use(history.panel, params[Normalize])
    _, histories = normalize(history, params[Normalize], seasons)
    windows = cut_windows(histories.values, histories.lengths, seasons, params[Window], horizon)
    network, epochs = train_network(windows, 0, params[Model], params[Train].model_copy(update=changes))
    ensemble = Ensemble(horizon, 1, params[Normalize], params[Window], seasons, {0: network})
    (forecast,) = ensemble.forecast([history])
    return epochs, forecast.point[0]


@pytest.fixture(scope="module")
def references(airline: Floats) -> list[Tutorial]:
    """The tutorial's recipe for seeds 0 to 2, after 26 epochs and after six."""
    return [run_tutorial(airline, seed, epochs) for seed, epochs in enumerate((26, 6, 6))]


def test_losses_and_forecasts_over_three_seeds(
    airline: Floats, tutorial_params: Params, references: list[Tutorial]
) -> None:
    assert "train.epochs=300" in readme_settings()
    for seed, expected in enumerate(references):
        last = len(expected.losses)
        epochs, forecasts = run_ours(airline, tutorial_params, seed=seed, epochs=last)
        for epoch in (1, last):
            assert epochs[epoch - 1].last_batch == pytest.approx(expected.losses[epoch - 1], abs=1e-4)
        np.testing.assert_allclose(forecasts, expected.forecast, rtol=0.01)


def test_the_reference_gives_the_losses_measured_before_this_project(references: list[Tutorial]) -> None:
    """Seed 0, one thread, torch 2.13.0, the tutorial's own script."""
    losses = references[0].losses
    assert losses[0] == pytest.approx(0.025981978, abs=1e-5)
    assert losses[25] == pytest.approx(0.018457485, abs=1e-5)
