"""Small raw files, written, read and ingested: what tests of the rooms that a raw file goes through share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stages.common.errors import UserError
from stages.ingest.__main__ import ingest
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.panel.panel import Panel

Values = dict[str, list[Any]]
Changes = dict[str, Any]
GoodFiles = list[tuple[str, str | bytes, Changes, Values]]
BadFiles = list[tuple[str, str | bytes, Changes, list[str]]]

LONG: Changes = {"series": "id"}
WIDE: Changes = {"value": None}
AUTO: Changes = {"frequency": "auto"}


def cases(names: tuple[str, ...], table: Sequence[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """A test for each row of a table, called by the row's first cell."""
    return pytest.mark.parametrize(names, [row[1:] for row in table], ids=[row[0] for row in table])


def settings(path: str = "input.csv", **changes: Any) -> Ingest:
    values: dict[str, Any] = {
        "path": path, "series": None, "time": "time", "value": "value", "decimal": ".", "thousands": None,
        "time_format": None, "time_zone": None, "frequency": None, "season_length": None, "missing": "error",
        "max_gigabytes": 1,
    }  # fmt: skip
    return Ingest(**{**values, **changes})


def panel_of(text: str | bytes, path: str = "input.csv", **changes: Any) -> Panel:
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    given = settings(path, **changes)
    return ingest(read_raw(given), given)


def values_of(panel: Panel) -> Values:
    """The values of each series."""
    return {name: panel.history(series, 0).tolist() for series, name in enumerate(panel.ids)}


def times_of(panel: Panel) -> list[str]:
    return list(panel.time_axis.format(panel.ds))


def reads(text: str | bytes, changes: Changes, expected: Values) -> None:
    """These values, under these ids in this order, none of them filled in."""
    panel = panel_of(text, **changes)
    assert values_of(panel) == expected
    assert list(values_of(panel)) == list(expected)
    assert not panel.filled.any()


def refuses(text: str | bytes, changes: Changes, words: list[str]) -> None:
    """A UserError that names the file or the parameter, in one line that is not too long, and in these words."""
    with pytest.raises(UserError) as caught:
        panel_of(text, **changes)
    message = str(caught.value)
    assert message.startswith(("input.csv", "params.yaml"))
    assert len(message) < 500
    for word in words:
        assert word in message
