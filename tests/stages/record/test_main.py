"""The command, run as users run it, on repositories whose history is written by hand."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.projects import here, shell
from tests.published import forecast_of, monthly, publish

Y = [10.0, 12, 10, 12, 10, 13, 9, 14, 10]


def run(folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = here("python", "-m", "stages.record", *arguments, cwd=folder, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture
def history(repository: Path) -> Path:
    """Four months, of which the second is lost and the last has no actual value yet."""
    for cutoff in (5, 6, 7, 9):
        forecast = forecast_of(cutoff, {"model": [11, 11, 11], "seasonal_naive": [12, 12, 12]})
        publish(repository, cutoff, forecast, promise=[0.5, 0.75, 1], tracked=cutoff == 6)
    monthly([Y]).write(repository / "data/panel.parquet")
    return repository


def test_it_prints_a_page_and_writes_files_and_the_summary_for_the_report(history: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"record.{kind}" for kind in ("md", "html", "json")}
    done = run(history, *(text for kind, path in files.items() for text in (f"--{kind}", str(path))))
    assert done.stdout.startswith("## Forecasts published since 2020-05\n\nMASE ")
    assert "1 version has no actual value yet." in done.stdout
    assert "### Not scored: the forecast cannot be had" in done.stdout
    assert "`reports/forecast.csv is neither in the cache nor in a" in done.stdout
    assert "dvc fetch --all-commits fetches what a remote has" in done.stdout
    assert files["md"].read_text() == done.stdout
    assert files["html"].read_text().startswith("<!doctype html>")
    summary = json.loads((history / "reports/record.json").read_text())
    assert summary["values"] == 5
    content = json.loads(files["json"].read_text())
    assert {key: content[key] for key in summary} == summary
    assert len(content["by_version"]) == 2
    before = (history / "reports/record.json").read_bytes()
    run(history)
    assert (history / "reports/record.json").read_bytes() == before


def test_since_and_tags(history: Path) -> None:
    shell("git", "tag", "v1", "HEAD~1", cwd=history)
    assert "`v1 (" in run(history, "--tags").stdout
    run(history, "--since", "HEAD~1")
    assert json.loads((history / "reports/record.json").read_text()) == {"versions": 0}


def test_refusals_are_one_line_and_write_nothing(history: Path) -> None:
    error = run(history, "--since", "nowhere", status=1).stderr
    assert error.startswith("error: --since: no revision 'nowhere' here, and it is no date")
    assert error.count("\n") == 1
    (history / "data/panel.parquet").unlink()
    assert run(history, status=1).stderr == (
        "error: data/panel.parquet: no such file, so no actual values; `dvc pull` fetches it, or `dvc repro` makes it\n"
    )
    assert not (history / "reports/record.json").exists()
