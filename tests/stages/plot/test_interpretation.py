"""The inside of a trained network: against torch, and against finite differences."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from stages.common.params import Params
from stages.normalize.params import Normalize
from stages.panel.panel import Panel
from stages.plot.figures import draw_inside
from stages.plot.inside import Inside
from stages.plot.interpretation import look_inside, sensitivity_by_lag, trace_first, trace_window, train_plain_rnn
from stages.predict.ensemble import Ensemble
from stages.predict.forecaster import Forecaster
from stages.train.batches import Batches
from stages.train.cells import CELLS
from stages.train.network import Network
from stages.train.params import Model, Train
from stages.train.training import train_network
from stages.window.windows import Windows
from tests.builders import change, plain_ends, plain_windows, window_settings


@pytest.fixture
def windows() -> Windows:
    """Windows of eight values and three targets, of two series of 30 and 20 values."""
    return plain_windows(np.sin(np.arange(50.0)), np.array([30, 20]), 8, 3)


@pytest.fixture
def ends() -> Windows:
    """Those at the ends of these series."""
    return plain_ends(np.sin(np.arange(50.0)), np.array([30, 20]), 8, 3)


@pytest.fixture
def panel() -> Panel:
    """The panel of these series."""
    ids, indptr, ds = ["a", "b"], np.array([0, 30, 50]), pd.Series([*range(30), *range(10, 30)])
    return Panel(ids, indptr, ds, np.sin(np.arange(50.0)), np.zeros(50, dtype=bool))


def ensemble_of(networks: dict[int, Network], params: Params) -> Ensemble:
    """Networks for such windows."""
    return Ensemble(3, len(networks), params[Normalize], window_settings(size=8), [], networks)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_traced_states_are_those_of_the_network(
    ends: Windows, default_params: Params, cell: str, layers: int, bidirectional: bool
) -> None:
    """The hidden states of the layer under the head, at every step of the last window of the second series."""
    params = change(
        default_params,
        model__cell=cell,
        model__num_layers=layers,
        model__bidirectional=bidirectional,
        model__hidden_size=5,
    )
    torch.manual_seed(0)
    network = Network(params[Model], targets=3).eval()
    traced = trace_window(network, cell, ends.at_ends_of(slice(1, 2)))
    read = torch.tensor(np.sin(np.arange(42.0, 50.0)), dtype=torch.float32)
    with torch.inference_mode():
        expected = network.recurrent(read[:, None, None])[0][:, 0, :5].numpy()
    np.testing.assert_allclose(traced["hidden"], expected, atol=1e-6)
    np.testing.assert_allclose(traced["value"][:, 0], read, atol=1e-6)


def test_a_series_too_short_for_a_window_has_no_trace(default_params: Params) -> None:
    windows = plain_ends(np.arange(24.0), np.array([20, 4]), 8, 3).at_ends_of(slice(1, 2))
    assert trace_window(Network(default_params[Model], targets=3), "lstm", windows) == {}


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_sensitivity_is_how_much_the_forecast_moves_with_each_input(default_params: Params, cell: str) -> None:
    """Against finite differences, every window and step ahead; in double precision."""
    windows = plain_windows(np.sin(np.arange(20.0)), np.array([20]), 6, 3)
    torch.manual_seed(1)
    network = Network(change(default_params, model__cell=cell, model__hidden_size=4)[Model], targets=3).eval()
    batches = Batches(windows)
    inputs = batches.gather(torch.arange(len(batches)))[0]
    double = network.double()
    expected = np.zeros(6)
    for lag in range(1, 7):
        moved = []
        for step in (1e-4, -1e-4):
            steps = inputs.steps.double().clone()
            steps[-lag, :, 0] += step
            with torch.inference_mode():
                moved.append(double(replace(inputs.map(torch.Tensor.double), steps=steps)))
        expected[lag - 1] = float(((moved[0] - moved[1]) / 2e-4).abs().mean())
    np.testing.assert_allclose(sensitivity_by_lag(network.float(), windows), expected, rtol=1e-3)


def test_the_plain_rnn_is_trained_as_the_model_is(windows: Windows, default_params: Params) -> None:
    """The same as with `model.cell: rnn`, and also where the model's own networks were trained on a GPU."""
    params = change(default_params, train__epochs=3, train__device="cuda")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    plain = change(params, model__cell="rnn", train__device="cpu")
    expected, _ = train_network(windows, 2, plain[Model], plain[Train])
    found = train_plain_rnn(windows, 2, params[Model], params[Train])
    for name, weights in expected.state_dict().items():
        assert torch.equal(weights, found.state_dict()[name])


@pytest.mark.parametrize(("cell", "labels"), [("gru", ["gru", "plain RNN, trained anew"]), ("rnn", ["rnn"])])
def test_the_first_member_of_a_forecaster_is_looked_into(
    windows: Windows,
    panel: Panel,
    default_params: Params,
    monkeypatch: pytest.MonkeyPatch,
    cell: str,
    labels: list[str],
) -> None:
    """An RNN has no other beside it. In the figures a long name is cut."""
    params = change(default_params, model__cell=cell, train__epochs=1)
    networks = {member: Network(params[Model], targets=3) for member in (1, 4)}
    forecaster = SimpleNamespace(ensemble=ensemble_of(networks, params))
    monkeypatch.setattr(Forecaster, "read", lambda folder: {Path("folder"): forecaster}[folder])
    seen = Inside(*look_inside(panel, windows, Path("folder"), params[Model], params[Train]))
    assert list(seen.by_cell) == labels
    np.testing.assert_array_equal(seen.by_cell[cell], sensitivity_by_lag(networks[1], windows))
    series, traced = trace_first(panel, windows.min_length, forecaster.ensemble, networks[1])
    assert seen.series == series == 0
    np.testing.assert_array_equal(seen.traced["hidden"], traced["hidden"])
    figures = draw_inside(seen, replace(panel, ids=["a" * 300, "b"]), CELLS[cell])
    assert list(figures) == ["gates", "sensitivity"]
    lines = figures["sensitivity"].axes[0].lines
    assert [line.get_label() for line in lines] == labels
    title = figures["gates"].axes[0].get_title(loc="left")
    assert title.startswith("Input of the network from aa")
    assert title.count("aa") < 40
    plt.close("all")


def test_the_gates_are_those_over_the_end_of_the_first_series_that_is_long_enough(
    windows: Windows, panel: Panel, default_params: Params
) -> None:
    """Of the second series, whose values are divided by their mean size; the first has seven, one fewer than needed."""
    params = change(default_params, model__cell="rnn", normalize__log=False, normalize__scale="mean")
    short = replace(panel, indptr=np.array([0, 7, 27]), ds=panel.ds[23:], y=panel.y[23:], missing=panel.missing[23:])
    network = Network(params[Model], targets=3)
    series, traced = trace_first(short, windows.min_length, ensemble_of({0: network}, params), network)
    assert series == 1
    values = np.sin(np.arange(30.0, 50.0))
    read = ((values - values.mean()) / np.abs(values).mean())[-8:]
    np.testing.assert_allclose(traced["value"][:, 0], read, atol=1e-5)
    expected = trace_window(network, "rnn", plain_ends(read, [8], 8, 3))["hidden"]
    np.testing.assert_allclose(traced["hidden"], expected, atol=1e-5)


def test_a_series_whose_numbers_are_too_large_to_normalise_has_no_gates(
    windows: Windows, panel: Panel, default_params: Params
) -> None:
    """Those of the next series are drawn; where there is none, there are no gates."""
    params = change(default_params, model__cell="rnn", normalize__log=False)
    large = np.resize([-1e308, 1e308, 1.7e308, 1.7e308], 50)
    networks = ensemble_of({0: Network(params[Model], targets=3)}, params)
    found = []
    for small in (20, 0):
        mixed = replace(panel, y=np.where(np.arange(50) < 50 - small, large, panel.y))
        with np.errstate(over="ignore", invalid="ignore"):
            series, traced = trace_first(mixed, windows.min_length, networks, networks.networks[0])
        found.append((series, bool(traced)))
    assert found == [(1, True), (0, False)]


def test_a_cell_without_a_step_has_no_gates(
    windows: Windows, panel: Panel, default_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CELLS, "lstm", replace(CELLS["lstm"], step=None))
    network = Network(default_params[Model], targets=3)
    ensemble = ensemble_of({0: network}, default_params)
    assert trace_first(panel, windows.min_length, ensemble, network) == (0, {})
    figures = draw_inside(Inside({"lstm": np.ones(8)}, 0, {}), panel, CELLS["lstm"])
    assert list(figures) == ["sensitivity"]
    plt.close("all")
