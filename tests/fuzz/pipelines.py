"""Small panels with constants, jumps, gaps and extreme values through all six stages, with tiny networks."""

import contextlib
import importlib
import io
import os
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from stages.common.paths import RECORD, write_json
from stages.common.yaml_1_2 import read_yaml
from tests.fuzz.texts import NASTY
from tests.projects import ALL, EXAMPLE

MOST = 1_000  # times the largest absolute value of the panel that a forecast or a limit may be

CHOICES: dict[str, list[Any]] = {
    "ingest.path": ["input.csv"], "ingest.series": ["id"], "ingest.time": ["time"], "ingest.value": ["value"],
    "ingest.frequency": ["auto"], "ingest.missing": ["keep", "keep", "interpolate", "zero", "forward", "seasonal"],
    "backtest.horizon": [1, 2, 6], "backtest.origins": ["auto", "auto", 0, 1, 3], "backtest.step": ["auto", 1],
    "backtest.calibration_origins": ["auto", 0, 1], "normalize.log": ["auto", False],
    "normalize.scale": ["mean", "minmax"], "normalize.seasonal": ["shrunk", "none"], "window.size": ["auto", 3],
    "model.cell": ["rnn", "lstm", "gru"], "model.hidden_size": [2], "train.members": [1], "train.epochs": [1],
    "train.steps_per_epoch": [1], "predict.baselines": [["seasonal_naive"]],
    "predict.levels": [[80, 95], [], [1, 99], list(range(1, 100))], "plot.series": [1, 3], "plot.dpi": [30],
    "compute.workers": [1],
}  # fmt: skip


def try_pipeline(seed: int) -> str:
    """Run the six stages. Returns `read`, or raises."""
    chance = random.Random(seed)
    for folder in ("data", "models", "reports"):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    write_json(RECORD, {"versions": 0})
    values = read_yaml((EXAMPLE / "params.yaml").read_text())
    for name, choices in CHOICES.items():
        section, key = name.split(".")
        values[section][key] = chance.choice(choices)
    table, step = some_panel(chance)
    largest = float(table["value"].abs().max())
    if chance.random() < 0.5:
        table, values["ingest"]["covariates"] = with_covariates(table, values["backtest"]["horizon"], step, chance)
        values["ingest"]["holidays"] = chance.choice([None, "DE", "US-CA"])
    Path("params.yaml").write_text(yaml.safe_dump(values))
    table.to_csv("input.csv", index=False)
    with contextlib.redirect_stdout(io.StringIO()):
        for stage in ALL:
            main = importlib.import_module(f"stages.{stage}.__main__").main
            main(check=False) if stage == "ingest" else main()
        forecast_again()
    assert Path("again.csv").read_bytes() == Path("reports/forecast.csv").read_bytes(), "the forecaster differs"
    check(pd.read_csv("reports/forecast.csv"), largest)
    check(pd.read_csv("reports/evaluation.csv"), largest)
    return "read"


def forecast_again() -> None:
    """Forecast the same file by the forecaster that was written, into again.csv."""
    arguments, sys.argv = sys.argv, ["forecast", "input.csv", "--model", "models/forecaster", "--out", "again.csv"]
    try:
        importlib.import_module("stages.forecast.__main__").main()
    finally:
        sys.argv = arguments


def check(forecasts: pd.DataFrame, largest: float) -> None:
    """Forecasts are finite, both limits of an interval are known or none is, and none is beyond all measure."""
    numbers = forecasts[[name for name in forecasts if name.startswith("model")]].astype(float)
    assert np.isfinite(numbers["model"]).all(), "a forecast is not finite"
    bound = MOST * largest + 1e-9
    most = numbers.abs().max().max()
    assert not most > bound, f"{most} where the largest value is {largest}"
    for name in numbers:
        if name.startswith("model-lo-"):
            lower, upper = numbers[name], numbers[name.replace("lo", "hi")]
            assert (lower.isna() == upper.isna()).all(), "an interval has one limit"
            assert (lower.isna() | (lower <= upper)).all(), "a lower limit above the upper one"


def with_covariates(
    table: pd.DataFrame, horizon: int, step: str, chance: random.Random
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The panel with columns of covariates and, most often, rows for the whole horizon; and their kinds."""
    numbers = np.random.default_rng(chance.randrange(2**32))
    names = {kind: [f"{kind} {place}" for place in range(chance.randrange(3))] for kind in ("future", "past", "static")}
    kinds = {name: chance.randrange(10) for each in names.values() for name in each}
    frames = []
    for number, (_, own) in enumerate(table.groupby("id", sort=False)):
        known = horizon if chance.random() < 0.95 else chance.randrange(horizon + 1)
        ahead = pd.date_range(own["time"].iloc[-1], periods=known + 1, freq=step)[1:]
        after = pd.DataFrame({"id": own["id"].iloc[0], "time": ahead.strftime("%Y-%m-%d %H:%M")})
        rows = pd.concat([own, after], ignore_index=True)
        for name in names["future"] + names["past"]:
            column = pd.Series(some_covariate(rows["value"], kinds[name], numbers)).astype(object)
            missing = numbers.random(len(rows)) < chance.choice([0, 0, 0, 0.1])
            column[missing | (name.startswith("past") & rows["value"].isna())] = None
            rows[name] = column
        for name in names["static"]:
            rows[name] = [number, number / 3, "ab"[number % 2]][kinds[name] % 3]
        frames.append(rows)
    return pd.concat(frames, ignore_index=True), names


def some_covariate(values: "pd.Series[float]", kind: int, numbers: np.random.Generator) -> Any:
    """A covariate of a series; some equal its values, or those of the next step."""
    noise = numbers.normal(size=len(values))
    return [
        noise, np.ones(len(values)), numbers.integers(0, 2, len(values)), noise < -1,
        numbers.choice(["a", "b", "ü"], len(values)), 1e100 * noise, 1e-100 * noise, np.exp(noise.cumsum()),
        values.ffill().to_numpy(), values.shift(-1).ffill().to_numpy(),
    ][kind]  # fmt: skip


def some_panel(chance: random.Random) -> tuple[pd.DataFrame, str]:
    """One to eight series of one frequency, most of one length, each of another nature; and the frequency."""
    random_numbers = np.random.default_rng(chance.randrange(2**32))
    step, steps = chance.choice(["MS", "D", "h", "QS", "YS", "W-MON"]), chance.randrange(4, 60)
    stamps = pd.date_range("2015-01-01", periods=steps, freq=step).strftime("%Y-%m-%d %H:%M")
    frames = []
    for place in range(chance.randrange(1, 9)):
        name = chance.choice([f"series {place}", f"{place} {chance.choice(NASTY)}"]).replace("\0", "").strip() or "-"
        first = chance.choice([0, 0, 0, chance.randrange(steps - 1)])
        frame = pd.DataFrame({"id": name, "time": stamps, "value": some_values(random_numbers, chance, steps)}).iloc[
            first:
        ]
        frames.append(frame.drop(index=[row for row in frame.index[1:-1] if chance.random() < 0.1]))
    return pd.concat(frames).drop_duplicates(["id", "time"]), step


def some_values(numbers: np.random.Generator, chance: random.Random, steps: int) -> Any:
    noise = numbers.normal(size=steps)
    kind = chance.randrange(10)
    values = [
        100 + 10 * noise,
        np.full(steps, 42.0),
        np.zeros(steps),
        np.where(np.arange(steps) < chance.randrange(steps), 10.0, 1000.0) + noise,
        5 + 1e-9 * noise,
        np.where(numbers.random(steps) < 0.1, 5.0, 0.0),
        noise.cumsum(),
        np.exp(noise.cumsum() / 3),
        100 + 30 * np.sin(np.arange(steps)) + noise,
        np.where(np.arange(steps) == chance.randrange(steps), 1e6, 1.0),
    ][kind]
    return values * 10.0 ** chance.choice([0] * 12 + [-12, 9, -300, 290])
