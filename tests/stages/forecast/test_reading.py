"""New data are read as ingest read those of the training; what cannot be forecast is refused in one line."""

import gzip
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.common.params import read_params
from stages.forecast.reading import read_file, read_frame, refuse_unknown_future
from stages.ingest.input_format import InputFormat
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.panel.covariates import Covariates
from stages.panel.panel import Panel
from tests.projects import EXAMPLE
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


def assert_equal(panel: Any, other: Any) -> None:
    """All fields of two panels are equal, those of their covariates too, and so are the types of arrays."""
    for name, value in vars(other).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(panel, name), value, strict=True)
        elif isinstance(value, pd.Series):
            pd.testing.assert_series_equal(getattr(panel, name), value, check_names=False)
        elif isinstance(value, Covariates):
            assert_equal(getattr(panel, name), value)
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
WEEKDAYS = dated("B", 30)


COVARIATES = (
    "id,time,value,sky,open,rain,size\na,1,1,fog,True,2.5,L\na,2,2,sun,False,3,L\na,3,,fog,True,,\n"
    "b,1,3,sun,True,1,S\nb,2,4,sun,True,2,S\n"
)
KINDS: Changes = {**LONG, "missing": "keep", "covariates": {"future": ["sky", "open"], "past": ["rain"],
                  "static": ["size"]}}  # fmt: skip


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
    ("kept gaps", "time,value\n2024-01,1\n2024-02,\n2024-04,4\n2024-05,4\n", {**AUTO, "missing": "keep"}),
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
    ("covariates", COVARIATES, KINDS),
    ("wide, with covariates", "time,a,b,sky\n1,1,3,fog\n2,2,4,sun\n3,3,,sun\n4,,,fog\n", {**WIDE, "missing": "keep",
     "covariates": {"future": ["sky"]}}),
    ("times in two columns", "d,h,value\n2024-01-01,22,1\n2024-01-01,23,2\n2024-01-02,0,3\n", {**AUTO,
     "time": ["d", "h"]}),
]  # fmt: skip


@cases(("text", "changes"), OWN_FILES)
def test_the_data_of_the_training_give_the_panel_of_the_training(text: str | bytes, changes: Changes) -> None:
    trained = trained_on(text, **changes)
    assert_equal(read(text, trained), panel_of(text, **changes))


DATED = {"time": "month", "value": "sales", **AUTO}
ONE = "month,sales\n" + "".join(
    f"{day:%Y-%m},{n}\n" for n, day in enumerate(pd.date_range("2000-01", periods=36, freq="MS"))
)


def sales(*times: object) -> str:
    """A file of one series, with the values 1, 2, ..."""
    return "month,sales\n" + "".join(f"{time},{n}\n" for n, time in enumerate(times, 1))


def steps(frequency: str, count: int, form: str = "%Y-%m-%d") -> str:
    return sales(*pd.date_range("2024-01-01", periods=count, freq=frequency).strftime(form))


NEW: list[tuple[str, str, Changes, str, Values]] = [
    ("one value", ONE, DATED, sales("2024-05"), {"sales": [1]}),
    ("two values", ONE, DATED, sales("2024-05", "2024-06"), {"sales": [1, 2]}),
    ("an older time", ONE, DATED, sales("1950-05", "1950-06"), {"sales": [1, 2]}),
    ("whole months in another form", ONE, DATED, sales("1.2024", "2.2024"), {"sales": [1, 2]}),
    ("a season longer than the series", ONE, {**DATED, "season_length": [12, 24]}, sales("2024-05"), {"sales": [1]}),
    ("new series, one value each", MONTHS, LONG_AUTO, "id,time,value\nx,2024-01-01,1\ny,2024-02-01,2\n",
     {"x": [1], "y": [2]}),
    ("a short gap", ONE, {**DATED, "missing": "interpolate"}, sales("2024-01", "2024-03", "2024-04"),
     {"sales": [1, 1.5, 2, 3]}),
    ("a sparse series, zeros declared", ONE, {**DATED, "frequency": "MS", "missing": "zero"},
     sales("2024-01", "2024-04", "2024-07"), {"sales": [1, 0, 0, 2, 0, 0, 3]}),
    ("a sparse series, zeros", ONE, {**DATED, "missing": "zero"}, sales("2024-01", "2024-04", "2024-09"),
     {"sales": [1, 0, 0, 2, 0, 0, 0, 0, 3]}),
    ("weekdays of one week", DAILY, LONG_AUTO, "\n".join(WEEKDAYS.split("\n")[:6]) + "\n", {"a": [1, 2, 3, 4, 5]}),
    ("integer steps", sales(1, 2), {**DATED, "frequency": None}, sales(1949, 1950), {"sales": [1, 2]}),
    ("thousands as in training", "month;sales\n1;1.234\n2;1.500\n", {**DATED, "thousands": ".", "decimal": ","},
     "month;sales\n1;1.234\n", {"sales": [1234]}),
]  # fmt: skip


@cases(("text", "changes", "new", "expected"), NEW)
def test_new_data_may_be_short_and_of_other_series(text: str, changes: Changes, new: str, expected: Values) -> None:
    panel = read(new, trained_on(text, **changes))
    assert values_of(panel) == expected
    trained = panel_of(text, **changes)
    assert (panel.time, panel.value) == (trained.time, trained.value)
    assert panel.season_lengths == trained.season_lengths
    assert panel.time_axis.frequency == trained.time_axis.frequency


FORMS: list[tuple[str, str, Changes, str, list[str]]] = [
    ("its own, though another is found", ONE, DATED, sales("Jan 2024", "Feb 2024"), ["Jan 2024", "Feb 2024"]),
    ("declared", sales("01/02/2024", "01/03/2024"), {**DATED, "time_format": "%d/%m/%Y"}, sales("01/04/2024"),
     ["01/04/2024"]),
    ("not the declared one", sales("01/02/2024", "01/03/2024"), {**DATED, "time_format": "%d/%m/%Y"},
     sales("2024-04-01"), ["2024-04-01"]),
    ("that of the training, of two", steps("D", 20, "%d.%m.%Y"), DATED, sales("02.03.2025", "03.03.2025"),
     ["02.03.2025", "03.03.2025"]),
    ("the one that fits the frequency, of two", ONE, DATED, sales("01/02/2024", "01/03/2024"),
     ["01/02/2024", "01/03/2024"]),
]  # fmt: skip


@cases(("text", "changes", "new", "times"), FORMS)
def test_the_form_of_times(text: str, changes: Changes, new: str, times: list[str]) -> None:
    panel = read(new, trained_on(text, **changes))
    assert times_of(panel) == times
    days = {"02.03.2025": "2025-03-02", "01/02/2024": "2024-02-01", "01/04/2024": "2024-04-01"}
    assert str(panel.ds.iloc[0].date()) == days.get(times[0], str(pd.Timestamp(times[0]).date()))


OTHER: list[tuple[str, Changes, str, list[str]]] = [
    *(
        (f"{frequency} for months", DATED, steps(frequency, count), [f"'{own}'", "trained on 'MS'"])
        for frequency, count, own in [("D", 40, "D"), ("W-MON", 12, "W-MON"), ("QS", 5, "QS"), ("YS", 8, "YS"),
                                      ("2MS", 3, "2MS"), ("YS", 2, "YS"), ("ME", 5, "ME"), ("B", 30, "B")]
    ),
    *(
        (f"quarters, {missing}, {frequency}", {**DATED, "frequency": frequency, "missing": missing}, steps("QS", 8),
         ["'QS'", "trained on 'MS'"])
        for missing in ("interpolate", "forward", "seasonal") for frequency in ("auto", "MS")
    ),
    ("quarters, zeros", {**DATED, "missing": "zero"}, steps("QS", 8), ["'QS'", "trained on 'MS'"]),
    ("weeks, zeros declared", {**DATED, "frequency": "MS", "missing": "zero"}, steps("W-MON", 8), ["'W-MON'", "'MS'"]),
    ("integers for months", DATED, sales(1, 2, 3), ["row 2", "'1' is an integer step", "'MS'", "write dates"]),
    ("years for months", DATED, sales(1949, 1950, 1951), ["'YS'", "'MS'"]),
    ("a date off the grid", DATED, sales("2024-01-01", "2024-02-01", "2024-03-07"), ["row 4", "'2024-03-07'", "'MS'"]),
    ("one series of quarters", {**DATED, "missing": "forward"}, dated("MS", 12, ids="ab", header="unique_id,ds,y")
     + dated("QS", 9, ids="q").split("\n", 1)[1], ["'q' has the frequency 'QS'", "'a' with 'MS'"]),
]  # fmt: skip


@cases(("changes", "new", "words"), OTHER)
def test_another_frequency_is_refused(changes: Changes, new: str, words: list[str]) -> None:
    refuses(new, trained_on(ONE, **changes), words)


def test_dates_for_integer_steps_are_refused() -> None:
    trained = trained_on(sales(1, 2, 3), time="month", value="sales")
    refuses(ONE, trained, ["row 2", "'2000-01' is a date", "trained on integer steps"])
    refuses(sales(1, 3, 5), trained, ["multiples of 2 apart"])


def refuses(text: str | bytes, trained: InputFormat, words: list[str]) -> None:
    """A short line that begins with the file and contains `words`, and whose hint is not at the parameters alone."""
    with pytest.raises(UserError) as caught:
        read(text, trained)
    message = str(caught.value)
    assert message.startswith("new.csv")
    assert len(message) < 500
    assert "ingest.path" not in message
    assert ("ingest." in message) == ("(in params.yaml, and train again" in message)
    for word in words:
        assert word in message


NAMES = "name the columns unique_id, ds and y"
BAD: list[tuple[str, Changes, str | bytes, list[str]]] = [
    ("no time", {}, "date,sales\n2024-01,1\n", ["no column 'month'", "'date'", "rename it, or " + NAMES]),
    ("no value", {}, "month\n2024-01\n", ["no column but 'month'", NAMES]),
    ("a gap", {}, sales("2024-01", "2024-03", "2024-04"), ["no value at 2024-02", "add the rows, or set ingest.missing",
     "train again)"]),
    ("a duplicate", {}, sales("2024-01", "2024-02", "2024-02"), ["row 4",
     "keep one row for each timestamp, or tell series apart by columns unique_id, ds and y"]),
    ("text as a value", {}, "month,sales\n2024-01,1\n2024-02,?\n",
     ["row 3, column 'sales'", "'?'", "leave these cells empty)"]),
    ("a decimal comma", {}, "month;sales\n2024-01;1\n2024-02;2,5\n", ["'2,5'", "set ingest.decimal to ','"]),
    ("no values", {}, "month,sales\n2024-01,\n",
     ["no value in any row; a forecast needs the history too, with the planned rows below it"]),
    ("two meanings of a date", {"frequency": "D"}, sales("01/02/2024", "02/02/2024"), ["1 February 2024",
     "train again, or write dates as 2024-01-31)"]),
    ("too large", {"max_gigabytes": 1e-7}, sales(*pd.date_range("2024-01-01", periods=20, freq="MS")),
     ["decompresses to more than"]),
    ("a zip archive", {}, b"PK\x03\x04\0\0", ["a zip archive", "set FILE to the file in it"]),
    ("empty", {}, "", ["an empty file"]),
]  # fmt: skip


@cases(("changes", "new", "words"), BAD)
def test_bad_files_are_refused_with_what_leads_to_a_forecast(
    changes: Changes, new: str | bytes, words: list[str]
) -> None:
    panel = panel_of(ONE, **DATED)
    refuses(new, InputFormat.of(settings(**{**DATED, **changes}), panel), words)


def test_covariates_of_new_data_are_encoded_as_those_of_the_training() -> None:
    """Another category is unknown, and a column without fog has its indicator; other columns do not matter."""
    new = "unique_id,ds,y,size,rain,open,sky,note\nx,5,1,S,1,1,sun,?\nx,6,2,S,2,0,hail,?\nx,7,,S,,1,sun,?\n"
    trained = trained_on(COVARIATES, **KINDS)
    for panel in (read(new, trained), read_frame(pd.read_csv("new.csv"), trained)):
        assert panel.covariates
        assert panel.covariates.future == ["sky=fog", "sky=sun", "open"]
        assert panel.covariates.future_values.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 1]]
        assert panel.covariates.past_values.tolist() == [[1], [2]]
        assert panel.covariates.static_values.tolist() == [[0, 1]]


@cases(
    ("new", "words"),
    [
        ("no column", "id,time,value,sky,open,size\na,1,1,fog,True,L\n", ["no column 'rain'", "trained with it"]),
        ("text", "id,time,value,sky,open,rain,size\na,1,1,fog,True,wet,L\n", ["row 2, column 'rain': 'wet'"]),
        (
            "among booleans",
            "id,time,value,sky,open,rain,size\na,1,1,fog,True,1,L\na,2,1,fog,maybe,1,L\n",
            ["row 3, column 'open': 'maybe' among True and False"],
        ),
        ("two static values", COVARIATES.replace("3,L", "3,S"), ["row 3, column 'size': 'S' in series 'a'"]),
        ("wide", "time,x,z,sky,open,rain,size\n1,1,1,fog,True,1,L\n", ["a wide file", "static covariate 'size'"]),
    ],
)
def test_covariates_that_new_data_lack_are_refused(new: str, words: list[str]) -> None:
    refuses(new, trained_on(COVARIATES, **KINDS), words)


def test_future_covariates_that_new_data_lack_over_the_horizon(capsys: pytest.CaptureFixture[str]) -> None:
    trained = trained_on(COVARIATES, **KINDS)
    panel = read(COVARIATES, trained)
    capsys.readouterr()
    refuse_unknown_future(panel, 1, trained, "new.csv")
    assert "new.csv: series 'b' has no value of the future covariate 'sky' at 3" in capsys.readouterr().err
    strict = replace(trained, settings=trained.settings.model_copy(update={"missing": "error"}))
    with pytest.raises(UserError, match=r"set ingest.missing to keep \(in params.yaml, and train again\)"):
        refuse_unknown_future(panel, 1, strict, "new.csv")


def test_years_ahead_without_holidays_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """The package has no calendar of any country after 2100."""
    text = "time,value\n2098-12-31,1\n2099-12-31,2\n"
    trained = trained_on(text, frequency="YE", holidays="DE")
    refuse_unknown_future(read(text, trained), 3, trained, "new.csv")
    assert "new.csv: the package holidays has none of DE from 2101 to 2102" in capsys.readouterr().err


def test_future_covariates_that_were_filled_in_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{step},{step},{(step * 37 % 41)}" for step in range(60)] + [f"{60 + step},,7" for step in range(4)]
    text = "\n".join(["time,value,heat", "59,59,7", *rows[:59], *rows[60:]])
    trained = trained_on(text, missing="keep", covariates={"future": ["heat"]})
    panel = read(text, trained)
    refuse_unknown_future(panel, 4, trained, "new.csv")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "warning: new.csv: the future covariate 'heat' repeats the last value before them throughout"
    )
    assert line.endswith("ingest.covariates.past (in params.yaml, and train again)")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none.csv", "none.csv: no such file"),
        ("nwe.csv", "there is 'new.csv'"),
        ("../none/new.csv", "../none/new.csv: no such file"),
        ("https://example.org/new.csv", "an address, not a file"),
    ],
)
def test_files_that_are_not_there_are_refused(path: str, words: str) -> None:
    trained = trained_on(ONE, **DATED)
    Path("new.csv").write_text(ONE)
    with pytest.raises(UserError, match=re.escape(words)):
        read_file(Path(path), trained)


def test_a_warning_says_that_its_remedy_needs_training(capsys: pytest.CaptureFixture[str]) -> None:
    read(dated("MS", 36) + dated("MS", 5, ids="b").split("\n", 1)[1], trained_on(MONTHS, **LONG_AUTO))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: new.csv: 1 of 2 series ('b' at 2024-05-01) ended more than 12 steps before")
    assert line.endswith("set ingest.ended_after to 12 to leave out those that ended (in params.yaml, and train again)")


def test_a_warning_of_a_long_gap_speaks_of_the_forecast(capsys: pytest.CaptureFixture[str]) -> None:
    months = pd.period_range("2000-01", periods=60, freq="M").astype(str)
    read(sales(*months.delete(range(12, 25))), trained_on(ONE, **{**DATED, "missing": "forward"}))
    assert "and the forecast takes them as given; leave out the series" in capsys.readouterr().err


def test_a_file_may_lie_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    trained = trained_on(MONTHS, **LONG_AUTO)
    expected = panel_of(MONTHS, **LONG_AUTO)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    frame = pd.read_csv("input.csv")
    frame.to_csv(elsewhere / "new.csv.gz", index=False)
    frame.to_parquet(elsewhere / "new.parquet")
    frame.to_parquet(elsewhere / "parts", partition_cols=["id"])
    for name in ("new.csv.gz", "new.parquet", "parts"):
        for path in (elsewhere / name, Path(os.path.relpath(elsewhere / name))):
            assert_equal(read_file(path, trained), expected)
    frame.iloc[:3].drop(columns="value").to_parquet(elsewhere / "parts/more.parquet")
    with pytest.raises(UserError, match=f"{elsewhere}/parts/.*: no column"):
        read_file(elsewhere / "parts", trained)


def test_a_frame_gives_the_panel_of_the_file_that_holds_it() -> None:
    trained = trained_on(MONTHS, **LONG_AUTO)
    expected = panel_of(MONTHS, **LONG_AUTO)
    frame = pd.read_csv("input.csv")
    assert_equal(read_frame(frame, trained), expected)
    long = frame.set_axis(["unique_id", "ds", "y"], axis=1)
    for each in (long, long.assign(ds=pd.to_datetime(long["ds"]))):
        assert_equal(read_frame(each, trained), expected)
    one = trained_on(ONE, **DATED)
    assert values_of(read_frame(long, one)) == values_of(expected)
    with pytest.raises(UserError, match="the frame row 0, column 'ds': '0' is an integer step, but"):
        read_frame(long.assign(ds=long.groupby("unique_id").cumcount()), trained)
    with pytest.raises(UserError, match=r"the frame row 1, column 'ds': '2024-01-01' appears twice .* in row 0"):
        read_frame(long.assign(ds=pd.Timestamp("2024-01-01")), trained)
    with pytest.raises(UserError, match="the frame: no column 'y'"):
        read_frame(long.drop(columns="y"), one)


def test_the_airline_gives_the_panel_that_ingest_writes() -> None:
    declared = read_params(EXAMPLE / "params.yaml")[Ingest]
    Path("raw.csv").write_bytes((EXAMPLE / declared.path).read_bytes())
    panel = build_panel(read_raw(declared.model_copy(update={"path": "raw.csv"})), declared)
    panel.write(Path("panel.parquet"))
    assert_equal(read_file(EXAMPLE / declared.path, InputFormat.of(declared, panel)), Panel.read(Path("panel.parquet")))
