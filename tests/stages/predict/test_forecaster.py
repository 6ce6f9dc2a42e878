"""The forecaster's folder: complete, the same bytes each time, refused in one line where it is damaged."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file

from stages.common.errors import UserError
from stages.common.params import Params
from stages.predict.forecaster import CONFIG, NETWORKS, RESTORE, Forecaster, last_step
from stages.predict.intervals import Calibration, calibrate
from stages.predict.methods import by_method
from stages.predict.scoring import score
from stages.predict.spread import PROBABILITIES, Typical
from tests.builders import change
from tests.forecasters import forecaster_for, seasonal_panel
from tests.raw_files import cases

PANEL = seasonal_panel(60, 30, 5)


@pytest.fixture
def made(default_params: Params) -> Forecaster:
    return forecaster_for(PANEL, default_params)


@pytest.fixture
def written(made: Forecaster, tmp_path: Path) -> Path:
    made.write(tmp_path)
    return tmp_path


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def test_a_folder_that_is_read_and_written_again_has_the_same_bytes(written: Path, tmp_path_factory: Any) -> None:
    again = tmp_path_factory.mktemp("again")
    Forecaster.read(written).write(again)
    assert sorted(path.name for path in written.iterdir()) == [CONFIG, NETWORKS]
    for name in (CONFIG, NETWORKS):
        assert (again / name).read_bytes() == (written / name).read_bytes()


def test_what_is_read_forecasts_the_same_digits(made: Forecaster, written: Path) -> None:
    (_, points, limits), (_, expected, expected_limits) = (
        each.forecast(PANEL.at(0), ["seasonal_naive"]) for each in (Forecaster.read(written), made)
    )
    assert list(points) == ["model", "seasonal_naive"]
    np.testing.assert_array_equal(points["model"], expected["model"])
    np.testing.assert_array_equal(limits["model"], expected_limits["model"])


def test_the_configuration_is_json_and_names_no_path(made: Forecaster, tmp_path: Path) -> None:
    """Scores that no series had are null."""
    unknown = Calibration(np.full((2, len(PROBABILITIES)), np.nan), 0.0, 0.0, Typical(np.nan, np.nan))
    replace(made, calibrations={"model": unknown}).write(tmp_path)
    text = (tmp_path / CONFIG).read_text(encoding="utf-8")
    config = json.loads(text, parse_constant=refuse_constant)
    assert config["intervals"]["model"]["scores"] == [[None] * len(PROBABILITIES)] * 2
    assert config["trained_until"] == "2024-12-01T00:00:00"
    assert "/" not in text
    assert "path" not in text
    read = Forecaster.read(tmp_path).calibrations["model"]
    assert np.isnan(read.scores).all()
    assert np.isnan([read.typical.change, read.typical.reach]).all()


@pytest.mark.parametrize("series", [1, 300])
def test_it_is_small_whatever_the_number_of_series(default_params: Params, tmp_path: Path, series: int) -> None:
    panel = seasonal_panel(*[40] * series)
    forecaster_for(panel, default_params, horizon=12, members=8).write(tmp_path)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes[NETWORKS] < 300_000
    assert sizes[CONFIG] < 10_000


def test_a_run_may_have_no_intervals(made: Forecaster, tmp_path: Path) -> None:
    replace(made, levels=[]).write(tmp_path)
    _, points, limits = Forecaster.read(tmp_path).forecast(PANEL.at(0), ["seasonal_naive"])
    assert points["model"].shape == (3, 3)
    assert np.shape(limits["model"]) == (2, 0, 3, 3)


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Damage that edits the configuration."""

    def damage(folder: Path) -> None:
        config = json.loads((folder / CONFIG).read_text())
        change(config)
        (folder / CONFIG).write_text(json.dumps(config))

    return damage


def one_weight(change: Callable[[Any], Any]) -> Callable[[Path], object]:
    """Damage of the first weights."""

    def damage(folder: Path) -> None:
        weights = load_file(folder / NETWORKS)
        name = min(weights)
        weights[name] = change(weights[name])
        save_file(weights, folder / NETWORKS)

    return damage


def cut(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:200])


@cases(
    ("damage", "words"),
    [
        ("no configuration", lambda folder: (folder / CONFIG).unlink(), "config.json: no such file, so"),
        ("no networks", lambda folder: (folder / NETWORKS).unlink(), "networks.safetensors"),
        ("an empty configuration", lambda folder: (folder / CONFIG).write_text(""), "damaged"),
        ("a cut configuration", cut(CONFIG), "damaged"),
        ("not text", lambda folder: (folder / CONFIG).write_bytes(b"\xff\xfe\x00"), "damaged"),
        ("a list", lambda folder: (folder / CONFIG).write_text("[]"), "damaged"),
        ("no horizon", edited(lambda config: config.pop("horizon")), "damaged: config.json has no 'horizon'; "),
        ("no format", edited(lambda config: config.pop("format")), "damaged: config.json has no 'format'; "),
        ("an empty group", edited(lambda config: config.update(input={})), "damaged"),
        ("an unknown frequency", edited(lambda config: config["input"].update(frequency="XX")), "XX"),
        ("an unknown cell", edited(lambda config: config["networks"]["model"].update(cell="x")), "cell': Input"),
        ("no scores", edited(lambda config: config["intervals"]["model"].pop("scores")), "no 'scores'"),
        ("intervals as a list", edited(lambda config: config.update(intervals=[])), "damaged"),
        ("a longer horizon", edited(lambda config: config.update(horizon=6)), "networks of another horizon"),
        ("too few scores", edited(lambda config: config["intervals"]["model"]["scores"][0].pop()), "not 2 times 25"),
        ("a growth of 2", edited(lambda config: config["intervals"]["model"].update(growth=2)), "growth': Input"),
        ("a weight below 0", edited(lambda config: config["intervals"]["model"].update(own=-0.5)), "own': Input"),
        ("another method", edited(lambda config: config.update(method="naive")), "no intervals of 'naive'"),
        ("a horizon below 1", edited(lambda config: config.update(horizon=-1)), "damaged"),
        ("no members", edited(lambda config: config.update(members=0)), "damaged"),
        ("a season of 0", edited(lambda config: config.update(seasons=[0])), "damaged"),
        ("a season of text", edited(lambda config: config["input"].update(season_lengths=["a"])), "damaged"),
        ("an unknown baseline", edited(lambda config: config.update(baselines=["x"])), "damaged"),
        ("levels that fall", edited(lambda config: config.update(levels=[95, 80])), "in increasing order"),
        (
            "limits that cross",
            edited(lambda config: config["intervals"]["model"]["scores"][1].reverse()),
            "scores that fall",
        ),
        ("a date that is none", edited(lambda config: config.update(trained_until="soon")), "damaged"),
        ("cut networks", cut(NETWORKS), "damaged"),
        ("empty networks", lambda folder: (folder / NETWORKS).write_bytes(b""), "damaged"),
        ("weights of another shape", one_weight(lambda weight: weight[:-1].copy()), "damaged"),
        ("another size", edited(lambda config: config["networks"]["model"].update(hidden_size=5)), "damaged"),
    ],
)  # fmt: skip
def test_a_damaged_folder_is_refused_in_one_line(written: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(written)
    with pytest.raises(UserError) as caught:
        Forecaster.read(written)
    message = str(caught.value)
    assert message.startswith(str(written))
    assert message.isprintable()
    assert len(message.removeprefix(str(written))) < 400
    assert words in message
    assert message.endswith(RESTORE)


def test_another_format_is_refused_with_what_to_use_instead(written: Path) -> None:
    edited(lambda config: config.update(format=1))(written)
    with pytest.raises(UserError, match=r"config\.json: a forecaster of format 1, .* reads 6; use the code of the"):
        Forecaster.read(written)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no such file, so .*nowhere holds no forecaster; `dvc repro` trains one"):
        Forecaster.read(tmp_path / "nowhere")


def test_steps_that_training_knew(made: Forecaster) -> None:
    """The last month of the training is December 2024."""
    assert made.trained_until == pd.Timestamp("2024-12-01")
    for first, known in [("2024-11-01", 2), ("2024-12-01", 1), ("2025-01-01", 0)]:
        steps = pd.Series(pd.date_range(first, periods=3, freq="MS"))
        assert made.trained_on_how_many(steps) == known
        assert made.trained_on_how_many(steps.dt.tz_localize("Europe/Berlin")) == known
    numbered = replace(made, trained_until=39)
    assert numbered.trained_on_how_many(pd.Series([38, 39, 40, 41])) == 2


def test_the_last_step_is_that_of_the_series_that_ends_last() -> None:
    ends_early = seasonal_panel(60, 30)
    ends_early.ds.iloc[60:] = ends_early.ds.iloc[:30].to_numpy()
    assert last_step(ends_early.at(0)) == pd.Timestamp("2024-12-01")
    assert last_step(ends_early.at(35)) == pd.Timestamp("2022-01-01")  # the second series has no history there


def test_stored_intervals_are_those_that_the_run_computed(default_params: Params, tmp_path: Path) -> None:
    """The run scores every method at every origin; the forecaster knows the final calibration alone."""
    made = forecaster_for(PANEL, default_params, baselines=("seasonal_naive", "auto_theta"), method="combination")
    histories = [PANEL.at(origin) for origin in (0, 3, 6)]
    model = [score(each, history) for each, history in zip(made.ensemble.forecast(histories), histories, strict=True)]
    seasonal = {
        name: [made.forecast(history, made.baselines)[1][name] for history in histories] for name in made.baselines
    }
    methods = by_method(model, seasonal, histories)
    final = {name: calibrate(methods[name], histories)[0] for name in ("model", "combination")}
    expected = {name: each.limits(methods[name][0].forecast, [80, 95]) for name, each in final.items()}
    folder = tmp_path / "forecaster"
    folder.mkdir()
    replace(made, calibrations=final).write(folder)
    _, points, limits = Forecaster.read(folder).forecast(PANEL.at(0), made.baselines)
    assert list(points) == ["model", "seasonal_naive", "auto_theta", "combination"]
    for name, ends in expected.items():
        np.testing.assert_array_equal(points[name], methods[name][0].forecast.point)
        np.testing.assert_array_equal(limits[name], ends)


def test_without_what_a_combination_is_made_of_there_is_none(default_params: Params) -> None:
    made = forecaster_for(PANEL, default_params, baselines=("seasonal_naive", "auto_theta"))
    _, points, limits = made.forecast(PANEL.at(0), ["seasonal_naive"])
    assert list(points) == ["model", "seasonal_naive"]
    assert list(limits) == ["model"]


def test_a_combination_that_was_chosen_for_few_series_is_not_published_for_many(made: Forecaster) -> None:
    """As `predict.method: auto` would: its classical methods take an hour on a thousand series."""
    few = replace(made, method="combination")
    assert [few.for_panel(series).method for series in (1, 8, 9)] == ["combination", "combination", "model"]
    assert replace(few, method_is_auto=False).for_panel(9).method == "combination"
    assert made.for_panel(1).method == "model"
    assert replace(made, method="auto_ets").for_panel(9).method == "auto_ets"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to each field of the configuration, groups among them, of a list to its first item alone."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for key, item in items:
        yield from leaves(item, (*path, key))


WRONG: list[Any] = [None, True, -1, 0, 2.5, 10**30, float("nan"), "x", "2024-01-01T00:00:00+02:00", ["x"], {}]


def test_whatever_a_field_holds_the_folder_is_refused_in_one_line_or_forecasts(
    default_params: Params, tmp_path: Path
) -> None:
    """Every field of the configuration replaced by values of other types, and removed."""
    few = change(default_params, model__hidden_size=2, window__experts=["ses", "seasonal_mean"])
    replace(forecaster_for(PANEL, few, members=1), trained_on=["a"]).write(tmp_path)
    original = (tmp_path / CONFIG).read_text()
    refused = 0
    for path in leaves(json.loads(original)):
        for wrong in [*WRONG, KeyError]:
            config = json.loads(original)
            group = config
            for key in path[:-1]:
                group = group[key]
            if wrong is KeyError:
                del group[path[-1]]
            else:
                group[path[-1]] = wrong
            (tmp_path / CONFIG).write_text(json.dumps(config))
            try:
                found = Forecaster.read(tmp_path)
                _, points, limits = found.forecast(PANEL.at(0), found.baselines)
            except UserError as error:
                refused += str(error).isprintable()
                continue
            assert np.isfinite(points["model"]).all(), (path, wrong)
            assert set(limits) <= set(points), (path, wrong)
            found.trained_on_how_many(pd.Series(pd.date_range("2024-11-01", periods=3, freq="MS")))
            found.write(tmp_path)
    assert refused > 300
