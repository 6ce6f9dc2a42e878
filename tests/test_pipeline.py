"""The whole pipeline, run by DVC in temporary clones: which stages run, and what they write."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from utilsforecast import losses
from utilsforecast.evaluation import evaluate

from tests.projects import ALL, change_file, commit, here, repro, shell, tiny_panel, tiny_project


def test_a_second_repro_runs_nothing(copy: Path) -> None:
    assert repro(copy) == []


def test_metrics_forecast_and_figures_are_complete(finished: Path) -> None:
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    assert {"mase", "mase_member_std", "smape", "mape", "mae", "rmse", "crps", "coverage_20", "coverage_95"} <= set(
        metrics["model"]
    )
    assert set(metrics["baseline"]) == {"seasonal_naive", "auto_ets"}
    naive = metrics["baseline"]["seasonal_naive"]["mase"]
    assert metrics["skill"] == pytest.approx(1 - metrics["model"]["mase"] / naive, abs=1e-5)
    assert metrics["evaluated"] == {
        "origins": 2, "series": 3, "forecasts": 5, "points": 15, "interval_points": 15, "fallback": 1,
        "without_scale": 1,
    }  # fmt: skip
    assert "null" not in json.dumps(metrics)
    assert "NaN" not in json.dumps(metrics)

    forecast = pd.read_csv(finished / "reports/forecast.csv")
    limits = [f"model-{end}-{level}" for level in (20, 40, 60, 80, 95) for end in ("lo", "hi")]
    combination = ["combination", *(name.replace("model", "combination") for name in limits)]
    assert list(forecast) == ["unique_id", "ds", "model", *limits, *metrics["baseline"], *combination]
    assert forecast["unique_id"].tolist() == ["west"] * 3 + ["east"] * 3 + ["new"] * 3
    assert forecast["ds"].tolist() == ["2024-01-01", "2024-04-01", "2024-07-01"] * 3
    assert np.isfinite(forecast.drop(columns=["unique_id", "ds"])).all(axis=None)
    ordered = forecast[[*limits[::2][::-1], "model", *limits[1::2]]].to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    evaluation = pd.read_csv(finished / "reports/evaluation.csv")
    columns = ["unique_id", "cutoff", "ds", "step", "y", "model", *limits, "scaled_error", *metrics["baseline"]]
    columns += combination
    assert list(evaluation) == columns
    errors = pd.read_csv(finished / "reports/errors.csv")
    assert list(errors) == ["unique_id", "cutoff", "origin", "model", *metrics["baseline"], "combination"]
    halves = pd.read_csv(finished / "reports/half_ensembles.csv")
    assert list(halves) == ["unique_id", "cutoff", "split_1"]
    assert halves[["unique_id", "cutoff"]].equals(errors[["unique_id", "cutoff"]])
    assert (halves["split_1"] != 0).all()
    for name in ["series", "backtest", "last_horizon", "error_by_step", "loss", "extremes", "gates", "sensitivity"]:
        assert (finished / f"reports/figures/{name}.png").read_bytes().startswith(b"\x89PNG")
    assert not (finished / ".checkpoints").exists()


def test_choices_are_reported(finished: Path) -> None:
    normalize, window, train = (
        json.loads((finished / f"reports/{name}.json").read_text()) for name in ("normalize", "window", "train")
    )
    origins = {"evaluation_origins": "3, 5", "calibration_origins": "8"}
    trained = {"training_origins": 4, "last_training_origin": 0}
    assert normalize == {**origins, **trained, "series_logged": 3, "seasons": "4"}
    # the first cut is after a season and one value, the last one value before the end: half a horizon
    assert window == {"windows": (40 - 5) + (30 - 5), "size": 6, "longest": 40, "series_without_window": 1}
    final = load_file(finished / "models/networks/origin_0.safetensors")
    weights = sum(value.size for name, value in final.items() if name.startswith("0."))
    losses = pd.read_csv(finished / "reports/loss.csv")
    assert losses.groupby("origin")["epoch"].max().to_dict() == {0: 2, 3: 2, 5: 2, 8: 4}  # train.update_epochs, epochs
    last_loss = losses.groupby("origin")["loss"].last().mean()
    assert train.pop("last_loss") == pytest.approx(last_loss, rel=1e-4)
    steps = {"epochs": 4, "batch_size": 30, "steps": 2 * 2}  # 60 windows in two batches
    assert train == {"networks": 2 * 4, "origins": 4, "weights": weights, **steps}
    assert "3, 5 steps before the end" in (finished / "reports/report.html").read_text()


def test_a_fresh_clone_of_finished_work_ends_with_the_table_too(finished_light: Path, tmp_path: Path) -> None:
    """Its lock and reports are in Git, so that DVC could think that nothing is left to print."""
    shell("git", "clone", "--quiet", str(finished_light), str(tmp_path / "clone"), cwd=tmp_path)
    printed = here("dvc", "repro", cwd=tmp_path / "clone").stdout
    assert (tmp_path / "clone/reports/report.md").read_text() in printed
    assert "\n| model " in printed


def test_metrics_follow_from_the_evaluation_table(finished: Path) -> None:
    """MAE, sMAPE and coverage recomputed with pandas from reports/evaluation.csv."""
    table = pd.read_csv(finished / "reports/evaluation.csv")
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    groups = [table["cutoff"], table["unique_id"]]
    for name in ("model", "seasonal_naive"):
        measured = metrics["model"] if name == "model" else metrics["baseline"][name]
        error = (table["y"] - table[name]).abs()
        assert measured["mae"] == pytest.approx(error.groupby(groups).mean().mean(), rel=1e-4)
        symmetric = 200 * error / (table["y"].abs() + table[name].abs())
        assert measured["smape"] == pytest.approx(symmetric.groupby(groups).mean().mean(), rel=1e-4)
    covered = 100.0 * table["y"].between(table["model-lo-80"], table["model-hi-80"])
    assert metrics["model"]["coverage_80"] == pytest.approx(covered.groupby(groups).mean().mean(), rel=1e-4)
    assert len(table) == metrics["evaluated"]["points"]


def test_losses_of_utilsforecast_give_the_metrics(finished: Path) -> None:
    """They read reports/evaluation.csv as it is, and mean the same by MAE, RMSE and coverage."""
    table = pd.read_csv(finished / "reports/evaluation.csv")
    metrics = json.loads((finished / "reports/metrics.json").read_text())
    models = ["model", "seasonal_naive"]
    found = evaluate(table, metrics=[losses.mae, losses.rmse], models=models).groupby("metric").mean(numeric_only=True)
    for name in ("mae", "rmse"):
        assert found.loc[name, "model"] == pytest.approx(metrics["model"][name], rel=1e-4)
        naive = metrics["baseline"]["seasonal_naive"][name]
        assert found.loc[name, "seasonal_naive"] == pytest.approx(naive, rel=1e-4)
    covered = losses.coverage(table, models=["model"], level=80)
    assert 100 * covered["model"].mean() == pytest.approx(metrics["model"]["coverage_80"], rel=1e-4)


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
    assert repro(light, normalize__log=False) == ALL[1:]


def test_two_clones_and_any_number_of_workers_give_the_same_lock(finished: Path, tmp_path: Path) -> None:
    other = tiny_project(tmp_path / "other")
    change_file(other, compute__workers=2)
    assert repro(other) == ALL
    assert (other / "dvc.lock").read_bytes() == (finished / "dvc.lock").read_bytes()


def test_nothing_after_an_origin_changes_what_is_learned_for_it(finished: Path, copy: Path) -> None:
    """Replace the last three values of each series, which come after the origin 3 steps before the end."""
    table = tiny_panel()
    late = table.groupby("shop").cumcount(ascending=False) < 3
    table.loc[late, "sales"] = [-5.0, 1e6, 0.0] * 3
    table.to_csv(copy / "data/raw/tiny.csv", index=False)
    assert repro(copy) == ALL
    for folder in ["data/histories", "data/windows", "models/networks"]:
        for origin in [3, 5, 8]:
            name = f"{folder}/origin_{origin}.safetensors"
            assert (copy / name).read_bytes() == (finished / name).read_bytes(), name
        name = f"{folder}/origin_0.safetensors"
        assert (copy / name).read_bytes() != (finished / name).read_bytes(), name
    forecasts = [pd.read_csv(folder / "reports/evaluation.csv") for folder in (finished, copy)]
    columns = [name for name in forecasts[0] if name not in ("unique_id", "cutoff", "ds", "step", "y", "scaled_error")]
    before, after = (table[table["cutoff"] == "2022-07-01"][columns] for table in forecasts)
    assert len(before) == 6
    pd.testing.assert_frame_equal(before, after)


def test_diffs_between_commits_on_a_clone_without_cache_or_remote(light: Path, tmp_path: Path) -> None:
    change_file(light, train__epochs=9)
    repro(light)
    commit(light, "nine epochs")
    clone = tmp_path / "clone"
    shell("git", "clone", "--quiet", str(light), str(clone), cwd=tmp_path)
    params = json.loads(here("dvc", "params", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)
    assert params == {"params.yaml": {"train.epochs": {"old": 2, "new": 9, "diff": 7}}}
    metrics = json.loads(here("dvc", "metrics", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)
    before, after = (
        json.loads(shell("git", "show", f"{revision}:reports/metrics.json", cwd=clone).stdout)
        for revision in ("HEAD~1", "HEAD")
    )
    changed = metrics["reports/metrics.json"]["model.mase"]
    assert (changed["old"], changed["new"]) == (before["model"]["mase"], after["model"]["mase"])
    assert changed["old"] != changed["new"]
    plots = json.loads(here("dvc", "plots", "diff", "HEAD~1", "HEAD", "--json", cwd=clone).stdout)["data"]
    assert [name for name, found in plots.items() if not found] == ["reports/half_ensembles.csv"]  # of a single member
    charts = {name: found[0] for name, found in plots.items() if found and found[0]["type"] == "vega"}
    titles = [content["content"]["title"]["text"] for content in charts.values()]
    assert len(charts) == len(set(titles)) == 4  # each once
    for name in ["reports/loss.csv", "reports/backtest.csv", "reports/error_by_step.csv"]:
        assert charts[name]["revisions"] == ["HEAD~1", "HEAD"]
