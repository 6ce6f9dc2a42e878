"""What a forecaster knows of its input survives JSON, holds no path, and is refused where it is wrong."""

import json
from typing import Any

import pytest

from stages.ingest.input_format import InputFormat
from tests.raw_files import AUTO, Changes, cases, panel_of, settings

pytestmark = pytest.mark.usefixtures("folder")

MONTHS = "time,value\n2024-01,1\n2024-02,2\n2024-03,5\n2024-05,4\n"
WEEKS = "time,value\n2024-01-01,1\n2024-01-08,2\n2024-01-29,3\n"


def format_of(text: str, **changes: Any) -> InputFormat:
    return InputFormat.of(settings(**changes), panel_of(text, **changes))


@cases(
    ("changes",),
    [
        ("dates", {**AUTO, "missing": "forward"}),
        ("seasons and numbers", {**AUTO, "missing": "zero", "season_length": [2, 3], "none": [-9, "x"]}),
    ],
)
def test_it_survives_json_and_holds_no_path(changes: Changes) -> None:
    found = format_of(MONTHS, **changes)
    text = json.dumps(found.dump())
    assert InputFormat.load(json.loads(text)) == found
    assert "input.csv" not in text
    assert (found.frequency, found.time_format, found.time, found.value) == ("MS", "%Y-%m", "time", "value")
    assert found.season_lengths == tuple(changes.get("season_length", [12]))


def test_integer_steps_have_no_frequency() -> None:
    found = format_of("time,value\n1,1\n2,2\n")
    assert (found.frequency, found.time_format, found.regular) == (None, None, True)


@cases(
    ("text", "changes", "regular"),
    [
        ("found", MONTHS, {**AUTO, "missing": "zero"}, True),
        ("declared", MONTHS, {"frequency": "MS", "missing": "forward"}, True),
        ("declared, with zeros", MONTHS, {"frequency": "MS", "missing": "zero"}, False),
        ("declared, of values a week apart", WEEKS, {"frequency": "D", "missing": "forward"}, False),
    ],
)
def test_whether_the_values_have_the_frequency_of_the_panel(text: str, changes: Changes, regular: bool) -> None:
    assert format_of(text, **changes).regular is regular


def test_covariates_and_their_categories_survive_and_leave_no_trace_without_any() -> None:
    text = "time,value,sky,rain\n2024-01,1,fog,2\n2024-02,2,sun,3\n2024-03,4,fog,1\n"
    found = format_of(text, **AUTO, covariates={"future": ["sky"], "past": ["rain"]})
    assert found.categories == {"sky": ["fog", "sun"]}
    assert InputFormat.load(json.loads(json.dumps(found.dump()))) == found
    with pytest.raises(ValueError, match="categories of a column that is no covariate"):
        InputFormat.load({**found.dump(), "categories": {"snow": ["much"]}})
    assert "holidays" not in found.dump()["settings"]
    without = format_of(text, **AUTO)
    assert "categories" not in without.dump()
    assert "covariates" not in without.dump()["settings"]


def test_holidays_survive_and_are_a_column_known_ahead() -> None:
    found = format_of(MONTHS, **{**AUTO, "missing": "keep"}, holidays="US-CA")
    assert InputFormat.load(json.loads(json.dumps(found.dump()))) == found
    assert found.settings.holidays == "US-CA"
    assert found.covariate_counts == (1, 0, 0)
    assert not {"covariates", "categories"} & {*found.dump(), *found.dump()["settings"]}
    with pytest.raises(ValueError, match="'XX' is not a country"):
        InputFormat.load({**found.dump(), "settings": {**found.dump()["settings"], "holidays": "XX"}})


@cases(
    ("wrong", "words"),
    [
        ("no settings", {"settings": None}, "settings"),
        ("an unknown setting", {"settings": {"pat": 1}}, "settings.series: Field required"),
        ("no season", {"season_lengths": None}, "season_lengths"),
        ("another type", {"time": 3}, "time"),
        ("a frequency that is none", {"frequency": "XX"}, "frequency is 'XX'"),
        ("a truth as a text", {"regular": "yes"}, "regular"),
        ("no seasons", {"season_lengths": []}, "season_lengths"),
        ("a season of 0", {"season_lengths": [0]}, "season_lengths"),
        ("dates without a format", {"time_format": None}, "a frequency without a time_format"),
        ("a format that is none", {"time_format": "%Q"}, "%Q is not a code"),
    ],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any], words: str) -> None:
    values = {**format_of(MONTHS, **AUTO, missing="forward").dump(), **wrong}
    with pytest.raises(ValueError, match=words) as caught:
        InputFormat.load(values)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_refused() -> None:
    values = format_of(MONTHS, **AUTO, missing="forward").dump()
    for name in values:
        with pytest.raises(ValueError, match=name):
            InputFormat.load({key: value for key, value in values.items() if key != name})
