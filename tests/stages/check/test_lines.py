"""What `--check` prints, from the first line to the last."""

from pathlib import Path

import pytest

from stages.check.lines import describe
from stages.common.params import Params
from stages.ingest.params import Ingest
from stages.ingest.raw import read_raw
from stages.ingest.regular import build_panel


def test_every_line_has_a_name_and_a_text(
    project: Path, default_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    raw = read_raw(default_params[Ingest])
    path, *lines = describe(build_panel(raw, default_params[Ingest]), raw, default_params).splitlines()
    assert path == "data/raw/airline_passengers.csv"
    texts = {line[2:15].strip(): line[15:] for line in lines}
    assert (texts["first value"], texts["last value"]) == ("112 at 1949-01", "432 at 1960-12")
    assert "to do" not in texts  # Git has the file
