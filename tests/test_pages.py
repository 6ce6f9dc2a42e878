"""The pages: their links lead somewhere, the Python in them runs, and what they show is of the default parameters."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.projects import EXAMPLE, ROOT, change_file, here, shell

PAGES = sorted(
    [ROOT / "README.md", *(ROOT / folder / "README.md" for folder in ("data", "models", "reports", "stages", "tests"))]
)


def anchors(text: str) -> set[str]:
    """Those that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text)
    assert links
    for path, anchor in links:
        if not path.startswith("http"):
            target = page.parent / path if path else page
            assert target.exists(), path
            if anchor:
                assert anchor in anchors(target.read_text()), f"{path}#{anchor}"


def test_the_run_that_the_pages_show_is_of_the_parameters_and_data_that_tests_use(shown: Path) -> None:
    """A new default belongs into tests/example/params.yaml too."""
    for name in ("params.yaml", "data/raw/airline_passengers.csv"):
        assert (shown / name).read_bytes() == (EXAMPLE / name).read_bytes(), f"{name} and tests/example/{name} differ"


def test_the_pipeline_in_a_few_lines_of_python_gives_what_the_stages_give(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The MASE of 1960, whose cutoff is December 1959, of networks that are trained for a moment."""
    quick = {
        "train__members": 2,
        "train__epochs": 2,
        "train__update_epochs": 1,
        "backtest__origins": 2,
        "backtest__calibration_origins": 0,
    }
    change_file(project, **quick, predict__baselines=["seasonal_naive"], compute__workers=1)
    for stage in ("ingest", "normalize", "window", "train", "predict"):
        here("python", "-m", f"stages.{stage}", cwd=project)
    (code,) = re.findall(r"```python\n(import numpy.*?)```", (ROOT / "stages/README.md").read_text(), flags=re.DOTALL)
    monkeypatch.chdir(project)
    exec(code, {})
    *_, found = re.findall(r"\[([\d.]+)\]", capsys.readouterr().out)
    errors = pd.read_csv("reports/errors.csv", index_col="cutoff")
    assert float(found) == pytest.approx(errors.loc["1959-12", "model"], rel=1e-5)


def test_the_gates_in_a_few_lines_of_python_are_those_of_a_finished_run(finished: Path) -> None:
    """Windows of six steps, an LSTM of 32 units."""
    (code,) = re.findall(r"```python\n(import torch.*?)```", (ROOT / "models/README.md").read_text(), flags=re.DOTALL)
    checked = code + '\nprint(states["forget"].shape, (0 < states["forget"]).all(), (states["forget"] < 1).all())'
    assert shell(sys.executable, "-c", checked, cwd=finished).stdout == "(6, 1, 32) True True\n"
