"""The schema: what is refused, and in which words."""

from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.common.params import Params, read_params
from tests.conftest import change

ROOT = Path(__file__).parents[3]


@pytest.fixture
def original() -> str:
    return (ROOT / "params.yaml").read_text()


@pytest.mark.parametrize(
    ("found", "replaced", "words"),
    [
        ("epochs: 150", "epochs: -1", ["train.epochs is -1", "greater than or equal to 1"]),
        ("epochs: 150", "epochs: 1.5", ["train.epochs is 1.5", "integer"]),
        ("epochs: 150", "epochs: many", ["train.epochs is 'many'", "integer"]),
        ("epochs: 150", "epochs: [150]", ["train.epochs is [150]", "integer"]),
        ("epochs: 150", "epochs: true", ["train.epochs is True", "integer"]),
        ("epochs: 150", "epoch: 150", ["train.epoch", "did you mean epochs"]),
        ("train:", "trian:", ["trian", "did you mean train"]),
        ("learning_rate: 3e-3", "learning_rate: .nan", ["train.learning_rate is nan", "finite"]),
        ("learning_rate: 3e-3", "learning_rate: .inf", ["train.learning_rate is inf", "finite"]),
        ("  learning_rate: 3e-3\n", "", ["train.learning_rate is missing"]),
        ("cell: lstm", "cell: lstn", ["model.cell is 'lstn'", "'lstm', 'gru' or 'rnn'"]),
        ("dropout: 0.0", "dropout: 0.5", ["model", "num_layers"]),
        ("patience: null", "patience: 5", ["train", "validation"]),
        ("local_size: [0, 6]", "local_size: 60", ["window", "60 is longer than size 6"]),
        ("levels: [80, 95]", "levels: [95, 80]", ["predict", "rising order"]),
        ("baselines: [seasonal_naive,", "baselines: [", ["predict", "seasonal_naive"]),
        ("baselines: [seasonal_naive,", "baselines: [naive,", ["predict.baselines", "'seasonal_naive'"]),
        ("path: data/raw/airline_passengers.csv", "path: 3", ["ingest.path is 3", "string"]),
        ("train:", "train: [", ["line", "not valid YAML"]),
        ("epochs: 150", "epochs: 150\n  epochs: 3", ["line", "duplicate key"]),
        ("workers: auto", "workers: 0", ["compute.workers is 0"]),
        ("value: passengers", "value: month", ["ingest", "the same column"]),
    ],
)
def test_refuses_in_one_line_that_names_the_parameter(
    tmp_path: Path, original: str, found: str, replaced: str, words: list[str]
) -> None:
    assert found in original
    path = tmp_path / "params.yaml"
    path.write_text(original.replace(found, replaced, 1))
    with pytest.raises(UserError) as caught:
        read_params(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_numbers_are_read_as_yaml_1_2(tmp_path: Path, original: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(original.replace("learning_rate: 3e-3", "learning_rate: 1e-05"))
    assert read_params(path).train.learning_rate == 0.00001


def test_missing_file_and_wrong_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        read_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"ingest: {path: \xff}")
    with pytest.raises(UserError, match="UTF-8"):
        read_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("")
    with pytest.raises(UserError, match="no sections"):
        read_params(tmp_path / "params.yaml")


def test_one_size_or_several(tmp_path: Path, original: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(original.replace("size: [6, 12, 18]", "size: 12"))
    assert read_params(path).window.size == [12]
    path.write_text(original.replace("size: [6, 12, 18]", "size: twelve"))
    with pytest.raises(UserError, match=r"window\.size is 'twelve'; it must be an? .*integer"):
        read_params(path)


def test_origins_count_back_from_the_end(original: str) -> None:
    backtest = read_params(ROOT / "params.yaml").backtest
    assert backtest.evaluation == [12, 24, 36, 48, 60]
    assert backtest.all_origins == [0, 12, 24, 36, 48, 60, 72, 84]


def test_calibration_origins_know_the_errors_of_every_step(default_params: Params) -> None:
    backtest = change(default_params, backtest__step=1, backtest__origins=2, backtest__calibration=2).backtest
    assert backtest.all_origins == [0, 12, 13, 25, 37]
