"""The schema: what is refused, and in which words."""

from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.common.params import Params, read_params
from tests.builders import change

ROOT = Path(__file__).parents[3]


@pytest.fixture
def original() -> str:
    return (ROOT / "params.yaml").read_text()


@pytest.mark.parametrize(
    ("found", "replaced", "words"),
    [
        ("epochs: 100", "epochs: -1", ["train.epochs is -1", "greater than or equal to 1"]),
        ("epochs: 100", "epochs: 1.5", ["train.epochs is 1.5", "integer"]),
        ("epochs: 100", "epochs: many", ["train.epochs is 'many'", "integer"]),
        ("epochs: 100", "epochs: [150]", ["train.epochs is [150]", "integer"]),
        ("epochs: 100", "epochs: true", ["train.epochs is True", "integer"]),
        ("epochs: 100", "epoch: 150", ["train.epoch", "did you mean epochs"]),
        ("train:", "trian:", ["trian", "did you mean train"]),
        ("learning_rate: 1e-2", "learning_rate: .nan", ["train.learning_rate is nan", "finite"]),
        ("learning_rate: 1e-2", "learning_rate: .inf", ["train.learning_rate is inf", "finite"]),
        ("  learning_rate: 1e-2\n", "", ["train.learning_rate is missing"]),
        ("cell: lstm", "cell: lstn", ["model.cell is 'lstn'", "'lstm', 'gru' or 'rnn'"]),
        ("dropout: 0.0", "dropout: 0.5", ["model", "num_layers"]),
        ("patience: null", "patience: 5", ["train", "validation"]),
        ("local: smoothing", "local: mean", ["window", "bases", "local: smoothing"]),
        ("theta, holt", "ses, holt", ["window", "each name once"]),
        ("theta, holt", "arima, holt", ["window.bases", "'arima'", "'theta'"]),
        ("season_length: null", "season_length: [168, 24]", ["ingest", "[168, 24]", "rising order"]),
        ("season_length: null", "season_length: [24, 0]", ["ingest.season_length", "greater than or equal to 1"]),
        ("origins: auto", "origins: all", ["backtest.origins is 'all'", "'auto'", "integer"]),
        ("calibration: auto", "calibration: -1", ["backtest.calibration is -1", "greater than or equal to 0"]),
        ("loss: [mae, huber]", "loss: [mae, hubert]", ["train.loss", "'huber'"]),
        ("loss: [mae, huber]", "loss: []", ["train.loss", "at least 1"]),
        ("precision: float32", "precision: float16", ["train.precision is 'float16'", "'bfloat16'"]),
        ("output: direct", "output: recursive", ["window.padding false", "output direct"]),
        ("log: auto", "log: maybe", ["normalize.log is 'maybe'"]),
        ("levels: [80, 95]", "levels: [95, 80]", ["predict", "rising order"]),
        ("baselines: auto", "baselines: [auto_ets]", ["predict", "seasonal_naive"]),
        ("baselines: auto", "baselines: [naive]", ["predict.baselines", "'seasonal_naive'"]),
        ("path: data/raw/airline_passengers.csv", "path: 3", ["ingest.path is 3", "string"]),
        ("train:", "train: [", ["line", "not valid YAML"]),
        ("epochs: 100", "epochs: 150\n  epochs: 3", ["line", "duplicate key"]),
        ("workers: auto", "workers: 0", ["compute.workers is 0"]),
        ("engine: local", "engine: spark", ["compute.engine is 'spark'", "'dask'"]),
        ("engine: local", "engine: dask", ["compute", "needs the address of its cluster", "tcp://host:8786"]),
        ("value: passengers", "value: month", ["ingest", "the same column"]),
        ("value: passengers", "value: [passengers, month]", ["ingest", "the same column"]),
        ("value: passengers", "value: []", ["ingest.value is []"]),
        ("decimal: .", "decimal: ;", ["ingest.decimal is ';'", "'.' or ','"]),
        ("thousands: null", "thousands: .", ["ingest", "thousands and decimal are both '.'"]),
        ("thousands: null", "thousands: 3", ["ingest.thousands is 3"]),
        ("frequency: MS", "frequency: null\n  time_format: '%Y'", ["duplicate key"]),
        ("max_gigabytes: 8", "max_gigabytes: 0", ["ingest.max_gigabytes is 0", "greater than 0"]),
        ("missing: error", "missing: linear", ["ingest.missing is 'linear'", "'interpolate'"]),
        (
            "hidden_size: 32",
            "hidden_size: 100000000",
            ["model.hidden_size is 100000000", "less than or equal to 10000"],
        ),
        ("members: 8", "members: 1e99", ["train.members is 1e+99"]),
        ("epochs: 100", "epochs: {a: 1}", ["train.epochs is {'a': 1}"]),
        ("epochs: 100", "null: 3\n  epochs: 100", ["the key None is no name"]),
        ("seed: 0", "seed: \x02", ["not valid YAML", "special characters"]),
        ("seed: 0", "seed: !!python/object/apply:os.system [ls]", ["line", "not valid YAML", "constructor"]),
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


def test_settings_that_go_with_others(default_params: Params) -> None:
    for changes, words in [
        ({"ingest__series": "id", "ingest__value": None}, "series goes with one column of values"),
        ({"ingest__frequency": None, "ingest__time_format": "%Y"}, "time_format and time_zone go with dates"),
        ({"ingest__frequency": None, "ingest__time_zone": "UTC"}, "time_format and time_zone go with dates"),
    ]:
        with pytest.raises(ValueError, match=words):
            change(default_params, **changes)  # section by section


def test_numbers_are_read_as_yaml_1_2(tmp_path: Path, original: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(original.replace("learning_rate: 1e-2", "learning_rate: 1e-05"))
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
    path.write_text(original.replace("size: auto", "size: 12"))
    assert read_params(path).window.size == [12]
    path.write_text(original.replace("size: auto", "size: [6, 12]"))
    assert read_params(path).window.size == [6, 12]
    path.write_text(original.replace("size: auto", "size: twelve"))
    with pytest.raises(UserError, match=r"window\.size is 'twelve'; it must be 'auto' or it must be an? .*integer"):
        read_params(path)


def test_one_loss_or_season_or_several(default_params: Params) -> None:
    assert change(default_params, train__loss="mse").train.loss == ["mse"]
    assert change(default_params, ingest__season_length=12).ingest.season_length == [12]
    assert change(default_params, ingest__season_length=[24, 168]).ingest.season_length == [24, 168]


def test_a_level_over_more_than_the_window_is_refused(default_params: Params) -> None:
    means = {"window__local": "mean", "window__bases": []}
    with pytest.raises(ValueError, match="60 is longer than size 6"):
        change(default_params, window__size=[12, 6], window__local_size=60, **means)
    assert change(default_params, window__size="auto", window__local_size=6, **means).window.local_size == [6]


@pytest.mark.parametrize("wrong", ["window__padding", "normalize__seasonal", "window__local"])
def test_recursive_forecasts_need_whole_windows(default_params: Params, wrong: str) -> None:
    whole: dict[str, object] = {
        "model__output": "recursive", "window__padding": False, "normalize__seasonal": "indices",
        "window__local": "last", "window__bases": [],
    }  # fmt: skip
    assert change(default_params, **whole).model.output == "recursive"
    values: dict[str, object] = {
        "window__padding": True, "normalize__seasonal": "shrunk", "window__local": "smoothing"
    }  # fmt: skip
    with pytest.raises(ValueError, match="output recursive"):
        change(default_params, **{**whole, wrong: values[wrong]})
