"""The whole pipeline, run by DVC in temporary clones on a tiny panel of three series with different lengths."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import change_file, commit, make_project, shell

ALL = ["ingest", "normalize", "window", "train", "predict", "plot"]
TINY = {
    "ingest__path": "data/raw/tiny.csv", "ingest__series": "shop", "ingest__time": "date", "ingest__value": "sales",
    "ingest__frequency": "QS", "ingest__season_length": None, "backtest__horizon": 3, "backtest__origins": 2,
    "backtest__step": 2, "backtest__calibration": 1, "window__size": 6, "train__members": 2, "train__epochs": 4,
    "predict__baselines": ["seasonal_naive", "auto_ets"], "plot__dpi": 40,
}  # fmt: skip


def tiny_panel() -> pd.DataFrame:
    """Series of 40, 30 and 9 quarters; the last is too short for a window."""
    random = np.random.default_rng(0)
    frames = []
    for name, length in [("west", 40), ("east", 30), ("new", 9)]:
        stamps = pd.date_range(end="2023-10-01", periods=length, freq="QS")
        sales = 100 + np.arange(length) + 20 * (np.arange(length) % 4) + random.normal(0, 3, length)
        frames.append(pd.DataFrame({"shop": name, "date": stamps.strftime("%Y-%m-%d"), "sales": sales.round(2)}))
    return pd.concat(frames)


def tiny_project(folder: Path) -> Path:
    make_project(folder)
    (folder / "dvc.lock").unlink(missing_ok=True)
    tiny_panel().to_csv(folder / "data/raw/tiny.csv", index=False)
    change_file(folder, **TINY)
    commit(folder, "tiny")
    return folder


def repro(folder: Path, **changes: object) -> list[str]:
    """The stages that `dvc repro` ran, after changes of parameters."""
    change_file(folder, **changes)
    return re.findall(r"Running stage '(\w+)'", shell("dvc", "repro", cwd=folder).stdout)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny project after `dvc repro`, committed; tests copy it."""
    folder = tiny_project(tmp_path_factory.mktemp("finished") / "project")
    assert repro(folder) == ALL
    commit(folder, "results")
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "project", symlinks=True)


def test_a_second_repro_runs_nothing(copy: Path) -> None:
    assert repro(copy) == []


def test_what_comes_out(finished: Path) -> None:
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    assert {"mase", "mase_member_std", "smape", "mape", "mae", "rmse", "coverage_80", "coverage_95"} <= set(
        metrics["model"]
    )
    assert set(metrics["baseline"]) == {"seasonal_naive", "auto_ets"}
    naive = metrics["baseline"]["seasonal_naive"]["mase"]
    assert metrics["skill"] == pytest.approx(1 - metrics["model"]["mase"] / naive, abs=1e-5)
    assert metrics["evaluated"] == {"origins": 2, "series": 3, "points": 18, "fallback": 2}
    assert "null" not in json.dumps(metrics)
    assert "NaN" not in json.dumps(metrics)

    forecast = pd.read_csv(finished / "reports/forecast.csv")
    assert list(forecast) == ["unique_id", "ds", "forecast", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert forecast["unique_id"].tolist() == ["west"] * 3 + ["east"] * 3 + ["new"] * 3
    assert forecast["ds"].tolist() == ["2024-01-01", "2024-04-01", "2024-07-01"] * 3
    assert np.isfinite(forecast.drop(columns=["unique_id", "ds"])).all(axis=None)
    ordered = forecast[["lo-95", "lo-80", "forecast", "hi-80", "hi-95"]].to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    for name in ["series", "backtest", "last_horizon", "error_by_step", "loss"]:
        assert (finished / f"reports/figures/{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_fresh_clone_of_finished_work_ends_with_the_table_too(finished: Path, tmp_path: Path) -> None:
    """Its lock and reports are in Git, so that DVC could think that nothing is left to print."""
    shell("git", "clone", "--quiet", str(finished), str(tmp_path / "clone"), cwd=tmp_path)
    printed = shell("dvc", "repro", cwd=tmp_path / "clone").stdout
    assert (tmp_path / "clone/reports/summary.txt").read_text() in printed
    assert "\nmodel " in printed


def test_metrics_follow_from_the_evaluation_table(finished: Path) -> None:
    """MAE, sMAPE and coverage recomputed with pandas from reports/evaluation.csv."""
    table = pd.read_csv(finished / "reports/evaluation.csv")
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    groups = [table["origin"], table["unique_id"]]
    for name, column in [("model", "forecast"), ("seasonal_naive", "seasonal_naive")]:
        measured = metrics["model"] if name == "model" else metrics["baseline"][name]
        error = (table["y"] - table[column]).abs()
        assert measured["mae"] == pytest.approx(error.groupby(groups).mean().mean(), rel=1e-4)
        symmetric = 200 * error / (table["y"].abs() + table[column].abs())
        assert measured["smape"] == pytest.approx(symmetric.groupby(groups).mean().mean(), rel=1e-4)
    inside = 100.0 * table["y"].between(table["lo-80"], table["hi-80"])
    assert metrics["model"]["coverage_80"] == pytest.approx(inside.groupby(groups).mean().mean(), rel=1e-4)


def test_seasonal_naive_in_the_table_is_last_season(finished: Path) -> None:
    table, panel = pd.read_csv(finished / "reports/evaluation.csv"), tiny_panel()
    merged = table.merge(panel, left_on=["unique_id", "ds"], right_on=["shop", "date"])
    assert (merged["y"] == merged["sales"]).all()
    year_before = panel.assign(date=(pd.to_datetime(panel["date"]) + pd.DateOffset(years=1)).dt.strftime("%Y-%m-%d"))
    merged = table.merge(year_before, left_on=["unique_id", "ds"], right_on=["shop", "date"])
    assert len(merged) == len(table)
    np.testing.assert_allclose(merged["seasonal_naive"], merged["sales"])


def test_stages_that_rerun_after_a_change(copy: Path) -> None:
    assert repro(copy, compute__workers=1) == []
    assert repro(copy, plot__dpi=50) == ["plot"]
    assert repro(copy, predict__levels=[50, 90]) == ["predict", "plot"]
    assert repro(copy, train__epochs=3) == ["train", "predict", "plot"]
    assert repro(copy, window__size=7) == ["window", "train", "predict", "plot"]
    assert repro(copy, normalize__scale="robust") == ALL[1:]


def test_two_clones_and_any_number_of_workers_give_the_same_lock(finished: Path, tmp_path: Path) -> None:
    other = tiny_project(tmp_path / "other")
    change_file(other, compute__workers=1)
    assert repro(other) == ALL
    assert (other / "dvc.lock").read_bytes() == (finished / "dvc.lock").read_bytes()


def test_nothing_after_an_origin_changes_what_is_learned_for_it(finished: Path, copy: Path) -> None:
    """Replace the last three values of each series, which the origin 3 steps back must not know."""
    table = tiny_panel()
    late = table.groupby("shop").cumcount(ascending=False) < 3
    table.loc[late, "sales"] = [-5.0, 1e6, 0.0] * 3
    table.to_csv(copy / "data/raw/tiny.csv", index=False)
    assert repro(copy) == ALL
    for folder in ["data/histories", "data/windows", "models/normalizer", "models/networks"]:
        for origin in [3, 5, 8]:
            name = f"{folder}/origin_{origin}.safetensors"
            assert (copy / name).read_bytes() == (finished / name).read_bytes(), name
        name = f"{folder}/origin_0.safetensors"
        assert (copy / name).read_bytes() != (finished / name).read_bytes(), name
    forecasts = [pd.read_csv(folder / "reports/evaluation.csv") for folder in (finished, copy)]
    columns = ["forecast", "lo-80", "hi-80", "lo-95", "hi-95", "seasonal_naive", "auto_ets"]
    before, after = (table[table["origin"] == 5][columns].head(3) for table in forecasts)
    pd.testing.assert_frame_equal(before, after)


def test_diffs_between_commits_on_a_clone_without_cache_or_remote(copy: Path, tmp_path: Path) -> None:
    change_file(copy, train__epochs=9)
    repro(copy)
    commit(copy, "nine epochs")
    clone = tmp_path / "clone"
    shell("git", "clone", "--quiet", str(copy), str(clone), cwd=tmp_path)
    params = json.loads(shell("dvc", "params", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)
    assert params == {"params.yaml": {"train.epochs": {"old": 4, "new": 9, "diff": 5}}}
    metrics = json.loads(shell("dvc", "metrics", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)
    before, after = (
        json.loads(shell("git", "show", f"{revision}:reports/metrics.json", cwd=clone).stdout)
        for revision in ("HEAD~1", "HEAD")
    )
    changed = metrics["reports/metrics.json"]["model.mase"]
    assert (changed["old"], changed["new"]) == (before["model"]["mase"], after["model"]["mase"])
    assert changed["old"] != changed["new"]
    plots = json.loads(shell("dvc", "plots", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)["data"]
    for name in ["Training loss", "Forecast against actual", "Error by step"]:
        assert plots[name][0]["revisions"] == ["HEAD~1", "HEAD"]


def test_a_mistake_ends_in_one_line_and_loses_nothing(copy: Path) -> None:
    before = {path: path.read_bytes() for path in sorted((copy / "reports").rglob("*.*")) if path.is_file()}
    change_file(copy, train__learning_rate=-1.0)
    failed = shell("dvc", "repro", cwd=copy, check=False)
    assert failed.returncode != 0
    lines = [line for line in failed.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "train.learning_rate is -1.0" in lines[0]
    assert "`dvc checkout` and `git checkout reports`" in lines[0]
    assert "Traceback" not in failed.stderr
    shell("dvc", "checkout", cwd=copy)
    shell("git", "checkout", "reports", cwd=copy)
    assert {path: path.read_bytes() for path in before} == before
    change_file(copy, train__learning_rate=3e-3)
    assert repro(copy) == []


def test_short_series_are_named_and_forecast_all_the_same(copy: Path) -> None:
    done = shell("python", "-m", "stages.predict", cwd=copy)
    assert "1 of 3 series are too short for a window" in done.stderr
    assert "(new)" in done.stderr


def test_only_the_future(copy: Path) -> None:
    change_file(copy, backtest__origins=0, backtest__calibration=0)
    printed = shell("dvc", "repro", cwd=copy).stdout
    assert "nothing to compare" in printed
    metrics = json.loads((copy / "reports/metrics.json").read_text())
    assert metrics == {"evaluated": {"origins": 0, "series": 0, "points": 0, "fallback": 0}}
    assert np.isfinite(pd.read_csv(copy / "reports/forecast.csv")["lo-80"]).all()
