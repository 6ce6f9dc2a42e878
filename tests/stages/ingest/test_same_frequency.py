"""New data of another frequency than the training's are refused, unless they are too few or too sparse to tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.ingest.input_format import InputFormat
from stages.ingest.raw import read_raw
from stages.ingest.same_frequency import refuse_other_frequency
from stages.panel.grid import make_grid
from tests.raw_files import cases, panel_of, settings

pytestmark = pytest.mark.usefixtures("folder")


def check(trained: InputFormat, times: pd.DatetimeIndex) -> None:
    rows = "".join(f"{time:%Y-%m-%d},1\n" for time in times)
    panel_of("time,value\n" + rows, frequency="D", missing="zero")
    raw = read_raw(settings())
    places = make_grid(trained.frequency, times.min(), times.max()).numbers(times)
    refuse_other_frequency(raw, trained, pd.Series(times), places)


@pytest.fixture
def trained() -> InputFormat:
    changes = {"frequency": "auto"}
    return InputFormat.of(settings(**changes), panel_of("time,value\n2024-01,1\n2024-02,2\n2024-03,5\n", **changes))


@cases(
    ("times", "words"),
    [
        ("days", pd.date_range("2024", periods=40), "'D', but the forecaster was trained on 'MS'"),
        ("two days", pd.date_range("2024", periods=2), "'B', but"),
        ("quarters", pd.date_range("2024", periods=3, freq="QS"), "'QS', but"),
        ("one day among months", pd.to_datetime(["2024-01-01", "2024-02-02", "2024-03-01"]), "row 3, .*'2024-02-02'"),
        ("days of any month", pd.to_datetime(["2024-01-01", "2024-02-03", "2024-03-04"]), "row 3, .*'2024-02-03'"),
    ],
)
def test_other_frequencies(times: pd.DatetimeIndex, words: str, trained: InputFormat) -> None:
    with pytest.raises(UserError, match=words):
        check(trained, times)


def test_how_many_values_tell_of_a_coarser_one(trained: InputFormat) -> None:
    zeros = replace(trained, settings=trained.settings.model_copy(update={"missing": "zero"}))
    quarters = pd.date_range("2024", periods=9, freq="QS")
    for known, few in ((trained, 2), (zeros, 7), (replace(trained, regular=False), 9)):
        for count in np.arange(1, 10):
            if count <= few:
                check(known, quarters[:count])
            else:
                with pytest.raises(UserError, match="'QS'"):
                    check(known, quarters[:count])
