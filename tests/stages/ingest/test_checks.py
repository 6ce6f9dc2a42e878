"""Checks of raw files: errors name the row and the problem in one line; warnings go to stderr."""

import pytest

from tests.raw_files import LONG, BadFiles, Changes, cases, panel_of, refuses, values_of

pytestmark = pytest.mark.usefixtures("folder")

BAD: BadFiles = [
    ("duplicate timestamp", "time,value\n1,2\n\n1,3\n", {}, ["row 4", "'1' appears twice", "row 2", "ingest.series"]),
    ("carriage return in an id", 'id,time,value\n"a\rb",1,2\n', {"series": "id"}, ["row 2", "carriage return"]),
    ("duplicate timestamp, two spellings", "time,value\n1,2\n01,3\n", {}, ["row 3", "'01' appears twice"]),
    ("gap", "time,value\n1,2\n3,3\n", {}, ["no value at 2", "ingest.missing"]),
    ("more series than rows", "id,time,value\na,1,2\nb,2,3\nc,3,4\n", LONG, ["3 series in 3 values", "ingest.series"]),
    ("season longer than the series", "time,value\n1,2\n2,3\n", {"season_length": 2}, ["ingest.season_length 2",
     "2 steps"]),
]  # fmt: skip


@cases(("text", "changes", "words"), BAD)
def test_bad_files_are_refused_in_one_line(text: str | bytes, changes: Changes, words: list[str]) -> None:
    refuses(text, changes, words)


def test_warnings_of_similar_ids_and_of_series_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,time,value\nShop 1,1,1\nShop 1,2,2\nshop1,1,3\nshop1,2,4\nempty,1,\nempty,2,\nb,1,1\nb,2,2\n"
    panel = panel_of(text, series="id")
    assert values_of(panel) == {"Shop 1": [1, 2], "shop1": [3, 4], "b": [1, 2]}
    similar, empty = capsys.readouterr().err.splitlines()
    assert "'Shop 1' and 'shop1'" in similar
    assert "1 series have no value and are left out ('empty')" in empty
