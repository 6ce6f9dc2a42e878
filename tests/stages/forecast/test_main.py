"""The command within this process: what it prints, and what it refuses, on a forecaster that nobody trained."""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from stages.forecast import forecasting, load
from stages.predict.forecaster import Forecaster
from tests.forecasters import frame_of, seasonal_panel
from tests.projects import run_here
from tests.raw_files import cases

FRAME = frame_of(seasonal_panel(63, 33, 20))


@pytest.fixture(autouse=True)
def data(trained: Path) -> Path:
    FRAME.to_csv(trained / "new.csv", index=False)
    return trained / "new.csv"


def forecast(*arguments: str, status: int = 0) -> None:
    assert run_here(Path(), "stages.forecast", *arguments) == status


def test_the_table_goes_to_stdout_and_what_was_done_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    forecast("new.csv")
    printed = capsys.readouterr()
    assert printed.out.startswith("unique_id,ds,model,")
    assert printed.out.count("\n") == 10
    assert printed.err == "3 series x 3 steps, forecast in column model\n"
    forecast("new.csv", "--out", "forecast.csv")
    assert Path("forecast.csv").read_text() == printed.out
    assert capsys.readouterr().out == "3 series x 3 steps, forecast in column model\n"


def test_series_that_end_before_the_last_step_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    name = FRAME["unique_id"].iloc[0]
    for count, words in (
        (1, "1 from before the last step, where this series ends"),
        (2, "2 from before the last step"),
    ):
        some = FRAME["unique_id"].isin(FRAME["unique_id"].unique()[:count])
        last = FRAME.groupby("unique_id").cumcount(ascending=False) == 0
        FRAME[~(some & last)].to_csv("early.csv", index=False)
        forecast("early.csv", "--out", "forecast.csv")
        assert words in capsys.readouterr().out
        assert name in Path("forecast.csv").read_text()


def test_it_is_what_python_forecasts() -> None:
    forecast("new.csv", "--out", "forecast.csv")
    table = pd.read_csv("forecast.csv", dtype={"unique_id": str})
    pd.testing.assert_frame_equal(load("models/forecaster").predict(FRAME), table, rtol=1e-9)


@pytest.mark.parametrize("actual", [False, True])
def test_shards_are_written_one_after_another(monkeypatch: pytest.MonkeyPatch, actual: bool) -> None:
    """Numbers are written to ten digits, of which float32 decides seven."""
    tables = []
    for size in (4096, 2, 1):
        monkeypatch.setattr(forecasting, "SHARD", size)
        forecast("new.csv", "--out", "forecast.csv", *["--actual"] * actual)
        tables.append(pd.read_csv("forecast.csv"))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], rtol=1e-5)


def test_a_shorter_horizon(capsys: pytest.CaptureFixture[str]) -> None:
    forecast("new.csv", "--horizon", "1")
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 4
    assert printed.err.startswith("3 series x 1 step, forecast in column model")


def test_what_happened_is_forecast_from_the_values_before(capsys: pytest.CaptureFixture[str]) -> None:
    """The columns and rows of the forecast from a file that was cut there, with the actual values."""
    forecast("new.csv", "--actual", "--out", "evaluation.csv")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith("3 series x 3 steps, forecast in column model, MASE ")
    FRAME.groupby("unique_id").head(-3).to_csv("cut.csv", index=False)
    forecast("cut.csv", "--out", "forecast.csv")
    found, expected = pd.read_csv("evaluation.csv"), pd.read_csv("forecast.csv")
    pd.testing.assert_frame_equal(found[list(expected)], expected)
    actual = FRAME.groupby("unique_id").tail(3)
    assert found["y"].tolist() == actual["y"].tolist()
    assert found["ds"].tolist() == actual["ds"].tolist()
    forecast("cut.csv", "--actual", "--out", "evaluation.csv")
    assert "9 of the 9 values are not later than 2024-12, up to which the networks" in capsys.readouterr().err


def test_slow_baselines_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], forecaster: Forecaster
) -> None:
    replace(forecaster, baselines=["seasonal_naive", "auto_theta"]).write(Path("models/forecaster"))
    monkeypatch.setattr(forecasting, "FEW_SECONDS", 0.0)
    forecast("new.csv", "--out", "few.csv")
    assert capsys.readouterr().out.endswith("forecast in column model, without auto_theta (--baselines adds it)\n")
    forecast("new.csv", "--out", "all.csv", "--baselines")
    assert capsys.readouterr().out.endswith("forecast in column model\n")
    few, every = pd.read_csv("few.csv"), pd.read_csv("all.csv")
    assert {"auto_theta", "combination"} <= set(every)
    pd.testing.assert_frame_equal(every[list(few)], few)


@cases(
    ("arguments", "words"),
    [
        ("no such file", ["gone.csv"], "gone.csv: no such file"),
        ("the data as output", ["new.csv", "--out", "new.csv"], "--out new.csv is FILE itself"),
        ("a longer horizon", ["new.csv", "--horizon", "4"], "a horizon of 4, but the forecaster was trained for 3"),
        ("no forecaster", ["new.csv", "--model", "models"], "models/config.json: no such file"),
        ("no model", ["new.csv", "--model", "gone"], "--model 'gone' is no folder, and "),
        ("a folder as output", ["new.csv", "--out", "models"], "--out models cannot be written: Is a directory"),
    ],
)
def test_refusals(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    before = Path("new.csv").read_text()
    forecast(*arguments, status=1)
    refused = capsys.readouterr()
    assert refused.out == ""
    assert refused.err.startswith(f"error: {words}")
    assert refused.err.count("\n") == 1
    assert Path("new.csv").read_text() == before


def test_an_interrupt_is_one_line_that_speaks_of_no_stage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Forecaster, "forecast", interrupted)
    forecast("new.csv", "--out", "forecast.csv", status=1)
    assert capsys.readouterr().err == "error: interrupted\n"
    assert not Path("forecast.csv").exists()


def test_stdout_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    forecast("new.csv", "--out", "forecast.csv")
    assert len(pd.read_csv("forecast.csv")) == 9


@cases(
    ("arguments", "words"),
    [
        ("an unknown option", ["--modell", "x"], "unrecognized arguments: --modell"),
        ("no number", ["--horizon", "two"], "argument --horizon: invalid int value: 'two'"),
        ("two files", ["new.csv", "more.csv"], "unrecognized arguments: more.csv"),
    ],
)
def test_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    forecast(*arguments, status=1)
    assert capsys.readouterr().err == f"error: {words}; see `python -m stages.forecast --help`\n"
