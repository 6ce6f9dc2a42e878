"""What training costs, against the networks themselves and what was measured; what cannot end is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.common.params import Params, read_params
from stages.compute.params import Compute
from stages.train.cells import CELLS
from stages.train.cost import NetworkSize, check_training, training_hours
from stages.train.network import Network
from stages.train.params import Model
from tests.builders import change
from tests.projects import change_file


def model_of(**changes: object) -> Model:
    plain = {"cell": "lstm", "hidden_size": 32, "num_layers": 1, "bias": True, "dropout": 0.0, "head_dropout": 0.0}
    return Model.model_validate({**plain, "bidirectional": False, **changes})


@given(
    st.builds(
        model_of,
        cell=st.sampled_from(list(CELLS)),
        hidden_size=st.integers(1, 20),
        num_layers=st.integers(1, 3),
        bias=st.booleans(),
        bidirectional=st.booleans(),
    ),
    st.fixed_dictionaries({name: st.integers(1, 9) for name in ("channels", "features", "experts", "targets")}),
)
def test_the_weights_are_those_of_the_network(model: Model, shape: dict[str, int]) -> None:
    network = Network(model, **shape, covariates=7, varying={"covariates": [2, 6]})
    assert NetworkSize(model, size=5, **shape, varying=2).weights == sum(each.numel() for each in network.parameters())


MEASURED = [  # hidden, layers, batch, size, and seconds of a step of an LSTM with five experts on one core
    (32, 1, 128, 24, 0.0048),
    (32, 1, 1, 24, 0.0019),
    (32, 1, 1024, 24, 0.041),
    (32, 1, 128, 400, 0.079),
    (32, 50, 32, 24, 0.057),
    (1024, 1, 128, 24, 0.89),
    (2048, 1, 16, 13, 0.57),
    (32, 400, 60, 6, 0.31),
    (64, 2, 512, 64, 0.31),
]


@pytest.mark.parametrize(("hidden", "layers", "batch", "size", "seconds"), MEASURED)
def test_seconds_are_within_a_factor_of_two_of_measured_ones(
    hidden: int, layers: int, batch: int, size: int, seconds: float
) -> None:
    network = NetworkSize(model_of(hidden_size=hidden, num_layers=layers), size, 3, 8, 6, 12)
    assert 0.5 < network.seconds(batch) / seconds < 2


def test_the_memory_of_a_plain_rnn_worked_by_hand() -> None:
    """Weights 2 x (1 + 2) + 2 biases of 2 and a head of 2 + 1, four times; states of 3 windows x 5 steps; windows."""
    network = NetworkSize(model_of(cell="rnn", hidden_size=2), size=5)
    assert network.weights == 13
    assert network.bytes(3) == 4 * (4 * 13 + 3 * 5 * (2 + 2) + 3 * (5 * 2 + 2))
    assert network.bytes(3, 100) == network.bytes(3) + 4 * 100 * (5 * 1 + 2)  # steps, and a target and its mask


def test_hours_are_those_of_full_rounds() -> None:
    assert training_hours(networks=9, steps=3600, seconds=2.0, cores=4) == 3 * 2


SENSELESS: list[tuple[dict[str, object], str]] = [
    (
        {"train__epochs": 10**9},
        r"training \(8 x 1,000,000,000 epochs\) takes about .+ days .+ compute.max_hours \(24\)",
    ),
    ({"train__members": 10_000, "train__epochs": 100_000}, "takes about .+ days"),
    ({"model__num_layers": 10_000, "train__epochs": 10**6}, "takes about .+ days"),
    (
        {"model__hidden_size": 10_000, "model__num_layers": 1000},
        r"network of 799,.+ weights needs about 12,795 GB of memory",
    ),
]


@pytest.mark.parametrize(("changes", "words"), SENSELESS)
def test_what_cannot_end_whatever_the_data_is_refused_with_the_parameters(
    default_params: Params, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        change(default_params, compute__workers=2, **changes)


def test_null_lifts_the_bound_of_time(default_params: Params) -> None:
    change(default_params, train__epochs=10**9, compute__max_hours=None)


def compute_of(**changes: object) -> Compute:
    return Compute.model_validate({"engine": "local", "address": None, "workers": 2, "max_hours": 24.0, **changes})


def test_training_that_takes_hours_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    network = NetworkSize(model_of(), 24, 3, 8, 6, 12)
    check_training(24, network, 1000, 128, 128, compute_of())
    assert capsys.readouterr().err == ""
    check_training(24, network, 200_000, 128, 128, compute_of())
    assert "warning: training (24 networks of 5,475 weights x 200,000 steps) takes about 3" in capsys.readouterr().err


def test_training_beyond_the_bounds_is_refused() -> None:
    network = NetworkSize(model_of(hidden_size=10_000), 24, 3, 8, 6, 12)
    with pytest.raises(UserError, match=r"^params.yaml: training \(24 .+ takes about .+; set train.epochs or "):
        check_training(24, network, 2000, 1, 1, compute_of())
    with pytest.raises(UserError, match=r"^params.yaml: .+, 2 times at once.+; make compute.workers or model."):
        check_training(24, network, 1000, 10**6, 10**6, compute_of())
    cluster = compute_of(engine="dask", address="tcp://head:8786", workers="auto")
    check_training(24, network, 2000, 10**6, 10**6, cluster)  # whose size is not known


def test_the_file_of_parameters_is_refused_in_one_line(project: Path) -> None:
    change_file(project, train__epochs=10**9)
    with pytest.raises(UserError, match=r"^\S+params.yaml: train: training \("):
        read_params(project / "params.yaml")
