"""New data are read as ingest read those of the training; what cannot be forecast is refused in one line."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.common.params import read_params
from stages.forecast.reading import read_file, read_frame
from stages.ingest.input_format import InputFormat
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel
from tests.projects import ROOT
from tests.raw_files import AUTO, LONG, WIDE, Changes, Values, cases, panel_of, settings, times_of, values_of

pytestmark = pytest.mark.usefixtures("folder")


def trained_on(text: str | bytes, **changes: Any) -> InputFormat:
    """The format that a forecaster trained on a file would keep, through JSON as it keeps it."""
    panel = panel_of(text, **changes)
    return InputFormat.load(json.loads(json.dumps(InputFormat.of(settings(**changes), panel).dump())))


def read(text: str | bytes, trained: InputFormat) -> Panel:
    path = Path("new.csv")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(path, trained)


def assert_equal(panel: Panel, other: Panel) -> None:
    """All fields of two panels are equal, and so are the types of arrays."""
    for name, value in vars(other).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(panel, name), value, strict=True)
        elif isinstance(value, pd.Series):
            pd.testing.assert_series_equal(getattr(panel, name), value, check_names=False)
        else:
            assert getattr(panel, name) == value, name


def dated(
    frequency: str, periods: int, start: str = "2024-01-01", ids: str = "a", header: str = "id,time,value"
) -> str:
    """A long file whose values count from 1 in each series."""
    days = pd.date_range(start, periods=periods, freq=frequency).strftime("%Y-%m-%d")
    return header + "\n" + "".join(f"{id_},{day},{n}\n" for id_ in ids for n, day in enumerate(days, 1))


MONTHS = dated("MS", 36, ids="ab")
LONG_AUTO = {**LONG, **AUTO}
DAILY = dated("D", 30)
WEEKDAYS = "id,time,value\n" + "".join(
    f"a,{day:%Y-%m-%d},{n}\n" for n, day in enumerate(pd.bdate_range("2024-01-01", periods=30))
)


OWN_FILES: list[tuple[str, str | bytes, Changes]] = [
    ("long", MONTHS, LONG_AUTO),
    ("long, declared", MONTHS, {**LONG, "frequency": "MS"}),
    ("long, several columns of ids", "s,i,time,value\na,1,1,3\na,1,2,4\nb,1,1,5\nb,1,2,6\n", {"series": ["s", "i"]}),
    ("one series", "time,value\n2024-01,1\n2024-02,2\n2024-03,4\n", AUTO),
    ("one series, ids beside it", "unique_id,ds,y\nx,2024-01,1\nx,2024-02,2\n", {**AUTO, "time": "ds", "value": "y"}),
    ("wide", "time,a,b\n2024-01-01,1,\n2024-02-01,2,5\n2024-03-01,,6\n", {**WIDE, **AUTO}),
    ("wide, a list", "time,note,b,a\n2024-01-01,x,1,2\n2024-02-01,y,3,4\n", {**AUTO, "value": ["a", "b"]}),
    ("wide, an index", ",time,a,b\n0,1,3,4\n1,2,5,6\n2,3,7,8\n", WIDE),
    ("integer steps", "id,time,value\na,7,1\na,8,2\nb,1,3\nb,2,4\n", LONG),
    ("integer steps, found", "time,value\n1,1\n2,2\n4,3\n", {**AUTO, "missing": "forward"}),
    ("weekly", dated("W-MON", 9), LONG_AUTO),
    ("fiscal years", "time,value\n2019-20,1\n2020-21,2\n2021-22,3\n", AUTO),
    ("business days moved by holidays", dated("BME", 14).replace("2024-05-31", "2024-05-30"), LONG_AUTO),
    ("months by their 15th", dated("MS", 9).replace("-01,", "-15,"), LONG_AUTO),
    ("filled gaps", "time,value\n2024-01,1\n2024-02,\n2024-04,4\n2024-05,4\n", {**AUTO, "missing": "interpolate"}),
    ("seasonal gaps", "time,value\n1,1\n2,9\n3,3\n5,5\n", {"missing": "seasonal", "season_length": [2]}),
    ("sparse, with zeros", "time,value\n2024-01-01,1\n2024-01-08,2\n2024-01-29,3\n", {"frequency": "D",
     "missing": "zero"}),
    ("sparse, found", dated("D", 5) + "b,2024-01-01,1\nb,2024-01-05,2\n", {**LONG_AUTO, "missing": "zero"}),
    ("quarters in months, declared", dated("QS", 9), {**LONG, "frequency": "MS", "missing": "interpolate"}),
    ("weekdays in days, declared", WEEKDAYS, {**LONG, "frequency": "D", "missing": "forward"}),
    ("series that ended", dated("MS", 36) + dated("MS", 5, ids="b", header=""), {**LONG_AUTO, "ended_after": 12}),
    ("semicolons and decimal comma", "time;value\n1.2.2024;1,5\n1.3.2024;2,25\n13.3.2024;3\n14.3.2024;4\n", {
     "frequency": "D", "missing": "zero", "decimal": ","}),
    ("thousands, a missing value", "time;value\n1;1.234,5\n2;-99\n3;2\n", {"decimal": ",", "thousands": ".",
     "none": [-99], "missing": "forward"}),
    ("a declared format", "time,value\n01/02/2024,1\n01/03/2024,2\n", {**AUTO, "time_format": "%d/%m/%Y"}),
    ("months as whole numbers", "time,value\n202401,1\n202402,2\n", {**AUTO, "time_format": "%Y%m"}),
    ("offsets", "time,value\n2024-01-01T00:00+01:00,1\n2024-01-01T01:00+01:00,2\n2024-01-01T02:00+01:00,3\n", AUTO),
    ("offsets that change", "time,value\n2024-03-30T00:00+01:00,1\n2024-03-31T00:00+01:00,2\n"
     "2024-04-01T00:00+02:00,3\n", {**AUTO, "time_zone": "Europe/Berlin"}),
    ("the hour that is repeated", "time,value\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,3\n"
     "2024-10-27 03:00,4\n", {**AUTO, "time_zone": "Europe/Berlin"}),
    ("mixed precision", "time,value\n2024-01-01,1\n2024-01-01 12:00,2\n2024-01-02,3\n2024-01-02 12:00,4\n", AUTO),
    ("gzipped", gzip.compress(b"time,value\n1,2\n2,3\n"), {}),
    ("times in two columns", "d,h,value\n2024-01-01,22,1\n2024-01-01,23,2\n2024-01-02,0,3\n", {**AUTO,
     "time": ["d", "h"]}),
]  # fmt: skip


@cases(("text", "changes"), OWN_FILES)
def test_the_data_of_the_training_give_the_panel_of_the_training(text: str | bytes, changes: Changes) -> None:
    trained = trained_on(text, **changes)
    assert_equal(read(text, trained), panel_of(text, **changes))


def test_the_airline_gives_the_panel_that_ingest_writes() -> None:
    declared = read_params(ROOT / "params.yaml")[Ingest]
    Path("raw.csv").write_bytes((ROOT / declared.path).read_bytes())
    panel = build_panel(read_raw(declared.model_copy(update={"path": "raw.csv"})), declared)
    panel.write(Path("panel.parquet"))
    assert_equal(read_file(ROOT / declared.path, InputFormat.of(declared, panel)), Panel.read(Path("panel.parquet")))
