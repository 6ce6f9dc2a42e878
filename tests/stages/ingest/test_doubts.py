"""Doubtful covariates: missing ones, those with one value, and the target in disguise."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from tests.raw_files import LONG, cases, panel_of

pytestmark = pytest.mark.usefixtures("folder")

RANDOM = np.random.default_rng(0)
WALK = RANDOM.normal(size=(2, 200)).cumsum(axis=1)  # two series
NOISE = RANDOM.normal(size=(2, 200))


def warned(covariate: np.ndarray, capsys: pytest.CaptureFixture[str], kind: str = "future", **changes: Any) -> str:
    """What ingest warns of for two random walks and a covariate (2, 200) called x."""
    table = pd.DataFrame(
        {
            "id": np.repeat(["a", "b"], 200),
            "time": np.tile(np.arange(200), 2),
            "value": WALK.ravel(),
            "x": np.ravel(covariate),
        }
    )
    panel_of(table.to_csv(index=False), **LONG, missing="keep", covariates={kind: ["x"]}, **changes)
    return capsys.readouterr().err


def shifted(steps: int) -> np.ndarray:
    """The target that many steps later."""
    moved = np.full(WALK.shape, np.nan)
    for series, walk in enumerate(WALK):
        for step in range(200):
            if 0 <= step + steps < 200:
                moved[series, step] = walk[step + steps]
    return moved


@cases(
    ("covariate", "kind", "words"),
    [
        ("the target", WALK, "future", "the future covariate 'x' is the target itself (correlation 1.0000)"),
        ("in other units", 5 - 3 * WALK, "future", "is the target itself (correlation 1.0000), which is to be"),
        ("tomorrow's", shifted(1), "future", "is the target 1 step later (correlation 1.0000)"),
        ("yesterday's", shifted(-1), "future", "is the target 1 step earlier (correlation 1.0000), which is known"),
        ("24 steps later", shifted(24), "future", "is the target 24 steps later"),
        ("tomorrow's, of the past", shifted(1), "past", "1 step later (correlation 1.0000), which is not known"),
        ("the target, of the past", WALK, "past", "the past covariate 'x' is the target itself"),
    ],
)  # fmt: skip
def test_the_target_in_disguise(
    covariate: np.ndarray, kind: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = warned(covariate, capsys, kind)
    assert words in found
    assert found.startswith("warning: input.csv: ")
    assert found.count("\n") == 1


@cases(
    ("covariate", "kind"),
    [
        ("noise", NOISE, "future"),
        ("the target with noise", WALK + NOISE, "future"),
        ("further than any season", shifted(25), "future"),
        ("the target in one series alone", np.stack([WALK[0], NOISE[0]]), "future"),
        ("yesterday's target, which is known", shifted(-1), "past"),
        ("few steps", np.where(np.arange(200) < 180, np.nan, WALK), "future"),
        ("two trends", WALK[:, ::-1].cumsum(axis=1), "future"),
    ],
)
def test_what_is_no_leak(covariate: np.ndarray, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert warned(covariate, capsys, kind) == ""


def test_a_target_one_season_later_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is the target 30 steps later" in warned(shifted(30), capsys, season_length=[30])


def test_trends_correlate_in_levels_alone(capsys: pytest.CaptureFixture[str]) -> None:
    steps = np.arange(200.0)
    table = pd.DataFrame({"time": steps.astype(int), "value": steps + NOISE[0], "x": 3 * steps + NOISE[1]})
    assert np.corrcoef(table["value"], table["x"])[0, 1] > 0.999
    panel_of(table.to_csv(index=False), covariates={"future": ["x"]})
    assert capsys.readouterr().err == ""


def test_constant_covariates_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    text = "time,value,price,sky,size,none\n1,4,2,fog,1,\n2,5,2,fog,1,\n3,6,3,fog,1,\n"
    panel_of(text, missing="keep", covariates={"future": ["price", "sky", "none"], "past": ["size"]})
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" in all rows")[0].removeprefix("warning: input.csv: ") for line in lines] == [
        "the covariate 'sky' has the same value",
        "the covariate 'none' has no value",
        "the covariate 'size' has the same value",
    ]


@cases(
    ("cells", "words"),
    [
        ("a text", ["yes", "", "yes"], "only 'yes' and empty cells"),
        ("a number", ["1", "", ""], "only 1 and empty cells"),
        ("a boolean", ["", "true", ""], "only 1 and empty cells"),
    ],
)
def test_empty_cells_beside_one_value_may_mean_none(
    cells: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{step},{step},{cell}\n" for step, cell in enumerate(cells))
    panel_of("time,value,promo\n" + rows, missing="keep", covariates={"future": ["promo"]})
    assert capsys.readouterr().err == (
        f"warning: input.csv: the covariate 'promo' has {words} up to the last values; if empty means none, write 0 or "
        "no there\n"
    )


@cases(
    ("rows", "words"),
    [
        ("future", "a,1,1,,8,s\na,2,1,3,9,s\n", ["series 'a'", "'price' at 1 (1 missing in this column)"]),
        ("a step without a row", "a,1,1,2,8,s\na,2,1,3,9,s\nb,1,1,2,8,s\nb,2,2,2,,s\n", ["'b'", "'visits' at 2"]),
        ("static", "a,1,1,2,8,s\na,2,1,3,9,s\nb,1,1,2,8,\nb,2,2,2,7,\n", ["series 'b' has no value", "'size' (1 "]),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_where_nothing_may_be(rows: str, words: list[str]) -> None:
    kinds = {"future": ["price"], "past": ["visits"], "static": ["size"]}
    with pytest.raises(UserError) as caught:
        panel_of("id,time,value,price,visits,size\n" + rows, **LONG, missing="error", covariates=kinds)
    for word in [*words, "set ingest.missing to keep"]:
        assert word in str(caught.value)
    panel_of("id,time,value,price,visits,size\n" + rows, **LONG, missing="keep", covariates=kinds)


@pytest.mark.parametrize("frequency", [None, "auto"])
def test_integer_steps_have_no_holidays(frequency: str | None) -> None:
    with pytest.raises(UserError, match=r"^params.yaml: ingest.holidays is 'DE', but the steps are integers"):
        panel_of("time,value\n1,1\n2,2\n3,3\n", frequency=frequency, holidays="DE")


@pytest.mark.parametrize("kind", ["future", "past"])
def test_a_column_that_is_called_as_holidays_are(kind: str) -> None:
    text = "time,value,holiday\n2024-01-01,1,0\n2024-01-02,2,1\n"
    with pytest.raises(ValueError, match="holidays makes a covariate 'holiday', which covariates names too; remove"):
        panel_of(text, frequency="D", covariates={kind: ["holiday"]}, holidays="DE")
    panel_of(text, frequency="D", covariates={kind: ["holiday"]})
