"""Parameters are read strictly: what is refused, and the words of the refusal."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest

from stages.common import params
from stages.common.errors import UserError
from stages.common.params import (
    SECTIONS,
    OneOf,
    OneOrMore,
    Params,
    PositiveInt,
    Section,
    check_params,
    read_params,
    schema_of,
)
from stages.ingest.params import Ingest
from stages.train.params import Train
from stages.window.params import Window
from tests.builders import change
from tests.projects import EXAMPLE, ROOT


@pytest.fixture
def original() -> str:
    return (EXAMPLE / "params.yaml").read_text()


@pytest.mark.parametrize(
    ("found", "replaced", "words"),
    [
        ("epochs: auto", "epochs: -1", ["train.epochs is -1", "greater than or equal to 1"]),
        ("epochs: auto", "epochs: 1.5", ["train.epochs is 1.5", "integer"]),
        ("epochs: auto", "epochs: many", ["train.epochs is 'many'", "integer"]),
        ("epochs: auto", "epochs: [150]", ["train.epochs is [150]", "integer"]),
        ("epochs: auto", "epochs: true", ["train.epochs is True", "integer"]),
        ("epochs: auto", "epoch: 150", ["unknown parameter 'train.epoch'", "did you mean train.epochs?"]),
        ("train:", "trian:", ["unknown section 'trian'", "did you mean train?"]),
        ("learning_rate: 2e-2", "learning_rate: .nan", ["train.learning_rate is nan", "finite"]),
        ("learning_rate: 2e-2", "learning_rate: .inf", ["train.learning_rate is inf", "finite"]),
        ("  learning_rate: 2e-2\n", "", ["train.learning_rate is missing"]),
        ("cell: lstm", "cell: lstn", ["model.cell is 'lstn'", "'lstm', 'gru' or 'rnn'"]),
        ("dropout: 0.0", "dropout: 0.5", ["model", "num_layers"]),
        ("seed: 0", "seed: 0\n  patience: 5", ["parameter train.patience was removed", "delete that line"]),
        ("local_scaling: smoothing", "local_scaling: none", ["window", "experts", "local_scaling: smoothing"]),
        ("local_scaling: smoothing", "local: mean", ["parameter window.local is now called window.local_scaling"]),
        ("theta, holt", "ses, holt", ["window", "each name once"]),
        ("theta, holt", "arima, holt", ["window.experts", "'arima' in it must be", "'theta'"]),
        ("theta, holt", "growth, holt", ["window.experts: 'growth' is now called seasonal_drift; rename it"]),
        (
            "levels: [20, 40, 60, 80, 95]",
            "levels: [80.0]",
            ["predict.levels is [80.0]; 80.0 in it must be an integer: write 80"],
        ),
        ("season_length: null", "season_length: [168, 24]", ["ingest", "[168, 24]", "rising order"]),
        ("season_length: null", "season_length: [24, 0]", ["ingest.season_length", "greater than or equal to 1"]),
        ("origins: auto", "origins: all", ["backtest.origins is 'all'", "'auto'", "integer"]),
        (
            "calibration_origins: auto",
            "calibration_origins: -1",
            ["backtest.calibration_origins is -1", "greater than or equal to 0"],
        ),
        ("loss: mae", "loss: huber", ["train.loss is 'huber'", "'mae'"]),
        ("loss: mae", "loss: [mae]", ["train.loss is ['mae']", "'mae'"]),
        ("precision: float32", "precision: float16", ["train.precision is 'float16'", "'bfloat16'"]),
        ("output: direct", "output: recursive", ["window.padding false", "output direct"]),
        ("log: auto", "log: maybe", ["normalize.log is 'maybe'"]),
        ("log: auto", "log: 1", ["normalize.log is 1"]),
        ("max_hours: 24", "max_hours: 0", ["compute.max_hours is 0", "greater than 0"]),
        ("epochs: auto", "epochs: 1000000000", ["train: training (8 x 1,000,000,000 epochs)", "compute.max_hours"]),
        ("levels: [20, 40, 60, 80, 95]", "levels: [95, 80]", ["predict", "increasing order"]),
        ("baselines: auto", "baselines: [auto_ets]", ["predict", "seasonal_naive"]),
        ("baselines: auto", "baselines: [naive]", ["predict.baselines", "'seasonal_naive'"]),
        ("path: data/raw/airline_passengers.csv", "path: 3", ["ingest.path is 3", "string"]),
        ("train:", "train: [", ["line", "not valid YAML"]),
        ("epochs: auto", "epochs: 150\n  epochs: 3", ["line", "duplicate key"]),
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
        ("max_gigabytes: 8", "max_gigabytes: 1e300", ["ingest.max_gigabytes is 1e+300", "less than or equal to"]),
        ("time: month", 'time: ""', ["ingest.time", "a first column without one is called index"]),
        ("time: month", "time: [month, passengers]", ["ingest", "the same column"]),
        ("time: month", "time: []", ["ingest.time is []"]),
        ("series: null", "series: [shop, month]", ["ingest", "the same column"]),
        ("none: []", "none: -9999", ["ingest.none is -9999", "list"]),
        ("none: []", "none: [true]", ["ingest.none is [True]"]),
        ("future: []", "future: price", ["ingest.covariates.future is 'price'", "list"]),
        ("future: []", "futur: []", ["unknown parameter 'ingest.covariates.futur'", "did you mean"]),
        ("past: []", "past: ['']", ["ingest.covariates.past", "'' is not a name"]),
        ("past: []", "past: [price, price]", ["ingest: covariates names the column 'price' twice"]),
        ("future: []", "future: [month]", ["ingest: covariates names 'month', which series, time or value names too"]),
        ("    static: []              # one value for each series\n", "", ["ingest.covariates.static is missing"]),
        ("holidays: null", "holidays: Germany", ["ingest.holidays: 'Germany' is not a country", "such as DE"]),
        ("holidays: null", "holidays: US-XX", ["ingest.holidays: 'XX' is not a part of US", "with one of AK, AL"]),
        ("holidays: null", "holidays: 49", ["ingest.holidays is 49"]),
        ("missing: keep", "missing: linear", ["ingest.missing is 'linear'", "'interpolate'"]),
        (
            "hidden_size: 32",
            "hidden_size: 100000000",
            ["model.hidden_size is 100000000", "less than or equal to 10000"],
        ),
        ("members: 8", "members: 1e99", ["train.members is 1e+99"]),
        ("epochs: auto", "epochs: {a: 1}", ["train.epochs is {'a': 1}"]),
        ("epochs: auto", "epochs: &a [*a]", ["line", "alias 'a' is inside its own anchor"]),
        ("epochs: auto", "epochs: no", ["train.epochs is 'no'", "or an integer"]),
        ("epochs: auto", "null: 3\n  epochs: 100", ["the key None in section train is not a name"]),
        ("seed: 0", "seed: \x02", ["line", "not valid YAML", "U+0002 is not allowed"]),
        (
            "seed: 0",
            "seed: !!python/object/apply:os.system [ls]",
            ["line", "tag '!!python/object/apply:os.system'", "is not accepted"],
        ),
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


def test_parameters_that_depend_on_others(default_params: Params) -> None:
    for changes, words in [
        ({"ingest__series": "id", "ingest__value": None}, "series goes with one column of values"),
        ({"ingest__frequency": None, "ingest__time_format": "%Y"}, "time_format and time_zone go with dates"),
        ({"ingest__frequency": None, "ingest__time_zone": "UTC"}, "time_format and time_zone go with dates"),
    ]:
        with pytest.raises(ValueError, match=words):
            change(default_params, **changes)  # section by section


def test_numbers_are_read_as_yaml_1_2(tmp_path: Path, original: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(original.replace("learning_rate: 2e-2", "learning_rate: 1e-05"))
    assert read_params(path)[Train].learning_rate == 0.00001


def test_missing_file_and_wrong_encoding_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        read_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"ingest: {path: \xff}")
    with pytest.raises(UserError, match="UTF-8"):
        read_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("")
    with pytest.raises(UserError, match="no sections"):
        read_params(tmp_path / "params.yaml")


def test_a_size_is_a_number_or_auto(tmp_path: Path, original: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(original.replace("size: auto", "size: 12"))
    assert read_params(path)[Window].size == 12
    path.write_text(original.replace("size: auto", "size: twelve"))
    with pytest.raises(UserError, match=r"window\.size is 'twelve'; it must be 'auto' or an integer"):
        read_params(path)


def test_one_season_or_several(default_params: Params) -> None:
    assert change(default_params, ingest__season_length=12)[Ingest].season_length == [12]
    assert change(default_params, ingest__season_length=[24, 168])[Ingest].season_length == [24, 168]


@pytest.mark.parametrize("wrong", ["window__padding", "normalize__seasonal", "window__local_scaling"])
def test_recursive_forecasts_need_whole_windows(default_params: Params, wrong: str) -> None:
    whole: dict[str, object] = {
        "window__output": "recursive", "window__padding": False, "normalize__seasonal": "none",
        "window__local_scaling": "none", "window__experts": [],
    }  # fmt: skip
    assert change(default_params, **whole)[Window].output == "recursive"
    values: dict[str, object] = {
        "window__padding": True, "normalize__seasonal": "shrunk", "window__local_scaling": "smoothing"
    }  # fmt: skip
    with pytest.raises(ValueError, match="output recursive"):
        change(default_params, **{**whole, wrong: values[wrong]})


class Column(Section):
    RENAMED: ClassVar = {"title": "ingest.column.name"}

    name: str
    kind: Annotated[str, OneOf({"future": 1, "past": 2})]


class Fake(Section):
    """Stands for `ingest`; every other section is empty."""

    RENAMED: ClassVar = {"most": "ingest.max_windows", "output": "window.max_steps"}
    REMOVED: ClassVar = {"patterns": "the network learns them"}

    max_windows: PositiveInt
    kinds: Annotated[list[Annotated[str, OneOf({"future": 1, "past": 2})]], OneOrMore]
    column: Column


class FakeWindow(Section):
    max_steps: PositiveInt


class Empty(Section):
    pass


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Good values of the fake sections."""
    monkeypatch.setattr(params, "schema_of", lambda name: {"ingest": Fake, "window": FakeWindow}.get(name, Empty))
    column = {"name": "price", "kind": "future"}
    return {
        **{name: {} for name in SECTIONS},
        "ingest": {"max_windows": 3, "kinds": "past", "column": column},
        "window": {"max_steps": 5},
    }


def refusal(values: dict[Any, Any]) -> str:
    """The message, one line."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        check_params(values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("section", "keys", "message"),
    [
        ("ingest", {"most": 3}, "parameter ingest.most is now called ingest.max_windows; rename it"),
        ("ingest", {"output": 3}, "parameter ingest.output is now called window.max_steps; move it there"),
        ("ingest", {"patterns": 3}, "parameter ingest.patterns was removed: the network learns them; delete that line"),
        ("ingest", {"max_window": 3}, "unknown parameter 'ingest.max_window'; did you mean ingest.max_windows?"),
        ("ingest", {"zzz": 3}, "unknown parameter 'ingest.zzz'; use one of max_windows, kinds, column"),
        ("window", {"most": 3}, "unknown parameter 'window.most'; use one of max_steps"),
        ("ingest", {"max_windows": 0}, "ingest.max_windows is 0; it must be greater than or equal to 1"),
        (
            "ingest",
            {"kinds": ["past", "static"]},
            "ingest.kinds is ['past', 'static']; 'static' in it must be 'future' or 'past'",
        ),
        ("ingest", {"kinds": [[1]]}, "ingest.kinds is [[1]]; [1] in it must be 'future' or 'past'"),
        ("ingest", {"column": 3}, "ingest.column is 3; it must be a group of parameters, `name: value`"),
        ("ingest", {"column": {"name": "a"}}, "parameter ingest.column.kind is missing; add it; "),
        (
            "ingest",
            {"column": {"name": "a", "kind": "static"}},
            "ingest.column.kind is 'static'; it must be 'future' or 'past'",
        ),
        (
            "ingest",
            {"column": {"nam": "a", "kind": "past"}},
            "unknown parameter 'ingest.column.nam'; did you mean ingest.column.name?",
        ),
        (
            "ingest",
            {"column": {"title": "a", "kind": "past"}},
            "parameter ingest.column.title is now called ingest.column.name; rename it",
        ),
        ("ingest", {7: 3}, "the key 7 in section ingest is not a name; correct or remove that line"),
    ],
)
def test_a_refusal_names_the_parameter_and_what_to_do(
    fakes: dict[str, Any], section: str, keys: dict[Any, Any], message: str
) -> None:
    assert check_params(fakes).sections["ingest"].model_dump()["kinds"] == ["past"]
    assert refusal({**fakes, section: {**fakes[section], **keys}}).startswith(message)


def test_old_names_are_reported_before_the_new_ones_are_missed(fakes: dict[str, Any]) -> None:
    """Whether the new one is of the same section or of another one, and whatever else is wrong."""
    assert refusal({**fakes, "ingest": {"most": 3}}).startswith("parameter ingest.most is now called")
    moved = {**fakes["ingest"], "output": 5}
    assert refusal({**fakes, "ingest": moved, "window": {}}).startswith("parameter ingest.output is now called")
    misspelt = {"zzz": 1, "most": 3, "kinds": 0}
    assert refusal({**fakes, "ingest": misspelt, "trian": {}}).startswith("parameter ingest.most is now called")
    del fakes["window"]
    assert refusal({**fakes, "ingest": moved}).startswith("parameter ingest.output is now called")


def test_misspelt_names_are_reported_before_the_right_ones_are_missed(fakes: dict[str, Any]) -> None:
    assert refusal({**fakes, "ingest": {"max_window": 3}}).startswith("unknown parameter 'ingest.max_window'; did")
    del fakes["window"]
    assert refusal({**fakes, "windows": {"max_steps": 5}}) == "unknown section 'windows'; did you mean window?"
    assert refusal(fakes).startswith("section window is missing; add it; ")
    assert refusal({**fakes, "xyz": {}}).startswith("unknown section 'xyz'; use one of ingest, ")
    assert refusal({**fakes, 3: {}}).startswith("unknown section '3'; use one of ingest, ")


def test_a_section_is_a_group_of_parameters(fakes: dict[str, Any]) -> None:
    values: list[Any] = [3, None, [], "max_windows"]
    for value in values:
        found = refusal({**fakes, "ingest": value})
        assert found == f"ingest is {value!r}; it must be a group of parameters, `name: value`"


def test_sections_are_checked_against_each_other(fakes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def check_with(self: FakeWindow, others: Params) -> None:
        if self.max_steps > others.sections["ingest"].model_dump()["max_windows"]:
            raise ValueError("max_steps is above ingest.max_windows; lower it")

    monkeypatch.setattr(FakeWindow, "check_with", check_with)
    assert refusal(fakes) == "window: max_steps is above ingest.max_windows; lower it"
    fakes["ingest"]["max_windows"] = 5
    assert check_params(fakes).dump("window") == {"window": {"max_steps": 5}}


def test_keys_of_earlier_versions_lead_to_parameters_of_this_one() -> None:
    known = {f"{section}.{key}" for section in SECTIONS for key in schema_of(section).model_fields}
    for section in SECTIONS:
        schema = schema_of(section)
        assert set(schema.RENAMED.values()) <= known
        assert not {*schema.RENAMED, *schema.REMOVED} & set(schema.model_fields)
        assert not set(schema.RENAMED) & set(schema.REMOVED)


def test_every_parameter_is_required(default_params: Params) -> None:
    for section in set(SECTIONS) - {"compare"}:  # a metric without a tolerance may worsen
        for key in schema_of(section).model_fields:
            values = default_params.dump()
            del values[section][key]
            assert refusal(values).startswith(f"parameter {section}.{key} is missing")


def test_dump_is_a_copy_of_the_values_in_the_file(default_params: Params) -> None:
    """One season in the file is a list of one season as a parameter."""
    changed = change(default_params, ingest__season_length=12)
    assert changed.dump("ingest")["ingest"]["season_length"] == 12
    assert set(changed.dump()) == set(SECTIONS)
    changed.dump("ingest")["ingest"]["season_length"] = 7
    assert changed.dump("ingest")["ingest"]["season_length"] == 12


def test_reading_is_fast_and_imports_no_large_library() -> None:
    """No stage waits for the libraries of another one."""
    code = "import sys; from stages.common.params import read_params; read_params(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True)
    assert not {"torch", "pandas", "matplotlib", "sklearn", "ruamel.yaml"} & set(done.stdout.split())
    start = time.process_time()
    read_params(ROOT / "params.yaml")
    assert time.process_time() - start < 0.1
