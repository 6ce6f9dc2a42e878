"""Compare, run as users run it, on repositories whose reports are written by hand."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from tests.projects import change_file, clone, commit, here, shell


def compare(folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = here("python", "-m", "stages.compare", *arguments, cwd=folder, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def edit_metrics(folder: Path, **model: float) -> None:
    path = folder / "reports/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["model"] |= model
    path.write_text(json.dumps(metrics))


def scale_errors(folder: Path, factors: list[float]) -> None:
    path = folder / "reports/errors.csv"
    table = pd.read_csv(path)
    table["model"] *= factors
    table.to_csv(path, index=False)


def comparison(folder: Path, *arguments: str) -> dict[str, Any]:
    compare(folder, *arguments, "--json", "comparison.json")
    content: dict[str, Any] = json.loads((folder / "comparison.json").read_text())
    return content


def test_by_default_it_compares_the_work_tree_with_the_branch_point(project: Path) -> None:
    shell("git", "checkout", "--quiet", "-b", "change", cwd=project)
    change_file(project, train__epochs=150)
    commit(project, "one")
    change_file(project, model__cell="gru")
    content = comparison(project)
    assert content["after"] == "work tree"
    assert content["before"] == shell("git", "rev-parse", "--short=7", "main", cwd=project).stdout.strip()
    assert {each["name"]: (each["before"], each["after"]) for each in content["params"]} == {
        "train.epochs": ("auto", 150), "model.cell": ("lstm", "gru"),
    }  # fmt: skip


def test_the_difference_of_errors_is_tested(project: Path) -> None:
    """Against SciPy's paired test on the two tables, with the same half ensembles or none."""
    before = pd.read_csv(project / "reports/errors.csv")["model"]
    scale_errors(project, [0.9, 0.8, 0.95, 0.85, 0.9])
    commit(project, "better")
    after = pd.read_csv(project / "reports/errors.csv")["model"]
    content = comparison(project, "HEAD~1", "HEAD")
    expected = stats.ttest_rel(after, before)
    assert content["difference"]["p"] == pytest.approx(expected.pvalue)
    assert content["difference"]["mean"] == pytest.approx((after - before).mean())
    assert content["pairs"] == [5, 5, 5]
    assert "smaller" in content["verdict"]
    printed = compare(project, "HEAD~1", "HEAD").stdout
    assert content["verdict"] in printed
    assert "5 pairs of series and origin" in printed


def test_variation_from_training_is_read_from_the_half_ensembles(project: Path) -> None:
    """They move all five errors as much as the change does; a version without them, as earlier ones, is named."""
    halves = project / "reports/half_ensembles.csv"
    halves.unlink(missing_ok=True)
    commit(project, "earlier")
    table = pd.read_csv(project / "reports/errors.csv")[["unique_id", "cutoff"]]
    table.assign(split_1=0.1, split_2=-0.1).to_csv(halves, index=False)
    commit(project, "before")
    table.assign(split_1=-0.1, split_2=0.1).to_csv(halves, index=False)
    scale_errors(project, [0.9, 0.8, 0.95, 0.85, 0.9])
    commit(project, "after")
    found, earlier = (comparison(project, before, "HEAD") for before in ("HEAD~1", "HEAD~2"))
    assert found["difference"]["training_error"] == pytest.approx(0.2)
    assert found["difference"]["p"] > earlier["difference"]["p"]
    assert earlier["difference"]["training_error"] is None
    (name,) = earlier["without_halves"]
    assert name.startswith("HEAD~2")
    assert f"no half ensembles (reports/half_ensembles.csv) in {name}" in compare(project, "HEAD~2", "HEAD").stdout
    halves.write_text("unique_id,cutoff,split_1\na,b,c\n")
    assert "half_ensembles.csv cannot be read" in compare(project, "HEAD", status=1).stderr


def test_the_pages_hold_what_is_printed(project: Path) -> None:
    edit_metrics(project, mase=0.5)
    printed = compare(project, "HEAD", "--md", "comparison.md", "--html", "comparison.html").stdout
    assert (project / "comparison.md").read_text() == printed
    assert "| `model.mase` " in printed
    page = (project / "comparison.html").read_text()
    assert "model.mase" in page
    assert not re.search(r"(src|href)=.?(http|/)", page)


def test_changed_data_show_rows_and_last_step(project: Path) -> None:
    path = project / "reports/panel.json"
    panel = json.loads(path.read_text())
    path.write_text(json.dumps({**panel, "rows": 145, "last": "1961-01", "md5": "0"}))
    changed = {each["name"]: (each["before"], each["after"]) for each in comparison(project, "HEAD")["data"]}
    assert changed == {"rows": (144, 145), "last": ("1960-12", "1961-01"), "md5": (panel["md5"], "0")}


def test_the_gate_fails_where_the_model_is_worse_than_params_allow(project: Path) -> None:
    """With exit status 2 and one line; without the flag it only reports."""
    edit_metrics(project, mase=0.4)
    commit(project, "before")
    change_file(project, compare__mase=0.05)
    edit_metrics(project, mase=0.41, rmse=99.0)
    compare(project, "HEAD", "--fail-if-worse")
    edit_metrics(project, mase=0.45)
    (line,) = compare(project, "HEAD", "--fail-if-worse", status=2).stderr.splitlines()
    assert line.startswith("worse: model.mase 0.4 -> 0.45")
    assert "allows +5.0%" in compare(project, "HEAD").stdout
    change_file(project, compare__mase=0.15)
    compare(project, "HEAD", "--fail-if-worse")
    change_file(project, compare__mase=None)
    edit_metrics(project, mase=1.5)
    assert "loses to the seasonal naive" in compare(project, "HEAD", "--fail-if-worse", status=2).stderr


def test_reports_are_read_from_git_from_the_cache_and_from_a_remote(project: Path, tmp_path: Path) -> None:
    """A clone without cache reads files in Git, and fetches files in DVC's cache from the remote."""
    edit_metrics(project, mase=0.4)
    commit(project, "git")
    assert "model.mase" in compare(clone(project, tmp_path / "bare"), "HEAD~1", "HEAD").stdout

    names = ["reports/metrics.json", "reports/errors.csv"]
    shell("git", "rm", "--quiet", "--cached", *names, "dvc.yaml", cwd=project)
    (project / "dvc.yaml").unlink()
    here("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"), cwd=project)
    here("dvc", "add", *names, cwd=project)
    commit(project, "cached")
    here("dvc", "push", cwd=project)
    content = comparison(clone(project, tmp_path / "fetched"), "HEAD~2", "HEAD")
    assert content["pairs"] == [5, 5, 5]
    assert content["metrics"][0]["after"] == 0.4

    (tmp_path / "store").rename(tmp_path / "gone")
    done = compare(clone(project, tmp_path / "lost"), "HEAD~2", "HEAD", status=1)
    assert "reports/metrics.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["'nowhere'", "git log"]),
        (["HEAD", "HEAD", "HEAD"], ["unrecognized arguments", "--help"]),
        (["HEAD~1", "HEAD"], ["HEAD~1", "no reports/metrics.json"]),
        (["HEAD", "torn"], ["torn", "cannot be read"]),
        (["HEAD:params.yaml"], ["no commit"]),
        ([""], ["no revision"]),
        (["HEAD", "--md", "nowhere/comparison.md"], ["nowhere/comparison.md cannot be written"]),
    ],
)
def test_mistakes_end_in_one_line(project: Path, arguments: list[str], words: list[str]) -> None:
    shell("git", "checkout", "--quiet", "-b", "torn", cwd=project)
    (project / "reports/metrics.json").write_text("{")
    commit(project, "torn")
    shell("git", "checkout", "--quiet", "--orphan", "young", cwd=project)
    shell("git", "rm", "--quiet", "-r", "--cached", "reports", cwd=project)
    (project / "reports/metrics.json").unlink()
    shell("git", "commit", "--quiet", "-m", "no reports", cwd=project)
    shell("git", "checkout", "--quiet", "main", "--", "reports", cwd=project)
    commit(project, "reports")
    done = compare(project, *arguments, status=1)
    assert len(done.stderr.splitlines()) == 1
    assert all(word in done.stderr for word in words), done.stderr


def test_a_metric_that_is_no_longer_measured_does_not_pass_the_gate(project: Path) -> None:
    path = project / "reports/metrics.json"
    path.write_text(json.dumps({"evaluated": {"origins": 0}}))
    assert "not measured" in compare(project, "HEAD", "--fail-if-worse", status=2).stderr


def test_it_prints_to_any_terminal(project: Path) -> None:
    """One without arrows, and one that closes before all is printed."""
    plain = {"PYTHONIOENCODING": "ascii"}
    shell("python", "-m", "stages.compare", "HEAD", cwd=project, variables=plain)
    cut = shell("bash", "-c", "python -m stages.compare HEAD | true", cwd=project)
    assert cut.stderr == ""


def test_outside_git_there_is_nothing_to_compare(project: Path) -> None:
    (project / ".git").rename(project / "elsewhere")
    for arguments in ([], ["HEAD"]):
        assert len(compare(project, *arguments, status=1).stderr.splitlines()) == 1


def test_parameters_that_grow_without_bound_are_refused_in_one_line(project: Path) -> None:
    """Ten times as many values in each line as in the line above."""
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 30)]
    (project / "params.yaml").write_text("\n".join(["a0: &a0 [1]", *lines]))
    (line,) = compare(project, "HEAD", status=1).stderr.splitlines()
    assert line.startswith("error: params.yaml line 6, column")
