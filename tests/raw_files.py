"""Small raw files for tests of ingest: write one, read it and build its panel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stages.common.errors import UserError
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel
from stages.panel.panel import Panel

Values = dict[str, list[Any]]
Changes = dict[str, Any]
GoodFiles = list[tuple[str, str | bytes, Changes, Values]]
BadFiles = list[tuple[str, str | bytes, Changes, list[str]]]

LONG: Changes = {"series": "id"}
WIDE: Changes = {"value": None}
AUTO: Changes = {"frequency": "auto"}


def cases(names: tuple[str, ...], table: Sequence[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test by the rows of a table; the first cell of a row is its id."""
    return pytest.mark.parametrize(names, [row[1:] for row in table], ids=[row[0] for row in table])


def settings(path: str = "input.csv", **changes: Any) -> Ingest:
    values: dict[str, Any] = {
        "path": path, "series": None, "time": "time", "value": "value", "decimal": ".", "thousands": None,
        "none": [], "time_format": None, "time_zone": None, "frequency": None, "season_length": None,
        "missing": "error", "ended_after": None, "max_gigabytes": 1, "holidays": None,
    }  # fmt: skip
    changes["covariates"] = {"future": [], "past": [], "static": [], **changes.get("covariates", {})}
    return Ingest(**{**values, **changes})


def panel_of(text: str | bytes, path: str = "input.csv", **changes: Any) -> Panel:
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    declared = settings(path, **changes)
    return build_panel(read_raw(declared), declared)


def values_of(panel: Panel) -> Values:
    """The values of each series, by id."""
    return {name: panel.at(0).values(series).tolist() for series, name in enumerate(panel.ids)}


def times_of(panel: Panel) -> list[str]:
    return list(panel.time_axis.format(panel.ds))


def reads(text: str | bytes, changes: Changes, expected: Values) -> None:
    """The panel has the `expected` values, in the order of their ids, and none is filled."""
    panel = panel_of(text, **changes)
    assert values_of(panel) == expected
    assert list(values_of(panel)) == list(expected)
    assert not panel.missing.any()


def refuses(text: str | bytes, changes: Changes, words: list[str]) -> None:
    """The file raises a UserError of under 500 characters that names the file or params.yaml and contains `words`."""
    with pytest.raises(UserError) as caught:
        panel_of(text, **changes)
    message = str(caught.value)
    assert message.startswith(("input.csv", "params.yaml"))
    assert len(message) < 500
    for word in words:
        assert word in message
