"""The Python way: frames in, frames out, with ids and times of the same types."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.common.errors import UserError
from stages.common.params import Params
from stages.forecast import load
from stages.forecast.loaded import Loaded
from stages.ingest.input_format import InputFormat
from stages.panel.panel import Panel
from stages.panel.time_axis import TimeAxis
from stages.predict.forecaster import Forecaster
from tests.forecasters import LONG, forecaster_for, frame_of, seasonal_panel
from tests.raw_files import cases, settings

PANEL = seasonal_panel(60, 30)
FRAME = frame_of(PANEL).assign(ds=PANEL.ds)  # datetimes
COLUMNS = ["unique_id", "ds", "model", "model-lo-80", "model-hi-80", "model-lo-95", "model-hi-95", "seasonal_naive"]

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def loaded(forecaster: Forecaster) -> Loaded:
    return Loaded(forecaster)


def as_type(column: str, dtype: Any) -> Change:
    return lambda frame: frame.astype({column: dtype})


@cases(
    ("change",),
    [  # ids are "0" and "1"
        ("datetimes", lambda frame: frame),
        ("seconds", as_type("ds", "datetime64[s]")),
        ("times of Arrow", lambda frame: frame.convert_dtypes(dtype_backend="pyarrow")),
        ("a time zone", lambda frame: frame.assign(ds=frame["ds"].dt.tz_localize("Europe/Berlin"))),
        ("UTC", lambda frame: frame.assign(ds=frame["ds"].dt.tz_localize("UTC"))),
        ("periods", lambda frame: frame.assign(ds=frame["ds"].dt.to_period("M"))),
        ("text", lambda frame: frame.assign(ds=frame["ds"].dt.strftime("%d.%m.%Y"))),
        ("text of pandas", lambda frame: frame.assign(ds=frame["ds"].dt.strftime("%Y-%m")).astype("string")),
        ("integers", as_type("unique_id", int)),
        ("small integers", as_type("unique_id", "uint8")),
        ("floats", as_type("unique_id", float)),
        ("categories", as_type("unique_id", "category")),
        ("categories of integers", lambda frame: frame.astype({"unique_id": int}).astype({"unique_id": "category"})),
        ("truth values", lambda frame: frame.assign(unique_id=frame["unique_id"] == "1")),
        ("days as ids", lambda frame: frame.assign(unique_id=pd.to_datetime("200" + frame["unique_id"]))),
    ],
)  # fmt: skip
def test_types_in_are_types_out(loaded: Loaded, change: Change) -> None:
    """The numbers are the same; each series' steps are those after its last."""
    frame = change(FRAME.copy())
    found = loaded.predict(frame)
    numbers = loaded.predict(FRAME).drop(columns=["unique_id", "ds"])
    pd.testing.assert_frame_equal(found.drop(columns=["unique_id", "ds"]), numbers)
    assert found["unique_id"].dtype == frame["unique_id"].dtype
    assert found["ds"].dtype == frame["ds"].dtype
    assert found["unique_id"].tolist() == frame["unique_id"].drop_duplicates().repeat(3).tolist()
    steps = pd.Series(pd.date_range("2025-01-01", periods=3, freq="MS"))
    expected = change(FRAME.iloc[-3:].assign(ds=steps.to_numpy(), y=0.0))["ds"]
    assert found["ds"].tolist() == [*expected, *expected]


def test_the_table_is_that_of_the_command_with_the_columns_in_order(loaded: Loaded) -> None:
    found = loaded.predict(frame_of(PANEL))
    assert list(found) == COLUMNS
    assert found["ds"].tolist() == ["2025-01", "2025-02", "2025-03"] * 2
    assert list(found.index) == list(range(6))
    assert (np.diff(found[["model-lo-95", "model-lo-80", "model", "model-hi-80", "model-hi-95"]]) >= 0).all()


def test_a_forecaster_of_one_series_for_its_own_columns_and_for_thirty_series(
    forecaster: Forecaster, default_params: Params
) -> None:
    """In columns of other names, too, whose types come back."""
    one = replace(seasonal_panel(60), ids=["passengers"], time="month", value="passengers")
    named = settings(series=None, time="month", value="passengers", frequency="MS", season_length=12)
    trained = replace(forecaster_for(one, default_params), input_format=InputFormat.of(named, one))
    own = frame_of(one).assign(month=one.ds, passengers=one.y)[["month", "passengers"]]
    found = Loaded(trained).predict(own)
    assert found["unique_id"].tolist() == ["passengers"] * 3
    assert found["ds"].tolist() == list(pd.date_range("2025-01-01", periods=3, freq="MS"))
    many = seasonal_panel(*range(20, 50))
    table = Loaded(trained).predict(frame_of(many).astype({"unique_id": int}))
    assert table["unique_id"].tolist() == np.repeat(np.arange(30), 3).tolist()
    alone = Loaded(trained).predict(frame_of(seasonal_panel(20)))
    np.testing.assert_allclose(table[:3].iloc[:, 2:], alone.iloc[:, 2:], rtol=1e-5)
    shops = settings(series="shop", time="month", value="sales", frequency="MS", season_length=12)
    renamed = FRAME.astype({"unique_id": "int32"}).set_axis(["shop", "month", "sales"], axis=1)
    table = Loaded(replace(forecaster, input_format=InputFormat.of(shops, PANEL))).predict(renamed)
    assert table["unique_id"].dtype == "int32"
    assert table["ds"].dtype == FRAME["ds"].dtype


def test_dates_as_objects_come_back_as_text(loaded: Loaded) -> None:
    dates = FRAME.assign(ds=[datetime.date(each.year, each.month, 1) for each in FRAME["ds"]])
    assert loaded.predict(dates)["ds"].tolist()[:2] == ["2025-01-01", "2025-02-01"]


def test_naive_times_of_a_forecaster_with_a_time_zone(forecaster: Forecaster) -> None:
    zoned = replace(
        PANEL, time_axis=TimeAxis("MS", "%Y-%m-%d", "Europe/Berlin"), ds=PANEL.ds.dt.tz_localize("Europe/Berlin")
    )
    berlin = settings(**{**LONG, "time_zone": "Europe/Berlin"})
    loaded = Loaded(replace(forecaster, input_format=InputFormat.of(berlin, zoned)))
    found = loaded.predict(FRAME)
    assert found["ds"].tolist()[:2] == [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")]
    assert found["ds"].dtype == FRAME["ds"].dtype
    text = loaded.predict(frame_of(PANEL))
    assert text["ds"].tolist()[:2] == ["2025-01", "2025-02"]


def test_integer_steps(forecaster: Forecaster) -> None:
    numbered = Panel(PANEL.ids, PANEL.indptr, pd.Series([*range(60), *range(30, 60)]), PANEL.y, PANEL.missing)
    numbered = replace(numbered, season_lengths=(12,))
    declared = settings(**{**LONG, "frequency": None})
    loaded = Loaded(replace(forecaster, input_format=InputFormat.of(declared, numbered), trained_until=59))
    for dtype in ("int64", "int16", "Int64"):
        frame = frame_of(numbered).astype({"ds": dtype})
        found = loaded.predict(frame)
        assert found["ds"].tolist() == [60, 61, 62] * 2
        assert found["ds"].dtype == frame["ds"].dtype
    assert loaded.predict(frame_of(numbered))["ds"].tolist() == ["60", "61", "62"] * 2


def test_shuffled_rows_and_another_index_change_nothing_but_the_order_of_series(loaded: Loaded) -> None:
    shuffled = FRAME.sample(frac=1, random_state=1).set_axis(np.zeros(len(FRAME)), axis=0)
    before = shuffled.copy()
    found, expected = (loaded.predict(frame).set_index(["unique_id", "ds"]).sort_index() for frame in (shuffled, FRAME))
    pd.testing.assert_frame_equal(found, expected)
    pd.testing.assert_frame_equal(shuffled, before)  # the frame of the caller is left as it is


def test_the_horizon_may_be_shorter(loaded: Loaded) -> None:
    whole = loaded.predict(FRAME)
    first = loaded.predict(FRAME, horizon=1)
    pd.testing.assert_frame_equal(first, whole.iloc[[0, 3]].reset_index(drop=True))
    with pytest.raises(UserError, match="a horizon of 4, but the forecaster was trained for 3"):
        loaded.predict(FRAME, horizon=4)


def test_slow_baselines_on_demand(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    more = Loaded(replace(loaded.forecaster, baselines=["seasonal_naive", "auto_theta"]))
    monkeypatch.setattr("stages.forecast.forecasting.FEW_SECONDS", 0.0)
    assert list(more.predict(FRAME)) == COLUMNS
    assert list(more.predict(FRAME, baselines=True)) == [*COLUMNS, "auto_theta", "combination", *(
        name.replace("model", "combination") for name in COLUMNS[3:7]
    )]  # fmt: skip


@cases(
    ("frame", "words"),
    [
        ("no frame", FRAME["y"], "Series: not a DataFrame of pandas"),
        ("no rows", FRAME.iloc[:0], "put the data into it"),
        ("no value", FRAME.drop(columns="y"), "no column 'y'"),
        ("twice", pd.concat([FRAME, FRAME]), "appears twice"),
        ("a gap", FRAME.drop(index=5), "no value at 2020-06"),
        ("other steps", FRAME.assign(ds=pd.date_range("2020", periods=90)), "the forecaster was trained on 'MS'"),
    ],
)
def test_a_frame_that_cannot_be_forecast(loaded: Loaded, frame: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        loaded.predict(frame)
    assert words in str(caught.value)


def test_load_takes_a_path_or_text(forecaster: Forecaster, tmp_path: Path) -> None:
    forecaster.write(tmp_path)
    expected = Loaded(forecaster).predict(FRAME)
    for folder in (tmp_path, str(tmp_path)):
        pd.testing.assert_frame_equal(load(folder).predict(FRAME), expected)
    with pytest.raises(UserError, match="holds no forecaster"):
        load(tmp_path / "nowhere")


def test_the_process_of_the_caller_stays_as_it_is(forecaster: Forecaster, tmp_path: Path) -> None:
    """Its number of threads and its random state; and the warnings are those of the command."""
    forecaster.write(tmp_path)
    before, state = torch.get_num_threads(), torch.random.get_rng_state()
    torch.set_num_threads(2)
    try:
        load(tmp_path).predict(FRAME)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.random.get_rng_state(), state)
    finally:
        torch.set_num_threads(before)


def test_series_that_are_too_short_are_warned_of(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    loaded.predict(FRAME.groupby("unique_id").tail(5))
    assert "2 of 2 series are too short for a window" in capsys.readouterr().err
