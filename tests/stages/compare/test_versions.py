"""What other versions hold, however odd, is read, left out, or refused in one line."""

import json
from pathlib import Path

import pytest

from stages.common.errors import UserError
from stages.compare.versions import read_version
from tests.projects import commit


@pytest.fixture
def version(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project as the working folder: a test commits what another version holds."""
    monkeypatch.chdir(project)
    return project


BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join(10 * [f'*a{n - 1}'])}]}}\n" for n in range(1, 12))


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", "dvc.lock"])
def test_aliases_that_multiply_are_refused_before_dvc_follows_them(version: Path, name: str) -> None:
    with (version / name).open("a") as file:
        file.write(BOMB)
    commit(version, "bomb")
    with pytest.raises(UserError, match=rf"HEAD \(\w+\): {name} cannot be read: 'line .+ more than 100,000 values"):
        read_version("HEAD")


def test_metrics_are_finite_numbers_or_none(version: Path) -> None:
    path = version / "reports/metrics.json"
    odd = {"huge": 10**400, "nan": float("nan"), "text": "1", "list": [1], "group": {"one": {"two": 2}}, "true": True}
    path.write_text(json.dumps({"model": odd}))
    assert read_version(None).metrics == {
        "model.huge": None, "model.nan": None, "model.group.one.two": 2.0, "model.true": 1.0,
    }  # fmt: skip


def test_errors_that_were_cut_are_warned_of(version: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = version / "reports/errors.csv"
    whole = path.read_text()
    assert len(read_version(None).errors) == whole.count("\n") - 1
    assert capsys.readouterr().err == ""
    path.write_text(whole[:-20])
    read_version(None)
    assert "work tree: reports/errors.csv ends within a line" in capsys.readouterr().err
