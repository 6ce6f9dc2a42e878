"""Columns of covariates: numbers, booleans and categories, in training and for a forecaster."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from stages.common.errors import UserError
from stages.ingest.columns import Column
from stages.ingest.covariates import MAX_CATEGORIES, Covariate, encode, read_covariate, read_covariates
from stages.ingest.numbers import NumberFormat
from tests.raw_files import cases

NAN = np.nan
POINTS = NumberFormat(none=["-"])


def column(values: Any, name: str = "sky") -> Column:
    return Column("input.csv", name, pa.chunked_array([values]), lambda index: index + 2)


def read(values: Any, trained: dict[str, list[str]] | None = None, number_format: NumberFormat = POINTS) -> Covariate:
    return read_covariate(column(values), number_format, trained)


@cases(
    ("values", "expected"),
    [
        ("numbers", pa.array([1, None, 3]), [1, NAN, 3]),
        ("decimals", pa.array([1.5, NAN, 3]), [1.5, NAN, 3]),
        ("numbers as text", pa.array(["1", "", "2.5"]), [1, NAN, 2.5]),
        ("booleans", pa.array([True, None, False]), [1, NAN, 0]),
        ("booleans as text", pa.array(["True", " FALSE ", "NA", "true", None]), [1, 0, NAN, 1, NAN]),
        ("nothing", pa.array([None, None]), [NAN, NAN]),
        ("empty text", pa.array(["", "-"]), [NAN, NAN]),
    ],
)
def test_numbers_and_booleans_keep_their_column(values: Any, expected: list[float]) -> None:
    found = read(values)
    assert (found.names, found.categories) == (["sky"], None)
    np.testing.assert_array_equal(found.values, expected)
    np.testing.assert_array_equal(encode(found.values, None)[:, 0], expected)


def test_texts_are_categories_in_order_without_the_blanks_around_them() -> None:
    found = read(pa.array([" sun", "fog", None, "-", "sun ", "7"]))
    assert found.names == ["sky=7", "sky=fog", "sky=sun"]
    np.testing.assert_array_equal(found.values, [2, 1, NAN, NAN, 2, 0])
    expected = [[0, 0, 1], [0, 1, 0], [NAN] * 3, [NAN] * 3, [0, 0, 1], [1, 0, 0]]
    np.testing.assert_array_equal(encode(found.values, found.categories), expected)


@pytest.mark.parametrize(
    ("texts", "warned"),
    [
        (["£9.26", "£9.60", "£10"], True),
        (["12 %", "5%", "none"], True),
        (["-1.200,50 €", "$ 3", "sale", "free"], True),
        (["9.80 GBP", "EUR 9.8", "9,8kg"], True),
        (["Q1", "Q2"], False),
        (["US$5", "20°C", "€5,-", "1 200 kr."], True),
        (["3XL", "2nd", "10 GBP"], False),
        (["#1", "(5)", "~5", "1.2.3"], False),
        (["A 10", "week 3", "store_12", "M&M 3"], False),
        (["50%", "half", "full", "none"], False),
    ],
)
def test_numbers_with_a_sign_are_categories_with_a_warning(
    texts: list[str], warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(pa.array(texts)).categories == sorted(texts)
    said = capsys.readouterr().err
    assert ("write plain numbers if they are prices or shares" in said) == warned
    assert not warned or f"count as {len(texts)} categories" in said


def test_booleans_that_are_few_are_categories_as_well() -> None:
    """Of five texts two are booleans."""
    found = read(pa.array(["maybe", "True", "-", "never", "False", "maybe"]))
    assert found.categories == ["False", "True", "maybe", "never"]


def test_to_a_forecaster_other_categories_are_unknown() -> None:
    trained = {"sky": ["fog", "sun"]}
    found = read(pa.array(["sun", "hail", None, "fog"]), trained)
    assert found.names == ["sky=fog", "sky=sun"]
    np.testing.assert_array_equal(encode(found.values, found.categories), [[0, 1], [0, 0], [NAN, NAN], [1, 0]])
    years = read(pa.array([2024, None, 2025]), {"sky": ["2024", "2025"]})
    np.testing.assert_array_equal(encode(years.values, years.categories), [[1, 0], [NAN, NAN], [0, 1]])
    yes = read(pa.array(["no", "yes"]), {"sky": ["no", "true", "yes"]})
    assert yes.values.tolist() == [0, 2]


def test_categories_that_training_has_not_seen_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"sky": ["fog", "sun"], "year": ["2024", "2025"]}
    read(pa.array(["sun", " hail ", None, "-", "fog", "snow"]), known)
    assert capsys.readouterr().err == (
        "warning: input.csv row 3, column 'sky': the training has not seen 'hail', which counts as unknown (so in 2 "
        "rows); correct it if it is a known category\n"
    )
    read_covariate(column(pa.array([2024, None, 7]), "year"), POINTS, known)
    assert "row 4, column 'year': the training has not seen '7'" in capsys.readouterr().err
    read(pa.array(["sun", None, "fog"]), known)
    assert capsys.readouterr().err == ""


def test_categories_that_differ_only_by_case_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert read(pa.array(["yes", "no", "YES"])).categories == ["YES", "no", "yes"]
    assert "column 'sky': 'YES' and 'yes' differ only by case or blanks" in capsys.readouterr().err


@cases(
    ("values", "trained", "words"),
    [
        ("a text among numbers", pa.array(["1", "2", "many"]), None, ["row 4, column 'sky': 'many' is not a finite"]),
        ("a text where numbers were", pa.array(["few", "many", "1"]), {}, ["row 2", "'few' is not a finite number"]),
        (
            "a text among booleans",
            pa.array([None, "True", "false", "maybe"]),
            None,
            [
                "row 5, column 'sky': 'maybe' among",
                "list it in ingest.none, as ['maybe']",
                "write yes and no if it is a category",
            ],
        ),
        ("a text where booleans were", pa.array(["True", " ?", "NA"]), {}, ["row 3, column 'sky': '?' among True and"]),
        (
            "a boolean among numbers",
            pa.array(["1", "2", "True"]),
            None,
            ["row 4, column 'sky': 'True' is not a finite"],
        ),
        (
            "the same where numbers were",
            pa.array(["1", "2", "True"]),
            {},
            ["row 4, column 'sky': 'True' is not a finite"],
        ),
        ("booleans among texts", pa.array(["True", "maybe", "maybe"]), {}, ["row 3, column 'sky': 'maybe' among True"]),
        ("a number among booleans", pa.array(["TRUE", "1", "False"]), None, ["row 3, column 'sky': '1' among True"]),
        ("commas", pa.array(["1,5", "2,5"]), None, ["'1,5'", "set ingest.decimal to ','"]),
        ("dates", pa.array([0, 1], pa.date32()), None, ["holds date32[day], not numbers, booleans or text"]),
        (
            "ids",
            pa.array([f"id {n}" for n in range(MAX_CATEGORIES + 1)]),
            None,
            ["51 different texts ('id 0', 'id 1', 'id 10', ...), more than 50 categories", "ingest.covariates"],
        ),
    ],
)
def test_what_is_refused(values: Any, trained: Any, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        read(values, trained)
    for word in words:
        assert word in str(caught.value)


def test_a_category_with_the_name_of_another_column_is_refused() -> None:
    columns = [column(pa.array(["fog", "sun"])), column(pa.array([1, 2]), "sky=fog")]
    with pytest.raises(UserError, match="both called 'sky=fog'; rename one"):
        read_covariates(columns, POINTS, None)
