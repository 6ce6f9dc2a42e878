"""A DataFrame is read whatever types its columns have; what holds no such values is refused in one line."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from stages.common.errors import UserError
from stages.forecast.frame import FrameReader
from stages.forecast.reading import read_frame
from stages.ingest.input_format import InputFormat
from tests.raw_files import AUTO, LONG, cases, panel_of, settings, values_of

pytestmark = pytest.mark.usefixtures("folder")

Change = Callable[[pd.DataFrame], pd.DataFrame]

FRAME = pd.DataFrame(
    {"unique_id": list("aabb"), "ds": pd.to_datetime(["2024-01-01", "2024-02-01"] * 2), "y": [1.0, 2.0, 3.0, 4.0]}
)
GOOD: list[tuple[str, Change, list[str]]] = [
    ("as it is", lambda frame: frame, ["a", "b"]),
    ("an index of its own", lambda frame: frame.set_index(pd.Index([9, 9, 9, 9])), ["a", "b"]),
    ("categories", lambda frame: frame.astype({"unique_id": "category"}), ["a", "b"]),
    ("ids as integers", lambda frame: frame.assign(unique_id=[1, 1, 2, 2]), ["1", "2"]),
    ("dates as text", lambda frame: frame.assign(ds=frame["ds"].dt.strftime("%Y-%m")), ["a", "b"]),
    ("dates as objects", lambda frame: frame.assign(ds=frame["ds"].dt.date), ["a", "b"]),
    ("periods", lambda frame: frame.assign(ds=frame["ds"].dt.to_period("M")), ["a", "b"]),
    ("a time zone", lambda frame: frame.assign(ds=frame["ds"].dt.tz_localize("Europe/Berlin")), ["a", "b"]),
    ("whole numbers", lambda frame: frame.astype({"y": "int32"}), ["a", "b"]),
    ("nullable numbers", lambda frame: frame.astype({"y": "Int64"}), ["a", "b"]),
    ("numbers as objects", lambda frame: frame.astype({"y": object}), ["a", "b"]),
    ("numbers as text", lambda frame: frame.assign(y=["1", "2", "3", "4"]), ["a", "b"]),
    ("columns of Arrow", lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"), ["a", "b"]),
    ("another order of rows and columns", lambda frame: frame.iloc[::-1, ::-1], ["b", "a"]),
    ("more columns", lambda frame: frame.assign(price=1), ["a", "b"]),
]  # fmt: skip
BAD: list[tuple[str, Change, list[str]]] = [
    ("text as a value", lambda frame: frame.assign(y=["1", "2", "x", "4"]), ["row 2, column 'y': 'x'"]),
    ("infinity", lambda frame: frame.assign(y=[1, 2, 3, np.inf]), ["row 3, column 'y': 'inf'"]),
    ("truth values", lambda frame: frame.assign(y=True), ["column 'y' holds bool, not numbers; convert it"]),
    ("no values", lambda frame: frame.assign(y=np.nan), ["no value in any row; a forecast needs the history"]),
    ("no id", lambda frame: frame.assign(unique_id=["a", None, "b", "b"]), ["row 1, column 'unique_id': no series id"]),
    ("ids of several types", lambda frame: frame.assign(unique_id=["a", 1, "b", 2]), ["unique_id", "one kind"]),
    ("ids that are lists", lambda frame: frame.assign(unique_id=[[1], [2], [3], [4]]), ["unique_id", "convert it"]),
    ("intervals", lambda frame: frame.assign(unique_id=pd.cut(frame["y"], 2)), ["holds categories of", "convert it"]),
    ("no time", lambda frame: frame.assign(ds=[pd.NaT, *frame["ds"][1:]]), ["row 0, column 'ds': no time"]),
    ("times as floats", lambda frame: frame.assign(ds=[1.5, 2, 1, 2]), ["column 'ds' holds double"]),
    ("two columns of one name", lambda frame: frame.set_axis(["unique_id", "y", "y"], axis=1), ["no column 'ds'"]),
    ("ids in the index", lambda frame: frame.set_index("unique_id"), ["no column 'unique_id'"]),
    ("no rows", lambda frame: frame[:0], ["no rows"]),
]  # fmt: skip


@pytest.fixture
def trained() -> InputFormat:
    changes = {**LONG, **AUTO}
    panel = panel_of("id,time,value\na,2023-01,1\na,2023-02,2\na,2023-03,2\n", **changes)
    return InputFormat.of(settings(**changes), panel)


@cases(("change", "ids"), GOOD)
def test_good_frames(change: Change, ids: list[str], trained: InputFormat) -> None:
    panel = read_frame(change(FRAME), trained)
    assert panel.ids == ids
    assert sorted(values_of(panel).values()) == [[1, 2], [3, 4]]
    assert (panel.ds.dt.tz_localize(None) == FRAME["ds"]).all()


@cases(("change", "words"), BAD)
def test_bad_frames_are_refused_in_one_line(change: Change, words: list[str], trained: InputFormat) -> None:
    with pytest.raises(UserError, match="the frame") as caught:
        read_frame(change(FRAME), trained)
    assert len(str(caught.value)) < 500
    for word in words:
        assert word in str(caught.value)


def test_what_is_not_a_frame_is_refused() -> None:
    with pytest.raises(UserError, match="list: not a DataFrame of pandas"):
        FrameReader([1, 2])
