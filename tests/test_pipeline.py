"""The whole pipeline, run by DVC in temporary clones on a tiny panel of three series with different lengths."""

import functools
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from stages.common.params import Params
from tests.conftest import ALL, change_file, commit, environment, repro, shell, tiny_panel, tiny_project


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
    assert metrics["evaluated"] == {"origins": 2, "series": 3, "points": 15, "fallback": 1}
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
    assert not (finished / ".checkpoints").exists()


def test_what_was_decided_is_reported(finished: Path) -> None:
    normalize, window, train = (
        json.loads((finished / f"reports/{name}.json").read_text()) for name in ("normalize", "window", "train")
    )
    origins = {"evaluation_origins": "3, 5", "calibration_origins": "8"}
    assert normalize == {**origins, "series_logged": 3, "seasons": "4"}
    # cut after a season and one at the earliest and one before the end, half a horizon
    assert window == {"windows": (40 - 5) + (30 - 5), "sizes": "6", "longest": 40, "series_without_window": 1}
    live = load_file(finished / "models/networks/origin_0.safetensors")
    weights = sum(value.size for name, value in live.items() if name.startswith("0."))
    last_loss = pd.read_csv(finished / "reports/loss.csv").query("epoch == 4")["loss"].mean()
    assert train.pop("last_loss") == pytest.approx(last_loss, rel=1e-4)
    assert train == {"networks": 2 * 4, "origins": 4, "weights": weights, "steps": 4}
    assert "held back 3, 5" in (finished / "reports/report.md").read_text()


def test_a_fresh_clone_of_finished_work_ends_with_the_table_too(finished: Path, tmp_path: Path) -> None:
    """Its lock and reports are in Git, so that DVC could think that nothing is left to print."""
    shell("git", "clone", "--quiet", str(finished), str(tmp_path / "clone"), cwd=tmp_path)
    printed = shell("dvc", "repro", cwd=tmp_path / "clone").stdout
    assert (tmp_path / "clone/reports/report.md").read_text() in printed
    assert "\n| model " in printed


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
    assert len(table) == metrics["evaluated"]["points"]


def test_seasonal_naive_in_the_table_is_last_season(finished: Path) -> None:
    table, panel = pd.read_csv(finished / "reports/evaluation.csv"), tiny_panel()
    merged = table.merge(panel, left_on=["unique_id", "ds"], right_on=["shop", "date"])
    assert (merged["y"] == merged["sales"]).all()
    year_before = panel.assign(date=(pd.to_datetime(panel["date"]) + pd.DateOffset(years=1)).dt.strftime("%Y-%m-%d"))
    new = table["unique_id"] == "new"  # it had one value
    merged = table[~new].merge(year_before, left_on=["unique_id", "ds"], right_on=["shop", "date"])
    assert len(merged) == len(table[~new])
    np.testing.assert_allclose(merged["seasonal_naive"], merged["sales"])
    np.testing.assert_allclose(table["seasonal_naive"][new], panel["sales"][panel["shop"] == "new"].iloc[0])


def test_stages_that_rerun_after_a_change(light: Path) -> None:
    assert repro(light, compute__workers=2) == []
    assert repro(light, compute__workers=1, plot__dpi=50) == ["plot"]
    assert repro(light, predict__levels=[50, 90]) == ["predict", "plot"]
    assert repro(light, train__epochs=3) == ["train", "predict", "plot"]
    assert repro(light, window__size=7) == ["window", "train", "predict", "plot"]
    assert repro(light, normalize__scale="robust") == ALL[1:]


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


def test_a_mistake_ends_in_one_line_and_loses_nothing(copy: Path, default_params: Params) -> None:
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
    change_file(copy, train__learning_rate=default_params.train.learning_rate)
    assert repro(copy) == []


def test_short_series_are_named_and_forecast_all_the_same(copy: Path) -> None:
    done = shell("python", "-m", "stages.predict", cwd=copy)
    assert "1 of 3 series are too short for a window" in done.stderr
    assert "('new')" in done.stderr


def test_only_the_future(copy: Path) -> None:
    change_file(copy, backtest__origins=0, backtest__calibration=0)
    printed = shell("dvc", "repro", cwd=copy).stdout
    assert "how good this forecast is was not measured" in printed
    metrics = json.loads((copy / "reports/metrics.json").read_text())
    assert metrics == {"evaluated": {"origins": 0, "series": 0, "points": 0, "fallback": 0}}
    assert np.isfinite(pd.read_csv(copy / "reports/forecast.csv")["lo-80"]).all()


def test_series_that_are_dull_or_short_among_good_ones(tmp_path: Path) -> None:
    """One value, the same value, zeros, zeros but for one: finite forecasts for each, and nothing to warn of."""
    dull = {"single": [50.0], "constant": [7.0] * 30, "zeros": [0.0] * 30, "rare": [0.0] * 25 + [3.0] + [0.0] * 4}
    frames = [tiny_panel()]
    for name, sales in dull.items():
        stamps = pd.date_range(end="2023-10-01", periods=len(sales), freq="QS").strftime("%Y-%m-%d")
        frames.append(pd.DataFrame({"shop": name, "date": stamps, "sales": sales}))
    folder = tiny_project(tmp_path / "project", pd.concat(frames))
    done = shell("dvc", "repro", cwd=folder)
    assert "Warning" not in done.stderr
    assert "2 of 7 series are too short for a window" in done.stderr
    forecast = pd.read_csv(folder / "reports/forecast.csv").set_index("unique_id")
    assert np.isfinite(forecast.drop(columns="ds")).all(axis=None)
    assert (forecast.drop(columns="ds") >= 0).all(axis=None)  # none of the series was ever negative
    assert (forecast.loc["single", "forecast"] == 50).all()
    assert (forecast.loc["single", "hi-80"] > 50).all()  # as uncertain as the others, for its size
    np.testing.assert_allclose(forecast.loc["constant", "forecast"], 7, rtol=0.01)
    np.testing.assert_allclose(forecast.loc["zeros", "forecast"], 0, atol=0.01)
    assert (forecast.loc["rare", "forecast"] < 3).all()
    evaluation = pd.read_csv(folder / "reports/evaluation.csv")
    assert np.isfinite(evaluation.drop(columns="scaled_error").select_dtypes("number")).all(axis=None)
    assert set(evaluation["unique_id"]) == {"west", "east", "new", "constant", "zeros", "rare"}
    assert "NaN" not in (folder / "reports/metrics.json").read_text()


def train(folder: Path, kill: Callable[[float], bool] = lambda seconds: False) -> bool:
    """Run the training stage, killed with all its processes once `kill` says so after some seconds; whether it ended.

    What it cannot clear away where processes share memory is cleared away.
    """
    clean = environment(JOBLIB_TEMP_FOLDER=str(folder.parent))
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "stages.train"], cwd=folder, env=clean, **quiet)
    while True:
        try:
            assert process.wait(timeout=0.05) == 0
        except subprocess.TimeoutExpired:
            if kill(time.monotonic() - started):
                break
        else:
            return True
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for semaphore in Path("/dev/shm").glob(f"sem.loky-{process.pid}-*"):
        semaphore.unlink()
    return False


def trained(folder: Path) -> dict[str, bytes]:
    """What training writes, by name."""
    written = [*(folder / "models/networks").iterdir(), folder / "reports/loss.csv", folder / "reports/train.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}


@pytest.mark.slow
def test_training_that_is_killed_again_and_again_ends_as_if_it_never_was(finished: Path, tmp_path: Path) -> None:
    """Ten times at random, by one process and by two in turn; then once when two networks are finished."""
    whole, killed = (
        shutil.copytree(finished, tmp_path / name, symlinks=True) for name in ("uninterrupted", "interrupted")
    )
    for folder in (whole, killed):
        change_file(folder, train__epochs=150, compute__workers=1)
    started = time.monotonic()
    assert train(whole)
    duration = time.monotonic() - started
    assert len(trained(whole)) == 4 + 3

    shutil.rmtree(killed / "models/networks")  # as DVC does before a stage
    checkpoints, random_delay = killed / ".checkpoints", random.Random(0)
    for delay, workers in zip([random_delay.uniform(0, duration) for _ in range(10)], 5 * [1, 2], strict=True):
        change_file(killed, compute__workers=workers)
        ended = train(killed, lambda seconds, delay=delay: seconds > delay)  # type: ignore[misc]
        assert not (ended and checkpoints.exists())
    assert not train(killed, lambda seconds: len(list(checkpoints.glob("*.safetensors"))) >= 2)
    assert train(killed)
    assert trained(killed) == trained(whole)
    for folder in (whole, killed):
        assert not (folder / ".checkpoints").exists()


def repro_until(folder: Path, stage: str, signal_number: int) -> str:
    """`dvc repro`, with all its processes sent a signal when `stage` begins; what stderr held."""
    with (folder.parent / "stderr").open("w+") as errors:
        process = subprocess.Popen(
            ["dvc", "repro"], cwd=folder, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
            stderr=errors, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert any(f"Running stage '{stage}'" in line for line in process.stdout)
        os.killpg(process.pid, signal_number)
        process.communicate()
        assert process.returncode != 0
        errors.seek(0)
        return errors.read()


@pytest.mark.slow
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_every_stage_the_next_repro_goes_on(finished: Path, tmp_path: Path, signal_number: int) -> None:
    stopped, whole = (shutil.copytree(finished, tmp_path / name, symlinks=True) for name in ("stopped", "whole"))
    more = pd.concat([tiny_panel(), pd.DataFrame({"shop": ["east"], "date": ["2024-01-01"], "sales": [140.0]})])
    for folder in (stopped, whole):
        more.to_csv(folder / "data/raw/tiny.csv", index=False)
    for stage in ALL:
        errors = repro_until(stopped, stage, signal_number)
        assert "Traceback" not in errors
    assert repro(stopped) == ALL[-1:]
    assert repro(whole) == ALL
    assert (stopped / "dvc.lock").read_bytes() == (whole / "dvc.lock").read_bytes()


BAD_FOR_A_STAGE: list[tuple[str, dict[str, object], str]] = [
    ("ingest", {"ingest__value": "sale"}, "no column 'sale', but there is 'sales'"),
    ("normalize", {"backtest__horizon": 40}, "backtest.horizon 40 is no shorter than the longest series, which has 40"),
    ("window", {"window__size": 41}, "window.size 41 is longer than every normalised history"),
]


@pytest.mark.parametrize(("stage", "changes", "words"), BAD_FOR_A_STAGE, ids=[case[0] for case in BAD_FOR_A_STAGE])
def test_a_refusal_is_one_line_and_what_it_names_brings_the_last_results_back(
    light: Path, stage: str, changes: dict[str, object], words: str
) -> None:
    def written() -> dict[Path, bytes]:
        folders = (light / name for name in ("data", "models", "reports"))
        return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    before = written()
    change_file(light, **changes)
    done = shell("dvc", "repro", cwd=light, check=False)
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert words in line
    assert "Traceback" not in done.stderr
    assert f"failed to reproduce '{stage}'" in done.stderr
    shell("dvc", "checkout", cwd=light)
    shell("git", "checkout", "reports", cwd=light)
    assert written() == before


@pytest.mark.parametrize("stage", ALL)
def test_a_disk_that_takes_no_more(light: Path, stage: str) -> None:
    """No file may grow past 1 KiB (of normalize and predict, whose are small, past nothing), as on a full disk."""
    most = 0 if stage in ("normalize", "predict") else 1
    done = shell("bash", "-c", f"ulimit -f {most}; exec python -m stages.{stage}", cwd=light, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    shell("dvc", "repro", cwd=light)
    assert "up to date" in shell("dvc", "status", cwd=light).stdout
    assert shell("git", "status", "--porcelain", cwd=light).stdout == ""


def test_values_of_all_sizes_and_hostile_names(tmp_path: Path) -> None:
    """1e-12 to 1e15 in one panel, ids that are formulas, HTML, mathematics, paths, two lines or 10,000 characters."""
    frames = [tiny_panel()]
    names = [
        "=1+1",
        "<script>alert(1)</script>",
        "$x^2$ $",
        "../../etc/passwd",
        "two\nlines",
        "🙂\t\x1b[31m",
        "x" * 10_000,
    ]
    for name, size in zip(names, 10.0 ** np.linspace(-12, 15, len(names)), strict=True):
        frames.append(
            tiny_panel().query("shop == 'west'").assign(shop=name, sales=lambda table, size=size: table["sales"] * size)
        )
    folder = tiny_project(tmp_path / "project", pd.concat(frames))
    change_file(folder, plot__series=20)
    done = shell("dvc", "repro", cwd=folder)
    assert "Warning" not in done.stderr
    forecast = pd.read_csv(folder / "reports/forecast.csv")
    assert set(names) <= set(forecast["unique_id"])
    by_name = forecast.set_index("unique_id")
    for name, size in zip(names, 10.0 ** np.linspace(-12, 15, len(names)), strict=True):
        ratio = by_name.loc[name, "forecast"].to_numpy() / by_name.loc["west", "forecast"].to_numpy() / size
        np.testing.assert_allclose(ratio, 1, rtol=0.1)
    assert not list(folder.rglob("*passwd*"))


def test_wide_files_give_what_long_ones_give(finished: Path, copy: Path) -> None:
    wide = tiny_panel().pivot_table(index="date", columns="shop", values="sales", sort=False)[["west", "east", "new"]]
    wide.to_csv(copy / "data/raw/wide.csv")
    changes = {"ingest__path": "data/raw/wide.csv", "ingest__series": None, "ingest__value": None}
    assert repro(copy, ingest__frequency="auto", **changes)[0] == "ingest"
    for name in ("forecast.csv", "metrics.json"):
        assert (copy / "reports" / name).read_bytes() == (finished / "reports" / name).read_bytes()


def test_a_file_from_an_address(light: Path) -> None:
    """`dvc import-url` fetches it, `dvc repro` reads it, `dvc update` fetches what changed."""
    served = light.parent / "served"
    served.mkdir()
    tiny_panel().to_csv(served / "sales.csv", index=False)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=served)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shell("dvc", "import-url", f"http://127.0.0.1:{server.server_port}/sales.csv", "data/raw/sales.csv", cwd=light)
        assert repro(light, ingest__path="data/raw/sales.csv")[0] == "ingest"
        later = pd.DataFrame({"shop": ["east"], "date": ["2024-01-01"], "sales": [140.0]})
        pd.concat([tiny_panel(), later]).to_csv(served / "sales.csv", index=False)
        shell("dvc", "update", "data/raw/sales.csv.dvc", cwd=light)
        server.shutdown()
    assert repro(light)[0] == "ingest"
    assert json.loads((light / "reports/panel.json").read_text())["rows"] == 40 + 31 + 4
