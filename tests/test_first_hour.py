"""The first hour of a new user: the commands of the pages, word for word, on a file of their own.

Only what takes long is changed: the training is short, the origins are few, one baseline is quick.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.projects import ROOT, change_file, clone, commit, make_project, shell, work_off_queue

QUICK: dict[str, object] = {
    "train__members": 2, "train__epochs": 4, "train__update_epochs": 2, "backtest__origins": 2,
    "backtest__calibration_origins": 0,
    "predict__baselines": ["seasonal_naive"], "plot__series": 1, "plot__dpi": 40, "compute__workers": 1,
}  # fmt: skip
FRONT, DATA, REPORTS = (ROOT / page for page in ("README.md", "data/README.md", "reports/README.md"))


def code_in(page: Path, words: str) -> str:
    """The first code on a page that begins with `words`: a line of a block, without its comment, or else a span."""
    fence = r"^```\w*\n(.*?)^```$"
    text = page.read_text()
    blocks = "\n".join(re.findall(fence, text, re.S | re.M))
    lines = [line.partition("  #")[0].strip() for line in blocks.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(fence, "", text, flags=re.S | re.M))
    found: list[str] = [each for each in [*lines, *spans] if each.startswith(words)]
    assert found, f"{page} has no code that begins with {words!r}"
    return found[0]


def run(page: Path, words: str, folder: Path, **names: str) -> str:
    """What the command on a page prints; an editor of commit messages writes one, and `names` replace words."""
    command = code_in(page, words)
    for name, value in names.items():
        command = command.replace(name, value)
    return shell("bash", "-ec", command, cwd=folder, variables={"GIT_EDITOR": "echo a first run >"}).stdout


def set_the_five_lines(folder: Path) -> None:
    """Those of the front page, in place of the lines with the same keys."""
    (block,) = re.findall(r"```yaml\n(ingest:\n.*?)```", FRONT.read_text(), re.S)
    five = block.splitlines()[1:]
    assert len(five) == 5
    lines = (folder / "params.yaml").read_text().splitlines()
    keys = [line.split(":")[0] + ":" for line in lines]
    for line in five:
        lines[keys.index(line.split(":")[0] + ":")] = line  # the first with that key: `ingest` is the first section
    (folder / "params.yaml").write_text("\n".join(lines) + "\n")
    assert yaml.safe_load(block)["ingest"]["path"] == "data/raw/sales.csv"


def write_sales(path: Path) -> None:
    """Two shops, 40 months each."""
    random = np.random.default_rng(0)
    dates = pd.date_range("2021-01-01", periods=40, freq="MS").strftime("%Y-%m-%d")
    shops = [
        pd.DataFrame({"shop": shop, "date": dates, "sales": 100 + np.arange(40) + random.integers(0, 20, 40)})
        for shop in ("west", "east")
    ]
    pd.concat(shops).to_csv(path, index=False)


@pytest.mark.slow
def test_from_a_clone_to_a_queue_of_experiments_on_a_file_of_ones_own(tmp_path: Path) -> None:
    origin = make_project(tmp_path / "origin")
    (origin / "reports/metrics.json").write_text('{"model": {"mase": 0.4}}')  # as the project has results
    commit(origin, "results")
    folder = clone(origin, tmp_path / "clone")
    change_file(folder, **QUICK)
    commit(folder, "what is quick")

    write_sales(folder / "data/raw/sales.csv")
    set_the_five_lines(folder)
    checked = run(FRONT, "python -m stages.ingest --check", folder)
    assert "2 ('west', 'east'), 40 steps each" in checked
    assert "neither Git nor DVC has data/raw/sales.csv" in checked
    assert "Running stage 'plot'" in run(FRONT, "dvc repro", folder)
    run(DATA, "git add data/raw/sales.csv", folder)
    run(FRONT, "git add params.yaml dvc.lock reports data/raw && git commit", folder)
    assert shell("git", "status", "--porcelain", cwd=folder).stdout == ""
    assert "neither Git nor DVC" not in run(FRONT, "python -m stages.ingest --check", folder)

    run(FRONT, "dvc exp run -n rnn", folder)
    assert "`model.cell`" in run(FRONT, "python -m stages.compare", folder)
    assert "didn't change" in run(FRONT, "git checkout . && dvc repro", folder)

    run(REPORTS, "dvc exp run --queue", folder)
    work_off_queue(folder, code_in(REPORTS, "dvc queue start").split(), experiments=2)
    assert run(REPORTS, "dvc queue status", folder).count("Success") == 2
    shown = run(REPORTS, "dvc exp show", folder)
    assert "train.epochs" in shown
    assert "model.mase" in shown
    assert "…" not in shown  # in 80 columns
    run(REPORTS, "dvc exp apply", folder, NAME="rnn")
    assert yaml.safe_load((folder / "params.yaml").read_text())["model"]["cell"] == "rnn"
