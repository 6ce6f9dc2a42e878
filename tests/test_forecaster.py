"""The forecaster of a whole run: the forecasts of the run from its folder alone, and of what users have later."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.projects import ROOT, change_file, run_here, shell, tiny_panel
from tests.raw_files import cases

TOO_SHORT = "warning: 1 of 3 series is too short for a window ('new'): the forecast repeats the last season, or "
ELSEWHERE = {"PYTHONPATH": str(ROOT)}
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "models/README.md").read_text(), flags=re.S)
PYTHON = "\n".join(block for block in BLOCKS if "load(" in block or "plot_series" in block)  # the page's examples


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """A column for each shop, in the order of the shops."""
    return table.pivot(index="date", columns="shop", values="sales")[table["shop"].unique()].reset_index()


def rerun(project: Path, *stages: str) -> None:
    for stage in stages:
        assert run_here(project, f"stages.{stage}") == 0


def before_the_last(steps: int) -> pd.DataFrame:
    """The tiny panel without the last steps of each series."""
    table = tiny_panel()
    return table[table.groupby("shop").cumcount(ascending=False) >= steps]


@dataclass(frozen=True)
class Command:
    """The command in this process, in a project, with files in a folder elsewhere."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "forecast.csv"

    def status(self, project: Path, data: pd.DataFrame, *arguments: str) -> int:
        """The exit status."""
        file = self.folder / "data.csv"
        data.to_csv(file, index=False)
        return run_here(project, "stages.forecast", str(file), "--out", str(self.out), *arguments)

    def __call__(self, project: Path, data: pd.DataFrame, *arguments: str) -> pd.DataFrame:
        """The table that is written."""
        assert self.status(project, data, *arguments) == 0
        return pd.read_csv(self.out)


@pytest.fixture
def forecast(tmp_path: Path) -> Command:
    (tmp_path / "files").mkdir()
    return Command(tmp_path / "files")


def test_the_command_gives_the_forecast_of_the_run_and_writes_nothing_else(copy: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    done = shell("python", "-m", "stages.forecast", "--out", str(tmp_path / "forecast.csv"), cwd=copy)
    assert (tmp_path / "forecast.csv").read_bytes() == (copy / "reports/forecast.csv").read_bytes()
    assert done.stdout == "3 series x 3 steps, forecast in column combination\n"
    assert done.stderr.startswith(TOO_SHORT)
    assert done.stderr.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


@pytest.fixture
def fetched(copy: Path, tmp_path: Path) -> Path:
    """A folder that holds the forecaster of a tagged version, fetched by DVC, and nothing else."""
    shell("git", "tag", "--annotate", "forecaster@v1.0.0", "--message=tiny", cwd=copy)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shell("dvc", "artifacts", "get", str(copy), "forecaster", "--rev=v1.0.0", cwd=folder)
    assert [path.name for path in folder.iterdir()] == ["forecaster"]
    return folder


def test_the_fetched_folder_is_all_that_a_forecast_needs(fetched: Path, copy: Path) -> None:
    """By one command, of a wide file, and by one line of Python, whose frame other tools draw."""
    wide(tiny_panel()).to_csv(fetched / "wide.csv", index=False)
    command = ["python", "-m", "stages.forecast", "wide.csv", "--model", "forecaster", "--out", "wide_forecast.csv"]
    shell(*command, cwd=fetched, variables=ELSEWHERE)
    expected = copy / "reports/forecast.csv"
    assert (fetched / "wide_forecast.csv").read_bytes() == expected.read_bytes()
    tiny_panel().set_axis(["unique_id", "ds", "y"], axis=1).to_csv(fetched / "next.csv", index=False)
    (fetched / "models").symlink_to(fetched)
    shell("python", "-c", PYTHON, cwd=fetched, variables=ELSEWHERE)
    found = pd.read_csv(fetched / "forecast.csv")
    pd.testing.assert_frame_equal(found, pd.read_csv(expected), rtol=1e-9)
    assert (fetched / "forecast.png").read_bytes().startswith(b"\x89PNG")


def test_a_refusal_is_one_line_and_status_1(finished_light: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_light / "models/forecaster", tmp_path / "forecaster")
    tiny_panel().drop(columns="sales").to_csv(tmp_path / "data.csv", index=False)
    command = ["python", "-m", "stages.forecast", "data.csv", "--model", "forecaster", "--out", "forecast.csv"]
    done = shell(*command, cwd=tmp_path, check=False, variables=ELSEWHERE)
    assert done.returncode == 1
    assert done.stderr == (
        "error: data.csv: no column 'sales', but there is 'shop', 'date'; rename it, or name the columns unique_id, "
        "ds and y\n"
    )
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "forecaster"]


def test_networks_of_the_earliest_origin_forecast_all_later_ones(copy: Path, forecast: Command) -> None:
    """And from data that end at an evaluation origin, the forecaster gives what the backtest had there.

    To the last of ten digits in this small panel; matrices of another number of rows may round differently.
    """
    every = {path.name: path.read_bytes() for path in (copy / "models/networks").iterdir()}
    change_file(copy, backtest__refit="once")
    rerun(copy, "normalize", "window", "train", "predict")
    summary = json.loads((copy / "reports/train.json").read_text())
    assert (summary["networks"], summary["origins"]) == (2, 1)
    assert {path.name: path.read_bytes() for path in (copy / "models/networks").iterdir()} == {
        name: every[name] for name in ("config.json", "origin_8.safetensors")
    }
    config = json.loads((copy / "models/forecaster/config.json").read_text())
    assert config["trained_until"] == "2021-10-01T00:00:00"  # the last of 2023-10 less eight quarters
    methods = ["model", "seasonal_naive", "auto_ets", "combination"]
    evaluation = pd.read_csv(copy / "reports/evaluation.csv")
    for origin, cutoff in [(3, "2023-01-01"), (5, "2022-07-01")]:
        found = forecast(copy, before_the_last(origin))
        expected = evaluation[evaluation["cutoff"] == cutoff].reset_index(drop=True)
        pd.testing.assert_frame_equal(found[["unique_id", "ds"]], expected[["unique_id", "ds"]])
        np.testing.assert_allclose(found[methods], expected[methods], rtol=1e-6)

    late = tiny_panel()
    late.loc[late.groupby("shop").cumcount(ascending=False) < 8, "sales"] = 1e6
    late.to_csv(copy / "data/raw/tiny.csv", index=False)
    rerun(copy, "ingest", "normalize", "window", "train")
    found_bytes = (copy / "models/networks/origin_8.safetensors").read_bytes()
    assert found_bytes == every["origin_8.safetensors"]  # whatever came after


def test_networks_of_every_second_origin(copy: Path) -> None:
    """From the earliest on, and at the end: 8, 3 and 0 steps before it; networks of 8 forecast from 5.

    They are those of a run that trains at every origin, where all start anew. What comes after an evaluation origin
    changes no forecast from it.
    """
    change_file(copy, train__update_epochs=None)
    rerun(copy, "train", "predict")
    every = {path.name: path.read_bytes() for path in (copy / "models/networks").iterdir()}
    one = pd.read_csv(copy / "reports/evaluation.csv")
    change_file(copy, backtest__refit=2)
    rerun(copy, "normalize", "window", "train", "predict")
    assert json.loads((copy / "reports/train.json").read_text())["origins"] == 3
    names = ["config.json", *(f"origin_{origin}.safetensors" for origin in (0, 3, 8))]
    assert {path.name: path.read_bytes() for path in (copy / "models/networks").iterdir()} == {
        name: every[name] for name in names
    }
    two = pd.read_csv(copy / "reports/evaluation.csv")
    methods = ["model", "seasonal_naive", "auto_ets", "combination"]
    at_3, at_5 = one["cutoff"] == "2023-01-01", one["cutoff"] == "2022-07-01"
    pd.testing.assert_frame_equal(two[at_3][methods], one[at_3][methods], rtol=1e-6)
    assert (two[at_5]["model"] != one[at_5]["model"]).all()

    late = tiny_panel()
    late.loc[late.groupby("shop").cumcount(ascending=False) < 5, "sales"] = np.resize([-5.0, 1e6, 0.0, 3.0], 14)
    late.to_csv(copy / "data/raw/tiny.csv", index=False)
    rerun(copy, "ingest", "normalize", "window", "train", "predict")
    found = pd.read_csv(copy / "reports/evaluation.csv")
    again = found[found["cutoff"] == "2022-07-01"].reset_index(drop=True)
    columns = [name for name in two if name not in ("y", "scaled_error")]
    pd.testing.assert_frame_equal(again[columns], two[at_5].reset_index(drop=True)[columns])


def named(frequency: str = "QS", **series: npt.ArrayLike) -> pd.DataFrame:
    """Series that end in the last quarter of 2023."""
    parts = []
    for name, values in series.items():
        stamps = pd.date_range(end="2023-10-01", periods=len(np.array(values)), freq=frequency)
        parts.append(pd.DataFrame({"shop": name, "date": stamps.strftime("%Y-%m-%d"), "sales": values}))
    return pd.concat(parts)


def test_the_same_series_longer_now(finished: Path, forecast: Command) -> None:
    """Two quarters later: the first steps follow on; without later values of a series its forecast is the old one."""
    later = named(west=[*tiny_panel()["sales"][:40], 140.0, 160.0]).assign(
        date=pd.date_range("2014-01-01", periods=42, freq="QS").strftime("%Y-%m-%d")
    )
    both = pd.concat([later, tiny_panel().query("shop == 'east'")])
    found = forecast(finished, both)
    assert found["ds"].tolist() == ["2024-07-01", "2024-10-01", "2025-01-01", "2024-01-01", "2024-04-01", "2024-07-01"]
    before = pd.read_csv(finished / "reports/forecast.csv").query("unique_id == 'east'")
    numbers = found.drop(columns=["unique_id", "ds"])
    np.testing.assert_allclose(numbers[3:], before.drop(columns=["unique_id", "ds"]), rtol=1e-6)
    np.testing.assert_allclose(numbers["model"][:3], [181, 205, 145], rtol=0.05)  # by eye: the season, and growth


def test_new_series_of_any_length(finished: Path, forecast: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of fewer values than a season and one have the named fallback; limits hold the forecast, all are finite."""
    values = 1000 + 300 * np.sin(np.arange(30) * np.pi / 2) + np.random.default_rng(0).normal(0, 20, 30)
    data = named(one=[7.0], two=[5.0, 6.0], three=values[:3], thirty=values)
    found = forecast(finished, data)
    others, too_short, *_ = capsys.readouterr().err.splitlines()
    assert others.startswith("warning: 4 of 4 series ('one', 'two', 'three', 'thirty') are not among the 3 that")
    assert too_short.startswith("warning: 3 of 4 series are too short for a window ('one', 'two', 'three')")
    assert found.groupby("unique_id", sort=False)["model"].first()[:3].tolist() == pytest.approx([7, 6, values[2]])
    assert np.isfinite(found.drop(columns=["unique_id", "ds"])).all(axis=None)
    assert (found["combination-lo-95"] <= found["combination"]).all()
    np.testing.assert_allclose(found["model"][9:], 1000 + 300 * np.sin(np.arange(30, 33) * np.pi / 2), atol=60)


@cases(
    ("data", "least", "most"),
    [
        ("constant", [5.0] * 40, 5, 5),
        ("zeros", [0.0] * 40, 0, 0),
        ("negative", list(-np.arange(1.0, 41)), -60, -35),
        ("of both signs", list(np.tile([-10.0, 3, 10, -3], 10)), -20, 20),
        ("huge", list(1e12 + 1e10 * np.arange(40)), 1e12, 2e12),
        ("tiny", list(1e-12 + 1e-14 * np.arange(40)), 1e-12, 2e-12),
        ("mostly zero", [0.0, 0, 0, 8] * 10, 0, 16),
        ("gaps", list(np.where(np.arange(40) % 10 < 6, 50 + np.arange(40) % 4, np.nan)[:36]), 45, 58),
        ("from zero up", [0.0] * 38 + [50, 60], 0, 200),
    ],
)
def test_odd_series(finished_light: Path, forecast: Command, data: list[float], least: float, most: float) -> None:
    """Forecasts are near the history; limits, where there are any, are in order around them."""
    found = forecast(finished_light, named(odd=data))
    assert found["model"].between(least, most).all()
    limits = found[["model-lo-95", "model-lo-80", "model", "model-hi-80", "model-hi-95"]].dropna()
    assert (np.diff(limits) >= 0).all()


@cases(
    ("data", "arguments", "words"),
    [
        ("months", named("MS", a=np.arange(9.0)), [], "has the frequency 'MS', but the forecaster was trained on 'QS'"),
        ("a year", named("YS", a=np.arange(9.0)), [], "has the frequency 'YS', but the forecaster was trained on 'QS'"),
        ("no value", named(a=[1.0, 2]).drop(columns="sales"), [], "no column 'sales'"),
        ("no time", named(a=[1.0, 2]).drop(columns="date"), [], "no column 'date'"),
        ("twice", pd.concat([named(a=[1.0, 2])] * 2), [], "appears twice in series 'a'"),
        ("no rows", named(a=[1.0]).iloc[:0], [], "a header and no rows"),
        ("too long a horizon", named(a=[1.0, 2]), ["--horizon", "4"], "a horizon of 4, but the forecaster was trained"),
        ("nothing to score", named(a=[1.0, 2, 3]), ["--actual"], "no series has more than the 3 steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_forecast(
    finished_light: Path,
    forecast: Command,
    capsys: pytest.CaptureFixture[str],
    data: pd.DataFrame,
    arguments: list[str],
    words: str,
) -> None:
    assert forecast.status(finished_light, data, *arguments) == 1
    refused = capsys.readouterr()
    assert refused.out == ""
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1
    assert words in refused.err
    assert list(forecast.folder.iterdir()) == [forecast.folder / "data.csv"]


def test_a_model_that_takes_logarithms_refuses_what_has_none(
    light: Path, forecast: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = light / "models/forecaster/config.json"
    config = json.loads(path.read_text())
    config["normalize"]["log"] = True
    path.write_text(json.dumps(config))
    assert len(forecast(light, named(a=np.arange(1.0, 41)))) == 3
    assert forecast.status(light, named(a=np.arange(-20.0, 20))) == 1
    *_, refused = capsys.readouterr().err.splitlines()
    assert refused.startswith("error: normalize.log is true, but series 'a' has values that are not positive; ")
    assert refused.endswith(" (in params.yaml, and train again), or leave the series out")
