"""The results of a run, for the tests of the report."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from stages.common.params import Params
from stages.panel.time_axis import TimeAxis
from stages.plot.results import PlotData, RunResults, SeriesData


@pytest.fixture(scope="session")
def hostile() -> str:
    """A name that would break out of HTML and Markdown."""
    return "</script><img src=x onerror=\"document.title='run'\"><b>'`|"


@pytest.fixture
def results(tmp_path: Path, hostile: str, default_params: Params) -> RunResults:
    """Two series of twelve months, the fifth filled, the second with a hostile id; one origin, a future of three."""
    steps = pd.Series(pd.date_range("2020-01-01", periods=15, freq="MS"))
    rows = {"forecast-lo-80": [1.0, 2, 3], "forecast": [2.0, 3, 4], "forecast-hi-80": [3.0, 4, 5]}
    series = {
        name: SeriesData(
            place=place,
            actual=pd.DataFrame({"ds": steps[:12], "y": np.arange(12.0), "filled": np.arange(12) == 4}),
            evaluation=pd.DataFrame({"cutoff": "2020-09", "ds": steps[9:12].to_numpy(), **rows}),
            future=pd.DataFrame({"ds": steps[12:].to_numpy(), **rows}),
        )
        for place, name in enumerate(("plain", hostile), start=1)
    }
    image = tmp_path / "figure.png"
    plt.imsave(image, np.zeros((2, 2)))
    summaries: dict[str, dict[str, Any]] = {
        "normalize": {
            "evaluation_origins": "3",
            "calibration_origins": "",
            "training_origins": 2,
            "last_training_origin": 0,
            "series_logged": 2,
            "seasons": "12",
        },
        "window": {"size": 24, "series_without_window": 0, "windows": 9},
        "train": {"epochs": 1, "batch_size": 2, "origins": 3},
    }
    errors = {"unique_id": list(series), "origin": 3, "cutoff": "2020-09", "model": [0.5, 2.0], "seasonal_naive": 1.0}
    forecast = {
        "method": "model",
        "series": 3,
        "horizon": 3,
        "series_too_short": 0,
        "series_with_wide_intervals": 0,
        "covariates_less_known": "none",
        "steps_since_training": 0,
        "most_steps_since_training": 0,
    }
    params = default_params.dump("ingest", "backtest", "normalize", "window", "model", "train", "predict")
    data = PlotData(series, "model", [80], hostile, hostile)
    return RunResults(
        forecast=forecast,
        record={"versions": 0},
        metrics={
            "evaluated": {
                "origins": 2,
                "series": 3,
                "forecasts": 6,
                "points": 36,
                "interval_points": 36,
                "fallback": 0,
                "without_scale": 0,
            },
            "model": {"mase": 0.5, "coverage_80": 75.0},
            "baseline": {"seasonal_naive": {"mase": 1.0}, "auto_ets": {"mase": 0.625}},
        },
        errors=pd.DataFrame(errors),
        halves=pd.DataFrame(columns=["unique_id", "cutoff", "split_1"]),
        best=pd.Series({"plain": 0.5}),
        worst=pd.Series({hostile: 2.0}),
        plot_data=data,
        charted=data,
        gates=None,
        time_axis=TimeAxis("MS", "%Y-%m"),
        season_length=12,
        input_data={
            "path": hostile,
            "series": 3,
            "filled": 2,
            "missing": 2,
            "longest_gap": 1,
            "series_ended": 0,
            "series_ending_earlier": 0,
            "md5": "d41d8",
        },
        summaries=summaries,
        params={**params, "ingest": {**params["ingest"], "path": hostile}},
        figures={"backtest": image, "loss": image},
    )
